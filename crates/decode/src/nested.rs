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
//! where positions without candidates are left out first.

use super::candidates::{Candidate, Candidates, collect};
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
pub(super) fn nested_of(rows: &[&[f32]], sequence: &[u8], options: &DecodeOptions) -> Result<Decoded, DecodeError> {
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
    let table = Table::fill(positions.len(), &arcs);
    table.trace(&arcs).into_iter().map(|index| candidates[index]).collect()
}

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

impl Table {
    fn fill(n: usize, arcs: &[Arc]) -> Self {
        let widest = arcs.iter().map(|arc| arc.j - arc.i).max().unwrap_or(0);
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
    fn a_long_hairpin_needs_no_deep_stack() {
        let half = 1500;
        let entries: Vec<_> = (0..half).map(|i| (i, 2 * half + 2 - i, 0.9)).collect();
        let sequence = format!("{}AAA{}", "G".repeat(half), "C".repeat(half));
        assert_eq!(fold(&entries, &sequence, "").len(), half);
    }
}
