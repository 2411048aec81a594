//! A predicted quantity against a measured one, such as mean ribosome load: R², squared Pearson correlation, mean
//! squared and mean absolute error.
//!
//! R² and squared Pearson correlation differ: a wrong offset or scale lowers R² but not Pearson. Published figures of
//! the two must not be in one table.

use crate::error::{Error, same_length};

/// Scores of one set of predictions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Regression {
    /// Number of values.
    pub count: usize,
    /// `1 − Σ(y − ŷ)² / Σ(y − ȳ)²`; `None` if all actual values are equal.
    pub r2: Option<f64>,
    /// Squared Pearson correlation; `None` if either side is constant.
    pub pearson_squared: Option<f64>,
    /// Mean squared error.
    pub mse: f64,
    /// Mean absolute error.
    pub mae: f64,
}

impl Regression {
    /// Scores `predicted` against `actual`, value by value.
    ///
    /// # Errors
    /// If the lists are empty or differ in length.
    pub fn of(predicted: &[f64], actual: &[f64]) -> Result<Self, Error> {
        same_length(predicted.len(), actual.len())?;
        let n = actual.len() as f64;
        let mean = |values: &[f64]| values.iter().sum::<f64>() / n;
        let (mean_p, mean_a) = (mean(predicted), mean(actual));

        // Sums of products of deviations, in two passes: one pass would lose digits.
        let mut pp = 0.0;
        let mut aa = 0.0;
        let mut pa = 0.0;
        let (mut squares, mut absolutes) = (0.0, 0.0);
        for (p, a) in predicted.iter().zip(actual) {
            let (dp, da) = (p - mean_p, a - mean_a);
            pp += dp * dp;
            aa += da * da;
            pa += dp * da;
            squares += (p - a) * (p - a);
            absolutes += (p - a).abs();
        }
        Ok(Self {
            count: actual.len(),
            r2: (aa > 0.0).then(|| 1.0 - squares / aa),
            pearson_squared: (aa > 0.0 && pp > 0.0).then(|| (pa / pp) * (pa / aa)),
            mse: squares / n,
            mae: absolutes / n,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_as_worked_by_hand() {
        // Errors .5 −.5 0 −1: squares .25 .25 0 1. Mean actual 2.875, Σ(y − ȳ)² = 29.1875.
        let scores = Regression::of(&[2.5, 0.0, 2.0, 8.0], &[3.0, -0.5, 2.0, 7.0]).unwrap();
        assert_eq!((scores.mse, scores.mae), (0.375, 0.5));
        assert!((scores.r2.unwrap() - (1.0 - 1.5 / 29.1875)).abs() < 1e-12);
        // Mean predicted 3.125: Σdp² = 35.1875, Σdp·da = 67.5 − 4 · 3.125 · 2.875 = 31.5625.
        let pearson_squared = 31.5625f64.powi(2) / (35.1875 * 29.1875);
        assert!((scores.pearson_squared.unwrap() - pearson_squared).abs() < 1e-12);
    }

    #[test]
    fn a_wrong_scale_costs_r2_but_not_pearson() {
        let scores = Regression::of(&[11.0, 12.0, 13.0], &[1.0, 3.0, 5.0]).unwrap();
        assert!((scores.pearson_squared.unwrap() - 1.0).abs() < 1e-12);
        assert!(scores.r2.unwrap() < 0.0);
    }

    #[test]
    fn constant_values_have_no_correlation() {
        let scores = Regression::of(&[1.0, 2.0], &[3.0, 3.0]).unwrap();
        assert_eq!((scores.r2, scores.pearson_squared), (None, None));
        let scores = Regression::of(&[2.0, 2.0], &[1.0, 3.0]).unwrap();
        assert_eq!((scores.r2, scores.pearson_squared), (Some(0.0), None));
    }

    #[test]
    fn lists_that_do_not_match_are_refused() {
        let (predicted, actual) = (1, 2);
        assert_eq!(Regression::of(&[1.0], &[1.0, 2.0]), Err(Error::LengthsDiffer { predicted, actual }));
        assert_eq!(Regression::of(&[], &[]), Err(Error::Empty));
    }
}
