//! Rotary position embedding (Su et al. 2021), with halves rotated as in the released model.
//!
//! The first and second half of a head are the real and imaginary parts of `head_dim / 2`
//! complex numbers; number `i` of a token at position `t` is rotated by `t · 10000^(−2i/head_dim)`. Angles are computed
//! in f32 at every precision, as in the released code.

use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::ops;

/// Base of the geometric series of frequencies.
const BASE: f32 = 10_000.0;

/// Cosines and sines for the tokens of one batch.
#[derive(Clone, Debug)]
pub struct Rope {
    cos: Tensor<2>, // [rows, head_dim / 2]
    sin: Tensor<2>, // [rows, head_dim / 2]
}

impl Rope {
    /// Tables for tokens at `positions`, 0 being `<cls>`.
    pub fn new(positions: &[usize], head_dim: usize, device: &Device) -> Self {
        let half = head_dim / 2;
        let frequencies: Vec<f32> = (0..half).map(|i| 1.0 / BASE.powf(2.0 * i as f32 / head_dim as f32)).collect();
        let angles = || positions.iter().flat_map(|&t| frequencies.iter().map(move |f| t as f32 * f));
        let table = |values: Vec<f32>| Tensor::from_data(TensorData::new(values, [positions.len(), half]), device);
        Self { cos: table(angles().map(f32::cos).collect()), sin: table(angles().map(f32::sin).collect()) }
    }

    /// The rows of this table for tokens whose positions are on the device.
    pub(crate) fn select(&self, positions: Tensor<1, Int>) -> Self {
        Self { cos: self.cos.clone().select(0, positions.clone()), sin: self.sin.clone().select(0, positions) }
    }

    /// Rotates every head of every token's query and key; values are not changed.
    ///
    /// # Shapes
    /// - qkv and returns: `[rows, 3·dim]`
    pub fn forward(&self, qkv: Tensor<2>, heads: usize) -> Tensor<2> {
        ops::turn(qkv, self.cos.clone(), self.sin.clone(), heads)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_depend_only_on_distance() {
        let device = Device::flex();
        let vector = |seed: f32| -> Vec<f32> { (0..8).map(|i| (seed + i as f32).sin()).collect() };
        let score = |t: usize, u: usize| -> f32 {
            let rope = Rope::new(&[t, u], 8, &device);
            let values = [vector(1.0), vec![0.0; 24], vector(2.0), vec![0.0; 8]].concat();
            let turned = rope.forward(Tensor::from_data(TensorData::new(values, [2, 24]), &device), 1);
            let (query, key) = (turned.clone().slice([0..1, 0..8]), turned.slice([1..2, 8..16]));
            (query * key).sum().into_scalar::<f32>()
        };
        assert!((score(0, 5) - score(100, 105)).abs() < 1e-4);
        assert!((score(0, 5) - score(0, 6)).abs() > 1e-3);
    }
}
