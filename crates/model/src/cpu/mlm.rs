//! The masked-language head on slices: linear → GELU → layer norm → linear.

use rinalmo_kernels::{Level, activation};

use super::Precision;
use super::linear::Linear;
use super::plain_block::Norm;
use crate::config::Design;

/// See [`crate::MlmHead`].
pub(super) struct MlmHead {
    dense: Linear,
    norm: Norm,
    out: Linear,
    level: Level,
}

impl MlmHead {
    pub fn new(head: crate::MlmHead, design: Design, precision: Precision, level: Level) -> Self {
        Self {
            dense: Linear::new(head.dense.weight, head.dense.bias, precision, level),
            norm: Norm::new(head.norm, design, level),
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
        self.out.forward(&self.norm.forward(&dense))
    }
}
