//! A batch's way through the model and back.
//!
//! By option the way forward keeps only what goes into every few blocks, and the way back goes through those blocks once
//! more (Chen et al., "Training deep nets with sublinear memory cost", 2016): much less memory for about a third more
//! time. What is dropped is told by a seed, so it is dropped again, and the gradients are the same to the bit.
//!
//! Where there are other processes the way is cut too, with everything kept: so gradients come out piece by piece, from
//! the last blocks to the first, and can travel while the way back goes on. They are the same to the bit as well.

use std::ops::Range;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use rinalmo_model::ops::Dropout;
use rinalmo_model::{Model, Packed};

use crate::Gradients;
use crate::optimizer::Part;
use crate::optimizer::gradients::Collect;
use crate::random::Random;

/// Parameters of a piece at least, unless there are no more: 4 MB, enough for a network's full speed.
const PIECE: usize = 1 << 20;

/// A model in training, about to see a batch.
pub struct Pass<'a> {
    /// The model; go through its encoder by [`Pass::encode`].
    pub model: &'a Model,
    /// Where it is.
    pub device: &'a Device,
    /// What is dropped; its seed is this batch's own, its rates may be 0.
    pub dropout: Dropout,
    recompute: Option<usize>,
    piecewise: bool,
    kept: Vec<Kept>,
}

/// What the way back needs of one call of [`Pass::encode`].
struct Kept {
    packed: Packed,
    segments: Vec<Segment>,
    /// What came out of the last.
    out: Tensor<2>,
}

/// Some blocks that were gone through.
struct Segment {
    blocks: Range<usize>,
    /// What went into them.
    input: Tensor<2>,
    /// What came out, unless it is to be computed again.
    output: Option<Tensor<2>>,
}

impl<'a> Pass<'a> {
    /// One that drops as it is told.
    pub fn new(model: &'a Model, device: &'a Device, dropout: Dropout) -> Self {
        Self { model, device, dropout, recompute: None, piecewise: false, kept: Vec::new() }
    }

    /// One that drops nothing.
    pub fn whole(model: &'a Model, device: &'a Device) -> Self {
        Self::new(model, device, Dropout { attention: 0.0, residual: 0.0, seed: 0 })
    }

    /// Has so many blocks at a time computed again on the way back; `None` keeps everything.
    pub fn recomputing(self, blocks: Option<usize>) -> Self {
        Self { recompute: blocks.map(|blocks| blocks.max(1)), ..self }
    }

    /// Has the way back give its gradients in pieces; see [`Pass::backward_by`].
    pub(crate) fn in_pieces(self) -> Self {
        Self { piecewise: true, ..self }
    }

    /// How many blocks are gone through at a time; none where all are, without a cut.
    fn cut(&self) -> Option<usize> {
        let each = || self.model.encoder.blocks.first().map_or(1, |block| block.num_params().max(1));
        self.recompute.or_else(|| self.piecewise.then(|| PIECE.div_ceil(each())))
    }

    /// The representation of every token.
    ///
    /// # Shapes
    /// - returns: `[rows, dim]`
    pub fn encode(&mut self, packed: &Packed) -> Tensor<2> {
        let encoder = &self.model.encoder;
        let Some(step) = self.cut() else {
            self.device.seed(self.dropout.seed); // for devices that drop with their own generator
            return encoder.forward_dropped(packed, &self.dropout, self.device);
        };
        let (mut segments, blocks) = (Vec::new(), encoder.blocks.len());
        let mut hidden = encoder.embed(packed, self.device).detach();
        for from in (0..blocks).step_by(step) {
            let (blocks, input) = (from..blocks.min(from + step), hidden.require_grad());
            let output = self.through(&blocks, input.clone(), packed);
            hidden = output.clone().detach();
            segments.push(Segment { blocks, input, output: self.recompute.is_none().then_some(output) });
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
        let (model, device) = (self.model, self.device);
        let mut all = Collect::default();
        self.back_through(loss, &mut all, &mut |_| ());
        all.take_out(model, device, &[Part::All])
    }

    /// The same in pieces, each given away as soon as it is whole. Which parameters make up a piece depends on the model
    /// and its options alone, so the pieces of all processes are alike.
    ///
    /// # Errors
    /// What `give` says; it is not called again.
    pub(crate) fn backward_by<E>(
        self,
        loss: &Tensor<1>,
        mut give: impl FnMut(Gradients) -> Result<(), E>,
    ) -> Result<(), E> {
        let (model, device) = (self.model, self.device);
        let (mut all, mut given) = (Collect::default(), Ok(()));
        let mut pieces = self.pieces().into_iter();
        let mut next = |all: &mut Collect| {
            let Some(parts) = pieces.next() else { return false };
            let piece = all.take_out(model, device, &parts);
            if given.is_ok() && !piece.tensors.is_empty() {
                given = give(piece);
            }
            true
        };
        self.back_through(loss, &mut all, &mut |all| _ = next(all));
        while next(&mut all) {}
        given
    }

    /// What makes up each piece, in the order of the way back.
    fn pieces(&self) -> Vec<Vec<Part>> {
        let (blocks, step) = (self.model.encoder.blocks.len(), self.cut().unwrap_or(usize::MAX));
        let segments =
            (0..blocks).step_by(step).map(|from| vec![Part::Blocks(from, blocks.min(from.saturating_add(step)))]);
        let first = std::iter::once(vec![Part::Heads, Part::FinalNorm]);
        first.chain(segments.rev()).chain([vec![Part::Embedding]]).collect()
    }

    /// Goes back, and says `whole` when nothing will be added any more to the gradients of heads and final norm, then
    /// to those of each segment.
    fn back_through(self, loss: &Tensor<1>, found: &mut Collect, whole: &mut dyn FnMut(&mut Collect)) {
        let mut grads = loss.backward();
        let slopes: Vec<_> = self.kept.iter().map(|kept| kept.out.grad_remove(&mut grads)).collect();
        found.take(self.model, grads);
        if !self.kept.is_empty() {
            whole(found);
        }
        for (at, (Kept { packed, segments, .. }, slope)) in self.kept.iter().zip(slopes).enumerate() {
            let Some(mut slope) = slope else { continue }; // the loss does not depend on it
            for Segment { blocks, input, output } in segments.iter().rev() {
                let output = output.clone().unwrap_or_else(|| self.through(blocks, input.clone(), packed));
                let mut grads = back(output, slope);
                slope = input.grad_remove(&mut grads).expect("a block depends on its input");
                found.take(self.model, grads);
                if at + 1 == self.kept.len() {
                    whole(found);
                }
            }
            let embedded = self.model.encoder.embed(packed, self.device);
            if embedded.is_tracked() {
                found.take(self.model, back(embedded, slope));
            }
        }
    }
}

/// Goes back from a tensor whose gradient is known.
fn back(out: Tensor<2>, slope: Tensor<2>) -> burn::tensor::Gradients {
    (out * slope).sum().backward()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::start;
    use rinalmo_model::{EncoderConfig, ModelConfig};

    #[test]
    fn every_parameter_is_of_one_piece() {
        let config = ModelConfig::pretrained(EncoderConfig::new(16, 5, 2));
        let device = Device::flex().autodiff();
        let model = start::fresh(&config, 1, &device);
        for recompute in [None, Some(1), Some(2), Some(9)] {
            let pieces = Pass::whole(&model, &device).in_pieces().recomputing(recompute).pieces();
            for spec in config.manifest() {
                let of = pieces.iter().filter(|parts| parts.iter().any(|part| part.holds(&spec.name))).count();
                assert_eq!(of, 1, "{}", spec.name);
            }
        }
    }
}
