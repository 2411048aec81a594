//! The result of a fold, as it is stored.

use std::collections::BTreeMap;

use rinalmo_metrics::bootstrap::Interval;
use serde::{Deserialize, Serialize};

use super::Check;
use rinalmo_evaluate::{Evaluation, LabelEvaluation};

/// The result of a fold that was trained and tested.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FoldResult {
    /// Its name.
    pub fold: String,
    /// Steps of its training.
    pub steps: u64,
    /// Seconds of its training.
    pub seconds: f64,
    /// The scores of every predictor on every trial.
    pub scores: Vec<Score>,
    /// Test records that are similar to training data; `None` if they were not searched for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guard: Option<Vec<Check>>,
    /// The model that the fold started with, if it was trained for the task before, with its provenance if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trained_before: Option<String>,
    /// The name of the trained model in the table.
    #[serde(default)]
    pub name: String,
}

impl FoldResult {
    /// May the model of this fold have seen its test data?
    pub fn is_doubtful(&self) -> bool {
        self.trained_before.is_some() || self.guard.iter().flatten().any(|check| check.alike > 0)
    }
}

/// The score of a predictor on a trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// The trial's row of the table.
    pub row: String,
    /// The predictor.
    pub predictor: String,
    /// The number of records.
    pub records: usize,
    /// Every figure by name.
    pub figures: BTreeMap<String, f64>,
    /// 95 % intervals, of the figures that have one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub intervals: BTreeMap<String, Interval>,
}

/// The scores of structures.
pub(super) fn of_structures(row: &str, evaluation: &Evaluation) -> Vec<Score> {
    let score = |report: &rinalmo_evaluate::Report| {
        let mut figures = BTreeMap::new();
        let mut intervals = BTreeMap::new();
        for (kind, of) in [("strict", &report.mean.figures.strict), ("relaxed", &report.mean.figures.relaxed)] {
            let values = [
                ("precision", of.mean.precision),
                ("recall", of.mean.recall),
                ("F1", of.mean.f1),
                ("MCC", of.mean.mcc),
            ];
            figures.extend(values.map(|(name, value)| (format!("{kind} {name}"), value)));
            intervals.extend(of.interval.map(|interval| (format!("{kind} F1"), interval.f1)));
        }
        let (row, predictor) = (row.to_owned(), report.predictor.clone());
        Score { row, predictor, records: report.mean.records, figures, intervals }
    };
    evaluation.reports.iter().map(score).collect()
}

/// The scores of labels.
pub(super) fn of_labels(row: &str, evaluation: &LabelEvaluation) -> Vec<Score> {
    let score = |report: &rinalmo_evaluate::LabelReport| {
        let figures = report.all.figures.iter();
        Score {
            row: row.to_owned(),
            predictor: report.predictor.clone(),
            records: report.all.records,
            figures: figures.clone().filter_map(|figure| Some((figure.name.to_owned(), figure.value?))).collect(),
            intervals: figures.filter_map(|figure| Some((figure.name.to_owned(), figure.interval?))).collect(),
        }
    };
    evaluation.reports.iter().map(score).collect()
}
