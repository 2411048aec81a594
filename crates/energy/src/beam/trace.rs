//! From the sums of the spans that a beam keeps back to one structure, as [`Trace`](crate::trace::Trace) does.

use super::{Beam, PAIRED, place};
use crate::fold::Pairs;
use crate::loops::Loops;
use crate::number::Semiring;
use crate::trace::{Choose, traced};
use crate::weights::{LONGEST_LOOP, SHORTEST_HAIRPIN};

/// The sums that are traced.
pub(crate) struct BeamTrace<'a, T: Semiring> {
    loops: &'a Loops<'a, T::Factor>,
    beam: &'a Beam<T>,
    unpaired: Vec<T::Factor>,
}

/// A sum to be traced.
#[derive(Clone, Copy)]
enum Part {
    /// Of the first bases, so many.
    Before(usize),
    /// Of a span that a pair closes.
    Closed(usize, usize),
    /// Of one or more branches.
    Some(usize, usize),
    /// Of two or more branches.
    Several(usize, usize),
}

/// The parts that a term is made of.
type Parts = [Option<Part>; 2];

impl<'a, T: Semiring> BeamTrace<'a, T> {
    pub fn new(loops: &'a Loops<'a, T::Factor>, beam: &'a Beam<T>) -> Self {
        Self { loops, beam, unpaired: loops.unpaired() }
    }

    /// The pairs of one structure, sorted.
    pub fn structure(&self, chooser: &mut impl Choose<T>) -> Pairs {
        traced(Part::Before(self.loops.len()), |part, pairs| {
            let total = self.value(part);
            match part {
                Part::Before(0) => [None; 2],
                Part::Before(end) => chooser.choose(total, self.terms_before(end - 1)),
                Part::Closed(i, j) => {
                    pairs.push((i, j));
                    chooser.choose(total, self.terms_closed(i, j))
                }
                Part::Some(i, j) => chooser.choose(total, self.terms_some(i, j)),
                Part::Several(i, j) => chooser.choose(total, self.terms_several(i, j)),
            }
        })
    }

    /// The sum over the structures of a part; zero of one that was not kept.
    fn value(&self, part: Part) -> T {
        let (row, first) = match part {
            Part::Before(end) => return self.beam.before[end],
            Part::Closed(i, j) => (&self.beam.closed[j], i),
            Part::Some(i, j) => (&self.beam.some[j], i),
            Part::Several(i, j) => (&self.beam.several[j], i),
        };
        place(row, first).map_or(T::ZERO, |place| row[place].1)
    }

    fn terms_before(&self, j: usize) -> impl Iterator<Item = (T, Parts)> {
        let unpaired = (self.beam.before[j] * self.loops.scale(1), [Some(Part::Before(j)), None]);
        let paired = self.beam.closed[j].iter().map(move |&(k, sum)| {
            let k = k as usize;
            let branch = sum * self.loops.exterior(self.kind(k, j), k, j);
            (self.beam.before[k] * branch, [Some(Part::Before(k)), Some(Part::Closed(k, j))])
        });
        std::iter::once(unpaired).chain(paired)
    }

    fn terms_closed(&self, i: usize, j: usize) -> impl Iterator<Item = (T, Parts)> {
        let (loops, kind) = (self.loops, self.kind(i, j));
        let hairpin = (j - i > SHORTEST_HAIRPIN).then(|| (T::ONE * loops.hairpin(kind, i, j), [None; 2]));
        let inner = (i + 1..j).rev().take(LONGEST_LOOP + 1);
        let inner = inner.flat_map(move |q| self.beam.closed[q].iter().map(move |&(p, sum)| (p as usize, q, sum)));
        let inner = inner.filter_map(move |(p, q, sum)| {
            let [left, right] = [p.checked_sub(i + 1)?, j - 1 - q];
            let factor =
                (left + right <= LONGEST_LOOP).then(|| loops.internal([left, right], i, j, kind, self.kind(p, q)))?;
            Some((sum * factor, [Some(Part::Closed(p, q)), None]))
        });
        let closing = loops.multiloop(kind, i, j);
        let branches = self.beam.several[j - 1].iter().filter(move |(k, _)| *k as usize > i);
        let branches = branches.map(move |&(k, sum)| {
            let unpaired = &self.unpaired[i + 1..k as usize];
            let all = unpaired.iter().fold(sum, |sum, unpaired| sum * *unpaired);
            (all * closing, [Some(Part::Several(k as usize, j - 1)), None])
        });
        let bonus = loops.bonus(i, j);
        hairpin.into_iter().chain(inner).chain(branches).map(move |(term, parts)| (term * bonus, parts))
    }

    fn terms_some(&self, i: usize, j: usize) -> impl Iterator<Item = (T, Parts)> {
        let closed = Part::Closed(i, j);
        let one = self
            .loops
            .pair(i, j)
            .map(|kind| (self.value(closed) * self.loops.branch(kind, i, j), [Some(closed), None]));
        self.shorter(Part::Some, i, j).into_iter().chain(one).chain(self.splits(i, j))
    }

    fn terms_several(&self, i: usize, j: usize) -> impl Iterator<Item = (T, Parts)> {
        self.shorter(Part::Several, i, j).into_iter().chain(self.splits(i, j))
    }

    /// The term of an unpaired last base.
    fn shorter(&self, part: fn(usize, usize) -> Part, i: usize, j: usize) -> Option<(T, Parts)> {
        let shorter = part(i, j.checked_sub(1).filter(|last| *last >= i)?);
        Some((self.value(shorter) * self.unpaired[j], [Some(shorter), None]))
    }

    /// Two or more branches: all but the last one, and the last one, which ends with the span.
    fn splits(&self, i: usize, j: usize) -> impl Iterator<Item = (T, Parts)> {
        self.beam.closed[j].iter().filter(move |(k, _)| *k as usize > i).map(move |&(k, sum)| {
            let k = k as usize;
            let others = Part::Some(i, k - 1);
            let branch = sum * self.loops.branch(self.kind(k, j), k, j);
            (self.value(others) * branch, [Some(others), Some(Part::Closed(k, j))])
        })
    }

    fn kind(&self, i: usize, j: usize) -> usize {
        self.loops.pair(i, j).expect(PAIRED)
    }
}
