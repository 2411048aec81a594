//! Errors of a run. Messages say what is kept and what to do next.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use rinalmo_corpus::sample::Position;

/// Why a run could not start, continue or be saved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder could not be created, written or read.
    #[error("{}: cannot {action}: {source}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What was attempted, as in "cannot be written".
        action: &'static str,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The disk is too full for a checkpoint.
    #[error(
        "{}: no room left on the disk; earlier checkpoints are complete\nhint: free some space and resume the run from the \
         newest of them", path.display()
    )]
    DiskFull {
        /// The file that could not be written.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// A checkpoint was changed since it was written.
    #[error("{}: {message}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was expected and what was found.
        message: String,
    },
    /// Weights could not be read or do not match the model.
    #[error(transparent)]
    Weights(#[from] rinalmo_weights::Error),
    /// The corpus could not be read or sampled.
    #[error(transparent)]
    Corpus(#[from] rinalmo_corpus::Error),
    /// An option is invalid.
    #[error("{0}")]
    Options(String),
    /// Loss or gradients are not finite, or the loss exploded.
    #[error(transparent)]
    Diverged(#[from] Box<Divergence>),
    /// Another process of the run ended or failed.
    #[error("{0}")]
    Exchange(String),
    /// An error of the task.
    #[error(transparent)]
    Task(Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// Adds the file to an [`io::Error`], and distinguishes a full disk from other errors.
    pub(crate) fn file(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { path, source },
            _ => Self::File { path, action, source },
        }
    }

    /// A file with other contents than expected.
    pub(crate) fn damaged(path: &Path, message: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), message: message.into() }
    }
}

/// A step whose loss or gradients are not finite, whose loss exploded, or before which the model had begun to forget. It
/// was not applied: the model is the one before it.
#[derive(Debug, Clone, PartialEq)]
pub struct Divergence {
    /// The step, counted from 1.
    pub step: u64,
    /// Position of each of its batches.
    pub at: Vec<Position>,
    /// What happened, in words.
    pub what: String,
    /// The last step, counted from 1, at which all was well, as far as is known.
    pub well: u64,
    /// Contents of each of its batches, as the task describes them.
    pub batches: Vec<String>,
}

impl std::error::Error for Divergence {}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "step {}: {}; this step was not taken", self.step, self.what)?;
        for (Position { epoch, step }, batch) in self.at.iter().zip(&self.batches) {
            write!(f, "\n  epoch {epoch}, batch {step}: {batch}")?;
        }
        write!(f, "\nhint: resume from a checkpoint with a lower rate, a longer warm-up or tighter clipping")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_has_its_own_message_that_says_what_is_kept() {
        let full = Error::file("be written", Path::new("a"))(io::ErrorKind::StorageFull.into()).to_string();
        assert!(full.starts_with("a: no room left on the disk; earlier checkpoints are complete"), "{full}");
        let other = Error::file("be written", Path::new("a"))(io::ErrorKind::PermissionDenied.into()).to_string();
        assert!(other.starts_with("a: cannot be written: "), "{other}");
    }

    #[test]
    fn a_divergence_names_step_and_batches() {
        let divergence = Divergence {
            step: 7,
            at: vec![Position { epoch: 1, step: 2 }],
            what: "the loss is NaN".into(),
            well: 6,
            batches: vec!["clusters 3, 5".into()],
        };
        let text = divergence.to_string();
        assert!(
            text.starts_with("step 7: the loss is NaN; this step was not taken\n  epoch 1, batch 2: clusters 3, 5")
        );
    }
}
