//! Multi-head self-attention over sequences laid end to end.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::{Linear, Rope};
use crate::batch::Packed;
use crate::ops::{self, Drop};

/// `Wo · softmax(q kᵀ / √head_dim) v`, queries and keys turned by [`Rope`]; no biases.
#[derive(Module, Debug)]
pub struct Attention {
    /// `[3·dim, dim]`: rows of queries, then keys, then values, each head after head.
    pub qkv: Linear,
    /// `[dim, dim]`
    pub out: Linear,
    heads: usize,
}

impl Attention {
    /// Attention of `heads` heads over vectors of width `dim`.
    pub fn new(dim: usize, heads: usize, device: &Device) -> Self {
        let qkv = Linear::without_bias(dim, 3 * dim, device);
        let out = Linear::without_bias(dim, dim, device);
        Self { qkv, out, heads }
    }

    /// Every token attends to the tokens of its own sequence. `rope` is left out by models that
    /// learned their positions. `maps`, where given, receives one `[heads, len, len]` map of
    /// attention weights for each sequence, from which nothing is dropped.
    ///
    /// # Shapes
    /// - input and returns: `[rows, dim]`
    pub(crate) fn forward(
        &self,
        input: Tensor<2>,
        batch: &Packed,
        rope: Option<&Rope>,
        drop: Option<Drop>,
        maps: Option<&mut Vec<Tensor<3>>>,
    ) -> Tensor<2> {
        let qkv = self.qkv.forward(input); // [rows, 3·dim]
        let qkv = match rope {
            Some(rope) => rope.forward(qkv, self.heads),
            None => qkv,
        };
        if let Some(maps) = maps {
            *maps = ops::attention_weights(&qkv, batch, self.heads);
        }
        self.out.forward(ops::attention(qkv, batch, self.heads, drop))
    }
}
