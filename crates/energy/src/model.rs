//! The energy model: parameters under given conditions.

use std::sync::{Arc, LazyLock};

use crate::Ensemble;
use crate::conditions::{Conditions, TemperatureError};
use crate::energies::{Energies, Rounding};
use crate::evaluate::{self, Evaluation, EvaluationError, evaluate};
use crate::fold::{Conformation, mfe, mfe_in_beam, sample, with_least};
use crate::least::Least;
use crate::parameters::Parameters;
use crate::restraints::Restraints;
use crate::suboptimal::{TooMany, suboptimal};
use crate::sums::Terms;
use crate::trace::Trace;
use crate::weights::Weights;
use crate::workers::Workers;

/// Energies of all loops at one temperature. Copies share their tables.
///
/// ```
/// use rinalmo_energy::{Conditions, EnergyModel, Parameters};
///
/// let (sequence, pairs) = (b"GGGAAACCC", [(0, 8), (1, 7), (2, 6)]);
/// let energy = EnergyModel::turner2004().evaluate(sequence, &pairs)?.energy();
/// assert_eq!(energy, -1.2); // kcal/mol
///
/// let hot = EnergyModel::new(Parameters::turner2004(), Conditions::default().temperature(60.0))?;
/// assert!(hot.evaluate(sequence, &pairs)?.energy() > energy);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct EnergyModel {
    tables: Arc<Tables>,
    /// Whether only the calling thread works.
    alone: bool,
}

#[derive(Debug)]
struct Tables {
    conditions: Conditions,
    /// In whole 0.01 kcal/mol.
    energies: Energies,
    /// Not rounded, as partition functions need them.
    exact: Energies,
    least: Weights<Least>,
    weights: Weights,
}

impl EnergyModel {
    /// Turner 2004 at 37 °C, with dangling ends on both sides of every branch: ViennaRNA's default.
    pub fn turner2004() -> &'static Self {
        static MODEL: LazyLock<EnergyModel> = LazyLock::new(|| {
            EnergyModel::new(Parameters::turner2004(), Conditions::default()).expect("energies are known at 37 °C")
        });
        &MODEL
    }

    /// Learned energies at 37 °C: see [`Parameters::rinalmo2026`].
    pub fn learned() -> &'static Self {
        static MODEL: LazyLock<EnergyModel> = LazyLock::new(|| {
            EnergyModel::new(Parameters::rinalmo2026(), Conditions::default()).expect("energies are known at 37 °C")
        });
        &MODEL
    }

    /// The model of these parameters under these conditions.
    ///
    /// # Errors
    /// The temperature is not between -100 and 200 °C.
    pub fn new(parameters: &Parameters, conditions: Conditions) -> Result<Self, TemperatureError> {
        conditions.check()?;
        let energies = Energies::new(parameters, conditions, Rounding::Whole);
        let least = Weights::of(&energies, conditions.rt());
        let exact = Energies::new(parameters, conditions, Rounding::Exact);
        let weights = Weights::of(&exact, conditions.rt());
        Ok(Self { tables: Arc::new(Tables { conditions, energies, exact, least, weights }), alone: false })
    }

    /// The same model, computed only on the calling thread. Otherwise sequences of 300 bases and more are computed on all
    /// threads of the current `rayon` pool. The number of threads does not change the result by a bit.
    #[must_use]
    pub fn on_this_thread(&self) -> Self {
        Self { alone: true, ..self.clone() }
    }

    /// Temperature and dangling ends.
    pub fn conditions(&self) -> Conditions {
        self.tables.conditions
    }

    /// The energy of the structure of these pairs, which count positions from 0, loop by loop.
    ///
    /// Letters are those of [`Ensemble::new`](crate::Ensemble::new). Pairs may be of any letters. Loops may be of any
    /// size, but a hairpin has at least three unpaired bases.
    ///
    /// # Errors
    /// The pairs are not a structure of this sequence, or it has a pseudoknot.
    pub fn evaluate(&self, sequence: &[u8], pairs: &[(usize, usize)]) -> Result<Evaluation, EvaluationError> {
        evaluate(&self.tables.energies, sequence, None, pairs)
    }

    /// As [`EnergyModel::evaluate`], of two strands: `nick` is the first base of the second one
    /// ([`Restraints::nick`]). Pairs may be of both strands.
    ///
    /// ```
    /// use rinalmo_energy::{EnergyModel, LoopKind};
    ///
    /// let found = EnergyModel::turner2004().evaluate_strands(b"GGGGCCCC", 4, &[(0, 7), (1, 6), (2, 5), (3, 4)])?;
    /// assert_eq!(found.energy(), -5.8); // kcal/mol
    /// assert_eq!(found.loops().last().map(|part| part.kind), Some(LoopKind::Nick));
    /// # Ok::<(), rinalmo_energy::EvaluationError>(())
    /// ```
    ///
    /// # Errors
    /// As [`EnergyModel::evaluate`].
    pub fn evaluate_strands(
        &self,
        sequence: &[u8],
        nick: impl Into<Option<usize>>,
        pairs: &[(usize, usize)],
    ) -> Result<Evaluation, EvaluationError> {
        evaluate(&self.tables.energies, sequence, nick.into(), pairs)
    }

    /// A structure of minimum free energy.
    ///
    /// Any letter other than A, C, G, U and T pairs with no other; next to a pair it counts as the least favourable of
    /// the four. Time grows with the cube of the length, memory with its square; it is less than [`memory`].
    ///
    /// [`memory`]: crate::memory
    pub fn mfe(&self, sequence: &[u8]) -> Conformation {
        self.mfe_with(sequence, Restraints::default())
    }

    /// The energy in kcal/mol of the structure of these pairs, sorted, under restraints.
    ///
    /// # Errors
    /// As [`EnergyModel::evaluate`].
    pub fn energy_with(
        &self,
        sequence: &[u8],
        restraints: Restraints<'_>,
        pairs: &[(usize, usize)],
    ) -> Result<f64, EvaluationError> {
        let energy = self.evaluate_strands(sequence, restraints.nick, pairs)?.energy() + restraints.energy(pairs);
        Ok((energy * 100.0).round() / 100.0) // as if hundredths were added
    }

    /// As [`EnergyModel::mfe`], under restraints: the structure of least energy with its bonuses. The energy returned is
    /// without bonuses.
    ///
    /// # Panics
    /// If the restraints do not have the shapes that the sequence asks for.
    pub fn mfe_with(&self, sequence: &[u8], restraints: Restraints<'_>) -> Conformation {
        let found = match restraints.beam {
            Some(width) => mfe_in_beam(&self.tables.least, sequence, restraints, width),
            None => with_least(&self.tables.least, &self.workers(sequence), sequence, restraints, mfe),
        };
        self.evaluated(sequence, restraints, found)
    }

    /// All structures within `band` kcal/mol above the minimum free energy, by energy; those of equal energy by their
    /// pairs. The band must not be negative.
    ///
    /// Their number grows exponentially with the band and with the length of the sequence.
    ///
    /// ```
    /// use rinalmo_energy::EnergyModel;
    ///
    /// let found = EnergyModel::turner2004().suboptimal(b"GGGAAACCC", 2.0, 100)?;
    /// let energies: Vec<f64> = found.iter().map(|structure| structure.energy).collect();
    /// assert_eq!(energies, [-1.2, -1.0, 0.0, 0.8]);
    /// # Ok::<(), rinalmo_energy::TooMany>(())
    /// ```
    ///
    /// # Errors
    /// There are more than `limit`.
    pub fn suboptimal(&self, sequence: &[u8], band: f64, limit: usize) -> Result<Vec<Conformation>, TooMany> {
        self.suboptimal_with(sequence, Restraints::default(), band, limit)
    }

    /// As [`EnergyModel::suboptimal`], under restraints. Bonuses count in the band, but not in the energies returned.
    ///
    /// # Errors
    /// There are more than `limit`.
    ///
    /// # Panics
    /// As [`EnergyModel::mfe_with`].
    pub fn suboptimal_with(
        &self,
        sequence: &[u8],
        restraints: Restraints<'_>,
        band: f64,
        limit: usize,
    ) -> Result<Vec<Conformation>, TooMany> {
        let hundredths = (band.max(0.0) * 100.0).round() as f32;
        let workers = self.workers(sequence);
        let search = |trace: &Trace<'_, Least>| suboptimal(trace, hundredths, limit);
        let found = with_least(&self.tables.least, &workers, sequence, restraints, search)?.into_iter();
        let plain = |(energy, pairs)| Conformation { pairs, energy: f64::from(energy) / 100.0 };
        let mut found: Vec<_> = found.map(|one| self.evaluated(sequence, restraints, plain(one))).collect();
        found.sort_by(|a, b| a.energy.total_cmp(&b.energy).then_with(|| a.pairs.cmp(&b.pairs)));
        Ok(found)
    }

    /// A structure with the energy that it has without bonuses.
    fn evaluated(&self, sequence: &[u8], restraints: Restraints<'_>, found: Conformation) -> Conformation {
        if restraints.keep_energies() {
            return found;
        }
        let energy = self.energy_with(sequence, restraints, &found.pairs);
        Conformation { energy: energy.expect("a structure from the recursions has an energy"), ..found }
    }

    /// The probabilities of all pairs. Letters are those of [`EnergyModel::mfe`].
    pub fn ensemble(&self, sequence: &[u8]) -> Ensemble {
        self.ensemble_with(sequence, Restraints::default())
    }

    /// As [`EnergyModel::ensemble`], under restraints.
    ///
    /// # Panics
    /// As [`EnergyModel::mfe_with`].
    pub fn ensemble_with(&self, sequence: &[u8], restraints: Restraints<'_>) -> Ensemble {
        Ensemble::with(&self.workers(sequence), self.terms(restraints), sequence)
    }

    /// As [`EnergyModel::ensemble_with`], or `None` if all structures with pairs have together no more than this `share` of
    /// the ensemble: then no pair is more probable either, and knowing that takes half of the time.
    ///
    /// # Panics
    /// As [`EnergyModel::mfe_with`].
    pub fn ensemble_if_paired(&self, sequence: &[u8], restraints: Restraints<'_>, share: f32) -> Option<Ensemble> {
        // The structure without pairs has no energy, and the weight 1.
        let most = self.conditions().rt() * (1.0 - f64::from(share)).ln();
        Ensemble::with_below(&self.workers(sequence), self.terms(restraints), sequence, most)
    }

    /// The probability of a structure in an ensemble of [`EnergyModel::ensemble_with`] for the same sequence and
    /// restraints. It is only right for structures that are in the ensemble: of pairs AU, GC and GU, and without internal
    /// loops of more than 30 bases.
    ///
    /// # Errors
    /// As [`EnergyModel::evaluate`].
    pub fn share(
        &self,
        sequence: &[u8],
        restraints: Restraints<'_>,
        ensemble: &Ensemble,
        pairs: &[(usize, usize)],
    ) -> Result<f64, EvaluationError> {
        let energy = evaluate::energy(&self.tables.exact, sequence, restraints.nick, pairs)? / 100.0;
        let rt = self.conditions().rt();
        let relative = (ensemble.energy() - energy) / rt;
        Ok((relative + restraints.log_weight(sequence.len(), pairs, rt)).exp().min(1.0))
    }

    /// The pairs of `count` structures, each drawn by its probability; the same ones for the same `seed`.
    ///
    /// ```
    /// use rinalmo_energy::EnergyModel;
    ///
    /// let structures = EnergyModel::turner2004().sample(b"GGGAAACCC", 1000, 1);
    /// let folded = structures.iter().filter(|pairs| pairs.contains(&(1, 7))).count();
    /// let probability = EnergyModel::turner2004().ensemble(b"GGGAAACCC").probability(1, 7);
    /// assert!((folded as f32 / 1000.0 - probability).abs() < 0.05);
    /// ```
    pub fn sample(&self, sequence: &[u8], count: usize, seed: u64) -> Vec<Vec<(usize, usize)>> {
        self.sample_with(sequence, Restraints::default(), count, seed)
    }

    /// As [`EnergyModel::sample`], under restraints.
    ///
    /// # Panics
    /// As [`EnergyModel::mfe_with`].
    pub fn sample_with(
        &self,
        sequence: &[u8],
        restraints: Restraints<'_>,
        count: usize,
        seed: u64,
    ) -> Vec<Vec<(usize, usize)>> {
        sample(&self.workers(sequence), self.terms(restraints), sequence, count, seed)
    }

    fn terms<'a>(&'a self, restraints: Restraints<'a>) -> Terms<'a> {
        Terms { weights: &self.tables.weights, restraints }
    }

    fn workers(&self, sequence: &[u8]) -> Workers {
        if self.alone { Workers::one() } else { Workers::all(sequence.len()) }
    }
}
