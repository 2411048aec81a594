//! The sums over all structures of a sequence, at a scale at which they are in range.

use crate::exterior::{Exterior, ln_total};
use crate::inside::{Inside, OutOfRange};
use crate::loops::Loops;
use crate::number::Number;
use crate::restraints::Restraints;
use crate::weights::Weights;
use crate::workers::Workers;

/// Largest partition function that is accepted, and the inverse of the smallest. Within these bounds, terms that are
/// too small for f64 (below 1e-308) do not change the result.
const LARGEST_TOTAL: f64 = 1e100;

/// How many scales are tried before a sequence is computed in [`Wide`](crate::number::Wide) numbers, which need no
/// scale.
const ATTEMPTS: usize = 3;

/// What the structures of a sequence are weighed by.
#[derive(Clone, Copy)]
pub(crate) struct Terms<'a> {
    pub weights: &'a Weights,
    pub restraints: Restraints<'a>,
}

impl Terms<'_> {
    /// Of features of trained models.
    pub fn of_features() -> Self {
        Self { weights: Weights::of_features(), restraints: Restraints::default() }
    }

    /// Calls `scaled` with an estimate of the energy that a base contributes, in kcal/mol, and then with better ones; at
    /// last calls `unscaled`, in numbers that need none.
    pub fn in_range<R>(
        self,
        sequence: &[u8],
        mut scaled: impl FnMut(f64) -> Result<R, OutOfRange>,
        unscaled: impl FnOnce() -> Result<R, OutOfRange>,
    ) -> R {
        let mut energy = estimate(sequence) * self.restraints.share_of_bases(sequence.len());
        for _ in 0..ATTEMPTS {
            match scaled(energy) {
                Ok(result) => return result,
                Err(OutOfRange(more)) => energy -= more * self.weights.rt,
            }
        }
        unscaled().ok().expect("a wide number does not overflow")
    }
}

/// Sums over all structures.
pub(crate) struct Sums<'a, T> {
    pub loops: Loops<'a>,
    pub inside: Inside<T>,
    pub exterior: Exterior<T>,
}

impl<'a, T: Number> Sums<'a, T> {
    /// Each base is scaled by the `energy` it is estimated to contribute, in kcal/mol.
    pub fn new(workers: &Workers, terms: Terms<'a>, sequence: &[u8], energy: f64) -> Result<Self, OutOfRange> {
        let loops = Loops::new(sequence, terms.weights, terms.restraints, energy);
        let inside = Inside::new(&loops, workers)?;
        let exterior: Exterior<T> = Exterior::new(&loops, &inside.closed);
        let whole = exterior.total();
        // A sum that left the range may be NaN, and is not below anything.
        if !(whole.size() <= LARGEST_TOTAL && whole.recip().size() <= LARGEST_TOTAL) {
            let is_known = (f64::MIN_POSITIVE..=f64::MAX).contains(&whole.size());
            let logarithm = if is_known { whole.size().ln() } else { ln_total(&loops, &inside.closed) };
            return Err(OutOfRange(logarithm / loops.len() as f64));
        }
        Ok(Self { loops, inside, exterior })
    }
}

/// Estimated contribution of a base to the ensemble's free energy, in kcal/mol.
///
/// The two constants were fitted to energies of random sequences by their fraction of G and C; the data of the fit were
/// not kept. The estimate only sets the scale: a bad one is corrected by [`OutOfRange`] and changes no probability.
fn estimate(sequence: &[u8]) -> f64 {
    let strong = sequence.iter().filter(|letter| b"GCgc".contains(letter)).count();
    let share = strong as f64 / sequence.len().max(1) as f64;
    -0.15 - 0.75 * share * share
}
