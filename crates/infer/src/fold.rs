//! Secondary structures: representation → logits of all pairs → decoding.

mod in_ensemble;
mod knots;
mod options;
mod pairs;
mod request;
mod result;

use rinalmo_decode::{Method, crossing};
use rinalmo_energy::{BuiltIn, Deigan, EnergyModel, Restraints};
use rinalmo_model::HeadConfig;
use rinalmo_model::in_ensemble::{InEnsemble, log_odds};
use rinalmo_seq::labelled::structures::Item;

use crate::checkpoint::Curve;
use crate::driver::Limits;
use crate::memory::longest_that_fits;
use crate::{Error, Model};
use in_ensemble::Said;
use pairs::{PairDriver, Pairs};

pub use options::FoldOptions;
pub use request::FoldRequest;
pub use result::{Fold, PairMap, learned_probabilities};

/// What reactivities count beside a head's bonuses, which know a part of what they say: less than with energies alone. The
/// numbers are from the middle of the best ones on 40 profiles of 32 RNAs (nano's card).
const BESIDE_BONUSES: Deigan = Deigan { slope: 1.0, intercept: -0.45 };

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
            request.check_strands()?;
            if request.nick.is_some() {
                return Err(Error::Options("two strands: only an energy model folds them".to_owned()));
            }
            self.admit(&request.sequence, &asked, limits.memory).map(|()| request)
        };
        let asked = options.clone();
        let run = move |request: &FoldRequest<'a>, map: Vec<f32>| self.folded(request, map, &asked, limits.memory);
        Ok(Pairs::drive(self, options.clone(), limits, requests.into_iter().map(checked), run))
    }

    /// # Errors
    /// [`Error::NoHead`].
    fn fold_limits(&self, options: &FoldOptions) -> Result<Limits, Error> {
        let Some(HeadConfig::Structure { .. }) = self.config.head else { return Err(self.lacks("structure")) };
        options.check_for_network(self.ensemble().is_some())?;
        options.check_for(Some(self.method_for(options)?))?;
        let budget = self.budget(options.max_memory);
        let fits = longest_that_fits(budget, |len| self.encode_memory(len + 2));
        let mut limits = Limits::new(options.batch_tokens, fits, budget);
        if options.probabilities {
            limits.window = limits.window.min(self.tokens_of_kept_maps(options.max_memory));
        }
        Ok(limits)
    }

    /// Checks that the sequence is not empty and that its map fits into `budget`.
    fn admit(&self, sequence: &[u8], options: &FoldOptions, budget: u64) -> Result<(), Error> {
        let len = sequence.len();
        self.check_len(len)?;
        self.afford(len, "its map of pairs", budget, |len| self.fold_memory_with(len, options, budget))
    }

    /// Bytes it takes to fold one sequence of `len` bases, without the weights.
    pub fn fold_memory(&self, len: usize) -> u64 {
        match self.config.head {
            // The head is done before energies are computed; its map of probabilities stays.
            Some(HeadConfig::Structure { ensemble, .. }) => {
                // Of an ensemble the bonuses stay too: as f32, perhaps with a constraint, again without the bases of a
                // first structure, and as the f64 that the recursions take.
                let map = if ensemble.is_some() { 24 } else { 4 };
                let energies = map * (len as u64).pow(2) + rinalmo_energy::memory(len);
                self.network.pair_memory(len).max(energies)
            }
            _ => 0,
        }
    }

    /// The same with other structures than the best one.
    fn fold_memory_with(&self, len: usize, options: &FoldOptions, budget: u64) -> u64 {
        let others = options.alternatives.map_or(0, |which| which.bytes(len, budget));
        self.fold_memory(len).saturating_add(others)
    }

    /// The result for a sequence, from the head's map.
    fn folded(
        &self,
        request: &FoldRequest<'_>,
        map: Vec<f32>,
        options: &FoldOptions,
        budget: u64,
    ) -> Result<Fold, Error> {
        let Some(energies) = self.ensemble() else {
            return self.decode(request, self.probabilities(map, request, options), options);
        };
        let head = InEnsemble::new(energies, map, self.share(options));
        let said = Said::new(&head, request, self.reactivity(options), options)?;
        let ensemble = said.ensemble()?;
        let alternatives = options.alternatives.map(|which| said.others(which, &ensemble, budget)).transpose()?;
        let logits = log_odds(ensemble);
        let mut fold = self.decode(request, self.probabilities(logits, request, options), options)?;
        if options.no_lonely_pairs {
            fold = fold.without_lonely_pairs(request.constraint.as_ref());
        }
        let crossing = said.crossing(&fold.pairs);
        Ok(Fold { alternatives, ..fold.with_crossing(crossing, options.pseudoknots) })
    }

    /// Logits of all pairs, from the head's map.
    fn logits(&self, bases: &[u8], map: Vec<f32>, energy_share: f32) -> Vec<f32> {
        match self.ensemble() {
            None => map,
            Some(energies) => InEnsemble::new(energies, map, energy_share).log_odds(bases, Restraints::default()),
        }
    }

    /// The probabilities of pairs, calibrated if the model is. An ensemble with another share of its head's bonuses than the
    /// calibration was fitted with gives its own probabilities.
    fn probabilities(&self, logits: Vec<f32>, request: &FoldRequest<'_>, options: &FoldOptions) -> PairMap {
        let fitted = self.meta.calibration.filter(|_| self.ensemble().is_none() || self.has_own_share(options));
        let curve = fitted.map_or(Curve::NONE, |found| found.curve());
        let mut map = PairMap::of_logits(logits, request.sequence.len(), curve);
        let share = self.share(options);
        if share > 0.0 && self.ensemble().is_none() {
            let stacked = request.stacked(self.reactivity(options));
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

    /// What reactivities count with these options.
    fn reactivity(&self, options: &FoldOptions) -> Deigan {
        let beside_bonuses = self.ensemble().is_some() && self.share(options) < 1.0;
        options.reactivity(if beside_bonuses { BESIDE_BONUSES } else { Deigan::default() })
    }

    /// The share of the energies that these options mean.
    fn share(&self, options: &FoldOptions) -> f32 {
        options.energy_share.unwrap_or(self.energy_share())
    }

    /// Is that the share that its calibration was fitted with?
    fn has_own_share(&self, options: &FoldOptions) -> bool {
        self.share(options) == self.energy_share()
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
        let decoded = self.method_for(options)?.decode(&map.values, &request.sequence, &decode_options)?;
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

    /// How pairs are chosen with these options.
    fn method_for(&self, options: &FoldOptions) -> Result<Method, Error> {
        Ok(match (options.method, options.threshold) {
            (Some(method), _) => method,
            (None, None) => self.method()?,
            (None, Some(_)) => self.method()?.of_one_threshold(),
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
            && self.has_own_share(options)
            && options.non_canonical == usual.non_canonical
            && options.no_lonely_pairs == usual.no_lonely_pairs
            && options.max_span == usual.max_span
            && options.pseudoknots == usual.pseudoknots
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
        let options = FoldOptions::default();
        let limits = self.fold_limits(&options)?;
        let run = |item: &&Item, map| Ok(run(item, self.logits(&item.sequence, map, energy_share)));
        let checked = items.iter().map(|&item| self.admit(&item.sequence, &options, limits.memory).map(|()| item));
        Ok(Pairs::drive(self, options.clone(), limits, checked, run).collect())
    }

    /// Logits of all pairs of one sequence, `[len, len]` row by row: symmetric, zero diagonal.
    ///
    /// # Errors
    /// As [`Model::fold`].
    pub fn pair_logits(&self, sequence: &[u8]) -> Result<Vec<f32>, Error> {
        let options = FoldOptions::default();
        let limits = self.fold_limits(&options)?;
        let checked = self.admit(sequence, &options, limits.memory).map(|()| sequence);
        let run = |bases: &&[u8], map| Ok(self.logits(bases, map, self.energy_share()));
        let mut driver = Pairs::drive(self, options, limits, std::iter::once(checked), run);
        driver.next().unwrap_or(Err(Error::EmptySequence))
    }
}
