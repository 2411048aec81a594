//! Convolutions over maps of pairs and along sequences, pixels × channels.

use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::Tensor;
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use rinalmo_kernels::convolution::{self, Filter};

use super::has_kernels;
use super::tape::{Recorded, contiguous, dims, level, record, tensor, values};

/// A convolution that keeps its map's size.
///
/// # Shapes
/// - x: `[height · width, inputs]`; sequences of one length are the rows of a map
/// - weight: `[outputs, inputs, lines, columns]`, both odd; one line for sequences
/// - returns: `[height · width, outputs]`
pub(crate) fn convolution(x: Tensor<2>, weight: Tensor<4>, width: usize) -> Tensor<2> {
    let [outputs, inputs, lines, columns] = weight.dims();
    if lines * columns == 1 {
        return super::linear(x, weight.reshape([outputs, inputs]), None);
    }
    if !has_kernels(&x) {
        return plain(x, weight, width);
    }
    Tensor::from_dispatch(<Dispatch as Convolution>::convolve(x.into_dispatch(), weight.into_dispatch(), width))
}

fn plain(x: Tensor<2>, weight: Tensor<4>, width: usize) -> Tensor<2> {
    let [outputs, inputs, lines, columns] = weight.dims();
    let pixels = x.dims()[0];
    let map = x.reshape([1, pixels / width, width, inputs]).permute([0, 3, 1, 2]); // [1, inputs, height, width]
    let options = ConvOptions::new([1, 1], [lines / 2, columns / 2], [1, 1], 1);
    conv2d(map, weight, None, options).permute([0, 2, 3, 1]).reshape([pixels, outputs])
}

#[backend_extension(Flex, Autodiff)]
pub(crate) trait Convolution: Backend {
    fn convolve(x: FloatTensor<Self>, weight: FloatTensor<Self>, width: usize) -> FloatTensor<Self>;
}

impl Convolution for Flex {
    fn convolve(x: FlexTensor, weight: FlexTensor, width: usize) -> FlexTensor {
        forward([x, weight], width).0
    }
}

impl<C: CheckpointStrategy> Convolution for Autodiff<Flex, C> {
    fn convolve(x: FloatTensor<Self>, weight: FloatTensor<Self>, width: usize) -> FloatTensor<Self> {
        record::<C, Convolved, 2>([x, weight], |inputs| forward(inputs, width))
    }
}

/// The input and the weights, for the backward pass.
#[derive(Clone, Debug)]
struct Convolved {
    x: FlexTensor,
    weight: FlexTensor,
    filter: Filter,
    /// Pixels in a row of the map.
    width: usize,
}

const FIT: &str = "a map has whole rows, and a kernel is odd by construction";

fn forward(inputs: [FlexTensor; 2], width: usize) -> (FlexTensor, Convolved) {
    let [x, weight] = inputs.map(contiguous);
    let shape = weight.layout().shape();
    let filter = Filter { outputs: shape[0], inputs: shape[1], height: shape[2], width: shape[3] };
    let shape = [dims(&x)[0], filter.outputs];
    let mut out = vec![0.0; shape[0] * shape[1]];
    convolution::convolution(level(), values(&x), width, values(&weight), None, filter, &mut out).expect(FIT);
    (tensor(out, shape), Convolved { x, weight, filter, width })
}

impl Recorded<2> for Convolved {
    fn backward(self, grad: FlexTensor, wanted: [bool; 2]) -> [Option<FlexTensor>; 2] {
        let Self { x, weight, filter, width } = self;
        let (grad, level) = (contiguous(grad), level());
        let grad = values(&grad);
        let grad_x = wanted[0].then(|| {
            let mut out = vec![0.0; values(&x).len()];
            convolution::convolution_backward_input(level, grad, width, values(&weight), filter, &mut out).expect(FIT);
            tensor(out, dims(&x))
        });
        let grad_weight = wanted[1].then(|| {
            let mut out = vec![0.0; values(&weight).len()];
            convolution::convolution_backward_weights(level, values(&x), grad, width, filter, &mut out).expect(FIT);
            tensor(out, [filter.outputs, filter.inputs, filter.height, filter.width])
        });
        [grad_x, grad_weight]
    }
}
