//! Errors of benchmarks.

use std::path::PathBuf;

/// Everything that a benchmark can fail with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A model could not be loaded or run.
    #[error(transparent)]
    Infer(#[from] rinalmo_infer::Error),

    /// A training run could not start, continue or be read.
    #[error(transparent)]
    Run(#[from] rinalmo_runs::Error),

    /// A model could not be evaluated.
    #[error(transparent)]
    Evaluate(#[from] rinalmo_evaluate::Error),

    /// A run's folder does not hold what is expected.
    #[error("{}: {message}", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What was expected, what was found, and what to do.
        message: String,
    },

    /// The folder of a fold holds a run on other data.
    #[error("{}: holds a run on other data than this fold's", folder.display())]
    OtherData {
        /// The folder.
        folder: PathBuf,
    },

    /// A fold would continue with another setting than it started with.
    #[error("{}: the fold was started with {key} = {was}, now it is {is}", folder.display())]
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

    /// Options that contradict each other, the data or the model.
    #[error("{0}")]
    Options(String),

    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] rinalmo_runs::FileError),

    /// A corpus could not be opened or sampled.
    #[error(transparent)]
    Corpus(#[from] rinalmo_corpus::Error),

    /// Labelled data could not be read.
    #[error(transparent)]
    Data(#[from] rinalmo_seq::table::Error),

    /// A file of sequences or structures cannot be used.
    #[error(transparent)]
    Sequences(#[from] rinalmo_seq::Error),
}
