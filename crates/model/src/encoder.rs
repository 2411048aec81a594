//! The encoder: embedding with token dropout, blocks, final norm. RiNALMo, Figure 1.
//!
//! Where it differs from a textbook pre-norm transformer it follows the released model: the residual of the attention
//! half is taken *after* its layer norm, and token dropout scales the embeddings at inference too.

use std::ops::Range;

use burn::module::{Module, Param};
use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::batch::Packed;
use crate::config::{EncoderConfig, Positions, VOCABULARY};
use crate::layers::{Attention, FeedForward, LayerNorm, Linear, Rope, normal};
use crate::ops::{self, Drop, Dropout};

/// Turns tokens into vectors that depend on their context.
#[derive(Module, Debug)]
pub struct Encoder {
    /// `[vocabulary, dim]`
    pub embedding: Param<Tensor<2>>,
    /// `[max_len, dim]`, if positions are learned and not rotary.
    pub positions: Option<Param<Tensor<2>>>,
    /// The transformer blocks, first to last.
    pub blocks: Vec<EncoderBlock>,
    /// The final norm.
    pub norm: LayerNorm,
    pub(crate) head_dim: usize,
}

impl Encoder {
    /// An encoder with random weights.
    pub fn new(config: &EncoderConfig, device: &Device) -> Self {
        let positions = match config.positions {
            Positions::Rotary => None,
            Positions::Learned { max_len } => Some(normal([max_len, config.dim], device)),
        };
        Self {
            embedding: normal([VOCABULARY, config.dim], device),
            positions,
            blocks: (0..config.blocks).map(|_| EncoderBlock::new(config, device)).collect(),
            norm: LayerNorm::new(config.dim, device),
            head_dim: config.head_dim(),
        }
    }

    /// The same encoder with adapters merged into its weights.
    #[must_use]
    pub fn merged(mut self) -> Self {
        self.blocks = self.blocks.into_iter().map(EncoderBlock::merged).collect();
        self
    }

    /// The representation of every token.
    ///
    /// # Shapes
    /// - returns: `[rows, dim]`, one row per token, in the batch's order
    ///
    /// # Panics
    /// If a sequence is longer than the learned positions of the model; callers check [`EncoderConfig::max_len`].
    pub fn forward(&self, batch: &Packed, device: &Device) -> Tensor<2> {
        self.run(batch, None, None, device)
    }

    /// The representation of every token in a training step, with dropout.
    ///
    /// # Shapes
    /// - returns: `[rows, dim]`
    ///
    /// # Panics
    /// As [`Encoder::forward`].
    pub fn forward_dropped(&self, batch: &Packed, dropout: &Dropout, device: &Device) -> Tensor<2> {
        self.run(batch, Some(dropout), None, device)
    }

    /// The representation of every token, and each block's attention weights.
    ///
    /// # Shapes
    /// - returns: `[rows, dim]`, and for each block, for each sequence, `[heads, len, len]`
    pub fn forward_with_attentions(&self, batch: &Packed, device: &Device) -> (Tensor<2>, Vec<Vec<Tensor<3>>>) {
        let mut maps = Vec::with_capacity(self.blocks.len());
        let representation = self.run(batch, None, Some(&mut maps), device);
        (representation, maps)
    }

    fn run(
        &self,
        batch: &Packed,
        dropout: Option<&Dropout>,
        mut maps: Option<&mut Vec<Vec<Tensor<3>>>>,
        device: &Device,
    ) -> Tensor<2> {
        let rope = self.rope(batch, device);
        let mut hidden = self.embed(batch, device);
        for (index, block) in self.blocks.iter().enumerate() {
            let mut block_maps = Vec::new();
            let drops = dropout.map_or([None; 3], |dropout| dropout.of_block(index));
            hidden = block.forward(hidden, batch, rope.as_ref(), drops, maps.is_some().then_some(&mut block_maps));
            if let Some(maps) = maps.as_deref_mut() {
                maps.push(block_maps);
            }
        }
        self.norm.forward(hidden)
    }

    /// Runs some of the blocks, for callers that run the encoder piece by piece: [`Encoder::embed`], all blocks, and
    /// [`Encoder::norm`] are the same as [`Encoder::forward_dropped`].
    ///
    /// # Shapes
    /// - hidden and returns: `[rows, dim]`
    ///
    /// # Panics
    /// If `blocks` is out of range.
    pub fn forward_blocks(
        &self,
        blocks: Range<usize>,
        mut hidden: Tensor<2>,
        batch: &Packed,
        dropout: &Dropout,
        device: &Device,
    ) -> Tensor<2> {
        let rope = self.rope(batch, device);
        for index in blocks {
            hidden = self.blocks[index].forward(hidden, batch, rope.as_ref(), dropout.of_block(index), None);
        }
        hidden
    }

    fn rope(&self, batch: &Packed, device: &Device) -> Option<Rope> {
        if self.positions.is_some() {
            return None;
        }
        // A short table and its rows: fewer angles to compute, and less to send to a device.
        let positions = batch.positions();
        let longest = batch.lengths().iter().copied().max().unwrap_or(0);
        let table = Rope::new(&(0..longest).collect::<Vec<_>>(), self.head_dim, device);
        Some(table.select(indices(positions.iter().map(|&t| t as i64), positions.len(), device)))
    }

    /// Token embeddings after token dropout, plus learned positions if the model has them.
    ///
    /// # Shapes
    /// - returns: `[rows, dim]`
    pub fn embed(&self, batch: &Packed, device: &Device) -> Tensor<2> {
        let rows = batch.total();
        let tokens = indices(batch.tokens().iter().map(|&token| i64::from(token)), rows, device);
        let scale = Tensor::<2>::from_data(TensorData::new(batch.embedding_scale(), [rows, 1]), device);
        let embedded = self.embedding.val().select(0, tokens) * scale; // [rows, dim]
        match &self.positions {
            Some(table) => {
                let positions = indices(batch.positions().iter().map(|&t| t as i64), rows, device);
                embedded + table.val().select(0, positions)
            }
            None => embedded,
        }
    }
}

/// A list of numbers of rows, of `len` values, on a device.
pub(crate) fn indices(values: impl Iterator<Item = i64>, len: usize, device: &Device) -> Tensor<1, Int> {
    Tensor::from_data(TensorData::new(values.collect::<Vec<i64>>(), [len]), device)
}

/// One transformer block.
///
/// ```text
/// h = LN₁(x);  h = h + attention(h);  x = h + feed_forward(LN₂(h))
/// ```
#[derive(Module, Debug)]
pub struct EncoderBlock {
    /// LN₁
    pub attention_norm: LayerNorm,
    /// Self-attention.
    pub attention: Attention,
    /// LN₂
    pub feed_forward_norm: LayerNorm,
    /// The feed-forward half.
    pub feed_forward: FeedForward,
}

impl EncoderBlock {
    fn new(config: &EncoderConfig, device: &Device) -> Self {
        Self {
            attention_norm: LayerNorm::new(config.dim, device),
            attention: Attention::new(config, device),
            feed_forward_norm: LayerNorm::new(config.dim, device),
            feed_forward: FeedForward::new(config, device),
        }
    }

    /// The same block with adapters merged into its weights.
    fn merged(mut self) -> Self {
        self.attention.qkv = self.attention.qkv.merged();
        self.attention.out = self.attention.out.merged();
        self.feed_forward.up = self.feed_forward.up.merged();
        self.feed_forward.gate = self.feed_forward.gate.map(Linear::merged);
        self.feed_forward.down = self.feed_forward.down.merged();
        self
    }

    /// `drops` apply to attention weights and to what each half adds.
    ///
    /// # Shapes
    /// - input and returns: `[rows, dim]`
    fn forward(
        &self,
        input: Tensor<2>,
        batch: &Packed,
        rope: Option<&Rope>,
        [weights, attended, fed]: [Option<Drop>; 3],
        maps: Option<&mut Vec<Tensor<3>>>,
    ) -> Tensor<2> {
        let hidden = self.attention_norm.forward(input);
        let update = self.attention.forward(hidden.clone(), batch, rope, weights, maps);
        let hidden = ops::add(hidden, update, attended);
        let update = self.feed_forward.forward(self.feed_forward_norm.forward(hidden.clone()));
        ops::add(hidden, update, fed)
    }
}
