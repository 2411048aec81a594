//! How far a figure could differ on another sample: percentile intervals by resampling (Efron 1979).
//!
//! Items (structures, sequences) are drawn with replacement, as many as there are, and the figure is computed again.
//! The draws depend only on the seed and the number of items, so figures of the same items are computed on the same
//! draws.
//!
//! Items of one cluster or family do not vary independently: ten copies of a structure are one observation. If the
//! groups are known, whole groups are drawn ([`Units`]; Field & Welsh 2007); otherwise intervals would be too narrow.

use std::collections::HashMap;
use std::hash::Hash;
use std::ops::Range;

use serde::{Deserialize, Serialize};

/// How intervals are computed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bootstrap {
    /// Number of resamples.
    pub resamples: usize,
    /// Seed of the draws.
    pub seed: u64,
    /// Fraction of the resampled figures that is inside the interval, from 0 to 1.
    pub level: f64,
}

impl Default for Bootstrap {
    /// A thousand resamples, seed 0, 95 %.
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

/// What is drawn together: each unit is a list of item indices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Units(Vec<Vec<usize>>);

impl Units {
    /// Every item is its own unit.
    pub fn items(count: usize) -> Self {
        Self((0..count).map(|item| vec![item]).collect())
    }

    /// Items of the same group are one unit; an item without a group is its own unit.
    pub fn groups<K: Hash + Eq>(of_items: impl IntoIterator<Item = Option<K>>) -> Self {
        let (mut units, mut known) = (Vec::<Vec<usize>>::new(), HashMap::new());
        for (item, group) in of_items.into_iter().enumerate() {
            let new = units.len();
            match group.map_or(new, |group| *known.entry(group).or_insert(new)) {
                unit if unit == new => units.push(vec![item]),
                unit => units[unit].push(item),
            }
        }
        Self(units)
    }

    /// Number of units.
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

impl Bootstrap {
    /// The interval of `figure`, a function of the drawn items' indices; `None` without items or resamples.
    pub fn of(&self, items: usize, figure: impl FnMut(&[usize]) -> f64) -> Option<Interval> {
        self.over(&Units::items(items), figure)
    }

    /// The interval of `figure` by drawing whole units, as many as there are. `None` also if all of several items are
    /// one unit: one unit does not show how much units differ.
    pub fn over(&self, units: &Units, mut figure: impl FnMut(&[usize]) -> f64) -> Option<Interval> {
        let count = units.count();
        if count == 0 || self.resamples == 0 || (count == 1 && units.0[0].len() > 1) {
            return None;
        }
        let mut random = fastrand::Rng::with_seed(self.seed ^ (count as u64).rotate_left(32));
        let mut drawn = Vec::new();
        let mut figures: Vec<f64> = (0..self.resamples)
            .map(|_| {
                drawn.clear();
                (0..count).for_each(|_| drawn.extend(&units.0[random.usize(Range { start: 0, end: count })]));
                figure(&drawn)
            })
            .collect();
        figures.sort_by(f64::total_cmp);
        let outside = (1.0 - self.level.clamp(0.0, 1.0)) / 2.0;
        Some(Interval { low: quantile(&figures, outside), high: quantile(&figures, 1.0 - outside) })
    }

    /// The interval of a mean.
    pub fn mean(&self, values: &[f64]) -> Option<Interval> {
        self.mean_over(values, &Units::items(values.len()))
    }

    /// The interval of a mean by drawing whole units.
    pub fn mean_over(&self, values: &[f64], units: &Units) -> Option<Interval> {
        self.over(units, |items| items.iter().map(|&item| values[item]).sum::<f64>() / items.len() as f64)
    }

    /// The interval of a weighted mean.
    pub fn weighted_mean(&self, values: &[f64], weights: &[f64]) -> Option<Interval> {
        self.weighted_mean_over(values, weights, &Units::items(values.len().min(weights.len())))
    }

    /// The interval of a weighted mean by drawing whole units.
    pub fn weighted_mean_over(&self, values: &[f64], weights: &[f64], units: &Units) -> Option<Interval> {
        self.over(units, |items| {
            let (mut sum, mut weight) = (0.0, 0.0);
            for &item in items {
                sum += values[item] * weights[item];
                weight += weights[item];
            }
            if weight > 0.0 { sum / weight } else { 0.0 }
        })
    }
}

/// The quantile `part` (from 0 to 1) of sorted values, interpolated linearly between neighbours; 0 without values.
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
    fn copies_of_an_observation_make_no_interval_narrower() {
        let values: Vec<f64> = (0..40).map(|n| f64::from(n * n % 17)).collect();
        let copies: Vec<f64> = values.iter().flat_map(|&value| [value; 10]).collect();
        let groups = Units::groups((0..400).map(|item| Some(item / 10)));
        let bootstrap = Bootstrap::default();
        let (once, grouped) = (bootstrap.mean(&values).unwrap(), bootstrap.mean_over(&copies, &groups).unwrap());
        assert!((once.low - grouped.low).abs() < 1e-9 && (once.high - grouped.high).abs() < 1e-9, "the same draws");
        let blind = bootstrap.mean(&copies).unwrap();
        assert!(blind.high - blind.low < 0.5 * (once.high - once.low), "{blind:?} {once:?}");
    }

    #[test]
    fn items_without_a_group_are_units_and_one_group_has_no_interval() {
        let units = Units::groups([Some("a"), None, Some("b"), Some("a"), None]);
        assert_eq!(units.0, [vec![0, 3], vec![1], vec![2], vec![4]]);
        assert_eq!(Bootstrap::default().mean_over(&[1.0, 2.0], &Units::groups([Some(1), Some(1)])), None);
        let weighted = Bootstrap::default().weighted_mean_over(
            &[3.0, 3.0, 9.0],
            &[1.0, 5.0, 0.0],
            &Units::groups([Some(1), Some(1), Some(1)]),
        );
        assert_eq!(weighted, None);
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
