//! The pairs a decoder may choose from.
//!
//! A probability map is mostly near zero: of `L²/2` numbers only a few per base pass the threshold. So both decoders
//! work on this list and never read the map again. Most of the decoding time is spent skipping the rest: 2 ms for a
//! sparse map of 2900 bases (`benches/decode.rs`, one core of an AMD EPYC, Zen 5, 2026-11-22).

use rinalmo_seq::alphabet::normal;
use rinalmo_seq::base_pair::is_canonical;

use super::map::Rows;
use super::{DecodeError, DecodeOptions};

/// A pair that the decoder may choose.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Candidate {
    pub i: usize,
    pub j: usize,
    pub p: f32,
    /// How many of its two bases must pair, see [`constraint`](crate::constraint).
    pub asked: u8,
}

/// The input of the decoders.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Candidates {
    /// Bracketed pairs of the constraint, always in the result, with their own probability.
    pub forced: Vec<(usize, usize, f32)>,
    /// Pairs that may be chosen, sorted by `i`, then `j`. None shares a base with a forced pair.
    pub free: Vec<Candidate>,
}

/// Lists the admissible pairs of a map.
///
/// Only `i < j` is read. NaN and a probability of 0 never pair, at any threshold.
pub(super) fn collect(rows: &Rows<'_>, sequence: &[u8], options: &DecodeOptions) -> Result<Candidates, DecodeError> {
    let len = sequence.len();
    if options.threshold.is_nan() {
        return Err(DecodeError::Threshold);
    }
    let constraint = options.constraint.as_ref();
    let mut forced = Vec::new();
    if let Some(constraint) = constraint {
        constraint.check(len, options.min_loop)?;
        forced.extend(constraint.forced().map(|(i, j)| (i, j, number(rows.get(i, j)))));
    }
    let asks: Vec<u8> = (0..len).map(|i| constraint.is_some_and(|c| c.must_pair(i)).into()).collect();
    let letters: Vec<Letter> = sequence.iter().map(|&base| Letter::new(base, options.non_canonical)).collect();
    // The limit that the pairs of each base must exceed: 0 if one of the two bases must pair, else the threshold.
    let zeros = vec![0.0; len];
    let threshold = options.threshold.max(0.0);
    let thresholds: Vec<f32> = asks.iter().map(|&ask| if ask > 0 { 0.0 } else { threshold }).collect();

    let mut free = Vec::new();
    let mut list = |i: usize, j: usize, p: f32| {
        if letters[i].pairs_with(letters[j]) && constraint.is_none_or(|c| c.allows(i, j)) {
            free.push(Candidate { i, j, p, asked: asks[i] + asks[j] });
        }
    };
    let rows = match rows {
        Rows::Near(rows) => &rows[..],
        Rows::Listed(_) => {
            rows.each(|i, j, p| {
                let limit = if asks[i] > 0 { 0.0 } else { thresholds[j] };
                if j - i > options.min_loop && p > limit {
                    list(i, j, p);
                }
            });
            &[]
        }
    };
    for (i, row) in rows.iter().enumerate() {
        let row = &row[options.min_loop.min(row.len())..];
        let first = options.min_loop.saturating_add(i + 1).min(len);
        let limits = &if asks[i] > 0 { &zeros } else { &thresholds }[first..];
        for (block, (row, limits)) in row.chunks(BLOCK).zip(limits.chunks(BLOCK)).enumerate() {
            // Without a branch in the loop the compiler compares several numbers at a time.
            if !row.iter().zip(limits).fold(false, |any, (p, limit)| any | (p > limit)) {
                continue;
            }
            for (j, (&p, &limit)) in (first + block * BLOCK..).zip(row.iter().zip(limits)) {
                if p > limit {
                    list(i, j, p);
                }
            }
        }
    }
    Ok(Candidates { forced, free })
}

/// Numbers of a row that are skipped together if none exceeds its limit.
const BLOCK: usize = 32;

/// A letter and the letters it may pair with, one bit each.
#[derive(Clone, Copy)]
struct Letter {
    own: u8,
    partners: u8,
}

impl Letter {
    /// With `any`, all letters may pair with each other.
    fn new(base: u8, any: bool) -> Self {
        if any {
            return Self { own: 1, partners: 1 };
        }
        let bits = |of: fn(u8, u8) -> bool| (0..4).map(|k| u8::from(of(base, b"ACGT"[k])) << k).sum();
        Self { own: bits(|base, letter| normal(base) == letter), partners: bits(is_canonical) }
    }

    fn pairs_with(self, other: Self) -> bool {
        self.partners & other.own != 0
    }
}

/// The probability reported for a forced pair: 0 if the map has none, or NaN.
fn number(p: Option<f32>) -> f32 {
    p.filter(|p| !p.is_nan()).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Map;

    /// The candidates of a square map.
    fn collect(map: &[f32], sequence: &[u8], options: &DecodeOptions) -> Result<Candidates, DecodeError> {
        super::collect(&Map::from(map).rows(sequence.len())?, sequence, options)
    }

    /// Every pair has probability `p`.
    fn even(p: f32, sequence: &[u8], options: &DecodeOptions) -> Vec<(usize, usize)> {
        let map = vec![p; sequence.len() * sequence.len()];
        let candidates = collect(&map, sequence, options).unwrap();
        candidates.free.iter().map(|c| (c.i, c.j)).collect()
    }

    #[test]
    fn letters_and_loops_decide_in_any_spelling() {
        let options = DecodeOptions::default();
        for sequence in [b"GGAAACUA", b"ggaaacta"] {
            assert_eq!(even(0.9, sequence, &options), [(0, 5), (0, 6), (1, 5), (1, 6), (2, 6)]);
        }
        assert_eq!(even(0.9, b"NRYK-IXN", &options), []);
    }

    #[test]
    fn letters_pair_by_bits_as_they_do_by_name() {
        for (a, b) in (0..=u8::MAX).flat_map(|a| (0..=u8::MAX).map(move |b| (a, b))) {
            let [left, right] = [a, b].map(|base| Letter::new(base, false));
            assert_eq!(left.pairs_with(right), is_canonical(a, b), "{a} with {b}");
        }
    }

    #[test]
    fn pairs_are_found_anywhere_in_a_long_row() {
        let len = 3 * BLOCK;
        let sequence: Vec<u8> = (0..len).map(|i| b"GC"[i % 2]).collect();
        let mut map = vec![0.1; len * len];
        let expected = [(0, 5), (0, 35), (0, 37), (0, len - 1), (7, 90), (len - 6, len - 1)];
        expected.iter().for_each(|&(i, j)| map[i * len + j] = 0.9);
        let candidates = collect(&map, &sequence, &DecodeOptions::default()).unwrap();
        assert_eq!(candidates.free.iter().map(|c| (c.i, c.j)).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn other_letters_pair_on_request() {
        let options = DecodeOptions { non_canonical: true, min_loop: 1, ..Default::default() };
        assert_eq!(even(0.9, b"AAAN", &options), [(0, 2), (0, 3), (1, 3)]);
        let options = DecodeOptions { min_loop: usize::MAX, ..options };
        assert_eq!(even(0.9, b"AAAN", &options), []);
    }

    #[test]
    fn the_threshold_itself_does_not_pass() {
        let options = |threshold| DecodeOptions { threshold, ..Default::default() };
        assert_eq!(even(0.5, b"GAAAC", &options(0.5)), []);
        assert_eq!(even(0.5, b"GAAAC", &options(0.499)), [(0, 4)]);
        assert_eq!(even(0.0, b"GAAAC", &options(-1.0)), []);
        assert_eq!(even(f32::NAN, b"GAAAC", &options(-1.0)), []);
    }

    #[test]
    fn bases_that_must_pair_need_no_threshold() {
        let constraint = Some("|.....<".parse().unwrap());
        let options = DecodeOptions { constraint, ..Default::default() };
        assert_eq!(even(0.01, b"GGAAUCC", &options), [(0, 4), (0, 5)]);
    }

    #[test]
    fn forced_pairs_keep_their_bases_and_report_a_number() {
        let constraint = Some("(...).".parse().unwrap());
        let options = DecodeOptions { constraint, non_canonical: true, ..Default::default() };
        let candidates = collect(&[f32::NAN; 36], b"AAAAAA", &options).unwrap();
        assert_eq!((candidates.forced, candidates.free), (vec![(0, 4, 0.0)], vec![]));
    }

    #[test]
    fn a_map_or_constraint_of_another_size_is_refused() {
        let options = DecodeOptions::default();
        let error = collect(&[0.0; 5], b"ACG", &options).unwrap_err();
        assert_eq!(error, DecodeError::MapSize { found: 5, len: 3 });
        let nan = DecodeOptions { threshold: f32::NAN, ..Default::default() };
        assert_eq!(collect(&[], b"", &nan), Err(DecodeError::Threshold));
        let constraint = Some("....".parse().unwrap());
        let options = DecodeOptions { constraint, ..options };
        assert!(matches!(collect(&[0.0; 9], b"ACG", &options), Err(DecodeError::Constraint(_))));
    }
}
