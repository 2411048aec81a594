//! Calibration: of all predictions with probability 0.7, do 70 % come true?
//!
//! Predictions are sorted by probability into bins of equal width. The expected calibration error is the mean
//! difference between a bin's mean probability and the fraction of its predictions that came true, weighted by the
//! number of predictions (Naeini, Cooper & Hauskrecht, AAAI 2015).

use std::ops::AddAssign;

/// One bin.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Bin {
    /// Number of predictions in the bin.
    pub count: u64,
    /// How many came true.
    pub hits: u64,
    probabilities: f64,
}

impl Bin {
    /// Mean probability of its predictions; `None` if it has none.
    pub fn mean_probability(&self) -> Option<f64> {
        (self.count > 0).then(|| self.probabilities / self.count as f64)
    }

    /// Fraction of its predictions that came true; `None` if it has none.
    pub fn frequency(&self) -> Option<f64> {
        (self.count > 0).then(|| self.hits as f64 / self.count as f64)
    }
}

impl AddAssign for Bin {
    fn add_assign(&mut self, other: Self) {
        self.count += other.count;
        self.hits += other.hits;
        self.probabilities += other.probabilities;
    }
}

/// Predictions in bins of equal width from probability 0 to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    bins: Vec<Bin>,
}

impl Calibration {
    /// `bins` empty bins, at least one.
    pub fn new(bins: usize) -> Self {
        Self { bins: vec![Bin::default(); bins.max(1)] }
    }

    /// Adds a prediction: its probability, and whether it came true. A bin includes its lower end; the last includes 1.
    pub fn add(&mut self, probability: f64, came_true: bool) {
        self.add_many(probability, 1, u64::from(came_true));
    }

    /// Adds `count` predictions of one probability, of which `hits` came true.
    pub fn add_many(&mut self, probability: f64, count: u64, hits: u64) {
        let last = self.bins.len() - 1;
        let bin = ((probability * self.bins.len() as f64) as usize).min(last); // NaN and below 0 are in the first
        self.bins[bin] += Bin { count, hits, probabilities: probability * count as f64 };
    }

    /// The bins, of equal width from 0 to 1.
    pub fn bins(&self) -> &[Bin] {
        &self.bins
    }

    /// Number of predictions in all bins.
    pub fn count(&self) -> u64 {
        self.bins.iter().map(|bin| bin.count).sum()
    }

    /// The expected calibration error; `None` without predictions.
    pub fn expected_error(&self) -> Option<f64> {
        let distance = |bin: &Bin| (bin.probabilities - bin.hits as f64).abs();
        (self.count() > 0).then(|| self.bins.iter().map(distance).sum::<f64>() / self.count() as f64)
    }
}

impl AddAssign<&Calibration> for Calibration {
    /// Adds the predictions of another calibration with as many bins.
    fn add_assign(&mut self, other: &Calibration) {
        self.bins.iter_mut().zip(&other.bins).for_each(|(bin, other)| *bin += *other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_is_as_worked_by_hand() {
        let mut all = Calibration::new(2);
        for (probability, came_true) in [(0.1, false), (0.3, true), (0.5, true), (0.9, false), (1.0, true)] {
            all.add(probability, came_true);
        }
        // Bins: {.1 .3}, mean .2, 1 of 2; {.5 .9 1}, mean .8, 2 of 3. (2 · .3 + 3 · .1333…) / 5 = .2
        assert_eq!(all.bins().iter().map(|bin| (bin.count, bin.hits)).collect::<Vec<_>>(), [(2, 1), (3, 2)]);
        assert!((all.bins()[1].mean_probability().unwrap() - 0.8).abs() < 1e-12);
        assert!((all.expected_error().unwrap() - 0.2).abs() < 1e-12);
    }

    #[test]
    fn parts_add_up_to_the_whole() {
        let predictions: Vec<(f64, bool)> = (0..100).map(|n| (f64::from(n * 37 % 100) / 99.0, n % 3 == 0)).collect();
        let of = |predictions: &[(f64, bool)]| {
            let mut calibration = Calibration::new(10);
            predictions.iter().for_each(|&(probability, came_true)| calibration.add(probability, came_true));
            calibration
        };
        let (whole, mut sum) = (of(&predictions), of(&predictions[..40]));
        sum += &of(&predictions[40..]);
        assert_eq!(sum.count(), 100);
        assert!((sum.expected_error().unwrap() - whole.expected_error().unwrap()).abs() < 1e-12);
        assert_eq!(Calibration::new(5).expected_error(), None);
    }
}
