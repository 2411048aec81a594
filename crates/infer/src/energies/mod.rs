//! Secondary structures by an energy model: no weights, no network.
//!
//! Sequences are computed in parallel, one on each thread; a long one that has few others beside it is split over all
//! threads. Constraints become bonuses of pairs inside the recursions, so that energies and probabilities are those of
//! the structures that obey.

mod allowed;
mod alternatives;
mod bonuses;

use std::f64::consts::LN_2;
use std::iter::Peekable;
use std::vec::IntoIter;

use rayon::prelude::*;
use rinalmo_decode::{Map, Method};
use rinalmo_energy::{Deigan, Dimers, EnergyModel, Ensemble, Restraints, Row, memory, memory_in_beam, memory_within};
use rinalmo_seq::Structure;
use rinalmo_seq::alphabet::spelled;

use crate::batches::{Batches, next_batch};
use crate::memory::{afford, default_budget, mebibytes};
use crate::{Error, Fold, FoldOptions, FoldRequest, PairMap};
pub(crate) use allowed::{no_room, within_span, without_lonely};
pub use alternatives::{Alternative, Alternatives};
pub(crate) use bonuses::add_constraint;
use bonuses::bonuses;

/// Square bases for each thread that are read before the first is computed: about five sequences of 1,000 bases, or a
/// second.
const WINDOW: usize = 5_000_000;

/// Fewest bases of a sequence that is split over threads.
const SPLIT: usize = 300;

/// Free energies of a folded sequence, in kcal/mol; with those of reactivities, if it had any.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct FoldEnergies {
    /// Of the structure; `None` if it has a pseudoknot.
    pub structure: Option<f64>,
    /// The minimum over all structures that obey the constraint.
    pub mfe: f64,
    /// Of the ensemble: `-RT ln Z`.
    pub ensemble: f64,
    /// Expected distance of two structures of the ensemble, in base pairs.
    pub diversity: f64,
    /// What two strands gain by binding, at a concentration of 1 mol/l: the free energy of all structures in which they pair
    /// with each other, less those of each alone. Two equal strands bind with half the weight, as in RNAcofold. Infinite
    /// if no bases of both can pair.
    pub binding: Option<f64>,
}

/// Folds by an energy model.
///
/// ```
/// use rinalmo_infer::{EnergyFolder, FoldOptions, Method, energy::EnergyModel};
///
/// let folder = EnergyFolder::new("turner2004", EnergyModel::turner2004().clone());
/// let fold = folder.fold(["GGGGAAAACCCC"], &FoldOptions::default())?.remove(0);
/// assert_eq!(fold.dot_bracket(), "((((....))))");
/// assert_eq!(fold.energies.and_then(|energies| energies.structure), Some(-5.4));
///
/// let fold = folder.fold(["GGGGAAAACCCC"], &FoldOptions::default().method(Method::Mea))?.remove(0);
/// assert_eq!(fold.dot_bracket(), "((((....))))");
/// # Ok::<(), rinalmo_infer::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct EnergyFolder {
    name: String,
    model: EnergyModel,
    max_memory: Option<u64>,
}

impl EnergyFolder {
    /// What a sequence needs memory for, in [`Error::TooLong`].
    pub const PURPOSE: &'static str = "its energies";

    /// Folds by this model, which results call `name`.
    pub fn new(name: impl Into<String>, model: EnergyModel) -> Self {
        Self { name: name.into(), model, max_memory: None }
    }

    /// Sets the bytes that work on sequences may take; by default most of the free memory.
    #[must_use]
    pub fn max_memory(mut self, max_memory: impl Into<Option<u64>>) -> Self {
        self.max_memory = max_memory.into();
        self
    }

    /// What results call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The model.
    pub fn model(&self) -> &EnergyModel {
        &self.model
    }

    /// What strands of two kinds gain by binding to each other and to their own kind. Two of one kind make a complex that
    /// looks the same from both, which has half the weight. Kinds that are counted apart make no such complex, even if their
    /// letters are the same.
    ///
    /// ```
    /// use rinalmo_infer::{EnergyFolder, energy::EnergyModel};
    ///
    /// let folder = EnergyFolder::new("turner2004", EnergyModel::turner2004().clone());
    /// let dimers = folder.dimers(b"GGGGAGGG", b"CCCUCCCC")?;
    /// let found = dimers.equilibrium(folder.model().conditions().rt(), [1e-6, 2e-6]);
    /// assert!(found.ab > 0.99e-6); // nearly all of the first is bound to the second
    /// # Ok::<(), rinalmo_infer::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::TooLong`], of the longest two strands together.
    pub fn dimers(&self, a: &[u8], b: &[u8]) -> Result<Dimers, Error> {
        let longest = 2 * a.len().max(b.len());
        afford(longest, Self::PURPOSE, self.max_memory.unwrap_or_else(default_budget), memory)?;
        let gain = |first: &[u8], second: &[u8]| {
            let (both, nick) = ([first, second].concat(), Some(first.len()));
            let ensemble = self.model.ensemble_with(&both, Restraints::default().nick(nick));
            (ensemble, both, nick)
        };
        let of_two_kinds = |(ensemble, ..): (Ensemble, Vec<u8>, Option<usize>)| {
            ensemble.strands().expect("there are two strands").binding()
        };
        let of_one_kind = |(ensemble, both, nick): (Ensemble, Vec<u8>, Option<usize>)| {
            binding(&self.model, &ensemble, &both, nick).expect("there are two strands")
        };
        Ok(Dimers { ab: of_two_kinds(gain(a, b)), aa: of_one_kind(gain(a, a)), bb: of_one_kind(gain(b, b)) })
    }

    /// Folds sequences, in their order.
    ///
    /// # Errors
    /// The first that any sequence meets; see [`EnergyFolder::folds`] to continue with the others.
    pub fn fold<'a, I>(&self, requests: I, options: &FoldOptions) -> Result<Vec<Fold>, Error>
    where
        I: IntoIterator<Item: Into<FoldRequest<'a>>>,
    {
        self.folds(requests, options)?.collect()
    }

    /// Folds sequences as they come: each has its own result, in their order. Without [`FoldOptions::method`], structures
    /// are those of minimum free energy. Methods that take a threshold take 0.5 by default, and [`Method::F1`] none. The
    /// lower bound of the iterator's `size_hint` is the number of results that are already computed.
    ///
    /// # Errors
    /// [`Error::Options`] for options that an energy model does not have. Of a single sequence: [`Error::EmptySequence`],
    /// [`Error::TooLong`], or a constraint that does not fit.
    pub fn folds<'f, 'a, I>(
        &'f self,
        requests: I,
        options: &FoldOptions,
    ) -> Result<impl Iterator<Item = Result<Fold, Error>> + use<'f, 'a, I>, Error>
    where
        I: IntoIterator<Item: Into<FoldRequest<'a>>>,
    {
        options.check_for_energies()?;
        let asked = options.clone();
        let budget = options.max_memory.or(self.max_memory).unwrap_or_else(default_budget);
        let items = requests.into_iter().map(move |request| {
            let request: FoldRequest<'a> = request.into();
            let constrained = request.constraint.is_some();
            match request.sequence.len() {
                0 => Err(Error::EmptySequence),
                len => {
                    afford(len, Self::PURPOSE, budget, |len| bytes(len, constrained, &asked, budget)).map(|()| request)
                }
            }
        });
        let ready = Vec::new().into_iter();
        Ok(Folds { folder: self, options: options.clone(), budget, items: items.peekable(), ready })
    }

    /// The results of all items in their order, as many at a time as fit into `budget`.
    fn run_all(
        &self,
        items: Vec<Result<FoldRequest<'_>, Error>>,
        options: &FoldOptions,
        budget: u64,
    ) -> Vec<Result<Fold, Error>> {
        let threads = rayon::current_num_threads();
        let weigh = |item: &Result<FoldRequest<'_>, Error>| {
            let of = |request: &FoldRequest<'_>| {
                bytes(request.sequence.len(), request.constraint.is_some(), options, budget)
            };
            mebibytes(item.as_ref().map_or(0, of)) as usize
        };
        let is_long =
            |item: &Result<FoldRequest<'_>, Error>| item.as_ref().is_ok_and(|request| request.sequence.len() >= SPLIT);
        let alone = self.model.on_this_thread();
        let mut results = Vec::with_capacity(items.len());
        for group in Batches::new(items, mebibytes(budget) as usize, weigh) {
            let run = |model: &EnergyModel, item: Result<FoldRequest<'_>, Error>| {
                item.and_then(|request| self.run(model, &request, options, budget))
            };
            if group.len() < threads && group.iter().any(is_long) {
                results.extend(group.into_iter().map(|item| run(&self.model, item)));
            } else {
                results.par_extend(group.into_par_iter().map(|item| run(&alone, item)));
            }
        }
        results
    }

    fn run(
        &self,
        model: &EnergyModel,
        request: &FoldRequest<'_>,
        options: &FoldOptions,
        budget: u64,
    ) -> Result<Fold, Error> {
        let sequence = &request.sequence[..];
        request.check_strands()?;
        let constraint = request.constraint.as_ref();
        let bonuses = constraint.map(|constraint| bonuses(constraint, sequence)).transpose()?;
        request.check_reactivities()?;
        if request.nick.is_some() && options.beam.is_some() {
            return Err(Error::Options("two strands: a beam keeps spans of one strand only".to_owned()));
        }
        if request.nick.is_some() && options.max_span.is_some() {
            return Err(Error::Options(
                "two strands: pairs of both have no span, so there is no largest one".to_owned(),
            ));
        }
        let stacked = request.stacked(options.reactivity(Deigan::default()));
        let restraints = Restraints::default().bonuses(bonuses.as_deref()).stacked(stacked.as_deref());
        let restraints =
            restraints.no_lonely_pairs(options.no_lonely_pairs).max_span(options.max_span).nick(request.nick);
        let restraints = restraints.beam(options.beam);
        if let Some(constraint) = constraint {
            within_span(constraint, options.max_span)?;
        }
        // A beam keeps one thread busy, so both are computed at once.
        let (mfe, in_beam) = match options.beam {
            Some(_) => {
                let mfe = || model.mfe_with(sequence, restraints);
                let (mfe, ensemble) = rayon::join(mfe, || model.ensemble_with(sequence, restraints));
                (mfe, Some(ensemble))
            }
            None => (model.mfe_with(sequence, restraints), None),
        };
        if let Some(pair) = constraint.and_then(|c| c.forced().find(|pair| !mfe.pairs.contains(pair))) {
            return Err(no_room(pair, options));
        }
        let ensemble = in_beam.unwrap_or_else(|| model.ensemble_with(sequence, restraints));
        let obey = constraint.is_some() || options.no_lonely_pairs;
        let alternatives = options
            .alternatives
            .map(|which| which.of(model, sequence, restraints, obey, &ensemble, budget))
            .transpose()?;
        let asked = restraints
            .bonuses
            .map_or(0.0, |bonuses| mfe.pairs.iter().map(|(i, j)| f64::from(bonuses[i * sequence.len() + j])).sum());
        let mut energies = FoldEnergies {
            structure: Some(mfe.energy),
            mfe: mfe.energy,
            ensemble: ensemble.energy() + asked * model.conditions().rt(),
            diversity: ensemble.diversity(),
            binding: binding(model, &ensemble, sequence, request.nick),
        };
        let Some(method) = options.method else {
            let fold = fold(request, mfe.pairs, 0.0, &ensemble, energies, options);
            return Ok(Fold { alternatives, ..fold });
        };
        let usual = if method == Method::F1 { 0.0 } else { 0.5 };
        let decoding = options.decoding(options.threshold.unwrap_or(usual), request);
        let decoded = method.decode(map(&ensemble), sequence, &decoding)?;
        let mut pairs: Vec<(usize, usize)> = decoded.pairs.iter().map(|&(i, j, _)| (i, j)).collect();
        if options.no_lonely_pairs {
            pairs = without_lonely(&pairs, constraint);
        }
        pairs.sort_unstable();
        energies.structure = model.energy_with(sequence, restraints, &pairs).ok();
        let fold = fold(request, pairs, decoded.threshold, &ensemble, energies, options);
        Ok(Fold { alternatives, ..fold })
    }
}

/// Bytes that a sequence takes at its peak, a kept map included.
fn bytes(len: usize, constrained: bool, options: &FoldOptions, budget: u64) -> u64 {
    let square = (len as u64).saturating_mul(len as u64);
    let near = pairs(len, options) as u64;
    let sums = match options.beam {
        Some(beam) => memory_in_beam(len, beam),
        None => memory_within(len, options.max_span),
    };
    // Bonuses as f32, and as the f64 that the recursions take.
    let bonuses = square.saturating_mul(if constrained { 12 } else { 0 });
    let lonely = near.saturating_mul(if options.no_lonely_pairs { 8 } else { 0 }); // one more sum for each span
    // Without far pairs, or in a beam, a map of all is made only if it is asked for.
    let is_part = options.max_span.is_some() || options.beam.is_some();
    let map = square.saturating_mul(if options.probabilities && is_part { 4 } else { 0 });
    let structures = options.alternatives.map_or(0, |which| which.bytes(len, budget));
    [bonuses, lonely, map, structures].into_iter().fold(sums, u64::saturating_add)
}

/// About how many pairs bases can be in.
fn pairs(len: usize, options: &FoldOptions) -> usize {
    let kept = options.max_span.unwrap_or(len).min(options.beam.unwrap_or(len));
    len.saturating_mul(kept.min(len.div_ceil(2)))
}

/// The probabilities of an ensemble, for decoders.
pub(crate) fn map(ensemble: &Ensemble) -> Map<'_> {
    let (mut near, mut listed) = (Vec::new(), Vec::new());
    for i in 0..ensemble.len() {
        match ensemble.after(i) {
            Row::Near(row) => near.push(row),
            Row::Listed(row) => listed.push(row),
        }
    }
    if listed.is_empty() { Map::Near(near) } else { Map::Listed(listed) }
}

/// The result of a structure.
fn fold(
    request: &FoldRequest<'_>,
    pairs: Vec<(usize, usize)>,
    threshold: f32,
    ensemble: &Ensemble,
    energies: FoldEnergies,
    options: &FoldOptions,
) -> Fold {
    let with_probabilities: Vec<_> = pairs.iter().map(|&(i, j)| (i, j, ensemble.probability(i, j))).collect();
    let sum: f32 = with_probabilities.iter().map(|(.., p)| p).sum();
    let len = request.sequence.len();
    let structure = Structure::new(len, pairs).expect("pairs of distinct bases of the sequence");
    Fold {
        structure: structure.with_nick(request.nick),
        score: sum / with_probabilities.len().max(1) as f32,
        pairs: with_probabilities,
        expected_f1: None,
        threshold,
        crossing_left_out: 0, // no two pairs more probable than 0.5 cross
        probabilities: options.probabilities.then(|| PairMap { len, values: ensemble.probabilities().into_owned() }),
        energies: Some(energies),
        alternatives: None,
    }
}

/// What two strands gain by binding, less what the symmetry of two equal ones costs; `None` of one strand.
fn binding(model: &EnergyModel, ensemble: &Ensemble, sequence: &[u8], nick: Option<usize>) -> Option<f64> {
    let (first, second) = sequence.split_at(nick?);
    let symmetry = if spelled(first) == spelled(second) { LN_2 } else { 0.0 };
    Some(ensemble.strands()?.binding() + symmetry * model.conditions().rt())
}

/// The results, computed window by window as they are asked for.
struct Folds<'f, 'a, I: Iterator<Item = Result<FoldRequest<'a>, Error>>> {
    folder: &'f EnergyFolder,
    options: FoldOptions,
    budget: u64,
    items: Peekable<I>,
    ready: IntoIter<Result<Fold, Error>>,
}

/// What a sequence counts in [`WINDOW`].
fn weight(request: &FoldRequest<'_>, options: &FoldOptions) -> usize {
    let len = request.sequence.len();
    let structures = match options.alternatives {
        None => 0,
        Some(Alternatives::Samples { count, .. }) => count.saturating_mul(len),
        Some(Alternatives::Clusters { samples, .. }) => samples.saturating_mul(len),
        Some(Alternatives::Band(_)) => WINDOW, // unknown, and often many
    };
    pairs(len, options).saturating_mul(2).saturating_add(structures)
}

impl<'a, I: Iterator<Item = Result<FoldRequest<'a>, Error>>> Iterator for Folds<'_, 'a, I> {
    type Item = Result<Fold, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ready.len() == 0 {
            let limit = WINDOW.saturating_mul(rayon::current_num_threads());
            let weigh = |item: &Result<FoldRequest<'a>, Error>| {
                item.as_ref().map_or(1, |request| weight(request, &self.options))
            };
            let window = next_batch(&mut self.items, limit, weigh)?;
            self.ready = self.folder.run_all(window, &self.options, self.budget).into_iter();
        }
        self.ready.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.ready.len(), None)
    }
}
