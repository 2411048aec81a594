//! A benchmark in a folder, fold by fold.

use std::fs;
use std::path::{Path, PathBuf};

use rinalmo_metrics::bootstrap::Bootstrap;
use rinalmo_runs::FileError;
use rinalmo_train::Checkpoints;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::result::{of_labels, of_structures};
use super::{Benchmark, Fold, FoldResult, Score, Trial, data, guard, table};
use crate::Error;
use rinalmo_evaluate::{self, Answers, EvaluateOptions, FamilyFrom, Labels, Predictions, References, Watch, labels};
use rinalmo_infer::{FoldOptions, Model};
use rinalmo_runs::finetune::{Config, Record, RunConfig, Section};
use rinalmo_runs::run::{CHECKPOINTS, CONFIG, RECORD, differences, model_from_anywhere};

const DATA: &str = "data";
const RESULT: &str = "result.json";
const RESULTS: &str = "results.json";
const TABLE: &str = "table.md";

/// A benchmark and its folds in a folder.
#[derive(Debug, Clone)]
pub struct Plan {
    benchmark: Benchmark,
    out: PathBuf,
    folds: Vec<Fold>,
    notes: Vec<String>,
    trained_on: Vec<PathBuf>,
}

/// The progress of a fold.
#[derive(Debug, Clone, PartialEq)]
pub enum Standing {
    /// It was not started.
    New,
    /// Its training was started.
    Begun,
    /// Its training is done.
    Trained,
    /// It was tested.
    Tried(FoldResult),
}

/// The content of `results.json`.
#[derive(Debug, Serialize, Deserialize)]
struct Results {
    benchmark: Benchmark,
    data: Vec<String>,
    folds: Vec<FoldResult>,
}

impl Plan {
    /// Reads data (files, folders and archives as their publishers distribute them), and writes the folds' tables into
    /// `out`.
    ///
    /// # Errors
    /// A file is missing, or a row is invalid; the message has file and line.
    pub fn open(benchmark: Benchmark, data: &[PathBuf], out: &Path) -> Result<Self, Error> {
        let prepared = data::prepare(benchmark, data, &out.join(DATA))?;
        Ok(Self {
            benchmark,
            out: out.to_owned(),
            folds: prepared.folds,
            notes: prepared.notes,
            trained_on: Vec::new(),
        })
    }

    /// The plan with files that the model to start with was trained on, for the guard.
    #[must_use]
    pub fn trained_on(self, files: Vec<PathBuf>) -> Self {
        Self { trained_on: files, ..self }
    }

    /// The plan with only some of its folds, by name.
    ///
    /// # Errors
    /// There is no such fold; the message lists all.
    pub fn only(mut self, names: &[String]) -> Result<Self, Error> {
        let known: Vec<&str> = self.folds.iter().map(|fold| fold.name.as_str()).collect();
        if let Some(unknown) = names.iter().find(|name| !known.contains(&name.as_str())) {
            let known = known.join(", ");
            return Err(Error::Options(format!("no fold `{unknown}`\nhint: there are {known}")));
        }
        self.folds.retain(|fold| names.is_empty() || names.contains(&fold.name));
        Ok(self)
    }

    /// Which benchmark it is.
    pub fn benchmark(&self) -> Benchmark {
        self.benchmark
    }

    /// Its folds.
    pub fn folds(&self) -> &[Fold] {
        &self.folds
    }

    /// Notes on how the data were prepared.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The folder of a fold's run.
    pub fn folder(&self, fold: &Fold) -> PathBuf {
        self.out.join(&fold.name)
    }

    /// The progress of a fold.
    ///
    /// # Errors
    /// Its folder holds a run on other data, or something that cannot be read.
    pub fn standing(&self, fold: &Fold) -> Result<Standing, Error> {
        let folder = self.folder(fold);
        let Some(record) = read::<Record>(&folder.join(RECORD))? else { return Ok(Standing::New) };
        if record.known.files.absolute() != fold.files.absolute() {
            return Err(Error::OtherData { folder });
        }
        let finished = record.sessions.last().is_some_and(|session| session.ended.as_deref() == Some("finished"));
        Ok(match (read(&folder.join(RESULT))?, finished) {
            (Some(result), true) => Standing::Tried(result),
            (None, true) => Standing::Trained,
            (_, false) => Standing::Begun,
        })
    }

    /// Checks that a started fold has the same config and model as now.
    ///
    /// # Errors
    /// The first key of the config that differs, or the model it started with.
    pub fn check<D: Section>(&self, fold: &Fold, config: &Config<D>, from: Option<&str>) -> Result<(), Error> {
        let folder = self.folder(fold);
        let Some(record) = read::<Record>(&folder.join(RECORD))? else { return Ok(()) };
        let begun: Config<D> = Config::open(&folder.join(CONFIG), &[])?;
        let now = config.like(&begun)?;
        let was = record.from.as_deref().map(model_from_anywhere);
        let from = from.map(model_from_anywhere);
        let (was, from) = (was.as_deref(), from.as_deref());
        let from = (was != from).then(|| ("from".to_owned(), model_name(was), model_name(from)));
        let differ = differences(&begun.to_table(), &now.to_table());
        let Some((key, was, is)) = from.into_iter().chain(differ).next() else { return Ok(()) };
        Err(Error::Changed { folder, key, was, is })
    }

    /// Tests a trained fold's best model, under the name `name`, and every program, and writes the results. `None` if
    /// it was stopped.
    ///
    /// # Errors
    /// The model or a trial's data cannot be used, or a program cannot be run.
    pub fn attempt(
        &self,
        fold: &Fold,
        name: &str,
        model: &Model,
        programs: &[String],
        watch: &mut dyn Watch,
    ) -> Result<Option<FoldResult>, Error> {
        let folder = self.folder(fold);
        let (checks, trained_before) = (guard::check(fold, &self.trained_on)?, self.trained_before(&folder)?);
        let mut scores = Vec::new();
        for trial in &fold.trials {
            let Some((json, found)) = self.judge(trial, name, model, programs, watch)? else { return Ok(None) };
            write(&folder.join(format!("evaluation.{}.json", trial.row.replace(' ', "-"))), &json)?;
            scores.extend(found);
        }
        let saved = Checkpoints::new(folder.join(CHECKPOINTS)).latest().map_err(rinalmo_runs::Error::from)?.saved;
        let (steps, seconds) = saved.map_or((0, 0.0), |saved| (saved.state.step, saved.state.seconds));
        let result = FoldResult {
            fold: fold.name.clone(),
            steps,
            seconds,
            scores,
            guard: Some(checks),
            trained_before,
            name: name.to_owned(),
        };
        write(&folder.join(RESULT), &result)?;
        Ok(Some(result))
    }

    /// The model that a fold started with, if it has a head for the task and so was trained for it before.
    fn trained_before(&self, folder: &Path) -> Result<Option<String>, Error> {
        let Some(from) = read::<Record>(&folder.join(RECORD))?.and_then(|record| record.from) else { return Ok(None) };
        let checkpoint = rinalmo_runs::run::open(&from)?;
        let trained = checkpoint.config.head.as_ref().is_some_and(|head| self.benchmark.task().takes(head));
        let says = checkpoint.meta.provenance.map_or_else(String::new, |provenance| format!(" ({provenance})"));
        Ok(trained.then(|| format!("{from}{says}")))
    }

    fn judge(
        &self,
        trial: &Trial,
        name: &str,
        model: &Model,
        programs: &[String],
        watch: &mut dyn Watch,
    ) -> Result<Option<(Value, Vec<Score>)>, Error> {
        let Some(question) = self.benchmark.question() else {
            let references = References::open(&trial.path, &FamilyFrom::Column, None)?;
            let own = Predictions::from_model(model, &references, &FoldOptions::default(), false, watch)?;
            let mut predictors = vec![Predictions { name: name.to_owned(), ..own }];
            for program in programs {
                predictors.push(Predictions::from_program(program, &references, watch)?);
            }
            if watch.stopped() {
                return Ok(None);
            }
            let evaluation = rinalmo_evaluate::structure(&references, &predictors, None, &EvaluateOptions::default())?;
            return Ok(Some((evaluation.to_json(), of_structures(&trial.row, &evaluation))));
        };
        let known = Labels::open(&trial.path, question, None)?;
        let mut answers = Answers::from_model(model, &known, watch)?;
        answers.name = name.to_owned();
        if watch.stopped() {
            return Ok(None);
        }
        let evaluation = labels(&known, &[answers], &Bootstrap::default())?;
        Ok(Some((evaluation.to_json(), of_labels(&trial.row, &evaluation))))
    }

    /// The results of its tested folds.
    ///
    /// # Errors
    /// As [`Plan::standing`].
    pub fn results(&self) -> Result<Vec<FoldResult>, Error> {
        let mut found = Vec::new();
        for fold in &self.folds {
            if let Standing::Tried(result) = self.standing(fold)? {
                found.push(result);
            }
        }
        Ok(found)
    }

    /// Writes `results.json` and `table.md` of all results so far, next to those of other plans' folders and the
    /// published ones; returns the table as text.
    ///
    /// # Errors
    /// Another plan's folder holds no results of this benchmark, or a file cannot be written.
    pub fn write_table(&self, beside: &[PathBuf]) -> Result<String, Error> {
        let mut all = self.results()?;
        write(
            &self.out.join(RESULTS),
            &Results { benchmark: self.benchmark, data: self.notes.clone(), folds: all.clone() },
        )?;
        for folder in beside {
            let path = folder.join(RESULTS);
            let refuse = |message: String| Error::Folder { folder: folder.clone(), message };
            let found: Results = read(&path)?.ok_or_else(|| refuse(format!("holds no `{RESULTS}` of a benchmark")))?;
            if found.benchmark != self.benchmark {
                return Err(refuse(format!("holds results of `{}`", found.benchmark.name())));
            }
            all.extend(found.folds);
        }
        let tables = table::tables(self.benchmark, &all, &self.notes);
        let path = self.out.join(TABLE);
        rinalmo_runs::run::write(&path, &tables.markdown())?;
        Ok(tables.text())
    }
}

/// A model's name for a message.
fn model_name(from: Option<&str>) -> String {
    from.unwrap_or("nothing").to_owned()
}

/// The content of a file of ours, if it exists.
fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Option<T>, Error> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(FileError::of("read", path)(error).into()),
    };
    let wrong =
        |error| Error::Folder { folder: path.to_owned(), message: format!("is not what a run writes: {error}") };
    serde_json::from_str(&text).map(Some).map_err(wrong)
}

fn write(path: &Path, what: &impl Serialize) -> Result<(), Error> {
    let text = serde_json::to_string_pretty(what).expect("results are made of words and numbers");
    Ok(rinalmo_runs::run::write(path, &(text + "\n"))?)
}
