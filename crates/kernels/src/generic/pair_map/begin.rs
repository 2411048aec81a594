//! The first pass of a head with features of pairs: an outer sum plus the weighted features.

use super::{Outer, Scratch, Size};
use crate::Level;
use crate::generic::cell::Cell;
use crate::generic::filter::{Convolve, Filter, Lines};
use crate::generic::instance_norm::CHUNK;
use crate::generic::{Kernel, Lanes};
use crate::instance_norm::Moments;

/// `map_ij = rows_i + columns_j + Σ_f features_ijf · weights_f`, stored, and the moments of the output of the first
/// block's first convolution.
pub(crate) struct Begin<'a, T> {
    pub level: Level,
    pub size: Size,
    pub outer: Outer<'a>,
    /// `[len, len, features]`
    pub features: &'a [f32],
    /// `[features, channels]`
    pub weights: &'a [f32],
    /// The first block's first convolution, if there is a block.
    pub squeeze: Option<Filter<'a, T>>,
    /// The band's first row.
    pub first: usize,
    /// The band, overwritten.
    pub map: &'a mut [T],
    /// The band's moments are added to these.
    pub moments: &'a mut Moments,
    pub scratch: &'a mut Scratch<T>,
}

impl<T: Cell> Kernel for Begin<'_, T> {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let (size, depth) = (self.size, self.size.depth::<T>());
        let count = self.weights.len() / size.channels;
        for (row, cells) in self.map.chunks_exact_mut(size.row::<T>()).enumerate() {
            let row = self.first + row;
            for columns in size.pieces(CHUNK) {
                let cells = &mut cells[columns.start * depth..columns.end * depth];
                let values = &mut self.scratch.values[..columns.len() * size.channels];
                let pairs = row * size.len + columns.start..row * size.len + columns.end;
                self.outer.read(lanes, size, row, columns, values);
                let features = self.features[pairs.start * count..pairs.end * count].chunks_exact(count);
                for (values, features) in values.chunks_exact_mut(size.channels).zip(features) {
                    add_features(lanes, values, features, self.weights);
                }
                T::narrow(lanes, values, cells);
                if let Some(filter) = self.squeeze {
                    let (lines, out) = (Lines::one(&*cells), &mut *values);
                    self.level.run(Convolve { filter, lines, at: 0, bias: None, out });
                    self.moments.add(lanes, values);
                }
            }
        }
    }
}

/// `values += Σ_f features_f · weights_f`
#[inline(always)]
fn add_features<L: Lanes>(lanes: L, values: &mut [f32], features: &[f32], weights: &[f32]) {
    let channels = values.len();
    for (index, values) in values.chunks_exact_mut(L::WIDTH).enumerate() {
        let mut sum = lanes.read(values);
        for (&feature, weights) in features.iter().zip(weights.chunks_exact(channels)) {
            sum = lanes.fma(lanes.splat(feature), lanes.read(&weights[index * L::WIDTH..][..L::WIDTH]), sum);
        }
        lanes.write(values, sum);
    }
}
