//! The exterior loop, which no pair closes: sums over everything before a position, and over everything from it on.

use crate::loops::Loops;
use crate::number::Semiring;
use crate::triangle::Triangle;

/// Scaled sums over all structures of the sequence's prefixes and suffixes.
pub(crate) struct Exterior<T> {
    /// Of the first `k` bases, `[len + 1]`.
    pub before: Vec<T>,
    /// Of the bases from `k` on, `[len + 1]`.
    pub behind: Vec<T>,
}

impl<T: Semiring> Exterior<T> {
    pub fn new(loops: &Loops<'_, T::Factor>, closed: &Triangle<T>) -> Self {
        let len = loops.len();
        let scale = loops.scale(1);
        let branch =
            |i: usize, j: usize| loops.pair(i, j).map_or(T::ZERO, |kind| closed.get(i, j) * loops.exterior(kind, i, j));
        let (mut before, mut behind) = (vec![T::ONE; len + 1], vec![T::ONE; len + 1]);
        for j in 0..len {
            before[j + 1] = before[j] * scale + (0..j).map(|i| before[i] * branch(i, j)).sum::<T>();
        }
        for i in (0..len).rev() {
            behind[i] = behind[i + 1] * scale + (i + 1..len).map(|j| branch(i, j) * behind[j + 1]).sum::<T>();
        }
        Self { before, behind }
    }

    /// The partition function of the whole sequence.
    pub fn total(&self) -> T {
        self.before[self.before.len() - 1]
    }
}
