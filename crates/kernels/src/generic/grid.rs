//! A matrix that several threads write at the same time, each its own part.

use std::marker::PhantomData;
use std::ops::Range;

/// Rows of equal width that are borrowed for writing; each thread may get a copy.
pub(crate) struct Grid<'a, T> {
    start: *mut T,
    rows: usize,
    width: usize,
    lent: PhantomData<&'a mut [T]>,
}

impl<T> Clone for Grid<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Grid<'_, T> {}

// SAFETY: a grid is a `&mut [T]` split into parts; `Grid::part` requires that no two parts overlap.
unsafe impl<T: Send> Send for Grid<'_, T> {}
// SAFETY: as above; a shared grid only gives such parts.
unsafe impl<T: Send> Sync for Grid<'_, T> {}

impl<'a, T> Grid<'a, T> {
    /// `values` in rows of `width`; an incomplete last row is not part of it.
    pub fn new(values: &'a mut [T], width: usize) -> Self {
        Self { start: values.as_mut_ptr(), rows: values.len() / width.max(1), width, lent: PhantomData }
    }

    /// Values in a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The rows from `row` on.
    pub fn below(self, row: usize) -> Self {
        assert!(row <= self.rows, "a row of the grid");
        // SAFETY: `row · width` is at most the number of values that `new` borrowed.
        let start = unsafe { self.start.add(row * self.width) };
        Self { start, rows: self.rows - row, ..self }
    }

    /// Some columns of one row.
    ///
    /// # Safety
    /// While the part is in use, no other part that shares a value with it may be taken, from this grid or a copy of
    /// it.
    #[inline(always)]
    #[allow(clippy::mut_from_ref, reason = "the caller guarantees what `&mut self` would")]
    pub unsafe fn part(&self, row: usize, columns: Range<usize>) -> &mut [T] {
        assert!(row < self.rows && columns.start <= columns.end && columns.end <= self.width, "a part of the grid");
        // SAFETY: the assertion above ensures that `row` and `columns` are within the `rows · width` values that `new`
        // borrowed for `'a`; the caller guarantees that no other reference to them is in use.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(row * self.width + columns.start), columns.len()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_columns_of_rows() {
        let mut values = [0; 7];
        let grid = Grid::new(&mut values, 3);
        // SAFETY: the two parts are of different rows.
        let (first, second) = unsafe { (grid.part(0, 1..3), grid.part(1, 0..2)) };
        first.fill(1);
        second.fill(2);
        assert_eq!(values, [0, 1, 1, 2, 2, 0, 0]);
    }

    #[test]
    #[should_panic(expected = "a part of the grid")]
    fn a_part_beyond_the_last_row_is_refused() {
        let mut values = [0; 7];
        let grid = Grid::new(&mut values, 3);
        // SAFETY: there is no other part.
        unsafe { grid.part(2, 0..1) }.fill(1);
    }
}
