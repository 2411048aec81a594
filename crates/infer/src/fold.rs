//! Secondary structures: representation → logits of all pairs → decoding.

mod options;

use std::borrow::Cow;
use std::marker::PhantomData;

use rayon::prelude::*;
use rinalmo_decode::constraint::Constraint;
use rinalmo_decode::crossing;
use rinalmo_energy::{BuiltIn, Deigan, EnergyModel, Restraints};
use rinalmo_model::in_ensemble::PairOptions;
use rinalmo_model::{HeadConfig, Hidden, Network, Packed};
use rinalmo_seq::alphabet::Token;
use rinalmo_seq::labelled::structures::Item;
use rinalmo_seq::structure::PAGES;
use rinalmo_seq::{Structure, tokenizer::tokenize};

use crate::driver::{Driver, Limits, Verb, View};
use crate::memory::longest_that_fits;
use crate::{Alternative, Error, FoldEnergies, Model};

pub use options::FoldOptions;

/// A sequence to fold. It is made from anything with letters, or by [`FoldRequest::new`].
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct FoldRequest<'a> {
    /// Its bases: T or U, upper or lower case.
    pub sequence: Cow<'a, [u8]>,
    /// What its structure must obey.
    pub constraint: Option<Constraint>,
    /// How strongly each base reacted with a probe, normalised so that 1 is high; `None` for bases that were not measured.
    /// They count as energies of stacks of pairs ([`Deigan`]): of an [`EnergyFolder`](crate::EnergyFolder), or of those that
    /// a network sees and that have a share in its probabilities ([`Model::takes_reactivities`]).
    pub reactivities: Option<Vec<Option<f32>>>,
}

impl<'a> FoldRequest<'a> {
    /// A sequence without a constraint.
    pub fn new(sequence: impl Into<Self>) -> Self {
        sequence.into()
    }

    /// Sets what its structure must obey.
    #[must_use]
    pub fn constraint(mut self, constraint: impl Into<Option<Constraint>>) -> Self {
        self.constraint = constraint.into();
        self
    }

    /// Sets how strongly each base reacted with a probe.
    #[must_use]
    pub fn reactivities(mut self, reactivities: impl Into<Option<Vec<Option<f32>>>>) -> Self {
        self.reactivities = reactivities.into();
        self
    }

    /// The energies that its reactivities give to bases in stacks ([`Restraints::stacked`]).
    pub(crate) fn stacked(&self, reactivity: Deigan) -> Option<Vec<f32>> {
        self.reactivities.as_ref().map(|reactivities| reactivity.energies(reactivities))
    }

    /// # Errors
    /// There are reactivities, but not one for each base.
    pub(crate) fn check_reactivities(&self) -> Result<(), Error> {
        let len = self.sequence.len();
        match self.reactivities.as_ref().map(Vec::len) {
            Some(found) if found != len => {
                Err(Error::Options(format!("reactivities: expected one for each of {len} bases, found {found}")))
            }
            _ => Ok(()),
        }
    }
}

impl<'a, S: AsRef<[u8]> + ?Sized> From<&'a S> for FoldRequest<'a> {
    fn from(sequence: &'a S) -> Self {
        Self { sequence: Cow::Borrowed(sequence.as_ref()), ..Self::default() }
    }
}

impl From<Vec<u8>> for FoldRequest<'_> {
    fn from(sequence: Vec<u8>) -> Self {
        Self { sequence: Cow::Owned(sequence), ..Self::default() }
    }
}

impl From<String> for FoldRequest<'_> {
    fn from(sequence: String) -> Self {
        sequence.into_bytes().into()
    }
}

/// A folded sequence.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Fold {
    /// The structure: at most one partner a base.
    pub structure: Structure,
    /// Its pairs with their probabilities, 0-based, `i < j`.
    pub pairs: Vec<(usize, usize, f32)>,
    /// Mean probability of the chosen pairs; 0 if there are none.
    pub score: f32,
    /// The F1 to expect of this structure (relaxed: a pair may be one position off). `None` unless the model was
    /// calibrated for these options: its own decoder and threshold, no constraint, no reactivities, and the default loops and
    /// letters of pairs.
    pub expected_f1: Option<f32>,
    /// The threshold that was applied, or that [`Method::F1`](rinalmo_decode::Method::F1) found.
    pub threshold: f32,
    /// How many pairs more probable than 0.5 were left out only because they cross others: the model predicts a
    /// pseudoknot that this decoder cannot return. [`Method::Greedy`](rinalmo_decode::Method::Greedy) can.
    pub crossing_left_out: usize,
    /// Probabilities of all pairs, if asked for.
    pub probabilities: Option<PairMap>,
    /// Free energies, if an energy model folded it.
    pub energies: Option<FoldEnergies>,
    /// Other structures, if asked for.
    pub alternatives: Option<Vec<Alternative>>,
}

impl Fold {
    /// The structure as dot-bracket text, with further kinds of brackets for pseudoknots. Pairs that no kind of bracket
    /// is left for are missing, see [`Fold::left_out`].
    pub fn dot_bracket(&self) -> String {
        let written = self.structure.within_pages(PAGES.len());
        written.to_dot_bracket().expect("a decoded structure has one partner a base, and these pages suffice")
    }

    /// What follows the structure in dot-bracket files: the expected F1, else the free energy as RNAfold prints it, else
    /// the mean probability of the pairs.
    pub fn remark(&self) -> String {
        match (self.expected_f1, self.energies.and_then(|energies| energies.structure)) {
            (Some(f1), _) => format!("expected_f1={f1:.3}"),
            (None, Some(energy)) => format!("({energy:6.2})"),
            (None, None) => format!("score={:.3}", self.score),
        }
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

    /// Replaces a `share` of the probabilities by those of the learned energy model; of pairs that it does not know, such
    /// as non-canonical ones, that share is lost. `energies` are [`learned_probabilities`] of the same sequence.
    pub fn share(&mut self, energies: &[f32], share: f32) {
        debug_assert_eq!(energies.len(), self.values.len());
        let mixed = self.values.par_iter_mut().zip(energies);
        mixed.for_each(|(p, energy)| *p = (1.0 - share) * *p + share * energy);
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

/// Probabilities of all pairs in the learned energy model, `[len, len]`: see [`FoldOptions::energy_share`].
pub fn learned_probabilities(bases: &[u8]) -> Vec<f32> {
    EnergyModel::learned().ensemble(bases).into_probabilities()
}

/// An item with a sequence.
trait HasBases: Sync {
    fn bases(&self) -> &[u8];

    /// Energies of bases in stacks, if the item has reactivities that say so.
    fn stacked(&self, _reactivity: Deigan) -> Option<Vec<f32>> {
        None
    }
}

impl HasBases for FoldRequest<'_> {
    fn bases(&self) -> &[u8] {
        &self.sequence
    }

    fn stacked(&self, reactivity: Deigan) -> Option<Vec<f32>> {
        FoldRequest::stacked(self, reactivity)
    }
}

impl HasBases for &Item {
    fn bases(&self) -> &[u8] {
        &self.sequence
    }
}

impl HasBases for &[u8] {
    fn bases(&self) -> &[u8] {
        self
    }
}

/// The map of pairs of each item, and what is done with it.
struct Pairs<'m, T, F> {
    model: &'m Model,
    /// What reactivities count.
    reactivity: Deigan,
    /// How much less the bonuses of a head in an ensemble count.
    energy_share: f32,
    /// Turns an item's logits of all pairs, `[len, len]`, into its result.
    run: F,
    items: PhantomData<fn(&T)>,
}

impl<T: HasBases, R: Send, F: Fn(&T, Vec<f32>) -> Result<R, Error> + Sync> Verb for Pairs<'_, T, F> {
    type Item = T;
    type Seen = ();
    type Part = R;
    type Output = R;

    fn tokens(&self, item: &T) -> usize {
        item.bases().len() + 2
    }

    fn piece(&self, item: &T, _number: usize) -> Vec<Token> {
        tokenize(item.bases())
    }

    fn look(&self, network: &dyn Network, batch: &Packed) -> (Hidden<'static>, ()) {
        (network.encode(batch), ())
    }

    fn memory(&self, item: &T) -> u64 {
        self.model.fold_memory(item.bases().len())
    }

    fn part(&self, item: &T, _number: usize, view: &View<'_, ()>) -> Result<R, Error> {
        let stacked = item.stacked(self.reactivity);
        let restraints = Restraints::default().stacked(stacked.as_deref());
        let asked = PairOptions::default().restraints(restraints).energy_share(self.energy_share);
        let logits = self.model.ask(|network| network.pair_logits_with(&view.bases(), item.bases(), asked))?;
        self.model.finite(&logits)?;
        (self.run)(item, logits)
    }

    fn finish(&self, _item: &T, mut parts: Vec<R>) -> Result<R, Error> {
        Ok(parts.remove(0))
    }
}

/// A driver of [`Pairs`].
type PairDriver<'m, T, F, I> = Driver<'m, Pairs<'m, T, F>, I>;

impl Model {
    /// Folds sequences, in their order.
    ///
    /// ```
    /// use rinalmo_infer::{Constraint, Device, FoldOptions, FoldRequest, Model};
    ///
    /// # #[cfg(feature = "bundled")] {
    /// let model = Model::bundled(&Device::cpu())?;
    /// let folds = model.fold(&["GGGGAAAACCCC"], &FoldOptions::default().threshold(0.3))?;
    /// println!("{}", folds[0].dot_bracket());
    ///
    /// let request = FoldRequest::new("GGGGAAAACCCC").constraint("....xxxx....".parse::<Constraint>()?);
    /// println!("{}", model.fold([request], &FoldOptions::default())?[0].dot_bracket());
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The first that any sequence meets; see [`Model::folds`] to continue with the others.
    pub fn fold<'a, I>(&self, requests: I, options: &FoldOptions) -> Result<Vec<Fold>, Error>
    where
        I: IntoIterator<Item: Into<FoldRequest<'a>>>,
    {
        self.drive_folds(requests, options)?.all()
    }

    /// Folds sequences as they come, in batches of [`FoldOptions::batch_tokens`] tokens: each has its own result, in
    /// their order. Only one batch is in memory, and at most one sequence is read ahead of it. The lower bound of the
    /// iterator's `size_hint` is the number of results that are already computed.
    ///
    /// # Errors
    /// [`Error::NoHead`] if the model has no structure head. Of a single sequence:
    /// [`Error::EmptySequence`], [`Error::TooLong`], or a constraint that does not fit.
    pub fn folds<'m, 'a, I>(
        &'m self,
        requests: I,
        options: &FoldOptions,
    ) -> Result<impl Iterator<Item = Result<Fold, Error>> + use<'m, 'a, I>, Error>
    where
        I: IntoIterator<Item: Into<FoldRequest<'a>>>,
    {
        self.drive_folds(requests, options)
    }

    #[allow(clippy::type_complexity)] // closures have no names
    fn drive_folds<'m, 'a, I>(
        &'m self,
        requests: I,
        options: &FoldOptions,
    ) -> Result<
        PairDriver<
            'm,
            FoldRequest<'a>,
            impl Fn(&FoldRequest<'a>, Vec<f32>) -> Result<Fold, Error> + Sync + use<'m, 'a, I>,
            impl Iterator<Item = Result<FoldRequest<'a>, Error>> + use<'m, 'a, I>,
        >,
        Error,
    >
    where
        I: IntoIterator<Item: Into<FoldRequest<'a>>>,
    {
        let limits = self.fold_limits(options)?;
        let asked = options.clone();
        let checked = move |request: I::Item| {
            let request: FoldRequest<'a> = request.into();
            request.check_reactivities()?;
            if request.reactivities.is_some() && !self.takes_reactivities(&asked) {
                let message = "reactivities: this model sees no energies that they could be added to";
                return Err(Error::Options(message.to_owned()));
            }
            self.admit(&request.sequence, limits.memory).map(|()| request)
        };
        let options = options.clone();
        let (reactivity, energy_share) = (options.reactivity, self.share(&options));
        let run = move |request: &FoldRequest<'a>, logits: Vec<f32>| {
            self.decode(request, self.probabilities(logits, request, &options), &options)
        };
        let pairs = Pairs { model: self, reactivity, energy_share, run, items: PhantomData };
        Ok(Driver::new(self, pairs, limits, requests.into_iter().map(checked)))
    }

    /// # Errors
    /// [`Error::NoHead`].
    fn fold_limits(&self, options: &FoldOptions) -> Result<Limits, Error> {
        let Some(HeadConfig::Structure { .. }) = self.config.head else { return Err(self.lacks("structure")) };
        options.check()?;
        if options.alternatives.is_some() {
            let message = "alternative structures: a network has no ensemble that they could be drawn from";
            return Err(Error::Options(message.to_owned()));
        }
        if options.no_lonely_pairs || options.max_span.is_some() {
            let message = "lonely pairs and far pairs can be left out only by an energy model";
            return Err(Error::Options(message.to_owned()));
        }
        let budget = self.budget(options.max_memory);
        let fits = longest_that_fits(budget, |len| self.encode_memory(len + 2));
        let mut limits = Limits::new(options.batch_tokens, fits, budget);
        if options.probabilities {
            limits.window = limits.window.min(self.tokens_of_kept_maps(options.max_memory));
        }
        Ok(limits)
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
            // The head is done before energies are computed; its map of probabilities stays.
            Some(HeadConfig::Structure { ensemble, .. }) => {
                // Of an ensemble the bonuses stay too: as f32, and as the f64 that the recursions take.
                let map = if ensemble.is_some() { 16 } else { 4 };
                let energies = map * (len as u64).pow(2) + rinalmo_energy::memory(len);
                self.network.pair_memory(len).max(energies)
            }
            _ => 0,
        }
    }

    /// The probabilities of pairs, calibrated if the model is.
    fn probabilities(&self, logits: Vec<f32>, request: &FoldRequest<'_>, options: &FoldOptions) -> PairMap {
        let (scale, shift) = self.meta.calibration.map_or((1.0, 0.0), |found| (found.scale, found.shift));
        let mut map = PairMap::of_logits(logits, request.sequence.len(), scale, shift);
        let share = self.share(options);
        if share > 0.0 && self.ensemble().is_none() {
            let stacked = request.stacked(options.reactivity);
            let restraints = Restraints::default().stacked(stacked.as_deref());
            let ensemble = EnergyModel::learned().ensemble_with(&request.sequence, restraints);
            map.share(&ensemble.probabilities(), share);
        }
        map
    }

    /// The energies whose ensemble its structure head belongs to, if it was trained so: pairs then have probabilities in an
    /// ensemble of structures, in which the head adds to these energies.
    pub fn ensemble(&self) -> Option<BuiltIn> {
        self.config.ensemble()
    }

    /// The share of the energies that these options mean.
    fn share(&self, options: &FoldOptions) -> f32 {
        options.energy_share.unwrap_or(self.energy_share())
    }

    /// The share of energies, unless [`FoldOptions::energy_share`] says another: 0 if the model's calibration has none.
    pub fn energy_share(&self) -> f32 {
        self.meta.calibration.map_or(0.0, |found| found.energy_share)
    }

    /// Do [`FoldRequest::reactivities`] change what it folds? They count in energies: those that its head sees, those
    /// whose ensemble its map belongs to, and those that have a share in its probabilities.
    pub fn takes_reactivities(&self, options: &FoldOptions) -> bool {
        let sees_energies = matches!(self.config.head, Some(HeadConfig::Structure { energy: true, .. }));
        sees_energies || self.ensemble().is_some() || self.share(options) > 0.0
    }

    fn decode(&self, request: &FoldRequest<'_>, map: PairMap, options: &FoldOptions) -> Result<Fold, Error> {
        let decode_options = options.decoding(options.threshold.unwrap_or(self.threshold()), request);
        let method = match (options.method, options.threshold) {
            (Some(method), _) => method,
            (None, None) => self.method()?,
            (None, Some(_)) => self.method()?.of_one_threshold(),
        };
        let decoded = method.decode(&map.values, &request.sequence, &decode_options)?;
        let calibrated = self.meta.calibration.filter(|_| self.is_calibrated_for(request, options));
        let expected_f1 = calibrated.map(|found| {
            let expected = decoded.expected_f1(&map.values, options.min_loop);
            (found.f1_scale * expected + found.f1_shift).clamp(0.0, 1.0)
        });
        let crossing_left_out = crossing(&decoded, &map.values, &request.sequence, &decode_options)?.len();
        Ok(Fold {
            crossing_left_out,
            structure: decoded.structure(),
            score: decoded.mean_probability().unwrap_or(0.0),
            expected_f1,
            threshold: decoded.threshold,
            probabilities: options.probabilities.then_some(map),
            pairs: decoded.pairs,
            energies: None,
            alternatives: None,
        })
    }

    /// Is a structure made with the options that the expected F1 was fitted for? These are the model's own decoder and
    /// threshold, the default loops and pairs, no constraint, and no reactivities.
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
            && options.f1_share == usual.f1_share
            && options.energy_share.is_none_or(|share| share == self.energy_share())
            && options.non_canonical == usual.non_canonical
            && request.constraint.is_none()
            && request.reactivities.is_none()
    }

    /// Calls `run` with each item's logits of all pairs, `[len, len]`: symmetric, zero diagonal. On a CPU, as many run
    /// at a time as fit into the budget. Results are in the order of the items. The share of energies changes logits only
    /// if the head belongs to an ensemble ([`FoldOptions::energy_share`]).
    ///
    /// # Errors
    /// The model has no structure head. Of a single item as [`Model::folds`].
    pub fn with_logits<R: Send>(
        &self,
        items: &[&Item],
        energy_share: f32,
        run: impl Fn(&Item, Vec<f32>) -> R + Sync,
    ) -> Result<Vec<Result<R, Error>>, Error> {
        let limits = self.fold_limits(&FoldOptions::default())?;
        let run = |item: &&Item, logits| Ok(run(item, logits));
        let pairs = Pairs { model: self, reactivity: Deigan::default(), energy_share, run, items: PhantomData };
        let checked = items.iter().map(|&item| self.admit(&item.sequence, limits.memory).map(|()| item));
        Ok(Driver::new(self, pairs, limits, checked).collect())
    }

    /// Logits of all pairs of one sequence, `[len, len]` row by row: symmetric, zero diagonal.
    ///
    /// # Errors
    /// As [`Model::fold`].
    pub fn pair_logits(&self, sequence: &[u8]) -> Result<Vec<f32>, Error> {
        let limits = self.fold_limits(&FoldOptions::default())?;
        let checked = self.admit(sequence, limits.memory).map(|()| sequence);
        let run = |_: &&[u8], logits| Ok(logits);
        let energy_share = self.energy_share();
        let pairs = Pairs { model: self, reactivity: Deigan::default(), energy_share, run, items: PhantomData };
        Driver::new(self, pairs, limits, std::iter::once(checked)).next().unwrap_or(Err(Error::EmptySequence))
    }
}
