//! Sequences in an order that does not depend on the input's: longest first, then by content.

use std::cmp::Reverse;

use rayon::prelude::*;

use super::super::{Sequences, kmers::mix};

/// A sequence's place in the order is its rank; work is done in ranks from here on.
pub(super) struct Ranked {
    indices: Vec<u32>,
    lengths: Vec<u32>,
    /// Ranks whose sequence is, letter by letter, that of the rank before.
    repeats: Vec<bool>,
}

impl Ranked {
    pub(super) fn new(sequences: &dyn Sequences) -> Self {
        let mut order: Vec<(Reverse<u32>, u64, u32)> = (0..sequences.count() as u32)
            .into_par_iter()
            .map_init(Vec::new, |letters, index| {
                sequences.read(index as usize, letters);
                (Reverse(letters.len() as u32), digest(letters), index)
            })
            .collect();
        order.par_sort_unstable();
        let mut repeats = vec![false; order.len()];
        let mut start = 0;
        for run in order.chunk_by_mut(|a, b| (a.0, a.1) == (b.0, b.1)) {
            if run.len() > 1 {
                settle(sequences, run, &mut repeats[start..start + run.len()]);
            }
            start += run.len();
        }
        let lengths = order.iter().map(|(length, ..)| length.0).collect();
        Self { indices: order.into_iter().map(|(.., index)| index).collect(), lengths, repeats }
    }

    pub(super) fn count(&self) -> usize {
        self.indices.len()
    }

    pub(super) fn bases(&self) -> u64 {
        self.lengths.iter().map(|&length| u64::from(length)).sum()
    }

    pub(super) fn index(&self, rank: u32) -> usize {
        self.indices[rank as usize] as usize
    }

    pub(super) fn length(&self, rank: u32) -> usize {
        self.lengths[rank as usize] as usize
    }

    pub(super) fn repeats_previous(&self, rank: u32) -> bool {
        self.repeats[rank as usize]
    }
}

/// Sequences of one length and digest, which are nearly always equal; if they differ, their letters order them.
fn settle(sequences: &dyn Sequences, run: &mut [(Reverse<u32>, u64, u32)], repeats: &mut [bool]) {
    let read = |index: u32| {
        let mut letters = Vec::new();
        sequences.read(index as usize, &mut letters);
        letters
    };
    let first = read(run[0].2);
    if run[1..].iter().any(|(.., index)| read(*index) != first) {
        run.sort_by_cached_key(|(.., index)| (read(*index), *index));
    }
    for at in 1..run.len() {
        repeats[at] = read(run[at].2) == read(run[at - 1].2);
    }
}

/// 64 bits that nearly always differ between sequences.
fn digest(letters: &[u8]) -> u64 {
    let (words, rest) = letters.as_chunks::<8>();
    let digest = words.iter().fold(letters.len() as u64, |digest, word| mix(digest ^ u64::from_le_bytes(*word)));
    rest.iter().fold(digest, |digest, letter| mix(digest ^ u64::from(*letter)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_is_first_and_equal_ones_are_neighbours() {
        let sequences = ["ACGTACGTA", "GGG", "ACGTACGTAA", "GGG", "CCC"];
        let ranked = Ranked::new(&sequences);
        assert_eq!((ranked.index(0), ranked.index(1), ranked.length(1)), (2, 0, 9));
        let repeats: Vec<usize> =
            (0..5).filter(|&rank| ranked.repeats_previous(rank)).map(|r| ranked.index(r)).collect();
        assert_eq!(repeats, [3]);
        assert_eq!(ranked.bases(), 28);
    }

    #[test]
    fn sequences_with_one_digest_are_distinguished_by_their_letters() {
        let sequences = ["TTT", "AAA", "TTT", "AAA"];
        let mut run = [0, 1, 2, 3].map(|index| (Reverse(3), 7, index));
        let mut repeats = [false; 4];
        settle(&sequences, &mut run, &mut repeats);
        assert_eq!(run.map(|(.., index)| index), [1, 3, 0, 2]);
        assert_eq!(repeats, [false, true, false, true]);
    }
}
