//! Pairs that a decoder without pseudoknots left out although the model is nearly certain of them.

use super::{DecodeError, DecodeOptions, Decoded, Map, candidates};

/// A pair above this probability is more likely to be present than absent.
const LIKELY: f32 = 0.5;

/// Pairs that [`nested`](super::nested) or [`f1`](super::f1) left out only because they cross chosen pairs: both bases
/// are unpaired, and the probability is above one half and above the threshold that was used. A greedy decoder leaves
/// out none.
///
/// # Errors
/// The same as the decoder's.
///
/// ```
/// use rinalmo_decode::{DecodeOptions, crossing, nested};
///
/// let (sequence, options) = (b"GGCCAACCGG", DecodeOptions::default());
/// let mut map = vec![0.0; 100];
/// map[7] = 0.9; // 0 with 7 …
/// map[39] = 0.8; // … crossed by 3 with 9
/// let decoded = nested(&map, sequence, &options)?;
/// assert_eq!(decoded.pairs, [(0, 7, 0.9)]);
/// assert_eq!(crossing(&decoded, &map, sequence, &options)?, [(3, 9, 0.8)]);
/// # Ok::<(), rinalmo_decode::DecodeError>(())
/// ```
pub fn crossing<'a>(
    decoded: &Decoded,
    map: impl Into<Map<'a>>,
    sequence: &[u8],
    options: &DecodeOptions,
) -> Result<Vec<(usize, usize, f32)>, DecodeError> {
    let threshold = decoded.threshold.max(LIKELY);
    let rows = map.into().rows(sequence.len())?;
    let likely = candidates::collect(&rows, sequence, &DecodeOptions { threshold, ..options.clone() })?.free;
    let mut paired = vec![false; decoded.len];
    decoded.pairs.iter().for_each(|&(i, j, _)| [i, j].into_iter().for_each(|position| paired[position] = true));
    let crosses = |i: usize, j: usize| {
        decoded.pairs.iter().any(|&(k, l, _)| (i < k && k < j && j < l) || (k < i && i < l && l < j))
    };
    let left_out = likely.into_iter().filter(|c| c.p > threshold && !paired[c.i] && !paired[c.j] && crosses(c.i, c.j));
    Ok(left_out.map(|candidate| (candidate.i, candidate.j, candidate.p)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Method, greedy};

    const SEQUENCE: &[u8] = b"GGGAAACCAACCCAAAGG";

    /// A stem of three pairs, crossed by another of two at `p`.
    fn map(p: f32) -> Vec<f32> {
        let len = SEQUENCE.len();
        let mut map = vec![0.0; len * len];
        [(0, 12), (1, 11), (2, 10)].into_iter().for_each(|(i, j)| map[i * len + j] = 0.9);
        [(6, 17), (7, 16)].into_iter().for_each(|(i, j)| map[i * len + j] = p);
        map
    }

    fn left_out(method: Method, p: f32, options: &DecodeOptions) -> Vec<(usize, usize)> {
        let decoded = method.decode(&map(p), SEQUENCE, options).unwrap();
        crossing(&decoded, &map(p), SEQUENCE, options).unwrap().into_iter().map(|(i, j, _)| (i, j)).collect()
    }

    #[test]
    fn likely_pairs_that_cross_are_found_and_unlikely_ones_are_not() {
        let options = DecodeOptions { threshold: 0.1, ..DecodeOptions::default() };
        for method in [Method::Nested, Method::F1] {
            assert_eq!(left_out(method, 0.8, &options), [(6, 17), (7, 16)]);
            assert_eq!(left_out(method, 0.4, &options), []);
        }
    }

    #[test]
    fn the_greedy_decoder_leaves_none_out() {
        let options = DecodeOptions { threshold: 0.1, ..DecodeOptions::default() };
        assert_eq!(greedy(&map(0.8), SEQUENCE, &options).unwrap().pairs.len(), 5);
        assert_eq!(left_out(Method::Greedy, 0.8, &options), []);
    }

    #[test]
    fn pairs_that_a_threshold_or_a_constraint_forbids_are_not_reported() {
        let options = DecodeOptions { threshold: 0.85, ..DecodeOptions::default() };
        assert_eq!(left_out(Method::Nested, 0.8, &options), []);
        let constraint = Some("......xx..........".parse().unwrap());
        let options = DecodeOptions { threshold: 0.1, constraint, ..DecodeOptions::default() };
        assert_eq!(left_out(Method::Nested, 0.8, &options), []);
    }
}
