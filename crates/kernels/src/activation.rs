//! The activations of the feed-forward layers: swish gate and GELU.

use crate::error::check_length;
use crate::generic::activation::{Gelu, SwishGate};
use crate::threads::for_rows;
use crate::{Error, Level};

/// `out = u · sigmoid(β·u) · g`, with a relative error of a few units in the last place.
///
/// If `u` is infinite and `β·u` is −∞, the result is NaN, as in the plain formula.
///
/// # Shapes
/// - fused: `[rows, 2 · width]`, each row `u` and then `g`, as one product with both weights computes them
/// - out: `[rows, width]`
///
/// # Errors
/// If a slice has another length, or `width` is zero.
pub fn swish_gate(level: Level, fused: &[f32], width: usize, beta: f32, out: &mut [f32]) -> Result<(), Error> {
    const OP: &str = "swish gate";
    if width == 0 {
        return Err(Error::Size { op: OP, reason: "rows of 0 values have no gate".to_owned() });
    }
    let rows = fused.len() / (2 * width);
    check_length(OP, "fused", rows * 2 * width, fused.len())?;
    check_length(OP, "out", rows * width, out.len())?;
    for_rows(out, width, 1, 64, &|first, out| {
        let fused = &fused[first * 2 * width..][..2 * out.len()];
        level.run(SwishGate { fused, width, beta, out });
    });
    Ok(())
}

/// `x · Φ(x)` in place, Φ the normal distribution (the form with `erf`).
///
/// The relative error is under 7e-7 for `x` above −1, and under 2.5e-6 down to −6, where results are tiny and the
/// rounding of `x²` dominates. The limits are exact: ∞ stays ∞, −∞ becomes 0.
pub fn gelu(level: Level, x: &mut [f32]) {
    for_rows(x, 1, 1024, 1 << 14, &|_, x| level.run(Gelu(x)));
}
