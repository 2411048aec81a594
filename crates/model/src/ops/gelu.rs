//! GELU, the form with `erf`.

use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::{Tensor, activation};
use rinalmo_kernels::backward::gelu_backward;

use super::has_kernels;
use super::tape::{Recorded, contiguous, dims, into_values, level, record, tensor, values};

/// `x · Φ(x)`.
///
/// # Shapes
/// - x and returns: `[rows, width]`
pub(crate) fn gelu(x: Tensor<2>) -> Tensor<2> {
    if !has_kernels(&x) {
        return activation::gelu(x);
    }
    Tensor::from_dispatch(<Dispatch as Gelu>::bend(x.into_dispatch()))
}

#[backend_extension(Flex, Autodiff)]
pub(crate) trait Gelu: Backend {
    fn bend(x: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl Gelu for Flex {
    fn bend(x: FlexTensor) -> FlexTensor {
        let shape = dims(&x);
        let mut out = into_values(x);
        rinalmo_kernels::activation::gelu(level(), &mut out);
        tensor(out, shape)
    }
}

impl<C: CheckpointStrategy> Gelu for Autodiff<Flex, C> {
    fn bend(x: FloatTensor<Self>) -> FloatTensor<Self> {
        record::<C, Bent, 1>([x], |[x]| (Flex::bend(x.clone()), Bent(contiguous(x))))
    }
}

/// The input, for the backward pass.
#[derive(Clone, Debug)]
struct Bent(FlexTensor);

impl Recorded<1> for Bent {
    fn backward(self, grad: FlexTensor, _wanted: [bool; 1]) -> [Option<FlexTensor>; 1] {
        let shape = dims(&self.0);
        let mut grad = into_values(grad);
        gelu_backward(level(), values(&self.0), &mut grad).expect("a gradient has the size of its value");
        [Some(tensor(grad, shape))]
    }
}
