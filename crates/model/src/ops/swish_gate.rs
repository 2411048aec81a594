//! The activation between the feed-forward products.

use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
#[cfg(feature = "tch")]
use burn::backend::{LibTorch, libtorch::TchTensor};
use burn::tensor::Tensor;
use burn::tensor::activation::sigmoid;
use rinalmo_kernels::backward;

use super::is_extended;
use super::tape::{Recorded, contiguous, dims, level, record, tensor, values};
#[cfg(feature = "tch")]
use super::torch;

/// `up · sigmoid(β·up) · gate`.
///
/// # Shapes
/// - up, gate and returns: `[rows, hidden]`
/// - beta: `[1]`
pub(crate) fn swish_gate(up: Tensor<2>, gate: Tensor<2>, beta: Tensor<1>) -> Tensor<2> {
    if !is_extended(&up) {
        return up.clone() * sigmoid(up * beta.unsqueeze()) * gate;
    }
    let (up, gate, beta) = (up.into_dispatch(), gate.into_dispatch(), beta.into_dispatch());
    Tensor::from_dispatch(<Dispatch as SwishGate>::gate(up, gate, beta))
}

#[backend_extension(Flex, LibTorch: cfg(feature = "tch"), Autodiff)]
pub(crate) trait SwishGate: Backend {
    fn gate(up: FloatTensor<Self>, gate: FloatTensor<Self>, beta: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl SwishGate for Flex {
    fn gate(up: FlexTensor, gate: FlexTensor, beta: FlexTensor) -> FlexTensor {
        forward([up, gate, beta]).0
    }
}

impl<C: CheckpointStrategy> SwishGate for Autodiff<Flex, C> {
    fn gate(up: FloatTensor<Self>, gate: FloatTensor<Self>, beta: FloatTensor<Self>) -> FloatTensor<Self> {
        record::<C, Gated, 3>([up, gate, beta], forward)
    }
}

#[cfg(feature = "tch")]
impl SwishGate for LibTorch {
    fn gate(up: TchTensor, gate: TchTensor, beta: TchTensor) -> TchTensor {
        TchTensor::new(torch::swish_gate([&up.tensor, &gate.tensor, &beta.tensor]))
    }
}

#[cfg(feature = "tch")]
impl<C: CheckpointStrategy> SwishGate for Autodiff<LibTorch, C> {
    fn gate(up: FloatTensor<Self>, gate: FloatTensor<Self>, beta: FloatTensor<Self>) -> FloatTensor<Self> {
        torch::traced::<C, 3>([up, gate, beta], torch::swish_gate)
    }
}

/// The inputs, for the backward pass.
#[derive(Clone, Debug)]
struct Gated {
    up: FlexTensor,
    gate: FlexTensor,
    beta: f32,
}

const FIT: &str = "both products have one size";

fn forward(inputs: [FlexTensor; 3]) -> (FlexTensor, Gated) {
    let [up, gate, beta] = inputs.map(contiguous);
    let beta = values(&beta)[0];
    let mut out = vec![0.0; values(&up).len()];
    backward::swish_gate(level(), values(&up), values(&gate), beta, &mut out).expect(FIT);
    (tensor(out, dims(&up)), Gated { up, gate, beta })
}

impl Recorded<3> for Gated {
    fn backward(self, grad: FlexTensor, _wanted: [bool; 3]) -> [Option<FlexTensor>; 3] {
        let (grad, shape) = (contiguous(grad), dims(&self.up));
        let (up, gate) = (values(&self.up), values(&self.gate));
        let (mut grad_up, mut grad_gate) = (vec![0.0; up.len()], vec![0.0; up.len()]);
        let (level, grad) = (level(), values(&grad));
        let grad_beta = backward::swish_gate_backward(level, up, gate, self.beta, grad, &mut grad_up, &mut grad_gate);
        [tensor(grad_up, shape), tensor(grad_gate, shape), tensor(vec![grad_beta.expect(FIT)], [1])].map(Some)
    }
}
