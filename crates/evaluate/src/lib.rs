//! Evaluation: scores predictions against references, and compares predictors.
//!
//! - [`structure`] scores [`Predictions`] of secondary structures against [`References`], by exact pairs and by pairs
//!   one position off. Predictions come from files, a [`Model`](rinalmo_infer::Model) or any program that folds.
//!   Predictors are compared on the records that all of them predict.
//! - [`labels()`] does the same with [`Answers`] against [`Labels`], one answer a sequence: splice sites, ribosome
//!   load, families.
//! - [`Perplexities`] are those of models on a corpus.
//! - [`Leakage`] finds references that a predictor was trained on.
//!
//! ```
//! use rinalmo_evaluate::{FamilyFrom, EvaluateOptions, Predictions, References, structure};
//!
//! let folder = tempfile::tempdir()?;
//! let [known, found] = ["known.csv", "found.dbn"].map(|name| folder.path().join(name));
//! std::fs::write(&known, "id,sequence,structure\nx_1,GGGAAAACCC,(((....)))\nx_2,GGAAAAACC,.........\n")?;
//! std::fs::write(&found, ">x_1\nGGGAAAACCC\n((......))\n>x_2\nGGAAAAACC\n.........\n")?;
//!
//! let references = References::open(&known, &FamilyFrom::Prefix(1), None)?;
//! let predictions = Predictions::open(&found, &references)?;
//! let evaluation = structure(&references, &[predictions], None, &EvaluateOptions::default())?;
//! let mean = evaluation.reports[0].families["x"].figures.strict.mean;
//! assert_eq!((mean.precision, mean.f1), (0.5, 0.4)); // a structure without pairs scores 0, as in the paper
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod calibrate;
mod error;
mod figures;
pub mod grid;
mod labels;
mod leakage;
mod mlm;
mod predictions;
mod problem;
mod read;
mod references;
mod render;
mod report;
mod score;
pub mod structures;

use std::collections::BTreeMap;

use rinalmo_metrics::bootstrap::{Bootstrap, Units};
use rinalmo_metrics::paired::Paired;
use serde::Serialize;
use serde_json::{Map, Value};

pub use error::Error;
pub use labels::{Answers, Figure, LabelComparison, LabelEvaluation, LabelReport, Labels, Question, Scores, labels};
pub use leakage::{Leakage, SharedFamily};
pub use mlm::Perplexities;
pub use predictions::{Cost, KnownProgram, Predictions, Watch};
pub use problem::{Problem, ProblemKind};
pub use references::{FamilyFrom, FamilyFromError, Reference, References};
pub use report::{Figures, Intervals, Kinds, Means, Pooled, Rates, Reliability, Report};
pub use rinalmo_draw::png;
pub use rinalmo_metrics as metrics;
pub use score::{Agreement, Both, RecordScore};

/// How scores are summarized.
#[derive(Debug, Clone)]
pub struct EvaluateOptions {
    /// How intervals are computed.
    pub bootstrap: Bootstrap,
    /// The last length of each band in nt, rising. Longer records are in one more band.
    pub bands: Vec<usize>,
}

impl Default for EvaluateOptions {
    fn default() -> Self {
        Self { bootstrap: Bootstrap::default(), bands: vec![50, 100, 200, 500] }
    }
}

/// One predictor's F1 minus another's, record by record.
#[derive(Debug, Clone, Serialize)]
pub struct Comparison {
    /// The first predictor.
    pub first: String,
    /// The second.
    pub second: String,
    /// Their F1.
    #[serde(flatten)]
    pub f1: Both<Paired>,
}

/// The result of an evaluation.
#[derive(Debug, Clone)]
pub struct Evaluation {
    /// The references' name.
    pub reference: String,
    /// How many references there are.
    pub references: usize,
    /// How many of them every predictor has a prediction for. These are scored.
    pub records: usize,
    /// Every predictor, in the order given.
    pub reports: Vec<Report>,
    /// Every two of them, compared.
    pub comparisons: Vec<Comparison>,
    /// How many records were left out, by kind of problem.
    pub left_out: BTreeMap<ProblemKind, usize>,
    /// References that were trained on, if they were searched for.
    pub leakage: Option<Leakage>,
    /// How intervals were computed.
    pub bootstrap: Bootstrap,
    /// What was resampled for them.
    pub drawn: Drawn,
}

/// What is resampled as a unit for intervals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Drawn {
    /// `clusters` or `families` if they are known (a record without one is its own unit), else `records`.
    pub by: &'static str,
    /// How many of them there are.
    pub count: usize,
}

impl Drawn {
    /// A line about intervals of whole clusters or families; empty if records were resampled.
    fn line(&self, bootstrap: &Bootstrap) -> String {
        match self.by {
            "records" => String::new(),
            _ if bootstrap.resamples == 0 => String::new(),
            by => format!("95 %: intervals by resampling {} {by}, whose records are not independent\n", self.count),
        }
    }
}

/// Scores predictors on the references that all of them have a prediction for.
///
/// # Errors
/// There is no such reference, or no predictor.
pub fn structure(
    references: &References,
    predictors: &[Predictions],
    leakage: Option<Leakage>,
    options: &EvaluateOptions,
) -> Result<Evaluation, Error> {
    let common = |number: &usize| predictors.iter().all(|predictor| predictor.structures[*number].is_some());
    let numbers: Vec<usize> = (0..references.items.len()).filter(common).collect();
    if numbers.is_empty() || predictors.is_empty() {
        let names: Vec<&str> = predictors.iter().map(|predictor| predictor.name.as_str()).collect();
        let who = names.join(" and ");
        return Err(Error::Options(format!("{}: no reference has a usable prediction by {who}", references.name)));
    }
    let similar = leakage.as_ref().map(|leakage| &leakage.marked[..]);
    let EvaluateOptions { bootstrap, bands } = options;
    let report = |predictor| Report::new(references, predictor, &numbers, similar, bands, bootstrap);
    let reports: Vec<Report> = predictors.iter().map(report).collect();
    let mut left_out = BTreeMap::new();
    for problem in references.problems.iter().chain(predictors.iter().flat_map(|predictor| &predictor.problems)) {
        *left_out.entry(problem.kind).or_insert(0) += 1;
    }
    Ok(Evaluation {
        reference: references.name.clone(),
        references: references.items.len(),
        records: numbers.len(),
        comparisons: compare(&reports, &references.units(numbers.iter().copied()), bootstrap),
        drawn: Drawn { by: references.drawn_by(), count: references.units(numbers.iter().copied()).count() },
        reports,
        left_out,
        leakage,
        bootstrap: *bootstrap,
    })
}

fn compare(reports: &[Report], units: &Units, bootstrap: &Bootstrap) -> Vec<Comparison> {
    let mut comparisons = Vec::new();
    for (place, first) in reports.iter().enumerate() {
        for second in &reports[place + 1..] {
            let paired = |f1: fn(&RecordScore) -> f64| {
                let of = |report: &Report| report.records.iter().map(f1).collect::<Vec<_>>();
                Paired::over(&of(first), &of(second), bootstrap, units)
                    .expect("both scored the same records, at least one")
            };
            let f1 = Both { strict: paired(|r| r.agreement.strict.f1), relaxed: paired(|r| r.agreement.relaxed.f1) };
            comparisons.push(Comparison { first: first.predictor.clone(), second: second.predictor.clone(), f1 });
        }
    }
    comparisons
}

impl Evaluation {
    /// Everything except the records. The first predictor's figures are at the top (`mean.strict.f1`,
    /// `families.x.strict.f1`). With several predictors, all are in `predictors` and each two in `comparisons`.
    pub fn to_json(&self) -> Value {
        let object = |value: Value| if let Value::Object(map) = value { map } else { Map::new() };
        let figures = |report: &Report| object(serde_json::to_value(report).expect("figures are plain values"));
        let mut json = Map::new();
        json.insert("reference".into(), self.reference.clone().into());
        json.insert("references".into(), self.references.into());
        json.insert("records".into(), self.records.into());
        json.extend(self.reports.first().map(figures).unwrap_or_default());
        if self.reports.len() > 1 {
            let predictors = self.reports.iter().map(|report| (report.predictor.clone(), figures(report).into()));
            json.insert("predictors".into(), Value::Object(predictors.collect()));
            json.insert("comparisons".into(), serde_json::json!(self.comparisons));
        }
        let left_out = self.left_out.iter().map(|(kind, count)| (kind.name().to_owned(), (*count).into()));
        json.insert("left_out".into(), Value::Object(left_out.collect()));
        json.insert("bootstrap".into(), serde_json::json!(self.bootstrap));
        json.insert("drawn".into(), serde_json::json!(self.drawn));
        if let Some(leakage) = &self.leakage {
            json.insert("leakage".into(), serde_json::json!(leakage));
        }
        Value::Object(json)
    }
}
