//! How to fold: [`FoldOptions`].

use rinalmo_decode::{DecodeOptions, Method};
use rinalmo_energy::Deigan;

use super::FoldRequest;
use crate::batches::DEFAULT_BATCH_TOKENS;
use crate::setters::limits;
use crate::{Alternatives, Error};

/// How to fold.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FoldOptions {
    /// Pairs must be more probable than this; the model's own threshold by default. It applies to every sequence, but
    /// [`Method::F1`] may raise it. [`Method::Mea`] and [`Method::Centroid`] have none, and are refused with one.
    pub threshold: Option<f32>,
    /// How pairs are chosen; by default the model's own method, or greedy if the model names none. The default of an
    /// [`EnergyFolder`](crate::EnergyFolder) is the structure of minimum free energy.
    pub method: Option<Method>,
    /// Fewest unpaired bases a hairpin loop may have.
    pub min_loop: usize,
    /// For [`Method::F1`]: pairs must be more probable than this share of the largest expected F1.
    pub f1_share: f32,
    /// For [`Method::Mea`]: how much a base in a right pair counts, compared with a right unpaired base.
    pub gamma: f32,
    /// Share of energies in the probabilities of pairs, from 0 to 1; the model's own by default, see
    /// [`Model::energy_share`](crate::Model::energy_share). It is the share of the learned energy model ([`EnergyModel::learned`](rinalmo_energy::EnergyModel::learned)), whose probabilities
    /// are mixed with the network's. If the head belongs to an ensemble of energies ([`Model::ensemble`](crate::Model::ensemble)), nothing is mixed:
    /// what it adds to them counts so much less, at 0 as it was trained and at 1 not at all.
    pub energy_share: Option<f32>,
    /// May pairs other than AU, GC and GU be chosen?
    pub non_canonical: bool,
    /// Also choose helices that cross the structure, in a second pass over the bases that it leaves unpaired? Only for a
    /// network in an ensemble of energies ([`Model::ensemble`](crate::Model::ensemble)).
    pub pseudoknots: bool,
    /// Keep the probabilities of all pairs in the result?
    pub probabilities: bool,
    /// Other structures to return too: of an [`EnergyFolder`](crate::EnergyFolder), or of a network in an ensemble of
    /// energies ([`Model::ensemble`](crate::Model::ensemble)). This and the next two are refused by other networks.
    pub alternatives: Option<Alternatives>,
    /// Leave out structures with a pair that stacks on no other.
    pub no_lonely_pairs: bool,
    /// Leave out pairs that span more bases, both ends included.
    pub max_span: Option<usize>,
    /// For long sequences: keep only so many spans at each base ([`Restraints::beam`](rinalmo_energy::Restraints::beam)), so
    /// that time and memory grow with the length. Only an energy model does; not with two strands, `no_lonely_pairs` or a
    /// band of energies.
    pub beam: Option<usize>,
    /// What [`FoldRequest::reactivities`] count: the slope of [`Deigan`]. By default 1.8 kcal/mol; beside the bonuses of a
    /// network in an ensemble ([`Model::ensemble`](crate::Model::ensemble)) 1.0, as they know a part of what reactivities say.
    pub reactivity_slope: Option<f32>,
    /// Its intercept, -0.6 and -0.45 kcal/mol.
    pub reactivity_intercept: Option<f32>,
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
            f1_share: DecodeOptions::default().f1_share,
            gamma: DecodeOptions::default().gamma,
            energy_share: None,
            non_canonical: false,
            pseudoknots: false,
            probabilities: false,
            alternatives: None,
            no_lonely_pairs: false,
            max_span: None,
            beam: None,
            reactivity_slope: None,
            reactivity_intercept: None,
            max_memory: None,
            batch_tokens: DEFAULT_BATCH_TOKENS,
        }
    }
}

limits!(FoldOptions);

impl FoldOptions {
    /// Sets [`FoldOptions::threshold`].
    #[must_use]
    pub fn threshold(mut self, threshold: impl Into<Option<f32>>) -> Self {
        self.threshold = threshold.into();
        self
    }

    /// Sets [`FoldOptions::method`].
    #[must_use]
    pub fn method(mut self, method: impl Into<Option<Method>>) -> Self {
        self.method = method.into();
        self
    }

    /// Sets [`FoldOptions::min_loop`].
    #[must_use]
    pub fn min_loop(mut self, min_loop: usize) -> Self {
        self.min_loop = min_loop;
        self
    }

    /// Sets [`FoldOptions::f1_share`].
    #[must_use]
    pub fn f1_share(mut self, f1_share: f32) -> Self {
        self.f1_share = f1_share;
        self
    }

    /// Sets [`FoldOptions::gamma`].
    #[must_use]
    pub fn gamma(mut self, gamma: f32) -> Self {
        self.gamma = gamma;
        self
    }

    /// Sets [`FoldOptions::energy_share`].
    #[must_use]
    pub fn energy_share(mut self, energy_share: impl Into<Option<f32>>) -> Self {
        self.energy_share = energy_share.into();
        self
    }

    /// Sets [`FoldOptions::non_canonical`].
    #[must_use]
    pub fn non_canonical(mut self, non_canonical: bool) -> Self {
        self.non_canonical = non_canonical;
        self
    }

    /// Sets [`FoldOptions::pseudoknots`].
    #[must_use]
    pub fn pseudoknots(mut self, pseudoknots: bool) -> Self {
        self.pseudoknots = pseudoknots;
        self
    }

    /// Sets [`FoldOptions::probabilities`].
    #[must_use]
    pub fn probabilities(mut self, probabilities: bool) -> Self {
        self.probabilities = probabilities;
        self
    }

    /// Sets [`FoldOptions::alternatives`].
    #[must_use]
    pub fn alternatives(mut self, alternatives: impl Into<Option<Alternatives>>) -> Self {
        self.alternatives = alternatives.into();
        self
    }

    /// Sets [`FoldOptions::no_lonely_pairs`].
    #[must_use]
    pub fn no_lonely_pairs(mut self, no_lonely_pairs: bool) -> Self {
        self.no_lonely_pairs = no_lonely_pairs;
        self
    }

    /// Sets [`FoldOptions::max_span`].
    #[must_use]
    pub fn max_span(mut self, max_span: impl Into<Option<usize>>) -> Self {
        self.max_span = max_span.into();
        self
    }

    /// Sets [`FoldOptions::beam`].
    #[must_use]
    pub fn beam(mut self, beam: impl Into<Option<usize>>) -> Self {
        self.beam = beam.into();
        self
    }

    /// Sets [`FoldOptions::reactivity_slope`].
    #[must_use]
    pub fn reactivity_slope(mut self, slope: impl Into<Option<f32>>) -> Self {
        self.reactivity_slope = slope.into();
        self
    }

    /// Sets [`FoldOptions::reactivity_intercept`].
    #[must_use]
    pub fn reactivity_intercept(mut self, intercept: impl Into<Option<f32>>) -> Self {
        self.reactivity_intercept = intercept.into();
        self
    }

    /// What reactivities count, in place of what is `usual`.
    pub(crate) fn reactivity(&self, usual: Deigan) -> Deigan {
        Deigan {
            slope: self.reactivity_slope.unwrap_or(usual.slope),
            intercept: self.reactivity_intercept.unwrap_or(usual.intercept),
        }
    }

    /// Checks the ranges of its numbers, and that the method uses them. Folding does it too; this is for who reads options
    /// long before.
    ///
    /// # Errors
    /// [`Error::Range`] of the first number that is out of its range, or not a number; [`Error::Options`] for one that
    /// the method would not use, and for an empty beam.
    pub fn check(&self) -> Result<(), Error> {
        let share = |share: f32| (0.0..=1.0).contains(&share);
        let (threshold, below_one) = (self.threshold, |p: f32| (0.0..1.0).contains(&p));
        in_range("threshold", threshold, "a probability from 0 to below 1", below_one)?;
        in_range("f1_share", Some(self.f1_share), "a number from 0 to 1", share)?;
        in_range("energy_share", self.energy_share, "a number from 0 to 1", share)?;
        // With a larger one every pair of any probability counts more than two unpaired bases.
        let gamma = |gamma: f32| gamma > 0.0 && gamma <= 1e6;
        in_range("gamma", Some(self.gamma), "a number above 0, up to 1000000", gamma)?;
        // Published ones are below 5.
        let (kcal, few) = ("a number from -100 to 100 kcal/mol", |kcal: f32| kcal.abs() <= 100.0);
        in_range("reactivity_slope", self.reactivity_slope, kcal, few)?;
        in_range("reactivity_intercept", self.reactivity_intercept, kcal, few)?;
        self.method.map_or(Ok(()), |method| self.check_for(Some(method)))?;
        if self.beam == Some(0) {
            return Err(Error::Options("a beam keeps at least one span at each base".to_owned()));
        }
        self.alternatives.map_or(Ok(()), Alternatives::check)
    }

    /// As [`FoldOptions::check`], and that an energy model has all that is asked for.
    ///
    /// # Errors
    /// [`Error::Range`] and [`Error::Options`].
    pub fn check_for_energies(&self) -> Result<(), Error> {
        self.check()?;
        let refused = |message: &str| Err(Error::Options(message.to_owned()));
        if self.non_canonical || self.min_loop != Self::default().min_loop {
            return refused("an energy model pairs AU, GC and GU, around hairpins of at least three bases");
        }
        if self.pseudoknots {
            return refused("pseudoknots: only a network in an ensemble of energies finds them");
        }
        if self.energy_share.is_some() {
            return refused("an energy model is all energies, so they have no share");
        }
        if self.beam.is_some() && self.no_lonely_pairs {
            return refused("a beam keeps too little for structures without lonely pairs");
        }
        if self.beam.is_some() && matches!(self.alternatives, Some(Alternatives::Band(_))) {
            return refused("a beam keeps too little for all structures of a band of energies");
        }
        self.check_for(self.method)
    }

    /// As [`FoldOptions::check`], and that a network has all that is asked for. Is its head part of an ensemble of
    /// energies?
    ///
    /// # Errors
    /// [`Error::Range`] and [`Error::Options`].
    pub fn check_for_network(&self, in_ensemble: bool) -> Result<(), Error> {
        self.check()?;
        let refused = |message: &str| Err(Error::Options(message.to_owned()));
        if self.beam.is_some() {
            return refused("a beam: only an energy model keeps some spans and leaves the others");
        }
        if in_ensemble {
            return Ok(());
        }
        if self.alternatives.is_some() {
            return refused("alternative structures: this network has no ensemble that they could be drawn from");
        }
        if self.no_lonely_pairs || self.max_span.is_some() {
            return refused("lonely pairs and far pairs can be left out only of an ensemble, which this network lacks");
        }
        if self.pseudoknots {
            return refused(
                "pseudoknots: this network has no ensemble for a second pass; its method greedy crosses pairs",
            );
        }
        Ok(())
    }

    /// Checks that no number is given that the method would not use; without a method, which is the structure of minimum
    /// free energy, it uses none.
    ///
    /// # Errors
    /// [`Error::Options`].
    pub(crate) fn check_for(&self, method: Option<Method>) -> Result<(), Error> {
        let usual = DecodeOptions::default();
        let used = |by: &[Method]| method.is_some_and(|method| by.contains(&method));
        let unused = if self.threshold.is_some() && !used(&[Method::Greedy, Method::Nested, Method::F1]) {
            "a threshold of probability needs the method greedy, nested or f1"
        } else if self.f1_share != usual.f1_share && !used(&[Method::F1]) {
            "a share of the expected F1 needs the method f1"
        } else if self.gamma != usual.gamma && !used(&[Method::Mea]) {
            "gamma needs the method mea"
        } else {
            return Ok(());
        };
        Err(Error::Options(unused.to_owned()))
    }

    /// What the decoder needs of them.
    pub(crate) fn decoding(&self, threshold: f32, request: &FoldRequest<'_>) -> DecodeOptions {
        DecodeOptions::default()
            .threshold(threshold)
            .min_loop(if request.nick.is_some() { 0 } else { self.min_loop }) // bases next to a nick pair
            .f1_share(self.f1_share)
            .gamma(self.gamma)
            .non_canonical(self.non_canonical)
            .constraint(request.constraint.clone())
    }
}

fn in_range(
    option: &'static str,
    value: Option<f32>,
    expected: &'static str,
    is_in: impl Fn(f32) -> bool,
) -> Result<(), Error> {
    match value.filter(|value| !is_in(*value)) {
        Some(found) => Err(Error::Range { option, expected, found }),
        None => Ok(()),
    }
}
