//! `y = x·Wᵀ + b`, weights stored as `[out, in]`, with an optional adapter.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};

use super::{constant, uniform};
use crate::config::Lora;
use crate::ops;

/// An affine map of the last axis.
#[derive(Module, Debug)]
pub struct Linear {
    /// `[out, in]`
    pub weight: Param<Tensor<2>>,
    /// `[out]`
    pub bias: Option<Param<Tensor<1>>>,
    /// The adapter that is trained in place of the weight.
    pub adapter: Option<Adapter>,
}

/// A low-rank update of a weight, `W + scale · up · down` (Hu et al., "LoRA", 2021).
#[derive(Module, Debug)]
pub struct Adapter {
    /// `[rank, in]`
    pub down: Param<Tensor<2>>,
    /// `[out, rank]`, initialised to 0.
    pub up: Param<Tensor<2>>,
    scale: f64,
}

impl Linear {
    /// A map with bias.
    pub fn new(input: usize, output: usize, device: &Device) -> Self {
        let bias = Some(uniform([output], input, device));
        Self { bias, ..Self::without_bias(input, output, device) }
    }

    /// A map without bias.
    pub fn without_bias(input: usize, output: usize, device: &Device) -> Self {
        Self { weight: uniform([output, input], input, device), bias: None, adapter: None }
    }

    /// The same map with an adapter, if there is to be one; a new adapter does not change the result.
    #[must_use]
    pub fn adapted(self, lora: Option<&Lora>, device: &Device) -> Self {
        let Some(lora) = lora else { return self };
        let [output, input] = self.weight.lazy_shape().dims();
        let (down, up) = (uniform([lora.rank, input], input, device), constant([output, lora.rank], 0.0, device));
        Self { adapter: Some(Adapter { down, up, scale: lora.scale() }), ..self }
    }

    /// The same map with its adapter merged into its weight.
    #[must_use]
    pub fn merged(self) -> Self {
        let Some(Adapter { down, up, scale }) = self.adapter else { return self };
        let change = up.val().matmul(down.val()) * scale;
        Self { weight: self.weight.map(|weight| weight + change), adapter: None, ..self }
    }

    /// # Shapes
    /// - input: `[rows, in]`
    /// - returns: `[rows, out]`, f32
    pub fn forward(&self, input: Tensor<2>) -> Tensor<2> {
        self.apply(ops::linear, input)
    }

    /// As [`Linear::forward`], for an operation of [`ops`] that takes the precision of products.
    ///
    /// # Shapes
    /// - input: `[rows, in]`
    /// - returns: `[rows, out]`
    pub(crate) fn product(&self, input: Tensor<2>) -> Tensor<2> {
        self.apply(ops::product, input)
    }

    fn apply(&self, map: fn(Tensor<2>, Tensor<2>, Option<Tensor<1>>) -> Tensor<2>, input: Tensor<2>) -> Tensor<2> {
        let bias = self.bias.as_ref().map(|bias| bias.val());
        let Some(Adapter { down, up, scale }) = &self.adapter else {
            return map(input, self.weight.val(), bias);
        };
        let change = map(map(input.clone(), down.val(), None), up.val(), None);
        map(input, self.weight.val(), bias) + change * *scale
    }
}
