//! More than one structure of a sequence.

use rinalmo_energy::{Cluster, Conformation, EnergyModel, Ensemble, Restraints, clusters};
use rinalmo_seq::Structure;

use crate::Error;

/// Which structures of an ensemble to return.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Alternatives {
    /// Structures drawn by their probabilities, in the order of the draws; the same ones for the same sequence and seed.
    Samples {
        /// How many.
        count: usize,
        /// Of the random numbers.
        seed: u64,
    },
    /// A few structures that differ from each other, with their shares of the ensemble: centroids of clusters of drawn
    /// structures ([`clusters`]), the largest first. Under a constraint, or without lonely pairs, which a centroid need not
    /// obey, the drawn structure that is nearest to it stands for it.
    Clusters {
        /// The most that are returned.
        most: usize,
        /// How many structures are drawn.
        samples: usize,
        /// Of the random numbers.
        seed: u64,
    },
    /// All structures whose energy is within this band above the minimum, in kcal/mol, by energy. With a network it is the
    /// energy with what the network adds, which is rounded to a hundredth for each pair.
    Band(f64),
}

/// One of several structures of a sequence.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Alternative {
    /// Its pairs as dot-bracket text, with `&` between two strands.
    pub dot_bracket: String,
    /// Its free energy in kcal/mol; of a network in an ensemble, with what the network adds.
    pub energy: f64,
    /// Its probability in the ensemble; of a cluster, the share of its members.
    pub share: f64,
}

impl Alternative {
    /// Its pairs.
    pub fn structure(&self) -> Structure {
        Structure::parse_strands(&self.dot_bracket).expect("text made from pairs that do not cross")
    }
}

/// The most structures of a band that are returned: more would hardly be read.
const MOST: u64 = 500_000;

/// The part of the memory that structures of a band may take.
const PART: u64 = 4;

/// Bytes of a structure beside those that grow with the sequence.
const EACH: u64 = 120;

/// Bytes of the distances that clusters are made from, for each drawn structure.
const DISTANCES: u64 = 256 * 8;

impl Alternatives {
    /// Structures that are drawn for [`Alternatives::Clusters`], unless another number is asked for.
    pub const DRAWN: usize = 1000;
    /// The random numbers, unless others are asked for.
    pub const SEED: u64 = 1;

    /// What these numbers ask for, as `--band`, `--alternatives`, `--samples` and `--seed` do.
    ///
    /// # Errors
    /// [`Error::Options`]: a number that the others leave without use.
    pub fn asked(
        band: Option<f64>,
        alternatives: Option<usize>,
        samples: Option<usize>,
        seed: Option<u64>,
    ) -> Result<Option<Self>, Error> {
        let unused = |message: &str| Err(Error::Options(message.to_owned()));
        let drawn_by = seed.unwrap_or(Self::SEED);
        Ok(match (band, alternatives, samples, seed) {
            (None, None, None, None) => None,
            (Some(band), None, None, None) => Some(Self::Band(band)),
            (Some(_), ..) => {
                return unused("band: nothing is drawn, so `samples`, `alternatives` and `seed` have no use");
            }
            (None, Some(most), samples, _) => {
                Some(Self::Clusters { most, samples: samples.unwrap_or(Self::DRAWN), seed: drawn_by })
            }
            (None, None, Some(count), _) => Some(Self::Samples { count, seed: drawn_by }),
            (None, None, None, Some(_)) => return unused("seed: nothing is drawn without `samples` or `alternatives`"),
        })
    }

    /// # Errors
    /// There is nothing to return, or the band is no energy.
    pub(crate) fn check(self) -> Result<(), Error> {
        let wrong = match self {
            Self::Samples { count: 0, .. } | Self::Clusters { samples: 0, .. } => {
                "samples: expected at least 1, found 0"
            }
            Self::Clusters { most: 0, .. } => "alternatives: expected at least 1, found 0",
            Self::Band(band) if !(0.0..=1e4).contains(&band) => {
                return Err(Error::Options(format!("band: expected 0 to 10000 kcal/mol, found {band}")));
            }
            _ => return Ok(()),
        };
        Err(Error::Options(wrong.to_owned()))
    }

    /// Bytes that the structures of a sequence take at most. Those of a band are limited to a part of the budget.
    pub(crate) fn bytes(self, len: usize, budget: u64) -> u64 {
        let of = |count: u64, more: u64| count.saturating_mul(each(len) + more);
        match self {
            Self::Samples { count, .. } => of(count as u64, 0),
            Self::Clusters { samples, .. } => of(samples as u64, DISTANCES),
            Self::Band(_) => of(limit(len, budget), 0),
        }
    }

    /// The structures; `obey`: what a centroid of them may break counts.
    ///
    /// # Errors
    /// The band has more than may be returned.
    pub(crate) fn of(
        self,
        model: &EnergyModel,
        sequence: &[u8],
        restraints: Restraints<'_>,
        obey: bool,
        ensemble: &Ensemble,
        budget: u64,
    ) -> Result<Vec<Alternative>, Error> {
        let share = |pairs: &[_]| model.share(sequence, restraints, ensemble, pairs).expect("it is in the ensemble");
        let drawn = |count: usize, seed: u64| model.sample_with(sequence, restraints, count, seed);
        let evaluated = |pairs: &[_]| model.energy_with(sequence, restraints, pairs).expect("its pairs do not cross");
        let of = |pairs: &[(usize, usize)], energy: f64, share: f64| {
            let structure = Structure::new(sequence.len(), pairs.to_vec()).expect("pairs of bases of the sequence");
            let structure = structure.with_nick(restraints.nick);
            Alternative { dot_bracket: structure.to_dot_bracket().expect("pairs that do not cross"), energy, share }
        };
        Ok(match self {
            Self::Samples { count, seed } => {
                drawn(count, seed).iter().map(|pairs| of(pairs, evaluated(pairs), share(pairs))).collect()
            }
            Self::Clusters { most, samples, seed } => {
                let found = clusters(&drawn(samples, seed), most);
                let shown = |cluster: &Cluster| {
                    let pairs = if obey { &cluster.nearest } else { &cluster.pairs };
                    of(pairs, evaluated(pairs), cluster.share)
                };
                found.iter().map(shown).collect()
            }
            Self::Band(band) => {
                let found = model.suboptimal_with(sequence, restraints, band, limit(sequence.len(), budget) as usize);
                let found = found.map_err(|many| Error::TooManyStructures { limit: many.limit, band })?;
                found.iter().map(|Conformation { pairs, energy, .. }| of(pairs, *energy, share(pairs))).collect()
            }
        })
    }
}

/// The most structures of a band, for a sequence of `len` bases.
fn limit(len: usize, budget: u64) -> u64 {
    (budget / PART / each(len)).min(MOST)
}

/// Bytes of a structure: of its text, and of its pairs before.
fn each(len: usize) -> u64 {
    9 * len as u64 + EACH
}
