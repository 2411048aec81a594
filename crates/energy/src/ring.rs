//! The last rows of a triangle, which are all that the loops between two pairs need.

use crate::loops::KINDS;
use crate::number::Semiring;
use crate::weights::LONGEST_LOOP;

/// Zeros before and after a row: a block's first or last lanes may be off the row, and a loop reaches this far beyond.
const MARGIN: usize = 2 * (LONGEST_LOOP + 2);

/// Number of rows: as many as a loop spans, both ends included.
const ROWS: usize = LONGEST_LOOP + 3;

/// For every kind of loop, the values of pairs by row, times the pair's own factor in such a loop.
pub(crate) struct Ring<T> {
    width: usize,
    /// `[ROWS, KINDS, MARGIN + len + MARGIN]`
    values: Vec<T>,
}

impl<T: Semiring> Ring<T> {
    pub fn new(len: usize) -> Self {
        let width = len + 2 * MARGIN;
        Self { width, values: vec![T::ZERO; ROWS * KINDS * width] }
    }

    /// Bytes of one ring.
    pub fn bytes(len: usize) -> usize {
        ROWS * KINDS * (len + 2 * MARGIN) * size_of::<T>()
    }

    /// A row of zeros, to be filled by [`Row::set`].
    pub fn clear(&mut self, distance: usize) -> Row<'_, T> {
        let size = KINDS * self.width;
        let values = &mut self.values[distance % ROWS * size..][..size];
        values.fill(T::ZERO);
        Row { width: self.width, values }
    }

    /// Values of one kind at `N` spans from `first` on, which may start or end off the row.
    #[inline(always)]
    pub fn get<const N: usize>(&self, distance: usize, kind: usize, first: isize) -> &[T; N] {
        let row = &self.values[(distance % ROWS * KINDS + kind) * self.width..][..self.width];
        let start = (first + MARGIN as isize) as usize;
        row[start..start + N].try_into().expect("a slice of N")
    }
}

/// A row being filled.
pub(crate) struct Row<'a, T> {
    width: usize,
    values: &'a mut [T],
}

impl<T: Semiring> Row<'_, T> {
    pub fn set(&mut self, i: usize, values: [T; KINDS]) {
        for (kind, value) in values.into_iter().enumerate() {
            self.values[kind * self.width + MARGIN + i] = value;
        }
    }
}
