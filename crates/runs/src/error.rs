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

    /// A run's folder does not hold what is expected.
    #[error("{}: {message}", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What was expected, what was found, and what to do.
        message: String,
    },

    /// Options that contradict each other, the data or the model.
    #[error("{0}")]
    Options(String),

    /// A file could not be read or written.
    #[error("{}: cannot be {action}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What was tried: `read`, `written`.
        action: &'static str,
        /// What the system said.
        source: std::io::Error,
    },

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

impl Error {
    /// Adds the file to an [`std::io::Error`].
    pub(crate) fn file(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, action, source }
    }
}
