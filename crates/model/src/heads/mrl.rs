//! Mean ribosome load of a 5' UTR: residual convolutions along the sequence, mean, one number.
//!
//! The released head lets padding take part: pads enter as zeros *before* `project`, so they
//! become its bias, and convolutions and instance norms see them. Results therefore depend on
//! the padded length, 102 tokens for the published weights, and that length is an argument here.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use crate::batch::Packed;
use crate::layers::{Convolution1d, Linear};
use crate::ops::{self, Activation};

/// linear → residual blocks → mean over real tokens → linear.
#[derive(Module, Debug)]
pub struct MrlHead {
    /// `[channels, dim]`
    pub project: Linear,
    /// Residual blocks.
    pub blocks: Vec<MrlBlock>,
    /// `[1, channels]`
    pub out: Linear,
}

impl MrlHead {
    /// A fresh head for an encoder of width `dim`.
    pub fn new(dim: usize, channels: usize, blocks: usize, kernel: usize, device: &Device) -> Self {
        Self {
            project: Linear::new(dim, channels, device),
            blocks: (0..blocks).map(|_| MrlBlock::new(channels, kernel, device)).collect(),
            out: Linear::new(channels, 1, device),
        }
    }

    /// The load in the scaler's units, for each sequence.
    ///
    /// # Shapes
    /// - hidden: `[rows, dim]`, special tokens included
    /// - returns: `[sequences]`
    ///
    /// # Panics
    /// If a sequence has more than `pad_to` tokens; callers check.
    pub fn forward(&self, hidden: Tensor<2>, batch: &Packed, pad_to: usize) -> Tensor<1> {
        self.out.forward(self.means(hidden, batch, pad_to)).reshape([batch.lengths().len()])
    }

    /// The same with dropout before the last layer, for a training step; the seed decides which values are dropped.
    ///
    /// # Shapes
    /// - as [`MrlHead::forward`]
    ///
    /// # Panics
    /// As [`MrlHead::forward`].
    pub fn forward_dropped(&self, hidden: Tensor<2>, batch: &Packed, pad_to: usize, rate: f32, seed: u64) -> Tensor<1> {
        let means = self.means(hidden, batch, pad_to);
        let drop = (rate > 0.0).then_some(ops::Drop { rate, seed });
        let dropped = ops::add(means.zeros_like(), means, drop);
        self.out.forward(dropped).reshape([batch.lengths().len()])
    }

    /// Each sequence's mean over its real tokens.
    ///
    /// # Shapes
    /// - returns: `[sequences, channels]`
    fn means(&self, hidden: Tensor<2>, batch: &Packed, pad_to: usize) -> Tensor<2> {
        let device = hidden.device();
        let items = batch.lengths().len();
        let dim = hidden.dims()[1];
        let mut rows = Vec::with_capacity(2 * items);
        for span in batch.spans() {
            let padding = pad_to.checked_sub(span.len()).expect("callers pad to at least the longest sequence");
            rows.push(hidden.clone().slice([span, 0..dim]));
            if padding > 0 {
                rows.push(Tensor::zeros([padding, dim], &device));
            }
        }
        let mut map = self.project.forward(Tensor::cat(rows, 0)); // [items · pad_to, channels]
        for block in &self.blocks {
            map = block.forward(map, items);
        }
        let channels = map.dims()[1];
        let means = batch.lengths().iter().enumerate().map(|(item, &len)| {
            map.clone().slice([item * pad_to..item * pad_to + len, 0..channels]).mean_dim(0) // [1, channels]
        });
        Tensor::cat(means.collect(), 0)
    }
}

/// Two convolutions, each followed by instance norm and ELU; plus the input.
#[derive(Module, Debug)]
pub struct MrlBlock {
    /// `[channels, channels, kernel]`
    pub first: Convolution1d,
    /// `[channels, channels, kernel]`
    pub second: Convolution1d,
}

impl MrlBlock {
    fn new(channels: usize, kernel: usize, device: &Device) -> Self {
        Self {
            first: Convolution1d::new(channels, kernel, device),
            second: Convolution1d::new(channels, kernel, device),
        }
    }

    /// # Shapes
    /// - input and returns: `[items · len, channels]`
    fn forward(&self, input: Tensor<2>, items: usize) -> Tensor<2> {
        let len = input.dims()[0] / items;
        let normed = |map| ops::instance_norm(map, items, Activation::Elu);
        let inner = normed(self.first.forward(input.clone(), len));
        let inner = normed(self.second.forward(inner, len));
        ops::add(input, inner, None)
    }
}
