//! How probable the model finds a sequence, and how a mutation changes that.
//!
//! Probabilities are softmax over the whole vocabulary. *Masked* scores mask each position before
//! scoring it (Salazar et al. 2020; "masked marginals" of Meier et al. 2021). *Unmasked* scores
//! take all positions from one pass over the sequence as it is ("wild-type marginals"), which is
//! much faster and less accurate.

use rinalmo_model::{Packed, VOCABULARY};
use rinalmo_seq::alphabet::{self, MASK, Token};
use rinalmo_seq::tokenizer::tokenize;

use crate::batches::{Batches, DEFAULT_BATCH_TOKENS};
use crate::memory::longest_that_fits;
use crate::variant::Variant;
use crate::{Error, Model};

/// How positions are scored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Marginal {
    /// Each position masked in turn: one pass a position.
    #[default]
    Masked,
    /// One pass over the unmasked sequence.
    Unmasked,
}

impl Marginal {
    /// Its name in results.
    pub fn name(self) -> &'static str {
        match self {
            Self::Masked => "masked",
            Self::Unmasked => "unmasked",
        }
    }
}

/// A sequence's score.
#[derive(Clone, Debug, PartialEq)]
pub struct SequenceScore {
    /// Mean negative log-likelihood of a base, in nats.
    pub loss: f64,
    /// `exp(loss)`: 1 is certainty, 4 is a guess among four bases.
    pub perplexity: f64,
    /// Log-likelihood of each base.
    pub log_likelihoods: Vec<f32>,
}

impl Model {
    /// Pseudo-perplexity of a sequence.
    ///
    /// # Errors
    /// [`Error::NoHead`] without a masked-language head; [`Error::EmptySequence`], [`Error::TooLong`] or
    /// [`Error::TooLongForPositions`].
    pub fn score(&self, sequence: &[u8], marginal: Marginal) -> Result<SequenceScore, Error> {
        self.check_scored(sequence.len())?;
        let tokens = tokenize(sequence);
        let hidden: Vec<Vec<usize>> = match marginal {
            Marginal::Masked => (1..=sequence.len()).map(|i| vec![i]).collect(),
            Marginal::Unmasked => vec![Vec::new()],
        };
        let rows = self.log_probabilities(&tokens, &hidden)?;
        let log_likelihoods: Vec<f32> = (1..=sequence.len())
            .map(|i| {
                let pass = if marginal == Marginal::Masked { i - 1 } else { 0 };
                rows[pass].at(i, tokens[i])
            })
            .collect();
        self.finite(&log_likelihoods)?;
        let loss = -log_likelihoods.iter().map(|&x| f64::from(x)).sum::<f64>() / sequence.len() as f64;
        Ok(SequenceScore { loss, perplexity: loss.exp(), log_likelihoods })
    }

    /// Log-likelihood ratio of variants over the sequence as it is, in nats: below 0 the variant
    /// is less probable. Substitutions of one variant are masked together and their ratios added.
    ///
    /// # Errors
    /// [`Error::Variant`] if a variant does not fit the sequence; else as [`Model::score`].
    pub fn score_variants(&self, sequence: &[u8], variants: &[Variant], marginal: Marginal) -> Result<Vec<f32>, Error> {
        self.check_scored(sequence.len())?;
        variants.iter().try_for_each(|variant| variant.check(sequence))?;
        let tokens = tokenize(sequence);
        let at = |variant: &Variant| variant.substitutions().iter().map(|s| s.position + 1).collect::<Vec<_>>();
        let mut passes: Vec<Vec<usize>> = match marginal {
            Marginal::Masked => variants.iter().map(at).collect(),
            Marginal::Unmasked => vec![Vec::new()],
        };
        passes.sort();
        passes.dedup();
        let rows = self.log_probabilities(&tokens, &passes)?;
        let ratio = |variant: &Variant| {
            let pass = match marginal {
                Marginal::Masked => passes.binary_search(&at(variant)).expect("every variant has its pass"),
                Marginal::Unmasked => 0,
            };
            let gain = |token: usize, base: u8| rows[pass].at(token, alphabet::token(base));
            variant.substitutions().iter().map(|s| gain(s.position + 1, s.to) - gain(s.position + 1, s.from)).sum()
        };
        let ratios: Vec<f32> = variants.iter().map(ratio).collect();
        self.finite(&ratios).map(|()| ratios)
    }

    fn check_scored(&self, len: usize) -> Result<(), Error> {
        self.check_len(len)?;
        self.afford(len, "its likelihoods", self.budget(None), |len| self.score_memory(len))
    }

    /// Runs copies of `tokens`, each with its own positions masked, and returns the
    /// log-probabilities of the masked positions (of all, if none is masked).
    fn log_probabilities(&self, tokens: &[Token], masked: &[Vec<usize>]) -> Result<Vec<LogProbabilities>, Error> {
        let mut results = Vec::with_capacity(masked.len());
        let fit = longest_that_fits(self.budget(None), |len| self.score_memory(len));
        for passes in Batches::new(masked, DEFAULT_BATCH_TOKENS.min(fit), |_: &&Vec<usize>| tokens.len()) {
            let copies = passes.iter().map(|positions| {
                let mut copy = tokens.to_vec();
                positions.iter().for_each(|&i| copy[i] = MASK);
                copy
            });
            let packed = Packed::new(copies);
            let logits = self.token_logits(&packed)?;
            for (positions, span) in passes.into_iter().zip(packed.spans()) {
                let rows = &logits[span.start * VOCABULARY..span.end * VOCABULARY];
                results.push(LogProbabilities::new(rows, positions));
            }
        }
        Ok(results)
    }
}

/// Log-probabilities of every token at some positions.
struct LogProbabilities {
    positions: Vec<usize>,
    rows: Vec<f32>,
}

impl LogProbabilities {
    /// Of `positions`, or of all if that is empty; `logits` is `[tokens, vocabulary]`.
    fn new(logits: &[f32], positions: &[usize]) -> Self {
        let positions = match positions {
            [] => (0..logits.len() / VOCABULARY).collect(),
            some => some.to_vec(),
        };
        let row = |&i: &usize| log_softmax(&logits[i * VOCABULARY..(i + 1) * VOCABULARY]);
        let rows = positions.iter().flat_map(row).collect();
        Self { positions, rows }
    }

    fn at(&self, position: usize, token: Token) -> f32 {
        let row = self.positions.binary_search(&position).expect("only computed positions are asked for");
        self.rows[row * VOCABULARY + usize::from(token)]
    }
}

fn log_softmax(logits: &[f32]) -> Vec<f32> {
    let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let total: f32 = logits.iter().map(|logit| (logit - max).exp()).sum();
    logits.iter().map(|logit| logit - max - total.ln()).collect()
}
