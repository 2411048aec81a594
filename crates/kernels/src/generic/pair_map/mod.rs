//! The passes of the structure head over a map of pairs, each for a band of its rows.
//!
//! A map is stored pixel by pixel, with channels padded to whole vectors, in the terms that products take. Between two
//! passes there is an instance norm, which needs the moments of the whole map; everything else is done to a pixel while
//! it is in the cache. The pieces of work depend only on the map's size, and so do all sums.

mod begin;
mod block;
mod logits;
mod spread;

use std::ops::Range;

use super::Lanes;
use super::cell::Cell;
use super::filter::Filter;
use super::instance_norm::CHUNK;
use crate::instance_norm::{Moments, Norm};

pub(crate) use begin::Begin;
pub(crate) use block::{Expand, Other, Residual};
pub(crate) use logits::Logits;
pub(crate) use spread::Spread;

/// Most pixels of a row that are processed at once: this many pixels of all lines under a filter fit into a core's
/// second-level cache.
const MOST_COLUMNS: usize = 252;

/// Size of a map.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    /// Rows, and pixels in a row.
    pub len: usize,
    /// Values per pixel, a multiple of 16.
    pub channels: usize,
}

impl Size {
    /// Terms per row.
    pub fn row<T: Cell>(self) -> usize {
        self.len * self.depth::<T>()
    }

    /// Terms per pixel.
    pub fn depth<T: Cell>(self) -> usize {
        self.channels / T::VALUES
    }

    /// Pieces of a row, each at most `most` pixels long.
    fn pieces(self, most: usize) -> impl Iterator<Item = Range<usize>> {
        (0..self.len).step_by(most).map(move |start| start..(start + most).min(self.len))
    }
}

/// A map whose pixel `(i, j)` is `row_i + column_j`, so that it need not be stored.
#[derive(Clone, Copy)]
pub(crate) struct Outer<'a> {
    /// `[len, channels]`
    pub rows: &'a [f32],
    /// `[len, channels]`
    pub columns: &'a [f32],
}

impl Outer<'_> {
    /// Some pixels of a row.
    #[inline(always)]
    fn read<L: Lanes>(self, lanes: L, size: Size, row: usize, columns: Range<usize>, to: &mut [f32]) {
        let rest = &self.rows[row * size.channels..][..size.channels];
        let columns = self.columns[columns.start * size.channels..].chunks_exact(size.channels);
        for (column, to) in columns.zip(to.chunks_exact_mut(size.channels)) {
            let halves = rest.chunks_exact(L::WIDTH).zip(column.chunks_exact(L::WIDTH));
            for (to, (row, column)) in to.chunks_exact_mut(L::WIDTH).zip(halves) {
                lanes.write(to, lanes.add(lanes.read(row), lanes.read(column)));
            }
        }
    }
}

/// A block's input.
#[derive(Clone, Copy)]
pub(crate) enum Input<'a, T> {
    /// That of the first block.
    Outer(Outer<'a>),
    /// A stored map.
    Map(&'a [T]),
}

impl<T: Cell> Input<'_, T> {
    /// Some pixels of a row.
    #[inline(always)]
    fn read<L: Lanes>(self, lanes: L, size: Size, row: usize, columns: Range<usize>, to: &mut [f32]) {
        match self {
            Self::Outer(outer) => outer.read(lanes, size, row, columns, to),
            Self::Map(map) => T::widen(&map[pixels::<T>(size, row, columns)], to),
        }
    }
}

/// Position of some pixels of a row.
#[inline(always)]
fn pixels<T: Cell>(size: Size, row: usize, columns: Range<usize>) -> Range<usize> {
    let (start, depth) = (row * size.len, size.depth::<T>());
    (start + columns.start) * depth..(start + columns.end) * depth
}

/// The output of a block's first convolution, normalised.
#[derive(Clone, Copy)]
pub(crate) enum Squeezed<'a, T> {
    /// From an outer sum: an outer sum again, already normalised.
    Outer(Outer<'a>),
    /// To be computed from a stored map.
    Map {
        /// The block's input.
        map: &'a [T],
        /// 1 × 1
        squeeze: Filter<'a, T>,
        /// Moments of its output.
        norm: &'a Norm,
    },
}

/// Scratch of one thread.
pub(crate) struct Scratch<T> {
    /// As many lines of pixels as the filter is high, padded by its radius on both sides.
    ring: Vec<T>,
    /// `[columns, channels]`: as many columns as are processed at once, at least [`CHUNK`].
    values: Vec<f32>,
    /// `[CHUNK, channels]`
    others: Vec<f32>,
    /// `[CHUNK, channels]`
    terms: Vec<T>,
    /// `[len, taps]`: of the last convolution.
    taps: Vec<f32>,
}

impl<T: Cell> Scratch<T> {
    /// For maps of this size under a filter of this many pixels per side.
    pub fn new(size: Size, kernel: usize) -> Self {
        let line = size.len.min(MOST_COLUMNS) + kernel - 1;
        let chunk = CHUNK * size.channels;
        Self {
            ring: vec![T::zeroed(); kernel * line * size.depth::<T>()],
            values: vec![0.0; size.len.clamp(CHUNK, MOST_COLUMNS) * size.channels],
            others: vec![0.0; chunk],
            terms: vec![T::zeroed(); chunk / T::VALUES],
            taps: vec![0.0; size.len * kernel * kernel],
        }
    }
}

/// Negative values become zero; NaN stays NaN.
#[inline(always)]
fn relu<L: Lanes>(lanes: L, values: &mut [f32]) {
    let zero = lanes.splat(0.0);
    for values in values.chunks_exact_mut(L::WIDTH) {
        lanes.write(values, lanes.max(zero, lanes.read(values)));
    }
}

/// Rounds values to the map, and adds the stored values to the moments: a channel that rounds to a constant has
/// variance 0.
#[inline(always)]
fn store<L: Lanes, T: Cell>(lanes: L, values: &mut [f32], cells: &mut [T], moments: &mut Moments) {
    T::narrow(lanes, values, cells);
    if T::VALUES > 1 {
        T::widen(cells, values);
    }
    moments.add(lanes, values);
}

/// `values = relu(norm(values)) + input`
#[inline(always)]
fn add_normed<L: Lanes>(lanes: L, values: &mut [f32], norm: &Norm, input: &[f32]) {
    norm.relu(lanes, values);
    for (values, input) in values.chunks_exact_mut(L::WIDTH).zip(input.chunks_exact(L::WIDTH)) {
        lanes.write(values, lanes.add(lanes.read(values), lanes.read(input)));
    }
}
