//! Secondary structures: representation → logits of all pairs → decoding.

use rayon::prelude::*;
use rinalmo_decode::constraint::Constraint;
use rinalmo_decode::{DecodeOptions, Method, crossing};
use rinalmo_model::HeadConfig;
use rinalmo_seq::labelled::structures::Item;
use rinalmo_seq::structure::PAGES;
use rinalmo_seq::{Structure, tokenizer::tokenize};

use crate::batches::{DEFAULT_BATCH_TOKENS, in_order};
use crate::memory::{longest_that_fits, mebibytes};
use crate::{Error, Model};

/// How to fold.
#[derive(Clone, Debug)]
pub struct FoldOptions {
    /// Pairs must be more probable than this; the model's own threshold by default. It applies to every sequence, but
    /// [`Method::F1`] may raise it.
    pub threshold: Option<f32>,
    /// How pairs are chosen; by default the model's own method, or greedy if the model names none.
    pub method: Option<Method>,
    /// Fewest unpaired bases a hairpin loop may have.
    pub min_loop: usize,
    /// May pairs other than AU, GC and GU be chosen?
    pub non_canonical: bool,
    /// Keep the probabilities of all pairs in the result?
    pub probabilities: bool,
    /// Bytes that maps of pairs may take; by default the limit of [`LoadOptions`](crate::LoadOptions), or most of the
    /// free memory.
    pub max_memory: Option<u64>,
    /// Tokens encoded at a time.
    pub batch_tokens: usize,
}

impl Default for FoldOptions {
    fn default() -> Self {
        Self {
            threshold: None,
            method: None,
            min_loop: DecodeOptions::default().min_loop,
            non_canonical: false,
            probabilities: false,
            max_memory: None,
            batch_tokens: DEFAULT_BATCH_TOKENS,
        }
    }
}

/// A sequence to fold.
#[derive(Clone, Debug, Default)]
pub struct FoldRequest<'a> {
    /// Its bases: T or U, upper or lower case.
    pub sequence: &'a [u8],
    /// What its structure must obey.
    pub constraint: Option<Constraint>,
}

/// A folded sequence.
#[derive(Clone, Debug)]
pub struct Fold {
    /// The structure: at most one partner a base.
    pub structure: Structure,
    /// Its pairs with their probabilities, 0-based, `i < j`.
    pub pairs: Vec<(usize, usize, f32)>,
    /// Mean probability of the chosen pairs; 0 if there are none.
    pub score: f32,
    /// The F1 to expect of this structure (relaxed: a pair may be one position off). `None` unless the model was
    /// calibrated for these options: its own decoder and threshold, no constraint, and the default loops and letters of
    /// pairs.
    pub expected_f1: Option<f32>,
    /// The threshold that was applied, or that [`Method::F1`] found.
    pub threshold: f32,
    /// How many pairs more probable than 0.5 were left out only because they cross others: the model predicts a
    /// pseudoknot that this decoder cannot return. [`Method::Greedy`] can.
    pub crossing_left_out: usize,
    /// Probabilities of all pairs, if asked for.
    pub probabilities: Option<PairMap>,
}

impl Fold {
    /// The structure as dot-bracket text, with further kinds of brackets for pseudoknots. Pairs that no kind of bracket
    /// is left for are missing, see [`Fold::left_out`].
    pub fn dot_bracket(&self) -> String {
        let written = self.structure.within_pages(PAGES.len());
        written.to_dot_bracket().expect("a decoded structure has one partner a base, and these pages suffice")
    }

    /// How many pairs dot-bracket text cannot hold. This is 0 except for long sequences that the model cannot fold:
    /// there, greedy decoding may cross pairs in more layers than there are kinds of brackets.
    pub fn left_out(&self) -> usize {
        self.structure.pairs().len() - self.structure.within_pages(PAGES.len()).pairs().len()
    }
}

/// Probabilities of all pairs of one sequence: symmetric, zero diagonal.
#[derive(Clone, Debug, PartialEq)]
pub struct PairMap {
    /// Number of positions.
    pub len: usize,
    /// Row-major `[len, len]`.
    pub values: Vec<f32>,
}

impl PairMap {
    /// The probabilities `sigmoid(scale · logit + shift)` of logits `[len, len]`.
    pub fn of_logits(mut logits: Vec<f32>, len: usize, scale: f32, shift: f32) -> Self {
        logits.par_iter_mut().for_each(|x| *x = 1.0 / (1.0 + (-(scale * *x + shift)).exp()));
        logits.iter_mut().step_by(len + 1).for_each(|diagonal| *diagonal = 0.0);
        Self { len, values: logits }
    }

    /// The probability that `i` and `j` pair, 0-based.
    pub fn get(&self, i: usize, j: usize) -> f32 {
        self.values[i * self.len + j]
    }

    /// Pairs `i < j` of probability above `cutoff`.
    pub fn above(&self, cutoff: f32) -> impl Iterator<Item = (usize, usize, f32)> + '_ {
        (0..self.len)
            .flat_map(move |i| (i + 1..self.len).map(move |j| (i, j, self.get(i, j))))
            .filter(move |&(_, _, p)| p > cutoff)
    }
}

impl Model {
    /// Folds sequences, in their order.
    ///
    /// # Errors
    /// The first that any sequence meets; see [`Model::fold_each`] to continue with the others.
    pub fn fold<S: AsRef<[u8]>>(&self, sequences: &[S], options: &FoldOptions) -> Result<Vec<Fold>, Error> {
        let requests: Vec<_> =
            sequences.iter().map(|s| FoldRequest { sequence: s.as_ref(), constraint: None }).collect();
        self.fold_each(&requests, options)?.into_iter().collect()
    }

    /// Folds sequences, each with its own result.
    ///
    /// # Errors
    /// [`Error::NoHead`] if the model has no structure head. Of a single sequence:
    /// [`Error::EmptySequence`], [`Error::TooLong`], or a constraint that does not fit.
    pub fn fold_each(
        &self,
        requests: &[FoldRequest<'_>],
        options: &FoldOptions,
    ) -> Result<Vec<Result<Fold, Error>>, Error> {
        self.check_folds()?;
        let weigh = |request: &FoldRequest<'_>| request.sequence.len() + 2;
        let fit = longest_that_fits(self.budget(options.max_memory), |len| self.encode_memory(len + 2));
        Ok(in_order(requests, options.batch_tokens.min(fit).max(1), weigh, |batch| self.fold_batch(batch, options)))
    }

    fn check_folds(&self) -> Result<(), Error> {
        match self.config.head {
            Some(HeadConfig::Structure { .. }) => Ok(()),
            _ => Err(self.lacks("structure")),
        }
    }

    fn fold_batch(&self, batch: &[&FoldRequest<'_>], options: &FoldOptions) -> Vec<Result<Fold, Error>> {
        let budget = self.budget(options.max_memory);
        let admit =
            |request: &&FoldRequest<'_>| self.admit(request.sequence, budget).map(|()| tokenize(request.sequence));
        let (encoded, admitted) = self.encode(batch.iter().map(admit));
        let rows = admitted.results(encoded.bases());
        let jobs = batch.iter().zip(rows).map(|(request, rows)| rows.map(|rows| (*request, rows))).collect();
        self.run_heads(jobs, budget, |request, rows| {
            self.decode(request, self.pair_map(rows, request.sequence)?, options)
        })
    }

    /// Runs the head over every job. On a CPU, as many run at a time as fit into `budget`.
    fn run_heads<'r>(
        &self,
        jobs: Vec<Result<(&'r FoldRequest<'r>, &[f32]), Error>>,
        budget: u64,
        run: impl Fn(&FoldRequest<'_>, &[f32]) -> Result<Fold, Error> + Sync,
    ) -> Vec<Result<Fold, Error>> {
        if !self.device.is_cpu() {
            return jobs.into_iter().map(|job| job.and_then(|(request, rows)| run(request, rows))).collect();
        }
        let weigh = |job: &Result<(&FoldRequest<'_>, _), Error>| match job {
            Ok((request, _)) => mebibytes(self.fold_memory(request.sequence.len())) as usize,
            Err(_) => 0,
        };
        crate::batches::Batches::new(jobs, mebibytes(budget) as usize, weigh)
            .flat_map(|group| {
                let results: Vec<_> =
                    group.into_par_iter().map(|job| job.and_then(|(request, rows)| run(request, rows))).collect();
                results
            })
            .collect()
    }

    /// Checks that the sequence is not empty and that its map fits into `budget`.
    fn admit(&self, sequence: &[u8], budget: u64) -> Result<(), Error> {
        let len = sequence.len();
        self.check_len(len)?;
        self.afford(len, "its map of pairs", budget, |len| self.fold_memory(len))
    }

    /// Bytes it takes to fold one sequence of `len` bases, without the weights.
    pub fn fold_memory(&self, len: usize) -> u64 {
        match self.config.head {
            Some(HeadConfig::Structure { .. }) => self.network.pair_memory(len),
            _ => 0,
        }
    }

    /// `hidden` is `[len, dim]`.
    fn pair_map(&self, hidden: &[f32], bases: &[u8]) -> Result<PairMap, Error> {
        let logits = self.logits(hidden, bases)?;
        let (scale, shift) = self.meta.calibration.map_or((1.0, 0.0), |found| (found.scale, found.shift));
        Ok(PairMap::of_logits(logits, bases.len(), scale, shift))
    }

    fn logits(&self, hidden: &[f32], bases: &[u8]) -> Result<Vec<f32>, Error> {
        let logits = self.ask(|network| network.pair_logits(hidden, bases))?;
        self.finite(&logits).map(|()| logits)
    }

    fn decode(&self, request: &FoldRequest<'_>, map: PairMap, options: &FoldOptions) -> Result<Fold, Error> {
        let decode_options = DecodeOptions {
            threshold: options.threshold.unwrap_or(self.threshold()),
            min_loop: options.min_loop,
            non_canonical: options.non_canonical,
            constraint: request.constraint.clone(),
        };
        let method = match (options.method, options.threshold) {
            (Some(method), _) => method,
            (None, None) => self.method()?,
            (None, Some(_)) => self.method()?.of_one_threshold(),
        };
        let decoded = method.decode(&map.values, request.sequence, &decode_options)?;
        let calibrated = self.meta.calibration.filter(|_| self.is_calibrated_for(request, options));
        let expected_f1 = calibrated.map(|found| {
            let expected = decoded.expected_f1(&map.values, options.min_loop);
            (found.f1_scale * expected + found.f1_shift).clamp(0.0, 1.0)
        });
        let crossing_left_out = crossing(&decoded, &map.values, request.sequence, &decode_options)?.len();
        Ok(Fold {
            crossing_left_out,
            structure: decoded.structure(),
            score: decoded.mean_probability().unwrap_or(0.0),
            expected_f1,
            threshold: decoded.threshold,
            probabilities: options.probabilities.then_some(map),
            pairs: decoded.pairs,
        })
    }

    /// Calls `run` with each item's logits of all pairs, `[len, len]`. On a CPU, as many run at a time as fit into the
    /// budget. Results are in the order of the items.
    ///
    /// # Errors
    /// The model has no structure head. Of a single item as [`Model::fold_each`].
    pub fn with_logits<R: Send>(
        &self,
        items: &[&Item],
        run: impl Fn(&Item, Vec<f32>) -> R + Sync,
    ) -> Result<Vec<Result<R, Error>>, Error> {
        self.check_folds()?;
        let one = |item: &&Item| Ok(run(item, self.pair_logits(&item.sequence)?));
        if !self.device.is_cpu() {
            return Ok(items.iter().map(one).collect());
        }
        let weigh = |item: &&&Item| mebibytes(self.fold_memory(item.sequence.len())) as usize;
        let groups = crate::batches::Batches::new(items, mebibytes(self.budget(None)) as usize, weigh);
        Ok(groups.flat_map(|group| group.into_par_iter().map(one).collect::<Vec<_>>()).collect())
    }

    /// Is a structure made with the options that the expected F1 was fitted for? These are the model's own decoder and
    /// threshold, the default loops and pairs, and no constraint.
    fn is_calibrated_for(&self, request: &FoldRequest<'_>, options: &FoldOptions) -> bool {
        let usual = FoldOptions::default();
        let own_method = options.method.is_none_or(|method| self.method().is_ok_and(|own| own == method));
        let own_threshold = options.threshold.is_none_or(|threshold| threshold == self.threshold());
        // A threshold without a method selects a decoder of one threshold.
        let one_threshold = options.threshold.is_some() && options.method.is_none();
        let kept = !one_threshold || self.method().is_ok_and(|own| own == own.of_one_threshold());
        own_method
            && own_threshold
            && kept
            && options.min_loop == usual.min_loop
            && options.non_canonical == usual.non_canonical
            && request.constraint.is_none()
    }

    /// Logits of all pairs of one sequence, `[len, len]` row by row: symmetric, zero diagonal.
    ///
    /// # Errors
    /// As [`Model::fold`].
    pub fn pair_logits(&self, sequence: &[u8]) -> Result<Vec<f32>, Error> {
        self.check_folds()?;
        self.admit(sequence, self.budget(None))?;
        let (encoded, admitted) = self.encode([Ok(tokenize(sequence))]);
        let rows = admitted.results(encoded.bases()).into_iter().next().unwrap_or(Err(Error::EmptySequence))?;
        self.logits(rows, sequence)
    }
}
