//! Predicted base pairs against known base pairs: precision, recall, F1.
//!
//! `strict` counts exact pairs. `relaxed` is the measure of the RiNALMo paper (section 4.5, after Mathews 2019):
//! because RNA structures fluctuate, a pair that is off by one position at one of its ends is also correct. Precision
//! looks up the predicted pairs in the relaxed reference, and recall looks up the reference pairs in the relaxed
//! prediction, so the two numbers of hits may differ.
//!
//! The paper's code shifts the symmetric `L × L` map by one row or column each way and scores the strict upper
//! triangle. Lists give the same result without the map: a cell `(i, j)` with `i < j` has its four neighbours in the
//! upper triangle or on the diagonal, never below it, and no base pairs with itself. A shift beyond the ends of the
//! sequence meets no pair.

use std::collections::HashSet;

use crate::{harmonic, ratio};

/// How many pairs there are on either side, and how many of each the other side confirms.
///
/// Counts of several structures can be added for a pooled score. The paper's figures are means of each structure's
/// score instead, see [`Summary`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PairCounts {
    /// Distinct predicted pairs.
    pub predicted: usize,
    /// Distinct reference pairs.
    pub reference: usize,
    /// Predicted pairs that are in the reference.
    pub predicted_hits: usize,
    /// Reference pairs that are in the prediction.
    pub reference_hits: usize,
}

impl PairCounts {
    /// Counts exact agreement.
    ///
    /// Pairs are 0-based; `(j, i)` is the same pair as `(i, j)`, a pair given twice counts once,
    /// and a base paired with itself is no pair. A base may take part in several pairs.
    pub fn strict(predicted: &[(usize, usize)], reference: &[(usize, usize)]) -> Self {
        Self::strict_parts(Part::whole(predicted), Part::whole(reference))
    }

    /// Counts agreement up to one position at one end: `(i ± 1, j)` and `(i, j ± 1)` also count.
    ///
    /// Pairs are read as in [`strict`](Self::strict).
    pub fn relaxed(predicted: &[(usize, usize)], reference: &[(usize, usize)]) -> Self {
        Self::relaxed_parts(Part::whole(predicted), Part::whole(reference))
    }

    /// Counts exact agreement of some of the pairs, such as those that cross others.
    pub fn strict_parts(predicted: Part<'_>, reference: Part<'_>) -> Self {
        Self::count(predicted, reference, |set, pair| set.contains(&pair))
    }

    /// Counts agreement of some of the pairs up to one position at one end.
    pub fn relaxed_parts(predicted: Part<'_>, reference: Part<'_>) -> Self {
        Self::count(predicted, reference, |set, (i, j)| {
            set.contains(&(i, j))
                || set.contains(&(i + 1, j))
                || set.contains(&(i, j + 1))
                || set.contains(&(i, j - 1)) // j > i, so j > 0
                || i.checked_sub(1).is_some_and(|i| set.contains(&(i, j)))
        })
    }

    fn count(
        predicted: Part<'_>,
        reference: Part<'_>,
        confirms: impl Fn(&HashSet<(usize, usize)>, (usize, usize)) -> bool,
    ) -> Self {
        let hits = |of: &HashSet<_>, by: &[_]| {
            let by = distinct(by);
            of.iter().filter(|pair| confirms(&by, **pair)).count()
        };
        let (of_predicted, of_reference) = (distinct(predicted.counted), distinct(reference.counted));
        Self {
            predicted: of_predicted.len(),
            reference: of_reference.len(),
            predicted_hits: hits(&of_predicted, reference.all),
            reference_hits: hits(&of_reference, predicted.all),
        }
    }

    /// Precision, recall and F1 of these counts.
    ///
    /// As in the published evaluation, precision is 0 for an empty prediction and recall is 0 for an empty reference.
    /// So a structure without pairs scores 0 even if it is predicted correctly.
    pub fn score(&self) -> PairScore {
        let precision = ratio(self.predicted_hits, self.predicted);
        let recall = ratio(self.reference_hits, self.reference);
        PairScore { precision, recall, f1: harmonic(precision, recall) }
    }

    /// Matthews' correlation coefficient over all pairs of positions of a sequence of `len` bases, from −1 to 1.
    ///
    /// Computed as `√(P·R·S·V) − √((1−P)(1−R)(1−S)(1−V))` from precision P, recall R, specificity S and negative
    /// predictive value V. This equals the usual formula if both sides have equally many hits, as strict counts always
    /// do, and is also defined if they differ. 0 if a side has no pair, as in scikit-learn.
    pub fn mcc(&self, len: usize) -> f64 {
        let PairCounts { predicted, reference, predicted_hits, reference_hits } = *self;
        if predicted == 0 || reference == 0 {
            return 0.0;
        }
        let (wrong, missed) = ((predicted - predicted_hits) as f64, (reference - reference_hits) as f64);
        let cells = len as f64 * (len as f64 - 1.0) / 2.0;
        let left_alone = (cells - predicted as f64 - missed).max(0.0);
        let share = |part: f64, other: f64| if part + other > 0.0 { part / (part + other) } else { 0.0 };
        let PairScore { precision, recall, .. } = self.score();
        let (specificity, negative) = (share(left_alone, wrong), share(left_alone, missed));
        let rates = [precision, recall, specificity, negative];
        let product = |of: fn(f64) -> f64| rates.into_iter().map(of).product::<f64>().sqrt();
        product(|rate| rate) - product(|rate| 1.0 - rate)
    }
}

/// Pairs of one side: those that are counted, and all, in which pairs of the other side are looked up.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// The pairs that are counted.
    pub counted: &'a [(usize, usize)],
    /// All pairs.
    pub all: &'a [(usize, usize)],
}

impl<'a> Part<'a> {
    /// Every pair counts.
    pub fn whole(all: &'a [(usize, usize)]) -> Self {
        Self { counted: all, all }
    }
}

impl std::ops::AddAssign for PairCounts {
    fn add_assign(&mut self, other: Self) {
        self.predicted += other.predicted;
        self.reference += other.reference;
        self.predicted_hits += other.predicted_hits;
        self.reference_hits += other.reference_hits;
    }
}

fn distinct(pairs: &[(usize, usize)]) -> HashSet<(usize, usize)> {
    pairs.iter().filter(|(i, j)| i != j).map(|&(i, j)| (i.min(j), i.max(j))).collect()
}

/// Precision, recall and their harmonic mean, each from 0 to 1.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct PairScore {
    /// Fraction of the predicted pairs that are correct.
    pub precision: f64,
    /// Fraction of the reference pairs that are found.
    pub recall: f64,
    /// Harmonic mean of the two; 0 if their sum is below 1e-5.
    pub f1: f64,
}

impl PairScore {
    fn add(&mut self, weight: f64, other: PairScore) {
        self.precision += weight * other.precision;
        self.recall += weight * other.recall;
        self.f1 += weight * other.f1;
    }

    fn divided_by(self, total: f64) -> PairScore {
        PairScore { precision: self.precision / total, recall: self.recall / total, f1: self.f1 / total }
    }
}

/// Scores of many structures as the paper reports them; all 0 if there are no structures.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Summary {
    /// Number of structures.
    pub structures: usize,
    /// Each structure has the same weight. Mean F1 is the mean of the F1s.
    pub mean: PairScore,
    /// Each structure is weighted by the length of its sequence.
    pub length_weighted: PairScore,
}

impl Summary {
    /// Summarises `(sequence length, score)` of every structure.
    pub fn of(scores: impl IntoIterator<Item = (usize, PairScore)>) -> Self {
        let (mut structures, mut length) = (0, 0.0);
        let (mut sum, mut weighted) = (PairScore::default(), PairScore::default());
        for (len, score) in scores {
            structures += 1;
            length += len as f64;
            sum.add(1.0, score);
            weighted.add(len as f64, score);
        }
        Self {
            structures,
            mean: sum.divided_by((structures as f64).max(1.0)),
            length_weighted: weighted.divided_by(length.max(1.0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Pairs = Vec<(usize, usize)>;

    const REFERENCE: [(usize, usize); 4] = [(0, 20), (1, 19), (2, 18), (5, 12)];
    /// Exact; j one off; both ends one off; i one off from (5, 12); far from anything.
    const PREDICTED: [(usize, usize); 5] = [(0, 20), (1, 18), (3, 17), (4, 12), (8, 15)];

    #[test]
    fn strict_score_is_as_worked_by_hand() {
        let score = PairCounts::strict(&PREDICTED, &REFERENCE).score();
        assert_eq!((score.precision, score.recall), (1.0 / 5.0, 1.0 / 4.0));
        assert!((score.f1 - 2.0 / 9.0).abs() < 1e-12);
    }

    #[test]
    fn relaxed_score_is_as_worked_by_hand() {
        // Correct: (0,20), (1,18) next to both (1,19) and (2,18), (4,12). Wrong: (3,17), (8,15).
        // Found: (0,20), (1,19), (2,18), (5,12).
        let counts = PairCounts::relaxed(&PREDICTED, &REFERENCE);
        assert_eq!((counts.predicted_hits, counts.reference_hits), (3, 4));
        let score = counts.score();
        assert_eq!((score.precision, score.recall), (0.6, 1.0));
        assert!((score.f1 - 0.75).abs() < 1e-12);
    }

    #[test]
    fn a_base_in_several_reference_pairs_counts_for_each() {
        let counts = PairCounts::strict(&[(0, 9)], &[(0, 9), (0, 12), (4, 9)]);
        assert_eq!((counts.reference, counts.reference_hits), (3, 1));
    }

    #[test]
    fn nothing_predicted_or_nothing_known_scores_zero() {
        for (predicted, reference) in
            [(&PREDICTED[..], &[][..]), (&[], &REFERENCE[..]), (&[], &[]), (&[(0, 5)], &[(9, 14)])]
        {
            let score = PairCounts::relaxed(predicted, reference).score();
            assert_eq!(score, PairScore::default());
        }
    }

    #[test]
    fn a_part_is_looked_up_in_the_whole_of_the_other_side() {
        // Of the reference (0,20) and (5,12) count: both found, the second one off by one. Of the prediction (3,17) and
        // (1,18).
        let predicted = Part { counted: &[(3, 17), (1, 18)], all: &PREDICTED };
        let reference = Part { counted: &[(0, 20), (5, 12)], all: &REFERENCE };
        let counts =
            |predicted_hits, reference_hits| PairCounts { predicted: 2, reference: 2, predicted_hits, reference_hits };
        assert_eq!(PairCounts::strict_parts(predicted, reference), counts(0, 1));
        assert_eq!(PairCounts::relaxed_parts(predicted, reference), counts(1, 2));
    }

    #[test]
    fn matthews_coefficient_is_as_worked_by_hand() {
        // 21 bases have 210 pairs: 1 found, 4 wrong, 3 missed, 202 true negatives.
        let counts = PairCounts::strict(&PREDICTED, &REFERENCE);
        let by_hand = (1.0 * 202.0 - 4.0 * 3.0) / f64::sqrt(5.0 * 4.0 * 205.0 * 206.0);
        assert!((counts.mcc(21) - by_hand).abs() < 1e-12);
        let wrong = PairCounts::strict(&[(0, 5)], &[(1, 6), (2, 5)]);
        assert!((wrong.mcc(7) + 2.0 / f64::sqrt(1.0 * 2.0 * 19.0 * 20.0)).abs() < 1e-12);
        assert_eq!(PairCounts::strict(&[], &REFERENCE).mcc(21), 0.0);
        assert!((PairCounts::strict(&REFERENCE, &REFERENCE).mcc(21) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn order_repeats_and_self_pairs_change_nothing() {
        let plain = PairCounts::relaxed(&PREDICTED, &REFERENCE);
        let odd = [(12, 5), (18, 2), (19, 1), (20, 0), (0, 20), (8, 8)];
        assert_eq!(PairCounts::relaxed(&PREDICTED, &odd), plain);
    }

    #[test]
    fn summary_means_are_as_worked_by_hand() {
        let one = PairScore { precision: 1.0, recall: 0.5, f1: 2.0 / 3.0 };
        let summary = Summary::of([(30, one), (10, PairScore::default())]);
        assert_eq!(summary.structures, 2);
        assert!((summary.mean.f1 - 1.0 / 3.0).abs() < 1e-12);
        assert!((summary.length_weighted.precision - 0.75).abs() < 1e-12);
        assert!((summary.length_weighted.f1 - 0.5).abs() < 1e-12);
        assert_eq!(Summary::of([]), Summary::default());
    }

    /// The paper's definition: a symmetric map, shifted one cell each way, upper triangle.
    fn relaxed_by_map(predicted: &Pairs, reference: &Pairs, len: usize) -> PairCounts {
        let map = |pairs: &Pairs| {
            let mut map = vec![vec![false; len + 2]; len + 2]; // a border of zeros
            for &(i, j) in pairs {
                map[i + 1][j + 1] = true;
                map[j + 1][i + 1] = true;
            }
            map
        };
        let (p, r) = (map(predicted), map(reference));
        let near = |m: &Vec<Vec<bool>>, i: usize, j: usize| {
            m[i][j] || m[i - 1][j] || m[i + 1][j] || m[i][j - 1] || m[i][j + 1]
        };
        let mut counts = PairCounts::default();
        for i in 1..=len {
            for j in i + 1..=len {
                counts.predicted += p[i][j] as usize;
                counts.reference += r[i][j] as usize;
                counts.predicted_hits += (p[i][j] && near(&r, i, j)) as usize;
                counts.reference_hits += (r[i][j] && near(&p, i, j)) as usize;
            }
        }
        counts
    }

    fn some_pairs() -> impl Strategy<Value = Pairs> {
        prop::collection::vec((0..8usize, 0..8usize), 0..12)
            .prop_map(|pairs| pairs.into_iter().filter(|(i, j)| i != j).collect())
    }

    proptest! {
        /// Short sequences, so that pairs touch the diagonal and both borders.
        #[test]
        fn lists_agree_with_the_shifted_symmetric_map(p in some_pairs(), r in some_pairs()) {
            prop_assert_eq!(PairCounts::relaxed(&p, &r), relaxed_by_map(&p, &r, 8));
        }

        #[test]
        fn swapping_sides_swaps_precision_and_recall(p in some_pairs(), r in some_pairs()) {
            let (one, other) = (PairCounts::relaxed(&p, &r).score(), PairCounts::relaxed(&r, &p).score());
            prop_assert_eq!((one.precision, one.recall), (other.recall, other.precision));
        }

        #[test]
        fn relaxed_never_scores_below_strict(p in some_pairs(), r in some_pairs()) {
            let (strict, relaxed) = (PairCounts::strict(&p, &r), PairCounts::relaxed(&p, &r));
            prop_assert!(relaxed.predicted_hits >= strict.predicted_hits);
            prop_assert!(relaxed.score().f1 >= strict.score().f1);
        }
    }
}
