//! What a known structure says of each pair.

use super::{Known, LearnOptions};
use crate::letters::{code, pair};
use crate::weights::SHORTEST_HAIRPIN;

impl Known {
    /// The pairs that the model can have.
    pub(super) fn nested(&self) -> Vec<(usize, usize)> {
        let letters: Vec<u8> = self.sequence.iter().map(|&letter| code(letter)).collect();
        let mut kept: Vec<(usize, usize)> = Vec::new();
        for &(i, j) in &self.pairs {
            let possible = j < letters.len() && i + SHORTEST_HAIRPIN < j && pair(letters[i], letters[j]).is_some();
            if possible && !kept.iter().any(|&other| contradict(other, (i, j))) {
                kept.push((i, j));
            }
        }
        kept
    }

    /// The bonus of every pair, `[len, len]`, upper triangle: of a known one, of one that contradicts none, and minus
    /// infinity.
    pub(super) fn target(&self, options: &LearnOptions) -> Vec<f32> {
        let len = self.sequence.len();
        let mut bonuses = vec![-options.unknown_pair; len * len];
        let nested = self.nested();
        let forbidden = f32::NEG_INFINITY;
        for &(i, j) in &nested {
            for k in 0..len {
                for base in [i, j] {
                    bonuses[base * len + k] = forbidden;
                    bonuses[k * len + base] = forbidden;
                }
            }
            for inner in i + 1..j {
                (0..i).for_each(|outer| bonuses[outer * len + inner] = forbidden);
                (j + 1..len).for_each(|outer| bonuses[inner * len + outer] = forbidden);
            }
        }
        nested.iter().for_each(|&(i, j)| bonuses[i * len + j] = options.known_pair);
        bonuses
    }
}

/// What all known pairs of a target gain together, in RT.
pub(super) fn gained(target: &[f32]) -> f64 {
    target.iter().filter(|&&bonus| bonus > 0.0).map(|&bonus| f64::from(bonus)).sum()
}

/// Whether no structure without pseudoknots has both pairs.
fn contradict(a: (usize, usize), b: (usize, usize)) -> bool {
    let shared = a.0 == b.0 || a.0 == b.1 || a.1 == b.0 || a.1 == b.1;
    let within = |x: usize| a.0 < x && x < a.1;
    shared || within(b.0) != within(b.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_known_possible_or_forbidden() {
        let known = Known {
            sequence: b"GAGAAAACUCA".into(),
            pairs: vec![(0, 9), (2, 7), (3, 10), (1, 2), (0, 8)], // crosses; too near; shares a base
            weight: 1.0,
        };
        assert_eq!(known.nested(), [(0, 9), (2, 7)]);
        let bonuses = known.target(&LearnOptions::default());
        let at = |i: usize, j: usize| bonuses[i * 11 + j];
        assert_eq!((at(0, 9), at(2, 7)), (6.0, 6.0));
        assert_eq!((at(1, 8), at(3, 6)), (-1.0, -1.0));
        for (i, j) in [(0, 7), (3, 10), (1, 5), (3, 8), (2, 6)] {
            assert_eq!(at(i, j), f32::NEG_INFINITY, "({i}, {j})");
        }
    }
}
