//! From pairing probabilities to a structure in which every base has at most one partner.
//!
//! There are five decoders. All choose from the same candidates: pairs of canonical letters that are far enough apart,
//! more probable than a threshold, and allowed by the constraint.
//!
//! - [`greedy`] is the paper's (RiNALMo, section 4.4) and may return pseudoknots.
//! - [`nested`] finds the best structure without pseudoknots.
//! - [`f1`] finds the best structure without pseudoknots and a threshold for each sequence.
//! - [`mea`] finds the structure without pseudoknots in which the most bases are expected to be right.
//! - [`centroid`] takes the pairs more probable than a half.

mod candidates;
pub mod constraint;
mod crossing;
mod f1;
#[cfg(test)]
mod golden;
mod greedy;
#[cfg(test)]
mod laws;
mod map;
mod mea;
mod nested;

use rinalmo_seq::Structure;
use serde::{Deserialize, Serialize};

use constraint::{Constraint, ConstraintError};

pub use crossing::crossing;
pub use f1::f1;
pub use greedy::greedy;
pub use map::Map;
use map::Rows;
pub use mea::mea;
pub use nested::nested;

/// Which pairs a decoder may choose.
///
/// ```
/// use rinalmo_decode::DecodeOptions;
///
/// let options = DecodeOptions::default().threshold(0.3).non_canonical(true);
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct DecodeOptions {
    /// Pairs must be more probable than this. Fine-tuned checkpoints contain their own threshold.
    pub threshold: f32,
    /// Fewest bases between two that pair; 3 forbids `|i − j| < 4`, as in the paper.
    pub min_loop: usize,
    /// Whether letters other than AU, GC and GU may pair.
    pub non_canonical: bool,
    /// For [`f1`]: pairs must be more probable than this share of the largest expected F1. A half would be right if
    /// probabilities were; on families unseen in training they are too low.
    pub f1_share: f32,
    /// For [`mea`]: how much a base in a right pair counts, compared with a right unpaired base.
    pub gamma: f32,
    /// What is known about the structure in advance.
    pub constraint: Option<Constraint>,
}

impl Default for DecodeOptions {
    fn default() -> Self {
        Self { threshold: 0.5, min_loop: 3, non_canonical: false, f1_share: 0.35, gamma: 1.0, constraint: None }
    }
}

impl DecodeOptions {
    /// Sets [`DecodeOptions::threshold`].
    #[must_use]
    pub fn threshold(mut self, threshold: f32) -> Self {
        self.threshold = threshold;
        self
    }

    /// Sets [`DecodeOptions::min_loop`].
    #[must_use]
    pub fn min_loop(mut self, min_loop: usize) -> Self {
        self.min_loop = min_loop;
        self
    }

    /// Sets [`DecodeOptions::non_canonical`].
    #[must_use]
    pub fn non_canonical(mut self, non_canonical: bool) -> Self {
        self.non_canonical = non_canonical;
        self
    }

    /// Sets [`DecodeOptions::f1_share`].
    #[must_use]
    pub fn f1_share(mut self, f1_share: f32) -> Self {
        self.f1_share = f1_share;
        self
    }

    /// Sets [`DecodeOptions::gamma`].
    #[must_use]
    pub fn gamma(mut self, gamma: f32) -> Self {
        self.gamma = gamma;
        self
    }

    /// Sets [`DecodeOptions::constraint`].
    #[must_use]
    pub fn constraint(mut self, constraint: impl Into<Option<Constraint>>) -> Self {
        self.constraint = constraint.into();
        self
    }
}

/// Which decoder to use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// The paper's: the most probable pair first, pseudoknots allowed.
    #[default]
    Greedy,
    /// The best structure without pseudoknots.
    Nested,
    /// The best structure without pseudoknots, at a threshold that depends on the largest expected F1.
    F1,
    /// The structure without pseudoknots of maximum expected accuracy.
    Mea,
    /// The pairs more probable than a half, without pseudoknots.
    Centroid,
}

impl Method {
    /// Its name in files and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Greedy => "greedy",
            Self::Nested => "nested",
            Self::F1 => "f1",
            Self::Mea => "mea",
            Self::Centroid => "centroid",
        }
    }

    /// All methods.
    pub const ALL: [Self; 5] = [Self::Greedy, Self::Nested, Self::F1, Self::Mea, Self::Centroid];

    /// The method of this name, if there is one.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.name() == name)
    }

    /// The method to use if every sequence has the same threshold: `nested` in place of `f1`.
    pub fn of_one_threshold(self) -> Self {
        if self == Self::F1 { Self::Nested } else { self }
    }

    /// Decodes by this method; see [`greedy`], [`nested`], [`f1`], [`mea`] and [`centroid`].
    ///
    /// # Errors
    /// See [`DecodeError`].
    pub fn decode<'a>(
        self,
        map: impl Into<Map<'a>>,
        sequence: &[u8],
        options: &DecodeOptions,
    ) -> Result<Decoded, DecodeError> {
        match self {
            Self::Greedy => greedy(map, sequence, options),
            Self::Nested => nested(map, sequence, options),
            Self::F1 => f1(map, sequence, options),
            Self::Mea => mea(map, sequence, options),
            Self::Centroid => centroid(map, sequence, options),
        }
    }

    /// Decodes at each of several thresholds, in their order, instead of the options' own.
    ///
    /// The greedy decoder chooses pairs in order of probability. So its result at a threshold is its result at a lower
    /// one, without the pairs that do not pass, and one decoding at the lowest threshold gives all of them; a
    /// constraint may require pairs that do not pass, and then each threshold is decoded. The other decoders run again
    /// for each threshold.
    ///
    /// # Errors
    /// See [`DecodeError`].
    pub fn decode_at<'a>(
        self,
        map: impl Into<Map<'a>>,
        sequence: &[u8],
        options: &DecodeOptions,
        thresholds: impl Iterator<Item = f32> + Clone,
    ) -> Result<Vec<Decoded>, DecodeError> {
        let map = map.into();
        let at = |threshold: f32| self.decode(map.clone(), sequence, &DecodeOptions { threshold, ..options.clone() });
        if self != Self::Greedy || options.constraint.is_some() {
            return thresholds.map(at).collect();
        }
        let Some(lowest) = thresholds.clone().reduce(f32::min) else { return Ok(Vec::new()) };
        let Decoded { len, pairs, .. } = at(lowest)?;
        let passing = |threshold: f32| pairs.iter().copied().filter(|&(.., p)| p > threshold).collect();
        Ok(thresholds.map(|threshold| Decoded { len, pairs: passing(threshold), threshold }).collect())
    }
}

/// Decodes a map to the pairs more probable than a half. In an ensemble of structures without pseudoknots no two of them
/// cross; of other maps this is [`nested`] with that threshold. [`DecodeOptions::threshold`] has no effect.
///
/// The result is the structure with the least expected number of wrong and missing pairs (Ding, Chan and Lawrence, RNA 11
/// (2005) 1157).
///
/// # Errors
/// As those of [`nested`].
pub fn centroid<'a>(map: impl Into<Map<'a>>, sequence: &[u8], options: &DecodeOptions) -> Result<Decoded, DecodeError> {
    nested(map, sequence, &DecodeOptions { threshold: 0.5, ..options.clone() })
}

/// A decoded structure with the probability of each pair.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Decoded {
    /// Number of bases.
    pub len: usize,
    /// `(i, j, probability)`, 0-based, `i < j`, sorted by `i`; no position occurs twice.
    pub pairs: Vec<(usize, usize, f32)>,
    /// The threshold that the pairs passed: the options' own, or the one that [`f1`] found.
    pub threshold: f32,
}

impl Decoded {
    fn new(len: usize, mut pairs: Vec<(usize, usize, f32)>, threshold: f32) -> Self {
        pairs.sort_unstable_by_key(|&(i, ..)| i);
        Self { len, pairs, threshold }
    }

    /// The pairs without their probabilities.
    pub fn structure(&self) -> Structure {
        let pairs = self.pairs.iter().map(|&(i, j, _)| (i, j)).collect();
        Structure::new(self.len, pairs).expect("a decoder pairs distinct positions of its sequence only")
    }

    /// The expected F1 of these pairs if the map's probabilities are calibrated: about
    /// `2 · Σ_chosen p / (chosen + Σ_all p)`. Pairs with fewer than `min_loop` bases between them are not in `Σ_all`.
    ///
    /// # Panics
    /// If the map is not of this sequence.
    pub fn expected_f1<'a>(&self, map: impl Into<Map<'a>>, min_loop: usize) -> f32 {
        let rows = map.into().rows(self.len).expect("the map that was decoded");
        self.expected_f1_of(expected_pairs(&rows, min_loop))
    }

    /// As [`Decoded::expected_f1`], given the result of [`expected_pairs`] for the map.
    fn expected_f1_of(&self, all: f32) -> f32 {
        let right: f32 = self.pairs.iter().map(|(.., p)| p).sum();
        2.0 * right / (self.pairs.len() as f32 + all).max(1e-6)
    }

    /// Mean probability of the chosen pairs; `None` if there are none.
    pub fn mean_probability(&self) -> Option<f32> {
        let sum: f64 = self.pairs.iter().map(|&(.., p)| f64::from(p)).sum();
        (!self.pairs.is_empty()).then(|| (sum / self.pairs.len() as f64) as f32)
    }
}

/// Expected number of pairs; pairs with fewer than `min_loop` bases between them are left out.
fn expected_pairs(rows: &Rows<'_>, min_loop: usize) -> f32 {
    let (mut all, mut of_row, mut row) = (0.0, 0.0, 0);
    rows.each(|i, j, p| {
        if i != row {
            (all, of_row, row) = (all + of_row, 0.0, i);
        }
        of_row += if j - i > min_loop { p.max(0.0) } else { 0.0 };
    });
    all + of_row
}

/// Why a map could not be decoded.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The map is not `len × len`.
    #[error("decode: the map has {found} probabilities, a sequence of {len} bases needs {len} × {len}")]
    MapSize {
        /// Numbers in the map.
        found: usize,
        /// Bases in the sequence.
        len: usize,
    },
    /// The threshold is not a number.
    #[error("decode: the threshold is NaN, expected a probability")]
    Threshold,
    /// The constraint does not fit the sequence or the options.
    #[error(transparent)]
    Constraint(#[from] ConstraintError),
}

/// Decodes a map that is zero except for `entries`, under a constraint if its text is not empty.
#[cfg(test)]
fn decode_entries(
    method: Method,
    options: DecodeOptions,
    entries: &[(usize, usize, f32)],
    sequence: &str,
    constraint: &str,
) -> Vec<(usize, usize)> {
    let len = sequence.len();
    let mut map = vec![0.0; len * len];
    for &(i, j, p) in entries {
        map[i * len + j] = p;
    }
    let constraint = (!constraint.is_empty()).then(|| constraint.parse().unwrap());
    let decoded = method.decode(&map, sequence.as_bytes(), &DecodeOptions { constraint, ..options }).unwrap();
    decoded.structure().pairs().to_vec()
}
