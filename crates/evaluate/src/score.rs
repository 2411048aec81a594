//! Scores one prediction against its reference.

use rinalmo_metrics::pairs::{PairCounts, PairScore, Part};
use rinalmo_seq::{Structure, base_pair};
use serde::Serialize;

use super::references::Reference;

/// How well prediction and reference agree. Each figure is from 0 to 1 (MCC from −1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Agreement {
    /// Share of the predicted pairs that are right.
    pub precision: f64,
    /// Share of the reference's pairs that are found.
    pub recall: f64,
    /// Harmonic mean of the two.
    pub f1: f64,
    /// Matthews' correlation coefficient.
    pub mcc: f64,
}

impl Agreement {
    fn of(counts: &PairCounts, len: usize) -> Self {
        let PairScore { precision, recall, f1 } = counts.score();
        Self { precision, recall, f1, mcc: counts.mcc(len) }
    }
}

/// A figure for exact pairs and for pairs up to one position off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Both<T> {
    /// Exact pairs.
    pub strict: T,
    /// Pairs that may be one position off at one end.
    pub relaxed: T,
}

/// The scores of one prediction.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordScore {
    /// The reference's number.
    pub reference: usize,
    /// All pairs.
    pub agreement: Both<Agreement>,
    /// Numbers of pairs, and of hits.
    pub all: Both<PairCounts>,
    /// AU, GC and GU pairs; `None` without a sequence.
    pub canonical: Option<Both<PairCounts>>,
    /// All others.
    pub non_canonical: Option<Both<PairCounts>>,
    /// Pairs that cross another pair of the same structure.
    pub crossing: Both<PairCounts>,
    /// The relaxed F1 that the predictor expects, if it reports one.
    pub expected_f1: Option<f64>,
}

impl RecordScore {
    /// Scores a prediction for reference number `number`.
    pub fn new(number: usize, reference: &Reference, predicted: &Structure) -> Self {
        let (known, len) = (&reference.structure, reference.structure.len());
        let count = |found: &[(usize, usize)], known_part: &[(usize, usize)]| {
            let found = Part { counted: found, all: predicted.pairs() };
            let known = Part { counted: known_part, all: known.pairs() };
            Both { strict: PairCounts::strict_parts(found, known), relaxed: PairCounts::relaxed_parts(found, known) }
        };
        let all = count(predicted.pairs(), known.pairs());
        let kind = |canonical: bool| {
            let letters = reference.sequence.as_ref()?;
            let keep = |i: usize, j: usize| base_pair::is_canonical(letters[i], letters[j]) == canonical;
            Some(count(predicted.filtered(keep).pairs(), known.filtered(keep).pairs()))
        };
        let crossing = count(&predicted.crossing(), &known.crossing());
        let agreement = Both { strict: Agreement::of(&all.strict, len), relaxed: Agreement::of(&all.relaxed, len) };
        let (canonical, non_canonical) = (kind(true), kind(false));
        Self { reference: number, agreement, all, canonical, non_canonical, crossing, expected_f1: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_pairs_are_told_by_letters_and_by_crossing() {
        //                   0123456789012345678
        let letters = b"GGAACCUUACAGUUAACCU";
        let known = Structure::new(19, vec![(0, 16), (1, 15), (2, 14), (5, 18)]).unwrap();
        let reference = Reference {
            id: "x".into(),
            sequence: Some(letters.to_vec()),
            structure: known,
            family: None,
            cluster: None,
            place: String::new(),
        };
        let predicted = Structure::new(19, vec![(0, 16), (2, 14), (5, 17)]).unwrap();
        let score = RecordScore::new(7, &reference, &predicted);
        let counts =
            |counts: PairCounts| [counts.predicted, counts.reference, counts.predicted_hits, counts.reference_hits];
        // (0,16) is GC; (1,15) GA, (2,14) AA, (5,18) CU and (5,17) CC are not.
        assert_eq!(counts(score.canonical.unwrap().strict), [1, 1, 1, 1]);
        assert_eq!(counts(score.non_canonical.unwrap().strict), [2, 3, 1, 1]);
        // (5,18) crosses the other three, so all cross; (5,17) is a slip of it.
        assert_eq!(counts(score.crossing.strict), [3, 4, 2, 2]);
        assert_eq!(counts(score.crossing.relaxed), [3, 4, 3, 3]);
        assert_eq!(score.agreement.strict.precision, 2.0 / 3.0);
        assert_eq!(score.agreement.relaxed.precision, 1.0);
    }
}
