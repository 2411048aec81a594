//! How well a score ranks positives above negatives, at any threshold: the areas under the receiver operating
//! characteristic and under the precision–recall curve. Items of equal score are one step of the curve.

use crate::error::{Error, numbers, same_length};

/// Both areas.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ranking {
    /// Probability that a positive scores above a negative, ties counting half; `None` if there are no positives or no
    /// negatives.
    pub auroc: Option<f64>,
    /// Average precision, `Σ (R_n − R_{n−1}) · P_n` over falling thresholds; `None` without positives.
    pub auprc: Option<f64>,
}

impl Ranking {
    /// Ranks items by `scores`; likely positives have high scores.
    ///
    /// # Errors
    /// If the lists are empty or differ in length, or a score is not a number.
    pub fn of(scores: &[f64], actual: &[bool]) -> Result<Self, Error> {
        same_length(scores.len(), actual.len())?;
        numbers(scores)?;
        let mut order: Vec<usize> = (0..scores.len()).collect();
        order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
        let positives = actual.iter().filter(|actual| **actual).count();
        let negatives = actual.len() - positives;
        let mut above = 0; // positives of higher score
        let mut seen = 0; // items of higher score
        let (mut wins, mut precisions) = (0.0, 0.0);
        for step in order.chunk_by(|&a, &b| scores[a] == scores[b]) {
            let hits = step.iter().filter(|&&item| actual[item]).count();
            let misses = (step.len() - hits) as f64;
            wins += misses * (above as f64 + hits as f64 / 2.0);
            (above, seen) = (above + hits, seen + step.len());
            precisions += hits as f64 * above as f64 / seen as f64;
        }
        Ok(Self {
            auroc: (positives > 0 && negatives > 0).then(|| wins / (positives as f64 * negatives as f64)),
            auprc: (positives > 0).then(|| precisions / positives as f64),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_are_as_worked_by_hand() {
        // Falling: .9 yes, .8 no, .7 yes and no (a tie), .1 yes.
        let ranking = Ranking::of(&[0.7, 0.9, 0.1, 0.8, 0.7], &[true, true, true, false, false]).unwrap();
        // Six comparisons: .9 wins two; .7 loses to .8 and ties; .1 loses both.
        assert!((ranking.auroc.unwrap() - 2.5 / 6.0).abs() < 1e-12);
        assert!((ranking.auprc.unwrap() - (1.0 + 2.0 / 4.0 + 3.0 / 5.0) / 3.0).abs() < 1e-12);
    }

    #[test]
    fn one_class_alone_has_no_order() {
        let ranking = Ranking::of(&[0.1, 0.2], &[true, true]).unwrap();
        assert_eq!((ranking.auroc, ranking.auprc), (None, Some(1.0)));
        assert_eq!(Ranking::of(&[0.1], &[false]).unwrap().auprc, None);
        assert_eq!(Ranking::of(&[0.1, f64::NAN], &[false, true]), Err(Error::NotANumber { item: 1 }));
    }
}
