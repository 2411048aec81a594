//! `x · Wᵀ + b`.

use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
#[cfg(feature = "tch")]
use burn::backend::{LibTorch, libtorch::TchTensor};
use burn::tensor::{DType, Tensor};
use rinalmo_kernels::backward::column_sums;
use rinalmo_kernels::matmul::{Matrix, matmul, matmul_bf16};

use super::tape::{Recorded, contiguous, dims, level, record, tensor, values};
use super::{halved, is_extended, times};
#[cfg(feature = "tch")]
use super::{tape::record_on, torch};

/// An affine map of rows.
///
/// # Shapes
/// - x: `[rows, inputs]`
/// - weight: `[outputs, inputs]`
/// - bias: `[outputs]`
/// - returns: `[rows, outputs]`, f32
pub(crate) fn linear(x: Tensor<2>, weight: Tensor<2>, bias: Option<Tensor<1>>) -> Tensor<2> {
    let out = product(x, weight, bias);
    if out.dtype() == DType::F32 { out } else { out.cast(DType::F32) }
}

/// As [`linear`], for an operation that takes the precision of products: LibTorch keeps its result in bf16 if products
/// are.
pub(crate) fn product(x: Tensor<2>, weight: Tensor<2>, bias: Option<Tensor<1>>) -> Tensor<2> {
    if !is_extended(&x) {
        return plain(x, weight, bias);
    }
    let (x, weight) = (x.into_dispatch(), weight.into_dispatch());
    Tensor::from_dispatch(match bias {
        Some(bias) => <Dispatch as Linear>::linear_biased(x, weight, bias.into_dispatch()),
        None => <Dispatch as Linear>::linear(x, weight),
    })
}

fn plain(x: Tensor<2>, weight: Tensor<2>, bias: Option<Tensor<1>>) -> Tensor<2> {
    let product = times(x, weight.transpose());
    match bias {
        Some(bias) => product + bias.unsqueeze(),
        None => product,
    }
}

#[backend_extension(Flex, LibTorch: cfg(feature = "tch"), Autodiff)]
pub(crate) trait Linear: Backend {
    fn linear(x: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self>;
    fn linear_biased(x: FloatTensor<Self>, weight: FloatTensor<Self>, bias: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl Linear for Flex {
    fn linear(x: FlexTensor, weight: FlexTensor) -> FlexTensor {
        forward([x, weight], None).0
    }

    fn linear_biased(x: FlexTensor, weight: FlexTensor, bias: FlexTensor) -> FlexTensor {
        forward([x, weight], Some(bias)).0
    }
}

impl<C: CheckpointStrategy> Linear for Autodiff<Flex, C> {
    fn linear(x: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self> {
        record::<C, Factors, 2>([x, weight], |factors| forward(factors, None))
    }

    fn linear_biased(x: FloatTensor<Self>, weight: FloatTensor<Self>, bias: FloatTensor<Self>) -> FloatTensor<Self> {
        record::<C, Factors, 3>([x, weight, bias], |[x, weight, bias]| forward([x, weight], Some(bias)))
    }
}

#[cfg(feature = "tch")]
impl Linear for LibTorch {
    fn linear(x: TchTensor, weight: TchTensor) -> TchTensor {
        torch::linear(&x, &weight, None).0
    }

    fn linear_biased(x: TchTensor, weight: TchTensor, bias: TchTensor) -> TchTensor {
        torch::linear(&x, &weight, Some(&bias)).0
    }
}

#[cfg(feature = "tch")]
impl<C: CheckpointStrategy> Linear for Autodiff<LibTorch, C> {
    fn linear(x: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self> {
        record_on::<LibTorch, C, torch::Factors, 2>([x, weight], |[x, weight]| torch::linear(&x, &weight, None))
    }

    fn linear_biased(x: FloatTensor<Self>, weight: FloatTensor<Self>, bias: FloatTensor<Self>) -> FloatTensor<Self> {
        record_on::<LibTorch, C, torch::Factors, 3>([x, weight, bias], |[x, weight, bias]| {
            torch::linear(&x, &weight, Some(&bias))
        })
    }
}

/// The factors, for the backward pass: `[rows, inputs]` and `[outputs, inputs]`.
#[derive(Clone, Debug)]
struct Factors {
    factors: [FlexTensor; 2],
    /// Whether they are rounded to bf16, in the backward pass too.
    halved: bool,
}

const FIT: &str = "the factors of a product match, and none is empty";

fn matrix(tensor: &FlexTensor) -> Matrix<'_> {
    let [rows, columns] = dims(tensor);
    Matrix::new(values(tensor), rows, columns).expect(FIT)
}

fn multiply(halved: bool, a: Matrix<'_>, b: Matrix<'_>, bias: Option<&[f32]>) -> FlexTensor {
    let shape = [a.dims().0, b.dims().1];
    let mut out = vec![0.0; shape[0] * shape[1]];
    let kernel = if halved { matmul_bf16 } else { matmul };
    kernel(level(), a, b, bias, &mut out).expect(FIT);
    tensor(out, shape)
}

fn forward(factors: [FlexTensor; 2], bias: Option<FlexTensor>) -> (FlexTensor, Factors) {
    let factors = factors.map(contiguous);
    let [x, weight] = &factors;
    let bias = bias.map(contiguous);
    let halved = halved();
    let out = multiply(halved, matrix(x), matrix(weight).transpose(), bias.as_ref().map(values));
    (out, Factors { factors, halved })
}

impl Recorded<2> for Factors {
    fn backward(self, grad: FlexTensor, wanted: [bool; 2]) -> [Option<FlexTensor>; 2] {
        let Self { factors: [x, weight], halved } = self;
        let grad = contiguous(grad);
        let grad = matrix(&grad);
        let grad_x = wanted[0].then(|| multiply(halved, grad, matrix(&weight), None));
        let grad_weight = wanted[1].then(|| multiply(halved, grad.transpose(), matrix(&x), None));
        [grad_x, grad_weight]
    }
}

impl Recorded<3> for Factors {
    fn backward(self, grad: FlexTensor, wanted: [bool; 3]) -> [Option<FlexTensor>; 3] {
        let grad = contiguous(grad);
        let grad_bias = wanted[2].then(|| {
            let mut sums = vec![0.0; dims(&grad)[1]];
            column_sums(level(), values(&grad), &mut sums).expect(FIT);
            let outputs = sums.len();
            tensor(sums, [outputs])
        });
        let [grad_x, grad_weight] = Recorded::<2>::backward(self, grad, [wanted[0], wanted[1]]);
        [grad_x, grad_weight, grad_bias]
    }
}
