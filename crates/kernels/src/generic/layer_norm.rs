//! Rows normalised to mean 0 and variance 1, then scaled and shifted.

use super::{Kernel, Lanes};

/// One thread's rows.
pub(crate) struct LayerNorm<'a> {
    /// `[rows, dim]`
    pub x: &'a [f32],
    /// `[dim]`, at least one.
    pub weight: &'a [f32],
    /// `[dim]`
    pub bias: &'a [f32],
    /// Added to the variance.
    pub eps: f32,
    /// `[rows, dim]`
    pub out: &'a mut [f32],
}

impl Kernel for LayerNorm<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let dim = self.weight.len();
        for (x, out) in self.x.chunks_exact(dim).zip(self.out.chunks_exact_mut(dim)) {
            norm_row(lanes, x, self.weight, self.bias, self.eps, out);
        }
    }
}

/// One row.
#[inline(always)]
pub(super) fn norm_row<L: Lanes>(lanes: L, x: &[f32], weight: &[f32], bias: &[f32], eps: f32, out: &mut [f32]) {
    let mean = mean(lanes, x);
    let scale = 1.0 / (variance(lanes, x, mean) + eps).sqrt();
    let (mean, scale) = (lanes.splat(mean), lanes.splat(scale));
    for at in (0..x.len()).step_by(L::WIDTH) {
        let centred = lanes.sub(lanes.read(&x[at..]), mean);
        let y = lanes.fma(lanes.mul(centred, scale), lanes.read(&weight[at..]), lanes.read(&bias[at..]));
        lanes.write(&mut out[at..], y);
    }
}

#[inline(always)]
pub(crate) fn mean<L: Lanes>(lanes: L, x: &[f32]) -> f32 {
    let mut sum = lanes.splat(0.0);
    for at in (0..x.len()).step_by(L::WIDTH) {
        sum = lanes.add(sum, lanes.read(&x[at..]));
    }
    lanes.sum(sum) / x.len() as f32
}

/// The mean of squared differences, not the mean of squares minus the squared mean, which would cancel.
#[inline(always)]
pub(crate) fn variance<L: Lanes>(lanes: L, x: &[f32], mean: f32) -> f32 {
    let mean = lanes.splat(mean);
    let mut sum = lanes.splat(0.0);
    for at in (0..x.len()).step_by(L::WIDTH) {
        let centred = lanes.keep(lanes.sub(lanes.read(&x[at..]), mean), x.len() - at);
        sum = lanes.fma(centred, centred, sum);
    }
    lanes.sum(sum) / x.len() as f32
}
