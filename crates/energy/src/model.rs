//! The energy model: parameters under given conditions.

use std::sync::{Arc, LazyLock};

use crate::Ensemble;
use crate::conditions::{Conditions, TemperatureError};
use crate::energies::{Energies, Rounding};
use crate::evaluate::{Evaluation, EvaluationError, evaluate};
use crate::fold::{Mfe, mfe, sample};
use crate::least::Least;
use crate::parameters::Parameters;
use crate::sums::Terms;
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
        let weights = Weights::new(parameters, conditions);
        Ok(Self { tables: Arc::new(Tables { conditions, energies, least, weights }), alone: false })
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
        evaluate(&self.tables.energies, sequence, pairs)
    }

    /// A structure of minimum free energy.
    ///
    /// Any letter other than A, C, G, U and T pairs with no other; next to a pair it counts as the least favourable of
    /// the four. Time grows with the cube of the length, memory with its square; it is less than [`memory`].
    ///
    /// [`memory`]: crate::memory
    pub fn mfe(&self, sequence: &[u8]) -> Mfe {
        self.mfe_with(sequence, None)
    }

    /// As [`EnergyModel::mfe`], with bonuses of pairs as in [`Ensemble::with_bonuses`], if any: the structure of least
    /// energy with bonuses. The energy returned is without them.
    ///
    /// # Panics
    /// If there are not `len²` bonuses.
    pub fn mfe_with(&self, sequence: &[u8], bonuses: Option<&[f32]>) -> Mfe {
        let mut found = mfe(&self.tables.least, &self.workers(sequence), sequence, bonuses);
        if bonuses.is_some() {
            let evaluated = self.evaluate(sequence, &found.pairs);
            found.energy = evaluated.expect("a structure from the recursions has an energy").energy();
        }
        found
    }

    /// The probabilities of all pairs. Letters are those of [`EnergyModel::mfe`].
    pub fn ensemble(&self, sequence: &[u8]) -> Ensemble {
        self.ensemble_with(sequence, None)
    }

    /// As [`EnergyModel::ensemble`], with bonuses of pairs as in [`Ensemble::with_bonuses`], if any.
    ///
    /// # Panics
    /// If there are not `len²` bonuses.
    pub fn ensemble_with(&self, sequence: &[u8], bonuses: Option<&[f32]>) -> Ensemble {
        let terms = Terms { weights: &self.tables.weights, bonuses };
        Ensemble::with(&self.workers(sequence), terms, sequence)
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
        sample(&self.tables.weights, &self.workers(sequence), sequence, count, seed)
    }

    fn workers(&self, sequence: &[u8]) -> Workers {
        if self.alone { Workers::one() } else { Workers::all(sequence.len()) }
    }
}
