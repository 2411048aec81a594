//! What is known of every pair of bases before anything is learned: its probability by a nearest-neighbour energy model,
//! which bases they are, how far apart they stand.
//!
//! A small encoder has seen too little RNA to know thermodynamics; given as inputs, they need not be learned, and hold for
//! families that no training has seen. The published head has none of them.

use std::ops::Range;

use rinalmo_energy::Ensemble;

/// Numbers of each pair.
pub const PAIR_FEATURES: usize = 8;

/// Probabilities below this are told as this.
const LEAST: f32 = 1e-6;

/// The features of all pairs of a sequence.
///
/// Of a pair: its probability p in the ensemble of the energy model; 1 + ln(max(p, 1e-6)) / 7, which tells improbable
/// ones apart; whether it is GC, AU, GU (1 or 0 each); the product of the probabilities that either base is unpaired;
/// ln(1 + |i − j|) / 7; and whether they are too near for a hairpin, fewer than three bases between.
///
/// # Shapes
/// - bases: `len` letters; others than A, C, G, U and T pair with nothing
/// - returns: `[len, len, PAIR_FEATURES]`, symmetric
pub fn pair_features(bases: &[u8]) -> Vec<f32> {
    pair_features_within(bases, 0..bases.len())
}

/// The features of the pairs within a window of a sequence, whose energies are those of all of it.
///
/// # Shapes
/// - bases: letters, with all of `window` among them
/// - returns: `[window.len(), window.len(), PAIR_FEATURES]`, symmetric
pub fn pair_features_within(bases: &[u8], window: Range<usize>) -> Vec<f32> {
    let (whole, len) = (bases.len(), window.len());
    let ensemble = Ensemble::new(bases);
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
            1.0 + p.max(LEAST).ln() / 7.0,
            gc,
            au,
            gu,
            unpaired[i] * unpaired[j],
            (1.0 + apart as f32).ln() / 7.0,
            f32::from(u8::from(apart < 4)),
        ]);
    }
    features
}

/// One of GC, AU, GU, or none.
fn kind(a: u8, b: u8) -> [f32; 3] {
    match (a.min(b), a.max(b)) {
        (b'C', b'G') => [1.0, 0.0, 0.0],
        (b'A', b'U' | b'T') => [0.0, 1.0, 0.0],
        (b'G', b'U' | b'T') => [0.0, 0.0, 1.0],
        _ => [0.0; 3],
    }
}

/// Bytes needed at the peak for a sequence of `len` bases: the features, and the energy model's sums before them.
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
        let found = pair_features_within(bases, window.clone());
        let expected: Vec<f32> = window
            .clone()
            .flat_map(|i| {
                all[(i * len + window.start) * PAIR_FEATURES..(i * len + window.end) * PAIR_FEATURES].to_vec()
            })
            .collect();
        assert_eq!(found, expected);
        assert_ne!(found, pair_features(&bases[window]), "a window alone folds otherwise");
    }
}
