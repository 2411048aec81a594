//! Larger loops between two pairs, summed over all their shapes for a block of pairs at once.
//!
//! The factor of a generic loop is a product: one factor of the outer pair, one of the inner pair, one of the size and
//! one of the asymmetry. Adding a base to both sides keeps the inner pair and the asymmetry. So the sum over all loops
//! of `size` unpaired bases, without the factor of the size, is the sum for `size - 2` around the same middle, plus the
//! two loops whose shorter side is the shortest allowed (Lyngsø, Zuker and Pedersen, Bioinformatics 15 (1999) 440).
//! That takes 27 steps a pair instead of about 400.

use crate::loops::{BULGE, GENERIC, KINDS, Loops, ONE, TWO_BY_THREE};
use crate::number::{Factor, Semiring};
use crate::ring::Ring;
use crate::weights::LONGEST_LOOP;

/// Number of pairs in a block.
pub(crate) const LANES: usize = 32;

/// Unpaired bases of the smallest generic loop: two on each side.
const SMALLEST: usize = 4;

/// A number for each pair of a block.
pub(crate) type Lanes<T> = [T; LANES];

/// Where the other pair of a loop is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// Inside the block's pairs: rows of smaller distance.
    Within,
    /// Outside the block's pairs: rows of larger distance.
    Around,
}

/// The pairs whose middle `i + distance / 2` is in one stretch of [`LANES`] bases, at any distance.
pub(crate) struct Block<T> {
    /// Sums over generic loops by the number of unpaired bases, for rows of even and of odd distance.
    sums: [[Lanes<T>; LONGEST_LOOP + 1 - SMALLEST]; 2],
    /// Sums of the current row, by kind of loop, before the factors of the block's own pairs.
    pub totals: [Lanes<T>; KINDS],
    /// The results for the block's pairs.
    pub values: Lanes<T>,
    /// The results for the same pairs if another pair stacks on them, without lonely pairs.
    pub stacked: Lanes<T>,
}

impl<T: Semiring> Block<T> {
    pub fn new() -> Self {
        let zeros = [T::ZERO; LANES];
        Self { sums: [[zeros; LONGEST_LOOP + 1 - SMALLEST]; 2], totals: [zeros; KINDS], values: zeros, stacked: zeros }
    }

    /// Moves on to the pairs `(i, i + distance)`, from `i = first` on, and fills `totals`.
    ///
    /// `ring` holds the pairs on the other `side`. Rows must be passed in order, each one farther from that side.
    #[inline(always)]
    pub fn sum(&mut self, loops: &Loops<'_, T::Factor>, ring: &Ring<T>, side: Side, distance: usize, first: isize) {
        let largest = match side {
            Side::Within => LONGEST_LOOP.min(distance.saturating_sub(2)),
            Side::Around => LONGEST_LOOP.min((loops.len() - 1 - distance).saturating_sub(2)),
        };
        let others = Others { ring, side, distance, first };
        let asymmetry = &loops.weights.asymmetry;
        let sums = &mut self.sums[distance % 2];
        // Local arrays: the compiler knows that no other reference points to them.
        let mut generic = [T::ZERO; LANES];
        for size in (SMALLEST..=largest).rev() {
            let whole = loops.sizes[GENERIC][size];
            let mut sum = if size >= SMALLEST + 2 { sums[size - 2 - SMALLEST] } else { [T::ZERO; LANES] };
            let (left, right) = (others.at(GENERIC, size, 2), others.at(GENERIC, size, size - 2));
            // In a 2x2 loop, `left` and `right` are the same loop and must count once.
            let factor = if size > SMALLEST { asymmetry[size - 4] } else { T::Factor::HALF };
            for k in 0..LANES {
                sum[k] += (left[k] + right[k]) * factor;
                generic[k] += sum[k] * whole;
            }
            sums[size - SMALLEST] = sum;
        }
        let mut one = [T::ZERO; LANES];
        for size in 4..=largest {
            add(&mut one, loops.sizes[ONE][size], others.at(ONE, size, 1), others.at(ONE, size, size - 1));
        }
        let mut bulge = [T::ZERO; LANES];
        for size in 2..=largest {
            add(&mut bulge, loops.sizes[BULGE][size], others.at(BULGE, size, 0), others.at(BULGE, size, size));
        }
        let mut two_by_three = [T::ZERO; LANES];
        if largest >= 5 {
            let (left, right) = (others.at(TWO_BY_THREE, 5, 2), others.at(TWO_BY_THREE, 5, 3));
            add(&mut two_by_three, loops.sizes[TWO_BY_THREE][5], left, right);
        }
        self.totals = [generic, one, two_by_three, bulge];
    }

    /// The sum over larger loops at one lane, given the factors of the lane's pair.
    #[inline(always)]
    pub fn total(&self, lane: usize, factors: [T::Factor; KINDS]) -> T {
        (0..KINDS).map(|kind| self.totals[kind][lane] * factors[kind]).sum()
    }
}

/// The pairs on the other side of a block's loops.
struct Others<'a, T> {
    ring: &'a Ring<T>,
    side: Side,
    distance: usize,
    first: isize,
}

impl<T: Semiring> Others<'_, T> {
    /// For each lane the pair across a loop of `size` unpaired bases, of which `left` are on the left.
    #[inline(always)]
    fn at(&self, kind: usize, size: usize, left: usize) -> &Lanes<T> {
        let offset = 1 + left as isize;
        match self.side {
            Side::Within => self.ring.get(self.distance - 2 - size, kind, self.first + offset),
            Side::Around => self.ring.get(self.distance + 2 + size, kind, self.first - offset),
        }
    }
}

#[inline(always)]
fn add<T: Semiring>(total: &mut Lanes<T>, factor: T::Factor, left: &Lanes<T>, right: &Lanes<T>) {
    for k in 0..LANES {
        total[k] += (left[k] + right[k]) * factor;
    }
}
