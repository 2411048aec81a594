//! The paper's decoder: take the most probable pair, drop all that clash, repeat.
//!
//! The published code looks for the maximum of the whole map again after each pair; sorting the
//! candidates once gives the same pairs in `O(c log c)`. Ties go as they do there, to the first in
//! row order: the smaller `i`, then the smaller `j`. Pseudoknots are allowed.

use super::candidates::{Candidates, collect};
use super::{DecodeError, DecodeOptions, Decoded};

/// Decodes a map by always taking the most probable pair left.
///
/// Bracketed pairs of a constraint come first, then the pairs of bases that ask for a partner, then
/// all others, each in order of probability. A base that asks may thus be left alone only if each
/// admissible partner was taken by another that asks or by a bracket.
///
/// # Shapes
/// - map: `[len, len]` row-major, of which only `i < j` is read; `sequence` has `len` letters
///
/// # Errors
/// If the map's size, the threshold or the constraint does not fit, see [`DecodeError`].
///
/// ```
/// use rinalmo_tasks::structure::decode::{DecodeOptions, greedy};
///
/// let mut map = vec![0.0; 49]; // of GGAAACC
/// map[6] = 0.9; // 0 with 6
/// map[7 + 5] = 0.8; // 1 with 5
/// map[7 + 6] = 0.7; // 1 with 6, which is taken
/// let decoded = greedy(&map, b"GGAAACC", &DecodeOptions::default())?;
/// assert_eq!(decoded.pairs, [(0, 6, 0.9), (1, 5, 0.8)]);
/// # Ok::<(), rinalmo_tasks::structure::decode::DecodeError>(())
/// ```
pub fn greedy(map: &[f32], sequence: &[u8], options: &DecodeOptions) -> Result<Decoded, DecodeError> {
    let Candidates { forced, mut free } = collect(map, sequence, options)?;
    // A stable sort of a list in row order: ties stay in row order.
    free.sort_by(|a, b| (b.asked > 0).cmp(&(a.asked > 0)).then(b.p.total_cmp(&a.p)));

    let mut taken = vec![false; sequence.len()];
    let mut pairs = forced;
    for candidate in free {
        let (i, j) = (candidate.i, candidate.j);
        if !taken[i] && !taken[j] {
            taken[i] = true;
            taken[j] = true;
            pairs.push((i, j, candidate.p));
        }
    }
    Ok(Decoded::new(sequence.len(), pairs))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::structure::decode::{Method, decode_entries};

    fn fold(entries: &[(usize, usize, f32)], sequence: &str, constraint: &str) -> Vec<(usize, usize)> {
        let options = DecodeOptions::default();
        decode_entries(Method::Greedy, options, entries, sequence, constraint)
    }

    #[test]
    fn ties_go_to_the_smaller_i_then_the_smaller_j() {
        assert_eq!(fold(&[(0, 6, 0.9), (1, 6, 0.9)], "GGAAAAC", ""), [(0, 6)]);
        assert_eq!(fold(&[(0, 6, 0.9), (0, 5, 0.9)], "GAAAACC", ""), [(0, 5)]);
    }

    #[test]
    fn pseudoknots_are_kept() {
        assert_eq!(fold(&[(0, 5, 0.9), (1, 6, 0.8)], "GGAAACC", ""), [(0, 5), (1, 6)]);
    }

    #[test]
    fn a_base_that_asks_goes_before_a_more_probable_pair() {
        let entries = [(0, 6, 0.9), (1, 6, 0.1)];
        assert_eq!(fold(&entries, "GGAAAAC", ".|....."), [(1, 6)]);
        assert_eq!(fold(&entries, "GGAAAAC", ".<....."), [(1, 6)]);
        assert_eq!(fold(&entries, "GGAAAAC", ".>....."), [(0, 6)]); // no partner upstream
        assert_eq!(fold(&entries, "GGAAAAC", "......x"), []);
    }

    #[test]
    fn brackets_win_whatever_their_letters() {
        assert_eq!(fold(&[(0, 6, 0.9)], "GAAAAAC", "(....)."), [(0, 5)]);
    }
}
