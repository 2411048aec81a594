//! What can go wrong with a run.

use std::path::{Path, PathBuf};

/// Everything that training runs can fail with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A model could not be loaded or run.
    #[error(transparent)]
    Infer(#[from] rinalmo_infer::Error),

    /// A checkpoint could not be read or written.
    #[error(transparent)]
    Weights(#[from] rinalmo_weights::Error),

    /// `RINALMO_KERNELS` names instructions that this CPU does not have.
    #[error(transparent)]
    Kernels(#[from] rinalmo_kernels::Error),

    /// A run's config cannot be read or is invalid.
    #[error("{0}")]
    Config(String),

    /// Neither a file nor a built-in config has this name.
    #[error("{name}: no such file, and no config of this name is built in")]
    UnknownConfig {
        /// The name or path.
        name: String,
        /// The built-in config whose name is nearest.
        nearest: Option<&'static str>,
    },

    /// A config is for another task.
    #[error("{name}: this config is for the task `{found}`, not for `{expected}`")]
    OtherTask {
        /// The config's name or path.
        name: String,
        /// The task that it is for: `pretrain`, or one of fine-tuning.
        found: String,
        /// The task that a config is needed for.
        expected: String,
    },

    /// A change of a config, as `section.key=value`, is invalid.
    #[error("{change}: {message}")]
    Change {
        /// The change.
        change: String,
        /// What is wrong with it, and the nearest known key.
        message: String,
    },

    /// A run's folder does not hold what is expected.
    #[error("{}: {message}", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What was expected, what was found, and what to do.
        message: String,
    },

    /// The folder of a new run holds a run already.
    #[error("{}: holds a run already (`{found}`)", folder.display())]
    HoldsRun {
        /// The folder.
        folder: PathBuf,
        /// A file of that run.
        found: &'static str,
    },

    /// A folder without a run cannot be resumed.
    #[error("{}: holds no run to resume (no `{missing}`)", folder.display())]
    NoRun {
        /// The folder.
        folder: PathBuf,
        /// A file that every run has.
        missing: &'static str,
    },

    /// A run would resume with another setting than it started with.
    #[error("{}: the run began with {key} = {was}, now it is {is}", folder.display())]
    Changed {
        /// The folder.
        folder: PathBuf,
        /// The setting.
        key: String,
        /// Its value at the start.
        was: String,
        /// Its value now.
        is: String,
    },

    /// A run would resume from another model than it started from.
    #[error("{}: the run began with {began}, not with `{asked}`", folder.display())]
    OtherModel {
        /// The folder.
        folder: PathBuf,
        /// The model at the start, in words.
        began: String,
        /// The model now.
        asked: String,
    },

    /// A config sets neither steps nor epochs nor a time.
    #[error("the config sets no end")]
    NoEnd,

    /// Neither a model nor a size for a new encoder is given.
    #[error("there is no model to start with")]
    NoModel,

    /// A model and a size for its encoder are given, and they differ.
    #[error("the config's [model] and the model `{name}` have different sizes")]
    SizesDiffer {
        /// The model.
        name: String,
    },

    /// The model has a trained head that the config contradicts.
    #[error("`{model}` already has a {task} head, and the run asks for another: {differ}")]
    OtherHead {
        /// The model.
        model: String,
        /// The task of the head.
        task: &'static str,
        /// What differs, in words.
        differ: String,
    },

    /// No part of the training data can be held out for validation.
    #[error("no validation data can be held out: {why}")]
    NothingToHoldOut {
        /// Why not.
        why: String,
        /// Whether single items could be held out in place of clusters.
        by_item: bool,
    },

    /// The best model cannot be chosen by these validation data.
    #[error("the validation data {what}: the best model cannot be chosen with them")]
    Unfit {
        /// What is wrong with them.
        what: String,
        /// Whether they were given, and not held out of the training data.
        given: bool,
    },

    /// Validation or test data need more memory than allowed.
    #[error("the {part} data do not fit into memory: {what}")]
    Unaffordable {
        /// `validation` or `test`.
        part: &'static str,
        /// The longest item, and what it needs.
        what: rinalmo_train::Unaffordable,
    },

    /// Options that contradict each other, the data or the model.
    #[error("{0}")]
    Options(String),

    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),

    /// A corpus could not be opened or sampled.
    #[error(transparent)]
    Corpus(#[from] rinalmo_corpus::Error),

    /// Labelled data could not be read.
    #[error(transparent)]
    Data(#[from] rinalmo_seq::table::Error),

    /// Training could not start, continue or be saved.
    #[error(transparent)]
    Train(#[from] rinalmo_train::Error),

    /// A file of sequences or structures cannot be used.
    #[error(transparent)]
    Sequences(#[from] rinalmo_seq::Error),
}

/// A file could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{}: cannot be {action}: {source}", path.display())]
pub struct FileError {
    /// The file.
    pub path: PathBuf,
    /// What was tried: `read`, `written`.
    pub action: &'static str,
    /// What the system said.
    pub source: std::io::Error,
}

impl FileError {
    /// Adds the file to an [`std::io::Error`].
    pub fn of(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self { path, action, source }
    }
}
