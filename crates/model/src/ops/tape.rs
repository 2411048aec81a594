//! What an operation with kernels records on the tape of Burn's automatic differentiation, and slices of its tensors.

use std::fmt::Debug;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Flex};
use burn::tensor::TensorData;
use rinalmo_kernels::Level;

/// What an operation keeps of its forward pass for the backward pass, on the CPU unless it says otherwise.
pub(super) trait Recorded<const N: usize, B: Backend = Flex>: Clone + Debug + Send + 'static {
    /// Gradients of the `N` inputs from the gradient of the result; those that are not `wanted` may be left out.
    fn backward(self, grad: FloatTensor<B>, wanted: [bool; N]) -> [Option<FloatTensor<B>>; N];
}

/// Runs an operation on the CPU and records it if any of its inputs is recorded.
pub(super) fn record<C: CheckpointStrategy, S: Recorded<N>, const N: usize>(
    inputs: [FloatTensor<Autodiff<Flex, C>>; N],
    forward: impl FnOnce([FlexTensor; N]) -> (FlexTensor, S),
) -> FloatTensor<Autodiff<Flex, C>> {
    record_on::<Flex, C, S, N>(inputs, forward)
}

/// Runs an operation on a backend and records it if any of its inputs is recorded.
pub(super) fn record_on<B: Backend, C: CheckpointStrategy, S: Recorded<N, B>, const N: usize>(
    inputs: [FloatTensor<Autodiff<B, C>>; N],
    forward: impl FnOnce([FloatTensor<B>; N]) -> (FloatTensor<B>, S),
) -> FloatTensor<Autodiff<B, C>> {
    let nodes = inputs.each_ref().map(|input| input.node());
    let inputs = inputs.map(|input| input.into_primitive());
    let (output, state) = forward(inputs);
    match Step(std::marker::PhantomData::<S>).prepare::<C>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(prep) => prep.finish(state, output),
        OpsKind::UnTracked(prep) => prep.finish(output),
    }
}

#[derive(Debug)]
struct Step<S>(std::marker::PhantomData<S>);

impl<B: Backend, S: Recorded<N, B>, const N: usize> Backward<B, N> for Step<S> {
    type State = S;

    fn backward(self, ops: Ops<S, N>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let grad = grads.consume::<B>(&ops.node);
        let wanted = ops.parents.each_ref().map(Option::is_some);
        for (parent, grad) in ops.parents.into_iter().zip(ops.state.backward(grad, wanted)) {
            if let (Some(parent), Some(grad)) = (parent, grad) {
                grads.register::<B>(parent.id, grad);
            }
        }
    }
}

/// The processor's best instructions, or those that the environment variable selects, if the processor has them.
pub(super) fn level() -> Level {
    Level::current().unwrap_or_else(|_| Level::best())
}

/// The same values, contiguous in memory.
pub(super) fn contiguous(tensor: FlexTensor) -> FlexTensor {
    if tensor.as_slice::<f32>().is_some() { tensor } else { tensor.to_contiguous() }
}

/// The values of a [`contiguous`] tensor of f32.
pub(super) fn values(tensor: &FlexTensor) -> &[f32] {
    tensor.as_slice().expect("operations make their tensors contiguous first and only take f32")
}

/// The values to overwrite: the tensor's own if no other reference to it exists, otherwise a copy.
pub(super) fn into_values(tensor: FlexTensor) -> Vec<f32> {
    contiguous(tensor).into_data().try_into_vec::<f32>().expect("operations only take f32")
}

/// A tensor of these values.
pub(super) fn tensor<const D: usize>(values: Vec<f32>, shape: [usize; D]) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, shape))
}

/// Rows and columns.
pub(super) fn dims(tensor: &FlexTensor) -> [usize; 2] {
    let shape = tensor.layout().shape();
    [shape[0], shape[1]]
}
