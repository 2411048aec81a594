//! Transposes rows into columns, in squares that are read and written a cache line at a time.

use super::{Kernel, Lanes};

/// Rows and columns of a square: one cache line of f32.
const SIDE: usize = 16;

/// `to[column][row] = from[row][column]`.
pub(crate) struct Transpose<'a> {
    /// `[rows, columns]`, rows `from_stride` apart.
    pub from: &'a [f32],
    /// Values from one row of `from` to the next.
    pub from_stride: usize,
    /// Rows of `from`.
    pub rows: usize,
    /// Columns of `from`.
    pub columns: usize,
    /// `[columns, rows]`, rows `to_stride` apart; values between them are not changed.
    pub to: &'a mut [f32],
    /// Values from one row of `to` to the next.
    pub to_stride: usize,
}

impl Kernel for Transpose<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self, _lanes: L) {
        for row in (0..self.rows).step_by(SIDE) {
            for column in (0..self.columns).step_by(SIDE) {
                let (height, width) = (SIDE.min(self.rows - row), SIDE.min(self.columns - column));
                let from = &self.from[row * self.from_stride + column..];
                let to = &mut self.to[column * self.to_stride + row..];
                if height == SIDE && width == SIDE {
                    square(from, self.from_stride, to, self.to_stride);
                } else {
                    for c in 0..width {
                        for r in 0..height {
                            to[c * self.to_stride + r] = from[r * self.from_stride + c];
                        }
                    }
                }
            }
        }
    }
}

/// A whole square, with fixed sizes, which the compiler turns into shuffles.
#[inline(always)]
fn square(from: &[f32], from_stride: usize, to: &mut [f32], to_stride: usize) {
    let mut lines = [[0.0f32; SIDE]; SIDE];
    for (r, line) in lines.iter_mut().enumerate() {
        line.copy_from_slice(&from[r * from_stride..][..SIDE]);
    }
    for c in 0..SIDE {
        let column: [f32; SIDE] = std::array::from_fn(|r| lines[r][c]);
        to[c * to_stride..][..SIDE].copy_from_slice(&column);
    }
}
