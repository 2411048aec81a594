//! How probable a known structure is if every pair has a bonus, and what each bonus does to that.

use rayon::join;

use super::target::gained;
use super::{Known, LearnOptions};
use crate::model::EnergyModel;
use crate::restraints::Restraints;

/// What an ensemble with bonuses says of a known structure: see [`EnergyModel::likelihood`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Likelihood {
    /// `-ln` of the probability of the known structure, or of those near it.
    pub loss: f64,
    /// The derivative of the loss by each bonus, `[len, len]`: above the diagonal, zeros elsewhere.
    pub gradient: Vec<f32>,
}

impl EnergyModel {
    /// `-ln` of the probability that the ensemble with these bonuses gives to a known structure, and its derivative by each
    /// bonus: the probability of the pair in the ensemble, minus that among structures near the known one.
    ///
    /// A known structure is often not complete. So "near" is an ensemble too: known pairs gain
    /// [`LearnOptions::known_pair`], others cost [`LearnOptions::unknown_pair`], and those that contradict a known one are
    /// forbidden.
    ///
    /// # Shapes
    /// - bonuses: `[len, len]`, in RT; those above the diagonal count
    ///
    /// # Panics
    /// If there are not `len²` bonuses.
    pub fn likelihood(&self, known: &Known, bonuses: &[f32], options: &LearnOptions) -> Likelihood {
        let len = known.sequence.len();
        let mut near = known.target(options);
        let gained = gained(&near);
        near.iter_mut().zip(bonuses).for_each(|(near, bonus)| *near += bonus);
        let ensemble = |bonuses: &[f32]| self.ensemble_with(&known.sequence, Restraints::default().bonuses(bonuses));
        let (free, near) = join(|| ensemble(bonuses), || ensemble(&near));
        let loss = (near.energy() - free.energy()) / self.conditions().rt() + gained;
        let mut gradient = vec![0.0; len * len];
        for i in 0..len {
            let row = &mut gradient[i * len..][..len];
            free.after(i).pairs(i).for_each(|(j, p)| row[j] = p);
            near.after(i).pairs(i).for_each(|(j, p)| row[j] -= p);
        }
        Likelihood { loss, gradient }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gradient_is_the_slope_of_the_loss() {
        let sequence = b"GGGAAACCCAAAGGG".to_vec();
        let len = sequence.len();
        let known = Known { sequence, pairs: vec![(6, 14), (7, 13), (8, 12)], weight: 1.0 };
        let mut bonuses: Vec<f32> = (0..len * len).map(|cell| (cell * 7919 % 13) as f32 / 13.0 - 0.5).collect();
        let (model, options) = (EnergyModel::turner2004(), LearnOptions::default());
        let found = model.likelihood(&known, &bonuses, &options);
        assert!(found.loss > 0.1, "{}", found.loss);
        for (i, j) in [(0, 8), (1, 7), (7, 13), (6, 14), (0, 14), (3, 5)] {
            let cell = i * len + j;
            let before = bonuses[cell];
            let [up, down] = [0.01, -0.01].map(|step| {
                bonuses[cell] = before + step;
                model.likelihood(&known, &bonuses, &options).loss
            });
            bonuses[cell] = before;
            let slope = (up - down) / 0.02;
            assert!(
                (slope - f64::from(found.gradient[cell])).abs() < 1e-3,
                "{i} {j}: {slope} {}",
                found.gradient[cell]
            );
        }
        assert!((0..len).all(|i| (0..=i).all(|j| found.gradient[i * len + j] == 0.0)));
    }

    #[test]
    fn what_favours_the_known_pairs_lowers_the_loss() {
        let known =
            Known { sequence: b"GGGAAACCCAAAGGG".to_vec(), pairs: vec![(6, 14), (7, 13), (8, 12)], weight: 1.0 };
        let loss = |bonus: f32| {
            let mut bonuses = vec![0.0; 15 * 15];
            known.pairs.iter().for_each(|&(i, j)| bonuses[i * 15 + j] = bonus);
            EnergyModel::turner2004().likelihood(&known, &bonuses, &LearnOptions::default()).loss
        };
        assert!(loss(2.0) < loss(1.0) && loss(1.0) < loss(0.0));
    }
}
