//! Instance norm over maps of pairs and over sequences, and the activation that always follows it.

use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::Tensor;
use burn::tensor::activation::relu;
pub(crate) use rinalmo_kernels::instance_norm::Activation;
use rinalmo_kernels::instance_norm::{instance_norm as norm, instance_norm_backward};

use super::has_kernels;
use super::tape::{Recorded, contiguous, dims, level, record, tensor, values};
use crate::config::NORM_EPSILON;
use crate::layers;

/// `activation((x − mean) / √(var + ε))`, each channel over all pixels of each item.
///
/// # Shapes
/// - x and returns: `[items · pixels, channels]`
pub(crate) fn instance_norm(x: Tensor<2>, items: usize, activation: Activation) -> Tensor<2> {
    if !has_kernels(&x) {
        return plain(x, items, activation);
    }
    let relu = activation == Activation::Relu;
    Tensor::from_dispatch(<Dispatch as InstanceNorm>::norm_channels(x.into_dispatch(), items, relu))
}

fn plain(x: Tensor<2>, items: usize, activation: Activation) -> Tensor<2> {
    let [rows, channels] = x.dims();
    let channels_first = x.reshape([items, rows / items, channels]).swap_dims(1, 2);
    let normed = layers::instance_norm(channels_first);
    let curved = match activation {
        Activation::Relu => relu(normed),
        Activation::Elu => normed.clone().clamp_min(0.0) + (normed.clamp_max(0.0).exp() - 1.0),
    };
    curved.swap_dims(1, 2).reshape([rows, channels])
}

#[backend_extension(Flex, Autodiff)]
pub(crate) trait InstanceNorm: Backend {
    fn norm_channels(x: FloatTensor<Self>, items: usize, relu: bool) -> FloatTensor<Self>;
}

impl InstanceNorm for Flex {
    fn norm_channels(x: FlexTensor, items: usize, relu: bool) -> FlexTensor {
        forward(x, items, relu).0
    }
}

impl<C: CheckpointStrategy> InstanceNorm for Autodiff<Flex, C> {
    fn norm_channels(x: FloatTensor<Self>, items: usize, relu: bool) -> FloatTensor<Self> {
        record::<C, Normed, 1>([x], |[x]| forward(x, items, relu))
    }
}

/// Input and statistics, for the backward pass.
#[derive(Clone, Debug)]
struct Normed {
    x: FlexTensor,
    items: usize,
    activation: Activation,
    statistics: Vec<f32>,
}

const FIT: &str = "items are complete and not empty, and the gradient has their size";

fn forward(x: FlexTensor, items: usize, relu: bool) -> (FlexTensor, Normed) {
    let activation = if relu { Activation::Relu } else { Activation::Elu };
    let (x, shape) = (contiguous(x.clone()), dims(&x));
    let mut out = vec![0.0; shape[0] * shape[1]];
    let eps = NORM_EPSILON as f32;
    let mut statistics = vec![0.0; 2 * items * shape[1]];
    norm(level(), values(&x), items, shape[1], eps, activation, &mut statistics, &mut out).expect(FIT);
    (tensor(out, shape), Normed { x, items, activation, statistics })
}

impl Recorded<1> for Normed {
    fn backward(self, grad: FlexTensor, _wanted: [bool; 1]) -> [Option<FlexTensor>; 1] {
        let (Self { x, items, activation, statistics }, grad) = (self, contiguous(grad));
        let (shape, mut grad_x) = (dims(&x), vec![0.0; values(&x).len()]);
        let (x, grad) = (values(&x), values(&grad));
        instance_norm_backward(level(), x, items, shape[1], activation, &statistics, grad, &mut grad_x).expect(FIT);
        [Some(tensor(grad_x, shape))]
    }
}
