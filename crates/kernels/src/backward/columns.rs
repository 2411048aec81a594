//! Sums over rows: the gradient of a bias.

use rayon::prelude::*;

use super::CHUNK;
use crate::error::check_length;
use crate::{Error, Level, add};

/// The sum of all rows.
///
/// # Shapes
/// - x: `[rows, columns]`
/// - out: `[columns]`, overwritten
///
/// # Errors
/// If `x` does not consist of whole rows.
pub fn column_sums(level: Level, x: &[f32], out: &mut [f32]) -> Result<(), Error> {
    let columns = out.len().max(1);
    check_length("column sums", "x", x.len() / columns * columns, x.len())?;
    let chunks = x.len().div_ceil(CHUNK * columns);
    let mut partial = vec![0.0; chunks * columns];
    let pieces = partial.par_chunks_exact_mut(columns).zip(x.par_chunks(CHUNK * columns));
    pieces.try_for_each(|(sum, rows)| rows.chunks_exact(columns).try_for_each(|row| add(level, sum, row)))?;
    in_order(&partial, out);
    Ok(())
}

/// Sums the partial sums `[chunks, out.len()]`, first to last.
pub(super) fn in_order(partial: &[f32], out: &mut [f32]) {
    out.fill(0.0);
    for partial in partial.chunks_exact(out.len().max(1)) {
        out.iter_mut().zip(partial).for_each(|(sum, x)| *sum += x);
    }
}
