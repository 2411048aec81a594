//! Base-pair logits for every pair of positions: RiNALMo, Methods "Secondary structure".
//!
//! The paper projects the concatenation `[r_i ; r_j]` of every pair down to 64 channels. By
//! linearity that is `(W_a r_i + b) + W_b r_j`: two products of `len` rows and a broadcast sum,
//! so the `2·dim × len²` tensor is never built.

use burn::module::Module;
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor, TensorData};
use rinalmo_energy::{BuiltIn, Restraints};

use crate::layers::{Convolution2d, Linear, instance_norm};
use crate::ops;
use crate::pair_features::{PAIR_FEATURES, pair_features_within};

/// Projection of pairs → bottleneck blocks → 3×3 convolution → symmetric map.
#[derive(Module, Debug)]
pub struct StructureHead {
    /// `[channels, 2·dim]`: the left half acts on `i`, the right half on `j`.
    pub project: Linear,
    /// `[channels, features]`: the projection of features of pairs, if the head uses them.
    pub features: Option<Linear>,
    /// Bottleneck blocks.
    pub blocks: Vec<StructureBlock>,
    /// `[1, channels, kernel, kernel]`
    pub out: Convolution2d,
    /// Energies whose ensemble the map has bonuses for: see [`crate::in_ensemble`].
    #[module(skip)]
    pub ensemble: Option<BuiltIn>,
}

impl StructureHead {
    /// A fresh head for an encoder of width `dim`.
    pub fn new(dim: usize, channels: usize, blocks: usize, kernel: usize, device: &Device) -> Self {
        Self {
            project: Linear::new(2 * dim, channels, device),
            features: None,
            blocks: (0..blocks).map(|_| StructureBlock::new(channels, kernel, device)).collect(),
            out: Convolution2d::with_bias(channels, 1, kernel, device),
            ensemble: None,
        }
    }

    /// The same head with [`pair_features`](crate::pair_features()).
    #[must_use]
    pub fn with_features(self, device: &Device) -> Self {
        let channels = self.project.weight.lazy_shape()[0];
        Self { features: Some(Linear::without_bias(PAIR_FEATURES, channels, device)), ..self }
    }

    /// The same head with a map of bonuses in the ensemble of these energies.
    #[must_use]
    pub fn within(self, ensemble: Option<BuiltIn>) -> Self {
        Self { ensemble, ..self }
    }

    /// The map of one sequence, logits of all pairs or bonuses in an ensemble: `S = triu(f) + triu(f)ᵀ`, symmetric by construction
    /// and 0 on the diagonal.
    ///
    /// # Shapes
    /// - hidden: `[len, dim]`, special tokens already removed
    /// - bases: the sequence, of `len` letters
    /// - returns: `[len, len]`
    pub fn forward(&self, hidden: Tensor<2>, bases: &[u8]) -> Tensor<2> {
        self.forward_within(hidden, bases, 0)
    }

    /// The same for a window of a sequence. The features of its pairs are those of the whole sequence.
    ///
    /// # Shapes
    /// - hidden: `[len, dim]`, of the window
    /// - bases: the whole sequence, of `start + len` letters or more
    /// - returns: `[len, len]`
    pub fn forward_within(&self, hidden: Tensor<2>, bases: &[u8], start: usize) -> Tensor<2> {
        self.forward_under(hidden, bases, start, Restraints::default())
    }

    /// As [`StructureHead::forward_within`], with features of pairs from the energy model's ensemble under restraints.
    pub fn forward_under(
        &self,
        hidden: Tensor<2>,
        bases: &[u8],
        start: usize,
        restraints: Restraints<'_>,
    ) -> Tensor<2> {
        let len = hidden.dims()[0];
        let known = self.features.as_ref().map(|features| {
            let values = pair_features_within(bases, start..start + len, restraints);
            let values = TensorData::new(values, [len * len, PAIR_FEATURES]);
            features.forward(Tensor::from_data(values, &hidden.device())) // [len², channels]
        });
        if ops::has_kernels(&hidden) {
            return mirrored(self.pixels(hidden, known));
        }
        let mut map = self.pairs(hidden);
        if let Some(known) = known {
            let channels = map.dims()[1];
            map = map + known.transpose().reshape([1, channels, len, len]);
        }
        for block in &self.blocks {
            map = block.forward(map);
        }
        mirrored(self.out.forward(map).reshape([len, len]))
    }

    /// The same with the map as pixels × channels, so that every convolution is a product of matrices.
    ///
    /// # Shapes
    /// - known: `[len², channels]`
    /// - returns: `[len, len]`
    fn pixels(&self, hidden: Tensor<2>, known: Option<Tensor<2>>) -> Tensor<2> {
        let [len, dim] = hidden.dims();
        let weight = self.project.weight.val();
        let half = |first: usize| weight.clone().narrow(1, first, dim);
        let rows = ops::linear(hidden.clone(), half(0), self.project.bias.as_ref().map(|bias| bias.val()));
        let mut map = ops::outer_sum(rows, ops::linear(hidden, half(dim), None)); // [len², channels]
        if let Some(known) = known {
            map = ops::add(map, known, None);
        }
        for block in &self.blocks {
            map = block.pixels(map, len);
        }
        let weight = self.out.weight.val();
        let [_, channels, kernel, _] = weight.dims();
        // The last convolution has one output: what each pixel adds to each of its neighbours is one product.
        let taps = ops::linear(map, weight.reshape([channels, kernel * kernel]).transpose(), None);
        let taps = taps.transpose().reshape([kernel * kernel, len, len]);
        let border = kernel / 2;
        let taps = taps.pad((border, border, border, border), 0.0);
        let shifted = |tap: usize| {
            let (line, column) = (tap / kernel, tap % kernel);
            taps.clone().slice([tap..tap + 1, line..line + len, column..column + len]).reshape([len, len])
        };
        let logits = (1..kernel * kernel).fold(shifted(0), |sum, tap| sum + shifted(tap));
        match &self.out.bias {
            Some(bias) => logits + bias.val().unsqueeze(),
            None => logits,
        }
    }

    /// `z_ij = W_a r_i + b + W_b r_j`.
    ///
    /// # Shapes
    /// - hidden: `[len, dim]`
    /// - returns: `[1, channels, len, len]`
    fn pairs(&self, hidden: Tensor<2>) -> Tensor<4> {
        let [len, dim] = hidden.dims();
        let weight = self.project.weight.val();
        let channels = weight.dims()[0];
        let half = |first: usize| weight.clone().narrow(1, first, dim).matmul(hidden.clone().transpose());
        let mut row = half(0); // [channels, len]
        if let Some(bias) = &self.project.bias {
            row = row + bias.val().reshape([channels, 1]);
        }
        let column = half(dim); // [channels, len]
        row.reshape([1, channels, len, 1]) + column.reshape([1, channels, 1, len])
    }

    /// Bytes the head needs at its peak for a sequence of `len` positions, in f32: four maps of
    /// `channels · len²` (the block's input, a convolution's output, and two inside instance norm;
    /// 3.8 measured on the CPU at 500, 1000 and 1500 nt) and a few of `len²` for logits.
    pub fn memory(channels: usize, len: usize) -> u64 {
        const MAPS: u64 = 4;
        const LOGITS: u64 = 8;
        4 * (MAPS * channels as u64 + LOGITS) * (len as u64).pow(2)
    }
}

/// conv 1×1 → norm → ReLU → conv 3×3 → norm → ReLU → conv 1×1 → norm → ReLU; plus the input.
#[derive(Module, Debug)]
pub struct StructureBlock {
    /// `[channels, channels, 1, 1]`
    pub squeeze: Convolution2d,
    /// `[channels, channels, kernel, kernel]`
    pub spread: Convolution2d,
    /// `[channels, channels, 1, 1]`
    pub expand: Convolution2d,
}

impl StructureBlock {
    fn new(channels: usize, kernel: usize, device: &Device) -> Self {
        Self {
            squeeze: Convolution2d::new(channels, channels, 1, device),
            spread: Convolution2d::new(channels, channels, kernel, device),
            expand: Convolution2d::new(channels, channels, 1, device),
        }
    }

    /// # Shapes
    /// - input and returns: `[1, channels, len, len]`
    fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let inner = normed(self.squeeze.forward(input.clone()));
        let inner = normed(self.spread.forward(inner));
        input + normed(self.expand.forward(inner))
    }

    /// # Shapes
    /// - input and returns: `[len², channels]`
    fn pixels(&self, input: Tensor<2>, len: usize) -> Tensor<2> {
        let inner = normed_pixels(ops::convolution(input.clone(), self.squeeze.weight.val(), len));
        let inner = normed_pixels(ops::convolution(inner, self.spread.weight.val(), len));
        let inner = normed_pixels(ops::convolution(inner, self.expand.weight.val(), len));
        ops::add(input, inner, None)
    }
}

/// `triu(f) + triu(f)ᵀ`.
fn mirrored(logits: Tensor<2>) -> Tensor<2> {
    let logits = logits.triu(1);
    logits.clone() + logits.transpose()
}

/// The same of `[len², channels]`.
fn normed_pixels(map: Tensor<2>) -> Tensor<2> {
    ops::instance_norm(map, 1, ops::Activation::Relu)
}

/// Instance norm over the whole map, then ReLU.
fn normed(map: Tensor<4>) -> Tensor<4> {
    relu(instance_norm(map))
}
