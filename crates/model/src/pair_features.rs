//! Features of every pair of bases that need no training: its probability in a nearest-neighbour energy model, which
//! bases they are, how far apart they are.
//!
//! A small encoder has seen too little RNA to learn thermodynamics. As inputs, the features need not be learned, and
//! they also apply to families that no training set contains. The published head has none of them.

use std::ops::Range;

use rinalmo_energy::{Ensemble, Restraints};

/// Number of features of a pair.
pub const PAIR_FEATURES: usize = 8;

/// Smaller probabilities are replaced by this one, so that their logarithm is finite: ln 1e-6 = −13.8.
const LEAST: f32 = 1e-6;

/// Logarithms are divided by this, which makes the features of order 1: 1 + ln(p) / 7 is between −0.97 (at p = 1e-6)
/// and 1 (at p = 1), and ln(1 + d) / 7 is 1 at a distance of d = 1,096 bases.
const LOG_SCALE: f32 = 7.0;

/// Smallest distance of two bases that can pair: a hairpin has at least three bases between them.
const SHORTEST_DISTANCE: usize = 4;

/// The features of all pairs of a sequence.
///
/// Of a pair (i, j), in this order:
///
/// 1. its probability p in the ensemble of the energy model;
/// 2. 1 + ln(max(p, 1e-6)) / 7, which distinguishes improbable pairs;
/// 3. whether it is GC (1 or 0);
/// 4. whether it is AU;
/// 5. whether it is GU;
/// 6. the product of the probabilities that either base is unpaired;
/// 7. ln(1 + |i − j|) / 7;
/// 8. whether the bases are too near for a hairpin, with fewer than three bases between them (1 or 0).
///
/// # Shapes
/// - bases: `len` letters; letters other than A, C, G, U and T pair with no other
/// - returns: `[len, len, PAIR_FEATURES]`, symmetric
pub fn pair_features(bases: &[u8]) -> Vec<f32> {
    pair_features_within(bases, 0..bases.len(), Restraints::default())
}

/// The features of the pairs within a window of a sequence, with probabilities from the whole sequence under restraints.
///
/// # Shapes
/// - bases: the letters of the whole sequence, which contains `window`
/// - returns: `[window.len(), window.len(), PAIR_FEATURES]`, symmetric
///
/// # Panics
/// If the restraints do not have the shapes that the sequence asks for.
pub fn pair_features_within(bases: &[u8], window: Range<usize>, restraints: Restraints<'_>) -> Vec<f32> {
    let (whole, len) = (bases.len(), window.len());
    let ensemble = Ensemble::with_restraints(bases, restraints);
    let (probabilities, unpaired) = (ensemble.probabilities(), ensemble.unpaired());
    let letters: Vec<u8> = bases.iter().map(|base| base.to_ascii_uppercase()).collect();
    let mut features = vec![0.0; len * len * PAIR_FEATURES];
    for (cell, to) in features.chunks_exact_mut(PAIR_FEATURES).enumerate() {
        let (i, j) = (window.start + cell / len, window.start + cell % len);
        let p = probabilities[i * whole + j];
        let [gc, au, gu] = kind(letters[i], letters[j]);
        let apart = i.abs_diff(j);
        to.copy_from_slice(&[
            p,
            1.0 + p.max(LEAST).ln() / LOG_SCALE,
            gc,
            au,
            gu,
            unpaired[i] * unpaired[j],
            (1.0 + apart as f32).ln() / LOG_SCALE,
            f32::from(u8::from(apart < SHORTEST_DISTANCE)),
        ]);
    }
    features
}

/// Whether two letters are GC, AU or GU: one of the three is 1, or none.
fn kind(a: u8, b: u8) -> [f32; 3] {
    match (a.min(b), a.max(b)) {
        (b'C', b'G') => [1.0, 0.0, 0.0],
        (b'A', b'U' | b'T') => [0.0, 1.0, 0.0],
        (b'G', b'U' | b'T') => [0.0, 0.0, 1.0],
        _ => [0.0; 3],
    }
}

/// Peak memory in bytes for a sequence of `len` bases: the features, and the energy model's memory before them.
pub(crate) fn memory(len: usize) -> u64 {
    let features = 4 * PAIR_FEATURES as u64 * (len as u64).pow(2);
    features + rinalmo_energy::memory(len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_has_the_features_that_its_pairs_have_in_the_whole() {
        let bases = b"GGGACGAAAGUCCAGGCAUUCGUGCC";
        let (all, len) = (pair_features(bases), bases.len());
        let window = 5..21;
        let found = pair_features_within(bases, window.clone(), Restraints::default());
        let expected: Vec<f32> = window
            .clone()
            .flat_map(|i| {
                all[(i * len + window.start) * PAIR_FEATURES..(i * len + window.end) * PAIR_FEATURES].to_vec()
            })
            .collect();
        assert_eq!(found, expected);
        assert_ne!(found, pair_features(&bases[window]), "a window on its own folds differently");
    }
}
