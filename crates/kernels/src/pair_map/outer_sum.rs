//! The map of all pairs' sums, stored, and its gradients: the first forward and last backward step of the structure
//! head.

use rayon::prelude::*;

use crate::error::check_length;
use crate::generic::outer_sum::{OuterSum, OuterSumBackward};
use crate::{Error, Level};

const OP: &str = "outer sum";
/// Rows per band; each band has its own sums over them.
const ROWS: usize = 8;

/// `map_ij = rows_i + columns_j`
///
/// # Shapes
/// - rows, columns: `[len, channels]`
/// - map: `[len, len, channels]`, overwritten
///
/// # Errors
/// If a slice has another length, or there are no channels.
pub fn outer_sum(level: Level, rows: &[f32], columns: &[f32], channels: usize, map: &mut [f32]) -> Result<(), Error> {
    let len = check(rows, columns, channels, map)?;
    let bands = map.par_chunks_mut((ROWS * len * channels).max(1)).zip(rows.par_chunks(ROWS * channels));
    bands.for_each(|(map, rows)| level.run(OuterSum { rows, columns, channels, map }));
    Ok(())
}

/// The gradients of [`outer_sum`]: sums along the rows and along the columns.
///
/// # Shapes
/// - grad: `[len, len, channels]`
/// - grad_rows, grad_columns: `[len, channels]`, overwritten
///
/// # Errors
/// As [`outer_sum`].
pub fn outer_sum_backward(
    level: Level,
    grad: &[f32],
    channels: usize,
    grad_rows: &mut [f32],
    grad_columns: &mut [f32],
) -> Result<(), Error> {
    let len = check(grad_rows, grad_columns, channels, grad)?;
    let bands = grad.par_chunks((ROWS * len * channels).max(1)).zip(grad_rows.par_chunks_mut(ROWS * channels));
    let parts: Vec<Vec<f32>> = bands
        .map(|(grad, grad_rows)| {
            let mut sums = vec![0.0; len * channels];
            level.run(OuterSumBackward { grad, channels, grad_rows, grad_columns: &mut sums });
            sums
        })
        .collect();
    grad_columns.fill(0.0);
    for part in parts {
        grad_columns.iter_mut().zip(part).for_each(|(sum, x)| *sum += x);
    }
    Ok(())
}

/// Positions.
fn check(rows: &[f32], columns: &[f32], channels: usize, map: &[f32]) -> Result<usize, Error> {
    if channels == 0 {
        return Err(Error::Size { op: OP, reason: "a pixel needs at least one channel".to_owned() });
    }
    let len = rows.len() / channels;
    check_length(OP, "rows", len * channels, rows.len())?;
    check_length(OP, "columns", rows.len(), columns.len())?;
    check_length(OP, "map", len * rows.len(), map.len())?;
    Ok(len)
}
