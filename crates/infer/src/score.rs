//! How probable the model finds a sequence, and how a mutation changes that.
//!
//! Probabilities are softmax over the whole vocabulary. *Masked* scores mask each position before
//! scoring it (Salazar et al. 2020; "masked marginals" of Meier et al. 2021). *Unmasked* scores
//! take all positions from one pass over the sequence as it is ("wild-type marginals"), which is
//! much faster and less accurate.

use std::borrow::Cow;

use rinalmo_model::{Hidden, Network, Packed, VOCABULARY};
use rinalmo_seq::alphabet::{self, MASK, Token};
use rinalmo_seq::tokenizer::tokenize;

use crate::batches::DEFAULT_BATCH_TOKENS;
use crate::driver::{Driver, Limits, Verb, View};
use crate::memory::longest_that_fits;
use crate::setters::limits;
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
#[non_exhaustive]
pub struct SequenceScore {
    /// Mean negative log-likelihood of a base, in nats.
    pub loss: f64,
    /// `exp(loss)`: 1 is certainty, 4 is a guess among four bases.
    pub perplexity: f64,
    /// Log-likelihood of each base.
    pub log_likelihoods: Vec<f32>,
}

/// How to score.
///
/// ```
/// use rinalmo_infer::{Marginal, ScoreOptions};
///
/// let options = ScoreOptions::default().marginal(Marginal::Unmasked);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ScoreOptions {
    /// How positions are scored.
    pub marginal: Marginal,
    /// Bytes that work on sequences may take; by default the limit of [`LoadOptions`](crate::LoadOptions), or most of
    /// the free memory.
    pub max_memory: Option<u64>,
    /// Tokens encoded at a time.
    pub batch_tokens: usize,
}

impl Default for ScoreOptions {
    fn default() -> Self {
        Self { marginal: Marginal::default(), max_memory: None, batch_tokens: DEFAULT_BATCH_TOKENS }
    }
}

limits!(ScoreOptions);

impl ScoreOptions {
    /// Sets [`ScoreOptions::marginal`].
    #[must_use]
    pub fn marginal(mut self, marginal: Marginal) -> Self {
        self.marginal = marginal;
        self
    }
}

/// A sequence and variants of it to score.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct VariantRequest<'a> {
    /// Its bases: T or U, upper or lower case.
    pub sequence: Cow<'a, [u8]>,
    /// The variants.
    pub variants: Vec<Variant>,
}

impl<'a> VariantRequest<'a> {
    /// Variants of a sequence.
    pub fn new<S: AsRef<[u8]> + ?Sized>(sequence: &'a S, variants: Vec<Variant>) -> Self {
        Self { sequence: Cow::Borrowed(sequence.as_ref()), variants }
    }

    /// The same, with a copy of the sequence.
    #[must_use]
    pub fn into_owned(self) -> VariantRequest<'static> {
        VariantRequest { sequence: Cow::Owned(self.sequence.into_owned()), variants: self.variants }
    }
}

/// Passes over a sequence, each with other positions masked.
struct Passes<A> {
    tokens: Vec<Token>,
    /// Positions that are masked in each pass, among the tokens.
    masked: Masked,
    /// What is asked of the probabilities.
    asked: A,
}

/// Positions that are masked in each pass.
enum Masked {
    /// None, in one pass.
    None,
    /// Every base in turn.
    Each,
    /// These, sorted and without duplicates.
    Some(Vec<Vec<usize>>),
}

impl<A> Passes<A> {
    fn count(&self) -> usize {
        match &self.masked {
            Masked::None => 1,
            Masked::Each => self.tokens.len() - 2,
            Masked::Some(passes) => passes.len(),
        }
    }

    /// The positions that are masked in a pass.
    fn positions(&self, number: usize) -> Vec<usize> {
        match &self.masked {
            Masked::None => Vec::new(),
            Masked::Each => vec![number + 1],
            Masked::Some(passes) => passes[number].clone(),
        }
    }
}

/// Turns the log-probabilities of every pass into the result.
type Finish<A, R> = fn(&Model, &Passes<A>, &[LogProbabilities]) -> Result<R, Error>;

/// The log-probabilities of masked positions (of all, if none is masked), and what is made of them.
struct Score<'m, A, R> {
    model: &'m Model,
    run: Finish<A, R>,
}

impl<A: Sync, R> Verb for Score<'_, A, R> {
    type Item = Passes<A>;
    /// Masked-language logits of every token, `[rows, vocabulary]`.
    type Seen = Vec<f32>;
    type Part = LogProbabilities;
    type Output = R;

    fn tokens(&self, passes: &Passes<A>) -> usize {
        passes.tokens.len().saturating_mul(passes.count())
    }

    fn pieces(&self, passes: &Passes<A>) -> usize {
        passes.count()
    }

    fn piece(&self, passes: &Passes<A>, number: usize) -> Vec<Token> {
        let mut copy = passes.tokens.clone();
        passes.positions(number).into_iter().for_each(|i| copy[i] = MASK);
        copy
    }

    fn look(&self, network: &dyn Network, batch: &Packed) -> (Hidden<'static>, Vec<f32>) {
        let hidden = network.encode(batch);
        let logits = network.token_logits(&hidden);
        (hidden, logits)
    }

    fn part(&self, passes: &Passes<A>, number: usize, view: &View<'_, Vec<f32>>) -> Result<LogProbabilities, Error> {
        let logits = &view.seen[view.span.start * VOCABULARY..view.span.end * VOCABULARY];
        self.model.finite(logits)?;
        Ok(LogProbabilities::new(logits, passes.positions(number)))
    }

    fn finish(&self, passes: &Passes<A>, parts: Vec<LogProbabilities>) -> Result<R, Error> {
        (self.run)(self.model, passes, &parts)
    }
}

/// A driver of [`Score`].
type ScoreDriver<'m, A, R, I> = Driver<'m, Score<'m, A, R>, I>;

impl Model {
    /// Pseudo-perplexity of sequences, in their order.
    ///
    /// # Errors
    /// The first that any sequence meets; see [`Model::scores`] to continue with the others.
    pub fn score<I>(&self, sequences: I, options: &ScoreOptions) -> Result<Vec<SequenceScore>, Error>
    where
        I: IntoIterator<Item: AsRef<[u8]>>,
    {
        self.drive_scores(sequences, options)?.all()
    }

    /// Pseudo-perplexity of sequences as they come, in batches of [`ScoreOptions::batch_tokens`] tokens: each has its
    /// own result, in their order. Only one batch is in memory, and at most one sequence is read ahead of it. The lower
    /// bound of the iterator's `size_hint` is the number of results that are already computed.
    ///
    /// # Errors
    /// [`Error::NoHead`] without a masked-language head. Of a single sequence: [`Error::EmptySequence`],
    /// [`Error::TooLong`] or [`Error::TooLongForPositions`].
    pub fn scores<'m, I>(
        &'m self,
        sequences: I,
        options: &ScoreOptions,
    ) -> Result<impl Iterator<Item = Result<SequenceScore, Error>> + use<'m, I>, Error>
    where
        I: IntoIterator<Item: AsRef<[u8]>>,
    {
        self.drive_scores(sequences, options)
    }

    #[allow(clippy::type_complexity)] // the iterator has no name
    fn drive_scores<'m, I>(
        &'m self,
        sequences: I,
        options: &ScoreOptions,
    ) -> Result<ScoreDriver<'m, (), SequenceScore, impl Iterator<Item = Result<Passes<()>, Error>> + use<'m, I>>, Error>
    where
        I: IntoIterator<Item: AsRef<[u8]>>,
    {
        let limits = self.score_limits(options)?;
        let marginal = options.marginal;
        let checked = move |sequence: I::Item| {
            self.check_scored(sequence.as_ref().len(), limits.memory)?;
            let masked = match marginal {
                Marginal::Masked => Masked::Each,
                Marginal::Unmasked => Masked::None,
            };
            Ok(Passes { tokens: tokenize(sequence.as_ref()), masked, asked: () })
        };
        let verb = Score { model: self, run: Self::sequence_score };
        Ok(Driver::new(self, verb, limits, sequences.into_iter().map(checked)))
    }

    fn sequence_score(&self, passes: &Passes<()>, rows: &[LogProbabilities]) -> Result<SequenceScore, Error> {
        let Passes { tokens, masked, .. } = passes;
        let bases = 1..tokens.len() - 1;
        let log_likelihood = |i: usize| {
            let pass = if matches!(masked, Masked::None) { 0 } else { i - 1 };
            rows[pass].at(i, tokens[i])
        };
        let log_likelihoods: Vec<f32> = bases.map(log_likelihood).collect();
        self.finite(&log_likelihoods)?;
        let loss = -log_likelihoods.iter().map(|&x| f64::from(x)).sum::<f64>() / log_likelihoods.len() as f64;
        Ok(SequenceScore { loss, perplexity: loss.exp(), log_likelihoods })
    }

    /// Log-likelihood ratios of variants over the sequences as they are, in nats: below 0 the variant is less probable.
    /// Substitutions of one variant are masked together and their ratios added. The result for each sequence, in their
    /// order, has one number for each variant.
    ///
    /// # Errors
    /// The first that any sequence meets; see [`Model::variant_scores`] to continue with the others.
    pub fn score_variants<'a, I>(&self, requests: I, options: &ScoreOptions) -> Result<Vec<Vec<f32>>, Error>
    where
        I: IntoIterator<Item = VariantRequest<'a>>,
    {
        self.drive_variants(requests, options)?.all()
    }

    /// As [`Model::score_variants`], for sequences as they come, in batches of [`ScoreOptions::batch_tokens`] tokens:
    /// each has its own result, in their order. Only one batch is in memory, and at most one sequence is read ahead of
    /// it. The lower bound of the iterator's `size_hint` is the number of results that are already computed.
    ///
    /// # Errors
    /// As [`Model::scores`]. Of a single sequence also [`Error::Variant`], if a variant does not fit it.
    pub fn variant_scores<'m, 'a, I>(
        &'m self,
        requests: I,
        options: &ScoreOptions,
    ) -> Result<impl Iterator<Item = Result<Vec<f32>, Error>> + use<'m, 'a, I>, Error>
    where
        I: IntoIterator<Item = VariantRequest<'a>>,
    {
        self.drive_variants(requests, options)
    }

    #[allow(clippy::type_complexity)] // the iterator has no name
    fn drive_variants<'m, 'a, I>(
        &'m self,
        requests: I,
        options: &ScoreOptions,
    ) -> Result<
        ScoreDriver<
            'm,
            Vec<Variant>,
            Vec<f32>,
            impl Iterator<Item = Result<Passes<Vec<Variant>>, Error>> + use<'m, 'a, I>,
        >,
        Error,
    >
    where
        I: IntoIterator<Item = VariantRequest<'a>>,
    {
        let limits = self.score_limits(options)?;
        let marginal = options.marginal;
        let checked = move |request: VariantRequest<'a>| {
            let VariantRequest { sequence, variants } = request;
            self.check_scored(sequence.len(), limits.memory)?;
            variants.iter().try_for_each(|variant| variant.check(&sequence))?;
            let masked = match marginal {
                Marginal::Masked => {
                    let mut passes: Vec<Vec<usize>> = variants.iter().map(tokens_of).collect();
                    passes.sort();
                    passes.dedup();
                    Masked::Some(passes)
                }
                Marginal::Unmasked => Masked::None,
            };
            Ok(Passes { tokens: tokenize(&sequence), masked, asked: variants })
        };
        let verb = Score { model: self, run: Self::ratios };
        Ok(Driver::new(self, verb, limits, requests.into_iter().map(checked)))
    }

    fn ratios(&self, passes: &Passes<Vec<Variant>>, rows: &[LogProbabilities]) -> Result<Vec<f32>, Error> {
        let ratio = |variant: &Variant| {
            let pass = match &passes.masked {
                Masked::Some(passes) => passes.binary_search(&tokens_of(variant)).expect("every variant has its pass"),
                Masked::None | Masked::Each => 0,
            };
            let gain = |token: usize, base: u8| rows[pass].at(token, alphabet::token(base));
            variant.substitutions().iter().map(|s| gain(s.position + 1, s.to) - gain(s.position + 1, s.from)).sum()
        };
        let ratios: Vec<f32> = passes.asked.iter().map(ratio).collect();
        self.finite(&ratios).map(|()| ratios)
    }

    /// # Errors
    /// [`Error::NoHead`].
    fn score_limits(&self, options: &ScoreOptions) -> Result<Limits, Error> {
        if !self.config.mlm {
            return Err(self.lacks("masked-language"));
        }
        let budget = self.budget(options.max_memory);
        let fits = longest_that_fits(budget, |len| self.score_memory(len));
        Ok(Limits::new(options.batch_tokens, fits, budget))
    }

    fn check_scored(&self, len: usize, budget: u64) -> Result<(), Error> {
        self.check_len(len)?;
        self.afford(len, "its likelihoods", budget, |len| self.score_memory(len))
    }
}

/// The tokens that a variant replaces.
fn tokens_of(variant: &Variant) -> Vec<usize> {
    variant.substitutions().iter().map(|s| s.position + 1).collect()
}

/// Log-probabilities of every token at some positions.
struct LogProbabilities {
    positions: Vec<usize>,
    rows: Vec<f32>,
}

impl LogProbabilities {
    /// Of `positions`, or of all if that is empty; `logits` is `[tokens, vocabulary]`.
    fn new(logits: &[f32], mut positions: Vec<usize>) -> Self {
        if positions.is_empty() {
            positions.extend(0..logits.len() / VOCABULARY);
        }
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
