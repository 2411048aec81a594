//! Metrics of predictions: plain numbers in, plain numbers out.
//!
//! One module for each kind of figure in the RiNALMo paper:
//!
//! - base pairs of a secondary structure: [`pairs`];
//! - a measured quantity such as ribosome load: [`regression`];
//! - a class such as splice site or RNA family: [`classification`], and [`ranking`] for scores before a threshold;
//! - the language model's own loss: [`perplexity`](mod@perplexity).
//!
//! [`bootstrap`] gives the interval of such a figure. [`paired`] tests whether one predictor is better than another.
//! [`calibration`] measures whether probabilities are right, and [`beta_calibration`] corrects them. Nothing here depends on
//! models, files or tensors.
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

pub mod beta_calibration;
pub mod bootstrap;
pub mod calibration;
pub mod classification;
mod error;
pub mod paired;
pub mod pairs;
pub mod perplexity;
pub mod ranking;
pub mod regression;
pub mod spread;

pub use error::Error;

/// `numerator / denominator`, or 0 if the denominator is 0.
///
/// The published evaluation does the same (scikit-learn's `zero_division=0`).
fn ratio(numerator: usize, denominator: usize) -> f64 {
    if denominator == 0 { 0.0 } else { numerator as f64 / denominator as f64 }
}

/// Harmonic mean of precision and recall; 0 if their sum is below 1e-5, as in the published evaluation.
fn harmonic(precision: f64, recall: f64) -> f64 {
    if precision + recall < 1e-5 { 0.0 } else { 2.0 * precision * recall / (precision + recall) }
}
