//! Layer norm over the last axis.

use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
#[cfg(feature = "tch")]
use burn::backend::{LibTorch, libtorch::TchTensor};
use burn::tensor::Tensor;
use burn::tensor::module::layer_norm as fused_layer_norm;
use rinalmo_kernels::backward::layer_norm_backward;

use super::is_extended;
use super::tape::{Recorded, contiguous, dims, level, record, tensor, values};
#[cfg(feature = "tch")]
use super::torch;

/// `(x − mean) / √(var + ε) · weight + bias`, biased variance.
///
/// # Shapes
/// - x and returns: `[rows, dim]`
/// - weight, bias: `[dim]`
pub(crate) fn layer_norm(x: Tensor<2>, weight: Tensor<1>, bias: Tensor<1>, epsilon: f64) -> Tensor<2> {
    if !is_extended(&x) {
        return fused_layer_norm(x, weight, Some(bias), epsilon);
    }
    let (x, weight, bias) = (x.into_dispatch(), weight.into_dispatch(), bias.into_dispatch());
    Tensor::from_dispatch(<Dispatch as LayerNorm>::norm_rows(x, weight, bias, epsilon))
}

#[backend_extension(Flex, LibTorch: cfg(feature = "tch"), Autodiff)]
pub(crate) trait LayerNorm: Backend {
    fn norm_rows(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        epsilon: f64,
    ) -> FloatTensor<Self>;
}

impl LayerNorm for Flex {
    fn norm_rows(x: FlexTensor, weight: FlexTensor, bias: FlexTensor, epsilon: f64) -> FlexTensor {
        forward([x, weight, bias], epsilon).0
    }
}

impl<C: CheckpointStrategy> LayerNorm for Autodiff<Flex, C> {
    fn norm_rows(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        epsilon: f64,
    ) -> FloatTensor<Self> {
        record::<C, Normed, 3>([x, weight, bias], |inputs| forward(inputs, epsilon))
    }
}

#[cfg(feature = "tch")]
impl LayerNorm for LibTorch {
    fn norm_rows(x: TchTensor, weight: TchTensor, bias: TchTensor, epsilon: f64) -> TchTensor {
        TchTensor::new(torch::layer_norm([&x.tensor, &weight.tensor, &bias.tensor], epsilon))
    }
}

#[cfg(feature = "tch")]
impl<C: CheckpointStrategy> LayerNorm for Autodiff<LibTorch, C> {
    fn norm_rows(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        epsilon: f64,
    ) -> FloatTensor<Self> {
        torch::traced::<C, 3>([x, weight, bias], |inputs| torch::layer_norm(inputs, epsilon))
    }
}

/// The input, `[rows, dim]`, and the weight, `[dim]`, for the backward pass.
#[derive(Clone, Debug)]
struct Normed {
    x: FlexTensor,
    weight: FlexTensor,
    epsilon: f64,
}

const FIT: &str = "a norm is as wide as its rows";

fn forward(inputs: [FlexTensor; 3], epsilon: f64) -> (FlexTensor, Normed) {
    let [x, weight, bias] = inputs.map(contiguous);
    let mut out = vec![0.0; values(&x).len()];
    let eps = epsilon as f32;
    rinalmo_kernels::layer_norm(level(), values(&x), values(&weight), values(&bias), eps, &mut out).expect(FIT);
    (tensor(out, dims(&x)), Normed { x, weight, epsilon })
}

impl Recorded<3> for Normed {
    fn backward(self, grad: FlexTensor, _wanted: [bool; 3]) -> [Option<FlexTensor>; 3] {
        let (grad, dim) = (contiguous(grad), dims(&self.x)[1]);
        let (x, weight) = (values(&self.x), values(&self.weight));
        let (mut grad_x, mut parameters) = (vec![0.0; x.len()], vec![0.0; 2 * dim]);
        let eps = self.epsilon as f32;
        layer_norm_backward(level(), x, weight, eps, values(&grad), &mut grad_x, &mut parameters).expect(FIT);
        let grad_bias = parameters.split_off(dim);
        [tensor(grad_x, dims(&self.x)), tensor(parameters, [dim]), tensor(grad_bias, [dim])].map(Some)
    }
}
