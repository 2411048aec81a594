//! Layer norm with learned scale and shift, and the heads' instance norm without.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};

use super::constant;
use crate::config::NORM_EPSILON;
use crate::ops;

/// `(x − mean) / √(var + ε) · weight + bias` over the last axis, biased variance.
#[derive(Module, Debug)]
pub struct LayerNorm {
    /// `[dim]`
    pub weight: Param<Tensor<1>>,
    /// `[dim]`
    pub bias: Param<Tensor<1>>,
    epsilon: f64,
}

impl LayerNorm {
    /// A norm with scale 1 and shift 0; `epsilon` is added to variances.
    pub fn new(dim: usize, epsilon: f64, device: &Device) -> Self {
        Self { weight: constant([dim], 1.0, device), bias: constant([dim], 0.0, device), epsilon }
    }

    /// # Shapes
    /// - input and returns: `[rows, dim]`
    pub fn forward(&self, input: Tensor<2>) -> Tensor<2> {
        ops::layer_norm(input, self.weight.val(), self.bias.val(), self.epsilon)
    }
}

/// Instance norm: every channel of every item is normalised to mean 0 and variance 1 over its own pixels or positions.
///
/// # Shapes
/// - input and returns: `[items, channels, extent…]`
pub fn instance_norm<const D: usize>(input: Tensor<D>) -> Tensor<D> {
    let centred = input.clone() - mean(input);
    let variance = mean(centred.clone() * centred.clone());
    centred / (variance + NORM_EPSILON).sqrt()
}

/// The mean of each channel. Axis by axis: `mean_dim` of Burn 0.22.1 on wgpu is wrong over an
/// odd number of elements beyond 65536, which a map of 257 × 257 pairs flattened to one axis has.
///
/// # Shapes
/// - input: `[items, channels, extent…]`
/// - returns: `[items, channels, 1…]`
fn mean<const D: usize>(input: Tensor<D>) -> Tensor<D> {
    (2..D).rev().fold(input, |means, axis| means.mean_dim(axis))
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Distribution, Tolerance};

    #[test]
    fn a_map_is_normed_as_the_row_of_its_elements() {
        let map = Tensor::<4>::random([2, 3, 17, 17], Distribution::Uniform(-1.0, 3.0), &Device::flex());
        let row = map.clone().reshape([2, 3, 17 * 17]);
        let expected = instance_norm(row).into_data();
        let found = instance_norm(map).reshape([2, 3, 17 * 17]).into_data();
        found.assert_approx_eq::<f32>(&expected, Tolerance::absolute(1e-5));
    }
}
