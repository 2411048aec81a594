//! The activations of the feed-forward layers: swish gate and GELU.

use super::exp::exp;
use super::{Kernel, Lanes};

/// One thread's rows of `u · sigmoid(β·u) · g`.
pub(crate) struct SwishGate<'a> {
    /// `[rows, 2 · width]`: `u`, then `g`.
    pub fused: &'a [f32],
    /// Values in each of the two, at least one.
    pub width: usize,
    /// β, the steepness of the sigmoid.
    pub beta: f32,
    /// `[rows, width]`
    pub out: &'a mut [f32],
}

impl Kernel for SwishGate<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let slope = lanes.splat(-self.beta);
        for (row, out) in self.fused.chunks_exact(2 * self.width).zip(self.out.chunks_exact_mut(self.width)) {
            let (u, gate) = row.split_at(self.width);
            for at in (0..self.width).step_by(L::WIDTH) {
                let swish = swish(lanes, lanes.read(&u[at..]), slope);
                lanes.write(&mut out[at..], lanes.mul(swish, lanes.read(&gate[at..])));
            }
        }
    }
}

/// `u / (1 + exp(slope · u))`, `slope` being `−β`.
#[inline(always)]
pub(super) fn swish<L: Lanes>(lanes: L, u: L::V, slope: L::V) -> L::V {
    lanes.div(u, lanes.add(lanes.splat(1.0), exp(lanes, lanes.mul(slope, u))))
}

/// From here on the normal distribution's tail is zero in f32.
const NO_TAIL: f32 = 16.0;

/// `Q(a) · exp(a²/2) / t` with `t = 1 / (1 + a/4)`, as a polynomial in `2.5·t − 1.5` from the highest power down.
///
/// `Q` is the upper tail of the normal distribution. Interpolated at the ten Chebyshev nodes of
/// `0 ≤ a ≤ 16`, where the largest relative error is 1.5e-8.
const TAIL: [f32; 10] = [
    4.366_180_3e-6,
    1.733_378_1e-5,
    -5.712_195_4e-5,
    -3.549_862e-4,
    1.717_452_4e-4,
    0.006_697_561,
    0.030_363_007,
    0.082_248_9,
    0.157_423_97,
    0.223_485_23,
];

/// `x · Φ(x)`, in place.
pub(crate) struct Gelu<'a>(pub &'a mut [f32]);

impl Kernel for Gelu<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        for x in self.0.chunks_mut(L::WIDTH) {
            let v = lanes.read(x);
            lanes.write(x, gelu(lanes, v));
        }
    }
}

/// `max(x, 0) − |x| · Q(|x|)`, which is `x · Φ(x)` on both sides of zero and cancels on neither.
#[inline(always)]
fn gelu<L: Lanes>(lanes: L, x: L::V) -> L::V {
    let zero = lanes.splat(0.0);
    let size = lanes.min(lanes.splat(NO_TAIL), lanes.max(lanes.sub(zero, x), x));
    let t = lanes.div(lanes.splat(1.0), lanes.fma(size, lanes.splat(0.25), lanes.splat(1.0)));
    let at = lanes.fma(t, lanes.splat(2.5), lanes.splat(-1.5));
    let mut series = lanes.splat(TAIL[0]);
    for factor in &TAIL[1..] {
        series = lanes.fma(series, at, lanes.splat(*factor));
    }
    let bell = exp(lanes, lanes.mul(lanes.mul(size, size), lanes.splat(-0.5)));
    let tail = lanes.mul(lanes.mul(series, t), bell);
    lanes.sub(lanes.max(zero, x), lanes.mul(size, tail))
}
