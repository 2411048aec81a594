//! The public type: a sequence's pairs with their probabilities.

use std::borrow::Cow;

use crate::beam::{self, Beam};
use crate::inside::OutOfRange;
use crate::number::{Number, Wide};
use crate::outside::{self, probabilities};
use crate::pairs::{Probabilities, Row};
use crate::restraints::Restraints;
use crate::sums::{Sums, Terms};
use crate::workers::Workers;

/// All secondary structures of a sequence at equilibrium.
#[derive(Clone, Debug, PartialEq)]
pub struct Ensemble {
    len: usize,
    energy: f64,
    strands: Option<Strands>,
    probabilities: Probabilities,
}

/// Free energies of two strands, in kcal/mol.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Strands {
    /// Of the ensemble of each strand alone.
    pub alone: [f64; 2],
    /// Of all structures in which the strands pair with each other; infinite if there are none.
    pub bound: f64,
}

impl Strands {
    /// What the strands gain by binding, at a concentration of 1 mol/l: the bound ones less each alone.
    ///
    /// Two equal strands make a complex that looks the same from both. Where that counts, as in RNAcofold, it has half the
    /// weight, and so RT ln 2 more energy.
    pub fn binding(&self) -> f64 {
        self.bound - self.alone.iter().sum::<f64>()
    }
}

impl Ensemble {
    /// Computes the probability of every pair of `sequence`.
    ///
    /// The model is Turner 2004 at 37 °C with dangling ends on both sides of every branch; [`EnergyModel::ensemble`](crate::EnergyModel::ensemble)
    /// takes others.
    ///
    /// Letters are A, C, G and U or T, in either case. Any other letter, such as N, pairs with no other. Next to a pair
    /// it counts as the least favourable of the four in a hairpin or internal loop, and as missing in a multiloop or
    /// the exterior loop. There, and only there, [`EnergyModel`](crate::EnergyModel) differs.
    ///
    /// Time grows with the cube of the length and [`memory`] with its square. Sequences of 300 bases and more are
    /// computed on all threads of the current `rayon` pool. The number of threads does not change the result by a bit.
    pub fn new(sequence: &[u8]) -> Self {
        Self::with(&Workers::all(sequence.len()), Terms::of_features(), sequence)
    }

    /// As [`Ensemble::new`], with a bonus for every pair, which another model of the pairs may give.
    ///
    /// A structure's weight is multiplied by `exp` of the bonuses of its pairs: a bonus of 1 is worth −RT = −0.616
    /// kcal/mol, and of minus infinity forbids the pair. A bonus for unpaired bases is the same as one of opposite sign
    /// for all pairs that the base can be in.
    ///
    /// # Shapes
    /// - bonuses: `[len, len]`; those above the diagonal count
    ///
    /// # Panics
    /// If there are not `len²` bonuses, or one is not a number or so large (above 700) that weights leave their range.
    pub fn with_bonuses(sequence: &[u8], bonuses: &[f32]) -> Self {
        Self::with_restraints(sequence, Restraints::default().bonuses(bonuses))
    }

    /// As [`Ensemble::new`], under restraints.
    ///
    /// # Panics
    /// If the restraints do not have the shapes that the sequence asks for.
    pub fn with_restraints(sequence: &[u8], restraints: Restraints<'_>) -> Self {
        let terms = Terms { restraints, ..Terms::of_features() };
        Self::with(&Workers::all(sequence.len()), terms, sequence)
    }

    /// As [`Ensemble::new`], but only on this thread, for callers that compute several sequences in parallel.
    ///
    /// A `rayon` thread that waits may start another task. So if many sequences are each split over threads, one thread
    /// can hold the memory of more than one of them.
    pub fn on_this_thread(sequence: &[u8]) -> Self {
        Self::with(&Workers::one(), Terms::of_features(), sequence)
    }

    pub(crate) fn with(workers: &Workers, terms: Terms<'_>, sequence: &[u8]) -> Self {
        Self::with_below(workers, terms, sequence, f64::INFINITY).expect("all energies are below infinity")
    }

    /// If its free energy is below `most`, in kcal/mol.
    pub(crate) fn with_below(workers: &Workers, terms: Terms<'_>, sequence: &[u8], most: f64) -> Option<Self> {
        workers.enter(|| {
            terms.in_range(
                sequence,
                |energy| Self::scaled::<f64>(workers, terms, sequence, energy, most),
                || Self::scaled::<Wide>(workers, terms, sequence, 0.0, most),
            )
        })
    }

    /// As [`Ensemble::with_below`], each base scaled by the `energy` it is estimated to contribute, in kcal/mol.
    fn scaled<T: Number>(
        workers: &Workers,
        terms: Terms<'_>,
        sequence: &[u8],
        energy: f64,
        most: f64,
    ) -> Result<Option<Self>, OutOfRange> {
        if let Some(width) = terms.restraints.beam {
            return Self::in_beam::<T>(terms, sequence, energy, most, width);
        }
        let len = sequence.len();
        let Sums { loops, inside, exterior } = Sums::<T>::new(workers, terms, sequence, energy)?;
        let free_energy = |sum: T, positions: usize| energy * positions as f64 - terms.weights.rt * sum.ln();
        let whole = free_energy(exterior.total(), loops.len());
        if whole >= most {
            return Ok(None);
        }
        let probabilities = probabilities(&loops, &inside, &exterior, workers)?;
        let strands = loops.nick().map(|nick| Strands {
            alone: [
                free_energy(exterior.before[nick.begin], nick.begin),
                free_energy(exterior.behind[nick.end], loops.len() - nick.end),
            ],
            bound: free_energy(exterior.bound(&loops, &inside.closed, nick), loops.len()),
        });
        Ok(Some(Self { len, energy: whole, strands, probabilities }))
    }

    /// As [`Ensemble::scaled`], of the structures that a beam of this width keeps.
    fn in_beam<T: Number>(
        terms: Terms<'_>,
        sequence: &[u8],
        energy: f64,
        most: f64,
        width: usize,
    ) -> Result<Option<Self>, OutOfRange> {
        let (loops, beam) = Beam::<T>::of(terms, sequence, energy, width)?;
        let whole = energy * loops.len() as f64 - terms.weights.rt * beam.total().ln();
        let found = || Self {
            len: sequence.len(),
            energy: whole,
            strands: None,
            probabilities: beam::probabilities(&loops, &beam),
        };
        Ok((whole < most).then(found))
    }

    /// Number of bases of the sequence.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether the sequence is empty.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Free energy of the ensemble in kcal/mol: `-RT ln Z`, with Z the partition function. 0 if no bases can pair.
    pub fn energy(&self) -> f64 {
        self.energy
    }

    /// Free energies of the strands, if there are two ([`Restraints::nick`]).
    ///
    /// ```
    /// use rinalmo_energy::{EnergyModel, Restraints};
    ///
    /// let (model, nick) = (EnergyModel::turner2004(), Restraints::default().nick(8));
    /// let both = model.ensemble_with(b"GGCACGAACUUCGUGCC", nick).strands().unwrap();
    /// assert!((both.alone[1] - model.ensemble(b"CUUCGUGCC").energy()).abs() < 1e-9);
    /// assert!(both.binding() < -10.0); // kcal/mol
    /// ```
    pub fn strands(&self) -> Option<Strands> {
        self.strands
    }

    /// Probability that bases `i` and `j`, counted from 0, are paired with each other.
    ///
    /// # Panics
    /// If `i` or `j` is not below [`Ensemble::len`].
    pub fn probability(&self, i: usize, j: usize) -> f32 {
        assert!(i < self.len && j < self.len, "bases {i} and {j} of {}", self.len);
        self.probabilities.get(i, j)
    }

    /// Probabilities of base `i`, counted from 0, to pair with those after it: with the next `len - 1 - i`, with fewer if pairs
    /// may not span so many bases ([`Restraints::max_span`]), or with those that a beam has kept ([`Restraints::beam`]).
    ///
    /// # Panics
    /// If `i` is not below [`Ensemble::len`].
    pub fn after(&self, i: usize) -> Row<'_> {
        self.probabilities.after(i)
    }

    /// Probabilities of all pairs, `[len, len]`, symmetric, with zeros on the diagonal. They are made for the call if pairs
    /// may not span all bases ([`Restraints::max_span`]) or in a beam ([`Restraints::beam`]), as only some are kept then.
    pub fn probabilities(&self) -> Cow<'_, [f32]> {
        self.probabilities.square()
    }

    /// As [`Ensemble::probabilities`], without a copy if all are kept.
    pub fn into_probabilities(self) -> Vec<f32> {
        self.probabilities.into_square()
    }

    /// Expected distance in base pairs of two structures that are drawn from the ensemble: `Σ 2 p (1 - p)` over all
    /// pairs. RNAfold calls it the ensemble diversity.
    pub fn diversity(&self) -> f64 {
        let all = self.probabilities.all().map(|(.., p)| f64::from(p));
        all.map(|p| 2.0 * p * (1.0 - p)).sum()
    }

    /// Probability of every base to be unpaired, `[len]`.
    pub fn unpaired(&self) -> Vec<f32> {
        self.probabilities.paired().into_iter().map(|paired| (1.0 - paired).max(0.0) as f32).collect()
    }
}

/// Bytes that [`Ensemble::new`] holds at its peak for a sequence of `len` bases, the result included: about `20 ·
/// len²`.
///
/// Bonuses of pairs take `8 · len²` more. A sequence that leaves the range of f64 takes up to twice as much: for example
/// thousands of bases of which half are a perfect helix and the others unpaired.
pub fn memory(len: usize) -> u64 {
    memory_within(len, None)
}

/// As [`memory`], if pairs span at most `max_span` bases ([`Restraints::max_span`]): about `36 · len · max_span`, and 1,400
/// for each base.
pub fn memory_within(len: usize, max_span: impl Into<Option<usize>>) -> u64 {
    outside::bytes(len, max_span.into().unwrap_or(len).min(len)) as u64
}

/// As [`memory`], in a beam of this width ([`Restraints::beam`]): with a minimum of energy found at the
/// same time: about `104 · len · beam`.
pub fn memory_in_beam(len: usize, beam: usize) -> u64 {
    beam::bytes(len, beam) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Largest difference between sums of the same terms that are rounded differently, in kcal/mol.
    const F64: f64 = 1e-9;

    /// The ensemble, each base scaled by this energy.
    fn scaled<T: Number>(sequence: &[u8], energy: f64) -> Result<Ensemble, OutOfRange> {
        let found = Ensemble::scaled::<T>(&Workers::one(), Terms::of_features(), sequence, energy, f64::INFINITY);
        found.map(|ensemble| ensemble.expect("below infinity"))
    }

    #[test]
    fn numbers_of_any_size_give_what_f64_does() {
        let sequence = b"GGGAAAUCCGUUAGGCAAGCGAUUCGCAACCUAACUUUGGAACGCAGUCNAGGGCUGCGAACC".repeat(4);
        let within = |energy| scaled::<f64>(&sequence, energy).ok().expect("within the range of f64");
        let (plain, other) = (within(0.0), within(-0.3));
        let wide = scaled::<Wide>(&sequence, 0.0).ok().expect("a wide number does not overflow");
        for other in [other, wide] {
            assert!((other.energy - plain.energy).abs() < F64, "{} and {}", other.energy, plain.energy);
            assert!(
                other.probabilities().iter().zip(&*plain.probabilities()).all(|(a, b)| (a - b).abs() <= f32::EPSILON)
            );
        }
    }

    #[test]
    fn a_scale_that_is_far_off_is_reported_with_its_correction() {
        let sequence = b"GC".repeat(400);
        let Err(OutOfRange(more)) = scaled::<f64>(&sequence, 0.0) else { panic!("1e900 does not fit into an f64") };
        let better = -more * Terms::of_features().weights.rt;
        assert!((-2.0..-1.0).contains(&better), "{better} kcal/mol a base");
        assert!(scaled::<f64>(&sequence, better).is_ok());
    }

    /// As in a long sequence whose pairs are forbidden, or hardly any.
    #[test]
    fn so_is_one_that_makes_all_sums_vanish() {
        let sequence = [&b"GGGGGAAAACCCCC"[..], &[b'A'; 2000]].concat();
        let Err(OutOfRange(more)) = scaled::<f64>(&sequence, -1.0) else { panic!("1e-1400 does not fit into an f64") };
        let rt = Terms::of_features().weights.rt;
        assert!((more * rt + 1.0).abs() < 0.01, "{} kcal/mol a base", more * rt);
        assert!(scaled::<f64>(&sequence, -1.0 - more * rt).is_ok());
    }

    /// One half is bound by 1.4 kcal/mol a base, the other half not at all.
    #[test]
    fn a_sequence_that_no_scale_fits_is_computed_in_wide_numbers() {
        let helix = b"GC".repeat(300);
        let sequence = [&helix[..], &[b'N'; 600]].concat();
        assert!((0..16).all(|tenths| scaled::<f64>(&sequence, -0.1 * f64::from(tenths)).is_err()));
        let (alone, within) = (Ensemble::new(&helix), Ensemble::new(&sequence));
        assert!((alone.energy - within.energy).abs() < F64, "{} and {}", alone.energy, within.energy);
        for (row, within) in alone.probabilities().chunks(600).zip(within.probabilities().chunks(1200)) {
            assert!(row.iter().zip(within).all(|(a, b)| (a - b).abs() <= f32::EPSILON));
        }
    }

    #[test]
    fn an_ensemble_with_few_pairs_is_not_computed_whole() {
        let (model, sequence) = (crate::EnergyModel::turner2004(), b"GGGAAACCC");
        let whole = model.ensemble(sequence);
        let unpaired = (whole.energy() / model.conditions().rt()).exp() as f32; // the share of the structure without pairs
        let found = |share| model.ensemble_if_paired(sequence, Restraints::default(), share);
        assert_eq!(found(1.0 - unpaired - 1e-5), Some(whole));
        assert_eq!(found(1.0 - unpaired + 1e-5), None);
    }

    /// Most bases are kept from pairing, and the first scale fits nevertheless.
    #[test]
    fn bases_that_may_not_pair_do_not_count_in_the_scale() {
        let sequence = b"GGGGAAAACCCC".repeat(100);
        let len = sequence.len();
        let mut bonuses = vec![f32::NEG_INFINITY; len * len];
        (0..4).for_each(|i| bonuses[i * len + 11 - i] = 0.0);
        let restraints = Restraints::default().bonuses(&bonuses[..]);
        assert_eq!(restraints.share_of_bases(len), 8.0 / 1200.0);
        let terms = Terms { restraints, ..Terms::of_features() };
        let mut scales = 0;
        let first = |energy| {
            scales += 1;
            Ensemble::scaled::<f64>(&Workers::one(), terms, &sequence, energy, f64::INFINITY)
        };
        let found = terms.in_range(&sequence, first, || panic!("a scale fits"));
        assert_eq!(scales, 1);
        assert!(found.is_some_and(|ensemble| ensemble.probability(0, 11) > 0.5));
    }
}
