//! How far a figure could be from itself on another sample: percentile intervals by resampling (Efron 1979).
//!
//! Items (structures, sequences) are drawn with replacement, as many as there are, and the figure is computed anew. The
//! draws depend on the seed and the number of items alone, so that figures of the same items are resampled alike.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// How intervals are made.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bootstrap {
    /// How often the items are drawn anew.
    pub resamples: usize,
    /// What the draws depend on.
    pub seed: u64,
    /// Part of the resampled figures that lies in the interval.
    pub level: f64,
}

impl Default for Bootstrap {
    /// A thousand resamples, 95 %.
    fn default() -> Self {
        Self { resamples: 1000, seed: 0, level: 0.95 }
    }
}

/// The ends of an interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

impl Bootstrap {
    /// The interval of `figure`, which is given the drawn items' numbers; `None` without items or resamples.
    pub fn of(&self, items: usize, mut figure: impl FnMut(&[usize]) -> f64) -> Option<Interval> {
        if items == 0 || self.resamples == 0 {
            return None;
        }
        let mut random = fastrand::Rng::with_seed(self.seed ^ (items as u64).rotate_left(32));
        let mut drawn = vec![0; items];
        let mut figures: Vec<f64> = (0..self.resamples)
            .map(|_| {
                drawn.iter_mut().for_each(|item| *item = random.usize(Range { start: 0, end: items }));
                figure(&drawn)
            })
            .collect();
        figures.sort_by(f64::total_cmp);
        let outside = (1.0 - self.level.clamp(0.0, 1.0)) / 2.0;
        Some(Interval { low: quantile(&figures, outside), high: quantile(&figures, 1.0 - outside) })
    }

    /// The interval of a mean.
    pub fn mean(&self, values: &[f64]) -> Option<Interval> {
        self.of(values.len(), |items| items.iter().map(|&item| values[item]).sum::<f64>() / items.len() as f64)
    }

    /// The interval of a mean in which each value counts by its weight.
    pub fn weighted_mean(&self, values: &[f64], weights: &[f64]) -> Option<Interval> {
        self.of(values.len().min(weights.len()), |items| {
            let (mut sum, mut weight) = (0.0, 0.0);
            for &item in items {
                sum += values[item] * weights[item];
                weight += weights[item];
            }
            if weight > 0.0 { sum / weight } else { 0.0 }
        })
    }
}

/// The value below which a part of the sorted values lies, between two of them by their distance.
pub fn quantile(sorted: &[f64], part: f64) -> f64 {
    let place = part.clamp(0.0, 1.0) * sorted.len().saturating_sub(1) as f64;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    match (sorted.get(below), sorted.get(above)) {
        (Some(low), Some(high)) => low + (high - low) * place.fract(),
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_of_a_mean_is_near_its_standard_error() {
        // 0, 1, … 399: standard deviation 115.5, standard error 5.77, 95 % within 1.96 of it.
        let values: Vec<f64> = (0..400).map(f64::from).collect();
        let Interval { low, high } = Bootstrap { resamples: 4000, ..Bootstrap::default() }.mean(&values).unwrap();
        assert!((low - (199.5 - 11.3)).abs() < 0.8 && (high - (199.5 + 11.3)).abs() < 0.8, "{low} {high}");
    }

    #[test]
    fn a_seed_gives_the_same_interval_and_another_seed_another() {
        let values: Vec<f64> = (0..50).map(|n| f64::from(n * n % 17)).collect();
        let interval = |seed| Bootstrap { seed, ..Bootstrap::default() }.mean(&values).unwrap();
        assert_eq!(interval(7), interval(7));
        assert_ne!(interval(7), interval(8));
    }

    #[test]
    fn values_of_weight_zero_do_not_matter() {
        let Interval { low, high } = Bootstrap::default().weighted_mean(&[3.0, 99.0], &[2.0, 0.0]).unwrap();
        assert_eq!((low, high), (0.0, 3.0), "0 where only the second is drawn");
        assert_eq!(Bootstrap::default().mean(&[]), None);
        assert_eq!(Bootstrap::default().mean(&[4.0]), Some(Interval { low: 4.0, high: 4.0 }));
    }

    #[test]
    fn quantiles_lie_between_neighbours() {
        let sorted = [1.0, 2.0, 4.0, 8.0, 16.0];
        assert_eq!([0.0, 0.25, 0.5, 0.875, 1.0].map(|part| quantile(&sorted, part)), [1.0, 2.0, 4.0, 12.0, 16.0]);
    }
}
