//! How often the structures of an ensemble read each number of the model, on average.

use super::counts::Counter;
use super::layout::Layout;
use crate::inside::OutOfRange;
use crate::letters::code;
use crate::number::{Number, Wide};
use crate::outside::probabilities;
use crate::sums::{Sums, Terms};
use crate::weights::{LONGEST_LOOP, SHORTEST_HAIRPIN};
use crate::workers::Workers;

/// Pairs that are less probable are not counted.
const LEAST_PAIR: f32 = 1e-4;

/// Loops, and differences of probabilities that are zero but for rounding.
const LEAST_LOOP: f64 = 1e-7;
const ROUNDING: f64 = 1e-6;

/// An ensemble's free energy in kcal/mol, and its expected counts.
pub(super) struct Expected {
    pub energy: f64,
    pub counts: Vec<f64>,
}

/// On this thread.
pub(super) fn expected(layout: &Layout, terms: Terms<'_>, sequence: &[u8]) -> Expected {
    terms.in_range(
        sequence,
        |energy| scaled::<f64>(layout, terms, sequence, energy),
        || scaled::<Wide>(layout, terms, sequence, 0.0),
    )
}

fn scaled<T: Number>(layout: &Layout, terms: Terms<'_>, sequence: &[u8], energy: f64) -> Result<Expected, OutOfRange> {
    let workers = Workers::one();
    let sums = Sums::<T>::new(&workers, terms, sequence, energy)?;
    let probabilities = probabilities(&sums.loops, &sums.inside, &sums.exterior, &workers)?.into_square();
    let letters = sequence.iter().map(|&letter| code(letter)).collect();
    let counter = Counter { layout, letters, counts: vec![0.0; layout.len()] };
    let counts = Walk::new(&sums, probabilities, counter).counts();
    let energy = energy * sequence.len() as f64 - terms.weights.rt * sums.exterior.total().ln();
    Ok(Expected { energy, counts })
}

/// The way through all loops of an ensemble.
///
/// Multiloops need no sums of their own: a pair that is counted in no other kind of loop is in one of these, and so is
/// an unpaired base.
struct Walk<'s, 'a, T> {
    sums: &'s Sums<'a, T>,
    len: usize,
    probabilities: Vec<f32>,
    /// Probability of each pair to be a branch of a multiloop, `[len, len]`, once all else is taken off.
    branches: Vec<f64>,
    /// Expected number of unpaired bases of multiloops, likewise.
    unpaired: f64,
    counter: Counter<'s>,
}

impl<'s, 'a, T: Number> Walk<'s, 'a, T> {
    fn new(sums: &'s Sums<'a, T>, probabilities: Vec<f32>, counter: Counter<'s>) -> Self {
        let len = counter.letters.len();
        let branches: Vec<f64> = probabilities.iter().map(|&p| f64::from(p)).collect();
        let paired: f64 = branches.iter().sum(); // two bases of each pair, and each pair twice
        let share = sums.exterior.total().recip();
        let outside = (0..len)
            .map(|k| (sums.exterior.before[k] * (sums.exterior.behind[k + 1] * share) * sums.loops.scale(1)).value());
        let unpaired = len as f64 - paired - outside.sum::<f64>();
        Self { sums, len, probabilities, branches, unpaired, counter }
    }

    fn counts(mut self) -> Vec<f64> {
        for i in 0..self.len {
            for j in i + 1 + SHORTEST_HAIRPIN..self.len {
                let p = self.probabilities[i * self.len + j];
                if p > LEAST_PAIR {
                    self.pair(i, j, f64::from(p));
                }
            }
        }
        for i in 0..self.len {
            for j in i + 1 + SHORTEST_HAIRPIN..self.len {
                let left = self.branches[i * self.len + j];
                if self.probabilities[i * self.len + j] > LEAST_PAIR && left > ROUNDING {
                    self.counter.branch(i, j, left);
                }
            }
        }
        if self.unpaired > ROUNDING {
            self.counter.unpaired(self.unpaired);
        }
        self.counter.counts
    }

    /// The loops that a pair of probability `p` closes, and its place in the exterior loop.
    fn pair(&mut self, i: usize, j: usize, p: f64) {
        let Sums { loops, inside, exterior } = self.sums;
        let Some(kind) = loops.pair(i, j) else { return };
        let within = inside.closed.get(i, j);
        // Times what a loop adds to the sum over structures within the pair: the loop's probability.
        let outer = within.recip() * (p * loops.bonus(i, j));
        let mut multiloop = p;
        let hairpin = (outer * loops.hairpin(kind, i, j)).value();
        if hairpin > LEAST_LOOP {
            self.counter.hairpin(i, j, hairpin);
            self.unpaired -= hairpin * (j - i - 1) as f64;
            multiloop -= hairpin;
        }
        multiloop -= self.internal([i, j], kind, outer);
        if multiloop > ROUNDING {
            self.counter.multiloop(i, j, multiloop);
        }
        let share = exterior.total().recip();
        let outside = exterior.before[i] * (exterior.behind[j + 1] * share) * loops.exterior(kind, i, j) * within;
        self.counter.exterior(i, j, outside.value());
        self.branches[i * self.len + j] -= outside.value();
    }

    /// The probability that the pair closes a loop with one other pair.
    fn internal(&mut self, [i, j]: [usize; 2], kind: usize, outer: T) -> f64 {
        let mut all = 0.0;
        let Some(widest) = (j - i).checked_sub(SHORTEST_HAIRPIN + 3) else { return all };
        for left in 0..=LONGEST_LOOP.min(widest) {
            let p = i + 1 + left;
            for right in 0..=LONGEST_LOOP - left {
                let q = j - 1 - right;
                if q <= p + SHORTEST_HAIRPIN {
                    break;
                }
                if self.probabilities[p * self.len + q] < 0.1 * LEAST_PAIR {
                    continue;
                }
                let Some(inner) = self.sums.loops.pair(p, q) else { continue };
                let factor = self.sums.loops.internal([left, right], i, j, kind, inner);
                let probability = (outer * self.sums.inside.closed.get(p, q) * factor).value();
                if probability > LEAST_LOOP {
                    self.counter.internal([i, j], [p, q], probability);
                    self.unpaired -= probability * (left + right) as f64;
                    self.branches[p * self.len + q] -= probability;
                    all += probability;
                }
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conditions::Conditions;
    use crate::parameters::Parameters;
    use crate::restraints::Restraints;
    use crate::weights::Weights;

    /// The expected count of a number is the derivative of the ensemble's free energy by it.
    #[test]
    fn counts_are_derivatives() {
        let sequence = b"GGGAAAUCCGUUAGGCAAGCGAUUCGCAACCUAACUUUGGAACGCAGUCAAGGGCUGCGAACCAAUUGGACCGAAAGGUUCAUCCGCUGUGA";
        let turner = Parameters::turner2004();
        let layout = Layout::new(turner);
        let values = layout.values(turner);
        let bonuses: Vec<f32> = (0..sequence.len().pow(2)).map(|k| (k % 5) as f32 * 0.3 - 0.6).collect();
        let at = |values: &[f64], bonuses: Option<&[f32]>| {
            let weights = Weights::new(&layout.parameters(turner, values), Conditions::default());
            expected(&layout, Terms { weights: &weights, restraints: Restraints::default().bonuses(bonuses) }, sequence)
        };
        for bonuses in [None, Some(&bonuses[..])] {
            let mut counts = at(&values, bonuses).counts;
            layout.chain(&values, &mut counts);
            let mut checked = 0;
            for k in (0..layout.len()).filter(|&k| counts[k] > 0.03 && layout.is_learned(k)) {
                let moved = |by: f64| {
                    let mut values = values.clone();
                    values[k] += by;
                    if layout.mirror_of(k) != k {
                        values[layout.mirror_of(k)] += by;
                    }
                    at(&values, bonuses).energy
                };
                let tied = if layout.mirror_of(k) == k { 1.0 } else { 2.0 };
                let derivative = 100.0 * (moved(2.0) - moved(-2.0)) / 4.0 / tied;
                assert!((derivative - counts[k]).abs() < 0.01 + 0.01 * counts[k], "{k}: {derivative} {}", counts[k]);
                checked += 1;
            }
            assert!(checked > 50, "{checked} numbers");
        }
    }
}
