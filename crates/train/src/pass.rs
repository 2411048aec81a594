//! The forward and backward pass of a batch.
//!
//! Optionally, the forward pass stores only the input of every few blocks, and the backward pass computes those blocks
//! again (Chen et al., "Training deep nets with sublinear memory cost", 2016). That takes much less memory and about a
//! third more time. Dropout depends on a seed, so the same values are dropped again, and the gradients are the same to
//! the bit.
//!
//! With several processes the pass is cut as well, but everything is stored. Gradients are then complete piece by
//! piece, from the last blocks to the first, and can be sent while the backward pass runs. They are also the same to
//! the bit.

use std::ops::Range;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use rinalmo_corpus::random::Random;
use rinalmo_model::ops::Dropout;
use rinalmo_model::{Model, Packed};

use crate::Gradients;
use crate::optimizer::Part;
use crate::optimizer::gradients::Collect;

/// Fewest parameters of a piece, unless the model has fewer: 4 MB, enough for a network's full speed.
const PIECE: usize = 1 << 20;

/// A model in training, for one batch.
pub struct Pass<'a> {
    /// The model; run its encoder with [`Pass::encode`].
    pub model: &'a Model,
    /// Its device.
    pub device: &'a Device,
    /// Dropout; its seed is different for each batch, its rates may be 0.
    pub dropout: Dropout,
    recompute: Option<usize>,
    piecewise: bool,
    kept: Vec<Kept>,
}

/// What the backward pass needs of one call of [`Pass::encode`].
struct Kept {
    packed: Packed,
    segments: Vec<Segment>,
    /// The output of the last segment.
    out: Tensor<2>,
}

/// Some consecutive blocks.
struct Segment {
    blocks: Range<usize>,
    /// Their input.
    input: Tensor<2>,
    /// Their output, unless it is to be computed again.
    output: Option<Tensor<2>>,
}

impl<'a> Pass<'a> {
    /// A pass with dropout.
    pub fn new(model: &'a Model, device: &'a Device, dropout: Dropout) -> Self {
        Self { model, device, dropout, recompute: None, piecewise: false, kept: Vec::new() }
    }

    /// A pass without dropout.
    pub fn whole(model: &'a Model, device: &'a Device) -> Self {
        Self::new(model, device, Dropout { attention: 0.0, residual: 0.0, seed: 0 })
    }

    /// Computes this many blocks at a time again in the backward pass; `None` stores everything.
    pub fn recomputing(self, blocks: Option<usize>) -> Self {
        Self { recompute: blocks.map(|blocks| blocks.max(1)), ..self }
    }

    /// Makes the backward pass return its gradients in pieces; see [`Pass::backward_by`].
    pub(crate) fn in_pieces(self) -> Self {
        Self { piecewise: true, ..self }
    }

    /// How many blocks are in a segment; `None` if the pass is not cut, as between blocks that pass more on than their
    /// output.
    fn cut(&self) -> Option<usize> {
        if self.model.encoder.design().has_pair_bias() {
            return None;
        }
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
            self.device.seed(self.dropout.seed); // for devices with their own generator
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
        encoder.finish(out)
    }

    /// Runs some blocks, with the same dropout each time.
    fn through(&self, range: &Range<usize>, hidden: Tensor<2>, packed: &Packed) -> Tensor<2> {
        self.device.seed(Random::keyed([self.dropout.seed, range.start as u64]).bits());
        self.model.encoder.forward_blocks(range.clone(), hidden, packed, &self.dropout, self.device)
    }

    /// The backward pass from a loss to every parameter that requires gradients.
    pub fn backward(self, loss: &Tensor<1>) -> Gradients {
        let (model, device) = (self.model, self.device);
        let mut all = Collect::default();
        self.back_through(loss, &mut all, &mut |_| ());
        all.take_out(model, device, &[Part::All])
    }

    /// As [`Pass::backward`], but passes each piece to `give` as soon as it is complete. Which parameters are in a
    /// piece depends only on the model and the options, so the pieces of all processes match.
    ///
    /// # Errors
    /// The error of `give`, which is not called again.
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

    /// The parts of each piece, in the order of the backward pass.
    fn pieces(&self) -> Vec<Vec<Part>> {
        let (blocks, step) = (self.model.encoder.blocks.len(), self.cut().unwrap_or(usize::MAX));
        let segments =
            (0..blocks).step_by(step).map(|from| vec![Part::Blocks(from, blocks.min(from.saturating_add(step)))]);
        let first = std::iter::once(vec![Part::Heads, Part::FinalNorm]);
        first.chain(segments.rev()).chain([vec![Part::Embedding]]).collect()
    }

    /// The backward pass. Calls `whole` when the gradients of heads and final norm are complete, then when those of
    /// each segment are.
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

/// The backward pass from a tensor whose gradient is known.
fn back(out: Tensor<2>, slope: Tensor<2>) -> burn::tensor::Gradients {
    (out * slope).sum().backward()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::start;
    use rinalmo_model::{Design, EncoderConfig, ModelConfig};

    #[test]
    fn every_parameter_is_in_one_piece() {
        let device = Device::flex().autodiff();
        let ernie_rna = EncoderConfig::new(16, 5, 2).with_design(Design::ErnieRna, 64);
        for encoder in [EncoderConfig::new(16, 5, 2), ernie_rna] {
            let config = ModelConfig::pretrained(encoder);
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
}
