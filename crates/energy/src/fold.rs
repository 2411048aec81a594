//! The structure of minimum free energy, and structures drawn from the ensemble.

use crate::exterior::Exterior;
use crate::inside::Inside;
use crate::least::Least;
use crate::loops::Loops;
use crate::number::{Number, Wide};
use crate::sums::{Sums, Terms};
use crate::trace::{Drawn, First, Trace};
use crate::weights::Weights;
use crate::workers::Workers;

/// A structure of minimum free energy.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Mfe {
    /// Its pairs, 0-based, `i < j`, by increasing `i`.
    pub pairs: Vec<(usize, usize)>,
    /// Its free energy in kcal/mol; 0 if it has no pairs.
    pub energy: f64,
}

/// The structure of minimum free energy (Zuker and Stiegler, Nucleic Acids Res. 9 (1981) 133).
pub(crate) fn mfe(weights: &Weights<Least>, workers: &Workers, sequence: &[u8], bonuses: Option<&[f32]>) -> Mfe {
    workers.enter(|| {
        let loops = Loops::new(sequence, weights, bonuses, 0.0);
        let inside = Inside::new(&loops, workers).ok().expect("energies do not leave their range");
        let exterior = Exterior::new(&loops, &inside.closed);
        let trace = Trace { loops: &loops, inside: &inside, before: &exterior.before };
        Mfe { pairs: trace.structure(&mut First), energy: f64::from(exterior.total().0) / 100.0 }
    })
}

/// So many structures drawn by their probabilities.
pub(crate) fn sample(
    weights: &Weights,
    workers: &Workers,
    sequence: &[u8],
    count: usize,
    seed: u64,
) -> Vec<Vec<(usize, usize)>> {
    let terms = Terms { weights, bonuses: None };
    workers.enter(|| {
        terms.in_range(
            sequence,
            |energy| Ok(drawn(&Sums::<f64>::new(workers, terms, sequence, energy)?, count, seed)),
            || Ok(drawn(&Sums::<Wide>::new(workers, terms, sequence, 0.0)?, count, seed)),
        )
    })
}

fn drawn<T: Number>(sums: &Sums<'_, T>, count: usize, seed: u64) -> Vec<Vec<(usize, usize)>> {
    let trace = Trace { loops: &sums.loops, inside: &sums.inside, before: &sums.exterior.before };
    let mut rng = fastrand::Rng::with_seed(seed);
    (0..count).map(|_| trace.structure(&mut Drawn(&mut rng))).collect()
}
