//! A batch without padding: the tokens of several sequences, one sequence after the other.
//!
//! Everything in the encoder except attention works on single tokens, so a batch is one long list of tokens and the
//! lengths of the sequences. Padding is never computed. That is fastest, and padding cannot change a result.

use std::ops::Range;

use rinalmo_seq::alphabet::{MASK, Token};

/// Fraction of the tokens of a training run that are not `<mask>`: 15 % are chosen and 80 % of those become `<mask>`,
/// whose embeddings are zero. The published recipe scales every embedding by it.
const KEPT_IN_TRAINING: f32 = 1.0 - 0.15 * 0.8;

/// Token sequences one after the other, `<cls>` and `<eos>` included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Packed {
    tokens: Vec<Token>,
    lengths: Vec<usize>,
    #[cfg(feature = "tch")]
    places: Found,
}

/// What LibTorch's attention computes of the lengths, once for all blocks.
#[cfg(feature = "tch")]
#[derive(Clone, Debug, Default)]
struct Found(crate::ops::torch::Places);

/// It depends on the lengths alone.
#[cfg(feature = "tch")]
impl PartialEq for Found {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

#[cfg(feature = "tch")]
impl Eq for Found {}

impl Packed {
    /// Packs token sequences in the given order.
    pub fn new<S: AsRef<[Token]>>(sequences: impl IntoIterator<Item = S>) -> Self {
        let mut packed = Self::default();
        for sequence in sequences {
            packed.tokens.extend_from_slice(sequence.as_ref());
            packed.lengths.push(sequence.as_ref().len());
        }
        packed
    }

    /// All tokens, one sequence after the other.
    pub fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// Tokens in each sequence.
    pub fn lengths(&self) -> &[usize] {
        &self.lengths
    }

    /// Total number of tokens.
    pub fn total(&self) -> usize {
        self.tokens.len()
    }

    /// The rows of each sequence.
    pub fn spans(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        self.lengths.iter().scan(0, |start, &len| {
            let span = *start..*start + len;
            *start = span.end;
            Some(span)
        })
    }

    /// The rows of each sequence's bases: all but those of `<cls>` and `<eos>`.
    pub fn bases(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        self.spans().map(|span| span.start + 1..span.end - 1)
    }

    /// Runs of neighbouring sequences of equal length, as (rows, sequences, length): each run is one call to attention.
    pub(crate) fn groups(&self) -> Vec<(Range<usize>, usize, usize)> {
        let mut groups: Vec<(Range<usize>, usize, usize)> = Vec::new();
        for span in self.spans().filter(|span| !span.is_empty()) {
            match groups.last_mut() {
                Some((rows, count, len)) if *len == span.len() => {
                    rows.end = span.end;
                    *count += 1;
                }
                _ => groups.push((span.clone(), 1, span.len())),
            }
        }
        groups
    }

    /// The places of the tokens for LibTorch's attention.
    #[cfg(feature = "tch")]
    pub(crate) fn places(&self) -> &crate::ops::torch::Places {
        &self.places.0
    }

    /// Position of every token in its own sequence, from 0 at `<cls>`.
    pub(crate) fn positions(&self) -> Vec<usize> {
        self.lengths.iter().flat_map(|&len| 0..len).collect()
    }

    /// The scale of every embedding by token dropout: 0 for `<mask>`, otherwise `(1 − 0.15·0.8) / (1 − m)` with `m` the
    /// fraction of `<mask>` in the sequence.
    ///
    /// Applied at inference too, because the released model was trained with it.
    pub(crate) fn embedding_scale(&self) -> Vec<f32> {
        let mut scale = Vec::with_capacity(self.total());
        for span in self.spans() {
            let tokens = &self.tokens[span];
            let masked = tokens.iter().filter(|&&token| token == MASK).count();
            let kept = KEPT_IN_TRAINING / (1.0 - masked as f32 / tokens.len() as f32);
            scale.extend(tokens.iter().map(|&token| if token == MASK { 0.0 } else { kept }));
        }
        scale
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rinalmo_seq::tokenizer::tokenize;

    #[test]
    fn equal_neighbours_share_one_attention_call() {
        let batch = Packed::new([tokenize(b"ACG"), tokenize(b"UUU"), tokenize(b"A"), tokenize(b"CCC")]);
        assert_eq!(batch.groups(), [(0..10, 2, 5), (10..13, 1, 3), (13..18, 1, 5)]);
        assert_eq!(batch.positions()[..6], [0, 1, 2, 3, 4, 0]);
    }

    #[test]
    fn masked_tokens_vanish_and_the_rest_is_scaled_up() {
        let mut tokens = tokenize(b"ACGUACGU");
        tokens[3] = MASK;
        let scale = Packed::new([tokens]).embedding_scale();
        assert_eq!(scale[3], 0.0);
        assert!((scale[0] - 0.88 / 0.9).abs() < 1e-6);
    }
}
