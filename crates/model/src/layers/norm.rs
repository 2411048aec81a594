//! Layer norm with learned scale and shift, and the heads' instance norm without either.

use burn::module::{Module, Param};
use burn::tensor::module::layer_norm;
use burn::tensor::{Device, Tensor};

use super::constant;
use crate::config::NORM_EPSILON;

/// `(x − mean) / √(var + ε) · weight + bias` over the last axis, biased variance.
#[derive(Module, Debug)]
pub struct LayerNorm {
    /// `[dim]`
    pub weight: Param<Tensor<1>>,
    /// `[dim]`
    pub bias: Param<Tensor<1>>,
}

impl LayerNorm {
    /// The identity up to normalisation.
    pub fn new(dim: usize, device: &Device) -> Self {
        Self { weight: constant([dim], 1.0, device), bias: constant([dim], 0.0, device) }
    }

    /// # Shapes
    /// - input and returns: `[rows, dim]`
    pub fn forward(&self, input: Tensor<2>) -> Tensor<2> {
        layer_norm(input, self.weight.val(), Some(self.bias.val()), NORM_EPSILON)
    }
}

/// Instance norm: every channel of every item to mean 0 and variance 1 over its own extent.
///
/// # Shapes
/// - input and returns: `[items, channels, extent]`
pub fn instance_norm(input: Tensor<3>) -> Tensor<3> {
    let centred = input.clone() - input.mean_dim(2);
    let variance = (centred.clone() * centred.clone()).mean_dim(2);
    centred / (variance + NORM_EPSILON).sqrt()
}
