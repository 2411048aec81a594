//! The ribosome-load head on slices: convolutions along the sequence as products over windows of rows. f32 throughout;
//! the head is small.

use rayon::prelude::*;
use rinalmo_kernels::Level;
use rinalmo_kernels::linear::PackedF32;

use super::linear::Linear;
use super::{Precision, values};
use crate::batch::Packed;
use crate::config::NORM_EPSILON;

/// See [`crate::MrlHead`].
pub(super) struct MrlHead {
    project: Linear,
    blocks: Vec<[Convolution; 2]>,
    out: Linear,
    level: Level,
}

impl MrlHead {
    pub fn new(head: crate::MrlHead, level: Level) -> Self {
        let linear = |linear: crate::Linear| Linear::new(linear.weight, linear.bias, Precision::F32, level);
        Self {
            project: linear(head.project),
            blocks: head.blocks.into_iter().map(|block| [block.first, block.second].map(Convolution::new)).collect(),
            out: linear(head.out),
            level,
        }
    }

    /// # Shapes
    /// - hidden: `[rows, dim]`, special tokens included
    /// - returns: `[sequences]`
    ///
    /// # Panics
    /// If a sequence has more than `pad_to` tokens; callers check.
    pub fn forward(&self, hidden: &[f32], batch: &Packed, pad_to: usize) -> Vec<f32> {
        let dim = hidden.len() / batch.total().max(1);
        let spans: Vec<_> = batch.spans().collect();
        let means = spans.into_par_iter().map(|span| {
            let len = span.len();
            let mut rows = vec![0.0; pad_to * dim];
            rows[..len * dim].copy_from_slice(&hidden[span.start * dim..span.end * dim]);
            self.mean(self.project.forward(&rows), len)
        });
        let means: Vec<Vec<f32>> = means.collect();
        self.out.forward(&means.concat())
    }

    /// The mean over the first `len` positions of what the blocks make of a map `[pad_to, channels]`.
    fn mean(&self, mut map: Vec<f32>, len: usize) -> Vec<f32> {
        let channels = self.project.outputs();
        for [first, second] in &self.blocks {
            let inner = second.forward(&first.forward(&map, self.level), self.level);
            map.iter_mut().zip(&inner).for_each(|(sum, x)| *sum += x);
        }
        let mut mean = vec![0.0; channels];
        for row in map[..len * channels].chunks_exact(channels) {
            mean.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
        }
        mean.iter_mut().for_each(|sum| *sum /= len as f32);
        mean
    }
}

/// Convolution, instance norm, ELU.
struct Convolution {
    /// `[channels, kernel · channels]`
    packed: PackedF32,
    kernel: usize,
}

impl Convolution {
    fn new(convolution: crate::Convolution1d) -> Self {
        let [outputs, inputs, kernel] = convolution.weight.lazy_shape().dims();
        let weight = values(convolution.weight); // [outputs, inputs, kernel]
        let rows = (0..outputs).flat_map(|output| {
            let row = &weight[output * inputs * kernel..][..inputs * kernel];
            (0..kernel).flat_map(move |tap| row.iter().skip(tap).step_by(kernel).copied())
        });
        let rows: Vec<f32> = rows.collect(); // [outputs, kernel, inputs]
        let packed = PackedF32::pack(&rows, outputs, kernel * inputs).expect("a row holds `kernel` rows of inputs");
        Self { packed, kernel }
    }

    /// # Shapes
    /// - map and returns: `[len, channels]`
    fn forward(&self, map: &[f32], level: Level) -> Vec<f32> {
        let (channels, width) = (self.packed.outputs(), self.packed.inputs());
        let (len, padding) = (map.len() / channels, self.kernel / 2 * channels);
        let padded = [&vec![0.0; padding], map, &vec![0.0; padding]].concat();
        let windows: Vec<f32> = (0..len).flat_map(|at| &padded[at * channels..][..width]).copied().collect();
        let mut out = vec![0.0; map.len()];
        self.packed.forward(level, &windows, None, &mut out).expect("a window is as wide as a row of weights");
        for channel in 0..channels {
            norm_elu(out[channel..].iter_mut().step_by(channels), len);
        }
        out
    }
}

/// Normalizes one channel to mean 0 and variance 1, then applies ELU: `x` above 0 and `eˣ − 1` below.
fn norm_elu<'a>(channel: impl Iterator<Item = &'a mut f32>, len: usize) {
    let values: Vec<&mut f32> = channel.collect();
    let mean = values.iter().map(|x| f64::from(**x)).sum::<f64>() / len as f64;
    let variance = values.iter().map(|x| (f64::from(**x) - mean).powi(2)).sum::<f64>() / len as f64;
    let scale = 1.0 / (variance + NORM_EPSILON).sqrt();
    for x in values {
        let normed = ((f64::from(*x) - mean) * scale) as f32;
        *x = if normed > 0.0 { normed } else { normed.exp_m1() };
    }
}
