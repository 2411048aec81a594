//! The convolutional network on slices: convolutions as products over windows of rows, one sequence at a time. f32
//! throughout; the network is small.

use burn::tensor::TensorData;
use rayon::prelude::*;
use rinalmo_kernels::Level;
use rinalmo_kernels::linear::PackedF32;

use super::linear::{Linear, data, slice};
use super::{Precision, values};
use crate::batch::Packed;
use crate::cnn::{CnnConfig, CnnGather, CnnInput};
use crate::heads::{one_hot, padding};

/// See [`crate::CnnHead`].
pub(super) struct CnnHead {
    layers: Vec<Layer>,
    dense: Vec<Linear>,
    config: CnnConfig,
    level: Level,
}

impl CnnHead {
    pub fn new(head: crate::CnnHead, level: Level) -> Self {
        let linear = |linear: crate::Linear| Linear::new(linear.weight, linear.bias, Precision::F32, level);
        let layers = head.layers.into_iter().zip(&head.config.layers);
        Self {
            layers: layers.map(|(layer, size)| Layer::new(layer, size.pool)).collect(),
            dense: head.dense.into_iter().map(linear).collect(),
            config: head.config,
            level,
        }
    }

    /// # Shapes
    /// - hidden: `[rows, dim]`, special tokens included
    /// - returns: `[sequences, outputs]`
    ///
    /// # Panics
    /// If a sequence has a length that the network does not accept; callers check.
    pub fn forward(&self, hidden: &[f32], batch: &Packed) -> Vec<f32> {
        let dim = hidden.len() / batch.total().max(1);
        let bases: Vec<_> = batch.bases().collect();
        let each = bases.into_par_iter().map(|bases| {
            let window = self.config.window;
            self.outputs(match self.config.input {
                CnnInput::Letters => one_hot(&batch.tokens()[bases], window),
                CnnInput::Encoder => {
                    let zeros = vec![0.0; padding(window, bases.len()) * dim];
                    [&zeros, &hidden[bases.start * dim..bases.end * dim]].concat()
                }
            })
        });
        each.collect::<Vec<Vec<f32>>>().concat()
    }

    /// The outputs of one window `[window, channels]`.
    fn outputs(&self, mut map: Vec<f32>) -> Vec<f32> {
        for layer in &self.layers {
            map = layer.forward(&map, self.level);
        }
        let filters = self.layers.last().map_or(1, |layer| layer.packed.outputs());
        let mut row = gathered(map, filters, self.config.gather);
        let last = self.dense.len() - 1; // the outputs are always there
        for (place, dense) in self.dense.iter().enumerate() {
            row = dense.forward(&row);
            if place < last {
                relu(&mut row);
            }
        }
        row
    }
}

/// One vector of a map `[positions, filters]`.
fn gathered(map: Vec<f32>, filters: usize, gather: CnnGather) -> Vec<f32> {
    let positions = (map.len() / filters) as f32;
    let columns = (0..filters).map(|filter| map.iter().skip(filter).step_by(filters).copied());
    match gather {
        CnnGather::Flatten => map,
        CnnGather::Mean => columns.map(|column| column.sum::<f32>() / positions).collect(),
        CnnGather::Max => columns.map(|column| column.fold(f32::NEG_INFINITY, highest)).collect(),
    }
}

/// The larger of two numbers, NaN if one of them is.
fn highest(a: f32, b: f32) -> f32 {
    if a > b || a.is_nan() { a } else { b }
}

/// Negative values become 0; NaN stays.
fn relu(values: &mut [f32]) {
    values.iter_mut().filter(|x| **x < 0.0).for_each(|x| *x = 0.0);
}

/// Convolution, ReLU, pooling.
struct Layer {
    /// `[filters, kernel · channels]`
    packed: PackedF32,
    bias: Vec<f32>,
    kernel: usize,
    pool: usize,
}

impl Layer {
    fn new(layer: crate::Convolution1d, pool: usize) -> Self {
        let [filters, channels, kernel] = layer.weight.lazy_shape().dims();
        let weight: TensorData = data(layer.weight); // [filters, channels, kernel]
        let rows = (0..filters).flat_map(|filter| {
            let row = &slice(&weight)[filter * channels * kernel..][..channels * kernel];
            (0..kernel).flat_map(move |tap| row.iter().skip(tap).step_by(kernel).copied())
        });
        let rows: Vec<f32> = rows.collect(); // [filters, kernel, channels]
        let packed = PackedF32::pack(&rows, filters, kernel * channels).expect("a row holds `kernel` rows of channels");
        Self { packed, bias: layer.bias.map_or_else(|| vec![0.0; filters], values), kernel, pool }
    }

    /// # Shapes
    /// - map: `[positions, channels]`
    /// - returns: `[⌊positions / pool⌋, filters]`
    fn forward(&self, map: &[f32], level: Level) -> Vec<f32> {
        let (filters, width) = (self.packed.outputs(), self.packed.inputs());
        let channels = width / self.kernel;
        let positions = map.len() / channels;
        let (before, after) = ((self.kernel - 1) / 2 * channels, self.kernel / 2 * channels);
        let padded = [&vec![0.0; before], map, &vec![0.0; after]].concat();
        let mut windows = Vec::with_capacity(positions * width);
        (0..positions).for_each(|at| windows.extend_from_slice(&padded[at * channels..][..width]));
        let mut out = vec![0.0; positions * filters];
        let fits = "a window is as wide as a row of weights";
        self.packed.forward(level, &windows, Some(&self.bias), &mut out).expect(fits);
        relu(&mut out);
        if self.pool == 1 { out } else { self.pooled(&out, filters) }
    }

    /// The maximum of every `pool` neighbouring positions.
    fn pooled(&self, map: &[f32], filters: usize) -> Vec<f32> {
        let neighbours = map.chunks_exact(self.pool * filters);
        let mut out = Vec::with_capacity(map.len() / self.pool);
        for rows in neighbours {
            out.extend(
                (0..filters)
                    .map(|filter| rows.iter().skip(filter).step_by(filters).copied().fold(f32::NEG_INFINITY, highest)),
            );
        }
        out
    }
}
