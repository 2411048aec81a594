//! Layer norm over rows.

use crate::error::check_length;
use crate::generic::layer_norm::LayerNorm;
use crate::threads::for_rows;
use crate::{Error, Level};

/// `out = (x − mean) / √(variance + eps) · weight + bias`, row by row.
///
/// # Shapes
/// - x, out: `[rows, dim]`
/// - weight, bias: `[dim]`
///
/// # Errors
/// If a slice has another length, or `weight` is empty.
pub fn layer_norm(
    level: Level,
    x: &[f32],
    weight: &[f32],
    bias: &[f32],
    eps: f32,
    out: &mut [f32],
) -> Result<(), Error> {
    const OP: &str = "layer norm";
    let dim = weight.len();
    if dim == 0 {
        return Err(Error::Size { op: OP, reason: "rows of 0 values have no mean".to_owned() });
    }
    check_length(OP, "bias", dim, bias.len())?;
    check_length(OP, "x", x.len() / dim * dim, x.len())?;
    check_length(OP, "out", x.len(), out.len())?;
    for_rows(out, dim, 1, 64, &|first, out| {
        let x = &x[first * dim..][..out.len()];
        level.run(LayerNorm { x, weight, bias, eps, out });
    });
    Ok(())
}
