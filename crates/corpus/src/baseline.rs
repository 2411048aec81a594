//! How well counts predict a letter: the baseline that a language model has to beat.
//!
//! An n-gram model predicts a letter from the `n − 1` letters before it. Counts come from epochs of the training split,
//! one random member per cluster as a model sees them; it is scored on the letters that validation masks, with all
//! letters before them visible. Counts of long contexts are interpolated with those of shorter ones as Witten and Bell
//! (1991) do, down to a uniform distribution over all letters.

use rinalmo_seq::alphabet::{FIRST_LETTER, PAD, Token, VOCABULARY};
use serde::Serialize;

use crate::Error;
use crate::sample::{Batch, Sampler};

/// Letters of the alphabet.
const LETTERS: usize = VOCABULARY.len() - FIRST_LETTER as usize;
/// Symbols of a context: the letters, and one for anything else (`<cls>`, the beginning of a window).
const SYMBOLS: usize = LETTERS + 1;
/// The longest context is four letters: two million counts.
const MOST: usize = 5;

/// The symbols before a letter, the nearest first.
type Context = [usize; MOST - 1];

/// Counts of letters after contexts.
#[derive(Debug, Clone)]
pub struct NGram {
    /// For each context length, `[SYMBOLS^length, LETTERS]`.
    counts: Vec<Vec<u32>>,
}

/// The result of predicting by counts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Baseline {
    /// Length of an n-gram, including the predicted letter: 1 is a unigram.
    pub order: usize,
    /// `exp` of the mean loss.
    pub perplexity: f64,
    /// How many letters were predicted.
    pub letters: u64,
}

impl NGram {
    /// Counts an epoch of `sampler`, all letters of it.
    ///
    /// # Errors
    /// `order` is not 1 to 5, or the store is damaged.
    pub fn count(sampler: &Sampler, epoch: u64, order: usize) -> Result<Self, Error> {
        if !(1..=MOST).contains(&order) {
            return Err(Error::Options(format!("an n-gram of order {order}, expected 1 to {MOST}")));
        }
        let mut ngram = Self::new(order);
        for batch in sampler.epoch(epoch)?.batches() {
            rows(&batch?).for_each(|(row, _)| ngram.add(&row));
        }
        Ok(ngram)
    }

    fn new(order: usize) -> Self {
        Self { counts: (0..order).map(|length| vec![0; SYMBOLS.pow(length as u32) * LETTERS]).collect() }
    }

    fn add(&mut self, row: &[Token]) {
        for (context, letter) in windows(row).filter(|&(_, symbol)| symbol < LETTERS) {
            for (length, counts) in self.counts.iter_mut().enumerate() {
                counts[index(context, length) * LETTERS + letter] += 1;
            }
        }
    }

    /// Predicts the masked letters of an epoch of `sampler`.
    ///
    /// # Errors
    /// The store is damaged.
    pub fn score(&self, sampler: &Sampler, epoch: u64) -> Result<Baseline, Error> {
        let (mut nats, mut letters) = (0.0, 0u64);
        for batch in sampler.epoch(epoch)?.batches() {
            for (row, hidden) in rows(&batch?) {
                let asked = windows(&row).zip(hidden).filter(|((_, symbol), hidden)| *hidden && *symbol < LETTERS);
                for ((context, letter), _) in asked {
                    nats -= self.probability(context, letter).ln();
                    letters += 1;
                }
            }
        }
        Ok(Baseline { order: self.counts.len(), perplexity: (nats / letters.max(1) as f64).exp(), letters })
    }

    /// `P(letter | context)`, a mixture over all lengths of context.
    fn probability(&self, context: Context, letter: usize) -> f64 {
        self.counts.iter().enumerate().fold(1.0 / LETTERS as f64, |shorter, (length, counts)| {
            let counts = &counts[index(context, length) * LETTERS..][..LETTERS];
            let seen: f64 = counts.iter().map(|&count| f64::from(count)).sum();
            let kinds = counts.iter().filter(|&&count| count > 0).count() as f64;
            if seen == 0.0 { shorter } else { (f64::from(counts[letter]) + kinds * shorter) / (seen + kinds) }
        })
    }
}

/// The number of a context among those of its length; the nearest letter is the lowest digit.
fn index(context: Context, length: usize) -> usize {
    context[..length].iter().fold(0, |index, &symbol| index * SYMBOLS + symbol)
}

/// The rows of a batch as they were before masking, and which letters validation predicts.
fn rows(batch: &Batch) -> impl Iterator<Item = (Vec<Token>, Vec<bool>)> {
    let lines = batch.tokens.chunks(batch.len.max(1)).zip(batch.targets.chunks(batch.len.max(1)));
    batch.rows.iter().zip(lines).map(|(row, (tokens, targets))| {
        let filled = tokens.iter().zip(targets).take(row.tokens as usize);
        filled.map(|(&token, &target)| if target == PAD { (token, false) } else { (target, true) }).unzip()
    })
}

/// Every token's context, the nearest symbol first, and the token's own number, [`LETTERS`] for anything but a letter.
fn windows(row: &[Token]) -> impl Iterator<Item = (Context, usize)> {
    row.iter().scan([LETTERS; MOST - 1], |context, &token| {
        let (before, symbol) = (*context, usize::from(token).checked_sub(FIRST_LETTER.into()).unwrap_or(LETTERS));
        context.rotate_right(1);
        context[0] = symbol;
        Some((before, symbol))
    })
}

#[cfg(test)]
mod tests {
    use rinalmo_seq::tokenizer::tokenize;

    use super::*;

    /// Counts of one sequence.
    fn counted(sequence: &[u8], order: usize) -> NGram {
        let mut ngram = NGram::new(order);
        ngram.add(&tokenize(sequence));
        ngram
    }

    #[test]
    fn probabilities_sum_to_one_in_every_context() {
        let ngram = counted(b"ACGUACGGNACGUUAC", 3);
        for context in [[0, 1, 17, 17], [3, 3, 3, 3], [17, 17, 17, 17], [15, 2, 0, 0]] {
            let sum: f64 = (0..LETTERS).map(|letter| ngram.probability(context, letter)).sum();
            assert!((sum - 1.0).abs() < 1e-12, "{context:?}: {sum}");
        }
    }

    #[test]
    fn a_repeat_is_guessed_by_its_context_and_not_without_one() {
        let sequence = b"ACGU".repeat(100);
        let [g, c, a] = [2, 1, 0];
        let alone = counted(&sequence, 1).probability([c, a, LETTERS, LETTERS], g);
        let beside = counted(&sequence, 3).probability([c, a, LETTERS, LETTERS], g);
        assert!((alone - 0.25).abs() < 0.01 && beside > 0.97, "{alone} {beside}");
    }

    #[test]
    fn the_nearest_letter_is_the_first_of_a_context() {
        let row = tokenize(b"AC");
        let seen: Vec<(Context, usize)> = windows(&row).collect();
        assert_eq!(seen[2], ([0, LETTERS, LETTERS, LETTERS], 1)); // C after A after <cls>
        assert_eq!(seen[3], ([1, 0, LETTERS, LETTERS], LETTERS)); // <eos>
    }
}
