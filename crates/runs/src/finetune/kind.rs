//! A task of fine-tuning: how its data are read and which head it trains.

use std::path::{Path, PathBuf};

use rinalmo_model::{HeadConfig, TaskSpec};
use rinalmo_seq::labelled::structures::{Partition, Splits};
use rinalmo_train::{Cache, Share, Task};
use rinalmo_weights::Document;
use serde::{Deserialize, Serialize};

use super::checksum::checksum;
use super::hold_out::{self, Entry, Unit};
use super::{Config, Section};
use crate::Error;
use crate::run::absolute;

/// The files of a run's data.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Files {
    /// Training data; with `splits`, all data.
    pub train: Vec<PathBuf>,
    /// Validation data, which choose the best model; by default a share of the training data is held out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub validation: Vec<PathBuf>,
    /// Test data, on which the best model is tested at the end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub test: Vec<PathBuf>,
    /// A table that divides the records of `train`, and the name of one of its folds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub splits: Option<(PathBuf, String)>,
}

impl Files {
    /// The same files by absolute paths, so that a run can be resumed from any folder.
    pub fn absolute(&self) -> Self {
        let all = |paths: &[PathBuf]| paths.iter().map(|path| absolute(path)).collect();
        let splits = self.splits.as_ref().map(|(path, fold)| (absolute(path), fold.clone()));
        Self { train: all(&self.train), validation: all(&self.validation), test: all(&self.test), splits }
    }

    /// How many files each part has, and the fold.
    pub(super) fn layout(&self) -> (usize, usize, usize, Option<&str>) {
        let fold = self.splits.as_ref().map(|(_, fold)| fold.as_str());
        (self.train.len(), self.validation.len(), self.test.len(), fold)
    }

    /// The checksum of each file.
    ///
    /// # Errors
    /// A file cannot be read.
    pub(super) fn checksums(&self) -> Result<Vec<(PathBuf, String)>, Error> {
        self.all().map(|path| Ok((path.to_owned(), checksum(path)?))).collect()
    }

    /// All files, including the table of splits.
    pub(super) fn all(&self) -> impl Iterator<Item = &Path> {
        let splits = self.splits.iter().map(|(path, _)| path);
        self.train.iter().chain(&self.validation).chain(&self.test).chain(splits).map(PathBuf::as_path)
    }
}

/// A task to be fine-tuned for.
pub trait Kind: Copy {
    /// Its section of the config.
    type Data: Section;
    /// The task for the training loop.
    type Task: Task;
    /// Its row in the table of tasks.
    fn spec(&self) -> &'static TaskSpec;

    /// Its name, as the command line spells it.
    fn name(&self) -> &'static str {
        self.spec().name
    }

    /// The published head, for a dry run without data.
    fn published(&self) -> HeadConfig {
        self.spec().head.clone().expect("a task of fine-tuning has a head")
    }

    /// The head of a config without data: the published one, with the sizes that the config gives.
    fn planned(&self, _data: &Self::Data) -> HeadConfig {
        self.published()
    }

    /// Reads data and finds which head is needed.
    ///
    /// # Errors
    /// A file cannot be read or does not fit.
    fn prepare(&self, files: &Files, split: &Split, data: &Self::Data) -> Result<Prepared<Self::Task>, Error>;

    /// Adds to a model's description what is known before training, such as names of classes.
    fn describe(task: &Self::Task, document: &mut Document);

    /// The task with the section of the config after [`Section::settle`].
    fn settled(task: Self::Task, _data: &Self::Data) -> Self::Task {
        task
    }

    /// The task with a frozen encoder's representations kept in a cache.
    ///
    /// # Errors
    /// The data are drawn in different crops each epoch, so they cannot be cached.
    fn cached(task: Self::Task, cache: Cache) -> Result<Self::Task, Error>;

    /// The test task with values that were found in training, such as a threshold.
    fn fixed(test: Self::Task, document: &Document) -> Self::Task;
}

/// How data are divided.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Split {
    /// What everything random depends on.
    pub seed: u64,
    /// The share that is held out if no validation data are given.
    pub hold_out: f64,
    /// What is held out together.
    pub by: Unit,
    /// Which of the run's processes this is.
    pub share: Share,
}

impl Split {
    /// The split of a config.
    pub(super) fn of<D: Section>(config: &Config<D>, share: Share) -> Self {
        let hold_out = config.hold_out;
        Self { seed: config.train.seed, hold_out: hold_out.share, by: hold_out.by.unwrap_or_default(), share }
    }
}

/// A task with its data.
pub struct Prepared<T> {
    /// The task for the training loop.
    pub task: T,
    /// The head it needs.
    pub head: HeadConfig,
    /// The final test of the best model: a task whose validation data are the test data.
    pub test: Option<T>,
    /// Lines on the data.
    pub notes: Vec<String>,
    /// Items trained on.
    pub items: usize,
    /// Batches of this process in an epoch.
    pub batches: usize,
    /// Tokens of an epoch.
    pub tokens: u64,
    /// Tokens of the longest item.
    pub longest: usize,
}

/// Items for training, validation and test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts<I> {
    /// Training.
    pub train: Vec<I>,
    /// Validation.
    pub validation: Vec<I>,
    /// Test.
    pub test: Vec<I>,
    /// Whether files name the validation data, so that none are held out.
    pub validation_given: bool,
}

/// Reads all files and divides their items by file and by `splits`. The second argument of `read` says whether a file
/// is test data.
pub(super) fn divide<I>(
    files: &Files,
    read: impl Fn(&Path, bool) -> Result<Vec<I>, Error>,
    id: impl Fn(&I) -> &str,
) -> Result<Parts<I>, Error> {
    let all = |paths: &[PathBuf], test: bool| -> Result<Vec<I>, Error> {
        let mut items = Vec::new();
        for path in paths {
            items.extend(read(path, test)?);
        }
        Ok(items)
    };
    let mut parts = Parts {
        train: all(&files.train, false)?,
        validation: all(&files.validation, false)?,
        test: all(&files.test, true)?,
        validation_given: false,
    };
    if let Some((path, fold)) = &files.splits {
        let splits = Splits::read(path, fold)?;
        for item in std::mem::take(&mut parts.train) {
            match splits.of(id(&item)) {
                Some(Partition::Train) => parts.train.push(item),
                Some(Partition::Validation) => parts.validation.push(item),
                Some(Partition::Test) => parts.test.push(item),
                None => {}
            }
        }
        if parts.train.is_empty() {
            let message = format!("fold `{fold}` names none of the training data's records");
            return Err(Error::Options(format!("{}: {message}", path.display())));
        }
    }
    parts.validation_given = !parts.validation.is_empty();
    Ok(parts)
}

/// An error that says what is wrong with the validation data.
pub(super) fn unfit(what: &str, given: bool) -> Error {
    Error::Unfit { what: what.to_owned(), given }
}

impl<I> Parts<I> {
    /// Removes items of training and validation that `keep` refuses, and returns how many.
    pub(super) fn keep(&mut self, keep: impl Fn(&I) -> bool) -> usize {
        let before = self.train.len() + self.validation.len();
        self.train.retain(&keep);
        self.validation.retain(&keep);
        before - self.train.len() - self.validation.len()
    }

    /// Moves some of the training data to validation, if there are no validation data; returns a line on them.
    ///
    /// # Errors
    /// An item is invalid, or none can be held out.
    pub(super) fn hold_out(
        &mut self,
        split: &Split,
        entry: impl Fn(&I) -> Result<Entry, Error>,
    ) -> Result<Option<String>, Error> {
        if self.validation_given {
            return Ok(None);
        }
        if split.hold_out == 0.0 {
            return Ok(Some("validation: none, so the last model is kept".into()));
        }
        let entries = self.train.iter().map(entry).collect::<Result<Vec<_>, _>>()?;
        let drawn = hold_out::draw(&entries, split.hold_out, split.by, split.seed)?;
        for (item, held) in std::mem::take(&mut self.train).into_iter().zip(&drawn.held_out) {
            if *held { self.validation.push(item) } else { self.train.push(item) }
        }
        Ok(Some(match drawn.clusters {
            Some((chosen, all)) => format!("held out for validation: {chosen} of {all} clusters of the training data"),
            None => "held out for validation: single sequences of the training data, even near copies".into(),
        }))
    }
}
