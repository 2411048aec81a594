//! Instance norm over the map of pairs, and the ReLU that always follows it.

use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::Tensor;
use burn::tensor::activation::relu;
use rinalmo_kernels::instance_norm::{Activation, instance_norm as norm, instance_norm_backward};

use super::has_kernels;
use super::tape::{Recorded, contiguous, dims, level, record, tensor, values};
use crate::config::NORM_EPSILON;
use crate::layers::instance_norm;

/// `max(0, (x − mean) / √(var + ε))`, each channel over all pixels.
///
/// # Shapes
/// - x and returns: `[pixels, channels]`
pub(crate) fn instance_norm_relu(x: Tensor<2>) -> Tensor<2> {
    if !has_kernels(&x) {
        let [pixels, channels] = x.dims();
        let channels_first = x.transpose().reshape([1, channels, pixels]);
        return relu(instance_norm(channels_first)).reshape([channels, pixels]).transpose();
    }
    Tensor::from_dispatch(<Dispatch as InstanceNorm>::norm_channels(x.into_dispatch()))
}

#[backend_extension(Flex, Autodiff)]
pub(crate) trait InstanceNorm: Backend {
    fn norm_channels(x: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl InstanceNorm for Flex {
    fn norm_channels(x: FlexTensor) -> FlexTensor {
        forward(x).0
    }
}

impl<C: CheckpointStrategy> InstanceNorm for Autodiff<Flex, C> {
    fn norm_channels(x: FloatTensor<Self>) -> FloatTensor<Self> {
        record::<C, Normed, 1>([x], |[x]| forward(x))
    }
}

/// What was normed, and what by.
#[derive(Clone, Debug)]
struct Normed {
    x: FlexTensor,
    statistics: Vec<f32>,
}

const FIT: &str = "a map has pixels, and its gradient as many";

fn forward(x: FlexTensor) -> (FlexTensor, Normed) {
    let (x, shape) = (contiguous(x.clone()), dims(&x));
    let mut out = vec![0.0; shape[0] * shape[1]];
    let eps = NORM_EPSILON as f32;
    let mut statistics = vec![0.0; 2 * shape[1]];
    norm(level(), values(&x), 1, shape[1], eps, Activation::Relu, &mut statistics, &mut out).expect(FIT);
    (tensor(out, shape), Normed { x, statistics })
}

impl Recorded<1> for Normed {
    fn backward(self, grad: FlexTensor, _wanted: [bool; 1]) -> [Option<FlexTensor>; 1] {
        let (Self { x, statistics }, grad) = (self, contiguous(grad));
        let (shape, mut grad_x) = (dims(&x), vec![0.0; values(&x).len()]);
        let (x, grad) = (values(&x), values(&grad));
        let relu = Activation::Relu;
        instance_norm_backward(level(), x, 1, shape[1], relu, &statistics, grad, &mut grad_x).expect(FIT);
        [Some(tensor(grad_x, shape))]
    }
}
