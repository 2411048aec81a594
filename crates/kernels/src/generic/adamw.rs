//! One step of AdamW, and sums of squares.

use super::{Kernel, Lanes};

/// One thread's values.
pub(crate) struct Step<'a> {
    pub parameter: &'a mut [f32],
    pub grad: &'a [f32],
    /// The first moment.
    pub first: &'a mut [f32],
    /// The second moment.
    pub second: &'a mut [f32],
    pub grad_scale: f32,
    pub beta1: f32,
    pub beta2: f32,
    pub epsilon: f32,
    /// The learning rate divided by the first moment's bias correction.
    pub rate: f32,
    /// The inverse root of the second moment's bias correction.
    pub root: f32,
    /// The fraction of a parameter that remains after weight decay.
    pub keep: f32,
}

impl Kernel for Step<'_> {
    /// Values are independent, so the compiler vectorises the loop, square roots included.
    #[inline(always)]
    fn run<L: Lanes>(self, _lanes: L) {
        let values = self.parameter.iter_mut().zip(self.grad);
        for ((p, g), (m, v)) in values.zip(self.first.iter_mut().zip(self.second)) {
            let g = g * self.grad_scale;
            *m = self.beta1 * *m + (1.0 - self.beta1) * g;
            *v = self.beta2 * *v + (1.0 - self.beta2) * g * g;
            *p = *p * self.keep - self.rate * *m / (v.sqrt() * self.root + self.epsilon);
        }
    }
}

/// The sum of squares of one piece.
pub(crate) struct SumOfSquares<'a> {
    pub x: &'a [f32],
    /// Overwritten.
    pub sum: &'a mut f32,
}

impl Kernel for SumOfSquares<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let mut sum = lanes.splat(0.0);
        for at in (0..self.x.len()).step_by(L::WIDTH) {
            let x = lanes.read(&self.x[at..]);
            sum = lanes.fma(x, x, sum);
        }
        *self.sum = lanes.sum(sum);
    }
}
