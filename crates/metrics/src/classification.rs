//! Predicted classes against known classes: binary (splice sites) and multi-class (families).
//!
//! A rate whose denominator is 0 is 0, as in the published evaluations (scikit-learn's
//! `zero_division=0`).

use crate::error::{Error, same_length};
use crate::{harmonic, ratio};

/// The four counts of a binary classification.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Binary {
    /// Predicted yes, and it is.
    pub true_positives: usize,
    /// Predicted yes, but it is not.
    pub false_positives: usize,
    /// Predicted no, and it is not.
    pub true_negatives: usize,
    /// Predicted no, but it is.
    pub false_negatives: usize,
}

impl Binary {
    /// Counts predictions item by item.
    ///
    /// # Errors
    /// If the lists are empty or differ in length.
    pub fn of(predicted: &[bool], actual: &[bool]) -> Result<Self, Error> {
        same_length(predicted.len(), actual.len())?;
        let mut counts = Self::default();
        for pair in predicted.iter().zip(actual) {
            *match pair {
                (true, true) => &mut counts.true_positives,
                (true, false) => &mut counts.false_positives,
                (false, false) => &mut counts.true_negatives,
                (false, true) => &mut counts.false_negatives,
            } += 1;
        }
        Ok(counts)
    }

    /// Fraction of all items that are predicted correctly.
    pub fn accuracy(&self) -> f64 {
        let right = self.true_positives + self.true_negatives;
        ratio(right, right + self.false_positives + self.false_negatives)
    }

    /// Fraction of the predicted positives that are positive.
    pub fn precision(&self) -> f64 {
        ratio(self.true_positives, self.true_positives + self.false_positives)
    }

    /// Fraction of the positives that are predicted (sensitivity).
    pub fn recall(&self) -> f64 {
        ratio(self.true_positives, self.true_positives + self.false_negatives)
    }

    /// Fraction of the negatives that are predicted negative.
    pub fn specificity(&self) -> f64 {
        ratio(self.true_negatives, self.true_negatives + self.false_positives)
    }

    /// Harmonic mean of precision and recall.
    pub fn f1(&self) -> f64 {
        harmonic(self.precision(), self.recall())
    }

    /// Matthews' correlation coefficient, from −1 to 1; 0 if its denominator is 0.
    pub fn mcc(&self) -> f64 {
        let Self { true_positives, false_positives, true_negatives, false_negatives } = *self;
        let [tp, fp, tn, missed] = [true_positives, false_positives, true_negatives, false_negatives].map(|n| n as f64);
        let margins = (tp + fp) * (tp + missed) * (tn + fp) * (tn + missed);
        if margins > 0.0 { (tp * tn - fp * missed) / margins.sqrt() } else { 0.0 }
    }
}

/// The confusion matrix of a multi-class classification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confusion {
    classes: usize,
    /// Row-major `[actual, predicted]`.
    counts: Vec<usize>,
}

impl Confusion {
    /// Counts predictions item by item; classes are numbered from 0 to `classes − 1`.
    ///
    /// # Errors
    /// If the lists are empty or differ in length, or a class number is too large.
    pub fn of(classes: usize, predicted: &[usize], actual: &[usize]) -> Result<Self, Error> {
        same_length(predicted.len(), actual.len())?;
        let mut counts = vec![0; classes * classes];
        for (item, (&p, &a)) in predicted.iter().zip(actual).enumerate() {
            let class = p.max(a);
            if class >= classes {
                return Err(Error::UnknownClass { item, class, classes });
            }
            counts[a * classes + p] += 1;
        }
        Ok(Self { classes, counts })
    }

    /// How many items of class `actual` were predicted as `predicted`; 0 for unknown classes.
    pub fn count(&self, actual: usize, predicted: usize) -> usize {
        if actual < self.classes && predicted < self.classes {
            self.counts[actual * self.classes + predicted]
        } else {
            0
        }
    }

    /// The binary counts of `class` against all other classes.
    pub fn one_against_rest(&self, class: usize) -> Binary {
        let all = 0..self.classes;
        let hits = self.count(class, class);
        let chosen: usize = all.clone().map(|actual| self.count(actual, class)).sum();
        let items: usize = all.map(|predicted| self.count(class, predicted)).sum();
        Binary {
            true_positives: hits,
            false_positives: chosen - hits,
            false_negatives: items - hits,
            true_negatives: self.total() + hits - chosen - items,
        }
    }

    /// Fraction of all items predicted in their class.
    pub fn accuracy(&self) -> f64 {
        let right = (0..self.classes).map(|class| self.count(class, class));
        ratio(right.sum(), self.total())
    }

    /// Mean of the F1 of every class against the rest, weighted by the number of its items.
    pub fn weighted_f1(&self) -> f64 {
        let sum: f64 = (0..self.classes)
            .map(|class| self.one_against_rest(class))
            .map(|b| (b.true_positives + b.false_negatives) as f64 * b.f1())
            .sum();
        sum / self.total() as f64 // never 0: an empty matrix cannot be made
    }

    fn total(&self) -> usize {
        self.counts.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binary_rates_are_as_worked_by_hand() {
        // 3 true positives, 1 false positive, 4 true negatives, 2 false negatives.
        let predicted = [1, 1, 1, 1, 0, 0, 0, 0, 0, 0].map(|p| p == 1);
        let actual = [1, 1, 1, 0, 0, 0, 0, 0, 1, 1].map(|a| a == 1);
        let counts = Binary::of(&predicted, &actual).unwrap();
        assert_eq!(counts.accuracy(), 0.7);
        assert_eq!(counts.precision(), 0.75);
        assert_eq!(counts.recall(), 0.6);
        assert_eq!(counts.specificity(), 0.8);
        assert!((counts.f1() - 2.0 / 3.0).abs() < 1e-12); // 2·3 / (2·3 + 1 + 2)
    }

    #[test]
    fn rates_of_nothing_are_zero() {
        let counts = Binary::of(&[false], &[false]).unwrap();
        assert_eq!((counts.precision(), counts.recall(), counts.f1()), (0.0, 0.0, 0.0));
        assert_eq!((counts.accuracy(), counts.specificity()), (1.0, 1.0));
    }

    #[test]
    fn weighted_f1_is_as_worked_by_hand() {
        // F1 is 2·TP / (2·TP + FP + FN). Class 0: 6 / (6 + 1 + 0) = 6/7.
        // Class 1: no true positive, 0. Class 2: 2 / (2 + 1 + 1) = 1/2. Items 3, 1, 2 of 6.
        let confusion = Confusion::of(3, &[0, 0, 0, 2, 2, 0], &[0, 0, 0, 1, 2, 2]).unwrap();
        let class_0 = confusion.one_against_rest(0);
        assert_eq!((class_0.false_positives, class_0.true_negatives), (1, 2));
        assert_eq!((confusion.count(2, 0), confusion.count(0, 2)), (1, 0));
        assert!((confusion.accuracy() - 4.0 / 6.0).abs() < 1e-12);
        assert!((confusion.weighted_f1() - (3.0 * 6.0 / 7.0 + 1.0) / 6.0).abs() < 1e-12);
    }

    #[test]
    fn a_class_beyond_the_last_is_refused_with_its_place() {
        let (item, class, classes) = (1, 3, 3);
        assert_eq!(Confusion::of(3, &[0, 3], &[0, 1]), Err(Error::UnknownClass { item, class, classes }));
    }
}
