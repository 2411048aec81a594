//! A model with tensors on one of Burn's devices. Representations stay there; only results come back.

use burn::tensor::Device;
use rinalmo_energy::{BuiltIn, Restraints};

use crate::batch::Packed;
use crate::heads::StructureHead;
use crate::hidden::{Hidden, to_vec};
use crate::model::Model;
use crate::network::{Attentions, NO_HEAD, Network};
use crate::ops;
use crate::pair_features;

/// A [`Model`] and the device its parameters are on.
pub struct OnDevice {
    model: Model,
    device: Device,
    halved: bool,
}

impl OnDevice {
    /// A model whose parameters are on `device`.
    pub fn new(model: Model, device: Device) -> Self {
        Self { model, device, halved: false }
    }

    /// The same with matrix products in bf16, which LibTorch's devices are fast at.
    #[must_use]
    pub fn in_bf16(self) -> Self {
        Self { halved: true, ..self }
    }

    /// Runs work in the precision of the model.
    fn run<T>(&self, work: impl FnOnce() -> T) -> T {
        if self.halved { ops::in_bf16(work) } else { work() }
    }
}

impl Network for OnDevice {
    fn encode(&self, batch: &Packed) -> Hidden<'static> {
        Hidden::on_device(self.run(|| self.model.encoder.forward(batch, &self.device)))
    }

    fn encode_with_attentions(&self, batch: &Packed) -> (Hidden<'static>, Attentions) {
        let (hidden, maps) = self.run(|| self.model.encoder.forward_with_attentions(batch, &self.device));
        (Hidden::on_device(hidden), maps.into_iter().map(|block| block.into_iter().map(to_vec).collect()).collect())
    }

    fn token_logits(&self, hidden: &Hidden<'_>) -> Vec<f32> {
        self.run(|| to_vec(self.model.mlm.as_ref().expect(NO_HEAD).forward(hidden.tensor(&self.device))))
    }

    fn pair_map(&self, hidden: &Hidden<'_>, bases: &[u8], restraints: Restraints<'_>) -> Vec<f32> {
        let head = self.model.structure.as_ref().expect(NO_HEAD);
        self.run(|| to_vec(head.forward_under(hidden.tensor(&self.device), bases, 0, restraints)))
    }

    fn ensemble(&self) -> Option<BuiltIn> {
        self.model.structure.as_ref().and_then(|head| head.ensemble)
    }

    fn pair_memory(&self, len: usize) -> u64 {
        let head = self.model.structure.as_ref().expect(NO_HEAD);
        memory_of(head.out.weight.lazy_shape()[1], head.features.is_some(), len)
    }

    fn mean_loads(&self, hidden: &Hidden<'_>, batch: &Packed, pad_to: usize) -> Vec<f32> {
        self.run(|| {
            to_vec(self.model.ribosome.as_ref().expect(NO_HEAD).forward(hidden.tensor(&self.device), batch, pad_to))
        })
    }

    fn classify(&self, rows: &Hidden<'_>) -> Vec<f32> {
        self.run(|| to_vec(self.model.classifier().expect(NO_HEAD).forward(rows.tensor(&self.device))))
    }

    fn convolve(&self, hidden: &Hidden<'_>, batch: &Packed) -> Vec<f32> {
        self.run(|| to_vec(self.model.cnn.as_ref().expect(NO_HEAD).forward(hidden.tensor(&self.device), batch)))
    }
}

/// Peak memory in bytes for a map of pairs by a head of these sizes, before it is built.
pub(crate) fn memory_of(channels: usize, features: bool, len: usize) -> u64 {
    let known = if features { pair_features::memory(len) } else { 0 };
    StructureHead::memory(channels, len).saturating_add(known)
}
