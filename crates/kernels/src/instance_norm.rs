//! Instance norm: every channel of a map normalised to mean 0 and variance 1, with an activation after it; and its
//! backward pass, for training.

use rayon::prelude::*;

use crate::error::check_length;
use crate::generic::instance_norm::{Backward, CHUNK, Forward, Gather, GradientSums};
use crate::{Error, Level};

const OP: &str = "instance norm";

/// Pixels per piece of a thread's work; the pieces' moments are merged in order.
const PIECE: usize = 16 * CHUNK;

/// The activation after the norm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// `max(x, 0)`
    Relu,
    /// `x` above 0, `eˣ − 1` below.
    Elu,
}

/// `out = activation((x − mean) / √(variance + eps))`, with the mean and variance of each channel of each item.
///
/// # Shapes
/// - x: `[items, pixels, channels]`
/// - statistics: `[items, 2, channels]`, overwritten: means, then the factors of the differences from them
/// - out: as x, overwritten
///
/// # Errors
/// If a slice has another length, or a size is zero.
#[allow(clippy::too_many_arguments, reason = "sizes and what the backward pass needs again")]
pub fn instance_norm(
    level: Level,
    x: &[f32],
    items: usize,
    channels: usize,
    eps: f32,
    activation: Activation,
    statistics: &mut [f32],
    out: &mut [f32],
) -> Result<(), Error> {
    let item = check(x, items, channels, statistics)?;
    check_length(OP, "out", x.len(), out.len())?;
    let each = statistics.par_chunks_exact_mut(2 * channels);
    each.zip(x.par_chunks_exact(item)).zip(out.par_chunks_exact_mut(item)).for_each(|((statistics, x), out)| {
        let parts: Vec<Moments> = x
            .par_chunks(PIECE * channels)
            .map(|x| {
                let mut moments = Moments::new(channels);
                level.run(Gather { x, moments: &mut moments });
                moments
            })
            .collect();
        if let Some(moments) = Moments::merge(parts) {
            let norm = moments.norm(eps);
            statistics[..channels].copy_from_slice(&norm.mean);
            statistics[channels..].copy_from_slice(&norm.scale);
        }
        let statistics = &*statistics;
        x.par_chunks(PIECE * channels).zip(out.par_chunks_mut(PIECE * channels)).for_each(|(x, out)| {
            level.run(Forward { x, statistics, activation, out });
        });
    });
    Ok(())
}

/// The gradient of [`instance_norm`] with respect to `x`.
///
/// # Shapes
/// - x, statistics: the forward pass's input and the statistics it wrote
/// - grad, grad_x: as x; `grad_x` is overwritten
///
/// # Errors
/// If a slice has another length, or a size is zero.
#[allow(clippy::too_many_arguments, reason = "sizes and the statistics of the forward pass")]
pub fn instance_norm_backward(
    level: Level,
    x: &[f32],
    items: usize,
    channels: usize,
    activation: Activation,
    statistics: &[f32],
    grad: &[f32],
    grad_x: &mut [f32],
) -> Result<(), Error> {
    let item = check(x, items, channels, statistics)?;
    check_length(OP, "grad", x.len(), grad.len())?;
    check_length(OP, "grad_x", x.len(), grad_x.len())?;
    let each = statistics.par_chunks_exact(2 * channels).zip(x.par_chunks_exact(item));
    each.zip(grad.par_chunks_exact(item)).zip(grad_x.par_chunks_exact_mut(item)).for_each(
        |(((s, x), grad), grad_x)| {
            let pieces = || x.par_chunks(PIECE * channels).zip(grad.par_chunks(PIECE * channels));
            let parts: Vec<Vec<f64>> = pieces()
                .map(|(x, grad)| {
                    let mut sums = vec![0.0; 2 * channels];
                    level.run(GradientSums { x, statistics: s, activation, grad, sums: &mut sums });
                    sums
                })
                .collect();
            let pixels = (item / channels) as f64;
            let mean = |channel: usize| (parts.iter().map(|sums| sums[channel]).sum::<f64>() / pixels) as f32;
            let means: Vec<f32> = (0..2 * channels).map(mean).collect();
            pieces().zip(grad_x.par_chunks_mut(PIECE * channels)).for_each(|((x, grad), grad_x)| {
                level.run(Backward { x, statistics: s, activation, grad, means: &means, grad_x });
            });
        },
    );
    Ok(())
}

/// Values per item.
fn check(x: &[f32], items: usize, channels: usize, statistics: &[f32]) -> Result<usize, Error> {
    if items == 0 || channels == 0 || x.is_empty() {
        let reason = format!("{items} items of {channels} channels cannot be normalised over {} values", x.len());
        return Err(Error::Size { op: OP, reason });
    }
    let item = x.len() / (items * channels) * channels;
    check_length(OP, "x", items * item.max(channels), x.len())?;
    check_length(OP, "statistics", items * 2 * channels, statistics.len())?;
    Ok(item)
}

/// Means of channels, and sums of squares about them.
#[derive(Clone)]
pub(crate) struct Moments {
    pub(crate) count: f64,
    /// `[channels]`
    pub(crate) mean: Vec<f64>,
    /// `[channels]`
    pub(crate) squares: Vec<f64>,
}

impl Moments {
    /// Moments of no pixels.
    pub fn new(channels: usize) -> Self {
        Self { count: 0.0, mean: vec![0.0; channels], squares: vec![0.0; channels] }
    }

    /// The weights of `count` more pixels: how far the mean moves towards theirs, and what their distance adds to the
    /// squares.
    #[inline(always)]
    pub(crate) fn weights(&self, count: f64) -> (f64, f64) {
        let share = count / (self.count + count);
        (share, self.count * share)
    }

    /// The moments of all `parts` together, merged in order; at least one part.
    pub fn merge(parts: impl IntoIterator<Item = Self>) -> Option<Self> {
        parts.into_iter().reduce(|mut sum, part| {
            let (share, weight) = sum.weights(part.count);
            let kept = sum.mean.iter_mut().zip(&mut sum.squares);
            for ((mean, squares), (other, more)) in kept.zip(part.mean.iter().zip(&part.squares)) {
                let apart = other - *mean;
                *mean += apart * share;
                *squares += more + apart * apart * weight;
            }
            sum.count += part.count;
            sum
        })
    }

    /// Normalises each channel to mean 0 and variance 1.
    pub fn norm(&self, eps: f32) -> Norm {
        let scale = |squares: &f64| (1.0 / (squares / self.count + f64::from(eps)).sqrt()) as f32;
        Norm {
            mean: self.mean.iter().map(|&mean| mean as f32).collect(),
            scale: self.squares.iter().map(scale).collect(),
        }
    }
}

/// `y = (x − mean) · scale`, channel by channel.
#[derive(Clone)]
pub(crate) struct Norm {
    /// `[channels]`
    pub mean: Vec<f32>,
    /// `[channels]`: `1 / √(variance + eps)`
    pub scale: Vec<f32>,
}
