//! Multi-head self-attention over sequences laid end to end.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::{Linear, Rope};
use crate::batch::Packed;
use crate::ops;

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
    /// attention weights for each sequence.
    ///
    /// # Shapes
    /// - input and returns: `[rows, dim]`
    pub fn forward(
        &self,
        input: Tensor<2>,
        batch: &Packed,
        rope: Option<&Rope>,
        mut maps: Option<&mut Vec<Tensor<3>>>,
    ) -> Tensor<2> {
        let [rows, dim] = input.dims();
        let (heads, head_dim) = (self.heads, dim / self.heads);
        let qkv = self.qkv.forward(input).reshape([rows, 3 * heads, head_dim]);
        let (turning, values) = (qkv.clone().narrow(1, 0, 2 * heads), qkv.narrow(1, 2 * heads, heads));
        let turned = match rope {
            Some(rope) => rope.forward(turning),
            None => turning,
        }; // [rows, 2·heads, head_dim]

        let mut attended = Vec::new();
        for (span, count, len) in batch.groups() {
            let part = |tensor: &Tensor<3>, first: usize| {
                tensor
                    .clone()
                    .slice([span.clone(), first..first + heads, 0..head_dim])
                    .reshape([count, len, heads, head_dim])
                    .swap_dims(1, 2) // [count, heads, len, head_dim]
            };
            let (query, key, value) = (part(&turned, 0), part(&turned, heads), part(&values, 0));
            let out = match maps.as_deref_mut() {
                Some(maps) => {
                    let weights = ops::attention_weights(query, key); // [count, heads, len, len]
                    maps.extend((0..count).map(|i| weights.clone().narrow(0, i, 1).squeeze_dim::<3>(0)));
                    weights.matmul(value)
                }
                None => ops::attention(query, key, value),
            };
            attended.push(out.swap_dims(1, 2).reshape([count * len, dim]));
        }
        self.out.forward(Tensor::cat(attended, 0))
    }
}
