//! A lower bound on how much sequences differ, far cheaper than their alignment.
//!
//! The fewest edits that turn all of one sequence into a stretch of another, in a band of 64 diagonals: one bit a
//! diagonal, a few operations on words for each base (Myers 1999, in a band as by Hyyrö 2003), on eight sequences at a
//! time. The table is kept as differences between neighbours, one bit for +1 and one for −1.

/// Sequences compared at a time.
pub(super) const LANES: usize = 8;
/// Diagonals compared.
const WIDTH: usize = 64;
/// Bases in a word.
const WORD: usize = 8;
/// The code of a letter that equals no other…
const STRANGE: u8 = 4;
/// …and of one that equals every other: after the end of a sequence, where it changes nothing.
const WILD: u8 = 8;

type Lanes = [u64; LANES];

/// For each of `others`, codes with their diagonal, the fewest bases to replace, drop or add so that it becomes a
/// stretch of `a`, where `position in a − position in other` is from `diagonal − 32` to before `diagonal + 32` all the
/// way. Each base beyond the ends of `a` is an edit. Places without a sequence have no meaning.
pub(super) fn fewest_edits(a: &[u8], others: &[(&[u8], isize)]) -> Lanes {
    pulp::Arch::new().dispatch(Count { a, others })
}

/// The work that is compiled for several instruction sets.
struct Count<'a> {
    a: &'a [u8],
    others: &'a [(&'a [u8], isize)],
}

impl Count<'_> {
    #[inline(always)]
    fn words(&self, word: impl Fn((&[u8], isize)) -> u64) -> Lanes {
        let mut words = [0; LANES];
        for (to, &other) in words.iter_mut().zip(self.others) {
            *to = word(other);
        }
        words
    }
}

impl pulp::WithSimd for Count<'_> {
    type Output = Lanes;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> Lanes {
        let mut table = Table::default();
        // The first base pushed falls out before the first step.
        let ahead = WIDTH as isize / 2 + 1;
        for start in (0..WIDTH).step_by(WORD) {
            let mut a = self.words(|(_, diagonal)| word(self.a, diagonal - ahead + start as isize, STRANGE));
            (0..WORD).for_each(|_| table.push(&mut a));
        }
        let longest = self.others.iter().map(|(b, _)| b.len()).max().unwrap_or(0);
        for start in (0..longest as isize).step_by(WORD) {
            let last = start + WIDTH as isize - ahead;
            let mut a = self.words(|(_, diagonal)| word(self.a, diagonal + last, STRANGE));
            let mut b = self.words(|(b, _)| word(b, start, WILD));
            for _ in 0..WORD {
                table.push(&mut a);
                table.step(&mut b);
            }
        }
        table.fewest()
    }
}

/// Eight letters from `start`, the first lowest; `otherwise` beyond the end.
#[inline(always)]
fn word(letters: &[u8], start: isize, otherwise: u8) -> u64 {
    match usize::try_from(start).ok().and_then(|start| letters.get(start..start + WORD)) {
        Some(letters) => u64::from_le_bytes(letters.try_into().expect("the range has as many")),
        None => word_at_an_end(letters, start, otherwise),
    }
}

#[cold]
fn word_at_an_end(letters: &[u8], start: isize, otherwise: u8) -> u64 {
    let place = |at: isize| at.clamp(0, letters.len() as isize) as usize;
    let there = &letters[place(start)..place(start + WORD as isize)];
    let mut word = [otherwise; WORD];
    let skipped = (-start).clamp(0, (WORD - there.len()) as isize) as usize;
    word[skipped..skipped + there.len()].copy_from_slice(there);
    u64::from_le_bytes(word)
}

/// One column of each lane's table. Bit k stands for the k-th diagonal of the band.
#[derive(Default)]
struct Table {
    /// The bases of `a` in the band: lower bit, higher bit, and whether they are bases.
    low: Lanes,
    high: Lanes,
    known: Lanes,
    /// Whether the distance is one more, or one less, than on the diagonal before; at first all are 0.
    more: Lanes,
    less: Lanes,
    /// The distance on the first diagonal.
    first: Lanes,
}

impl Table {
    /// Advances the band by the lowest base of each word.
    #[inline(always)]
    fn push(&mut self, a: &mut Lanes) {
        for (lane, a) in a.iter_mut().enumerate() {
            let code = *a;
            self.low[lane] = self.low[lane] >> 1 | code << 63;
            self.high[lane] = self.high[lane] >> 1 | (code >> 1) << 63;
            self.known[lane] = self.known[lane] >> 1 | (!code >> 2) << 63;
            *a = code >> 8;
        }
    }

    /// Advances to the column of the lowest base of each word.
    #[inline(always)]
    fn step(&mut self, b: &mut Lanes) {
        for (lane, b) in b.iter_mut().enumerate() {
            let code = *b;
            let all = |bit: u32| 0u64.wrapping_sub(code >> bit & 1);
            let differs = (self.low[lane] ^ all(0)) | (self.high[lane] ^ all(1)) | all(2);
            let equal = (!differs & self.known[lane]) | all(3);
            // Along `a`, one base of `b` earlier; cells outside the band are farther away.
            let (more, less) = (self.more[lane] >> 1 | 1 << 63, self.less[lane] >> 1);
            let same = ((equal & more).wrapping_add(more) ^ more) | equal | less;
            let (right_more, right_less) = (less | !(same | more), same & more);
            let (above_more, above_less) = (right_more << 1 | 1, right_less << 1);
            self.first[lane] += !same & 1;
            self.more[lane] = above_less | !(same | above_more);
            self.less[lane] = same & above_more;
            *b = code >> 8;
        }
    }

    /// The least distance on any diagonal.
    #[inline(always)]
    fn fewest(&self) -> Lanes {
        let (mut distance, mut fewest) = (self.first, self.first);
        for diagonal in 1..WIDTH {
            for lane in 0..LANES {
                let (more, less) = (self.more[lane] >> diagonal & 1, self.less[lane] >> diagonal & 1);
                distance[lane] = (distance[lane] + more) - less;
                fewest[lane] = fewest[lane].min(distance[lane]);
            }
        }
        fewest
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same, computed with a full table.
    fn plainly(a: &[u8], b: &[u8], diagonal: isize) -> u64 {
        let far = u64::MAX / 2;
        let mut before = [0; WIDTH];
        for (y, &code) in b.iter().enumerate() {
            let mut now = [far; WIDTH];
            for k in 0..WIDTH {
                let of_a = usize::try_from(diagonal - 32 + (y + k) as isize).ok().and_then(|x| a.get(x).copied());
                let pair = before[k] + u64::from(of_a != Some(code) || code >= STRANGE);
                let only_a = if k > 0 { now[k - 1] + 1 } else { far };
                let only_b = before.get(k + 1).map_or(far, |distance| distance + 1);
                now[k] = pair.min(only_a).min(only_b);
            }
            before = now;
        }
        before.into_iter().min().unwrap()
    }

    proptest! {
        #[test]
        fn edits_are_those_of_a_plain_table(
            a in prop::collection::vec(0u8..5, 0..200),
            others in prop::collection::vec((prop::collection::vec(0u8..5, 0..200), -220isize..220), 0..LANES + 1),
        ) {
            let lanes: Vec<(&[u8], isize)> = others.iter().map(|(b, diagonal)| (&b[..], *diagonal)).collect();
            let found = fewest_edits(&a, &lanes);
            for (&(b, diagonal), found) in lanes.iter().zip(found) {
                prop_assert_eq!(found, plainly(&a, b, diagonal));
            }
        }

        #[test]
        fn a_stretch_with_a_few_edits_is_as_far_as_those(
            a in prop::collection::vec(0u8..4, 100..300),
            start in 0usize..40,
            hits in prop::collection::vec((0usize..50, 0u8..4), 0..8),
        ) {
            let mut b = a[start..start + 60].to_vec();
            for &(place, code) in &hits {
                b[place] = code;
            }
            b.remove(30);
            let [found, ..] = fewest_edits(&a, &[(&b, start as isize + 7)]);
            prop_assert!(found <= hits.len() as u64 + 1);
            prop_assert_eq!(found, plainly(&a, &b, start as isize + 7));
        }
    }

    #[test]
    fn what_lies_beyond_the_ends_is_an_edit_each() {
        assert_eq!(fewest_edits(&[0, 1, 2, 3], &[(&[2, 3, 3, 3, 1], 2), (&[], 0)])[..2], [3, 0]);
        assert_eq!(fewest_edits(&[], &[(&[0, 1], 0)])[0], 2);
    }
}
