//! Numbers of all spans `i..=j` of a sequence up to some length, stored by length of the span.
//!
//! Row `d` holds the spans `(i, i + d)` by `i`. All recursions here combine whole shifted rows, so that they read and
//! write contiguous memory and the compiler can vectorise them. Where pairs may not span more than some bases, longer
//! spans have no rows, and memory grows with the length times that span.

use crate::number::Semiring;

pub(crate) struct Triangle<T> {
    len: usize,
    values: Vec<T>,
}

impl<T: Semiring> Triangle<T> {
    /// Zeros for a sequence of `len`, for spans of `distance` below `rows` between first and last base.
    pub fn new(len: usize, rows: usize) -> Self {
        Self { len, values: vec![T::ZERO; start(len, rows)] }
    }

    /// Bytes of one triangle.
    pub fn bytes(len: usize, rows: usize) -> usize {
        start(len, rows) * size_of::<T>()
    }

    /// The spans with `distance` between first and last base, `len - distance` of them.
    #[inline(always)]
    pub fn row(&self, distance: usize) -> &[T] {
        &self.values[start(self.len, distance)..][..self.len - distance]
    }

    pub fn row_mut(&mut self, distance: usize) -> &mut [T] {
        let start = start(self.len, distance);
        &mut self.values[start..][..self.len - distance]
    }

    /// The row of `distance - 1`, and the row of `distance` to be written.
    pub fn two(&mut self, distance: usize) -> (&[T], &mut [T]) {
        let start = start(self.len, distance);
        let (before, after) = self.values.split_at_mut(start);
        (&before[start - (self.len - distance + 1)..], &mut after[..self.len - distance])
    }

    #[inline(always)]
    pub fn get(&self, i: usize, j: usize) -> T {
        self.row(j - i)[i]
    }
}

/// Start of a row: `len + (len - 1) + …`, one term for each row before it.
#[inline(always)]
fn start(len: usize, distance: usize) -> usize {
    distance * (2 * len + 1 - distance) / 2
}
