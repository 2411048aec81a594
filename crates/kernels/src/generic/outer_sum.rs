//! A band of the map of all pairs' sums, and what its gradient adds to the gradients of both halves.

use super::{Kernel, Lanes};

/// `map_ij = rows_i + columns_j`, or its gradients.
pub(crate) struct OuterSum<'a> {
    /// `[rows of the band, channels]`
    pub rows: &'a [f32],
    /// `[len, channels]`
    pub columns: &'a [f32],
    /// Values per pixel.
    pub channels: usize,
    /// `[rows of the band, len, channels]`
    pub map: &'a mut [f32],
}

impl Kernel for OuterSum<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        for (row, map) in self.rows.chunks_exact(self.channels).zip(self.map.chunks_exact_mut(self.columns.len())) {
            for (column, to) in self.columns.chunks_exact(self.channels).zip(map.chunks_exact_mut(self.channels)) {
                for at in (0..self.channels).step_by(L::WIDTH) {
                    lanes.write(&mut to[at..], lanes.add(lanes.read(&row[at..]), lanes.read(&column[at..])));
                }
            }
        }
    }
}

/// Sums of a map's gradient along its rows and columns.
pub(crate) struct OuterSumBackward<'a> {
    /// `[rows of the band, len, channels]`
    pub grad: &'a [f32],
    /// Values per pixel.
    pub channels: usize,
    /// `[rows of the band, channels]`, overwritten.
    pub grad_rows: &'a mut [f32],
    /// `[len, channels]`, added to.
    pub grad_columns: &'a mut [f32],
}

impl Kernel for OuterSumBackward<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let rows = self.grad.chunks_exact(self.grad_columns.len());
        for (grad, row) in rows.zip(self.grad_rows.chunks_exact_mut(self.channels)) {
            for at in (0..self.channels).step_by(L::WIDTH) {
                let mut sum = lanes.splat(0.0);
                let pixels = grad.chunks_exact(self.channels);
                for (pixel, column) in pixels.zip(self.grad_columns.chunks_exact_mut(self.channels)) {
                    let value = lanes.read(&pixel[at..]);
                    sum = lanes.add(sum, value);
                    let moved = lanes.add(lanes.read(&column[at..]), value);
                    lanes.write(&mut column[at..], moved);
                }
                lanes.write(&mut row[at..], sum);
            }
        }
    }
}
