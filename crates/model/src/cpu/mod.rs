//! Models on the CPU's own kernels: the same weights and mathematics as [`crate::Model`], on slices.
//!
//! Tensors are general, but need passes over memory and allocations between operations. Here each block is a few calls
//! into the crate `rinalmo-kernels`, which keeps a tile of rows in the cache from one product to the next. Weights are
//! packed once, in the [`Precision`] of the products, and the original tensors are freed one by one.

mod classifier;
mod cnn;
mod encoder;
mod linear;
mod mlm;
mod mrl;
mod plain_block;
mod structure;

use burn::module::Param;
use burn::tensor::Tensor;
use rinalmo_energy::{BuiltIn, Restraints};
use rinalmo_kernels::{Level, peak};

use crate::Model;
use crate::batch::Packed;
use crate::hidden::Hidden;
use crate::network::{Attentions, NO_HEAD, Network};
use classifier::Classifier;
use cnn::CnnHead;
use encoder::Encoder;
use mlm::MlmHead;
use mrl::MrlHead;
use structure::StructureHead;
pub(crate) use structure::memory_of as structure_memory;

/// The format of weights and of the factors of products; sums are always f32.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// 32-bit floats.
    #[default]
    F32,
    /// Weights and activations of products rounded to bf16.
    Bf16,
    /// Weights rounded to bytes, with one scale for each output; activations, with one scale for each row.
    Int8,
}

impl Precision {
    /// The fastest that is known not to change structures: bf16 if this processor multiplies it faster than f32, which
    /// is measured where it is not known, otherwise f32.
    pub fn auto(level: Level) -> Self {
        if peak::bf16_pays(level) { Self::Bf16 } else { Self::F32 }
    }

    /// Its name, as in `--dtype`.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
            Self::Int8 => "int8",
        }
    }
}

/// An encoder with its heads, packed for this processor.
pub struct CpuModel {
    encoder: Encoder,
    mlm: Option<MlmHead>,
    structure: Option<StructureHead>,
    mrl: Option<MrlHead>,
    classifier: Option<Classifier>,
    cnn: Option<CnnHead>,
}

impl CpuModel {
    /// Packs a model's weights, and frees each tensor when it is packed.
    pub fn new(model: Model, precision: Precision, level: Level) -> Self {
        let design = model.encoder.design;
        Self {
            encoder: Encoder::new(model.encoder.merged(), precision, level),
            mlm: model.mlm.map(|head| MlmHead::new(head, design, precision, level)),
            structure: model.structure.map(|head| StructureHead::new(head, precision, level)),
            mrl: model.ribosome.map(|head| MrlHead::new(head, level)),
            classifier: model
                .splice
                .or(model.family)
                .or(model.sequence)
                .or(model.token)
                .map(|head| Classifier::new(head, precision, level)),
            cnn: model.cnn.map(|head| CnnHead::new(head, level)),
        }
    }
}

impl Network for CpuModel {
    fn encode(&self, batch: &Packed) -> Hidden<'static> {
        Hidden::new(self.encoder.forward(batch), self.encoder.dim())
    }

    fn encode_with_attentions(&self, batch: &Packed) -> (Hidden<'static>, Attentions) {
        let (rows, maps) = self.encoder.forward_with_attentions(batch);
        (Hidden::new(rows, self.encoder.dim()), maps)
    }

    fn token_logits(&self, hidden: &Hidden<'_>) -> Vec<f32> {
        self.mlm.as_ref().expect(NO_HEAD).forward(&hidden.values())
    }

    fn pair_map(&self, hidden: &Hidden<'_>, bases: &[u8], restraints: Restraints<'_>) -> Vec<f32> {
        self.structure.as_ref().expect(NO_HEAD).forward(&hidden.values(), bases, restraints)
    }

    fn ensemble(&self) -> Option<BuiltIn> {
        self.structure.as_ref().and_then(StructureHead::ensemble)
    }

    fn pair_memory(&self, len: usize) -> u64 {
        self.structure.as_ref().expect(NO_HEAD).memory(len)
    }

    fn mean_loads(&self, hidden: &Hidden<'_>, batch: &Packed, pad_to: usize) -> Vec<f32> {
        self.mrl.as_ref().expect(NO_HEAD).forward(&hidden.values(), batch, pad_to)
    }

    fn classify(&self, rows: &Hidden<'_>) -> Vec<f32> {
        self.classifier.as_ref().expect(NO_HEAD).forward(&rows.values())
    }

    fn convolve(&self, hidden: &Hidden<'_>, batch: &Packed) -> Vec<f32> {
        self.cnn.as_ref().expect(NO_HEAD).forward(&hidden.values(), batch)
    }
}

/// A parameter's values, row by row.
fn values<const D: usize>(param: Param<Tensor<D>>) -> Vec<f32> {
    floats(param.into_value())
}

fn floats<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.try_into_vec_as::<f32>().expect("parameters are f32")
}
