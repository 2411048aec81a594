//! Which sequences are compared: those that share a word with the longest of them.

use std::cmp::Reverse;

use rayon::prelude::*;

use super::{
    super::Sequences,
    rank::Ranked,
    seeds::{Chosen, Scratch, Seed},
};

/// Parts that the words of one round are divided into, so that each is sorted within the caches.
const PARTS: usize = 1024;
/// Sequences whose words are gathered by one task.
const BATCH: usize = 4096;

/// The placement of a member on its centre: `position in the centre − position in the member`, and whether the member
/// is reversed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Placement(i32);

impl Placement {
    pub(super) const SAME: Self = Self(0);

    pub(super) fn new(diagonal: i32, turned: bool) -> Self {
        Self(diagonal << 1 | i32::from(turned))
    }

    pub(super) fn bits(self) -> u32 {
        self.0.cast_unsigned()
    }

    pub(super) fn from_bits(bits: u32) -> Self {
        Self(bits.cast_signed())
    }

    pub(super) fn diagonal(self) -> i32 {
        self.0 >> 1
    }

    pub(super) fn turned(self) -> bool {
        self.0 & 1 == 1
    }

    /// The placement of a member of `member` bases on the sequence that its centre of `centre` bases is placed on.
    pub(super) fn then(self, next: Self, centre: usize, member: usize) -> Self {
        let own = if next.turned() { centre as i32 - member as i32 - self.diagonal() } else { self.diagonal() };
        Self::new(own + next.diagonal(), self.turned() != next.turned())
    }
}

/// A member, a centre to compare it with, and how many words agree on the placement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pair {
    pub member: u32,
    pub centre: u32,
    pub placement: Placement,
    pub votes: u32,
}

/// All pairs by member and centre, each with the placement most words agree on.
pub(super) fn find(sequences: &dyn Sequences, ranked: &Ranked, chosen: &Chosen<'_>) -> Vec<Pair> {
    let words: usize = (0..ranked.count() as u32).into_par_iter().map(|rank| chosen.count(ranked.length(rank))).sum();
    let rounds = (words * size_of::<Seed>()).div_ceil(chosen.options.memory.max(1)).clamp(1, 1 << 16);
    let mut pairs = Vec::new();
    for round in 0..rounds {
        pairs.extend(find_round(sequences, ranked, chosen, round, rounds));
        pairs = add_up(pairs);
    }
    keep_best(&mut pairs);
    keep_first(&mut pairs, chosen.engine.attempts);
    pairs
}

/// The pairs from the words of one round.
fn find_round(
    sequences: &dyn Sequences,
    ranked: &Ranked,
    chosen: &Chosen<'_>,
    round: usize,
    rounds: usize,
) -> Vec<Pair> {
    let count = ranked.count();
    let batches: Vec<Parted> = (0..count.div_ceil(BATCH))
        .into_par_iter()
        .map_init(Scratch::default, |scratch, batch| {
            let mut seeds = Vec::new();
            for rank in batch * BATCH..((batch + 1) * BATCH).min(count) {
                if !ranked.repeats_previous(rank as u32) {
                    let own = chosen.of(sequences, ranked, rank as u32, scratch);
                    seeds.extend(own.iter().filter(|seed| round_of(seed.key, rounds) == round));
                }
            }
            Parted::new(&seeds)
        })
        .collect();
    let groups = (0..PARTS).into_par_iter().flat_map_iter(|part| {
        let mut seeds: Vec<Seed> = batches.iter().flat_map(|batch| batch.part(part)).copied().collect();
        seeds.sort_unstable();
        let mut pairs = Vec::new();
        for sharers in seeds.chunk_by(|a, b| a.key == b.key) {
            pair_up(sharers, ranked, chosen, &mut pairs);
        }
        pairs
    });
    groups.collect()
}

/// Words with small keys are taken, so the round a word falls into is read from its key's low bits, the part from
/// those above.
fn round_of(key: u64, rounds: usize) -> usize {
    ((key & 0xffff) as usize * rounds) >> 16
}

fn part_of(key: u64) -> usize {
    (key >> 16) as usize % PARTS
}

/// Pairs the sequences that share one word, longest first, with the first of them; one too short for it is the next
/// centre.
fn pair_up(sharers: &[Seed], ranked: &Ranked, chosen: &Chosen<'_>, pairs: &mut Vec<Pair>) {
    let Some((first, others)) = sharers.split_first() else { return };
    let mut centre = *first;
    for &member in others {
        let (centre_length, length) = (ranked.length(centre.rank), ranked.length(member.rank));
        if !chosen.options.lengths_fit(centre_length, length) {
            centre = member;
            continue;
        }
        let turned = centre.turned() != member.turned();
        let position = if turned {
            length - chosen.pattern.span() - member.position() as usize
        } else {
            member.position() as usize
        };
        let placement = Placement::new(centre.position() as i32 - position as i32, turned);
        pairs.push(Pair { member: member.rank, centre: centre.rank, placement, votes: 1 });
    }
}

/// One entry for each member, centre and placement, with all its votes.
fn add_up(mut pairs: Vec<Pair>) -> Vec<Pair> {
    pairs.par_sort_unstable();
    pairs.dedup_by(|next, kept| {
        let same = (next.member, next.centre, next.placement) == (kept.member, kept.centre, kept.placement);
        kept.votes += if same { next.votes } else { 0 };
        same
    });
    pairs
}

/// Of the placements of a pair, the first with the most votes.
fn keep_best(pairs: &mut Vec<Pair>) {
    pairs.dedup_by(|next, kept| {
        let same = (next.member, next.centre) == (kept.member, kept.centre);
        if same && next.votes > kept.votes {
            *kept = *next;
        }
        same
    });
}

/// Of the pairs of a member, the `most` with most votes; of equally many, those with the longest centre.
fn keep_first(pairs: &mut Vec<Pair>, most: usize) {
    let mut kept = 0;
    let mut start = 0;
    while start < pairs.len() {
        let member = pairs[start].member;
        let length = pairs[start..].iter().take_while(|pair| pair.member == member).count();
        pairs[start..start + length].sort_unstable_by_key(|pair| (Reverse(pair.votes), pair.centre));
        let end = start + length.min(most);
        pairs.copy_within(start..end, kept);
        kept += end - start;
        start += length;
    }
    pairs.truncate(kept);
}

/// Seeds laid out part by part.
struct Parted {
    seeds: Vec<Seed>,
    starts: Vec<u32>,
}

impl Parted {
    fn new(seeds: &[Seed]) -> Self {
        let mut starts = vec![0u32; PARTS + 1];
        for seed in seeds {
            starts[part_of(seed.key) + 1] += 1;
        }
        for part in 0..PARTS {
            starts[part + 1] += starts[part];
        }
        let (mut next, mut parted) = (starts.clone(), seeds.to_vec());
        for &seed in seeds {
            let place = &mut next[part_of(seed.key)];
            parted[*place as usize] = seed;
            *place += 1;
        }
        Self { seeds: parted, starts }
    }

    fn part(&self, part: usize) -> &[Seed] {
        &self.seeds[self.starts[part] as usize..self.starts[part + 1] as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placements_follow_each_other() {
        // The member lies 3 into its centre, which lies 4 into the representative.
        let (one, two) = (Placement::new(3, false), Placement::new(4, false));
        assert_eq!(one.then(two, 50, 40), Placement::new(7, false));
        // Turned within 50 bases, the member's first base comes to 50 − 40 − 3 of the turned centre.
        let turned = Placement::new(4, true);
        assert_eq!(one.then(turned, 50, 40), Placement::new(11, true));
        assert_eq!(one.then(turned, 50, 40).then(Placement::new(0, true), 60, 40), Placement::new(60 - 40 - 11, false));
        assert_eq!(Placement::new(-5, true).diagonal(), -5);
    }

    #[test]
    fn the_placement_with_most_votes_stays() {
        let pair = |placement, votes| Pair { member: 1, centre: 0, placement: Placement::new(placement, false), votes };
        let mut pairs = add_up(vec![pair(9, 1), pair(2, 1), pair(7, 1), pair(9, 2), pair(7, 2)]);
        assert_eq!(pairs, [pair(2, 1), pair(7, 3), pair(9, 3)]);
        keep_best(&mut pairs);
        assert_eq!(pairs, [pair(7, 3)]);
    }
}
