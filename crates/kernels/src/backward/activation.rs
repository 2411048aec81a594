//! Backward passes of swish gate and GELU.

use rayon::prelude::*;

use crate::error::check_length;
use crate::generic::backward::activation::{GeluBackward, SwishGate, SwishGateBackward};
use crate::threads::for_rows;
use crate::{Error, Level};

/// Values per piece of a thread's work.
const PIECE: usize = 1 << 14;

/// `out = up · sigmoid(β·up) · gate`, value by value: [`crate::activation::swish_gate`] for products in separate
/// slices.
///
/// # Errors
/// If the slices differ in length.
pub fn swish_gate(level: Level, up: &[f32], gate: &[f32], beta: f32, out: &mut [f32]) -> Result<(), Error> {
    const OP: &str = "swish gate";
    check_length(OP, "up", out.len(), up.len())?;
    check_length(OP, "gate", out.len(), gate.len())?;
    for_rows(out, 1, 64, PIECE, &|first, out| {
        let (up, gate) = (&up[first..][..out.len()], &gate[first..][..out.len()]);
        level.run(SwishGate { up, gate, beta, out });
    });
    Ok(())
}

/// Gradients of [`swish_gate`] from the gradient of its result: of `up` and `gate`, overwritten, and of β, returned.
///
/// # Errors
/// If the slices differ in length.
pub fn swish_gate_backward(
    level: Level,
    up: &[f32],
    gate: &[f32],
    beta: f32,
    grad: &[f32],
    grad_up: &mut [f32],
    grad_gate: &mut [f32],
) -> Result<f32, Error> {
    const OP: &str = "swish gate backward";
    let slices =
        [("gate", gate.len()), ("grad", grad.len()), ("grad_up", grad_up.len()), ("grad_gate", grad_gate.len())];
    slices.iter().try_for_each(|&(slice, found)| check_length(OP, slice, up.len(), found))?;
    let mut partial = vec![0.0; up.len().div_ceil(PIECE)];
    let inputs = up.par_chunks(PIECE).zip(gate.par_chunks(PIECE)).zip(grad.par_chunks(PIECE));
    let outputs = grad_up.par_chunks_mut(PIECE).zip(grad_gate.par_chunks_mut(PIECE)).zip(&mut partial);
    inputs.zip(outputs).for_each(|(((up, gate), grad), ((grad_up, grad_gate), grad_beta))| {
        level.run(SwishGateBackward { up, gate, beta, grad, grad_up, grad_gate, grad_beta });
    });
    Ok(partial.iter().sum())
}

/// Replaces the gradient of `gelu(x)` by the gradient of `x`, in place.
///
/// # Errors
/// If the two differ in length.
pub fn gelu_backward(level: Level, x: &[f32], grad: &mut [f32]) -> Result<(), Error> {
    check_length("gelu backward", "x", grad.len(), x.len())?;
    for_rows(grad, 1, 64, PIECE, &|first, grad| {
        let x = &x[first..][..grad.len()];
        level.run(GeluBackward { x, grad });
    });
    Ok(())
}
