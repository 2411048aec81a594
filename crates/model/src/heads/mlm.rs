//! The masked-language head, which predicts masked tokens.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use crate::config::{EncoderConfig, VOCABULARY};
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
    /// A fresh head for an encoder.
    pub fn new(encoder: &EncoderConfig, device: &Device) -> Self {
        let dim = encoder.dim;
        Self {
            dense: Linear::new(dim, dim, device),
            norm: LayerNorm::new(dim, encoder.design.epsilon(), device),
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
