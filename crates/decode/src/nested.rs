//! The best structure without pseudoknots for the same probabilities.
//!
//! Of all nested sets of candidates the decoder returns one with the largest `Σ (p_ij − threshold)`. This is maximum
//! expected accuracy with the threshold as the cost of a pair: a pair adds to the sum exactly if it passes the
//! threshold, and an unpaired base costs nothing. With a constraint, the number of satisfied bases that must pair is
//! maximised first.
//!
//! The recursion is Nussinov's on half-open intervals,
//! `best(i, e) = max(best(i+1, e), max_j g_ij + best(i+1, j) + best(j+1, e))`, over candidates
//! `(i, j)` only: `O(n·w + c·w)` time and `n·w` numbers for `c` candidates on `n` positions that span at most `w` of these,
//! where positions without candidates are left out first. If that is more numbers than memory should hold, those inside
//! each candidate are computed for the candidate alone, the narrow ones first, and forgotten: `n + c` numbers, and time for
//! every candidate inside of every other.

use super::candidates::{Candidate, Candidates, collect};
use super::map::Rows;
use super::{DecodeError, DecodeOptions, Decoded, Map};

/// Decodes a map to the nested structure with the largest `Σ (p − threshold)`.
///
/// Pairs in brackets of a constraint are always in the result; pairs that would cross them are not. As many bases that
/// must pair as possible get a partner. Among equally good structures, the decoder returns the one that leaves the
/// leftmost base unpaired, or else pairs it with the nearest partner.
///
/// # Shapes
/// - map: `[len, len]` row-major, of which only `i < j` is read; `sequence` has `len` letters
///
/// # Errors
/// If the map's size, the threshold or the constraint does not fit, see [`DecodeError`].
///
/// ```
/// use rinalmo_decode::{DecodeOptions, nested};
///
/// let mut map = vec![0.0; 64]; // of GGGAAACC
/// map[6] = 0.8; // 0 with 6
/// map[8 + 7] = 0.9; // 1 with 7, which crosses the two others
/// map[2 * 8 + 6] = 0.6; // 2 with 6, which fits inside
/// let decoded = nested(&map, b"GGGAAACC", &DecodeOptions::default())?;
/// assert_eq!(decoded.pairs, [(1, 7, 0.9), (2, 6, 0.6)]);
/// # Ok::<(), rinalmo_decode::DecodeError>(())
/// ```
pub fn nested<'a>(map: impl Into<Map<'a>>, sequence: &[u8], options: &DecodeOptions) -> Result<Decoded, DecodeError> {
    nested_of(&map.into().rows(sequence.len())?, sequence, options)
}

/// As [`nested`], of the rows of a map.
pub(super) fn nested_of(rows: &Rows<'_>, sequence: &[u8], options: &DecodeOptions) -> Result<Decoded, DecodeError> {
    let Candidates { forced, mut free } = collect(rows, sequence, options)?;
    within(sequence.len(), &forced, &mut free);

    let threshold = f64::from(options.threshold.clamp(0.0, 1.0));
    let mut pairs = forced;
    let chosen = best(&free, 1.0, |c| f64::from(c.p.min(1.0)) - threshold);
    pairs.extend(chosen.into_iter().map(|c| (c.i, c.j, c.p)));
    Ok(Decoded::new(sequence.len(), pairs, options.threshold))
}

/// Keeps the candidates that cross no forced pair.
pub(super) fn within(len: usize, forced: &[(usize, usize, f32)], free: &mut Vec<Candidate>) {
    let around = enclosing(len, forced);
    free.retain(|c| around[c.i] == around[c.j]);
}

/// The innermost forced pair around each position. A pair crosses a forced one if its two ends differ here.
fn enclosing(len: usize, forced: &[(usize, usize, f32)]) -> Vec<Option<usize>> {
    let mut around = vec![None; len];
    for (index, &(i, j, _)) in forced.iter().enumerate() {
        around[i + 1..j].fill(Some(index)); // by increasing i, so inner pairs come later
    }
    around
}

/// The nested choice with the largest sum of `gain`, among candidates sorted by `i`, then `j`. What a pair gains or costs
/// differs from one to another by twice `most` at the most.
pub(super) fn best(candidates: &[Candidate], most: f64, gain: impl Fn(&Candidate) -> f64) -> Vec<Candidate> {
    let mut positions: Vec<usize> = candidates.iter().flat_map(|c| [c.i, c.j]).collect();
    positions.sort_unstable();
    positions.dedup();
    let rank = |position| positions.partition_point(|&p| p < position);

    // There are at most n/2 pairs, so the sums of two structures differ by at most `n · most`: one more base that must
    // pair outweighs everything else.
    let bonus = most * (positions.len() + 1) as f64;
    let arcs: Vec<Arc> = candidates
        .iter()
        .map(|c| Arc { i: rank(c.i), j: rank(c.j), gain: gain(c) + bonus * f64::from(c.asked) })
        .collect();
    let chosen = if Table::size(positions.len(), &arcs) <= MOST {
        Table::fill(positions.len(), &arcs).trace(&arcs)
    } else {
        Insides::fill(positions.len(), &arcs).trace()
    };
    chosen.into_iter().map(|index| candidates[index]).collect()
}

/// Most numbers in a table: half a gigabyte.
const MOST: usize = 1 << 26;

/// A candidate, its positions numbered among those that have candidates.
struct Arc {
    i: usize,
    j: usize,
    gain: f64,
}

/// `best(i, end)` for `0 ≤ i ≤ end ≤ n`, row after row; row `i` starts at `end = i`. As only ends inside an arc and `n` are
/// ever asked for, a row ends at the widest arc, and `end = n` is apart.
struct Table {
    n: usize,
    /// Where each row starts.
    starts: Vec<usize>,
    scores: Vec<f64>,
    /// `best(i, n)`.
    whole: Vec<f64>,
}

/// The most bases that an arc spans, less 1.
fn widest(arcs: &[Arc]) -> usize {
    arcs.iter().map(|arc| arc.j - arc.i).max().unwrap_or(0)
}

impl Table {
    /// How many numbers it has.
    fn size(n: usize, arcs: &[Arc]) -> usize {
        n.saturating_mul(widest(arcs) + 1)
    }

    fn fill(n: usize, arcs: &[Arc]) -> Self {
        let widest = widest(arcs);
        let width = |i: usize| widest.min(n - i) + 1;
        let mut starts = vec![0];
        starts.extend((0..=n).scan(0, |start, i| {
            *start += width(i);
            Some(*start)
        }));
        let mut table = Self { n, scores: vec![0.0; starts[n + 1]], starts, whole: vec![0.0; n + 1] };
        let mut unread = arcs.len();
        for i in (0..n).rev() {
            let first = arcs[..unread].partition_point(|arc| arc.i < i);
            table.fill_row(i, &arcs[first..unread]);
            unread = first;
        }
        table
    }

    /// Fills row `i`, whose arcs are given, from the rows below it.
    fn fill_row(&mut self, i: usize, arcs: &[Arc]) {
        let Self { starts, scores, whole, .. } = self;
        let next = starts[i + 1];
        let (head, below) = scores.split_at_mut(next);
        let row = &mut head[starts[i]..];
        let unpaired = row.len() - 1;
        row[1..].copy_from_slice(&below[..unpaired]);
        whole[i] = whole[i + 1];
        for arc in arcs {
            let inside = arc.gain + below[arc.j - (i + 1)];
            let after = &below[starts[arc.j + 1] - next..];
            for (score, after) in row[arc.j + 1 - i..].iter_mut().zip(after) {
                *score = score.max(inside + after);
            }
            whole[i] = whole[i].max(inside + whole[arc.j + 1]);
        }
    }

    fn score(&self, i: usize, end: usize) -> f64 {
        if end == self.n { self.whole[i] } else { self.scores[self.starts[i] + end - i] }
    }

    /// Indices of the chosen arcs. The sums are those of `fill`, so equality is exact.
    fn trace(&self, arcs: &[Arc]) -> Vec<usize> {
        let mut chosen = Vec::new();
        let mut stretches = vec![(0, self.n)];
        while let Some((mut i, end)) = stretches.pop() {
            while i < end {
                let score = self.score(i, end);
                if score == self.score(i + 1, end) {
                    i += 1;
                    continue;
                }
                let first = arcs.partition_point(|arc| arc.i < i);
                let found = arcs[first..].iter().take_while(|arc| arc.i == i && arc.j < end).position(|arc| {
                    let inside = arc.gain + self.score(i + 1, arc.j);
                    inside + self.score(arc.j + 1, end) == score
                });
                let index = first + found.expect("a score above that of `i` unpaired was set by one of its arcs");
                chosen.push(index);
                stretches.push((i + 1, arcs[index].j));
                i = arcs[index].j + 1;
            }
        }
        chosen
    }
}

/// What [`Table`] has, for each arc alone.
struct Insides<'a> {
    n: usize,
    /// By `i`, then `j`.
    arcs: &'a [Arc],
    /// Where the arcs of each position start, and where the last ones end.
    starts: Vec<usize>,
    /// Of every arc, its gain and the best sum inside it.
    sums: Vec<f64>,
}

impl<'a> Insides<'a> {
    fn fill(n: usize, arcs: &'a [Arc]) -> Self {
        let starts = (0..=n).map(|i| arcs.partition_point(|arc| arc.i < i)).collect();
        let mut insides = Self { n, arcs, starts, sums: vec![0.0; arcs.len()] };
        let mut narrow_first: Vec<usize> = (0..arcs.len()).collect();
        narrow_first.sort_by_key(|&index| arcs[index].j - arcs[index].i);
        let mut best = vec![0.0; n + 1];
        for index in narrow_first {
            let Arc { i, j, gain } = arcs[index];
            insides.between(i + 1, j, &mut best);
            insides.sums[index] = gain + best[i + 1];
        }
        insides
    }

    /// `best(i, end)` for each `i` from `first` on; the sums of all arcs between are known.
    fn between(&self, first: usize, end: usize, best: &mut [f64]) {
        best[end] = 0.0;
        for i in (first..end).rev() {
            best[i] = self.starting(i, end).fold(best[i + 1], |most, index| most.max(self.sum(index, best)));
        }
    }

    /// Arcs that start at `i` and end before `end`.
    fn starting(&self, i: usize, end: usize) -> impl Iterator<Item = usize> {
        (self.starts[i]..self.starts[i + 1]).take_while(move |&index| self.arcs[index].j < end)
    }

    /// The sum of an arc and the best of what is after it.
    fn sum(&self, index: usize, best: &[f64]) -> f64 {
        self.sums[index] + best[self.arcs[index].j + 1]
    }

    /// As [`Table::trace`].
    fn trace(&self) -> Vec<usize> {
        let mut chosen = Vec::new();
        let mut stretches = vec![(0, self.n)];
        let mut best = vec![0.0; self.n + 1];
        while let Some((first, end)) = stretches.pop() {
            self.between(first, end, &mut best);
            let mut i = first;
            while i < end {
                if best[i] == best[i + 1] {
                    i += 1;
                    continue;
                }
                let index = self.starting(i, end).find(|&index| self.sum(index, &best) == best[i]);
                let index = index.expect("a sum above that of `i` unpaired was set by one of its arcs");
                chosen.push(index);
                stretches.push((i + 1, self.arcs[index].j));
                i = self.arcs[index].j + 1;
            }
        }
        chosen
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Method, decode_entries};

    fn fold(entries: &[(usize, usize, f32)], sequence: &str, constraint: &str) -> Vec<(usize, usize)> {
        let options = DecodeOptions { threshold: 0.3, ..Default::default() };
        decode_entries(Method::Nested, options, entries, sequence, constraint)
    }

    #[test]
    fn two_pairs_outweigh_one_that_crosses_both() {
        let entries = [(0, 9, 0.7), (1, 8, 0.7), (2, 11, 0.9)];
        assert_eq!(fold(&entries, "GGGAAAAACCAC", ""), [(0, 9), (1, 8)]);
    }

    #[test]
    fn one_strong_pair_outweighs_two_near_the_threshold() {
        let entries = [(0, 9, 0.4), (1, 8, 0.4), (2, 11, 0.9)];
        assert_eq!(fold(&entries, "GGGAAAAACCAC", ""), [(2, 11)]);
    }

    #[test]
    fn a_base_that_must_pair_outweighs_any_sum() {
        let entries = [(0, 9, 0.9), (1, 8, 0.9), (2, 11, 0.01)];
        assert_eq!(fold(&entries, "GGGAAAAACCAC", "..<........."), [(2, 11)]);
    }

    #[test]
    fn pairs_across_a_bracket_go() {
        let entries = [(0, 5, 0.9), (6, 11, 0.9), (0, 11, 0.8)];
        assert_eq!(fold(&entries, "GAAAACGAAAAC", ""), [(0, 5), (6, 11)]);
        assert_eq!(fold(&entries, "GAAAACGAAAAC", "..(.....)..."), [(0, 11), (2, 8)]);
    }

    #[test]
    fn arcs_alone_give_what_the_table_does() {
        let mut state: u64 = 5;
        let mut random = |below: usize| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) as usize % below
        };
        for round in 0..200 {
            let n = 2 + random(60);
            let mut ends: Vec<(usize, usize)> =
                (0..random(150)).map(|_| (random(n), random(n))).filter(|(i, j)| i < j).collect();
            ends.sort_unstable();
            ends.dedup();
            // Few values, so that many sums are equal.
            let gain = |i: usize, j: usize| ((i * 7 + j * 3 + round) % 4) as f64 - 1.0;
            let arcs: Vec<Arc> = ends.into_iter().map(|(i, j)| Arc { i, j, gain: gain(i, j) }).collect();
            let [mut table, mut alone] = [Table::fill(n, &arcs).trace(&arcs), Insides::fill(n, &arcs).trace()];
            table.sort_unstable();
            alone.sort_unstable();
            assert_eq!(table, alone);
        }
    }

    #[test]
    fn a_long_hairpin_needs_no_deep_stack() {
        let half = 1500;
        let entries: Vec<_> = (0..half).map(|i| (i, 2 * half + 2 - i, 0.9)).collect();
        let sequence = format!("{}AAA{}", "G".repeat(half), "C".repeat(half));
        assert_eq!(fold(&entries, &sequence, "").len(), half);
    }
}
