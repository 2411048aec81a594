//! The passes that process one pixel at a time: the end of a block, and the start of the next.

use super::{Outer, Scratch, Size, add_normed, pixels, store};
use crate::Level;
use crate::generic::cell::Cell;
use crate::generic::filter::{Convolve, Filter, Lines};
use crate::generic::instance_norm::CHUNK;
use crate::generic::{Kernel, Lanes};
use crate::instance_norm::{Moments, Norm};

/// norm → ReLU → 1 × 1 convolution, in place: the third convolution of a block.
pub(crate) struct Expand<'a, T> {
    pub level: Level,
    pub size: Size,
    pub norm: &'a Norm,
    pub filter: Filter<'a, T>,
    /// The band.
    pub map: &'a mut [T],
    /// The band's moments are added to these.
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

/// norm → ReLU, and the block's input added: the block's result, and the moments of the output of the next block's
/// first convolution.
pub(crate) struct Residual<'a, T> {
    pub level: Level,
    pub size: Size,
    /// The map that the block's input is added to, or the block's input itself: the band, overwritten by the sum.
    pub sum: &'a mut [T],
    pub other: Other<'a, T>,
    pub norm: &'a Norm,
    /// The next block's first convolution.
    pub squeeze: Filter<'a, T>,
    /// The band's first row.
    pub first: usize,
    /// The band's moments are added to these.
    pub moments: &'a mut Moments,
    pub scratch: &'a mut Scratch<T>,
}

/// The map that is not overwritten by a block's result.
#[derive(Clone, Copy)]
pub(crate) enum Other<'a, T> {
    /// The block's input.
    Outer(Outer<'a>),
    /// The output of its last convolution.
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
