//! The encoder: embedding with token dropout, blocks, final norm. RiNALMo, Figure 1.
//!
//! Where it differs from a textbook pre-norm transformer it follows the released model: the residual of the attention
//! half is taken *after* its layer norm, and token dropout scales the embeddings at inference too. Other published
//! encoders of RNA differ from it by their [`Design`].

use std::ops::Range;

use burn::module::{Module, Param};
use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::batch::Packed;
use crate::config::{Design, EncoderConfig, Positions, VOCABULARY};
use crate::layers::{Attention, FeedForward, LayerNorm, Linear, PairBias, Rope, Within, normal};
use crate::ops::{self, Drop, Dropout};

/// Turns tokens into vectors that depend on their context.
#[derive(Module, Debug)]
pub struct Encoder {
    /// `[vocabulary, dim]`
    pub embedding: Param<Tensor<2>>,
    /// `[max_len, dim]`, if positions are learned and not rotary.
    pub positions: Option<Param<Tensor<2>>>,
    /// `[1, dim]`, added to every token's embedding, if the design has it.
    pub segment: Option<Param<Tensor<2>>>,
    /// Biases of attention for pairs of bases, if the design has them.
    pub pair_bias: Option<PairBias>,
    /// The norm after the embedding, if the design has it.
    pub embedding_norm: Option<LayerNorm>,
    /// The transformer blocks, first to last.
    pub blocks: Vec<EncoderBlock>,
    /// The final norm, if the design has it.
    pub norm: Option<LayerNorm>,
    pub(crate) head_dim: usize,
    #[module(skip)]
    pub(crate) position_kind: Positions,
    #[module(skip)]
    pub(crate) design: Design,
}

impl Encoder {
    /// An encoder with random weights.
    pub fn new(config: &EncoderConfig, device: &Device) -> Self {
        let positions = match config.positions {
            Positions::Rotary | Positions::Sinusoidal { .. } => None,
            Positions::Learned { max_len } => Some(normal([max_len, config.dim], device)),
        };
        let design = config.design;
        let norm = || LayerNorm::new(config.dim, design.epsilon(), device);
        Self {
            embedding: normal([VOCABULARY, config.dim], device),
            positions,
            pair_bias: design.has_pair_bias().then(|| PairBias::new(config, device)),
            segment: design.has_segment().then(|| normal([1, config.dim], device)),
            embedding_norm: design.has_embedding_norm().then(norm),
            blocks: (0..config.blocks).map(|_| EncoderBlock::new(config, device)).collect(),
            norm: design.has_final_norm().then(norm),
            head_dim: config.head_dim(),
            position_kind: config.positions,
            design,
        }
    }

    /// Values in the representation of a token.
    pub fn dim(&self) -> usize {
        self.embedding.lazy_shape()[1]
    }

    /// How its blocks are put together.
    pub fn design(&self) -> Design {
        self.design
    }

    /// Bytes needed to encode this many tokens at once, as [`crate::memory::encode`] counts them.
    pub fn memory(&self, tokens: usize, on_cpu: bool) -> u64 {
        let heads = self.design.has_pair_bias().then(|| self.dim() / self.head_dim);
        crate::memory::encoding(self.dim(), heads, self.position_kind.max_len(), tokens, on_cpu)
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
    /// If a sequence is longer than the positions of the model; callers check [`EncoderConfig::max_len`].
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
        let mut within = self.within(batch, rope.as_ref(), device);
        let mut hidden = self.embed(batch, device);
        for (index, block) in self.blocks.iter().enumerate() {
            let mut block_maps = Vec::new();
            let drops = dropout.map_or([None; 3], |dropout| dropout.of_block(index));
            hidden = block.forward(hidden, batch, &mut within, drops, maps.is_some().then_some(&mut block_maps));
            if let Some(maps) = maps.as_deref_mut() {
                maps.push(block_maps);
            }
        }
        self.finish(hidden)
    }

    /// The final norm, if the design has one.
    ///
    /// # Shapes
    /// - hidden and returns: `[rows, dim]`
    pub fn finish(&self, hidden: Tensor<2>) -> Tensor<2> {
        match &self.norm {
            Some(norm) => norm.forward(hidden),
            None => hidden,
        }
    }

    /// Runs some of the blocks, for callers that run the encoder piece by piece: [`Encoder::embed`], all blocks, and
    /// [`Encoder::finish`] are the same as [`Encoder::forward_dropped`].
    ///
    /// # Shapes
    /// - hidden and returns: `[rows, dim]`
    ///
    /// # Panics
    /// If `blocks` is out of range. If blocks pass logits on ([`Design::has_pair_bias`]) and these are not all.
    pub fn forward_blocks(
        &self,
        blocks: Range<usize>,
        mut hidden: Tensor<2>,
        batch: &Packed,
        dropout: &Dropout,
        device: &Device,
    ) -> Tensor<2> {
        let whole = blocks == (0..self.blocks.len());
        assert!(whole || !self.design.has_pair_bias(), "blocks that pass logits on cannot be run apart");
        let rope = self.rope(batch, device);
        let mut within = self.within(batch, rope.as_ref(), device);
        for index in blocks {
            hidden = self.blocks[index].forward(hidden, batch, &mut within, dropout.of_block(index), None);
        }
        hidden
    }

    /// What the attention of the first block begins with.
    fn within<'a>(&self, batch: &Packed, rope: Option<&'a Rope>, device: &Device) -> Within<'a> {
        Within { rope, logits: self.pair_bias.as_ref().map(|bias| bias.forward(batch, device)) }
    }

    fn rope(&self, batch: &Packed, device: &Device) -> Option<Rope> {
        if self.position_kind != Positions::Rotary {
            return None;
        }
        // A short table and its rows: fewer angles to compute, and less to send to a device.
        let positions = batch.positions();
        let longest = batch.lengths().iter().copied().max().unwrap_or(0);
        let table = Rope::new(&(0..longest).collect::<Vec<_>>(), self.head_dim, device);
        Some(table.select(indices(positions.iter().map(|&t| t as i64), positions.len(), device)))
    }

    /// Token embeddings after token dropout, plus positions that are not rotary and what else the design adds, normed if it norms.
    ///
    /// # Shapes
    /// - returns: `[rows, dim]`
    pub fn embed(&self, batch: &Packed, device: &Device) -> Tensor<2> {
        let rows = batch.total();
        let tokens = indices(batch.tokens().iter().map(|&token| i64::from(token)), rows, device);
        let mut embedded = self.embedding.val().select(0, tokens); // [rows, dim]
        if self.design.has_token_dropout() {
            embedded = embedded * Tensor::<2>::from_data(TensorData::new(batch.embedding_scale(), [rows, 1]), device);
        }
        if let Some(table) = &self.positions {
            let positions = indices(batch.positions().iter().map(|&t| t as i64), rows, device);
            embedded = embedded + table.val().select(0, positions);
        }
        if let Positions::Sinusoidal { max_len } = self.position_kind {
            let (width, positions) = (self.dim(), batch.positions());
            let table = sinusoids(batch, max_len, width);
            let len = table.len() / width;
            let table = Tensor::<2>::from_data(TensorData::new(table, [len, width]), device);
            embedded = embedded + table.select(0, indices(positions.iter().map(|&t| t as i64), rows, device));
        }
        if let Some(segment) = &self.segment {
            embedded = embedded + segment.val();
        }
        match &self.embedding_norm {
            Some(norm) => norm.forward(embedded),
            None => embedded,
        }
    }
}

/// Sines, then cosines, of the positions of a batch. The first has number 2, as in fairseq, where padding has 1.
///
/// # Shapes
/// - returns: `[longest, width]`
///
/// # Panics
/// If a sequence has more than `max_len` tokens.
pub(crate) fn sinusoids(batch: &Packed, max_len: usize, width: usize) -> Vec<f32> {
    const FIRST: usize = 2;
    let longest = batch.lengths().iter().copied().max().unwrap_or(0);
    assert!(longest <= max_len, "a sequence of {longest} tokens, positions for {max_len}");
    let half = width / 2;
    let step = 10_000f64.ln() / (half - 1) as f64;
    let frequencies: Vec<f32> = (0..half).map(|i| (-(i as f64) * step).exp() as f32).collect();
    let angles = |t: usize| frequencies.iter().map(move |frequency| (t + FIRST) as f32 * frequency);
    (0..longest).flat_map(|t| angles(t).map(f32::sin).chain(angles(t).map(f32::cos))).collect()
}

/// A list of numbers of rows, of `len` values, on a device.
pub(crate) fn indices(values: impl Iterator<Item = i64>, len: usize, device: &Device) -> Tensor<1, Int> {
    Tensor::from_data(TensorData::new(values.collect::<Vec<i64>>(), [len]), device)
}

/// One transformer block; [`Design`] has its formula.
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
    #[module(skip)]
    pub(crate) design: Design,
}

impl EncoderBlock {
    fn new(config: &EncoderConfig, device: &Device) -> Self {
        let norm = || LayerNorm::new(config.dim, config.design.epsilon(), device);
        Self {
            attention_norm: norm(),
            attention: Attention::new(config, device),
            feed_forward_norm: norm(),
            feed_forward: FeedForward::new(config, device),
            design: config.design,
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
        within: &mut Within<'_>,
        [weights, attended, fed]: [Option<Drop>; 3],
        maps: Option<&mut Vec<Tensor<3>>>,
    ) -> Tensor<2> {
        let Self { attention_norm, attention, feed_forward_norm, feed_forward, design } = self;
        let attend = |hidden: Tensor<2>| attention.forward(hidden, batch, within, weights, maps);
        if design.norms_after() {
            let update = attend(input.clone());
            let hidden = attention_norm.forward(ops::add(input, update, attended));
            let update = feed_forward.forward(hidden.clone());
            return feed_forward_norm.forward(ops::add(hidden, update, fed));
        }
        let normed = attention_norm.forward(input.clone());
        let residual = if *design == Design::Rinalmo { normed.clone() } else { input };
        let hidden = ops::add(residual, attend(normed), attended);
        let update = feed_forward.forward(feed_forward_norm.forward(hidden.clone()));
        ops::add(hidden, update, fed)
    }
}
