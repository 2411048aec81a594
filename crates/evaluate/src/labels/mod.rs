//! Scores predictions with one answer for each sequence: splice sites, ribosome load, families.
//!
//! Known answers and predictions are in tables and are matched by id. Rows of a table without ids are named `seq1`,
//! `seq2`, …, as in all commands, so that the output of `rinalmo predict` on the table of known answers matches it.

mod model;
mod render;
mod score;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use rinalmo_metrics::bootstrap::{Bootstrap, Interval, Units};
use rinalmo_metrics::paired::Paired;
use rinalmo_model::{Meaning, TaskSpec};
use rinalmo_seq::input;
use rinalmo_seq::labelled::labels::{self as labelled, same};
use rinalmo_seq::table::{Comma, Row, Table, columns};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::problem::{Problem, ProblemKind};
use super::{Drawn, read};
use crate::Error;

/// The question for each sequence: its task, and how its answers are read.
#[derive(Debug, Clone, PartialEq)]
pub enum Question {
    /// Yes or no? Known answers are labels, predictions are probabilities.
    YesNo {
        /// The task.
        task: &'static TaskSpec,
        /// The label that means yes.
        positive: String,
        /// The labels that mean no; if empty, all other labels do.
        negative: Vec<String>,
        /// The least probability that predicts yes.
        threshold: f64,
        /// Are predictions in tables logits? They are then converted by a sigmoid.
        logits: bool,
    },
    /// How much? Both are numbers.
    Number(&'static TaskSpec),
    /// Which one? Both are names.
    Classes(&'static TaskSpec),
}

impl Question {
    /// The question of a task, if it has one. Yes is the label `1`, predicted by a probability of at least 0.5.
    pub fn of(task: &'static TaskSpec) -> Option<Self> {
        let labels = task.labels.as_ref().filter(|labels| !labels.known.is_empty())?;
        Some(match labels.meaning? {
            Meaning::YesNo => {
                Self::YesNo { task, positive: "1".into(), negative: Vec::new(), threshold: 0.5, logits: false }
            }
            Meaning::Number => Self::Number(task),
            Meaning::Classes => Self::Classes(task),
        })
    }

    /// The task.
    pub fn task(&self) -> &'static TaskSpec {
        match self {
            Self::YesNo { task, .. } | Self::Number(task) | Self::Classes(task) => task,
        }
    }

    /// Possible names of the column of known answers.
    fn known(&self) -> &'static [&'static str] {
        self.task().labels.as_ref().map_or(&[], |labels| labels.known)
    }

    /// Possible names of the column of predictions.
    fn predicted(&self) -> &'static [&'static str] {
        self.task().labels.as_ref().map_or(&[], |labels| labels.predicted)
    }

    /// Is a known answer scored? The user may leave labels out.
    fn wants(&self, answer: &str) -> bool {
        match self {
            Self::YesNo { positive, negative, .. } => {
                same(answer, positive) || negative.is_empty() || negative.iter().any(|label| same(label, answer))
            }
            Self::Number(_) | Self::Classes(_) => true,
        }
    }

    /// An answer as it is scored: numbers with a decimal point, logits as probabilities.
    fn usable(&self, answer: &str, known: bool, comma: Comma) -> Result<String, String> {
        let number = || comma.number(answer).map_err(|error| error.to_string());
        match self {
            Self::YesNo { logits, .. } if !known => {
                number().map(|number| if *logits { 1.0 / (1.0 + (-number).exp()) } else { number }.to_string())
            }
            Self::Number(_) => number().map(|number| number.to_string()),
            _ if answer.is_empty() => Err("nothing, expected an answer".to_owned()),
            Self::YesNo { .. } | Self::Classes(_) => Ok(answer.to_owned()),
        }
    }
}

/// A known answer.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Known {
    id: String,
    sequence: Option<Vec<u8>>,
    answer: String,
    group: Option<String>,
    cluster: Option<String>,
    place: String,
}

/// Known answers, each id once.
#[derive(Debug, Clone)]
pub struct Labels {
    /// The table as it was named.
    pub name: String,
    /// Rows that could not be used.
    pub problems: Vec<Problem>,
    question: Question,
    items: Vec<Known>,
    by_id: HashMap<String, usize>,
    unwanted: HashSet<String>,
}

/// A predictor's answers.
#[derive(Debug, Clone)]
pub struct Answers {
    /// The predictor's name.
    pub name: String,
    /// Rows that could not be used.
    pub problems: Vec<Problem>,
    values: Vec<Option<String>>,
}

/// The id of a row; `seq1`, `seq2`, … without a column of ids.
fn id(row: &Row, column: Option<usize>, number: usize) -> String {
    let given = column.map(|column| row.cell(column)).filter(|id| !id.is_empty());
    given.map_or_else(|| format!("seq{number}"), str::to_owned)
}

impl Labels {
    /// Reads a table of known answers, or FASTA with headers `>id answer`. Rows are grouped by the values of the column
    /// `by`. Sequences are kept if the file has them.
    ///
    /// # Errors
    /// It cannot be opened, lacks a column, or holds no answer.
    pub fn open(path: &Path, question: Question, by: Option<&str>) -> Result<Self, Error> {
        let mut labels = Self {
            name: input::name_of(path).to_string(),
            problems: Vec::new(),
            question,
            items: Vec::new(),
            by_id: HashMap::new(),
            unwanted: HashSet::new(),
        };
        if labelled::is_fasta(path)? {
            labels.add_fasta(path, by)?;
        } else {
            labels.add_table(path, by)?;
        }
        if labels.items.is_empty() {
            return Err(Error::Options(format!("{}: has no usable answer", labels.name)));
        }
        Ok(labels)
    }

    fn add_fasta(&mut self, path: &Path, by: Option<&str>) -> Result<(), Error> {
        if let Some(by) = by {
            return Err(Error::Options(format!("{}: FASTA has no column `{by}` to group its records by", self.name)));
        }
        for item in labelled::read(path, &labelled::Columns::default())? {
            let place = format!("{}:{}: `{}`", item.place.file, item.place.line, item.id);
            let labelled::Item { id, sequence, label: answer, comma, cluster, .. } = item;
            self.add(Known { id, sequence: Some(sequence), answer, group: None, cluster, place }, comma);
        }
        Ok(())
    }

    fn add_table(&mut self, path: &Path, by: Option<&str>) -> Result<(), Error> {
        let mut table = Table::open(path)?;
        let (id_column, answer) = (table.find(columns::ID), table.column(self.question.known())?);
        let (group, letters) = (by.map(|by| table.column(&[by])).transpose()?, table.find(columns::SEQUENCE));
        let cluster = labelled::cluster_column(&table, answer);
        for number in 1.. {
            let row = match table.next_row() {
                Ok(None) => break,
                Ok(Some(row)) => row,
                Err(error) if error.is_about_one_row() => {
                    self.problems.push(Problem::new(ProblemKind::Unreadable, error.to_string()));
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            let id = id(&row, id_column, number);
            let group = group.map(|column| row.cell(column).to_owned());
            let sequence = letters.and_then(|column| row.sequence(column).ok());
            let place = format!("{}:{}: `{id}`", table.file(), row.line());
            let cluster = cluster.and_then(|column| labelled::cluster_of(&row, column));
            self.add(Known { id, sequence, answer: row.cell(answer).to_owned(), group, cluster, place }, table.comma());
        }
        Ok(())
    }

    fn add(&mut self, mut known: Known, comma: Comma) {
        match self.question.usable(&known.answer, true, comma) {
            Ok(answer) => known.answer = answer,
            Err(complaint) => {
                self.problems.push(Problem::new(ProblemKind::Unreadable, format!("{}: {complaint}", known.place)));
                return;
            }
        }
        if !self.question.wants(&known.answer) {
            self.unwanted.insert(known.id);
        } else if let Some(&first) = self.by_id.get(&known.id) {
            let text = format!("{}: duplicate id (first: {})", known.place, self.items[first].place);
            self.problems.push(Problem::new(ProblemKind::Duplicate, text));
        } else {
            self.by_id.insert(known.id.clone(), self.items.len());
            self.items.push(known);
        }
    }

    /// The number of known answers.
    pub fn count(&self) -> usize {
        self.items.len()
    }

    /// The unit of resampling for intervals: clusters if a column names any, else records. Similar records are not
    /// independent, so they are resampled together.
    pub fn drawn_by(&self) -> &'static str {
        if self.items.iter().any(|known| known.cluster.is_some()) { "clusters" } else { "records" }
    }

    /// The units of resampling of some known answers; one without a cluster is its own unit.
    fn units(&self, numbers: &[usize]) -> Units {
        Units::groups(numbers.iter().map(|&number| self.items[number].cluster.as_deref()))
    }

    /// Every answer and how often it is known.
    pub fn answers(&self) -> BTreeMap<&str, usize> {
        let mut counts = BTreeMap::new();
        self.items.iter().for_each(|known| *counts.entry(known.answer.as_str()).or_default() += 1);
        counts
    }

    /// Is at least one answer yes? Always true for other questions.
    pub fn has_positive(&self) -> bool {
        match &self.question {
            Question::YesNo { positive, .. } => self.items.iter().any(|known| same(&known.answer, positive)),
            Question::Number(_) | Question::Classes(_) => true,
        }
    }
}

impl Answers {
    /// Reads a predictor's table and matches its answers with the known ones by id.
    ///
    /// # Errors
    /// It cannot be opened, lacks a column, or no id is known.
    pub fn open(path: &Path, labels: &Labels) -> Result<Self, Error> {
        let mut table = Table::open(path)?;
        let (id_column, answer) = (table.find(columns::ID), table.column(labels.question.predicted())?);
        let mut answers = Self { name: read::stem(path), problems: Vec::new(), values: vec![None; labels.count()] };
        for number in 1.. {
            match table.next_row() {
                Ok(None) => break,
                Ok(Some(row)) => {
                    let id = id(&row, id_column, number);
                    let place = format!("{}:{}: `{id}`", table.file(), row.line());
                    let answer = labels.question.usable(row.cell(answer), false, table.comma());
                    answers.add(&id, answer, &place, labels);
                }
                Err(error) if error.is_about_one_row() => {
                    answers.problems.push(Problem::new(ProblemKind::Unreadable, error.to_string()));
                }
                Err(error) => return Err(error.into()),
            }
        }
        if answers.values.iter().all(Option::is_none) {
            let (file, known) = (table.file(), labels.items.first().map_or("", |known| known.id.as_str()));
            let (name, hint) = (&labels.name, "hint: ids are compared letter by letter");
            return Err(Error::Options(format!(
                "{file}: no usable answer for an id of {name}, such as `{known}`\n{hint}"
            )));
        }
        answers.name_missing(labels, table.file());
        Ok(answers)
    }

    /// How many answers that should be probabilities are not from 0 to 1, and the first of them. Such numbers can only
    /// be ranked: they have no threshold and no calibration.
    pub fn not_probabilities(&self, labels: &Labels) -> Option<(usize, &str)> {
        let Question::YesNo { .. } = labels.question else { return None };
        let mut outside = self.values.iter().flatten().filter(|value| !score::is_probability(value));
        let first = outside.next()?;
        Some((1 + outside.count(), first))
    }

    /// Adds a problem for every known answer without a prediction.
    fn name_missing(&mut self, labels: &Labels, by: &str) {
        for (_, known) in self.values.iter().zip(&labels.items).filter(|(value, _)| value.is_none()) {
            let text = format!("{by}: nothing for `{}` ({})", known.id, known.place);
            self.problems.push(Problem::new(ProblemKind::NoPrediction, text));
        }
    }

    fn add(&mut self, id: &str, answer: Result<String, String>, place: &str, labels: &Labels) {
        let number = labels.by_id.get(id).copied();
        let problem = match number {
            None if labels.unwanted.contains(id) => None,
            None => Some((ProblemKind::NoReference, "no known answer has this id".to_owned())),
            Some(number) if self.values[number].is_some() => Some((ProblemKind::Duplicate, "duplicate id".to_owned())),
            Some(number) => match answer {
                Err(complaint) => Some((ProblemKind::Unreadable, complaint)),
                Ok(answer) => {
                    self.values[number] = Some(answer);
                    None
                }
            },
        };
        self.problems.extend(problem.map(|(kind, text)| Problem::new(kind, format!("{place}: {text}"))));
    }
}

/// One figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Its name.
    pub name: &'static str,
    /// Its value; `None` if it is undefined, such as R² of equal answers.
    pub value: Option<f64>,
    /// Its interval; only the first figure has one.
    pub interval: Option<Interval>,
}

/// The figures of some rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    /// How many rows.
    pub records: usize,
    /// The figures, the most important first.
    pub figures: Vec<Figure>,
}

/// One predictor.
#[derive(Debug, Clone)]
pub struct LabelReport {
    /// Its name.
    pub predictor: String,
    /// Of all rows.
    pub all: Scores,
    /// By group.
    pub groups: BTreeMap<String, Scores>,
    /// By class, if the question has classes.
    pub classes: BTreeMap<String, Scores>,
}

/// The result of an evaluation.
#[derive(Debug, Clone)]
pub struct LabelEvaluation {
    /// The known answers' name.
    pub reference: String,
    /// The number of known answers.
    pub references: usize,
    /// How many of them every predictor answers. These are scored.
    pub records: usize,
    /// Every predictor.
    pub reports: Vec<LabelReport>,
    /// Every two predictors, compared row by row: by accuracy or, for numbers, by absolute error.
    pub comparisons: Vec<LabelComparison>,
    /// How many rows were left out, by kind of problem.
    pub left_out: BTreeMap<ProblemKind, usize>,
    /// How intervals were computed.
    pub bootstrap: Bootstrap,
    /// What was resampled for them.
    pub drawn: Drawn,
}

/// One predictor minus another, row by row.
#[derive(Debug, Clone, Serialize)]
pub struct LabelComparison {
    /// The first predictor.
    pub first: String,
    /// The second.
    pub second: String,
    /// What is compared.
    pub of: &'static str,
    /// The differences.
    #[serde(flatten)]
    pub paired: Paired,
}

/// Scores predictors on the rows that all of them answer.
///
/// # Errors
/// There is no such row, or no predictor.
pub fn labels(labels: &Labels, predictors: &[Answers], bootstrap: &Bootstrap) -> Result<LabelEvaluation, Error> {
    let common = |number: &usize| predictors.iter().all(|predictor| predictor.values[*number].is_some());
    let numbers: Vec<usize> = (0..labels.count()).filter(common).collect();
    if numbers.is_empty() || predictors.is_empty() {
        return Err(Error::Options(format!("{}: no row is answered by every predictor", labels.name)));
    }
    let mut left_out = BTreeMap::new();
    for problem in labels.problems.iter().chain(predictors.iter().flat_map(|predictor| &predictor.problems)) {
        *left_out.entry(problem.kind).or_insert(0) += 1;
    }
    let reports = predictors.iter().map(|predictor| score::report(labels, predictor, &numbers, bootstrap));
    Ok(LabelEvaluation {
        reference: labels.name.clone(),
        references: labels.count(),
        records: numbers.len(),
        reports: reports.collect::<Result<_, _>>()?,
        comparisons: score::compare(labels, predictors, &numbers, bootstrap)?,
        left_out,
        bootstrap: *bootstrap,
        drawn: Drawn { by: labels.drawn_by(), count: labels.units(&numbers).count() },
    })
}

impl Scores {
    fn to_json(&self) -> Value {
        let mut map = Map::from_iter([("records".to_owned(), self.records.into())]);
        for Figure { name, value, interval } in &self.figures {
            map.insert((*name).to_owned(), json!(value));
            interval.inspect(|interval| drop(map.insert(format!("{name}_interval"), json!(interval))));
        }
        map.into()
    }
}

impl LabelEvaluation {
    /// Everything. The first predictor's figures are in `all`, `groups` and `classes`. With several predictors, all are
    /// in `predictors` and each two in `comparisons`.
    pub fn to_json(&self) -> Value {
        let of = |groups: &BTreeMap<String, Scores>| -> Map<String, Value> {
            groups.iter().map(|(name, scores)| (name.clone(), scores.to_json())).collect()
        };
        let figures = |report: &LabelReport| {
            let LabelReport { predictor, all, groups, classes } = report;
            json!({ "predictor": predictor, "all": all.to_json(), "groups": of(groups), "classes": of(classes) })
        };
        let mut json = self.reports.first().map(figures).unwrap_or_default();
        json["reference"] = self.reference.clone().into();
        json["references"] = self.references.into();
        json["records"] = self.records.into();
        if self.reports.len() > 1 {
            let predictors = self.reports.iter().map(|report| (report.predictor.clone(), figures(report)));
            json["predictors"] = predictors.collect::<Map<_, _>>().into();
            json["comparisons"] = json!(self.comparisons);
        }
        let left_out = self.left_out.iter().map(|(kind, count)| (kind.name().to_owned(), (*count).into()));
        json["left_out"] = left_out.collect::<Map<_, _>>().into();
        json["bootstrap"] = json!(self.bootstrap);
        json["drawn"] = json!(self.drawn);
        json
    }
}

#[cfg(test)]
mod tests;
