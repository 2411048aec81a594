//! How good is a prediction: plain numbers in, plain numbers out.
//!
//! The figures of the RiNALMo paper are of four kinds, and each has a module: base pairs of a
//! secondary structure ([`pairs`]), a measured quantity such as ribosome load ([`regression`]),
//! a class such as splice site or RNA family ([`classification`], and [`ranking`] where a score comes before the choice),
//! and the language model's own loss ([`perplexity`](mod@perplexity)). How sure one may be of such a figure says
//! [`bootstrap`], whether one predictor beats another [`paired`], whether its probabilities are what they claim
//! [`calibration`], and [`mod@platt`] makes them so. Nothing here knows of models, files or tensors.
//!
//! ```
//! use rinalmo_metrics::pairs::{PairCounts, Summary};
//!
//! let reference = [(0, 20), (1, 19), (2, 18)];
//! let predicted = [(0, 20), (1, 18)]; // the second pair is one position off
//!
//! let strict = PairCounts::strict(&predicted, &reference).score();
//! let relaxed = PairCounts::relaxed(&predicted, &reference).score();
//! assert_eq!((strict.precision, relaxed.precision), (0.5, 1.0));
//!
//! let summary = Summary::of([(21, relaxed)]);
//! assert_eq!(summary.mean.recall, 1.0);
//! ```

pub mod bootstrap;
pub mod calibration;
pub mod classification;
mod error;
pub mod paired;
pub mod pairs;
pub mod perplexity;
pub mod platt;
pub mod ranking;
pub mod regression;
pub mod spread;

pub use error::Error;

/// `numerator / denominator`, and 0 where there is nothing to divide by.
///
/// This is what the published evaluation does (scikit-learn's `zero_division=0`).
fn ratio(numerator: usize, denominator: usize) -> f64 {
    if denominator == 0 { 0.0 } else { numerator as f64 / denominator as f64 }
}

/// Harmonic mean of precision and recall, and 0 where their sum is under 1e-5, as published.
fn harmonic(precision: f64, recall: f64) -> f64 {
    if precision + recall < 1e-5 { 0.0 } else { 2.0 * precision * recall / (precision + recall) }
}
