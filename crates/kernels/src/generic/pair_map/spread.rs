//! The pass with the large convolution, which reads the block's input and writes its inner map.

use std::ops::Range;

use super::{MOST_COLUMNS, Scratch, Size, Squeezed, pixels, relu, store};
use crate::Level;
use crate::generic::cell::Cell;
use crate::generic::filter::{Convolve, Filter, Lines};
use crate::generic::instance_norm::CHUNK;
use crate::generic::{Kernel, Lanes};
use crate::instance_norm::Moments;

/// norm → ReLU → k × k convolution: the second convolution of a block.
pub(crate) struct Spread<'a, T> {
    pub level: Level,
    pub size: Size,
    /// The input of the convolution.
    pub input: Squeezed<'a, T>,
    pub filter: Filter<'a, T>,
    /// The band's first row.
    pub first: usize,
    /// The band.
    pub out: &'a mut [T],
    /// The band's moments are added to these.
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
    /// Puts a row into its place in the ring, with zeros beyond the map.
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

    /// Convolves the lines in the ring into a row of the band, `row` from its top.
    #[inline(always)]
    fn row<L: Lanes>(&mut self, lanes: L, row: usize, columns: Range<usize>, stride: usize) {
        let Scratch { ring, values, .. } = &mut *self.scratch;
        let lines = Lines { terms: &ring[..self.filter.height * stride], stride, first: row };
        let (depth, channels) = (self.size.depth::<T>(), self.size.channels);
        let out = &mut self.out[pixels::<T>(self.size, row, columns)];
        // Tiles read the weights once for many pixels; without them, values that stay in the first-level cache count.
        let together = if self.level.has_tiles() { MOST_COLUMNS } else { CHUNK };
        for (index, cells) in out.chunks_mut(together * depth).enumerate() {
            let values = &mut values[..cells.len() / depth * channels];
            let convolve = Convolve { filter: self.filter, lines, at: index * together, bias: None, out: &mut *values };
            self.level.run(convolve);
            for (values, cells) in values.chunks_mut(CHUNK * channels).zip(cells.chunks_mut(CHUNK * depth)) {
                store(lanes, values, cells, self.moments);
            }
        }
    }
}
