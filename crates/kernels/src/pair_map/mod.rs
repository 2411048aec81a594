//! The structure head's convolutions and instance norms over the map of all pairs of positions.
//!
//! The map starts as an outer sum of two projections and ends as one logit per pair. Between them are bottleneck blocks
//! of three convolutions, each with an instance norm over the whole map and a ReLU; a block's input is added to its
//! output (RiNALMo, Methods "Secondary structure").
//!
//! Because convolutions are linear, the first convolution of the first block is an outer sum again, and its moments are
//! those of its two halves. Other 1 × 1 convolutions are computed where they are needed instead of stored, so that at
//! most two maps are stored. A head may add features of each pair, a few numbers, to the first map, which is then
//! stored too.
//!
//! Measured by `benches/pair_map.rs` on two cores of an AMD EPYC, Zen 5 (2026-11-22, medians):
//!
//! | length | bf16 | f32 |
//! |---|---|---|
//! | 200 nt | 12 ms | 21 ms |
//! | 500 nt | 73 ms | 127 ms |
//! | 1000 nt | 360 ms | 680 ms |
//! | 2900 nt | 2.9 s | 5.5 s |
//!
//! That is 575 GFLOP/s in bf16 of a measured peak of 890, and 330 in f32 of 475, while a thread keeps its maps from
//! call to call; 480 and 255 for larger maps, whose pages are new in every call. At 1000 nt a process uses 260 MB at
//! its peak in bf16 and 510 MB in f32.

mod outer_sum;
mod passes;

use rayon::prelude::*;

use crate::error::check_length;
use crate::filter::PackedFilter;
use crate::generic::Bf16Pair;
use crate::generic::cell::Cell;
use crate::generic::pair_map::Size;
use crate::linear::PackedF32 as Linear;
use crate::{Error, Level};

pub use outer_sum::{outer_sum, outer_sum_backward};
use passes::{Pass, with_map};

const OP: &str = "pair map";
/// Added to variances.
const EPS: f32 = 1e-5;

/// The trained parameters of a head. Filters are `[output, input, line, column]`, as in PyTorch.
pub struct Weights<'a> {
    /// Channels of the map.
    pub channels: usize,
    /// Side of the blocks' second convolution and of the last one, odd.
    pub kernel: usize,
    /// `[channels, features]`: weights of a pair's features; empty if there are none.
    pub features: &'a [f32],
    /// Bottleneck blocks.
    pub blocks: Vec<Block<'a>>,
    /// `[channels, kernel, kernel]`: the last convolution.
    pub out: &'a [f32],
    /// Its bias.
    pub bias: f32,
}

/// One block's filters.
pub struct Block<'a> {
    /// `[channels, channels]`
    pub squeeze: &'a [f32],
    /// `[channels, channels, kernel, kernel]`
    pub spread: &'a [f32],
    /// `[channels, channels]`
    pub expand: &'a [f32],
}

/// A head that computes in f32 and stores its maps in f32.
pub struct HeadF32(Head<f32>);

/// A head whose weights and maps are rounded to bf16; moments, norms and sums are f32.
pub struct HeadBf16(Head<Bf16Pair>);

/// The methods of both forms.
macro_rules! head {
    ($head:ident, $of:expr) => {
        impl $head {
            /// Packs a head's weights.
            ///
            /// # Errors
            /// If there are no channels, the kernel is even, or a slice does not have the length of its shape.
            pub fn pack(weights: &Weights<'_>) -> Result<Self, Error> {
                Head::pack(weights).map(Self)
            }

            /// Logits of all pairs, symmetric, 0 on the diagonal. The map starts as `rows_i + columns_j` plus the
            /// weighted features of the pair.
            ///
            /// # Shapes
            /// - rows, columns: `[len, channels]`
            /// - features: `[len, len, features]`; empty if the head uses none
            /// - out: `[len, len]`, overwritten
            ///
            /// # Errors
            /// If a slice has another length.
            pub fn forward(
                &self,
                level: Level,
                rows: &[f32],
                columns: &[f32],
                features: &[f32],
                out: &mut [f32],
            ) -> Result<(), Error> {
                self.0.forward(level, Start { rows, columns, features }, out)
            }

            /// Bytes of the maps for a sequence of `len` positions.
            pub fn memory(&self, len: usize) -> u64 {
                self.0.memory(len)
            }

            /// The same for a head that is not packed yet; `features` says whether it uses features of pairs.
            pub fn memory_of(channels: usize, blocks: usize, features: bool, len: usize) -> u64 {
                $of(channels, blocks, features, len)
            }
        }
    };
}
head!(HeadF32, Head::<f32>::memory_of);
head!(HeadBf16, Head::<Bf16Pair>::memory_of);

/// Maps that are stored at the same time: a block's input, unless it is an outer sum, and its inner map.
fn maps_of(blocks: usize, features: bool) -> usize {
    if features { 1 + blocks.min(1) } else { blocks.min(2) }
}

/// A head in the terms that it computes in.
struct Head<T> {
    channels: usize,
    /// Channels padded to whole vectors of every level.
    padded: usize,
    kernel: usize,
    /// `[features, padded]`
    features: Vec<f32>,
    blocks: Vec<PackedBlock<T>>,
    /// The first block's first convolution, of projections.
    first: Option<Linear>,
    /// `[taps, channels]`: what a pixel adds to each of its neighbours.
    out: PackedFilter<T>,
    bias: f32,
}

/// The inputs of the map.
#[derive(Clone, Copy)]
struct Start<'a> {
    /// `[len, channels]`
    rows: &'a [f32],
    /// `[len, channels]`
    columns: &'a [f32],
    /// `[len, len, features]`
    features: &'a [f32],
}

struct PackedBlock<T> {
    squeeze: PackedFilter<T>,
    spread: PackedFilter<T>,
    expand: PackedFilter<T>,
}

impl<T: Cell> Head<T> {
    fn pack(weights: &Weights<'_>) -> Result<Self, Error> {
        let &Weights { channels, kernel, features, ref blocks, out, bias } = weights;
        if channels == 0 || kernel % 2 == 0 {
            let reason = format!(
                "{channels} channels and a kernel of side {kernel}: expected at least one channel and an odd side"
            );
            return Err(Error::Size { op: OP, reason });
        }
        let (padded, area) = (channels.next_multiple_of(16), kernel * kernel);
        check_length(OP, "out", channels * area, out.len())?;
        let count = features.len() / channels;
        check_length(OP, "features", channels * count, features.len())?;
        let mut by_feature = vec![0.0; count * padded];
        for (index, &weight) in features.iter().enumerate() {
            by_feature[index % count * padded + index / count] = weight;
        }
        for block in blocks {
            check_length(OP, "squeeze", channels * channels, block.squeeze.len())?;
            check_length(OP, "spread", channels * channels * area, block.spread.len())?;
            check_length(OP, "expand", channels * channels, block.expand.len())?;
        }
        let filter = |weights: &[f32], side: usize| {
            PackedFilter::new(padded, padded, (side, side), |output, input, line, column| {
                let there = output < channels && input < channels;
                if there { weights[((output * channels + input) * side + line) * side + column] } else { 0.0 }
            })
        };
        let pack_block = |block: &Block<'_>| PackedBlock {
            squeeze: filter(block.squeeze, 1),
            spread: filter(block.spread, kernel),
            expand: filter(block.expand, 1),
        };
        let first = blocks.first().map(|block| Linear::pack(block.squeeze, channels, channels)).transpose()?;
        let tap = |tap, input, _, _| if input < channels { out[input * area + tap] } else { 0.0 };
        let out = PackedFilter::new(area, padded, (1, 1), tap);
        let blocks = blocks.par_iter().map(pack_block).collect();
        Ok(Self { channels, padded, kernel, features: by_feature, blocks, first, out, bias })
    }

    fn memory(&self, len: usize) -> u64 {
        Self::memory_of(self.channels, self.blocks.len(), !self.features.is_empty(), len)
    }

    /// Maps stored at the same time.
    fn maps(&self) -> usize {
        maps_of(self.blocks.len(), !self.features.is_empty())
    }

    fn memory_of(channels: usize, blocks: usize, features: bool, len: usize) -> u64 {
        let bytes = maps_of(blocks, features) * channels.next_multiple_of(16) / T::VALUES * size_of::<T>();
        (bytes as u64).saturating_mul((len as u64).pow(2))
    }

    fn forward(&self, level: Level, start: Start<'_>, out: &mut [f32]) -> Result<(), Error> {
        let Start { rows, columns, features } = start;
        let len = rows.len() / self.channels;
        check_length(OP, "rows", len * self.channels, rows.len())?;
        check_length(OP, "columns", rows.len(), columns.len())?;
        check_length(OP, "features", len * len * self.features.len() / self.padded, features.len())?;
        check_length(OP, "out", len * len, out.len())?;
        if len == 0 {
            return Ok(());
        }
        let size = Size { len, channels: self.padded };
        let [first, second] = [1, 2].map(|maps| if self.maps() < maps { 0 } else { len * size.row::<T>() });
        with_map(first, |first| {
            with_map(second, |second| Pass { head: self, level, size }.all(start, [first, second], out))
        })
    }

    /// Rows of channels, padded with zeros to whole vectors.
    fn pad(&self, rows: &[f32]) -> Vec<f32> {
        let mut padded = vec![0.0; rows.len() / self.channels * self.padded];
        for (row, to) in rows.chunks_exact(self.channels).zip(padded.chunks_exact_mut(self.padded)) {
            to[..self.channels].copy_from_slice(row);
        }
        padded
    }

    /// The first block's first convolution of both halves, normalised. Over all pairs the means add up, and so do the
    /// variances, since each value of one half is combined with every value of the other.
    fn squeeze_outer(&self, level: Level, rows: &[f32], columns: &[f32]) -> Result<[Vec<f32>; 2], Error> {
        let squeeze = |values: &[f32]| -> Result<Vec<f32>, Error> {
            let mut squeezed = vec![0.0; values.len()];
            if let Some(first) = &self.first {
                first.forward(level, values, None, &mut squeezed)?;
            }
            Ok(squeezed)
        };
        let (mut rows, mut columns) = (squeeze(rows)?, squeeze(columns)?);
        for channel in 0..self.channels {
            let moments = [&rows, &columns].map(|half| mean_variance(half[channel..].iter().step_by(self.channels)));
            let scale = 1.0 / (moments[0].1 + moments[1].1 + f64::from(EPS)).sqrt();
            for (half, (mean, _)) in [&mut rows, &mut columns].into_iter().zip(moments) {
                for value in half[channel..].iter_mut().step_by(self.channels) {
                    *value = ((f64::from(*value) - mean) * scale) as f32;
                }
            }
        }
        Ok([self.pad(&rows), self.pad(&columns)])
    }
}

/// Moments of at least one value.
fn mean_variance<'a>(values: impl Iterator<Item = &'a f32> + Clone) -> (f64, f64) {
    let count = values.clone().count() as f64;
    let mean = values.clone().map(|&x| f64::from(x)).sum::<f64>() / count;
    let squares = values.map(|&x| (f64::from(x) - mean).powi(2)).sum::<f64>();
    (mean, squares / count)
}
