//! The energy model: parameters under given conditions.

use std::sync::{Arc, LazyLock};

use crate::conditions::{Conditions, TemperatureError};
use crate::energies::{Energies, Rounding};
use crate::evaluate::{Evaluation, EvaluationError, evaluate};
use crate::parameters::Parameters;

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
pub struct EnergyModel(Arc<Tables>);

#[derive(Debug)]
struct Tables {
    conditions: Conditions,
    /// In whole 0.01 kcal/mol.
    energies: Energies,
}

impl EnergyModel {
    /// Turner 2004 at 37 °C, with dangling ends on both sides of every branch: ViennaRNA's default.
    pub fn turner2004() -> &'static Self {
        static MODEL: LazyLock<EnergyModel> = LazyLock::new(|| {
            EnergyModel::new(Parameters::turner2004(), Conditions::default()).expect("energies are known at 37 °C")
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
        Ok(Self(Arc::new(Tables { conditions, energies })))
    }

    /// Temperature and dangling ends.
    pub fn conditions(&self) -> Conditions {
        self.0.conditions
    }

    /// The energy of the structure of these pairs, which count positions from 0, loop by loop.
    ///
    /// Letters are those of [`Ensemble::new`](crate::Ensemble::new). Pairs may be of any letters. Loops may be of any
    /// size, but a hairpin has at least three unpaired bases.
    ///
    /// # Errors
    /// The pairs are not a structure of this sequence, or it has a pseudoknot.
    pub fn evaluate(&self, sequence: &[u8], pairs: &[(usize, usize)]) -> Result<Evaluation, EvaluationError> {
        evaluate(&self.0.energies, sequence, pairs)
    }
}
