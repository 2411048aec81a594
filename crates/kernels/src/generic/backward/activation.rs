//! Backward passes of the activations, and the swish gate with its two inputs in separate slices.

use crate::generic::exp::exp;
use crate::generic::{Kernel, Lanes};

/// `u · sigmoid(β·u) · g` value by value.
pub(crate) struct SwishGate<'a> {
    /// `u`.
    pub up: &'a [f32],
    /// `g`.
    pub gate: &'a [f32],
    /// β, the steepness of the sigmoid.
    pub beta: f32,
    /// The same number of values.
    pub out: &'a mut [f32],
}

impl Kernel for SwishGate<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let (one, slope) = (lanes.splat(1.0), lanes.splat(-self.beta));
        for at in (0..self.out.len()).step_by(L::WIDTH) {
            let u = lanes.read(&self.up[at..]);
            let swish = lanes.div(u, lanes.add(one, exp(lanes, lanes.mul(slope, u))));
            lanes.write(&mut self.out[at..], lanes.mul(swish, lanes.read(&self.gate[at..])));
        }
    }
}

/// Gradients of [`SwishGate`]: with `s = sigmoid(β·u)` that of `u` is `grad · g · (s + β·u·s·(1 − s))`, that of `g` is
/// `grad · u · s`, and that of β the sum of `grad · g · u² · s · (1 − s)`.
pub(crate) struct SwishGateBackward<'a> {
    /// As in [`SwishGate`].
    pub up: &'a [f32],
    /// As in [`SwishGate`].
    pub gate: &'a [f32],
    /// As in [`SwishGate`].
    pub beta: f32,
    /// The gradient of the result.
    pub grad: &'a [f32],
    /// Overwritten.
    pub grad_up: &'a mut [f32],
    /// Overwritten.
    pub grad_gate: &'a mut [f32],
    /// The part of these values in the gradient of β, overwritten.
    pub grad_beta: &'a mut f32,
}

impl Kernel for SwishGateBackward<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let (one, slope, beta) = (lanes.splat(1.0), lanes.splat(-self.beta), lanes.splat(self.beta));
        let mut sum = lanes.splat(0.0);
        for at in (0..self.grad.len()).step_by(L::WIDTH) {
            let (u, g, grad) = (lanes.read(&self.up[at..]), lanes.read(&self.gate[at..]), lanes.read(&self.grad[at..]));
            let s = lanes.div(one, lanes.add(one, exp(lanes, lanes.mul(slope, u))));
            let us = lanes.mul(u, s);
            let bend = lanes.mul(us, lanes.sub(one, s)); // u·s·(1 − s)
            let through = lanes.mul(grad, g);
            lanes.write(&mut self.grad_up[at..], lanes.mul(through, lanes.fma(beta, bend, s)));
            lanes.write(&mut self.grad_gate[at..], lanes.mul(grad, us));
            sum = lanes.fma(lanes.mul(through, u), bend, sum);
        }
        *self.grad_beta = lanes.sum(sum);
    }
}

/// Coefficients of `1 − t·(…)·exp(−z²)` with `t = 1 / (1 + 0.3275911·z)`, which is `erf(z)` for `z ≥ 0` to 1.5e-7
/// (Abramowitz and Stegun, 7.1.26), highest power first.
const ERF: [f32; 5] = [1.061_405_4, -1.453_152, 1.421_413_7, -0.284_496_74, 0.254_829_6];

/// `grad · (Φ(x) + x·φ(x))`, in place of `grad`; the error is under 2e-7 of the incoming gradient.
pub(crate) struct GeluBackward<'a> {
    /// The input of the activation.
    pub x: &'a [f32],
    /// The same number of values.
    pub grad: &'a mut [f32],
}

impl Kernel for GeluBackward<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let (zero, one, half) = (lanes.splat(0.0), lanes.splat(1.0), lanes.splat(0.5));
        for (x, grad) in self.x.chunks(L::WIDTH).zip(self.grad.chunks_mut(L::WIDTH)) {
            // Beyond ±16 the result is 0 or x to the last bit, and infinities would be multiplied by zeros.
            let x = lanes.min(lanes.splat(16.0), lanes.max(lanes.splat(-16.0), lanes.read(x)));
            let z = lanes.mul(lanes.max(lanes.sub(zero, x), x), lanes.splat(std::f32::consts::FRAC_1_SQRT_2));
            let t = lanes.div(one, lanes.fma(z, lanes.splat(0.327_591_1), one));
            let mut series = lanes.splat(ERF[0]);
            for factor in &ERF[1..] {
                series = lanes.fma(series, t, lanes.splat(*factor));
            }
            let bell = exp(lanes, lanes.mul(lanes.mul(x, x), lanes.splat(-0.5)));
            let tail = lanes.mul(half, lanes.mul(lanes.mul(series, t), bell)); // Φ(−|x|)
            let sign = lanes.max(lanes.splat(-1.0), lanes.min(one, lanes.mul(lanes.splat(f32::MAX), x)));
            let below = lanes.fma(sign, lanes.sub(half, tail), half); // Φ(x)
            let density = lanes.mul(bell, lanes.splat(0.398_942_3)); // φ(x), 1 / √(2π) at zero
            let passed = lanes.mul(lanes.read(grad), lanes.fma(x, density, below));
            lanes.write(grad, passed);
        }
    }
}
