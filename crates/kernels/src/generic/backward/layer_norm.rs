//! Backward pass of layer norm. With `n = (x − mean) · scale` and `g = grad · weight` the gradient of the input is
//! `scale · (g − mean(g) − n · mean(g · n))`.

use crate::generic::layer_norm::{mean, variance};
use crate::generic::{Kernel, Lanes};

/// One thread's rows.
pub(crate) struct LayerNormBackward<'a> {
    /// `[rows, dim]`
    pub x: &'a [f32],
    /// `[dim]`, at least one.
    pub weight: &'a [f32],
    /// Added to the variance.
    pub eps: f32,
    /// `[rows, dim]`: the gradient of the result.
    pub grad: &'a [f32],
    /// `[rows, dim]`, overwritten.
    pub grad_x: &'a mut [f32],
    /// `[dim]`, added to.
    pub grad_weight: &'a mut [f32],
    /// `[dim]`, added to.
    pub grad_bias: &'a mut [f32],
}

impl Kernel for LayerNormBackward<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let dim = self.weight.len();
        let rows = self.x.chunks_exact(dim).zip(self.grad.chunks_exact(dim)).zip(self.grad_x.chunks_exact_mut(dim));
        for ((x, grad), grad_x) in rows {
            let centre = mean(lanes, x);
            let scale = 1.0 / (variance(lanes, x, centre) + self.eps).sqrt();
            let (centre, scale) = (lanes.splat(centre), lanes.splat(scale));
            let normal = |at: usize| lanes.mul(lanes.sub(lanes.read(&x[at..]), centre), scale);

            let (mut sum, mut product) = (lanes.splat(0.0), lanes.splat(0.0));
            for at in (0..dim).step_by(L::WIDTH) {
                let (n, grad) = (normal(at), lanes.read(&grad[at..]));
                let g = lanes.mul(grad, lanes.read(&self.weight[at..]));
                sum = lanes.add(sum, g);
                product = lanes.fma(g, lanes.keep(n, dim - at), product);
                let grad_weight = lanes.fma(grad, n, lanes.read(&self.grad_weight[at..]));
                lanes.write(&mut self.grad_weight[at..], grad_weight);
                let grad_bias = lanes.add(grad, lanes.read(&self.grad_bias[at..]));
                lanes.write(&mut self.grad_bias[at..], grad_bias);
            }
            let sum = lanes.splat(lanes.sum(sum) / dim as f32);
            let product = lanes.splat(lanes.sum(product) / dim as f32);
            for at in (0..dim).step_by(L::WIDTH) {
                let g = lanes.mul(lanes.read(&grad[at..]), lanes.read(&self.weight[at..]));
                let g = lanes.sub(lanes.sub(g, sum), lanes.mul(normal(at), product));
                lanes.write(&mut grad_x[at..], lanes.mul(g, scale));
            }
        }
    }
}
