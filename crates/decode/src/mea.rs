//! Maximum expected accuracy: the structure with the most bases expected to be right.
//!
//! An unpaired base is right with the probability that it is unpaired, a pair with its own, which counts `2 γ`: the
//! objective of ViennaRNA's `RNAfold --MEA` (after Do, Woods and Batzoglou, Bioinformatics 22 (2006) e90). So a pair is
//! worth `2 γ p_ij − q_i − q_j`, where `q` is the probability of a base to be unpaired.

use super::candidates::{Candidates, collect};
use super::map::Rows;
use super::nested::{best, within};
use super::{DecodeError, DecodeOptions, Decoded, Map};

/// Decodes a map to the nested structure with the largest `Σ_pairs 2 γ p + Σ_unpaired q`, with γ from
/// [`DecodeOptions::gamma`].
///
/// The larger γ, the more pairs are predicted. [`DecodeOptions::threshold`] has no effect. Constraints apply as in
/// [`nested`](super::nested), before the expected accuracy.
///
/// # Shapes
/// - map: `[len, len]` row-major, of which only `i < j` is read; `sequence` has `len` letters
///
/// # Errors
/// If the map's size or the constraint does not fit, see [`DecodeError`].
///
/// ```
/// use rinalmo_decode::{DecodeOptions, mea};
///
/// let mut map = vec![0.0; 64]; // of GGGAAACC
/// map[7] = 0.6; // 0 with 7
/// map[8 + 6] = 0.4; // 1 with 6: each base is right more often if it is unpaired
/// let options = DecodeOptions::default();
/// assert_eq!(mea(&map, b"GGGAAACC", &options)?.pairs, [(0, 7, 0.6)]);
/// assert_eq!(mea(&map, b"GGGAAACC", &options.gamma(2.0))?.pairs, [(0, 7, 0.6), (1, 6, 0.4)]);
/// # Ok::<(), rinalmo_decode::DecodeError>(())
/// ```
pub fn mea<'a>(map: impl Into<Map<'a>>, sequence: &[u8], options: &DecodeOptions) -> Result<Decoded, DecodeError> {
    let rows = map.into().rows(sequence.len())?;
    let options = DecodeOptions { threshold: 0.0, ..options.clone() };
    let Candidates { forced, mut free } = collect(&rows, sequence, &options)?;
    within(sequence.len(), &forced, &mut free);
    let unpaired = unpaired(&rows);
    let gamma = f64::from(options.gamma);
    let gain = |i: usize, j: usize, p: f32| 2.0 * gamma * f64::from(p.min(1.0)) - unpaired[i] - unpaired[j];
    free.retain(|c| c.asked > 0 || gain(c.i, c.j, c.p) > 0.0);

    let mut pairs = forced;
    // Pairs are worth between -2 and 2 γ.
    let chosen = best(&free, 1.0 + gamma, |c| gain(c.i, c.j, c.p));
    pairs.extend(chosen.into_iter().map(|c| (c.i, c.j, c.p)));
    Ok(Decoded::new(sequence.len(), pairs, 0.0))
}

/// The probability of each base to be unpaired.
fn unpaired(rows: &Rows<'_>) -> Vec<f64> {
    let mut unpaired = vec![1.0; rows.len()];
    rows.each(|i, j, p| {
        let p = f64::from(p.max(0.0)); // NaN counts as 0
        unpaired[i] -= p;
        unpaired[j] -= p;
    });
    unpaired.iter_mut().for_each(|q| *q = q.max(0.0));
    unpaired
}

impl Decoded {
    /// What [`mea`] maximises, of these pairs: `Σ_pairs 2 γ p + Σ_unpaired q`.
    ///
    /// # Panics
    /// If the map is not of this sequence.
    pub fn expected_accuracy<'a>(&self, map: impl Into<Map<'a>>, gamma: f32) -> f64 {
        let mut left = unpaired(&map.into().rows(self.len).expect("the map that was decoded"));
        let mut sum = 0.0;
        for &(i, j, p) in &self.pairs {
            sum += 2.0 * f64::from(gamma) * f64::from(p);
            (left[i], left[j]) = (0.0, 0.0);
        }
        sum + left.into_iter().sum::<f64>()
    }
}
