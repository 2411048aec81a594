//! The masked-language head on slices: linear → GELU → layer norm → linear.

use rinalmo_kernels::{Level, activation, layer_norm};

use super::linear::Linear;
use super::{Precision, values};
use crate::config::NORM_EPSILON;

/// See [`crate::MlmHead`].
pub(super) struct MlmHead {
    dense: Linear,
    norm: [Vec<f32>; 2],
    out: Linear,
    level: Level,
}

impl MlmHead {
    pub fn new(head: crate::MlmHead, precision: Precision, level: Level) -> Self {
        Self {
            dense: Linear::new(head.dense.weight, head.dense.bias, precision, level),
            norm: [values(head.norm.weight), values(head.norm.bias)],
            out: Linear::new(head.out.weight, head.out.bias, precision, level),
            level,
        }
    }

    /// # Shapes
    /// - hidden: `[rows, dim]`
    /// - returns: `[rows, vocabulary]`, logits
    pub fn forward(&self, hidden: &[f32]) -> Vec<f32> {
        let mut dense = self.dense.forward(hidden);
        activation::gelu(self.level, &mut dense);
        let mut normed = vec![0.0; dense.len()];
        let [weight, bias] = &self.norm;
        layer_norm(self.level, &dense, weight, bias, NORM_EPSILON as f32, &mut normed)
            .expect("the dense layer's rows are as wide as the norm");
        self.out.forward(&normed)
    }
}
