//! Products of two f32 matrices that are both new in each call, either of them transposed, for training.
//!
//! The right factor is packed into the panels of [`crate::linear`]. The left factor is transposed and rounded, a block
//! of rows at a time, if its rows are not in memory as they are multiplied. Then the same tiles compute the product.
//! Packing reads and writes each factor once. Factors may be rounded to bf16; sums are f32.

use rayon::prelude::*;

use crate::error::check_length;
use crate::generic::Bf16Pair;
use crate::generic::format::{PackPanel, Round};
use crate::generic::matmul::{Factor, PANEL, Product, StackPanel};
use crate::generic::tiles::padded;
use crate::generic::transpose::Transpose;
use crate::panels::padded_rows;
use crate::scratch::with_scratch;
use crate::threads::for_rows;
use crate::{Error, Level};

const OP: &str = "matmul";

/// Rows per piece of a thread's work: enough to use a panel many times while it is in the cache.
const MOST_ROWS: usize = 192;

/// A matrix as it is in memory, or its transpose.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a> {
    values: &'a [f32],
    /// Rows are contiguous in memory.
    rows: usize,
    /// Columns are contiguous in memory.
    columns: usize,
    turned: bool,
}

impl<'a> Matrix<'a> {
    /// A matrix `[rows, columns]` whose rows are in memory one after the other.
    ///
    /// # Errors
    /// If `values` is not `rows · columns` long, or either is zero.
    pub fn new(values: &'a [f32], rows: usize, columns: usize) -> Result<Self, Error> {
        if rows == 0 || columns == 0 {
            return Err(Error::Size { op: OP, reason: format!("a matrix of {rows} by {columns} is empty") });
        }
        check_length(OP, "values", rows.saturating_mul(columns), values.len())?;
        Ok(Self { values, rows, columns, turned: false })
    }

    /// The same memory read as the transpose.
    pub fn transpose(self) -> Self {
        Self { turned: !self.turned, ..self }
    }

    /// Rows and columns.
    pub fn dims(&self) -> (usize, usize) {
        if self.turned { (self.columns, self.rows) } else { (self.rows, self.columns) }
    }
}

/// `out = a · b + bias`, with one bias value per column.
///
/// # Shapes
/// - a: `[rows, depth]`
/// - b: `[depth, columns]`
/// - bias: `[columns]`
/// - out: `[rows, columns]`, overwritten
///
/// # Errors
/// If the sizes are inconsistent.
pub fn matmul(level: Level, a: Matrix<'_>, b: Matrix<'_>, bias: Option<&[f32]>, out: &mut [f32]) -> Result<(), Error> {
    multiply::<f32>(level, a, b, bias, out)
}

/// The same with both factors rounded to bf16: faster with tiles, and where [`crate::peak::bf16_pays`]; slower than f32
/// elsewhere.
///
/// # Shapes
/// As [`matmul`].
///
/// # Errors
/// If the sizes are inconsistent.
pub fn matmul_bf16(
    level: Level,
    a: Matrix<'_>,
    b: Matrix<'_>,
    bias: Option<&[f32]>,
    out: &mut [f32],
) -> Result<(), Error> {
    multiply::<Bf16Pair>(level, a, b, bias, out)
}

fn multiply<T: Factor>(
    level: Level,
    a: Matrix<'_>,
    b: Matrix<'_>,
    bias: Option<&[f32]>,
    out: &mut [f32],
) -> Result<(), Error> {
    let ((rows, depth), (b_rows, columns)) = (a.dims(), b.dims());
    if depth != b_rows {
        return Err(Error::Size {
            op: OP,
            reason: format!("rows of {depth} values cannot be multiplied with columns of {b_rows}"),
        });
    }
    check_length(OP, "bias", columns, bias.map_or(columns, <[f32]>::len))?;
    check_length(OP, "out", rows * columns, out.len())?;
    let depth = depth.div_ceil(T::VALUES);
    with_scratch(columns.div_ceil(PANEL) * padded::<T>(depth) * PANEL, |panels| {
        let panels: &mut [T] = bytemuck::cast_slice_mut(panels);
        pack(level, b, panels);
        for_rows(out, columns, T::unit(level), MOST_ROWS, &|first, out| {
            let rows = out.len() / columns;
            with_rows(level, a, first, rows, |x| {
                with_scratch(Product::<T>::space(), |sums| {
                    level.run(Product { x, depth, panels, bias, out, columns, sums });
                })
            });
        });
    });
    Ok(())
}

/// Passes some rows of `a` as terms to `work`, transposed and rounded if necessary.
fn with_rows<T: Factor>(level: Level, a: Matrix<'_>, first: usize, rows: usize, work: impl FnOnce(&[T])) {
    let (_, depth) = a.dims();
    let lend = |values: &[f32]| match T::as_they_are(values) {
        Some(terms) => work(terms),
        None => with_scratch(padded_rows(rows) * padded::<T>(depth.div_ceil(T::VALUES)), |terms| {
            let to: &mut [T] = bytemuck::cast_slice_mut(terms);
            let scales = &mut vec![0.0; rows];
            level.run(Round { from: values, inputs: depth, to: &mut *to, scales });
            work(to);
        }),
    };
    if !a.turned {
        return lend(&a.values[first * depth..][..rows * depth]);
    }
    with_scratch(rows * depth, |x| {
        let from = &a.values[first..];
        let (from_stride, to_stride) = (a.columns, depth);
        level.run(Transpose { from, from_stride, rows: depth, columns: rows, to: &mut *x, to_stride });
        lend(x);
    });
}

/// Packs `b` into panels `[⌈columns / 64⌉, padded ⌈depth / VALUES⌉, 64]`; columns beyond the last and terms of the
/// padding are zero.
fn pack<T: Factor>(level: Level, b: Matrix<'_>, panels: &mut [T]) {
    let (depth, columns) = b.dims();
    let terms = depth.div_ceil(T::VALUES);
    panels.par_chunks_exact_mut(padded::<T>(terms) * PANEL).enumerate().for_each(|(p, panel)| {
        let first = p * PANEL;
        let width = PANEL.min(columns - first);
        if width < PANEL {
            panel.fill(T::zeroed());
        } else {
            panel[terms * PANEL..].fill(T::zeroed());
        }
        if !b.turned {
            return level.run(StackPanel { from: b.values, columns, first, width, to: panel });
        }
        let from = &b.values[first * depth..];
        if T::VALUES == 1 {
            let to = bytemuck::cast_slice_mut(panel);
            return level.run(Transpose {
                from,
                from_stride: depth,
                rows: width,
                columns: depth,
                to,
                to_stride: PANEL,
            });
        }
        let mut rows = [None; PANEL];
        rows.iter_mut().zip(from.chunks_exact(depth)).take(width).for_each(|(row, values)| *row = Some(values));
        let (scales, offsets) = (&mut [0.0; PANEL], &mut [0.0; PANEL]);
        level.run(PackPanel { rows: &rows, to: panel, scales, offsets });
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_by_hand_either_way_round() {
        let (level, mut out) = (Level::best(), [0.0; 4]);
        let a = Matrix::new(&[1.0, 2.0, 3.0, 4.0], 2, 2).unwrap();
        let b = Matrix::new(&[5.0, 6.0, 7.0, 8.0], 2, 2).unwrap();
        matmul(level, a, b, Some(&[0.5, 0.0]), &mut out).unwrap();
        assert_eq!(out, [19.5, 22.0, 43.5, 50.0]);
        matmul(level, a.transpose(), b, None, &mut out).unwrap();
        assert_eq!(out, [26.0, 30.0, 38.0, 44.0]);
        matmul(level, a, b.transpose(), None, &mut out).unwrap();
        assert_eq!(out, [17.0, 23.0, 39.0, 53.0]);
    }

    #[test]
    fn matrices_that_do_not_fit_are_refused() {
        let level = Level::best();
        let a = Matrix::new(&[0.0; 6], 2, 3).unwrap();
        assert!(Matrix::new(&[0.0; 6], 2, 4).is_err() && Matrix::new(&[], 0, 4).is_err());
        assert!(matmul(level, a, a, None, &mut [0.0; 4]).is_err());
        assert!(matmul(level, a, a.transpose(), None, &mut [0.0; 5]).is_err());
        assert!(matmul(level, a, a.transpose(), Some(&[0.0]), &mut [0.0; 4]).is_err());
        assert!(matmul(level, a, a.transpose(), None, &mut [0.0; 4]).is_ok());
    }
}
