//! The encoder on slices: embedding, blocks, final norm.
//!
//! The mathematics are [`crate::Encoder`]'s. A block is two passes over rows with attention between them (see
//! [`rinalmo_kernels::block`]); the residual stream is one buffer that is changed in place, in f32 at every precision.

use burn::module::Module;
use burn::tensor::TensorData;
use rayon::prelude::*;
use rinalmo_kernels::attention::{Heads, attend, attention_adding, score_space, score_width};
use rinalmo_kernels::block::{Block, Middle, Norm, Weights};
use rinalmo_kernels::rope::Table;
use rinalmo_kernels::{Level, linear};

use super::linear::{data, kernel, slice};
use super::plain_block::{Norm as PlainNorm, PlainBlock};
use super::{Precision, floats, values};
use crate::batch::Packed;
use crate::config::{Design, NORM_EPSILON, Positions};
use crate::encoder::{EncoderBlock, sinusoids};
use crate::layers::classes;
use crate::network::Attentions;

/// Base of the geometric series of rotary frequencies, as in the paper on RoPE.
const ROPE_BASE: f32 = 10_000.0;
/// Parameters of the blocks that are packed at a time: 64 MiB of f32, which each block has until it is packed.
const AT_ONCE: usize = 16 << 20;
/// Why calls of kernels in [`Encoder`] cannot fail.
const FITS: &str = "the buffers were made for the batch and the weights for each other";

/// The blocks, as their design needs them.
enum Blocks {
    /// RiNALMo's, fused.
    Fused(Vec<Block>),
    /// Those of other designs.
    Plain(Vec<PlainBlock>),
}

/// See [`crate::Encoder`].
pub(super) struct Encoder {
    /// `[vocabulary, dim]`
    embedding: Vec<f32>,
    /// `[max_len, dim]`, if positions are learned and not rotary.
    positions: Option<Vec<f32>>,
    /// `[1, dim]`, added to every embedding, if the design has it.
    segment: Option<Vec<f32>>,
    /// `[4, heads]`, the biases of attention for each class of pairs, if the design has them.
    pair_bias: Option<Vec<f32>>,
    embedding_norm: Option<PlainNorm>,
    blocks: Blocks,
    norm: Option<PlainNorm>,
    position_kind: Positions,
    design: Design,
    dim: usize,
    heads: usize,
    /// Precision of attention's products: bf16 only if that is faster.
    attention: linear::Precision,
    level: Level,
}

/// Packs blocks in their order: as many at a time as have up to [`AT_ONCE`] parameters, and at least one.
fn packed<B: Send>(
    mut blocks: impl ExactSizeIterator<Item = EncoderBlock>,
    pack: impl Fn(EncoderBlock) -> B + Sync + Send,
) -> Vec<B> {
    let mut done = Vec::with_capacity(blocks.len());
    while let Some(first) = blocks.next() {
        let more = AT_ONCE / first.num_params().max(1);
        let group: Vec<_> = std::iter::once(first).chain(blocks.by_ref().take(more.saturating_sub(1))).collect();
        done.par_extend(group.into_par_iter().map(&pack));
    }
    done
}

impl Encoder {
    /// Packs an encoder's weights, a few blocks at a time, and frees each block's tensors when it is packed.
    pub fn new(encoder: crate::Encoder, precision: Precision, level: Level) -> Self {
        let (dim, design) = (encoder.dim(), encoder.design);
        let heads = dim / encoder.head_dim;
        let rounded = precision != Precision::F32 && level.has_bf16();
        let norm = |norm: crate::LayerNorm| PlainNorm::new(norm, design, level);
        let blocks = encoder.blocks.into_iter();
        let blocks = match design {
            Design::Rinalmo => Blocks::Fused(packed(blocks, |block| pack(block, kernel(precision)))),
            _ => Blocks::Plain(packed(blocks, |block| PlainBlock::new(block, precision, level))),
        };
        Self {
            embedding: values(encoder.embedding),
            positions: encoder.positions.map(values),
            segment: encoder.segment.map(values),
            pair_bias: encoder.pair_bias.map(|bias| floats(bias.table())),
            embedding_norm: encoder.embedding_norm.map(norm),
            blocks,
            norm: encoder.norm.map(norm),
            position_kind: encoder.position_kind,
            design,
            dim,
            heads,
            attention: if rounded { linear::Precision::Bf16 } else { linear::Precision::F32 },
            level,
        }
    }

    /// # Shapes
    /// - returns: `[rows, dim]`
    ///
    /// # Panics
    /// If a sequence is longer than the positions of the model, as in [`crate::Encoder::forward`].
    pub fn forward(&self, batch: &Packed) -> Vec<f32> {
        self.run(batch, None)
    }

    /// As [`Encoder::forward`], with each block's attention weights.
    pub fn forward_with_attentions(&self, batch: &Packed) -> (Vec<f32>, Attentions) {
        let mut maps = Vec::new();
        let hidden = self.run(batch, Some(&mut maps));
        (hidden, maps)
    }

    fn run(&self, batch: &Packed, mut maps: Option<&mut Attentions>) -> Vec<f32> {
        let (rows, dim, level) = (batch.total(), self.dim(), self.level);
        let longest = batch.lengths().iter().copied().max().unwrap_or(0);
        let is_rotary = self.position_kind == Positions::Rotary;
        let rope = is_rotary.then(|| Table::new(ROPE_BASE, dim / self.heads, longest).expect(FITS));
        let starts: Vec<usize> = std::iter::once(0).chain(batch.spans().map(|span| span.end)).collect();
        let heads = Heads { count: self.heads, rope: rope.as_ref(), precision: self.attention };

        let mut hidden = self.embed(batch);
        let mut attended = vec![0.0; rows * dim];
        let mut scores = self.pair_bias.as_ref().map(|table| self.first_scores(table, batch));
        let mut attend = |qkv: &[f32], attended: &mut [f32]| {
            let found = match &mut scores {
                Some(scores) => attention_adding(level, qkv, dim, self.heads, &starts, scores, attended),
                None => attend(level, heads, qkv, dim, &starts, attended),
            };
            found.expect(FITS);
            if let Some(maps) = maps.as_deref_mut() {
                maps.push(match &scores {
                    Some(scores) => self.maps_of(batch, scores),
                    None => self.maps(batch, qkv, rope.as_ref()),
                });
            }
        };
        match &self.blocks {
            Blocks::Fused(blocks) => {
                let mut qkv = vec![0.0; rows * 3 * dim];
                for block in blocks {
                    block.before_attention(level, &mut hidden, &mut qkv).expect(FITS);
                    attend(&qkv, &mut attended);
                    block.after_attention(level, &attended, &mut hidden).expect(FITS);
                }
            }
            Blocks::Plain(blocks) => {
                for block in blocks {
                    hidden = block.forward(hidden, |qkv| {
                        attend(qkv, &mut attended);
                        std::mem::replace(&mut attended, vec![0.0; rows * dim])
                    });
                }
            }
        }
        match &self.norm {
            Some(norm) => norm.forward(&hidden),
            None => hidden,
        }
    }

    /// Values in a row of the representation.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// The scores that the first block adds its own to: biases of pairs, in the layout of [`attention_adding`].
    fn first_scores(&self, table: &[f32], batch: &Packed) -> Vec<f32> {
        let mut scores = vec![0.0; score_space(self.heads, batch.lengths().iter().copied())];
        let mut left = &mut scores[..];
        for span in batch.spans().filter(|span| !span.is_empty()) {
            let (len, width) = (span.len(), score_width(span.len()));
            let classes: Vec<u8> = classes(&batch.tokens()[span]).map(|class| class as u8).collect();
            let (mine, rest) = std::mem::take(&mut left).split_at_mut(self.heads * len * width);
            mine.par_chunks_exact_mut(len * width).enumerate().for_each(|(head, map)| {
                for (row, classes) in map.chunks_exact_mut(width).zip(classes.chunks_exact(len)) {
                    let bias = |class: u8| table[usize::from(class) * self.heads + head];
                    row.iter_mut().zip(classes).for_each(|(score, &class)| *score = bias(class));
                }
            });
            left = rest;
        }
        scores
    }

    /// Attention weights of each sequence, `[heads, len, len]`, from the scores of [`attention_adding`].
    fn maps_of(&self, batch: &Packed, mut scores: &[f32]) -> Vec<Vec<f32>> {
        let map = |len: usize| {
            let width = score_width(len);
            let (mine, rest) = scores.split_at(self.heads * len * width);
            scores = rest;
            let mut map: Vec<f32> = mine.chunks(width.max(1)).flat_map(|row| &row[..len]).copied().collect();
            map.chunks_exact_mut(len.max(1)).for_each(softmax);
            map
        };
        batch.lengths().iter().copied().map(map).collect()
    }

    /// Token embeddings after token dropout, plus positions that are not rotary and what else the design adds, normed if it norms.
    fn embed(&self, batch: &Packed) -> Vec<f32> {
        let dim = self.dim();
        let mut hidden = vec![0.0; batch.total() * dim];
        let scales = if self.design.has_token_dropout() { batch.embedding_scale() } else { vec![1.0; batch.total()] };
        for ((row, &token), scale) in hidden.chunks_exact_mut(dim).zip(batch.tokens()).zip(scales) {
            let embedding = &self.embedding[usize::from(token) * dim..][..dim];
            row.iter_mut().zip(embedding).for_each(|(to, from)| *to = from * scale);
        }
        if let Some(table) = &self.positions {
            for (row, position) in hidden.chunks_exact_mut(dim).zip(batch.positions()) {
                let learned = &table[position * dim..][..dim];
                row.iter_mut().zip(learned).for_each(|(to, from)| *to += from);
            }
        }
        if let Positions::Sinusoidal { max_len } = self.position_kind {
            let table = sinusoids(batch, max_len, dim);
            for (row, position) in hidden.chunks_exact_mut(dim).zip(batch.positions()) {
                row.iter_mut().zip(&table[position * dim..]).for_each(|(to, from)| *to += from);
            }
        }
        if let Some(segment) = &self.segment {
            for row in hidden.chunks_exact_mut(dim) {
                row.iter_mut().zip(segment).for_each(|(to, from)| *to += from);
            }
        }
        match &self.embedding_norm {
            Some(norm) => norm.forward(&hidden),
            None => hidden,
        }
    }

    /// Attention weights of each sequence, `[heads, len, len]`, in plain loops: they are rarely needed.
    fn maps(&self, batch: &Packed, qkv: &[f32], rope: Option<&Table>) -> Vec<Vec<f32>> {
        let (dim, head_dim) = (self.dim(), self.dim() / self.heads);
        let mut qkv = qkv.to_vec();
        if let Some(rope) = rope {
            let positions: Vec<u32> = batch.positions().iter().map(|&position| position as u32).collect();
            rope.rotate(self.level, &mut qkv, dim, &positions).expect(FITS);
        }
        let scale = 1.0 / (head_dim as f32).sqrt();
        let map = |span: std::ops::Range<usize>| {
            let rows = &qkv[span.start * 3 * dim..span.end * 3 * dim];
            let mut map = vec![0.0; self.heads * span.len() * span.len()];
            map.par_chunks_exact_mut(span.len()).enumerate().for_each(|(i, weights)| {
                let (first, query) = (i / span.len() * head_dim, i % span.len());
                let query = &rows[query * 3 * dim + first..][..head_dim];
                for (weight, row) in weights.iter_mut().zip(rows.chunks_exact(3 * dim)) {
                    let key = &row[dim + first..][..head_dim];
                    *weight = scale * query.iter().zip(key).map(|(a, b)| a * b).sum::<f32>();
                }
                softmax(weights);
            });
            map
        };
        batch.spans().map(map).collect()
    }
}

fn softmax(scores: &mut [f32]) {
    let largest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    scores.iter_mut().for_each(|x| *x = (*x - largest).exp());
    let total: f32 = scores.iter().sum();
    scores.iter_mut().for_each(|x| *x /= total);
}

fn pack(block: EncoderBlock, precision: linear::Precision) -> Block {
    let EncoderBlock { attention_norm, attention, feed_forward_norm, feed_forward, .. } = block;
    let (attention_norm, feed_forward_norm) = (norm(attention_norm), norm(feed_forward_norm));
    let (qkv, out) = (data(attention.qkv.weight), data(attention.out.weight));
    let (up, up_bias) = linear(feed_forward.up);
    let gate = feed_forward.gate.map(linear);
    let beta = feed_forward.beta.map(values);
    let (down, down_bias) = linear(feed_forward.down);
    let middle = match (&gate, &beta) {
        (Some((gate, gate_bias)), Some(beta)) => Middle::SwishGate { gate: slice(gate), gate_bias, beta: beta[0] },
        _ => Middle::Gelu,
    };
    let weights = Weights {
        attention_norm: view(&attention_norm),
        qkv: slice(&qkv),
        out: slice(&out),
        feed_forward_norm: view(&feed_forward_norm),
        up: slice(&up),
        up_bias: &up_bias,
        middle,
        down: slice(&down),
        down_bias: &down_bias,
        eps: NORM_EPSILON as f32,
    };
    Block::pack(precision, &weights).expect("a block's tensors have the shapes of one config")
}

fn view([weight, bias]: &[Vec<f32>; 2]) -> Norm<'_> {
    Norm { weight, bias }
}

fn norm(norm: crate::LayerNorm) -> [Vec<f32>; 2] {
    [values(norm.weight), values(norm.bias)]
}

/// Weights and bias; the bias is zeros if there is none.
fn linear(linear: crate::Linear) -> (TensorData, Vec<f32>) {
    let outputs = linear.weight.lazy_shape()[0];
    (data(linear.weight), linear.bias.map_or_else(|| vec![0.0; outputs], values))
}
