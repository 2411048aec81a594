//! The structure head on slices: two products of `len` rows, then the kernels' map of pairs.

use rinalmo_energy::{BuiltIn, Restraints};
use rinalmo_kernels::Level;
use rinalmo_kernels::pair_map::{Block, HeadBf16, HeadF32, Weights};

use super::linear::{Linear, data, slice};
use super::{Precision, values};
use crate::pair_features::{self, pair_features_within};

/// See [`crate::StructureHead`].
pub(super) struct StructureHead {
    /// Projection of each position for its row of the map, bias included.
    rows: Linear,
    /// Projection of each position for its column.
    columns: Linear,
    map: Map,
    /// Whether it uses features of pairs.
    features: bool,
    /// Energies whose ensemble its map has bonuses for.
    ensemble: Option<BuiltIn>,
    level: Level,
}

enum Map {
    F32(HeadF32),
    Bf16(HeadBf16),
}

impl StructureHead {
    /// Packs a head's weights. Maps are bf16 in every precision but f32, if the processor has dot products for bf16.
    pub fn new(head: crate::StructureHead, precision: Precision, level: Level) -> Self {
        let ensemble = head.ensemble;
        let [channels, both] = head.project.weight.lazy_shape().dims();
        let dim = both / 2;
        let projection = head.project.weight.into_value();
        let half = |first| burn::module::Param::from_tensor(projection.clone().narrow(1, first, dim));
        let rows = Linear::new(half(0), head.project.bias, precision, level);
        let columns = Linear::new(half(dim), None, precision, level);

        let kernel = head.out.weight.lazy_shape()[2];
        let filters = head.blocks.into_iter().map(|block| {
            let filter = |convolution: crate::Convolution2d| data(convolution.weight);
            [filter(block.squeeze), filter(block.spread), filter(block.expand)]
        });
        let filters: Vec<_> = filters.collect();
        let blocks = filters.iter().map(|[squeeze, spread, expand]| Block {
            squeeze: slice(squeeze),
            spread: slice(spread),
            expand: slice(expand),
        });
        let (out, bias) = (data(head.out.weight), head.out.bias.map_or(0.0, |bias| values(bias)[0]));
        let known = head.features.map(|features| values(features.weight)).unwrap_or_default();
        let weights = Weights { channels, kernel, features: &known, blocks: blocks.collect(), out: slice(&out), bias };
        let map = if precision != Precision::F32 && level.has_bf16() {
            HeadBf16::pack(&weights).map(Map::Bf16)
        } else {
            HeadF32::pack(&weights).map(Map::F32)
        };
        let map = map.expect("a head's tensors fit together");
        Self { rows, columns, map, features: !known.is_empty(), ensemble, level }
    }

    /// # Shapes
    /// - hidden: `[len, dim]`, special tokens already removed
    /// - bases: the sequence, of `len` letters
    /// - returns: `[len, len]`, logits or bonuses, symmetric, 0 on the diagonal
    pub fn forward(&self, hidden: &[f32], bases: &[u8], restraints: Restraints<'_>) -> Vec<f32> {
        let known = self.features.then(|| pair_features_within(bases, 0..bases.len(), restraints));
        let known = known.unwrap_or_default();
        let (rows, columns) = (self.rows.forward(hidden), self.columns.forward(hidden));
        let len = rows.len() / self.rows.outputs();
        let mut out = vec![0.0; len * len];
        match &self.map {
            Map::F32(map) => map.forward(self.level, &rows, &columns, &known, &mut out),
            Map::Bf16(map) => map.forward(self.level, &rows, &columns, &known, &mut out),
        }
        .expect("both projections and the result are of `len` positions");
        out
    }

    /// Energies whose ensemble its map has bonuses for.
    pub fn ensemble(&self) -> Option<BuiltIn> {
        self.ensemble
    }

    /// Peak memory in bytes for a sequence of `len` positions: the maps, and logits with their probabilities.
    pub fn memory(&self, len: usize) -> u64 {
        let maps = match &self.map {
            Map::F32(map) => map.memory(len),
            Map::Bf16(map) => map.memory(len),
        };
        other_memory(self.features, len).saturating_add(maps)
    }
}

/// Peak memory in bytes of a head of these sizes in f32, before it is built.
pub(crate) fn memory_of(channels: usize, blocks: usize, features: bool, len: usize) -> u64 {
    other_memory(features, len).saturating_add(HeadF32::memory_of(channels, blocks, features, len))
}

/// Bytes of the features of pairs, and of logits with their probabilities.
fn other_memory(features: bool, len: usize) -> u64 {
    let known = if features { pair_features::memory(len) } else { 0 };
    known + 8 * (len as u64).pow(2)
}
