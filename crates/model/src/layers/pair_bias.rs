//! Biases of attention for pairs of bases (Yin et al., "ERNIE-RNA", 2025).

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor, TensorData};
use rinalmo_seq::alphabet::{A, C, G, T, Token};

use super::Linear;
use crate::batch::Packed;
use crate::config::EncoderConfig;
use crate::ops;

/// Scores of the classes of [`pair_class`], as the authors chose them.
const PAIR_SCORES: [f32; 4] = [0.0, 0.8, 2.0, 3.0];

/// The class of a pair of tokens: 3 for G and C, 2 for A and U, 1 for G and U, 0 for all others.
fn pair_class(a: Token, b: Token) -> usize {
    match (a, b) {
        (G, C) | (C, G) => 3,
        (A, T) | (T, A) => 2,
        (G, T) | (T, G) => 1,
        _ => 0,
    }
}

/// `W₂ · gelu(w₁ · score + b₁) + b₂`: one bias for each head of the score of a pair. There are four scores, so it is a table.
#[derive(Module, Debug)]
pub struct PairBias {
    /// `[hidden, 1]`
    pub first: Linear,
    /// `[heads, hidden]`
    pub second: Linear,
}

impl PairBias {
    /// With the sizes of an encoder.
    pub fn new(config: &EncoderConfig, device: &Device) -> Self {
        let hidden = config.pair_bias_width();
        Self { first: Linear::new(1, hidden, device), second: Linear::new(hidden, config.heads, device) }
    }

    /// The biases of each class of pairs: of no pair, of G and U, of A and U, of G and C.
    ///
    /// # Shapes
    /// - returns: `[4, heads]`
    pub fn table(&self) -> Tensor<2> {
        let device = self.first.weight.val().device();
        let scores = TensorData::new(PAIR_SCORES.to_vec(), [PAIR_SCORES.len(), 1]);
        self.second.forward(ops::gelu(self.first.forward(Tensor::from_data(scores, &device))))
    }

    /// The biases of all pairs of tokens of a batch.
    ///
    /// # Shapes
    /// - returns: for each of the batch's groups, `[sequences, heads, len, len]`
    pub(crate) fn forward(&self, batch: &Packed, device: &Device) -> Vec<Tensor<4>> {
        let table = self.table();
        let heads = table.dims()[1];
        let of_group = |(rows, count, len): (std::ops::Range<usize>, usize, usize)| {
            let sequences = batch.tokens()[rows].chunks_exact(len);
            let classes: Vec<i64> = sequences.flat_map(|tokens| classes(tokens).map(|class| class as i64)).collect();
            let size = classes.len();
            let classes = Tensor::<1, Int>::from_data(TensorData::new(classes, [size]), device);
            let biases = table.clone().select(0, classes); // [count · len · len, heads]
            biases.reshape([count, len * len, heads]).swap_dims(1, 2).reshape([count, heads, len, len])
        };
        batch.groups().into_iter().map(of_group).collect()
    }
}

/// The classes of all pairs of a sequence's tokens, row by row.
pub(crate) fn classes(tokens: &[Token]) -> impl Iterator<Item = usize> + '_ {
    tokens.iter().flat_map(|&a| tokens.iter().map(move |&b| pair_class(a, b)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rinalmo_seq::alphabet::{MASK, N};

    #[test]
    fn only_bases_that_can_pair_have_a_score() {
        let score = |a, b| PAIR_SCORES[pair_class(a, b)];
        let all = [A, C, G, T, N, MASK];
        assert_eq!(all.map(|b| score(G, b)), [0.0, 3.0, 0.0, 0.8, 0.0, 0.0]);
        assert_eq!(all.map(|b| score(T, b)), [2.0, 0.0, 0.8, 0.0, 0.0, 0.0]);
        assert!(all.iter().all(|&a| all.iter().all(|&b| pair_class(a, b) == pair_class(b, a))));
    }
}
