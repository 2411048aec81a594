//! The words of a sequence with the smallest keys.

use super::{
    super::{Options, Pattern, Sequences, kmers::encode},
    Builtin,
    rank::Ranked,
};

/// A word of a sequence. Sorted, the longest sequence with a word comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Seed {
    pub key: u64,
    pub rank: u32,
    /// Twice the position, and one more if the reverse complement of the word was read.
    place: u32,
}

impl Seed {
    pub(super) fn position(self) -> u32 {
        self.place >> 1
    }

    pub(super) fn turned(self) -> bool {
        self.place & 1 == 1
    }
}

/// The choice of words.
#[derive(Clone, Copy)]
pub(super) struct Chosen<'a> {
    pub engine: &'a Builtin,
    pub pattern: Pattern,
    pub options: &'a Options,
}

/// Buffers that are reused for every sequence.
#[derive(Default)]
pub(super) struct Scratch {
    codes: Vec<u8>,
    seeds: Vec<Seed>,
}

impl Chosen<'_> {
    /// How many words are taken from a sequence of `length` bases.
    pub(super) fn count(&self, length: usize) -> usize {
        let words = (length + 1).saturating_sub(self.pattern.span());
        words.min(self.engine.words + length / self.engine.bases_per_word)
    }

    /// The seeds of one sequence, each word once, at its first position.
    pub(super) fn of<'s>(
        &self,
        sequences: &dyn Sequences,
        ranked: &Ranked,
        rank: u32,
        scratch: &'s mut Scratch,
    ) -> &'s [Seed] {
        let Scratch { codes, seeds } = scratch;
        sequences.read(ranked.index(rank), codes);
        encode(codes);
        seeds.clear();
        let wanted = self.count(codes.len());
        let words = (codes.len() + 1).saturating_sub(self.pattern.span());
        // Keys are evenly spread: a bound that twice as many words as wanted should meet spares sorting the others.
        let bound = if words > 4 * wanted { u64::MAX / words as u64 * (2 * wanted) as u64 } else { u64::MAX };
        self.gather(codes, rank, bound, seeds);
        if seeds.len() < wanted && bound < u64::MAX {
            seeds.clear();
            self.gather(codes, rank, u64::MAX, seeds);
        }
        if seeds.len() > wanted {
            seeds.select_nth_unstable(wanted - 1);
            seeds.truncate(wanted);
        }
        seeds.sort_unstable();
        seeds.dedup_by_key(|seed| seed.key);
        seeds
    }

    fn gather(&self, codes: &[u8], rank: u32, bound: u64, seeds: &mut Vec<Seed>) {
        let mut take = |position: u32, key: u64, turned: bool| {
            if key <= bound {
                seeds.push(Seed { key, rank, place: position << 1 | u32::from(turned) });
            }
        };
        if self.options.both_strands {
            self.pattern.each_strandless(codes, take)
        } else {
            self.pattern.each(codes, |position, key| take(position, key, false))
        }
    }
}
