//! Compares two predictors on the same items: the mean difference with its interval, and Wilcoxon's signed-rank test
//! (Biometrics Bulletin 1:80, 1945), two-sided.
//!
//! Items on which both are equal are left out of the test; equal differences get their mean rank. Up to [`EXACT`] items
//! the exact distribution is used, ties included. For more items it is approximated by a normal distribution with the
//! variance corrected for ties.

use serde::Serialize;

use crate::bootstrap::{Bootstrap, Interval, Units};
use crate::error::{Error, numbers, same_length};

/// Largest number of items for which the exact distribution is used.
pub const EXACT: usize = 30;

/// One predictor's figures minus the other's.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Paired {
    /// Mean of the differences.
    pub difference: f64,
    /// Its interval.
    pub interval: Option<Interval>,
    /// Number of items on which the first is higher.
    pub higher: usize,
    /// Number of items on which the first is lower.
    pub lower: usize,
    /// Number of items on which both are equal.
    pub equal: usize,
    /// Probability of ranks at least this one-sided if neither predictor were better; 1 if all items are equal.
    pub p: f64,
}

impl Paired {
    /// Compares figures item by item.
    ///
    /// # Errors
    /// If the lists are empty or differ in length, or a figure is not a number.
    pub fn of(first: &[f64], second: &[f64], bootstrap: &Bootstrap) -> Result<Self, Error> {
        Self::over(first, second, bootstrap, &Units::items(first.len()))
    }

    /// As [`Paired::of`], with an interval by drawing whole units. The test itself does not use the units.
    ///
    /// # Errors
    /// As [`Paired::of`].
    pub fn over(first: &[f64], second: &[f64], bootstrap: &Bootstrap, units: &Units) -> Result<Self, Error> {
        same_length(first.len(), second.len())?;
        numbers(first)?;
        numbers(second)?;
        let differences: Vec<f64> = first.iter().zip(second).map(|(a, b)| a - b).collect();
        let count = |of: fn(&f64) -> bool| differences.iter().filter(|difference| of(difference)).count();
        Ok(Self {
            difference: differences.iter().sum::<f64>() / differences.len() as f64,
            interval: bootstrap.mean_over(&differences, units),
            higher: count(|difference| *difference > 0.0),
            lower: count(|difference| *difference < 0.0),
            equal: count(|difference| *difference == 0.0),
            p: wilcoxon(&differences),
        })
    }
}

/// The two-sided p of Wilcoxon's signed-rank test; differences of 0 are left out.
pub fn wilcoxon(differences: &[f64]) -> f64 {
    let mut left: Vec<f64> = differences.iter().copied().filter(|difference| *difference != 0.0).collect();
    if left.is_empty() {
        return 1.0;
    }
    left.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
    // Twice the ranks, so that mean ranks are integers.
    let mut ranks: Vec<usize> = Vec::new();
    let mut ties = 0.0;
    for tied in left.chunk_by(|a, b| a.abs() == b.abs()) {
        let (before, size) = (ranks.len(), tied.len());
        ranks.extend(std::iter::repeat_n(2 * before + size + 1, size));
        ties += (size * size * size - size) as f64;
    }
    let positive: usize =
        ranks.iter().zip(&left).filter(|(_, difference)| **difference > 0.0).map(|(rank, _)| rank).sum();
    if left.len() <= EXACT {
        return exact(&ranks, positive);
    }
    let n = left.len() as f64;
    let mean = n * (n + 1.0) / 4.0;
    let variance = n * (n + 1.0) * (2.0 * n + 1.0) / 24.0 - ties / 48.0;
    let z = (positive as f64 / 2.0 - mean).abs() / variance.sqrt();
    libm::erfc(z / std::f64::consts::SQRT_2).min(1.0)
}

/// Fraction of all choices of signs whose positive ranks sum to a value at least as far from the middle as `found`.
fn exact(ranks: &[usize], found: usize) -> f64 {
    let total: usize = ranks.iter().sum();
    let mut ways = vec![0.0; total + 1]; // counts up to 2^30, exact in f64
    ways[0] = 1.0;
    for &rank in ranks {
        for sum in (rank..=total).rev() {
            ways[sum] += ways[sum - rank];
        }
    }
    let few = found.min(total - found);
    let tail: f64 = ways[..=few].iter().sum();
    (2.0 * tail / 2f64.powi(ranks.len() as i32)).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_items_are_counted_out() {
        // All five above 0: 1 of 32 ways, on either side.
        assert_eq!(wilcoxon(&[0.1, 0.2, 0.3, 0.4, 0.5]), 2.0 / 32.0);
        // Ranks 1 and 2 against 3: exactly the middle.
        assert_eq!(wilcoxon(&[1.0, 2.0, -3.0]), 1.0);
        assert_eq!(wilcoxon(&[1.0, 0.0, 2.0, 3.0]), 0.25);
        assert_eq!(wilcoxon(&[0.0, 0.0]), 1.0);
    }

    #[test]
    fn the_normal_approximation_continues_the_exact_distribution() {
        let negative = |rank: usize| rank.is_multiple_of(3);
        let differences: Vec<f64> =
            (1..=EXACT + 1).map(|rank| if negative(rank) { -(rank as f64) } else { rank as f64 }).collect();
        let ranks: Vec<usize> = (1..=EXACT + 1).map(|rank| 2 * rank).collect();
        let positive = (1..=EXACT + 1).filter(|rank| !negative(*rank)).map(|rank| 2 * rank).sum();
        let (counted, normal) = (exact(&ranks, positive), wilcoxon(&differences));
        assert!(counted < 0.2 && (counted - normal).abs() < 0.05 * counted, "{counted} {normal}");
    }

    #[test]
    fn a_comparison_counts_who_is_higher() {
        let paired = Paired::of(&[0.5, 0.7, 0.2, 0.4], &[0.4, 0.5, 0.3, 0.4], &Bootstrap::default()).unwrap();
        assert!((paired.difference - 0.05).abs() < 1e-12);
        assert_eq!((paired.higher, paired.lower, paired.equal), (2, 1, 1));
        let interval = paired.interval.unwrap();
        assert!(interval.low < 0.05 && 0.05 < interval.high);
    }
}
