//! The structure without pseudoknots that has the largest expected F1, and pairs that are somewhat less probable.
//!
//! If probabilities are calibrated, `n` chosen pairs have an F1 of about `2 · Σ_chosen p / (n + Σ_all p)`. The largest
//! such ratio is found without a search over structures: it belongs to the nested structure with the largest `Σ (2p −
//! λ)` if `λ` is that ratio itself (Dinkelbach, 1967). So a pair would be chosen if it is more probable than half of the
//! expected F1 of the whole structure. The threshold is strict if the model is certain of a sequence, and low if it is
//! not.
//!
//! On families that a model has not seen, its probabilities are too low, so it finds more of their pairs with a smaller
//! share of the expected F1 than a half: [`DecodeOptions::f1_share`].

use super::nested::nested_of;
use super::{DecodeError, DecodeOptions, Decoded, Map, expected_pairs};

/// The first threshold of the iteration: that of a structure whose expected F1 is 0.5.
const FIRST: f32 = 0.25;

/// The share of the expected F1 that gives the structure for which it is expected.
const HALF: f32 = 0.5;

/// Decodes a map to the nested structure of the pairs that are more probable than [`DecodeOptions::f1_share`] of the
/// largest expected F1. Only pairs above the options' threshold are chosen. With a share of a half, the structure is
/// the one with the largest expected F1.
///
/// The result is only useful if probabilities are calibrated. Constraints apply as in [`nested`](crate::nested()), before the expected
/// F1.
///
/// # Shapes
/// - map: `[len, len]` row-major, of which only `i < j` is read; `sequence` has `len` letters
///
/// # Errors
/// If the map's size, the threshold or the constraint does not fit, see [`DecodeError`].
///
/// ```
/// use rinalmo_decode::{DecodeOptions, f1};
///
/// let mut map = vec![0.0; 64]; // of GGGAAACC
/// map[7] = 0.9; // 0 with 7
/// map[8 + 6] = 0.2; // 1 with 6: too improbable next to that one
/// let options = DecodeOptions::default().threshold(0.0);
/// let decoded = f1(&map, b"GGGAAACC", &options)?;
/// assert_eq!(decoded.pairs, [(0, 7, 0.9)]);
/// assert!((decoded.threshold - 0.35 * 2.0 * 0.9 / 2.1).abs() < 1e-6);
/// # Ok::<(), rinalmo_decode::DecodeError>(())
/// ```
pub fn f1<'a>(map: impl Into<Map<'a>>, sequence: &[u8], options: &DecodeOptions) -> Result<Decoded, DecodeError> {
    let rows = map.into().rows(sequence.len())?;
    let at = |threshold: f32| nested_of(&rows, sequence, &DecodeOptions { threshold, ..options.clone() });
    let mut best = at(options.threshold.max(FIRST))?;
    let all = expected_pairs(&rows, options.min_loop);
    let expected = loop {
        let expected = best.expected_f1_of(all);
        let next = at((expected / 2.0).max(options.threshold))?;
        let gained = next.expected_f1_of(all) - expected;
        if gained < 0.0 {
            break expected; // pairs of bases that must pair lowered the expected F1
        }
        let done = next.pairs == best.pairs || gained == 0.0;
        best = next;
        if done {
            break expected + gained;
        }
    };
    if options.f1_share == HALF {
        return Ok(best);
    }
    at((expected * options.f1_share).max(options.threshold))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Method, decode_entries};

    #[test]
    fn of_certain_pairs_the_expected_f1_is_the_one_found() {
        let mut map = vec![0.0; 144];
        for (i, j) in [(0, 11), (1, 10), (2, 9)] {
            (map[i * 12 + j], map[j * 12 + i]) = (1.0, 1.0);
        }
        let two = Decoded::new(12, vec![(0, 11, 1.0), (1, 10, 1.0)], 0.5);
        assert!((two.expected_f1(&map, 3) - 0.8).abs() < 1e-6); // 2 of 2 right, 2 of 3 found
        assert_eq!(Decoded::new(3, Vec::new(), 0.5).expected_f1(&[0.0; 9], 3), 0.0);
    }

    #[test]
    fn a_pair_is_chosen_if_little_else_is_expected_and_left_out_if_much_is() {
        let fold = |first: f32, threshold: f32| {
            let options = DecodeOptions { threshold, f1_share: 0.5, ..Default::default() };
            decode_entries(Method::F1, options, &[(0, 11, first), (1, 10, 0.2)], "GGAAAAAAAACC", "")
        };
        assert_eq!(fold(0.2, 0.0), [(0, 11), (1, 10)]);
        assert_eq!(fold(0.9, 0.0), [(0, 11)]);
        assert_eq!(fold(0.2, 0.3), [], "the threshold of the options applies");
    }

    #[test]
    fn a_smaller_share_chooses_more() {
        let fold = |f1_share: f32| {
            let options = DecodeOptions { threshold: 0.0, f1_share, ..Default::default() };
            decode_entries(Method::F1, options, &[(0, 11, 0.9), (1, 10, 0.3)], "GGAAAAAAAACC", "")
        };
        assert_eq!(fold(0.5), [(0, 11)]); // the expected F1 is 2 · 0.9 / (1 + 1.2) = 0.82
        assert_eq!(fold(0.37), [(0, 11)]);
        assert_eq!(fold(0.36), [(0, 11), (1, 10)]);
    }
}
