//! Rows of stored arrays, one at a time.

use std::io::{self, Read};

use super::{head::Stored, spool::Spool};

/// Calls `each` with the position (from 1; none for a vector) and the numbers of every row of an array stored as f32.
pub(super) fn rows(
    spool: &Spool,
    array: &Stored,
    mut each: impl FnMut(Option<usize>, &[f32]) -> io::Result<()>,
) -> io::Result<()> {
    let (count, width) = array.row_shape();
    let mut payload = spool.payload(array)?;
    let mut bytes = vec![0; width * 4];
    let mut values = Vec::with_capacity(width);
    for row in 1..=count {
        payload.read_exact(&mut bytes)?;
        values.clear();
        values.extend(bytes.as_chunks().0.iter().map(|number| f32::from_le_bytes(*number)));
        each((array.shape.len() > 1).then_some(row), &values)?;
    }
    Ok(())
}
