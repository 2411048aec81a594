//! A predictor's scores, summarized: means with intervals over all records, families and lengths; pairs by kind.

use std::collections::BTreeMap;

use rinalmo_metrics::bootstrap::{Bootstrap, Interval, Units};
use rinalmo_metrics::calibration::Calibration;
use rinalmo_metrics::pairs::PairCounts;
use rinalmo_metrics::regression::Regression;
use serde::{Serialize, Serializer};

use super::predictions::{Cost, Predictions};
use super::references::References;
use super::score::{Agreement, Both, RecordScore};

/// Means of some records' figures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Figures {
    /// The means; that of F1 is the mean of the records' F1.
    #[serde(flatten)]
    pub mean: Agreement,
    /// Their intervals, by resampling the units of [`References::drawn_by`], or records within a family.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<Intervals>,
}

/// The interval of each figure.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Intervals {
    /// Of precision.
    pub precision: Interval,
    /// Of recall.
    pub recall: Interval,
    /// Of F1.
    pub f1: Interval,
    /// Of Matthews' correlation coefficient.
    pub mcc: Interval,
}

/// Means of a group of records, or of groups.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Means {
    /// How many records or groups.
    pub records: usize,
    /// The figures.
    #[serde(flatten)]
    pub figures: Both<Figures>,
}

/// Pairs of one kind, added up over all records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Pooled {
    /// Predicted pairs of the kind.
    pub predicted: usize,
    /// Reference pairs of the kind.
    pub reference: usize,
    /// Precision, recall and F1 of these pairs.
    #[serde(flatten)]
    pub figures: Both<Rates>,
}

/// Precision, recall and F1 of counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Rates {
    /// Share of the predicted pairs that are right; `None` if there are none.
    pub precision: Option<f64>,
    /// Share of the reference pairs that are found; `None` if there are none.
    pub recall: Option<f64>,
    /// Their harmonic mean; `None` if there are neither.
    pub f1: Option<f64>,
}

/// Pairs by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Kinds {
    /// Every pair.
    pub all: Pooled,
    /// AU, GC and GU; `None` if sequences are unknown.
    pub canonical: Option<Pooled>,
    /// All others.
    pub non_canonical: Option<Pooled>,
    /// Pairs that cross another pair of the same structure: pseudoknots.
    pub crossing: Pooled,
}

/// How well probabilities are calibrated.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reliability {
    /// Expected calibration error: mean distance between probability and share of true pairs.
    pub expected_error: f64,
    /// Pairs that were counted.
    pub pairs: u64,
    /// The least probability that was counted.
    pub least: f64,
    /// For each bin of equal width from 0 to 1 that has pairs: mean probability, share of true pairs, number of pairs.
    pub bins: Vec<(f64, f64, u64)>,
}

/// The relaxed F1 that a predictor expects of its structures, compared with their F1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Expected {
    /// Records with an expected F1.
    pub records: usize,
    /// Mean of the expected F1.
    pub expected: f64,
    /// Mean of the F1.
    pub found: f64,
    /// Mean absolute difference of the two.
    pub mean_error: f64,
    /// Their squared correlation (Pearson), if both vary.
    pub pearson_squared: Option<f64>,
}

/// All figures of a predictor.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Its name.
    pub predictor: String,
    /// Mean over records with equal weights.
    pub mean: Means,
    /// Mean over records, weighted by length.
    pub length_weighted: Means,
    /// Mean over families with equal weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family_mean: Option<Means>,
    /// By family.
    pub families: BTreeMap<String, Means>,
    /// By length, shortest first.
    #[serde(serialize_with = "as_map")]
    pub lengths: Vec<(String, Means)>,
    /// Mean over records that are not similar to training sequences, if those were searched for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unlike_training: Option<Means>,
    /// Pairs by kind, added up.
    pub pairs: Kinds,
    /// The calibration of its probabilities, if it gives any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calibration: Option<Reliability>,
    /// How accurate its expected F1 is, if it gives any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_f1: Option<Expected>,
    /// What its work took, if it was measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// Every record, in the order of the references.
    #[serde(skip)]
    pub records: Vec<RecordScore>,
}

fn as_map<S: Serializer>(bands: &[(String, Means)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(bands.iter().map(|(name, means)| (name, means)))
}

impl Report {
    /// Scores the references of `numbers`, all of which have a prediction; `similar` marks those that are similar to
    /// training sequences.
    pub(super) fn new(
        references: &References,
        predictions: &Predictions,
        numbers: &[usize],
        similar: Option<&[bool]>,
        bands: &[usize],
        bootstrap: &Bootstrap,
    ) -> Self {
        let score = |&number: &usize| {
            let predicted = predictions.structures[number].as_ref()?;
            let score = RecordScore::new(number, &references.items[number], predicted);
            Some(RecordScore { expected_f1: predictions.expected_f1[number].map(f64::from), ..score })
        };
        let records: Vec<RecordScore> = numbers.iter().filter_map(score).collect();
        let reference = |record: &RecordScore| &references.items[record.reference];
        let length = |record: &RecordScore| reference(record).structure.len();
        let mut by_family: BTreeMap<String, Vec<&RecordScore>> = BTreeMap::new();
        let mut by_length: Vec<Vec<&RecordScore>> = vec![Vec::new(); bands.len() + 1];
        for record in &records {
            if let Some(family) = &reference(record).family {
                by_family.entry(family.clone()).or_default().push(record);
            }
            by_length[bands.partition_point(|&band| band < length(record))].push(record);
        }
        let all: Vec<&RecordScore> = records.iter().collect();
        let lengths: Vec<f64> = records.iter().map(|record| length(record) as f64).collect();
        let families: BTreeMap<String, Means> = by_family
            .into_iter()
            .map(|(family, records)| (family, means(&records, None, &Units::items(records.len()), bootstrap)))
            .collect();
        let drawn = |records: &[&RecordScore]| references.units(records.iter().map(|record| record.reference));
        let unlike = |similar: &[bool]| {
            let others: Vec<&RecordScore> = records.iter().filter(|record| !similar[record.reference]).collect();
            means(&others, None, &drawn(&others), bootstrap)
        };
        Self {
            predictor: predictions.name.clone(),
            mean: means(&all, None, &drawn(&all), bootstrap),
            length_weighted: means(&all, Some(&lengths), &drawn(&all), bootstrap),
            family_mean: (families.len() > 1).then(|| mean_of_means(families.values())),
            families,
            lengths: (0..)
                .zip(&by_length)
                .filter(|(_, of)| !of.is_empty())
                .map(|(band, of)| (band_name(bands, band), means(of, None, &drawn(of), bootstrap)))
                .collect(),
            unlike_training: similar.map(unlike),
            pairs: kinds(&records),
            calibration: predictions.calibration.as_ref().and_then(reliability),
            expected_f1: expected(&records),
            cost: predictions.cost,
            records,
        }
    }
}

/// `51-100`, or `>500` for records beyond the last band.
fn band_name(bands: &[usize], band: usize) -> String {
    let before = band.checked_sub(1).map_or(0, |before| bands[before]);
    bands.get(band).map_or_else(|| format!(">{before}"), |last| format!("{}-{last}", before + 1))
}

fn means(records: &[&RecordScore], weights: Option<&[f64]>, units: &Units, bootstrap: &Bootstrap) -> Means {
    let figures = |of: fn(&RecordScore) -> &Agreement| {
        let column = |figure: fn(&Agreement) -> f64| -> Vec<f64> { records.iter().map(|r| figure(of(r))).collect() };
        let columns = [column(|a| a.precision), column(|a| a.recall), column(|a| a.f1), column(|a| a.mcc)];
        let [precision, recall, f1, mcc] = [0, 1, 2, 3].map(|n| mean(&columns[n], weights));
        let interval = |values: &[f64]| match weights {
            None => bootstrap.mean_over(values, units),
            Some(weights) => bootstrap.weighted_mean_over(values, weights, units),
        };
        let intervals = match [0, 1, 2, 3].map(|n| interval(&columns[n])) {
            [Some(precision), Some(recall), Some(f1), Some(mcc)] => Some(Intervals { precision, recall, f1, mcc }),
            _ => None,
        };
        Figures { mean: Agreement { precision, recall, f1, mcc }, interval: intervals }
    };
    let (strict, relaxed) = (figures(|r| &r.agreement.strict), figures(|r| &r.agreement.relaxed));
    Means { records: records.len(), figures: Both { strict, relaxed } }
}

/// The weighted mean; 0 without values.
fn mean(values: &[f64], weights: Option<&[f64]>) -> f64 {
    let sum = match weights {
        None => values.iter().sum::<f64>(),
        Some(weights) => values.iter().zip(weights).map(|(value, weight)| value * weight).sum(),
    };
    let weight = weights.map_or(values.len() as f64, |weights| weights.iter().sum());
    if weight > 0.0 { sum / weight } else { 0.0 }
}

fn mean_of_means<'m>(groups: impl Iterator<Item = &'m Means>) -> Means {
    let groups: Vec<&Means> = groups.collect();
    let figures = |of: fn(&Means) -> &Agreement| {
        let column = |figure: fn(&Agreement) -> f64| {
            mean(&groups.iter().map(|group| figure(of(group))).collect::<Vec<_>>(), None)
        };
        let [precision, recall] = [column(|a| a.precision), column(|a| a.recall)];
        Figures { mean: Agreement { precision, recall, f1: column(|a| a.f1), mcc: column(|a| a.mcc) }, interval: None }
    };
    let (strict, relaxed) = (figures(|m| &m.figures.strict.mean), figures(|m| &m.figures.relaxed.mean));
    Means { records: groups.len(), figures: Both { strict, relaxed } }
}

fn kinds(records: &[RecordScore]) -> Kinds {
    let pool = |of: fn(&RecordScore) -> Option<Both<PairCounts>>| {
        let (mut strict, mut relaxed) = (PairCounts::default(), PairCounts::default());
        for counts in records.iter().map(of) {
            strict += counts?.strict;
            relaxed += counts?.relaxed;
        }
        Some(pooled(strict, relaxed))
    };
    Kinds {
        all: pool(|record| Some(record.all)).unwrap_or_default(),
        canonical: pool(|record| record.canonical),
        non_canonical: pool(|record| record.non_canonical),
        crossing: pool(|record| Some(record.crossing)).unwrap_or_default(),
    }
}

fn pooled(strict: PairCounts, relaxed: PairCounts) -> Pooled {
    let rates = |counts: PairCounts| {
        let score = counts.score();
        let [predicted, known] = [counts.predicted, counts.reference].map(|count| count > 0);
        Rates {
            precision: predicted.then_some(score.precision),
            recall: known.then_some(score.recall),
            f1: (predicted || known).then_some(score.f1),
        }
    };
    let figures = Both { strict: rates(strict), relaxed: rates(relaxed) };
    Pooled { predicted: strict.predicted, reference: strict.reference, figures }
}

fn expected(records: &[RecordScore]) -> Option<Expected> {
    let pairs = records.iter().filter_map(|record| Some((record.expected_f1?, record.agreement.relaxed.f1)));
    let (expected, found): (Vec<f64>, Vec<f64>) = pairs.unzip();
    let Regression { count, mae, pearson_squared, .. } = Regression::of(&expected, &found).ok()?;
    let (expected, found) = (mean(&expected, None), mean(&found, None));
    Some(Expected { records: count, expected, found, mean_error: mae, pearson_squared })
}

fn reliability(calibration: &Calibration) -> Option<Reliability> {
    let bin = |bin: &rinalmo_metrics::calibration::Bin| Some((bin.mean_probability()?, bin.frequency()?, bin.count));
    Some(Reliability {
        expected_error: calibration.expected_error()?,
        pairs: calibration.count(),
        least: 0.01,
        bins: calibration.bins().iter().filter_map(bin).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_are_named_by_their_ends() {
        let names: Vec<String> = (0..3).map(|band| band_name(&[50, 100], band)).collect();
        assert_eq!(names, ["1-50", "51-100", ">100"]);
        assert_eq!(band_name(&[], 0), ">0");
    }

    #[test]
    fn no_pairs_have_no_rates() {
        let rates = |predicted: &[(usize, usize)], known: &[(usize, usize)]| {
            let counts = PairCounts::strict(predicted, known);
            let Rates { precision, recall, f1 } = pooled(counts, counts).figures.strict;
            (precision, recall, f1)
        };
        assert_eq!(rates(&[], &[(0, 9)]), (None, Some(0.0), Some(0.0)));
        assert_eq!(rates(&[(0, 9)], &[]), (Some(0.0), None, Some(0.0)));
        assert_eq!(rates(&[], &[]), (None, None, None));
        assert_eq!(rates(&[(0, 9)], &[(0, 9)]), (Some(1.0), Some(1.0), Some(1.0)));
    }

    #[test]
    fn weights_count_and_nothing_is_zero() {
        assert_eq!(mean(&[1.0, 0.0], Some(&[30.0, 10.0])), 0.75);
        assert_eq!(mean(&[], None), 0.0);
    }
}
