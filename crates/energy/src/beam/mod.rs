//! Sums over the structures that a beam keeps, for sequences whose spans are too many.
//!
//! The sums are those of [`Inside`](crate::inside::Inside), computed in the order of the last base. Of all spans that end
//! at a base only so many are kept: those whose structures, with the best of everything before them, weigh most (Huang
//! et al., Bioinformatics 35 (2019) i295; Zhang et al., Bioinformatics 36 (2020) i258). So time and memory grow with the
//! length, but for two loops of few instructions over all bases before a base: which hairpins end there, and which pairs
//! close a multiloop there. A beam as wide as the sequence is long keeps everything, and gives the exact sums.

mod outside;
mod trace;

use crate::inside::OutOfRange;
use crate::loops::Loops;
use crate::number::{LARGEST, Number, Semiring};
use crate::sums::Terms;
use crate::weights::{LONGEST_LOOP, SHORTEST_HAIRPIN};

pub(crate) use outside::{bytes, probabilities};
pub(crate) use trace::BeamTrace;

/// Sums of spans that end at one base: the first base of each, increasing, and its sum.
type Row<T> = Vec<(u32, T)>;

/// For every base, the sums of the kept spans that end there, over all structures of the span that are…
pub(crate) struct Beam<T> {
    /// …closed by a pair of first and last base.
    closed: Vec<Row<T>>,
    /// …one or more branches of a multiloop, the first of which starts with the span, and unpaired bases.
    some: Vec<Row<T>>,
    /// …two or more of them.
    several: Vec<Row<T>>,
    /// Over all structures of the first `k` bases, `[len + 1]`.
    before: Vec<T>,
}

impl<T: Number> Beam<T> {
    /// The sums of a sequence, each base scaled by the `energy` it is estimated to contribute, in kcal/mol.
    ///
    /// # Errors
    /// A number left its range.
    pub fn of<'a>(
        terms: Terms<'a>,
        sequence: &[u8],
        energy: f64,
        width: usize,
    ) -> Result<(Loops<'a>, Self), OutOfRange> {
        let loops = Loops::new(sequence, terms.weights, terms.restraints, energy);
        let beam = Self::new(&loops, width)?;
        Ok((loops, beam))
    }
}

impl<T: Semiring> Beam<T> {
    /// Keeps `width` spans of each kind at each base.
    ///
    /// # Errors
    /// A number left its range.
    pub fn new(loops: &Loops<'_, T::Factor>, width: usize) -> Result<Self, OutOfRange> {
        assert!(loops.nick().is_none() && !loops.no_lonely_pairs, "a beam keeps spans of one strand, lonely pairs too");
        let len = loops.len();
        let unpaired = loops.unpaired();
        let rows = || Vec::with_capacity(len);
        let mut beam = Self { closed: rows(), some: rows(), several: rows(), before: vec![T::ONE] };
        let mut inner = vec![T::ZERO; len];
        let [mut some, mut several] = [Gathered::new(len), Gathered::new(len)];
        for j in 0..len {
            let closed = beam.closed_at(loops, &unpaired, &mut inner, j);
            let closed = beam.kept(closed, width);
            for row in [&mut some, &mut several].into_iter().zip([beam.some.last(), beam.several.last()]) {
                let (gathered, shorter) = row;
                shorter.into_iter().flatten().for_each(|&(i, sum)| gathered.add(i, sum * unpaired[j]));
            }
            let mut whole = beam.before[j] * loops.scale(1);
            for &(k, sum) in &closed {
                let (at, kind) = (k as usize, loops.pair(k as usize, j).expect(PAIRED));
                let branch = sum * loops.branch(kind, at, j);
                some.add(k, branch);
                for &(i, others) in at.checked_sub(1).map_or(&[][..], |last| &beam.some[last]) {
                    some.add(i, others * branch);
                    several.add(i, others * branch);
                }
                whole += beam.before[at] * (sum * loops.exterior(kind, at, j));
            }
            let [some, several] = [&mut some, &mut several].map(|row| beam.kept(row.take(), width));
            let largest = |row: &Row<T>| row.iter().map(|(_, sum)| sum.size()).fold(0.0, f64::max);
            let largest = [&closed, &some, &several].map(largest).into_iter().fold(whole.size(), f64::max);
            if largest > LARGEST {
                return Err(OutOfRange::by(largest, j + 1));
            }
            // The sums of what follows are multiples of it, and vanish if it does.
            if 0.0 < whole.size() && whole.size() < 1.0 / LARGEST {
                return Err(OutOfRange::by(whole.size(), j + 1));
            }
            beam.closed.push(closed);
            beam.some.push(some);
            beam.several.push(several);
            beam.before.push(whole);
        }
        Ok(beam)
    }

    /// The sum over all structures.
    pub fn total(&self) -> T {
        self.before[self.before.len() - 1]
    }

    /// The spans that a pair with base `j` closes. `inner` has a place for each base, and only zeros.
    fn closed_at(&self, loops: &Loops<'_, T::Factor>, unpaired: &[T::Factor], inner: &mut [T], j: usize) -> Row<T> {
        for (right, q) in (0..=LONGEST_LOOP).zip((0..j).rev()) {
            for &(p, sum) in &self.closed[q] {
                let p = p as usize;
                let kind = loops.pair(p, q).expect(PAIRED);
                let opens = loops.opens(kind, p, q);
                for (left, i) in (0..=LONGEST_LOOP - right).zip((0..p).rev()) {
                    if let Some(outer) = loops.pair(i, j) {
                        inner[i] += sum * loops.internal_around([left, right], i, j, outer, kind, opens);
                    }
                }
            }
        }
        let mut row = Row::new();
        let mut branches = T::ZERO; // two or more, from the base after `i` to the one before `j`
        let mut starts = j.checked_sub(1).map_or(&[][..], |last| &self.several[last]).iter().rev().peekable();
        for i in loops.partners_before(j).rev() {
            if i + 1 < j {
                branches = branches * unpaired[i + 1];
                if let Some((_, sum)) = starts.next_if(|(start, _)| *start as usize == i + 1) {
                    branches += *sum;
                }
            }
            let Some(kind) = loops.pair(i, j) else { continue };
            let mut sum = std::mem::replace(&mut inner[i], T::ZERO);
            if j - i > SHORTEST_HAIRPIN {
                sum += T::ONE * loops.hairpin(kind, i, j);
            }
            if branches != T::ZERO {
                sum += branches * loops.multiloop(kind, i, j);
            }
            let sum = sum * loops.bonus(i, j);
            if sum != T::ZERO {
                row.push((i as u32, sum));
            }
        }
        row.reverse();
        row
    }

    /// The `width` spans of a row that weigh most, with everything before them.
    fn kept(&self, mut row: Row<T>, width: usize) -> Row<T> {
        if row.len() <= width {
            row.shrink_to_fit();
            return row;
        }
        let ranked = row.into_iter().map(|(i, sum)| ((self.before[i as usize] * sum).rank(), i, sum));
        let mut ranked: Vec<(f64, u32, T)> = ranked.collect();
        ranked.select_nth_unstable_by(width, |a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        ranked.truncate(width);
        ranked.sort_unstable_by_key(|&(_, i, _)| i);
        // Collecting would keep the memory of all that there were.
        let mut kept = Row::with_capacity(width);
        kept.extend(ranked.into_iter().map(|(_, i, sum)| (i, sum)));
        kept
    }
}

/// What every kept span of [`Beam::closed`] is.
const PAIRED: &str = "only bases that can pair are paired";

/// The place of a span in a row, by its first base.
fn place<T>(row: &[(u32, T)], first: usize) -> Option<usize> {
    row.binary_search_by_key(&first, |&(i, _)| i as usize).ok()
}

/// Sums that are added up in any order.
struct Gathered<T> {
    sums: Vec<T>,
    touched: Vec<u32>,
}

impl<T: Semiring> Gathered<T> {
    fn new(len: usize) -> Self {
        Self { sums: vec![T::ZERO; len], touched: Vec::new() }
    }

    #[inline(always)]
    fn add(&mut self, first: u32, sum: T) {
        let place = &mut self.sums[first as usize];
        if *place == T::ZERO {
            self.touched.push(first);
        }
        *place += sum;
    }

    /// The sums as a row; none is left.
    fn take(&mut self) -> Row<T> {
        self.touched.sort_unstable();
        self.touched.dedup(); // a sum that was added as zero was touched again
        let row = self.touched.drain(..).map(|i| (i, std::mem::replace(&mut self.sums[i as usize], T::ZERO)));
        row.filter(|(_, sum)| *sum != T::ZERO).collect()
    }
}
