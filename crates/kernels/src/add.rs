//! The residual connection.

use crate::error::check_length;
use crate::generic::add::Add;
use crate::threads::for_rows;
use crate::{Error, Level};

/// `x += y`, value by value.
///
/// # Errors
/// If the two differ in length.
pub fn add(level: Level, x: &mut [f32], y: &[f32]) -> Result<(), Error> {
    check_length("add", "y", x.len(), y.len())?;
    for_rows(x, 1, 1024, 1 << 15, &|first, x| {
        let y = &y[first..][..x.len()];
        level.run(Add { x, y });
    });
    Ok(())
}
