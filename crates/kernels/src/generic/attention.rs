//! Attention with an online softmax (Milakov and Gimelshein, 2018), in blocks of 256 keys.
//!
//! Keys are stored transposed and values in rows of whole vectors ([`Pack`]), so that scores and results are both tiles
//! of a matrix product, of f32 or of bf16 pairs. Each query reads the blocks of keys in order, whichever queries it is
//! processed with, so its result is always the same to the bit. Scores are in units of `ln 2`, so that a weight is a
//! power of two.

use super::exp::falling_power;
use super::format::Format;
use super::grid::Grid;
use super::tile::{TILE_ROWS, multiply};
use super::tiles::{Block, PART, SIDE, Start, Tiles, padded};
use super::{Bf16Pair, Kernel, Lanes};

/// Keys per block.
const KEYS: usize = 256;
/// Keys per panel; a block has up to four panels.
const PANEL: usize = 64;
/// Queries that are processed together without tiles.
const QUERIES: usize = 2 * TILE_ROWS;
/// Queries that are processed together by tiles.
const TILES_QUERIES: usize = PART;
/// A multiple of both, for which work is split.
pub(crate) const QUERIES_UNIT: usize = 96;

/// Terms that attention can be computed in.
pub(crate) trait Mixed: Format {
    /// Whether weights are rounded, so that a rough exponential is enough.
    const ROUGH: bool;
    /// Interleaves `VALUES` rows into a line of terms; a missing row is empty and counts as zero.
    fn line<L: Lanes>(lanes: L, rows: [&[f32]; 2], to: &mut [Self]);
    /// Rows of weights, [`KEYS`] apart, as terms, the first `keys` of each: in `buffer`, or the weights themselves.
    fn weights<'a, L: Lanes>(lanes: L, weights: &'a [f32], keys: usize, buffer: &'a mut [Self]) -> &'a [Self];
}

impl Mixed for f32 {
    const ROUGH: bool = false;
    #[inline(always)]
    fn line<L: Lanes>(lanes: L, rows: [&[f32]; 2], to: &mut [Self]) {
        <Self as Format>::round(lanes, rows[0], to);
    }
    #[inline(always)]
    fn weights<'a, L: Lanes>(_lanes: L, weights: &'a [f32], _keys: usize, _buffer: &'a mut [Self]) -> &'a [Self] {
        weights
    }
}

impl Mixed for Bf16Pair {
    const ROUGH: bool = true;
    #[inline(always)]
    fn line<L: Lanes>(lanes: L, rows: [&[f32]; 2], to: &mut [Self]) {
        for at in (0..rows[0].len()).step_by(L::WIDTH) {
            let [low, high] = rows.map(|row| lanes.read(row.get(at..).unwrap_or(&[])));
            lanes.zip_pairs(low, high, &mut to[at..]);
        }
    }
    #[inline(always)]
    fn weights<'a, L: Lanes>(lanes: L, weights: &'a [f32], keys: usize, buffer: &'a mut [Self]) -> &'a [Self] {
        // Up to whole vectors, since single values are slow to load after a part of a vector was stored.
        let keys = keys.next_multiple_of(32);
        for (row, to) in weights.chunks_exact(KEYS).zip(buffer.chunks_exact_mut(KEYS / 2)) {
            lanes.round_pairs(&row[..keys], &mut to[..keys / 2]);
        }
        buffer
    }
}

/// One head and its rotation.
#[derive(Clone, Copy)]
pub(crate) struct Head<'a> {
    /// Values in a query, at least one.
    pub dim: usize,
    /// Values in a query, padded to whole vectors of every level.
    pub padded: usize,
    /// `[positions, dim / 2]`: cosines and sines, if queries and keys are to be rotated.
    pub angles: Option<(&'a [f32], &'a [f32])>,
}

impl Head<'_> {
    /// Terms in a query.
    fn depth<T: Mixed>(self) -> usize {
        self.dim.div_ceil(T::VALUES)
    }

    /// Terms in a query, padded for tiles.
    fn stride<T: Mixed>(self) -> usize {
        padded::<T>(self.depth::<T>())
    }

    /// Terms of a block of this many keys: keys, then values.
    fn block<T: Mixed>(self, keys: usize) -> (usize, usize) {
        let keys = keys.next_multiple_of(PANEL);
        (keys * self.stride::<T>(), keys / T::VALUES * self.padded)
    }

    /// Terms of the keys and values of `len` positions.
    pub fn space<T: Mixed>(self, len: usize) -> usize {
        let (keys, values) = self.block::<T>(len);
        keys + values
    }

    /// The head's part of `row` from `first` on, rotated to its position and multiplied by `scale`.
    #[inline(always)]
    fn turn<L: Lanes>(self, lanes: L, row: &[f32], first: usize, position: usize, scale: f32, to: &mut [f32]) {
        let (from, scale) = (&row[first..][..self.dim], lanes.splat(scale));
        let Some((cos, sin)) = self.angles else {
            for at in (0..self.dim).step_by(L::WIDTH) {
                lanes.write(&mut to[at..], lanes.mul(lanes.read(&from[at..]), scale));
            }
            return;
        };
        let half = self.dim / 2;
        let (cos, sin) = (&cos[position * half..][..half], &sin[position * half..][..half]);
        let ((a, b), (to_a, to_b)) = (from.split_at(half), to[..self.dim].split_at_mut(half));
        for at in (0..half).step_by(L::WIDTH) {
            let (a, b) = (lanes.read(&a[at..]), lanes.read(&b[at..]));
            let (cos, sin) = (lanes.read(&cos[at..]), lanes.read(&sin[at..]));
            let first = lanes.sub(lanes.mul(a, cos), lanes.mul(b, sin));
            let second = lanes.fma(b, cos, lanes.mul(a, sin));
            lanes.write(&mut to_a[at..], lanes.mul(first, scale));
            lanes.write(&mut to_b[at..], lanes.mul(second, scale));
        }
    }
}

/// Copies one head's keys and values of a sequence to the layout of attention.
pub(crate) struct Pack<'a, T> {
    /// The sequence's rows, `[len, 3 · dim]`.
    pub qkv: &'a [f32],
    /// Values per row of queries, keys or values each.
    pub dim: usize,
    /// The head's first value in a query.
    pub first: usize,
    /// The head.
    pub head: Head<'a>,
    /// [`Head::space`] for `len` positions. Keys beyond the last are not changed and never used; terms and values of the
    /// padding that tiles multiply are zero.
    pub to: &'a mut [T],
    /// Of a thread.
    pub scratch: &'a mut Scratch<'a, T>,
}

impl<T: Mixed> Kernel for Pack<'_, T> {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Self { qkv, dim, first, head, mut to, scratch } = self;
        for (b, rows) in qkv.chunks(KEYS * 3 * dim).enumerate() {
            let count = rows.len() / (3 * dim);
            let (for_keys, for_values) = head.block::<T>(count);
            let (block, rest) = std::mem::take(&mut to).split_at_mut(for_keys + for_values);
            to = rest;
            let (keys, values) = block.split_at_mut(for_keys);
            fetch_next_head(lanes, head, rows, dim, first);
            let panels = rows.chunks(PANEL * 3 * dim).zip(keys.chunks_exact_mut(head.stride::<T>() * PANEL));
            for (p, (rows, panel)) in panels.enumerate() {
                pack_keys(lanes, head, rows, dim, first, b * KEYS + p * PANEL, panel, scratch);
            }
            let value = |j: usize| if j < count { &rows[(j * 3 + 2) * dim + first..][..head.dim] } else { &[] };
            for (line, to) in values.chunks_exact_mut(head.padded).take(count.div_ceil(T::VALUES)).enumerate() {
                let j = line * T::VALUES;
                T::line(lanes, [value(j), value(j + 1)], to);
            }
            let lines = count.div_ceil(T::VALUES);
            values[lines * head.padded..padded::<T>(lines) * head.padded].fill(T::zeroed());
        }
    }
}

/// Prefetches what the next head needs of the same rows, most likely on this thread. A head's part of a row is one or a
/// few cache lines, far from those of the next row, so the processor does not predict it. For heads of width 16,
/// waiting for them took longer than everything else.
#[inline(always)]
fn fetch_next_head<L: Lanes>(lanes: L, head: Head<'_>, rows: &[f32], dim: usize, first: usize) {
    /// Values per cache line.
    const LINE: usize = 16;
    let next = first + head.dim;
    if next + head.dim > dim {
        return;
    }
    for row in rows.chunks_exact(3 * dim) {
        for part in 0..3 {
            for at in (0..head.dim).step_by(LINE) {
                lanes.prefetch(&row[part * dim + next + at]);
            }
        }
    }
}

/// Rotates and rounds up to 64 keys, the first of which is at `position`, and interleaves them. Each step is done for
/// all keys before the next step, since values that were just stored in parts are slow to load as a whole.
#[inline(always)]
#[allow(clippy::too_many_arguments, reason = "a head, its rows and their positions")]
fn pack_keys<L: Lanes, T: Mixed>(
    lanes: L,
    head: Head<'_>,
    rows: &[f32],
    dim: usize,
    first: usize,
    position: usize,
    panel: &mut [T],
    scratch: &mut Scratch<'_, T>,
) {
    let (turned, terms) = (&mut *scratch.scores, &mut *scratch.terms);
    let depth = head.depth::<T>();
    let rows = rows.chunks_exact(3 * dim);
    let count = rows.len();
    for (j, (row, to)) in rows.zip(turned.chunks_exact_mut(head.dim)).enumerate() {
        head.turn(lanes, row, dim + first, position + j, 1.0, to);
    }
    for (key, to) in turned.chunks_exact(head.dim).zip(terms.chunks_exact_mut(depth)).take(count) {
        T::round(lanes, key, to);
    }
    let (lines, padding) = panel.split_at_mut(depth * PANEL);
    padding.fill(T::zeroed());
    for (i, line) in lines.chunks_exact_mut(PANEL).enumerate() {
        for (j, to) in line[..count].iter_mut().enumerate() {
            *to = terms[j * depth + i];
        }
    }
}

/// Some queries of one head with all keys of their sequence.
pub(crate) struct Attention<'a, T> {
    /// The sequence's rows, `[len, 3 · dim]`.
    pub qkv: &'a [f32],
    /// Values in a row of `out`.
    pub dim: usize,
    /// The head's first value in a query.
    pub first: usize,
    /// The head.
    pub head: Head<'a>,
    /// The output of [`Pack`] for the sequence.
    pub keys: &'a [T],
    /// The positions of the queries.
    pub queries: std::ops::Range<usize>,
    /// `[len, dim]`; only this kernel accesses the head's values in the rows of `queries`. They are overwritten.
    pub out: Grid<'a, f32>,
    /// The thread's scratch.
    pub scratch: &'a mut Scratch<'a, T>,
}

/// Scratch for one block of queries or keys.
pub(crate) struct Scratch<'a, T> {
    /// `[TILES_QUERIES, KEYS]`, or `[64, head dim]`: scores, or rotated values.
    scores: &'a mut [f32],
    /// `[TILES_QUERIES, KEYS / VALUES]`
    weights: &'a mut [T],
    /// `[64, padded depth]`: scaled queries, or keys without padding.
    terms: &'a mut [T],
    /// `[TILES_QUERIES, padded]`: sums of values so far, not yet divided.
    sums: &'a mut [f32],
    /// The largest score of each query so far.
    largest: [f32; TILES_QUERIES],
    /// Sums of each query's weights so far, lane by lane.
    totals: [[f32; 16]; TILES_QUERIES],
}

impl<'a, T: Mixed> Scratch<'a, T> {
    /// Values that [`Scratch::new`] needs.
    pub fn space(head: Head<'_>) -> usize {
        let [scores, weights, terms, sums] = Self::sizes(head);
        scores + weights + terms + sums
    }

    fn sizes(head: Head<'_>) -> [usize; 4] {
        let scores = (TILES_QUERIES * KEYS).max(PANEL * head.dim);
        [scores, TILES_QUERIES * KEYS / T::VALUES, PANEL * head.stride::<T>(), TILES_QUERIES * head.padded]
    }

    /// For such heads, in memory with any content.
    pub fn new(head: Head<'_>, space: &'a mut [f32]) -> Self {
        let [scores, weights, terms, _] = Self::sizes(head);
        let (scores, rest) = space.split_at_mut(scores);
        let (weights, rest) = rest.split_at_mut(weights);
        let (terms, sums) = rest.split_at_mut(terms);
        Self {
            scores,
            weights: bytemuck::cast_slice_mut(weights),
            terms: bytemuck::cast_slice_mut(terms),
            sums,
            largest: [0.0; TILES_QUERIES],
            totals: [[0.0; 16]; TILES_QUERIES],
        }
    }
}

/// Zeros, then −∞: a window of it, added to scores, masks those from some position on.
const TAIL: [f32; 32] = {
    let mut tail = [f32::NEG_INFINITY; 32];
    let mut i = 0;
    while i < 16 {
        tail[i] = 0.0;
        i += 1;
    }
    tail
};

/// Some scores; those from `valid` on are −∞.
#[inline(always)]
fn read_scores<L: Lanes>(lanes: L, scores: &[f32], at: usize, valid: usize) -> L::V {
    if at + L::WIDTH <= valid {
        return lanes.read(&scores[at..]);
    }
    let count = valid - at;
    lanes.add(lanes.read(&scores[at..valid]), lanes.read(&TAIL[16 - count..]))
}

impl<T: Mixed> Kernel for Attention<'_, T> {
    const TILES: bool = T::VALUES > 1;

    #[inline(always)]
    fn run<L: Lanes>(mut self, lanes: L) {
        let len = self.qkv.len() / (3 * self.dim);
        let mut tiles = T::tiles(lanes);
        let together = if tiles.is_some() { TILES_QUERIES } else { QUERIES };
        for first in self.queries.clone().step_by(together) {
            let count = together.min(self.queries.end - first);
            self.begin(lanes, first, count);
            let mut left = self.keys;
            for start in (0..len).step_by(KEYS) {
                let valid = KEYS.min(len - start);
                let (for_keys, for_values) = self.head.block::<T>(valid);
                let (block, rest) = left.split_at(for_keys + for_values);
                left = rest;
                let (keys, values) = block.split_at(for_keys);
                match &mut tiles {
                    Some(tiles) => self.score_by_tiles(tiles, count, keys, valid),
                    None => self.score(lanes, count, keys, valid),
                }
                self.weigh(lanes, count, valid, start == 0);
                match &mut tiles {
                    Some(tiles) => self.gather_by_tiles(lanes, tiles, count, values, valid, start == 0),
                    None => self.gather(lanes, count, values, valid, start == 0),
                }
            }
            self.finish(lanes, first, count);
        }
    }
}

impl<T: Mixed> Attention<'_, T> {
    /// Rotates queries, scales them by `1 / (√dim · ln 2)`, and resets the sums.
    #[inline(always)]
    fn begin<L: Lanes>(&mut self, lanes: L, first: usize, count: usize) {
        let scale = std::f32::consts::LOG2_E / (self.head.dim as f32).sqrt();
        let (depth, stride, head) = (self.head.depth::<T>(), self.head.stride::<T>(), self.head);
        let Scratch { scores, terms, largest, totals, .. } = &mut *self.scratch;
        for (q, to) in scores.chunks_exact_mut(head.dim).take(count).enumerate() {
            let row = &self.qkv[(first + q) * 3 * self.dim..][..3 * self.dim];
            head.turn(lanes, row, self.first, first + q, scale, to);
        }
        for (query, to) in scores.chunks_exact(head.dim).zip(terms.chunks_exact_mut(stride)).take(count) {
            let (to, padding) = to.split_at_mut(depth);
            T::round(lanes, query, to);
            padding.fill(T::zeroed());
        }
        // The smallest finite number, not −∞: a block of scores that are all −∞ must have weight 0, and ∞ − ∞ is NaN.
        largest[..count].fill(f32::MIN);
        totals[..count].fill([0.0; 16]);
    }

    /// Scores of `count` queries and a block of keys, the first `valid` of which are used.
    #[inline(always)]
    fn score<L: Lanes>(&mut self, lanes: L, count: usize, keys: &[T], valid: usize) {
        let (depth, stride) = (self.head.depth::<T>(), self.head.stride::<T>());
        let Scratch { terms, scores, .. } = &mut *self.scratch;
        for (p, panel) in keys.chunks_exact(stride * PANEL).enumerate() {
            let width = PANEL.min(valid - p * PANEL);
            let mut row = 0;
            while row < count {
                let (queries, scores) = (&terms[row * stride..], &mut scores[row * KEYS + p * PANEL..]);
                row += match count - row {
                    TILE_ROWS.. => product::<L, T, TILE_ROWS>(lanes, queries, stride, panel, depth, width, scores),
                    3.. => product::<L, T, 3>(lanes, queries, stride, panel, depth, width, scores),
                    2 => product::<L, T, 2>(lanes, queries, stride, panel, depth, width, scores),
                    _ => product::<L, T, 1>(lanes, queries, stride, panel, depth, width, scores),
                };
            }
        }
    }

    /// The same by tiles; scores beyond `valid` and beyond the last query have any value.
    #[inline(always)]
    fn score_by_tiles<U: Tiles>(&mut self, tiles: &mut U, count: usize, keys: &[T], valid: usize) {
        let stride = self.head.stride::<T>();
        let Scratch { terms, scores, .. } = &mut *self.scratch;
        for (p, panel) in keys.chunks_exact(stride * PANEL).enumerate() {
            let width = PANEL.min(valid - p * PANEL);
            Block {
                lines: &[terms],
                x_stride: stride,
                panel,
                panel_stride: PANEL,
                depth: stride,
                rows: count,
                columns: width,
                start: Start::Zero,
                out: &mut scores[p * PANEL..],
                out_stride: KEYS,
            }
            .multiply(tiles);
        }
    }

    /// Turns scores into weights `2^(score − largest)`, and rescales earlier sums when the largest score grows.
    #[inline(always)]
    fn weigh<L: Lanes>(&mut self, lanes: L, count: usize, valid: usize, fresh: bool) {
        let Scratch { scores, sums, largest, totals, .. } = &mut *self.scratch;
        let rows = scores.chunks_exact_mut(KEYS).zip(sums.chunks_exact_mut(self.head.padded));
        let states = largest.iter_mut().zip(totals.iter_mut());
        for ((scores, sums), (largest, total)) in rows.zip(states).take(count) {
            let mut most = lanes.splat(*largest);
            for at in (0..valid).step_by(L::WIDTH) {
                most = lanes.max(read_scores(lanes, scores, at, valid), most);
            }
            let before = std::mem::replace(largest, lanes.largest(most));
            let most = lanes.splat(*largest);
            let mut sum = lanes.splat(0.0);
            if !fresh {
                let fade = falling_power(lanes, lanes.sub(lanes.splat(before), most), false);
                sum = lanes.mul(lanes.read(total), fade);
                for at in (0..sums.len()).step_by(L::WIDTH) {
                    let faded = lanes.mul(lanes.read(&sums[at..]), fade);
                    lanes.write(&mut sums[at..], faded);
                }
            }
            for at in (0..valid).step_by(L::WIDTH) {
                let weight = falling_power(lanes, lanes.sub(read_scores(lanes, scores, at, valid), most), T::ROUGH);
                lanes.write(&mut scores[at..], weight);
                sum = lanes.add(sum, weight);
            }
            lanes.write(total, sum);
        }
    }

    /// Adds the values, each multiplied by its weight.
    #[inline(always)]
    fn gather<L: Lanes>(&mut self, lanes: L, count: usize, values: &[T], valid: usize, fresh: bool) {
        let Scratch { scores, weights, sums, .. } = &mut *self.scratch;
        let (depth, padded, stride) = (valid.div_ceil(T::VALUES), self.head.padded, KEYS / T::VALUES);
        let weights = T::weights(lanes, &scores[..count * KEYS], valid, &mut weights[..count * stride]);
        let narrow = padded <= 2 * L::WIDTH;
        let mut row = 0;
        while row < count {
            let (weights, sums) = (&weights[row * stride..], &mut sums[row * padded..]);
            row += match count - row {
                QUERIES.. if narrow => mix::<L, T, QUERIES>(lanes, weights, values, padded, depth, fresh, sums),
                TILE_ROWS.. => mix::<L, T, TILE_ROWS>(lanes, weights, values, padded, depth, fresh, sums),
                3.. => mix::<L, T, 3>(lanes, weights, values, padded, depth, fresh, sums),
                2 => mix::<L, T, 2>(lanes, weights, values, padded, depth, fresh, sums),
                _ => mix::<L, T, 1>(lanes, weights, values, padded, depth, fresh, sums),
            };
        }
    }

    /// The same by tiles; sums beyond the last query have any value.
    #[inline(always)]
    fn gather_by_tiles<L: Lanes>(
        &mut self,
        lanes: L,
        tiles: &mut L::Tiles,
        count: usize,
        values: &[T],
        valid: usize,
        fresh: bool,
    ) {
        let Scratch { scores, weights, sums, .. } = &mut *self.scratch;
        let (padded_dim, stride) = (self.head.padded, KEYS / T::VALUES);
        // Weights are zero up to a whole vector; a step takes two.
        let (end, whole) = (valid.next_multiple_of(L::WIDTH), valid.next_multiple_of(SIDE * T::VALUES));
        scores.chunks_exact_mut(KEYS).take(count).for_each(|row| row[end..whole].fill(0.0));
        T::weights(lanes, &scores[..count * KEYS], whole, &mut weights[..count * stride]);
        Block {
            lines: &[weights],
            x_stride: stride,
            panel: values,
            panel_stride: padded_dim,
            depth: whole / T::VALUES,
            rows: count,
            columns: padded_dim,
            start: if fresh { Start::Zero } else { Start::Out },
            out: sums,
            out_stride: padded_dim,
        }
        .multiply(tiles);
    }

    /// Divides by the sum of weights: multiplies by its inverse, which adds a rounding.
    #[inline(always)]
    fn finish<L: Lanes>(&mut self, lanes: L, first: usize, count: usize) {
        let Head { dim, padded, .. } = self.head;
        let rows = self.scratch.sums.chunks_exact(padded).zip(&self.scratch.totals);
        for (q, (sums, total)) in rows.take(count).enumerate() {
            let share = lanes.splat(1.0 / lanes.sum(lanes.read(total)));
            // SAFETY: as `out` requires, only this kernel accesses these values, and it takes one part at a time.
            let out = unsafe { self.out.part(first + q, self.first..self.first + dim) };
            for at in (0..dim).step_by(L::WIDTH) {
                lanes.write(&mut out[at..], lanes.mul(lanes.read(&sums[at..]), share));
            }
        }
    }
}

/// `ROWS` queries, `stride` terms apart, times a panel of keys, the first `width` of which are used: into `scores`, rows [`KEYS`] apart.
/// Returns `ROWS`.
#[inline(always)]
fn product<L: Lanes, T: Mixed, const ROWS: usize>(
    lanes: L,
    queries: &[T],
    stride: usize,
    panel: &[T],
    depth: usize,
    width: usize,
    scores: &mut [f32],
) -> usize {
    let mut column = 0;
    while column < width {
        let (panel, scores) = (&panel[column..], &mut scores[column..]);
        column += L::WIDTH
            * match (width - column).div_ceil(L::WIDTH) {
                3.. if L::TILE_VECTORS > 2 => {
                    tile::<L, T, ROWS, 4>(lanes, queries, stride, panel, PANEL, depth, true, scores, KEYS)
                }
                2.. => tile::<L, T, ROWS, 2>(lanes, queries, stride, panel, PANEL, depth, true, scores, KEYS),
                _ => tile::<L, T, ROWS, 1>(lanes, queries, stride, panel, PANEL, depth, true, scores, KEYS),
            };
    }
    ROWS
}

/// `ROWS` rows of weights times `depth` lines of values: written to `sums`, or added to them. Returns `ROWS`.
#[inline(always)]
fn mix<L: Lanes, T: Mixed, const ROWS: usize>(
    lanes: L,
    weights: &[T],
    values: &[T],
    padded: usize,
    depth: usize,
    fresh: bool,
    sums: &mut [f32],
) -> usize {
    let stride = KEYS / T::VALUES;
    let mut column = 0;
    while column < padded {
        let (values, sums) = (&values[column..], &mut sums[column..]);
        column += L::WIDTH
            * match (padded - column) / L::WIDTH {
                4.. if L::TILE_VECTORS > 2 && ROWS <= TILE_ROWS => {
                    tile::<L, T, ROWS, 4>(lanes, weights, stride, values, padded, depth, fresh, sums, padded)
                }
                2.. => tile::<L, T, ROWS, 2>(lanes, weights, stride, values, padded, depth, fresh, sums, padded),
                _ => tile::<L, T, ROWS, 1>(lanes, weights, stride, values, padded, depth, fresh, sums, padded),
            };
    }
    ROWS
}

/// `VECTORS` vectors of a product; returns their number.
#[inline(always)]
#[allow(clippy::too_many_arguments, reason = "a matrix product has this many sizes")]
fn tile<L: Lanes, T: Mixed, const ROWS: usize, const VECTORS: usize>(
    lanes: L,
    x: &[T],
    x_stride: usize,
    panel: &[T],
    panel_stride: usize,
    depth: usize,
    fresh: bool,
    out: &mut [f32],
    out_stride: usize,
) -> usize {
    let mut sums = [[lanes.splat(0.0); VECTORS]; ROWS];
    if !fresh {
        for (r, sums) in sums.iter_mut().enumerate() {
            for (v, sum) in sums.iter_mut().enumerate() {
                *sum = lanes.read(&out[r * out_stride + v * L::WIDTH..]);
            }
        }
    }
    multiply(lanes, x, x_stride, panel, panel_stride, depth, &mut sums);
    for (r, sums) in sums.iter().enumerate() {
        for (v, sum) in sums.iter().enumerate() {
            lanes.write(&mut out[r * out_stride + v * L::WIDTH..], *sum);
        }
    }
    VECTORS
}
