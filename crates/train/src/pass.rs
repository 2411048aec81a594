//! A batch's way through the model and back.
//!
//! By option the way forward keeps only what goes into every few blocks, and the way back goes through those blocks once
//! more (Chen et al., "Training deep nets with sublinear memory cost", 2016): much less memory for about a third more
//! time. What is dropped is told by a seed, so it is dropped again, and the gradients are the same to the bit.

use std::ops::Range;

use burn::tensor::{Device, Tensor};
use rinalmo_model::ops::Dropout;
use rinalmo_model::{Model, Packed};

use crate::Gradients;
use crate::optimizer::gradients::Collect;
use crate::random::Random;

/// A model in training, about to see a batch.
pub struct Pass<'a> {
    /// The model; go through its encoder by [`Pass::encode`].
    pub model: &'a Model,
    /// Where it is.
    pub device: &'a Device,
    /// What is dropped; its seed is this batch's own, its rates may be 0.
    pub dropout: Dropout,
    recompute: Option<usize>,
    kept: Vec<Kept>,
}

/// What the way back needs of one call of [`Pass::encode`].
struct Kept {
    packed: Packed,
    /// Blocks and what went into them.
    segments: Vec<(Range<usize>, Tensor<2>)>,
    /// What came out of the last.
    out: Tensor<2>,
}

impl<'a> Pass<'a> {
    /// One that drops as it is told.
    pub fn new(model: &'a Model, device: &'a Device, dropout: Dropout) -> Self {
        Self { model, device, dropout, recompute: None, kept: Vec::new() }
    }

    /// One that drops nothing.
    pub fn whole(model: &'a Model, device: &'a Device) -> Self {
        Self::new(model, device, Dropout { attention: 0.0, residual: 0.0, seed: 0 })
    }

    /// Has so many blocks at a time computed again on the way back; `None` keeps everything.
    pub fn recomputing(self, blocks: Option<usize>) -> Self {
        Self { recompute: blocks.map(|blocks| blocks.max(1)), ..self }
    }

    /// The representation of every token.
    ///
    /// # Shapes
    /// - returns: `[rows, dim]`
    pub fn encode(&mut self, packed: &Packed) -> Tensor<2> {
        let encoder = &self.model.encoder;
        let Some(step) = self.recompute else {
            self.device.seed(self.dropout.seed); // for devices that drop with their own generator
            return encoder.forward_dropped(packed, &self.dropout, self.device);
        };
        let (mut segments, blocks) = (Vec::new(), encoder.blocks.len());
        let mut hidden = encoder.embed(packed, self.device).detach();
        for from in (0..blocks).step_by(step) {
            let (range, input) = (from..blocks.min(from + step), hidden.require_grad());
            hidden = self.through(&range, input.clone(), packed).detach();
            segments.push((range, input));
        }
        let out = hidden.require_grad();
        self.kept.push(Kept { packed: packed.clone(), segments, out: out.clone() });
        encoder.norm.forward(out)
    }

    /// Some blocks, dropping alike each time.
    fn through(&self, range: &Range<usize>, hidden: Tensor<2>, packed: &Packed) -> Tensor<2> {
        self.device.seed(Random::keyed([self.dropout.seed, range.start as u64]).bits());
        self.model.encoder.forward_blocks(range.clone(), hidden, packed, &self.dropout, self.device)
    }

    /// Goes back from a loss to every parameter that requires gradients.
    pub fn backward(self, loss: &Tensor<1>) -> Gradients {
        let (mut grads, mut found) = (loss.backward(), Collect::default());
        let slopes: Vec<_> = self.kept.iter().map(|kept| kept.out.grad_remove(&mut grads)).collect();
        found.take(self.model, grads);
        for (Kept { packed, segments, .. }, slope) in self.kept.iter().zip(slopes) {
            let Some(mut slope) = slope else { continue }; // the loss does not depend on it
            for (range, input) in segments.iter().rev() {
                let mut grads = back(self.through(range, input.clone(), packed), slope);
                slope = input.grad_remove(&mut grads).expect("a block depends on its input");
                found.take(self.model, grads);
            }
            let embedded = self.model.encoder.embed(packed, self.device);
            if embedded.is_tracked() {
                found.take(self.model, back(embedded, slope));
            }
        }
        found.gradients(self.model, self.device)
    }
}

/// Goes back from a tensor whose gradient is known.
fn back(out: Tensor<2>, slope: Tensor<2>) -> burn::tensor::Gradients {
    (out * slope).sum().backward()
}
