//! The passes of the structure head over a map of pairs, each for a band of its rows.
//!
//! A map lies pixel by pixel, channels within them padded to whole vectors, in the terms that products take. Between
//! two passes stands an instance norm, which needs the whole map's moments; everything else is done to a pixel
//! while it is in the cache. Work goes in pieces that depend on the map's size alone, and so do all sums.

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

/// Pixels of a row worked on at once, at most: lines of so many under a filter stay in a core's second-level cache.
const MOST_COLUMNS: usize = 252;

/// Extents of a map.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    /// Rows, and pixels in a row.
    pub len: usize,
    /// Values of a pixel, a multiple of 16.
    pub channels: usize,
}

impl Size {
    /// Terms of a row.
    pub fn row<T: Cell>(self) -> usize {
        self.len * self.depth::<T>()
    }

    /// Terms of a pixel.
    pub fn depth<T: Cell>(self) -> usize {
        self.channels / T::VALUES
    }

    /// Pieces of a row, at most so long.
    fn pieces(self, most: usize) -> impl Iterator<Item = Range<usize>> {
        (0..self.len).step_by(most).map(move |start| start..(start + most).min(self.len))
    }
}

/// A map whose pixel `(i, j)` is `row_i + column_j`: it need not be stored.
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
    /// The first block's.
    Outer(Outer<'a>),
    /// A stored one.
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

/// Where some pixels of a row lie.
#[inline(always)]
fn pixels<T: Cell>(size: Size, row: usize, columns: Range<usize>) -> Range<usize> {
    let (start, depth) = (row * size.len, size.depth::<T>());
    (start + columns.start) * depth..(start + columns.end) * depth
}

/// What the first convolution of a block makes of its input, normalised.
#[derive(Clone, Copy)]
pub(crate) enum Squeezed<'a, T> {
    /// Of an outer sum: one again, brought to its moments already.
    Outer(Outer<'a>),
    /// To be computed of a stored map.
    Map {
        /// The block's input.
        map: &'a [T],
        /// 1 × 1
        squeeze: Filter<'a, T>,
        /// Of what it gives.
        norm: &'a Norm,
    },
}

/// Room for one thread's work.
pub(crate) struct Scratch<T> {
    /// As many lines of pixels as are under the filter, with its radius to both sides.
    ring: Vec<T>,
    /// `[CHUNK, channels]`
    values: Vec<f32>,
    /// `[CHUNK, channels]`
    others: Vec<f32>,
    /// `[CHUNK, channels]`
    terms: Vec<T>,
    /// `[len, taps]`: of the last convolution.
    taps: Vec<f32>,
}

impl<T: Cell> Scratch<T> {
    /// For maps of that size under a filter so many pixels high and wide.
    pub fn new(size: Size, kernel: usize) -> Self {
        let line = size.len.min(MOST_COLUMNS) + kernel - 1;
        let chunk = CHUNK * size.channels;
        Self {
            ring: vec![T::zeroed(); kernel * line * size.depth::<T>()],
            values: vec![0.0; chunk],
            others: vec![0.0; chunk],
            terms: vec![T::zeroed(); chunk / T::VALUES],
            taps: vec![0.0; size.len * kernel * kernel],
        }
    }
}

/// What is negative becomes zero; what is not a number stays.
#[inline(always)]
fn relu<L: Lanes>(lanes: L, values: &mut [f32]) {
    let zero = lanes.splat(0.0);
    for values in values.chunks_exact_mut(L::WIDTH) {
        lanes.write(values, lanes.max(zero, lanes.read(values)));
    }
}

/// Rounds values to the map, and counts in what was stored: a channel that rounds to a constant has no variance.
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
