//! Backward pass of layer norm.

use rayon::prelude::*;

use super::CHUNK;
use super::columns::in_order;
use crate::error::check_length;
use crate::generic::backward::layer_norm::LayerNormBackward;
use crate::{Error, Level};

/// Gradients of [`crate::layer_norm`] from the gradient of its result; each row's mean and variance are computed again.
///
/// # Shapes
/// - x, grad, grad_x: `[rows, dim]`
/// - weight: `[dim]`
/// - grad_parameters: `[2, dim]`: of the weight and of the bias
///
/// Both results are overwritten.
///
/// # Errors
/// If a slice has another length, or `weight` is empty.
pub fn layer_norm_backward(
    level: Level,
    x: &[f32],
    weight: &[f32],
    eps: f32,
    grad: &[f32],
    grad_x: &mut [f32],
    grad_parameters: &mut [f32],
) -> Result<(), Error> {
    const OP: &str = "layer norm backward";
    let dim = weight.len();
    if dim == 0 {
        return Err(Error::Size { op: OP, reason: "rows of 0 values have no mean".to_owned() });
    }
    check_length(OP, "x", x.len() / dim * dim, x.len())?;
    check_length(OP, "grad", x.len(), grad.len())?;
    check_length(OP, "grad_x", x.len(), grad_x.len())?;
    check_length(OP, "grad_parameters", 2 * dim, grad_parameters.len())?;
    let chunk = CHUNK * dim;
    let mut partial = vec![0.0; x.len().div_ceil(chunk) * 2 * dim];
    let inputs = x.par_chunks(chunk).zip(grad.par_chunks(chunk));
    let outputs = grad_x.par_chunks_mut(chunk).zip(partial.par_chunks_exact_mut(2 * dim));
    inputs.zip(outputs).for_each(|((x, grad), (grad_x, partial))| {
        let (grad_weight, grad_bias) = partial.split_at_mut(dim);
        level.run(LayerNormBackward { x, weight, eps, grad, grad_x, grad_weight, grad_bias });
    });
    in_order(&partial, grad_parameters);
    Ok(())
}
