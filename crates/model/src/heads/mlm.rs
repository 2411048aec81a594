//! The masked-language head, which predicts masked tokens.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use crate::config::VOCABULARY;
use crate::layers::{LayerNorm, Linear};
use crate::ops::gelu;

/// linear → GELU (erf) → layer norm → linear.
#[derive(Module, Debug)]
pub struct MlmHead {
    /// `[dim, dim]`
    pub dense: Linear,
    /// Over `dim`.
    pub norm: LayerNorm,
    /// `[vocabulary, dim]`
    pub out: Linear,
}

impl MlmHead {
    /// A fresh head for an encoder of width `dim`.
    pub fn new(dim: usize, device: &Device) -> Self {
        Self {
            dense: Linear::new(dim, dim, device),
            norm: LayerNorm::new(dim, device),
            out: Linear::new(dim, VOCABULARY, device),
        }
    }

    /// # Shapes
    /// - hidden: `[rows, dim]`
    /// - returns: `[rows, vocabulary]`, logits
    pub fn forward(&self, hidden: Tensor<2>) -> Tensor<2> {
        self.out.forward(self.norm.forward(gelu(self.dense.forward(hidden))))
    }
}
