//! Chooses the evaluation sequences that a sequence of the corpus is aligned with.

use std::{cmp::Reverse, ops::RangeInclusive};

/// Diagonals over which the words of one alignment spread.
const SPREAD: i32 = 32;
/// Words that two sequences must share…
const SHARED: usize = 2;
/// …unless one is shorter than this, in nt.
const SHORT: usize = 48;
/// The most sequences of a set that one sequence is aligned with.
const ATTEMPTS: usize = 24;

/// The properties of a target that are needed at every word.
pub(super) struct Facts {
    pub(super) set: u32,
    pub(super) length: u32,
}

/// A sequence to align with.
pub(super) struct Candidate {
    /// The set it is of.
    pub(super) set: u32,
    votes: usize,
    /// Which one.
    pub(super) target: u32,
    /// The diagonal with most of the words they share.
    pub(super) diagonal: i32,
}

/// A word that two sequences share: target and diagonal in one number that sorts by the one, then the other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hit(u64);

impl Hit {
    pub(super) fn new(target: u32, diagonal: i32) -> Self {
        Self(u64::from(target) << 32 | u64::from(diagonal.cast_unsigned() ^ 1 << 31))
    }

    fn target(self) -> u32 {
        (self.0 >> 32) as u32
    }

    fn diagonal(self) -> i32 {
        (self.0 as u32 ^ 1 << 31).cast_signed()
    }
}

/// Finds hits with no other hit of their target nearby, by counting hits in stretches of diagonals.
pub(super) struct Crowd(Vec<u8>);

impl Default for Crowd {
    fn default() -> Self {
        Self(vec![0; Self::PLACES])
    }
}

impl Crowd {
    const PLACES: usize = 1 << 16;

    /// Stretches of [`SPREAD`] diagonals; neighbours are adjacent, and different targets rarely share a place.
    fn place(hit: Hit) -> usize {
        (hit.target().wrapping_mul(0x9e37_79b1) >> 7).wrapping_add(hit.0 as u32 / SPREAD as u32) as usize
    }

    /// Takes out hits by their target and whether they have company: another hit of the same target within [`SPREAD`]
    /// diagonals. Some hits without company count as having it, but never the other way round.
    fn keep(&mut self, hits: &mut Vec<Hit>, wanted: impl Fn(u32, bool) -> bool) {
        self.0.fill(0);
        for &hit in &*hits {
            let count = &mut self.0[Self::place(hit) % Self::PLACES];
            *count = count.saturating_add(1);
        }
        let mut kept = 0;
        for at in 0..hits.len() {
            let hit = hits[at];
            let place = Self::place(hit);
            let count = |place: usize| self.0[place % Self::PLACES];
            let others = (count(place) - 1) | count(place.wrapping_sub(1)) | count(place + 1);
            hits[kept] = hit; // kept only if the next line says so: cheaper than a branch that cannot be predicted
            kept += usize::from(wanted(hit.target(), others > 0));
        }
        hits.truncate(kept);
    }
}

/// Replaces `candidates` by the targets of each set that share most words with a sequence of `length` bases, most
/// first. Only those with lengths in `fitting` count.
pub(super) fn choose(
    hits: &mut Vec<Hit>,
    crowd: &mut Crowd,
    candidates: &mut Vec<Candidate>,
    targets: &[Facts],
    (length, fitting): (usize, RangeInclusive<usize>),
) {
    candidates.clear();
    crowd.keep(hits, |target, company| {
        let of_target = targets[target as usize].length as usize;
        (company | (of_target.min(length) < SHORT)) & fitting.contains(&of_target)
    });
    hits.sort_unstable();
    for hits in hits.chunk_by(|a, b| a.target() == b.target()) {
        let number = hits[0].target();
        let Facts { set, length: of_target } = targets[number as usize];
        let short = length.min(of_target as usize) < SHORT;
        let (diagonal, votes) = densest(hits);
        if votes >= SHARED || short {
            candidates.push(Candidate { set, votes, target: number, diagonal });
        }
    }
    candidates.sort_unstable_by_key(|found| (found.set, Reverse(found.votes), found.target));
    let (mut set, mut of_set) = (u32::MAX, 0);
    candidates.retain(|found| {
        of_set = if found.set == set { of_set + 1 } else { 1 };
        set = found.set;
        of_set <= ATTEMPTS
    });
}

/// The middle one of the most hits of one target that lie within [`SPREAD`] diagonals, and their number.
fn densest(hits: &[Hit]) -> (i32, usize) {
    let (mut best, mut start) = ((hits[0].diagonal(), 0), 0);
    for (end, hit) in hits.iter().enumerate() {
        while hit.diagonal() - hits[start].diagonal() > SPREAD {
            start += 1;
        }
        let votes = end + 1 - start;
        if votes > best.1 {
            best = (hits[start + votes / 2].diagonal(), votes);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_densest_diagonals_are_found() {
        let hits = [-90, -5, 3, 10, 20, 60, 61].map(|diagonal| Hit::new(0, diagonal));
        assert_eq!(densest(&hits), (10, 4));
        assert_eq!(densest(&hits[..1]), (-90, 1));
    }

    #[test]
    fn no_hit_with_another_nearby_is_taken_out() {
        let all = [(0, -40), (0, 900), (0, 932), (1, -8), (1, 60), (2, 160), (2, -31), (2, 1), (7, 5), (7, 5)];
        let mut hits: Vec<Hit> = all.map(|(target, diagonal)| Hit::new(target, diagonal)).to_vec();
        Crowd::default().keep(&mut hits, |target, company| company || target == 1);
        let kept: Vec<_> = hits.iter().map(|hit| (hit.target(), hit.diagonal())).collect();
        assert_eq!(kept, [(0, 900), (0, 932), (1, -8), (1, 60), (2, -31), (2, 1), (7, 5), (7, 5)]);
    }

    #[test]
    fn hits_sort_by_target_then_diagonal() {
        let mut hits = [Hit::new(2, -8), Hit::new(1, 5), Hit::new(1, -6), Hit::new(0, i32::MAX)];
        hits.sort_unstable();
        let read = hits.map(|hit| (hit.target(), hit.diagonal()));
        assert_eq!(read, [(0, i32::MAX), (1, -6), (1, 5), (2, -8)]);
    }

    #[test]
    fn one_shared_word_is_enough_for_short_sequences_alone() {
        let chosen = |length| {
            let (mut hits, mut candidates) = (vec![Hit::new(0, 1), Hit::new(1, 1), Hit::new(1, 9)], Vec::new());
            let targets = [Facts { set: 0, length: 100 }, Facts { set: 0, length: 100 }];
            choose(&mut hits, &mut Crowd::default(), &mut candidates, &targets, (length, 0..=200));
            candidates.iter().map(|found| found.target).collect::<Vec<_>>()
        };
        assert_eq!(chosen(100), [1]);
        assert_eq!(chosen(SHORT - 1), [1, 0]);
    }
}
