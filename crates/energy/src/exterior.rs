//! The loop that no pair closes: everything before a position, and everything from it on.

use crate::loops::Loops;
use crate::triangle::Triangle;

/// Sums over all structures of a sequence's beginnings and ends, scaled.
pub(crate) struct Exterior {
    /// Of the first `k` bases, `[len + 1]`.
    pub before: Vec<f64>,
    /// Of the bases from `k` on, `[len + 1]`.
    pub behind: Vec<f64>,
}

impl Exterior {
    pub fn new(loops: &Loops, closed: &Triangle) -> Self {
        let len = loops.len();
        let scale = loops.scale(1);
        let branch =
            |i: usize, j: usize| loops.pair(i, j).map_or(0.0, |kind| closed.get(i, j) * loops.exterior(kind, i, j));
        let (mut before, mut behind) = (vec![1.0; len + 1], vec![1.0; len + 1]);
        for j in 0..len {
            before[j + 1] = before[j] * scale + (0..j).map(|i| before[i] * branch(i, j)).sum::<f64>();
        }
        for i in (0..len).rev() {
            behind[i] = behind[i + 1] * scale + (i + 1..len).map(|j| branch(i, j) * behind[j + 1]).sum::<f64>();
        }
        Self { before, behind }
    }

    /// The partition function of the whole sequence.
    pub fn total(&self) -> f64 {
        self.before[self.before.len() - 1]
    }
}
