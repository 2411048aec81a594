//! The index of words of the evaluation sets.
//!
//! Most words of a corpus are in no set: a bit for every place of the index says so, which fits into a core's own
//! cache when the index does not. The others are looked up many at a time, so that their loads overlap.

use crate::cluster::Pattern;

/// The bits of a key that find its place in the index: about as many places as words of 11 bases.
const PLACES: u32 = 22;
/// Words that are looked up together.
const TOGETHER: usize = 256;

/// The place of a word.
#[derive(Clone, Copy, Default)]
pub(super) struct Word {
    /// Which sequence of the sets.
    pub(super) target: u32,
    /// Where in it.
    pub(super) position: u32,
}

/// Words by their keys.
pub(super) struct Index {
    pattern: Pattern,
    /// A bit for each place, whether any word is there.
    taken: Vec<u64>,
    /// Where the words of each place begin.
    starts: Vec<u32>,
    words: Vec<Word>,
}

impl Index {
    /// Indexes all words of `targets`, which are codes.
    pub(super) fn new<'t>(pattern: Pattern, targets: impl Iterator<Item = &'t [u8]> + Clone) -> Self {
        let mut starts = vec![0u32; (1 << PLACES) + 1];
        for target in targets.clone() {
            pattern.each(target, |_, key| starts[place(key) + 1] += 1);
        }
        let mut taken = vec![0; 1 << (PLACES - 6)];
        for place in 0..1 << PLACES {
            taken[place / 64] |= u64::from(starts[place + 1] > 0) << (place % 64);
            starts[place + 1] += starts[place];
        }
        let (mut next, mut words) = (starts.clone(), vec![Word::default(); starts[1 << PLACES] as usize]);
        for (number, target) in targets.enumerate() {
            pattern.each(target, |position, key| {
                words[next[place(key)] as usize] = Word { target: number as u32, position };
                next[place(key)] += 1;
            });
        }
        Self { pattern, taken, starts, words }
    }

    /// Calls `meet` with the position of every word of `codes` that is in the index, and its place there.
    pub(super) fn each(&self, codes: &[u8], mut meet: impl FnMut(u32, &[Word])) {
        let mut found = [(0, 0); TOGETHER];
        let mut count = 0;
        self.pattern.each(codes, |position, key| {
            let place = place(key);
            // Kept only if the next line says so, which is cheaper than a branch that cannot be predicted.
            found[count] = (position, place);
            count += (self.taken[place / 64] >> (place % 64) & 1) as usize;
            if count == TOGETHER {
                self.look_up(&found, &mut meet);
                count = 0;
            }
        });
        self.look_up(&found[..count], &mut meet);
    }

    /// A round over places, one over the first words there and one over all: no load of a round waits for another.
    fn look_up(&self, found: &[(u32, usize)], meet: &mut impl FnMut(u32, &[Word])) {
        let mut ends = [(0, 0); TOGETHER];
        for (&(_, place), ends) in found.iter().zip(&mut ends) {
            *ends = (self.starts[place] as usize, self.starts[place + 1] as usize);
        }
        let touched = ends[..found.len()].iter().fold(0, |all, &(start, _)| all ^ self.words[start].target);
        std::hint::black_box(touched); // so that they are loaded although the sum is not used
        for (&(position, _), &(start, end)) in found.iter().zip(&ends) {
            meet(position, &self.words[start..end]);
        }
    }
}

fn place(key: u64) -> usize {
    (key >> (64 - PLACES)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_found_where_it_stands() {
        let targets: [&[u8]; 3] = [&[0, 1, 2, 3, 0, 1, 2], &[3], &[1, 2, 3]];
        let index = Index::new(Pattern::contiguous(3), targets.into_iter());
        let mut found = Vec::new();
        index.each(&[2, 1, 2, 3, 3], |at, words| found.extend(words.iter().map(|w| (at, w.target, w.position))));
        assert_eq!(found, [(1, 0, 1), (1, 2, 0)]);
    }
}
