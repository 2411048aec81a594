//! The passes of the structure head over a map of pairs, each for a band of its rows.
//!
//! A map lies pixel by pixel, channels within them padded to whole vectors, in the terms that products take. Between
//! two passes stands an instance norm, which needs the whole map's moments; everything else is done to a pixel
//! while it is in the cache. Work goes in pieces that depend on the map's size alone, and so do all sums.

use std::ops::Range;

use super::cell::Cell;
use super::filter::{Convolve, Filter, Lines};
use super::instance_norm::CHUNK;
use super::{Kernel, Lanes};
use crate::Level;
use crate::instance_norm::{Moments, Norm};

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

/// norm → ReLU → k × k convolution: the second of a block.
pub(crate) struct Spread<'a, T> {
    pub level: Level,
    pub size: Size,
    /// What is under the filter.
    pub input: Squeezed<'a, T>,
    pub filter: Filter<'a, T>,
    /// The band's first row.
    pub first: usize,
    /// The band.
    pub out: &'a mut [T],
    /// Gains those of the band.
    pub moments: &'a mut Moments,
    pub scratch: &'a mut Scratch<T>,
}

impl<T: Cell> Kernel for Spread<'_, T> {
    #[inline(always)]
    fn run<L: Lanes>(mut self, lanes: L) {
        let (height, radius) = (self.filter.height, self.filter.height / 2);
        let rows = self.out.len() / self.size.row::<T>();
        for columns in self.size.pieces(MOST_COLUMNS) {
            let stride = (columns.len() + 2 * radius) * self.size.depth::<T>();
            for line in 0..rows + 2 * radius {
                // The band's first line is `radius` rows above its first row.
                let row = (self.first + line).checked_sub(radius).filter(|&row| row < self.size.len);
                let start = line % height * stride;
                self.fill(lanes, row, columns.clone(), start..start + stride);
                if let Some(row) = line.checked_sub(2 * radius) {
                    self.row(lanes, row, columns.clone(), stride);
                }
            }
        }
    }
}

impl<T: Cell> Spread<'_, T> {
    /// Puts a row into its place in the ring, with zeros where the map ends.
    #[inline(always)]
    fn fill<L: Lanes>(&mut self, lanes: L, row: Option<usize>, columns: Range<usize>, place: Range<usize>) {
        let Self { size, scratch, .. } = self;
        let (radius, depth) = (self.filter.width / 2, size.depth::<T>());
        let line = &mut scratch.ring[place];
        let Some(row) = row else { return line.fill(T::zeroed()) };
        let inside = columns.start.saturating_sub(radius)..(columns.end + radius).min(size.len);
        let before = (radius + inside.start - columns.start) * depth;
        let (head, rest) = line.split_at_mut(before);
        let (line, tail) = rest.split_at_mut(inside.len() * depth);
        head.fill(T::zeroed());
        tail.fill(T::zeroed());
        for (index, cells) in line.chunks_mut(CHUNK * depth).enumerate() {
            let start = inside.start + index * CHUNK;
            let columns = start..start + cells.len() / depth;
            let values = &mut scratch.values[..columns.len() * size.channels];
            match self.input {
                Squeezed::Outer(outer) => {
                    outer.read(lanes, *size, row, columns, values);
                    relu(lanes, values);
                }
                Squeezed::Map { map, squeeze, norm } => {
                    let input = &map[pixels::<T>(*size, row, columns)];
                    let (lines, out) = (Lines::one(input), &mut *values);
                    self.level.run(Convolve { filter: squeeze, lines, at: 0, bias: None, out });
                    norm.relu(lanes, values);
                }
            }
            T::narrow(lanes, values, cells);
        }
    }

    /// Convolves the lines in the ring to a row of the band, `row` from its top.
    #[inline(always)]
    fn row<L: Lanes>(&mut self, lanes: L, row: usize, columns: Range<usize>, stride: usize) {
        let Scratch { ring, values, .. } = &mut *self.scratch;
        let lines = Lines { terms: &ring[..self.filter.height * stride], stride, first: row };
        let (depth, channels) = (self.size.depth::<T>(), self.size.channels);
        let out = &mut self.out[pixels::<T>(self.size, row, columns)];
        for (index, cells) in out.chunks_mut(CHUNK * depth).enumerate() {
            let values = &mut values[..cells.len() / depth * channels];
            let convolve = Convolve { filter: self.filter, lines, at: index * CHUNK, bias: None, out: &mut *values };
            self.level.run(convolve);
            store(lanes, values, cells, self.moments);
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

/// norm → ReLU → 1 × 1 convolution, in place: the third of a block.
pub(crate) struct Expand<'a, T> {
    pub level: Level,
    pub size: Size,
    pub norm: &'a Norm,
    pub filter: Filter<'a, T>,
    /// The band.
    pub map: &'a mut [T],
    /// Gains those of the band.
    pub moments: &'a mut Moments,
    pub scratch: &'a mut Scratch<T>,
}

impl<T: Cell> Kernel for Expand<'_, T> {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Scratch { values, terms, .. } = self.scratch;
        let (depth, channels) = (self.size.depth::<T>(), self.size.channels);
        for cells in self.map.chunks_mut(CHUNK * depth) {
            let values = &mut values[..cells.len() / depth * channels];
            let terms = &mut terms[..cells.len()];
            T::widen(cells, values);
            self.norm.relu(lanes, values);
            T::narrow(lanes, values, terms);
            let (lines, out) = (Lines::one(&*terms), &mut *values);
            self.level.run(Convolve { filter: self.filter, lines, at: 0, bias: None, out });
            store(lanes, values, cells, self.moments);
        }
    }
}

/// norm → ReLU, and the block's input added: its result, and the moments of what the next block's first convolution
/// makes of it.
pub(crate) struct Residual<'a, T> {
    pub level: Level,
    pub size: Size,
    /// What the block's input is added to, or the block's input itself: the band, overwritten by the sum.
    pub sum: &'a mut [T],
    pub other: Other<'a, T>,
    pub norm: &'a Norm,
    /// The next block's first.
    pub squeeze: Filter<'a, T>,
    /// The band's first row.
    pub first: usize,
    /// Gains those of the band.
    pub moments: &'a mut Moments,
    pub scratch: &'a mut Scratch<T>,
}

/// What is not overwritten by a block's result.
#[derive(Clone, Copy)]
pub(crate) enum Other<'a, T> {
    /// The block's input.
    Outer(Outer<'a>),
    /// The map of its last convolution.
    Inner(&'a [T]),
}

impl<T: Cell> Kernel for Residual<'_, T> {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Scratch { values, others, .. } = self.scratch;
        let (size, depth) = (self.size, self.size.depth::<T>());
        for (row, cells) in self.sum.chunks_exact_mut(size.row::<T>()).enumerate() {
            for columns in size.pieces(CHUNK) {
                let cells = &mut cells[columns.start * depth..columns.end * depth];
                let values = &mut values[..columns.len() * size.channels];
                let others = &mut others[..values.len()];
                let row = self.first + row;
                match self.other {
                    Other::Outer(outer) => {
                        outer.read(lanes, size, row, columns, others);
                        T::widen(cells, values);
                    }
                    Other::Inner(map) => {
                        T::widen(cells, others);
                        T::widen(&map[pixels::<T>(size, row, columns)], values);
                    }
                }
                add_normed(lanes, values, self.norm, others);
                T::narrow(lanes, values, cells);
                let (lines, out) = (Lines::one(&*cells), &mut *values);
                self.level.run(Convolve { filter: self.squeeze, lines, at: 0, bias: None, out });
                self.moments.add(lanes, values);
            }
        }
    }
}

/// `values = relu(norm(values)) + input`
#[inline(always)]
fn add_normed<L: Lanes>(lanes: L, values: &mut [f32], norm: &Norm, input: &[f32]) {
    norm.relu(lanes, values);
    for (values, input) in values.chunks_exact_mut(L::WIDTH).zip(input.chunks_exact(L::WIDTH)) {
        lanes.write(values, lanes.add(lanes.read(values), lanes.read(input)));
    }
}

/// The last block's result, and the k × k convolution of it to one channel, right of the diagonal.
pub(crate) struct Logits<'a, T> {
    pub level: Level,
    pub size: Size,
    /// The last block's input.
    pub input: Input<'a, T>,
    /// The map of its last convolution, if there is a block.
    pub inner: Option<(&'a [T], &'a Norm)>,
    /// 1 × 1 to as many channels as the last convolution has taps: what a pixel adds to each of its neighbours.
    pub filter: Filter<'a, T>,
    /// Side of the last convolution.
    pub kernel: usize,
    /// Its bias.
    pub bias: f32,
    /// The band's first row.
    pub first: usize,
    /// The band, `[rows, len]`.
    pub out: &'a mut [f32],
    pub scratch: &'a mut Scratch<T>,
}

impl<T: Cell> Kernel for Logits<'_, T> {
    #[inline(always)]
    fn run<L: Lanes>(mut self, lanes: L) {
        let (len, radius) = (self.size.len, self.kernel / 2);
        let rows = self.out.len() / len;
        self.out.fill(self.bias);
        for row in self.first.saturating_sub(radius)..(self.first + rows + radius).min(len) {
            // A pixel under the filter of one right of the diagonal is at most so far left of it.
            let start = (row + 1).saturating_sub(2 * radius);
            self.taps(lanes, row, start);
            for line in 0..self.kernel {
                let target = (row + radius).checked_sub(line + self.first).filter(|&target| target < rows);
                if let Some(target) = target {
                    self.scatter(target, line);
                }
            }
        }
    }
}

impl<T: Cell> Logits<'_, T> {
    /// What each pixel of a row, from `start` on, adds to its neighbours.
    #[inline(always)]
    fn taps<L: Lanes>(&mut self, lanes: L, row: usize, start: usize) {
        let (size, count) = (self.size, self.filter.outputs);
        let Scratch { values, others, terms, taps, .. } = &mut *self.scratch;
        for first in (start..size.len).step_by(CHUNK) {
            let columns = first..(first + CHUNK).min(size.len);
            let values = &mut values[..columns.len() * size.channels];
            let terms = &mut terms[..columns.len() * size.depth::<T>()];
            let to = &mut taps[columns.start * count..columns.end * count];
            match self.inner {
                None => self.input.read(lanes, size, row, columns, values),
                Some((map, norm)) => {
                    let others = &mut others[..values.len()];
                    self.input.read(lanes, size, row, columns.clone(), others);
                    T::widen(&map[pixels::<T>(size, row, columns)], values);
                    add_normed(lanes, values, norm, others);
                }
            }
            T::narrow(lanes, values, terms);
            let lines = Lines::one(&*terms);
            self.level.run(Convolve { filter: self.filter, lines, at: 0, bias: None, out: to });
        }
    }

    /// Adds what a row's pixels add by a line of the filter to a row of the band, `row` from its top.
    #[inline(always)]
    fn scatter(&mut self, row: usize, line: usize) {
        let (len, count, radius) = (self.size.len, self.filter.outputs, self.kernel / 2);
        let diagonal = self.first + row;
        for tap in 0..self.kernel {
            // The pixel at `column` lies under this tap of the filter at `column + radius − tap`.
            let from = (diagonal + 1 + tap).saturating_sub(radius);
            let to = len.min((len + tap).saturating_sub(radius));
            if from >= to {
                continue;
            }
            let out = &mut self.out[row * len + from + radius - tap..][..to - from];
            let taps = self.scratch.taps[from * count + line * self.kernel + tap..].iter().step_by(count);
            for (out, tap) in out.iter_mut().zip(taps) {
                *out += tap;
            }
        }
    }
}
