//! Means and variances of channels, collected piece by piece, and the normalisation of a map by them.
//!
//! For each piece of pixels the mean is computed first, then the squares about it, in f32. Pieces are merged in f64
//! (Chan, Golub and LeVeque, 1979). So no digits cancel, however far from zero a channel is.

use super::exp::exp;
use super::{Kernel, Lanes};
use crate::instance_norm::{Activation, Moments, Norm};

/// Most pixels whose moments are computed at once: few enough to be summed in f32 and to stay in the cache.
pub(crate) const CHUNK: usize = 48;

/// Vectors of channels that are processed together, so that one sum does not wait for another.
const VECTORS: usize = 4;

impl Moments {
    /// Adds some pixels, `values [pixels, channels]`, at least one and at most [`CHUNK`].
    #[inline(always)]
    pub fn add<L: Lanes>(&mut self, lanes: L, values: &[f32]) {
        let channels = self.mean.len();
        let mut first = 0;
        while first < channels {
            first += match (channels - first) / L::WIDTH {
                VECTORS.. => self.strip::<L, VECTORS>(lanes, values, first),
                _ => self.strip::<L, 1>(lanes, values, first),
            };
        }
        self.count += (values.len() / channels) as f64;
    }

    /// [`Self::add`] for `V` vectors of channels; returns how many channels that are.
    #[inline(always)]
    fn strip<L: Lanes, const V: usize>(&mut self, lanes: L, values: &[f32], first: usize) -> usize {
        let channels = self.mean.len();
        // A constant for the compiler where it matters: a strip of several vectors is complete.
        let width = if V > 1 { V * L::WIDTH } else { L::WIDTH.min(channels - first) };
        let pixels = (values.len() / channels) as f32;
        let mut means = [lanes.splat(0.0); V];
        for pixel in values.chunks_exact(channels) {
            let strip = &pixel[first..][..width];
            for (v, sum) in means.iter_mut().enumerate() {
                *sum = lanes.add(*sum, lanes.read(&strip[v * L::WIDTH..]));
            }
        }
        for mean in &mut means {
            *mean = lanes.div(*mean, lanes.splat(pixels));
        }
        let mut squares = [lanes.splat(0.0); V];
        for pixel in values.chunks_exact(channels) {
            let strip = &pixel[first..][..width];
            for (v, (sum, mean)) in squares.iter_mut().zip(means).enumerate() {
                let centred = lanes.sub(lanes.read(&strip[v * L::WIDTH..]), mean);
                *sum = lanes.fma(centred, centred, *sum);
            }
        }
        let (mut mean, mut square) = ([0.0; 64], [0.0; 64]);
        for v in 0..V {
            lanes.write(&mut mean[v * L::WIDTH..], means[v]);
            lanes.write(&mut square[v * L::WIDTH..], squares[v]);
        }
        let (share, weight) = self.weights(f64::from(pixels));
        let kept = self.mean[first..][..width].iter_mut().zip(&mut self.squares[first..][..width]);
        for ((kept_mean, kept_squares), (mean, square)) in kept.zip(mean.iter().zip(&square)) {
            let apart = f64::from(*mean) - *kept_mean;
            *kept_mean += apart * share;
            *kept_squares += f64::from(*square) + apart * apart * weight;
        }
        width
    }
}

impl Norm {
    /// Normalises pixels `[pixels, channels]` in place and sets values below zero to zero; NaN stays NaN.
    /// Channels are whole vectors.
    #[inline(always)]
    pub fn relu<L: Lanes>(&self, lanes: L, values: &mut [f32]) {
        let zero = lanes.splat(0.0);
        for pixel in values.chunks_exact_mut(self.mean.len()) {
            let norm = self.mean.chunks_exact(L::WIDTH).zip(self.scale.chunks_exact(L::WIDTH));
            for (x, (mean, scale)) in pixel.chunks_exact_mut(L::WIDTH).zip(norm) {
                let centred = lanes.sub(lanes.read(x), lanes.read(mean));
                lanes.write(x, lanes.max(zero, lanes.mul(centred, lanes.read(scale))));
            }
        }
    }
}

/// Adds the pixels of a piece to its moments.
pub(crate) struct Gather<'a> {
    /// `[pixels, channels]`
    pub x: &'a [f32],
    pub moments: &'a mut Moments,
}

impl Kernel for Gather<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        for values in self.x.chunks(CHUNK * self.moments.mean.len()) {
            self.moments.add(lanes, values);
        }
    }
}

/// Norm, then activation.
pub(crate) struct Forward<'a> {
    /// `[pixels, channels]`
    pub x: &'a [f32],
    /// `[2, channels]`
    pub statistics: &'a [f32],
    pub activation: Activation,
    /// `[pixels, channels]`
    pub out: &'a mut [f32],
}

impl Kernel for Forward<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let channels = self.statistics.len() / 2;
        for (x, out) in self.x.chunks_exact(channels).zip(self.out.chunks_exact_mut(channels)) {
            for at in (0..channels).step_by(L::WIDTH) {
                let normed = normed(lanes, x, self.statistics, at);
                let curved = match self.activation {
                    Activation::Relu => lanes.max(lanes.splat(0.0), normed),
                    Activation::Elu => {
                        let below = lanes.sub(exp(lanes, lanes.min(lanes.splat(0.0), normed)), lanes.splat(1.0));
                        lanes.add(lanes.max(lanes.splat(0.0), normed), below)
                    }
                };
                lanes.write(&mut out[at..], curved);
            }
        }
    }
}

/// `(x − mean) · scale` of a vector of channels.
#[inline(always)]
fn normed<L: Lanes>(lanes: L, x: &[f32], statistics: &[f32], at: usize) -> L::V {
    let (mean, scale) = statistics.split_at(x.len());
    lanes.mul(lanes.sub(lanes.read(&x[at..]), lanes.read(&mean[at..])), lanes.read(&scale[at..]))
}

/// The gradient of the activation's input.
#[inline(always)]
fn straight<L: Lanes>(lanes: L, activation: Activation, normed: L::V, grad: L::V) -> L::V {
    /// 2¹²⁶: times this, every positive normal number is 1 or more.
    const LARGE: f32 = 8.507_059e37;
    let (zero, one) = (lanes.splat(0.0), lanes.splat(1.0));
    let slope = match activation {
        Activation::Relu => lanes.min(one, lanes.max(zero, lanes.mul(normed, lanes.splat(LARGE)))),
        Activation::Elu => exp(lanes, lanes.min(zero, normed)),
    };
    lanes.mul(grad, slope)
}

/// Sums over the pixels of a piece for the gradient of a norm.
pub(crate) struct GradientSums<'a> {
    /// `[pixels, channels]`
    pub x: &'a [f32],
    /// `[2, channels]`
    pub statistics: &'a [f32],
    pub activation: Activation,
    /// `[pixels, channels]`
    pub grad: &'a [f32],
    /// `[2, channels]`, zeros: sums of the gradient before the activation, and of its products with the normalised
    /// values.
    pub sums: &'a mut [f64],
}

impl Kernel for GradientSums<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let channels = self.statistics.len() / 2;
        let (sums, products) = self.sums.split_at_mut(channels);
        for (x, grad) in self.x.chunks(CHUNK * channels).zip(self.grad.chunks(CHUNK * channels)) {
            for at in (0..channels).step_by(L::WIDTH) {
                let (mut sum, mut product) = (lanes.splat(0.0), lanes.splat(0.0));
                for (x, grad) in x.chunks_exact(channels).zip(grad.chunks_exact(channels)) {
                    let normed = normed(lanes, x, self.statistics, at);
                    let grad = straight(lanes, self.activation, normed, lanes.read(&grad[at..]));
                    sum = lanes.add(sum, grad);
                    product = lanes.fma(grad, normed, product);
                }
                let (mut values, width) = ([0.0; 16], L::WIDTH.min(channels - at));
                for (v, to) in [(sum, &mut sums[at..at + width]), (product, &mut products[at..at + width])] {
                    lanes.write(&mut values, v);
                    to.iter_mut().zip(values).for_each(|(to, value)| *to += f64::from(value));
                }
            }
        }
    }
}

/// `grad_x = scale · (g − mean of g − normed · mean of (g · normed))`, `g` the gradient before the activation.
pub(crate) struct Backward<'a> {
    /// `[pixels, channels]`
    pub x: &'a [f32],
    /// `[2, channels]`
    pub statistics: &'a [f32],
    pub activation: Activation,
    /// `[pixels, channels]`
    pub grad: &'a [f32],
    /// `[2, channels]`: the two means.
    pub means: &'a [f32],
    /// `[pixels, channels]`
    pub grad_x: &'a mut [f32],
}

impl Kernel for Backward<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let channels = self.statistics.len() / 2;
        let rows = self.x.chunks_exact(channels).zip(self.grad.chunks_exact(channels));
        for ((x, grad), to) in rows.zip(self.grad_x.chunks_exact_mut(channels)) {
            for at in (0..channels).step_by(L::WIDTH) {
                let normed = normed(lanes, x, self.statistics, at);
                let grad = straight(lanes, self.activation, normed, lanes.read(&grad[at..]));
                let (mean, product) = self.means.split_at(channels);
                let along = lanes.mul(normed, lanes.read(&product[at..]));
                let across = lanes.sub(lanes.sub(grad, lanes.read(&mean[at..])), along);
                lanes.write(&mut to[at..], lanes.mul(across, lanes.read(&self.statistics[channels + at..])));
            }
        }
    }
}
