//! The exterior loop, which no pair closes: sums over everything before a position, and over everything from it on.

use crate::loops::Loops;
use crate::nick::Nick;
use crate::number::{Number, Semiring};
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
        let (mut before, mut behind) = (vec![T::ONE; len + 1], vec![T::ONE; len + 1]);
        for j in 0..len {
            before[j + 1] = next(loops, closed, &before, j);
        }
        let branch = |i: usize, j: usize| branch(loops, closed, i, j);
        for i in (0..len).rev() {
            let ends = i + 1..(i + loops.reach()).min(len);
            behind[i] = behind[i + 1] * loops.scale(1) + ends.map(|j| branch(i, j) * behind[j + 1]).sum::<T>();
        }
        Self { before, behind }
    }

    /// The partition function of the whole sequence.
    pub fn total(&self) -> T {
        self.before[self.before.len() - 1]
    }

    /// The sum over the structures in which two strands pair with each other. Each of them has one outermost pair of both.
    pub fn bound(&self, loops: &Loops<'_, T::Factor>, closed: &Triangle<T>, nick: Nick) -> T {
        let pairs = (0..nick.begin).flat_map(|i| (nick.end..loops.len()).map(move |j| (i, j)));
        pairs.map(|(i, j)| self.before[i] * branch(loops, closed, i, j) * self.behind[j + 1]).sum()
    }
}

/// The natural logarithm of the partition function of the whole sequence, also if that leaves the range of `T`: the sums
/// of prefixes are kept as logarithms.
pub(crate) fn ln_total<T: Number>(loops: &Loops<'_>, closed: &Triangle<T>) -> f64 {
    let (len, unpaired) = (loops.len(), loops.scale(1).ln());
    let mut before = vec![0.0; len + 1];
    let mut terms = Vec::with_capacity(len + 1);
    for j in 0..len {
        let paired = loops.partners_before(j).filter_map(|i| {
            let weight = branch(loops, closed, i, j);
            (weight != T::ZERO).then(|| before[i] + weight.ln())
        });
        terms.clear();
        terms.push(before[j] + unpaired);
        terms.extend(paired);
        let largest = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        before[j + 1] = largest + terms.iter().map(|term| (term - largest).exp()).sum::<f64>().ln();
    }
    before[len]
}

/// The sum over the structures of the first `j + 1` bases, from those of fewer.
fn next<T: Semiring>(loops: &Loops<'_, T::Factor>, closed: &Triangle<T>, before: &[T], j: usize) -> T {
    let paired = loops.partners_before(j).map(|i| before[i] * branch(loops, closed, i, j));
    before[j] * loops.scale(1) + paired.sum::<T>()
}

/// The sum over the structures of a branch.
pub(crate) fn branch<T: Semiring>(loops: &Loops<'_, T::Factor>, closed: &Triangle<T>, i: usize, j: usize) -> T {
    loops.pair(i, j).map_or(T::ZERO, |kind| closed.get(i, j) * loops.exterior(kind, i, j))
}
