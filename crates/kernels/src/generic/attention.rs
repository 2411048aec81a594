//! Attention with an online softmax (Milakov and Gimelshein, 2018), in blocks of 64 keys.
//!
//! Keys are laid out transposed and values in rows of whole vectors ([`pack`]), so that scores and results
//! are both tiles of a matrix product. Each query meets the blocks of keys in order, whatever queries it is
//! worked on with, so that its result is always the same to the bit.

use super::exp::exp;
use super::tile::{TILE_ROWS, products, tile_height};
use super::{Kernel, Lanes};

/// Keys in a block.
pub(crate) const BLOCK: usize = 64;
/// Queries worked on together, while a block of keys and values is in the first-level cache.
pub(crate) const QUERIES: usize = 4 * TILE_ROWS;

/// Widths of one head.
#[derive(Clone, Copy)]
pub(crate) struct Head {
    /// Values in a query, at least one.
    pub dim: usize,
    /// Values in a query and padding to whole vectors of every level.
    pub padded: usize,
}

impl Head {
    /// A head of `dim` values.
    pub fn new(dim: usize) -> Self {
        Self { dim, padded: dim.next_multiple_of(16) }
    }

    /// Terms that the keys and values of `len` positions of one head take.
    pub fn space(self, len: usize) -> usize {
        len.div_ceil(BLOCK) * BLOCK * (self.dim + self.padded)
    }

    /// The same of one block: keys first.
    fn block(self) -> usize {
        BLOCK * (self.dim + self.padded)
    }
}

/// Copies one head's keys and values of a sequence to where attention wants them; `to` starts as zeros, which pad.
///
/// `qkv` is the sequence's rows, `3 · dim` values each; `first` the head's first value in a query.
pub(crate) fn pack(qkv: &[f32], dim: usize, first: usize, head: Head, to: &mut [f32]) {
    for (rows, to) in qkv.chunks(BLOCK * 3 * dim).zip(to.chunks_exact_mut(head.block())) {
        let (keys, values) = to.split_at_mut(BLOCK * head.dim);
        for (j, row) in rows.chunks_exact(3 * dim).enumerate() {
            for (i, &key) in row[dim + first..][..head.dim].iter().enumerate() {
                keys[i * BLOCK + j] = key;
            }
            values[j * head.padded..][..head.dim].copy_from_slice(&row[2 * dim + first..][..head.dim]);
        }
    }
}

/// Some queries of one head against all keys of their sequence.
pub(crate) struct Attention<'a> {
    /// The queries' rows, `[queries, 3 · dim]`, at most [`QUERIES`].
    pub qkv: &'a [f32],
    /// Values in a row of `out`.
    pub dim: usize,
    /// The head's first value in a query.
    pub first: usize,
    /// Its widths.
    pub head: Head,
    /// What [`pack`] made of the sequence.
    pub keys: &'a [f32],
    /// Positions in the sequence.
    pub len: usize,
    /// `[queries, dim]`; the head's own values are overwritten.
    pub out: &'a mut [f32],
    /// [`Scratch`] of a thread.
    pub scratch: &'a mut Scratch,
}

/// What one block of queries needs while it is worked on.
pub(crate) struct Scratch {
    /// `[QUERIES, head dim]`, scaled.
    queries: Vec<f32>,
    /// `[TILE_ROWS, BLOCK]`
    scores: [f32; TILE_ROWS * BLOCK],
    /// `[QUERIES, padded]`: sums of values so far, not yet divided.
    sums: Vec<f32>,
    /// `[QUERIES]`: the largest score so far.
    largest: [f32; QUERIES],
    /// `[QUERIES]`: the sum of weights so far.
    total: [f32; QUERIES],
}

impl Scratch {
    /// For heads of that width.
    pub fn new(head: Head) -> Self {
        Self {
            queries: vec![0.0; QUERIES * head.dim],
            scores: [0.0; TILE_ROWS * BLOCK],
            sums: vec![0.0; QUERIES * head.padded],
            largest: [0.0; QUERIES],
            total: [0.0; QUERIES],
        }
    }
}

impl Kernel for Attention<'_> {
    #[inline(always)]
    fn run<L: Lanes>(mut self, lanes: L) {
        let queries = self.out.len() / self.dim;
        self.begin(lanes);
        for (b, block) in self.keys.chunks_exact(self.head.block()).enumerate() {
            let valid = BLOCK.min(self.len - b * BLOCK);
            let mut query = 0;
            while query < queries {
                let height = tile_height(queries - query);
                match height {
                    TILE_ROWS => self.block::<L, TILE_ROWS>(lanes, query, block, valid),
                    3 => self.block::<L, 3>(lanes, query, block, valid),
                    2 => self.block::<L, 2>(lanes, query, block, valid),
                    _ => self.block::<L, 1>(lanes, query, block, valid),
                }
                query += height;
            }
        }
        self.finish(lanes);
    }
}

impl Attention<'_> {
    /// Scales the queries by `1 / √dim` and forgets what was there.
    #[inline(always)]
    fn begin<L: Lanes>(&mut self, lanes: L) {
        let scale = lanes.splat(1.0 / (self.head.dim as f32).sqrt());
        let rows = self.qkv.chunks_exact(3 * self.dim);
        for (row, to) in rows.zip(self.scratch.queries.chunks_exact_mut(self.head.dim)) {
            let query = &row[self.first..][..self.head.dim];
            for at in (0..query.len()).step_by(L::WIDTH) {
                lanes.write(&mut to[at..], lanes.mul(lanes.read(&query[at..]), scale));
            }
        }
        self.scratch.sums.fill(0.0);
        self.scratch.total.fill(0.0);
        // The smallest number, not −∞: a block of scores that are all −∞ must weigh nothing, not ∞ − ∞.
        self.scratch.largest.fill(f32::MIN);
    }

    /// Lets `ROWS` queries meet a block of keys, the first `valid` of which are real.
    #[inline(always)]
    fn block<L: Lanes, const ROWS: usize>(&mut self, lanes: L, query: usize, block: &[f32], valid: usize) {
        let Head { dim, padded } = self.head;
        let (keys, values) = block.split_at(BLOCK * dim);
        let Scratch { queries, scores, sums, largest, total } = &mut *self.scratch;
        products::<L, ROWS>(lanes, &queries[query * dim..], dim, keys, BLOCK, dim, true, &mut scores[..]);
        let most = &mut [0.0; TILE_ROWS];
        for (r, most) in most[..ROWS].iter_mut().enumerate() {
            let scores = &mut scores[r * BLOCK..][..BLOCK];
            scores[valid..].fill(f32::NEG_INFINITY);
            *most = largest_of(lanes, scores, largest[query + r]);
        }
        let fade = fade(lanes, &largest[query..][..ROWS], most);
        for (r, (&most, &fade)) in most[..ROWS].iter().zip(&fade).enumerate() {
            let weights = weigh(lanes, &mut scores[r * BLOCK..][..BLOCK], most);
            total[query + r] = total[query + r] * fade + weights;
            largest[query + r] = most;
            shrink(lanes, &mut sums[(query + r) * padded..][..padded], fade);
        }
        products::<L, ROWS>(lanes, scores, BLOCK, values, padded, valid, false, &mut sums[query * padded..]);
    }

    /// Divides by the sum of weights.
    #[inline(always)]
    fn finish<L: Lanes>(&mut self, lanes: L) {
        let Head { dim, padded } = self.head;
        let rows = self.out.chunks_exact_mut(self.dim).zip(self.scratch.sums.chunks_exact(padded));
        for ((out, sums), &total) in rows.zip(&self.scratch.total) {
            let (out, total) = (&mut out[self.first..][..dim], lanes.splat(total));
            for at in (0..dim).step_by(L::WIDTH) {
                lanes.write(&mut out[at..], lanes.div(lanes.read(&sums[at..]), total));
            }
        }
    }
}

/// The largest of a block of scores and of what came before.
#[inline(always)]
fn largest_of<L: Lanes>(lanes: L, scores: &[f32], before: f32) -> f32 {
    let mut most = lanes.splat(before);
    for at in (0..BLOCK).step_by(L::WIDTH) {
        most = lanes.max(lanes.read(&scores[at..]), most);
    }
    lanes.largest(most)
}

/// By how much each query's earlier sums shrink as its largest score grows: `exp(before − most)`.
#[inline(always)]
fn fade<L: Lanes>(lanes: L, before: &[f32], most: &[f32; TILE_ROWS]) -> [f32; TILE_ROWS] {
    let mut fade = [0.0; TILE_ROWS];
    for at in (0..before.len()).step_by(L::WIDTH) {
        let difference = lanes.sub(lanes.read(&before[at..]), lanes.read(&most[at..]));
        lanes.write(&mut fade[at..], exp(lanes, difference));
    }
    fade
}

/// Turns a query's scores into weights `exp(score − most)`; returns their sum.
#[inline(always)]
fn weigh<L: Lanes>(lanes: L, scores: &mut [f32], most: f32) -> f32 {
    let (mut sum, most) = (lanes.splat(0.0), lanes.splat(most));
    for at in (0..BLOCK).step_by(L::WIDTH) {
        let weight = exp(lanes, lanes.sub(lanes.read(&scores[at..]), most));
        lanes.write(&mut scores[at..], weight);
        sum = lanes.add(sum, weight);
    }
    lanes.sum(sum)
}

/// Multiplies a query's sums by `fade`.
#[inline(always)]
fn shrink<L: Lanes>(lanes: L, sums: &mut [f32], fade: f32) {
    for at in (0..sums.len()).step_by(L::WIDTH) {
        let faded = lanes.mul(lanes.read(&sums[at..]), lanes.splat(fade));
        lanes.write(&mut sums[at..], faded);
    }
}
