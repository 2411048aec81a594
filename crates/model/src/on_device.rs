//! A model with tensors on one of Burn's devices, called with plain numbers.

use burn::tensor::{Device, Tensor, TensorData};

use crate::batch::Packed;
use crate::heads::StructureHead;
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

    /// Rows on the device: `[rows, dim]`.
    fn rows(&self, rows: &[f32]) -> Tensor<2> {
        let dim = self.model.encoder.norm.weight.lazy_shape()[0];
        Tensor::from_data(TensorData::new(rows.to_vec(), [rows.len() / dim, dim]), &self.device)
    }
}

impl Network for OnDevice {
    fn encode(&self, batch: &Packed) -> Vec<f32> {
        self.run(|| to_vec(self.model.encoder.forward(batch, &self.device)))
    }

    fn encode_with_attentions(&self, batch: &Packed) -> (Vec<f32>, Attentions) {
        let (hidden, maps) = self.run(|| self.model.encoder.forward_with_attentions(batch, &self.device));
        (to_vec(hidden), maps.into_iter().map(|block| block.into_iter().map(to_vec).collect()).collect())
    }

    fn token_logits(&self, hidden: &[f32]) -> Vec<f32> {
        self.run(|| to_vec(self.model.mlm.as_ref().expect(NO_HEAD).forward(self.rows(hidden))))
    }

    fn pair_logits(&self, hidden: &[f32], bases: &[u8]) -> Vec<f32> {
        self.run(|| to_vec(self.model.structure.as_ref().expect(NO_HEAD).forward(self.rows(hidden), bases)))
    }

    fn pair_memory(&self, len: usize) -> u64 {
        let head = self.model.structure.as_ref().expect(NO_HEAD);
        memory_of(head.out.weight.lazy_shape()[1], head.features.is_some(), len)
    }

    fn mean_loads(&self, hidden: &[f32], batch: &Packed, pad_to: usize) -> Vec<f32> {
        self.run(|| to_vec(self.model.ribosome.as_ref().expect(NO_HEAD).forward(self.rows(hidden), batch, pad_to)))
    }

    fn classify(&self, rows: &[f32]) -> Vec<f32> {
        self.run(|| to_vec(self.model.classifier().expect(NO_HEAD).forward(self.rows(rows))))
    }
}

/// A float tensor's values in row-major order.
fn to_vec<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.try_into_vec_as::<f32>().expect("a float tensor reads back as f32")
}

/// Peak memory in bytes for a map of pairs by a head of these sizes, before it is built.
pub(crate) fn memory_of(channels: usize, features: bool, len: usize) -> u64 {
    let known = if features { pair_features::memory(len) } else { 0 };
    StructureHead::memory(channels, len).saturating_add(known)
}
