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
use rinalmo_energy::{BuiltIn, Restraints};

/// Smaller probabilities, and smaller differences to 1, are replaced by this one, so that log-odds are finite: at most 16.1.
const LEAST: f32 = 1e-7;

/// Larger bonuses count as this one, in RT: a pair is certain with it, or impossible with its opposite, and weights of
/// structures stay in range.
const LARGEST: f32 = 100.0;

/// What the energy models in or under a structure head are asked.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct PairOptions<'a> {
    /// What is known of the sequence besides.
    pub restraints: Restraints<'a>,
    /// How much less a head's bonuses count beside the energies, from 0, as it was trained, to 1, not at all. A head whose
    /// map has logits does not look at it.
    pub energy_share: f32,
}

impl<'a> PairOptions<'a> {
    /// Sets [`PairOptions::restraints`].
    #[must_use]
    pub fn restraints(mut self, restraints: Restraints<'a>) -> Self {
        self.restraints = restraints;
        self
    }

    /// Sets [`PairOptions::energy_share`].
    #[must_use]
    pub fn energy_share(mut self, energy_share: f32) -> Self {
        self.energy_share = energy_share;
        self
    }
}

/// The log-odds `ln(p / (1 − p))` of every pair in the ensemble of these energies at 37 °C, with a bonus for every pair.
///
/// # Shapes
/// - bonuses: `[len, len]`, in RT; those above the diagonal count
/// - bases: `len` letters
/// - returns: `[len, len]`, symmetric, 0 on the diagonal; if a bonus is not a number, all are not
///
/// # Panics
/// If there are not `len²` bonuses, or the restraints do not have the shapes that the sequence asks for.
pub fn log_odds(energies: BuiltIn, mut bonuses: Vec<f32>, bases: &[u8], options: PairOptions<'_>) -> Vec<f32> {
    bonuses.par_iter_mut().for_each(|bonus| *bonus *= 1.0 - options.energy_share);
    if !bound(&mut bonuses) {
        return vec![f32::NAN; bonuses.len()];
    }
    let ensemble = energies.model().ensemble_with(bases, options.restraints.bonuses(&bonuses[..]));
    let mut values = ensemble.into_probabilities();
    values.par_iter_mut().for_each(|p| *p = p.max(LEAST).ln() - (1.0 - *p).max(LEAST).ln());
    values.iter_mut().step_by(bases.len() + 1).for_each(|diagonal| *diagonal = 0.0);
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

    #[test]
    fn without_bonuses_they_are_those_of_the_energies() {
        let len = BASES.len();
        for energies in BuiltIn::ALL {
            let found = log_odds(energies, vec![0.0; len * len], BASES, PairOptions::default());
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
            for options in [PairOptions::default(), PairOptions::default().energy_share(0.5)] {
                let found = log_odds(BuiltIn::Rinalmo2026, vec![extreme; len * len], BASES, options);
                assert!(found.iter().all(|x| x.is_finite()), "{extreme}");
            }
        }
        let mut bonuses = vec![0.0; len * len];
        bonuses[12] = f32::NAN;
        let found = log_odds(BuiltIn::Rinalmo2026, bonuses, BASES, PairOptions::default());
        assert!(found.iter().all(|x| x.is_nan()));
    }

    #[test]
    fn a_bonus_for_a_pair_raises_it_and_lowers_those_that_exclude_it() {
        let len = BASES.len();
        let mut bonuses = vec![0.0; len * len];
        let before = log_odds(BuiltIn::Turner2004, bonuses.clone(), BASES, PairOptions::default());
        bonuses[12] = 5.0; // bases 1 and 13, G and C
        let after = log_odds(BuiltIn::Turner2004, bonuses.clone(), BASES, PairOptions::default());
        assert!(after[12] > before[12] && after[12 * len] == after[12]);
        let half = log_odds(BuiltIn::Turner2004, bonuses, BASES, PairOptions::default().energy_share(0.5));
        assert!(before[12] < half[12] && half[12] < after[12]);
        let other = 11; // the first base with another C
        assert!(before[other] > -16.0 && after[other] < before[other], "{} {}", before[other], after[other]);
    }
}
