//! The head on single vectors: splice sites (one logit) and ncRNA families (one logit for each family) on `<cls>`, and
//! users' own labels of sequences or bases.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use crate::layers::Linear;
use crate::ops::gelu;

/// linear → GELU → linear on the representation of `<cls>`.
#[derive(Module, Debug)]
pub struct Classifier {
    /// `[hidden, dim]`
    pub dense: Linear,
    /// `[classes, hidden]`
    pub out: Linear,
}

impl Classifier {
    /// A fresh head for an encoder of width `dim`.
    pub fn new(dim: usize, hidden: usize, classes: usize, device: &Device) -> Self {
        Self { dense: Linear::new(dim, hidden, device), out: Linear::new(hidden, classes, device) }
    }

    /// # Shapes
    /// - cls: `[items, dim]`
    /// - returns: `[items, classes]`, logits
    pub fn forward(&self, cls: Tensor<2>) -> Tensor<2> {
        self.out.forward(gelu(self.dense.forward(cls)))
    }
}
