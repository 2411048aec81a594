//! The public face: a sequence's pairs with their probabilities.

use crate::exterior::Exterior;
use crate::inside::{self, Inside, OutOfRange};
use crate::loops::Loops;
use crate::outside::probabilities;
use crate::weights::RT;

/// Range in which the whole partition function is to end up, so that what is too small for f64 within it adds nothing.
const WHOLE: std::ops::RangeInclusive<f64> = 1e-100..=1e100;

/// Scales that are tried before a sequence is given up.
const ATTEMPTS: usize = 6;

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
        let mut energy = estimate(sequence);
        for _ in 0..ATTEMPTS {
            // Within the pool, or every row would have to ask for entry.
            match inside::within_pool(sequence.len(), || Self::scaled(sequence, energy)) {
                Ok(ensemble) => return ensemble,
                Err(OutOfRange(more)) => energy -= more * RT,
            }
        }
        unreachable!()
    }

    /// As [`Ensemble::new`], each base being scaled by the `energy` it is thought to contribute, kcal/mol.
    fn scaled(sequence: &[u8], energy: f64) -> Result<Self, OutOfRange> {
        let len = sequence.len();
        let arch = pulp::Arch::new();
        let loops = Loops::new(sequence, energy);
        let inside = Inside::new(&loops, arch)?;
        let exterior = Exterior::new(&loops, &inside.closed);
        let whole = exterior.total();
        if !WHOLE.contains(&whole) {
            return Err(OutOfRange(whole.ln() / len as f64));
        }
        let probabilities = probabilities(&loops, &inside, &exterior, arch)?;
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

/// Bytes that [`Ensemble::new`] holds at its peak for a sequence of `len`, the result included.
pub fn memory(len: usize) -> u64 {
    let triangles = 4 * len * (len + 1) / 2 * size_of::<f64>();
    (triangles + len * len * size_of::<f32>() + inside::rows(len)) as u64
}

/// What a base contributes to the ensemble's free energy, kcal/mol: a line through random sequences by their share of G and C.
fn estimate(sequence: &[u8]) -> f64 {
    let strong = sequence.iter().filter(|letter| b"GCgc".contains(letter)).count();
    -0.6 * (strong as f64 / sequence.len().max(1) as f64).powi(2) - 0.05
}
