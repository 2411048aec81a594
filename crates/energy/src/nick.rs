//! Two strands in one sequence, and the loop where their inner ends meet.
//!
//! The recursions know one strand. So bases that pair with none are put between two: more than an internal loop may have,
//! and a multiloop has none of them. What is left is the loop that a pair of the two strands closes around the nick. It is
//! open: on both sides of the nick it is like the exterior loop of the end of a strand.

use crate::exterior::branch;
use crate::loops::Loops;
use crate::number::{Number, Semiring};
use crate::triangle::Triangle;
use crate::weights::LONGEST_LOOP;

/// Bases that are put between the strands.
pub(crate) const GAP: usize = LONGEST_LOOP + 1;

/// Where the strands end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Nick {
    /// Bases of the first strand, and so the first position between the strands.
    pub begin: usize,
    /// First position of the second strand.
    pub end: usize,
}

impl Nick {
    /// `first` is the first base of the second strand. There is no nick at the ends of a sequence of `len` bases.
    pub fn new(first: usize, len: usize) -> Option<Self> {
        (first > 0 && first < len).then_some(Self { begin: first, end: first + GAP })
    }

    /// The base at a position that is not between the strands.
    pub fn base(self, position: usize) -> usize {
        if position < self.begin { position } else { position - GAP }
    }

    /// Values of bases as values of positions.
    pub fn spread<T: Copy>(self, bases: &[T], between: T) -> Vec<T> {
        [&bases[..self.begin], &[between; GAP], &bases[self.begin..]].concat()
    }

    /// Values of all pairs of bases as those of positions.
    pub fn spread_square<T: Copy>(self, bases: &[T], between: T) -> Vec<T> {
        let len = bases.len().isqrt();
        let rows: Vec<Vec<T>> = bases.chunks_exact(len).map(|row| self.spread(row, between)).collect();
        let gap = vec![between; (len + GAP) * GAP];
        [&rows[..self.begin].concat()[..], &gap, &rows[self.begin..].concat()].concat()
    }

    /// Is a position between the strands?
    pub fn contains(self, position: usize) -> bool {
        (self.begin..self.end).contains(&position)
    }

    /// Are the two positions of a pair on different strands?
    #[inline(always)]
    pub fn is_between(self, i: usize, j: usize) -> bool {
        i < self.begin && j >= self.end
    }
}

/// Sums over the structures of the ends of the strands that are next to the nick.
pub(crate) struct Ends<T> {
    nick: Nick,
    /// Of the first strand from position `k` on, `[begin + 1]`.
    left: Vec<T>,
    /// Of the second strand before position `k`, at `k - end`, `[len - end + 1]`.
    right: Vec<T>,
}

impl<T: Semiring> Ends<T> {
    /// Ends of no bases, of `len` positions.
    pub fn new(nick: Nick, len: usize) -> Self {
        Self { nick, left: vec![T::ONE; nick.begin + 1], right: vec![T::ONE; len - nick.end + 1] }
    }

    /// Sums the ends of `distance + 1` bases, from those of fewer and from the spans up to that distance.
    pub fn extend(&mut self, loops: &Loops<'_, T::Factor>, closed: &Triangle<T>, distance: usize) {
        if let Some(k) = self.nick.begin.checked_sub(distance + 1) {
            self.left[k] = self.unpaired(loops, End::Left(k)) + self.paired(loops, closed, End::Left(k)).map(sum).sum();
        }
        let k = self.nick.end + distance + 1;
        if distance + 1 < self.right.len() {
            let paired = self.paired(loops, closed, End::Right(k)).map(sum).sum::<T>();
            self.right[distance + 1] = self.unpaired(loops, End::Right(k)) + paired;
        }
    }

    /// The sum over the structures of an end.
    pub fn get(&self, end: End) -> T {
        match end {
            End::Left(k) => self.left[k],
            End::Right(k) => self.right[k - self.nick.end],
        }
    }

    /// What an end is without its outer base; nothing if it has no bases.
    pub fn shorter(&self, end: End) -> Option<End> {
        match end {
            End::Left(k) => (k < self.nick.begin).then_some(End::Left(k + 1)),
            End::Right(k) => (k > self.nick.end).then(|| End::Right(k - 1)),
        }
    }

    /// The part of the sum in which the outer base of an end is not paired.
    pub fn unpaired(&self, loops: &Loops<'_, T::Factor>, end: End) -> T {
        self.shorter(end).map_or(T::ONE, |shorter| self.get(shorter) * loops.scale(1))
    }

    /// Those in which it is: each with the pair, and with the end that is left.
    pub fn paired<'a>(
        &'a self,
        loops: &'a Loops<'_, T::Factor>,
        closed: &'a Triangle<T>,
        end: End,
    ) -> impl Iterator<Item = (T, (usize, usize), End)> + 'a {
        let partners = match end {
            End::Left(k) => k + 1..self.nick.begin,
            End::Right(k) => self.nick.end..(k - 1).max(self.nick.end),
        };
        let of = move |partner: usize| match end {
            End::Left(k) => ((k, partner), End::Left(partner + 1)),
            End::Right(k) => ((partner, k - 1), End::Right(partner)),
        };
        partners.map(of).map(|((i, j), rest)| (self.get(rest) * branch(loops, closed, i, j), (i, j), rest))
    }

    /// The sum over what is between a pair of the two strands, if both ends meet there.
    #[inline(always)]
    pub fn between(&self, i: usize, j: usize) -> T {
        self.get(End::Left(i + 1)) * self.get(End::Right(j))
    }
}

fn sum<T, U, V>((term, _, _): (T, U, V)) -> T {
    term
}

/// The part of a strand that is next to the nick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Of the first strand, from this position on.
    Left(usize),
    /// Of the second strand, before this position.
    Right(usize),
}

/// Derivatives of the total by the sums of [`Ends`].
pub(crate) struct Derivatives<'a, T> {
    ends: &'a Ends<T>,
    /// As in [`Ends`].
    left: Vec<T>,
    right: Vec<T>,
}

impl<'a, T: Number> Derivatives<'a, T> {
    pub fn new(ends: &'a Ends<T>) -> Self {
        let zeros = |values: &[T]| vec![T::ZERO; values.len()];
        Self { ends, left: zeros(&ends.left), right: zeros(&ends.right) }
    }

    /// Adds what a pair of the two strands passes on: `value` is the derivative by what is between the pair.
    pub fn add(&mut self, i: usize, j: usize, value: T) {
        let right = j - self.ends.nick.end;
        self.left[i + 1] += value * self.ends.right[right];
        self.right[right] += value * self.ends.left[i + 1];
    }

    /// Completes the derivatives that [`Derivatives::of`] needs for pairs at this distance. Those of larger distances, and
    /// all that [`Derivatives::add`] has for them, come first.
    pub fn complete(&mut self, loops: &Loops<'_>, closed: &Triangle<T>, distance: usize) {
        let nick = self.ends.nick;
        if let Some(k) = nick.begin.checked_sub(distance + 1).filter(|&k| k > 0) {
            let branches = (0..k - 1).map(|i| self.left[i] * branch(loops, closed, i, k - 1));
            self.left[k] = self.left[k] + self.left[k - 1] * loops.scale(1) + branches.sum::<T>();
        }
        let (k, last) = (distance + 1, self.right.len() - 1);
        if k < last {
            let i = nick.end + k;
            let branches = (k + 1..last).map(|j| self.right[j + 1] * branch(loops, closed, i, nick.end + j));
            self.right[k] = self.right[k] + self.right[k + 1] * loops.scale(1) + branches.sum::<T>();
        }
    }

    /// The derivative by a pair as a branch of the open loop.
    #[inline(always)]
    pub fn of(&self, i: usize, j: usize) -> T {
        let Ends { nick, left, right } = self.ends;
        if j < nick.begin {
            self.left[i] * left[j + 1]
        } else if i >= nick.end {
            self.right[j + 1 - nick.end] * right[i - nick.end]
        } else {
            T::ZERO
        }
    }
}
