//! The structure of minimum free energy, and structures drawn from the ensemble.

use crate::beam::{Beam, BeamTrace};
use crate::exterior::Exterior;
use crate::inside::{Inside, OutOfRange};
use crate::least::Least;
use crate::loops::Loops;
use crate::number::{Number, Wide};
use crate::restraints::Restraints;
use crate::sums::{Sums, Terms};
use crate::trace::{Drawn, First, Trace};
use crate::weights::Weights;
use crate::workers::Workers;

/// The pairs of a structure, 0-based, `i < j`, by increasing `i`.
pub(crate) type Pairs = Vec<(usize, usize)>;

/// A secondary structure and its free energy.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Conformation {
    /// Its pairs, 0-based, `i < j`, by increasing `i`.
    pub pairs: Vec<(usize, usize)>,
    /// Its free energy in kcal/mol; 0 if it has no pairs.
    pub energy: f64,
}

/// Calls `find` with the least energies of all spans of a sequence, in one thread of the pool.
pub(crate) fn with_least<R: Send>(
    weights: &Weights<Least>,
    workers: &Workers,
    sequence: &[u8],
    restraints: Restraints<'_>,
    find: impl FnOnce(&Trace<'_, Least>) -> R + Send,
) -> R {
    workers.enter(|| {
        let loops = Loops::new(sequence, weights, restraints, 0.0);
        let inside = Inside::new(&loops, workers).ok().expect("energies do not leave their range");
        let exterior = Exterior::new(&loops, &inside.closed);
        find(&Trace::new(&loops, &inside, &exterior))
    })
}

/// The structure of minimum free energy (Zuker and Stiegler, Nucleic Acids Res. 9 (1981) 133).
pub(crate) fn mfe(trace: &Trace<'_, Least>) -> Conformation {
    Conformation { pairs: trace.structure(&mut First), energy: f64::from(trace.total().0) / 100.0 }
}

/// The same of the structures that a beam of this width keeps.
pub(crate) fn mfe_in_beam(
    weights: &Weights<Least>,
    sequence: &[u8],
    restraints: Restraints<'_>,
    width: usize,
) -> Conformation {
    let loops = Loops::new(sequence, weights, restraints, 0.0);
    let beam = Beam::<Least>::new(&loops, width).ok().expect("energies do not leave their range");
    let pairs = BeamTrace::new(&loops, &beam).structure(&mut First);
    Conformation { pairs, energy: f64::from(beam.total().0) / 100.0 }
}

/// So many structures drawn by their probabilities.
pub(crate) fn sample(workers: &Workers, terms: Terms<'_>, sequence: &[u8], count: usize, seed: u64) -> Vec<Pairs> {
    let draws = Draws { count, seed };
    workers.enter(|| {
        terms.in_range(
            sequence,
            |energy| draws.scaled::<f64>(workers, terms, sequence, energy),
            || draws.scaled::<Wide>(workers, terms, sequence, 0.0),
        )
    })
}

/// How many structures are drawn, and which.
struct Draws {
    count: usize,
    seed: u64,
}

impl Draws {
    /// The structures, each base scaled by the `energy` it is estimated to contribute, in kcal/mol.
    fn scaled<T: Number>(
        &self,
        workers: &Workers,
        terms: Terms<'_>,
        sequence: &[u8],
        energy: f64,
    ) -> Result<Vec<Pairs>, OutOfRange> {
        if let Some(width) = terms.restraints.beam {
            let (loops, beam) = Beam::<T>::of(terms, sequence, energy, width)?;
            let trace = BeamTrace::new(&loops, &beam);
            return Ok(self.all(|chooser| trace.structure(chooser)));
        }
        let Sums { loops, inside, exterior } = Sums::<T>::new(workers, terms, sequence, energy)?;
        let trace = Trace::new(&loops, &inside, &exterior);
        Ok(self.all(|chooser| trace.structure(chooser)))
    }

    fn all(&self, structure: impl Fn(&mut Drawn<'_>) -> Pairs) -> Vec<Pairs> {
        let mut rng = fastrand::Rng::with_seed(self.seed);
        (0..self.count).map(|_| structure(&mut Drawn(&mut rng))).collect()
    }
}
