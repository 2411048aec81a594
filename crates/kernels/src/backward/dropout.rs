//! Dropout without a stored mask.

use crate::error::check_length;
use crate::generic::backward::dropout::Drop;
use crate::threads::for_rows;
use crate::{Error, Level};

/// Sets each value to 0 with probability `rate` and multiplies the others by `1 / (1 − rate)`.
///
/// Which values are dropped depends only on `seed` and on their position, so a backward pass with the same seed drops
/// the same values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dropout {
    /// The dropout rate, from 0 to below 1.
    pub rate: f32,
    /// Must differ for every layer and every step.
    pub seed: u64,
}

impl Dropout {
    /// Values whose hash is below this are dropped.
    pub(crate) fn threshold(self) -> u32 {
        (f64::from(self.rate) * 2f64.powi(32)) as u32
    }

    /// The others are multiplied by this.
    pub(crate) fn scale(self) -> f32 {
        1.0 / (1.0 - self.rate)
    }

    fn drop<'a>(self, x: &'a mut [f32], y: Option<&'a [f32]>, width: usize, first: usize) -> Drop<'a> {
        let (seed, threshold, scale) = (self.seed, self.threshold(), self.scale());
        Drop { x, y, width, first: first as u64, seed, threshold, scale }
    }
}

/// `x += dropout(y)`.
///
/// # Shapes
/// - x, y: `[rows, width]`
///
/// # Errors
/// If a slice has another length, or `width` is zero.
pub fn dropped_add(level: Level, x: &mut [f32], y: &[f32], width: usize, dropout: Dropout) -> Result<(), Error> {
    check(x, width)?;
    check_length("dropout", "y", x.len(), y.len())?;
    for_rows(x, width, 1, 64, &|first, x| {
        let y = &y[first * width..][..x.len()];
        level.run(dropout.drop(x, Some(y), width, first));
    });
    Ok(())
}

/// `x = dropout(x)`; also the backward pass of both functions.
///
/// # Shapes
/// - x: `[rows, width]`
///
/// # Errors
/// If `x` does not consist of whole rows, or `width` is zero.
pub fn dropped_scale(level: Level, x: &mut [f32], width: usize, dropout: Dropout) -> Result<(), Error> {
    check(x, width)?;
    for_rows(x, width, 1, 64, &|first, x| level.run(dropout.drop(x, None, width, first)));
    Ok(())
}

fn check(x: &[f32], width: usize) -> Result<(), Error> {
    if width == 0 {
        return Err(Error::Size { op: "dropout", reason: "rows of 0 values have no dropout".to_owned() });
    }
    check_length("dropout", "x", x.len() / width * width, x.len())
}
