//! Convolutions that keep their input's size by zero padding, for all convolutional heads.

use burn::module::{Module, Param};
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Tensor};

use super::uniform;
use crate::ops;

/// Convolution along a sequence. A filter of even width sees one position more after its own than before it.
#[derive(Module, Debug)]
pub struct Convolution1d {
    /// `[out, in, kernel]`
    pub weight: Param<Tensor<3>>,
    /// `[out]`
    pub bias: Option<Param<Tensor<1>>>,
}

impl Convolution1d {
    /// `channels` in, `channels` out, without bias.
    pub fn new(channels: usize, kernel: usize, device: &Device) -> Self {
        Self { weight: uniform([channels, channels, kernel], channels * kernel, device), bias: None }
    }

    /// A convolution with bias.
    pub fn with_bias(input: usize, output: usize, kernel: usize, device: &Device) -> Self {
        let fan_in = input * kernel;
        let bias = Some(uniform([output], fan_in, device));
        Self { weight: uniform([output, input, kernel], fan_in, device), bias }
    }

    /// # Shapes
    /// - input: `[items · len, in]`
    /// - returns: `[items · len, out]`
    pub fn forward(&self, input: Tensor<2>, len: usize) -> Tensor<2> {
        let mut weight = self.weight.val();
        let [outputs, inputs, mut kernel] = weight.dims();
        if kernel % 2 == 0 {
            // The operation takes odd filters only, which see as much on both sides.
            weight = Tensor::cat(vec![Tensor::zeros([outputs, inputs, 1], &weight.device()), weight], 2);
            kernel += 1;
        }
        let map = ops::convolution(input, weight.reshape([outputs, inputs, 1, kernel]), len);
        match &self.bias {
            Some(bias) => map + bias.val().unsqueeze(),
            None => map,
        }
    }
}

/// Convolution over a map of pairs.
#[derive(Module, Debug)]
pub struct Convolution2d {
    /// `[out, in, kernel, kernel]`
    pub weight: Param<Tensor<4>>,
    /// `[out]`
    pub bias: Option<Param<Tensor<1>>>,
}

impl Convolution2d {
    /// A convolution without bias.
    pub fn new(input: usize, output: usize, kernel: usize, device: &Device) -> Self {
        Self { weight: uniform([output, input, kernel, kernel], input * kernel * kernel, device), bias: None }
    }

    /// A convolution with bias.
    pub fn with_bias(input: usize, output: usize, kernel: usize, device: &Device) -> Self {
        let bias = Some(uniform([output], input * kernel * kernel, device));
        Self { bias, ..Self::new(input, output, kernel, device) }
    }

    /// # Shapes
    /// - input: `[items, in, height, width]`
    /// - returns: `[items, out, height, width]`
    pub fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let weight = self.weight.val();
        let padding = weight.dims()[2] / 2;
        let bias = self.bias.as_ref().map(|bias| bias.val());
        conv2d(input, weight, bias, ConvOptions::new([1, 1], [padding, padding], [1, 1], 1))
    }
}
