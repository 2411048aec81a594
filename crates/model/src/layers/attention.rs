//! Multi-head self-attention over sequences that are stored one after the other.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::{Linear, Rope};
use crate::batch::Packed;
use crate::config::{EncoderConfig, Lora, LoraTarget};
use crate::ops::{self, Drop};

/// `Wo · softmax(q kᵀ / √head_dim) v`, queries and keys rotated by [`Rope`]; biases only in
/// other designs than RiNALMo's.
#[derive(Module, Debug)]
pub struct Attention {
    /// `[3·dim, dim]`: rows of queries, then keys, then values, one head after the other.
    pub qkv: Linear,
    /// `[dim, dim]`
    pub out: Linear,
    heads: usize,
}

/// What attention uses beside its input.
#[derive(Debug)]
pub(crate) struct Within<'a> {
    /// Rotates queries and keys, if positions are rotary.
    pub rope: Option<&'a Rope>,
    /// The logits that each block adds its own to, and passes on, if the design has them: for each of the batch's groups,
    /// `[sequences, heads, len, len]`.
    pub logits: Option<Vec<Tensor<4>>>,
}

impl Attention {
    /// Attention with the sizes of an encoder.
    pub fn new(config: &EncoderConfig, device: &Device) -> Self {
        let EncoderConfig { dim, heads, design, .. } = *config;
        let layer = |output: usize, target: LoraTarget| {
            let new = if design.has_attention_biases() { Linear::new } else { Linear::without_bias };
            new(dim, output, device).adapted(Lora::of(config.lora.as_ref(), target), device)
        };
        let (qkv, out) = (layer(3 * dim, LoraTarget::Qkv), layer(dim, LoraTarget::Out));
        Self { qkv, out, heads }
    }

    /// Every token attends to the tokens of its own sequence. `maps`, if given, receives one `[heads, len, len]` map of
    /// attention weights for each sequence, without dropout.
    ///
    /// # Shapes
    /// - input and returns: `[rows, dim]`; the result may be in the precision of products
    pub(crate) fn forward(
        &self,
        input: Tensor<2>,
        batch: &Packed,
        within: &mut Within<'_>,
        drop: Option<Drop>,
        maps: Option<&mut Vec<Tensor<3>>>,
    ) -> Tensor<2> {
        let qkv = self.qkv.product(input); // [rows, 3·dim]
        let qkv = match within.rope {
            Some(rope) => rope.forward(qkv, self.heads),
            None => qkv,
        };
        let attended = match &mut within.logits {
            Some(logits) => {
                let attended = ops::attention_adding(qkv, batch, self.heads, drop, logits);
                if let Some(maps) = maps {
                    *maps = ops::weights_of(logits);
                }
                attended
            }
            None => {
                if let Some(maps) = maps {
                    *maps = ops::attention_weights(&qkv, batch, self.heads);
                }
                ops::attention(qkv, batch, self.heads, drop)
            }
        };
        self.out.product(attended)
    }
}
