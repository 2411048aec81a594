//! A convolutional network along the sequence: the baselines that other papers compare with, by their sizes.
//!
//! Fully connected layers after a flattened map need windows of one length, so sequences are padded or refused as the
//! [`CnnConfig`] says. Padding is zeros, as the papers have it, and convolutions see it.

use burn::module::Module;
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor, TensorData};

use crate::batch::Packed;
use crate::cnn::{CnnConfig, CnnGather, CnnInput, LETTERS};
use crate::layers::{Convolution1d, Linear};
use crate::ops;

/// Positions of maps that are computed together in inference.
const POSITIONS: usize = 8192;
/// The seeds of dropout in the head begin here, so that none is that of a block of the encoder.
const PLACES: u64 = 1 << 32;

/// Convolutions with ReLU and pooling → one vector → dense layers with ReLU → linear.
#[derive(Module, Debug)]
pub struct CnnHead {
    /// `[filters, channels, kernel]` each.
    pub layers: Vec<Convolution1d>,
    /// `[width, inputs]` each; the last one has the outputs.
    pub dense: Vec<Linear>,
    /// The sizes that no tensor has, such as pooling.
    #[module(skip)]
    pub(crate) config: CnnConfig,
}

/// Dropout rates of a [`CnnHead`] in training.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CnnDropout {
    /// Of every layer's map, after pooling.
    pub maps: f32,
    /// Of every dense layer's result, after ReLU.
    pub dense: f32,
    /// Must be new for every step.
    pub seed: u64,
}

impl CnnDropout {
    /// Drops values of rows at one place of the network.
    fn of(self, rows: Tensor<2>, rate: f32, place: usize) -> Tensor<2> {
        if rate <= 0.0 {
            return rows;
        }
        // An odd factor with many set bits keeps the seeds of neighbouring steps and places different.
        let seed = self.seed.wrapping_add((PLACES + place as u64).wrapping_mul(0xd134_2543_de82_ef95));
        ops::add(rows.zeros_like(), rows, Some(ops::Drop { rate, seed }))
    }
}

impl CnnHead {
    /// A fresh head for an encoder of width `dim`.
    pub fn new(dim: usize, config: &CnnConfig, outputs: usize, device: &Device) -> Self {
        let layers = config.convolutions(dim).into_iter();
        let dense = config.denses(dim, outputs).into_iter();
        Self {
            layers: layers
                .map(|([filters, channels, kernel], ..)| Convolution1d::with_bias(channels, filters, kernel, device))
                .collect(),
            dense: dense.map(|[output, input]| Linear::new(input, output, device)).collect(),
            config: config.clone(),
        }
    }

    /// The outputs for each sequence.
    ///
    /// # Shapes
    /// - hidden: `[rows, dim]`, special tokens included; of a network that sees letters only its device is used
    /// - returns: `[sequences, outputs]`
    ///
    /// # Panics
    /// If a sequence has a length that the network does not accept ([`CnnConfig::accepts`]); callers check.
    pub fn forward(&self, hidden: Tensor<2>, batch: &Packed) -> Tensor<2> {
        let together = (POSITIONS / self.config.window).max(1);
        let starts = (0..batch.lengths().len()).step_by(together);
        let parts = starts.map(|first| self.part(&hidden, batch, first, together, CnnDropout::default()));
        Tensor::cat(parts.collect(), 0)
    }

    /// The same with dropout, for a training step.
    ///
    /// # Shapes
    /// - as [`CnnHead::forward`]
    ///
    /// # Panics
    /// As [`CnnHead::forward`].
    pub fn forward_dropped(&self, hidden: &Tensor<2>, batch: &Packed, dropout: CnnDropout) -> Tensor<2> {
        self.part(hidden, batch, 0, batch.lengths().len(), dropout)
    }

    /// The outputs for up to `count` sequences from the one of number `first` on.
    fn part(&self, hidden: &Tensor<2>, batch: &Packed, first: usize, count: usize, dropout: CnnDropout) -> Tensor<2> {
        let (mut map, items) = match self.config.input {
            CnnInput::Letters => self.letters(batch, first, count, &hidden.device()),
            CnnInput::Encoder => self.vectors(hidden, batch, first, count),
        }; // [items · window, channels]
        let mut len = self.config.window;
        for (place, (layer, size)) in self.layers.iter().zip(&self.config.layers).enumerate() {
            map = pooled(relu(layer.forward(map, len)), len, size.pool);
            len /= size.pool;
            map = dropout.of(map, dropout.maps, place);
        }
        let filters = map.dims()[1];
        let mut rows = match self.config.gather {
            CnnGather::Flatten => map.reshape([items, len * filters]),
            CnnGather::Mean => map.reshape([items, len, filters]).mean_dim(1).reshape([items, filters]),
            CnnGather::Max => map.reshape([items, len, filters]).max_dim(1).reshape([items, filters]),
        };
        let last = self.dense.len() - 1; // the outputs are always there
        for (place, dense) in self.dense.iter().enumerate() {
            rows = dense.forward(rows);
            if place < last {
                rows = dropout.of(relu(rows), dropout.dense, self.layers.len() + place);
            }
        }
        rows
    }

    /// Windows of one-hot letters, and how many there are.
    ///
    /// # Shapes
    /// - returns: `[items · window, 4]`
    fn letters(&self, batch: &Packed, first: usize, count: usize, device: &Device) -> (Tensor<2>, usize) {
        let windows: Vec<Vec<f32>> = batch
            .bases()
            .skip(first)
            .take(count)
            .map(|bases| one_hot(&batch.tokens()[bases], self.config.window))
            .collect();
        let shape = [windows.len() * self.config.window, LETTERS];
        (Tensor::from_data(TensorData::new(windows.concat(), shape), device), windows.len())
    }

    /// Windows of the encoder's vectors, and how many there are.
    ///
    /// # Shapes
    /// - returns: `[items · window, dim]`
    fn vectors(&self, hidden: &Tensor<2>, batch: &Packed, first: usize, count: usize) -> (Tensor<2>, usize) {
        let (dim, device) = (hidden.dims()[1], hidden.device());
        let (mut rows, mut items) = (Vec::with_capacity(2 * count), 0);
        for bases in batch.bases().skip(first).take(count) {
            let padding = padding(self.config.window, bases.len());
            if padding > 0 {
                rows.push(Tensor::zeros([padding, dim], &device));
            }
            rows.push(hidden.clone().slice([bases, 0..dim]));
            items += 1;
        }
        (Tensor::cat(rows, 0), items)
    }
}

/// Zeros before a sequence of `len` bases.
pub(crate) fn padding(window: usize, len: usize) -> usize {
    window.checked_sub(len).expect("callers refuse sequences that are longer than the window")
}

/// A sequence's letters, one-hot, after zeros up to the window: `[window, 4]`.
pub(crate) fn one_hot(tokens: &[rinalmo_seq::alphabet::Token], window: usize) -> Vec<f32> {
    let mut values = vec![0.0; window * LETTERS];
    let start = padding(window, tokens.len());
    for (row, token) in values.chunks_exact_mut(LETTERS).skip(start).zip(tokens) {
        // A, C, G and T are neighbours in the vocabulary.
        let letter = token.checked_sub(rinalmo_seq::alphabet::A).map(usize::from).filter(|&letter| letter < LETTERS);
        if let Some(letter) = letter {
            row[letter] = 1.0;
        }
    }
    values
}

/// The maximum of every `pool` neighbouring positions; positions left over at the end are dropped.
///
/// # Shapes
/// - map: `[items · len, channels]`
/// - returns: `[items · ⌊len / pool⌋, channels]`
fn pooled(map: Tensor<2>, len: usize, pool: usize) -> Tensor<2> {
    if pool == 1 {
        return map;
    }
    let [rows, channels] = map.dims();
    let (items, left) = (rows / len, len / pool);
    let whole = map.reshape([items, len, channels]).slice([0..items, 0..left * pool, 0..channels]);
    whole.reshape([items * left, pool, channels]).max_dim(1).reshape([items * left, channels])
}
