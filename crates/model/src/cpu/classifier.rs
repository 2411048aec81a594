//! The head on `<cls>`, on slices: linear → GELU → linear.

use rinalmo_kernels::{Level, activation};

use super::Precision;
use super::linear::Linear;

/// See [`crate::Classifier`].
pub(super) struct Classifier {
    dense: Linear,
    out: Linear,
    level: Level,
}

impl Classifier {
    pub fn new(head: crate::Classifier, precision: Precision, level: Level) -> Self {
        Self {
            dense: Linear::new(head.dense.weight, head.dense.bias, precision, level),
            out: Linear::new(head.out.weight, head.out.bias, precision, level),
            level,
        }
    }

    /// # Shapes
    /// - cls: `[items, dim]`
    /// - returns: `[items, classes]`, logits
    pub fn forward(&self, cls: &[f32]) -> Vec<f32> {
        let mut hidden = self.dense.forward(cls);
        activation::gelu(self.level, &mut hidden);
        self.out.forward(&hidden)
    }
}
