//! What a task brings to a fine-tuning run: how its data are read and which head it trains.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rinalmo_model::HeadConfig;
use rinalmo_tasks::structure::dataset::{Partition, Splits};
use rinalmo_train::{Cache, Share, Task};
use rinalmo_weights::Document;
use serde::{Deserialize, Serialize};

use super::Section;
use crate::Error;

/// Where data lie.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Files {
    /// What is trained on; with `splits` everything.
    pub train: Vec<PathBuf>,
    /// What models are chosen by; a share of the training data is held out where there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub validation: Vec<PathBuf>,
    /// What the best model is tried on in the end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub test: Vec<PathBuf>,
    /// A table that says what of `train` is for what, and which of its folds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub splits: Option<(PathBuf, String)>,
}

impl Files {
    /// All files, splits too.
    pub(super) fn all(&self) -> impl Iterator<Item = &Path> {
        let splits = self.splits.iter().map(|(path, _)| path);
        self.train.iter().chain(&self.validation).chain(&self.test).chain(splits).map(PathBuf::as_path)
    }
}

/// A task to be fine-tuned for.
pub trait Kind {
    /// Its section of the config.
    type Data: Section;
    /// What the loop trains.
    type Task: Task;
    /// Its name, as the command line spells it.
    const NAME: &'static str;

    /// The published head, for looking at sizes without data.
    fn published() -> HeadConfig;

    /// Reads data and says which head is needed.
    ///
    /// # Errors
    /// A file cannot be read or does not fit.
    fn prepare(files: &Files, split: &Split, data: &Self::Data) -> Result<Prepared<Self::Task>, Error>;

    /// Writes into a model's description what is known of it before training, such as names of classes.
    fn describe(task: &Self::Task, document: &mut Document);

    /// Has a frozen encoder's representations kept.
    ///
    /// # Errors
    /// The data are drawn in ever new pieces.
    fn cached(task: Self::Task, cache: Cache) -> Result<Self::Task, Error>;

    /// Has a trial on test data go by what was found in training, such as a threshold.
    fn fixed(test: Self::Task, document: &Document) -> Self::Task;
}

/// How data are shared out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Split {
    /// What everything random depends on.
    pub seed: u64,
    /// The share held out where no validation data are given.
    pub hold_out: f64,
    /// Which of the run's processes this is.
    pub share: Share,
}

/// A task with its data.
pub struct Prepared<T> {
    /// What the loop trains.
    pub task: T,
    /// The head it needs.
    pub head: HeadConfig,
    /// The best model's last trial: a task whose validation data are the test data.
    pub test: Option<T>,
    /// What there is, in words.
    pub told: Vec<String>,
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
}

/// Reads all files and shares their items out; `read` is told whether a file is of test data.
pub(super) fn share_out<I>(
    files: &Files,
    split: &Split,
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
    if parts.validation.is_empty() && split.hold_out > 0.0 {
        let count = (parts.train.len() as f64 * split.hold_out).round() as usize;
        let chosen: BTreeSet<usize> =
            rinalmo_train::shuffled(parts.train.len(), split.seed).into_iter().take(count).collect();
        let numbered = std::mem::take(&mut parts.train).into_iter().enumerate();
        for (number, item) in numbered {
            if chosen.contains(&number) { parts.validation.push(item) } else { parts.train.push(item) }
        }
    }
    Ok(parts)
}
