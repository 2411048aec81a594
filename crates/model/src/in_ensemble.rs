//! A structure head whose map has a bonus for each pair, beside the energies of loops.
//!
//! A structure `S` then has the probability
//!
//! ```text
//! P(S) ∝ exp(−E(S) / RT + Σ s_ij over its pairs)
//! ```
//!
//! with the nearest-neighbour energy `E` and the head's map `s`. Where the head has nothing to say, `s` is 0 and the
//! energies decide. As the weights of whole structures are added up, pairs that exclude each other share their
//! probability, and a pair has the support of those that it can stack on.

use rayon::prelude::*;
use rinalmo_energy::{BuiltIn, EnergyModel, Ensemble, Restraints};

/// Smaller probabilities, and smaller differences to 1, are replaced by this one, so that log-odds are finite: at most 16.1.
const LEAST: f32 = 1e-7;

/// Larger bonuses count as this one, in RT: a pair is certain with it, or impossible with its opposite, and weights of
/// structures stay in range.
const LARGEST: f32 = 100.0;

/// What a structure head says of one sequence, in the ensemble of its energies at 37 °C.
#[derive(Clone, Debug)]
pub struct InEnsemble {
    energies: BuiltIn,
    bonuses: Vec<f32>,
}

impl InEnsemble {
    /// # Shapes
    /// - map: a head's `[len, len]`, in RT; values above the diagonal count
    /// - energy_share: how much less they count beside the energies, from 0, as the head was trained, to 1, not at all
    pub fn new(energies: BuiltIn, mut map: Vec<f32>, energy_share: f32) -> Self {
        map.par_iter_mut().for_each(|bonus| *bonus *= 1.0 - energy_share);
        bound(&mut map);
        Self { energies, bonuses: map }
    }

    /// The energies.
    pub fn energies(&self) -> &'static EnergyModel {
        self.energies.model()
    }

    /// A bonus for every pair, `[len, len]`, in RT.
    pub fn bonuses(&self) -> &[f32] {
        &self.bonuses
    }

    /// The log-odds `ln(p / (1 − p))` of every pair, `[len, len]`: symmetric, 0 on the diagonal; if a bonus is not a number,
    /// all are not.
    ///
    /// # Panics
    /// If the shapes do not fit the sequence of these letters.
    pub fn log_odds(&self, bases: &[u8], restraints: Restraints<'_>) -> Vec<f32> {
        if self.bonuses.iter().any(|bonus| bonus.is_nan()) {
            return vec![f32::NAN; self.bonuses.len()];
        }
        log_odds(self.energies().ensemble_with(bases, restraints.bonuses(self.bonuses())))
    }
}

/// The log-odds `ln(p / (1 − p))` of every pair of an ensemble, `[len, len]`: symmetric, finite, 0 on the diagonal.
pub fn log_odds(ensemble: Ensemble) -> Vec<f32> {
    let after_each_row = ensemble.len() + 1;
    let mut values = ensemble.into_probabilities();
    // Most pairs are of bases that cannot pair.
    let least = LEAST.ln();
    let of = |p: f32| if p <= LEAST { least } else { p.ln() - (1.0 - p).max(LEAST).ln() };
    values.par_iter_mut().for_each(|p| *p = of(*p));
    values.iter_mut().step_by(after_each_row).for_each(|diagonal| *diagonal = 0.0);
    values
}

/// Brings bonuses into the range that an ensemble can count with. Returns false if one of them is not a number.
pub fn bound(bonuses: &mut [f32]) -> bool {
    bonuses.iter_mut().for_each(|bonus| *bonus = bonus.clamp(-LARGEST, LARGEST));
    bonuses.iter().all(|bonus| !bonus.is_nan())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASES: &[u8] = b"GGGACGAAAGUCCAGGCAUUCGUGCC";

    /// The log-odds of all pairs in the ensemble of measured energies with these bonuses.
    fn log_odds(bonuses: Vec<f32>, energy_share: f32) -> Vec<f32> {
        InEnsemble::new(BuiltIn::Turner2004, bonuses, energy_share).log_odds(BASES, Restraints::default())
    }

    #[test]
    fn without_bonuses_they_are_those_of_the_energies() {
        let len = BASES.len();
        for energies in BuiltIn::ALL {
            let found = InEnsemble::new(energies, vec![0.0; len * len], 0.0).log_odds(BASES, Restraints::default());
            let ensemble = energies.model().ensemble(BASES);
            for (i, j) in (0..len).flat_map(|i| (0..len).map(move |j| (i, j))).filter(|(i, j)| i != j) {
                let (p, x) = (ensemble.probability(i, j), found[i * len + j]);
                assert!((1.0 / (1.0 + (-x).exp()) - p).abs() < 1e-6, "{i} {j}: {p}, {x}");
            }
            assert!((0..len).all(|i| found[i * len + i] == 0.0));
        }
    }

    #[test]
    fn any_bonuses_give_log_odds_or_say_that_they_are_no_numbers() {
        let len = BASES.len();
        for extreme in [1e30, -1e30, f32::INFINITY, f32::NEG_INFINITY] {
            for energy_share in [0.0, 0.5] {
                let found = log_odds(vec![extreme; len * len], energy_share);
                assert!(found.iter().all(|x| x.is_finite()), "{extreme}");
            }
        }
        let mut bonuses = vec![0.0; len * len];
        bonuses[12] = f32::NAN;
        assert!(log_odds(bonuses, 0.0).iter().all(|x| x.is_nan()));
    }

    #[test]
    fn a_bonus_for_a_pair_raises_it_and_lowers_those_that_exclude_it() {
        let len = BASES.len();
        let mut bonuses = vec![0.0; len * len];
        let before = log_odds(bonuses.clone(), 0.0);
        bonuses[12] = 5.0; // bases 1 and 13, G and C
        let after = log_odds(bonuses.clone(), 0.0);
        assert!(after[12] > before[12] && after[12 * len] == after[12]);
        let half = log_odds(bonuses, 0.5);
        assert!(before[12] < half[12] && half[12] < after[12]);
        let other = 11; // the first base with another C
        assert!(before[other] > -16.0 && after[other] < before[other], "{} {}", before[other], after[other]);
    }
}
