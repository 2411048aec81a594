//! `y = x·Wᵀ + b`, weight kept `[out, in]`.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};

use super::uniform;
use crate::ops;

/// An affine map of the last axis.
#[derive(Module, Debug)]
pub struct Linear {
    /// `[out, in]`
    pub weight: Param<Tensor<2>>,
    /// `[out]`
    pub bias: Option<Param<Tensor<1>>>,
}

impl Linear {
    /// A map with bias.
    pub fn new(input: usize, output: usize, device: &Device) -> Self {
        let bias = Some(uniform([output], input, device));
        Self { bias, ..Self::without_bias(input, output, device) }
    }

    /// A map without bias.
    pub fn without_bias(input: usize, output: usize, device: &Device) -> Self {
        Self { weight: uniform([output, input], input, device), bias: None }
    }

    /// # Shapes
    /// - input: `[rows, in]`
    /// - returns: `[rows, out]`
    pub fn forward(&self, input: Tensor<2>) -> Tensor<2> {
        ops::linear(input, self.weight.val(), self.bias.as_ref().map(|bias| bias.val()))
    }
}
