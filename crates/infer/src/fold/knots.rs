//! Pseudoknots in a second pass: an ensemble has only structures whose pairs do not cross, but the bases that one of them
//! leaves unpaired have an ensemble of their own.
//!
//! `models/nano/README.md` says how often the helices found so are right.

use rinalmo_decode::{DecodeOptions, Method};
use rinalmo_energy::{EnergyModel, Restraints};

use crate::energies::map;

/// Fewest stacked pairs of a helix that crosses.
const HELIX: usize = 3;

/// Pairs must be more probable than this among the bases that are left.
const LEAST: f32 = 0.5;

/// A pair with its probability.
type Pair = (usize, usize, f32);

/// The pairs of helices that cross a structure, each with its probability in the ensemble of the bases that the structure
/// leaves unpaired.
///
/// # Shapes
/// - pairs: of the structure, which do not cross; `i < j`
pub(super) fn crossing(model: &EnergyModel, sequence: &[u8], restraints: Restraints<'_>, pairs: &[Pair]) -> Vec<Pair> {
    let len = sequence.len();
    let mut partner = vec![None; len];
    pairs.iter().for_each(|&(i, j, _)| (partner[i], partner[j]) = (Some(j), Some(i)));
    let free = partner.iter().filter(|partner| partner.is_none()).count();
    if pairs.is_empty() || free < 2 * HELIX {
        return Vec::new();
    }
    let mut bonuses = restraints.bonuses.map_or_else(|| vec![0.0; len * len], <[f32]>::to_vec);
    for (i, row) in bonuses.chunks_exact_mut(len).enumerate() {
        for (j, bonus) in row.iter_mut().enumerate() {
            if partner[i].is_some() || partner[j].is_some() {
                *bonus = f32::NEG_INFINITY;
            }
        }
    }
    let restraints = restraints.bonuses(&bonuses[..]);
    let Some(ensemble) = model.ensemble_if_paired(sequence, restraints, LEAST) else { return Vec::new() };
    let crosses = |i: usize, j: usize| (i + 1..j).any(|k| partner[k].is_some_and(|other| other < i || other > j));
    // The decoder gives each base one partner, whatever the threshold.
    let decoded = Method::Nested.decode(map(&ensemble), sequence, &DecodeOptions::default().threshold(LEAST));
    let mut found = decoded.expect("there is no constraint that could fail").pairs;
    found.retain(|&(i, j, _)| crosses(i, j));
    found.sort_by_key(|&(i, j, _)| (i, j));
    helices(found)
}

/// Those of the pairs, sorted, that are in a stack of at least [`HELIX`].
fn helices(pairs: Vec<Pair>) -> Vec<Pair> {
    let has = |i: Option<usize>, j: usize| {
        i.is_some_and(|i| pairs.binary_search_by(|&(a, b, _)| (a, b).cmp(&(i, j))).is_ok())
    };
    let stacked = |&&(i, j, _): &&Pair| {
        let outside = (1..HELIX).take_while(|&k| has(i.checked_sub(k), j + k)).count();
        let inside = (1..HELIX).take_while(|&k| j >= k && has(Some(i + k), j - k)).count();
        outside + inside + 1 >= HELIX
    };
    pairs.iter().filter(stacked).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_helices_are_kept() {
        let three = [(2, 20, 0.9), (3, 19, 0.8), (4, 18, 0.7)];
        let mut pairs = vec![(0, 30, 0.5)];
        pairs.extend(three);
        pairs.extend([(6, 16, 0.6), (7, 15, 0.6)]);
        assert_eq!(helices(pairs), three);
        assert!(helices(vec![]).is_empty());
    }

    /// An H-type pseudoknot: the first helix is given, the second follows from the bases it leaves.
    #[test]
    fn the_second_helix_of_a_pseudoknot_is_found() {
        let sequence = b"GGCGCGAAACUCCGGACCAAGCGCCAAAAGUCCGGAG";
        let first = [(0, 24, 1.0), (1, 23, 1.0), (2, 22, 1.0), (3, 21, 1.0), (4, 20, 1.0)];
        let model = EnergyModel::turner2004();
        let found = crossing(model, sequence, Restraints::default(), &first);
        assert!(found.len() >= HELIX, "{found:?}");
        assert!(found.iter().all(|&(i, j, p)| p > LEAST && i < 20 && i > 4 && j > 24), "{found:?}");
        assert!(crossing(model, sequence, Restraints::default(), &[]).is_empty());
        let forbidden = vec![f32::NEG_INFINITY; sequence.len().pow(2)];
        let restraints = Restraints::default().bonuses(&forbidden[..]);
        assert!(crossing(model, sequence, restraints, &first).is_empty());
    }
}
