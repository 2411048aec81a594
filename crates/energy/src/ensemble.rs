//! The public face: a sequence's pairs with their probabilities.

use crate::exterior::Exterior;
use crate::inside::{Inside, OutOfRange};
use crate::loops::Loops;
use crate::number::{Number, Wide};
use crate::outside::{self, probabilities};
use crate::weights::RT;
use crate::workers::Workers;

/// Largest and inverse of the smallest size of the whole partition function, so that what is too small for f64 within
/// it adds nothing that can be seen.
const WHOLE: f64 = 1e100;

/// Scales that are tried before a sequence is done in numbers that need none.
const ATTEMPTS: usize = 3;

/// All secondary structures of a sequence at equilibrium.
#[derive(Clone, Debug, PartialEq)]
pub struct Ensemble {
    len: usize,
    energy: f64,
    probabilities: Vec<f32>,
}

impl Ensemble {
    /// Works out the probability of every pair of `sequence`.
    ///
    /// Letters are A, C, G and U or T, in either case. Any other, such as N, pairs with nothing; next to a pair it counts
    /// as the least favourable of the four in a hairpin or internal loop, and as missing in a multiloop and outside.
    ///
    /// Takes time by the cube of the length and [`memory`] by its square. Sequences of 300 bases and more are shared out
    /// between the threads of the current `rayon` pool; the result is the same to the bit whatever their number.
    pub fn new(sequence: &[u8]) -> Self {
        Self::by(&Workers::all(sequence.len()), sequence)
    }

    /// As [`Ensemble::new`] on this thread alone, for callers who do several sequences side by side.
    ///
    /// A thread that waits for others may begin another of its tasks, so many sequences that are each shared out can
    /// hold the memory of more than one a thread.
    pub fn on_this_thread(sequence: &[u8]) -> Self {
        Self::by(&Workers::one(), sequence)
    }

    fn by(workers: &Workers, sequence: &[u8]) -> Self {
        workers.enter(|| {
            let mut energy = estimate(sequence);
            for _ in 0..ATTEMPTS {
                match Self::scaled::<f64>(workers, sequence, energy) {
                    Ok(ensemble) => return ensemble,
                    Err(OutOfRange(more)) => energy -= more * RT,
                }
            }
            Self::scaled::<Wide>(workers, sequence, 0.0).ok().expect("a wide number has room for all")
        })
    }

    /// As [`Ensemble::new`], each base being scaled by the `energy` it is thought to contribute, kcal/mol.
    fn scaled<T: Number>(workers: &Workers, sequence: &[u8], energy: f64) -> Result<Self, OutOfRange> {
        let len = sequence.len();
        let loops = Loops::new(sequence, energy);
        let inside = Inside::<T>::new(&loops, workers)?;
        let exterior = Exterior::new(&loops, &inside.closed);
        let whole = exterior.total();
        if whole.size() > WHOLE || whole.recip().size() > WHOLE {
            return Err(OutOfRange::by(whole.size(), len));
        }
        let probabilities = probabilities(&loops, &inside, &exterior, workers)?;
        Ok(Self { len, energy: energy * len as f64 - RT * whole.ln(), probabilities })
    }

    /// Bases of the sequence.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether the sequence has no base.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Free energy of the ensemble in kcal/mol: `-RT ln Z`, 0 where nothing can pair.
    pub fn energy(&self) -> f64 {
        self.energy
    }

    /// Probability that bases `i` and `j`, counted from 0, are paired with each other.
    ///
    /// # Panics
    /// If one of them is not below [`Ensemble::len`].
    pub fn probability(&self, i: usize, j: usize) -> f32 {
        assert!(i < self.len && j < self.len, "bases {i} and {j} of {}", self.len);
        self.probabilities[i * self.len + j]
    }

    /// Probabilities of all pairs, `[len, len]`, symmetric, with zeros on the diagonal.
    pub fn probabilities(&self) -> &[f32] {
        &self.probabilities
    }

    /// The same, handed over.
    pub fn into_probabilities(self) -> Vec<f32> {
        self.probabilities
    }

    /// Probability of every base of being unpaired, `[len]`.
    pub fn unpaired(&self) -> Vec<f32> {
        let paired = |row: &[f32]| row.iter().map(|p| f64::from(*p)).sum::<f64>();
        self.probabilities.chunks(self.len.max(1)).map(|row| (1.0 - paired(row)).max(0.0) as f32).collect()
    }
}

/// Bytes that [`Ensemble::new`] holds at its peak for a sequence of `len`, the result included: some 20 a pair of bases.
///
/// A sequence that leaves the range of f64, such as thousands of bases that are half a perfect helix and half nothing,
/// takes up to twice as many.
pub fn memory(len: usize) -> u64 {
    outside::bytes(len) as u64
}

/// What a base contributes to the ensemble's free energy, kcal/mol: fitted to random sequences by their share of G and C.
fn estimate(sequence: &[u8]) -> f64 {
    let strong = sequence.iter().filter(|letter| b"GCgc".contains(letter)).count();
    let share = strong as f64 / sequence.len().max(1) as f64;
    -0.15 - 0.75 * share * share
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sums of the same terms in numbers of other roundings.
    const F64: f64 = 1e-9;

    #[test]
    fn numbers_of_any_size_give_what_f64_does() {
        let sequence = b"GGGAAAUCCGUUAGGCAAGCGAUUCGCAACCUAACUUUGGAACGCAGUCNAGGGCUGCGAACC".repeat(4);
        let ensemble =
            |energy| Ensemble::scaled::<f64>(&Workers::one(), &sequence, energy).ok().expect("within the range of f64");
        let (plain, scaled) = (ensemble(0.0), ensemble(-0.3));
        let wide =
            Ensemble::scaled::<Wide>(&Workers::one(), &sequence, 0.0).ok().expect("a wide number has room for all");
        for other in [scaled, wide] {
            assert!((other.energy - plain.energy).abs() < F64, "{} and {}", other.energy, plain.energy);
            assert!(other.probabilities.iter().zip(&plain.probabilities).all(|(a, b)| (a - b).abs() <= f32::EPSILON));
        }
    }

    #[test]
    fn a_scale_that_is_far_off_is_told_and_by_how_much() {
        let sequence = b"GC".repeat(400);
        let Err(OutOfRange(more)) = Ensemble::scaled::<f64>(&Workers::one(), &sequence, 0.0) else {
            panic!("1e900 fits into no f64")
        };
        let better = -more * RT;
        assert!((-2.0..-1.0).contains(&better), "{better} kcal/mol a base");
        assert!(Ensemble::scaled::<f64>(&Workers::one(), &sequence, better).is_ok());
    }

    /// Half of it is bound by 1.4 kcal/mol a base, half by nothing.
    #[test]
    fn a_sequence_for_which_no_scale_serves_is_done_as_well() {
        let helix = b"GC".repeat(300);
        let sequence = [&helix[..], &[b'N'; 600]].concat();
        assert!(
            (0..16)
                .all(|tenths| Ensemble::scaled::<f64>(&Workers::one(), &sequence, -0.1 * f64::from(tenths)).is_err())
        );
        let (alone, within) = (Ensemble::new(&helix), Ensemble::new(&sequence));
        assert!((alone.energy - within.energy).abs() < F64, "{} and {}", alone.energy, within.energy);
        for (row, within) in alone.probabilities.chunks(600).zip(within.probabilities.chunks(1200)) {
            assert!(row.iter().zip(within).all(|(a, b)| (a - b).abs() <= f32::EPSILON));
        }
    }
}
