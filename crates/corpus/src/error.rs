//! What can go wrong between FASTA files and a store. Messages name the file at fault and what to do.

use std::io;
use std::path::{Path, PathBuf};

/// What went wrong while building or reading a corpus.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An input could not be read; the message names file and line.
    #[error(transparent)]
    Input(#[from] rinalmo_seq::Error),

    /// A table has no column of sequences, or a row that does not fit its header.
    #[error("{path}:{line}: {message}")]
    Table {
        /// The table.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What was expected and what was found.
        message: String,
    },

    /// A file could not be made, written or read.
    #[error("{path}: cannot {action}")]
    File {
        /// The file.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// What the system said.
        source: io::Error,
    },

    /// The disk has no space left for a file.
    #[error(
        "{path}: no space left on the disk; nothing is lost: free some space and run the same build again, it continues \
         where it stopped"
    )]
    DiskFull {
        /// The file that could not grow.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },

    /// A file holds something else than it should.
    #[error("{path}: {message}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was expected and what was found.
        message: String,
    },

    /// An error of LMDB.
    #[error("{path}: {message}")]
    Store {
        /// The store.
        path: PathBuf,
        /// What LMDB said.
        message: String,
    },

    /// Everything was dropped or excluded, or the inputs were empty.
    #[error("nothing to store: {0}")]
    Nothing(String),

    /// Clusters could not be found.
    #[error(transparent)]
    Cluster(#[from] crate::cluster::Error),

    /// A public source could not be fetched.
    #[error(transparent)]
    Source(#[from] crate::sources::Error),

    /// Another process builds the same store.
    #[error("{path}: another build of this store is running")]
    Busy {
        /// The working folder.
        path: PathBuf,
    },

    /// A thread that prepares batches panicked.
    #[error(
        "no more batches: a thread that prepares them failed ({said}); this is a fault of the program, please report it"
    )]
    Worker {
        /// The message of its panic.
        said: String,
    },

    /// An option is invalid.
    #[error("{0}")]
    Options(String),

    /// The caller stopped the work.
    #[error("stopped; the same build continues where it ended")]
    Stopped,
}

impl Error {
    /// Adds the file to an [`io::Error`], and distinguishes a full disk from other failures.
    pub(crate) fn file(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { path, source },
            _ => Self::File { path, action, source },
        }
    }

    /// A file that holds something else than it should.
    pub(crate) fn damaged(path: &Path, message: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), message: message.into() }
    }

    /// Adds the store to an error of LMDB.
    pub(crate) fn store(path: &Path) -> impl Fn(heed::Error) -> Self {
        let path = path.to_owned();
        move |error| match error {
            heed::Error::Io(source) => Self::file("be used as a store", &path)(source),
            other => Self::Store { path: path.clone(), message: other.to_string() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_distinguished_from_other_failures_and_says_what_to_do() {
        let full = Error::file("be written", Path::new("a.blobs"))(io::ErrorKind::StorageFull.into());
        assert!(
            full.to_string().starts_with("a.blobs: no space left on the disk; nothing is lost: free some space"),
            "{full}"
        );
        let other = Error::file("be written", Path::new("a.blobs"))(io::ErrorKind::PermissionDenied.into());
        assert_eq!(other.to_string(), "a.blobs: cannot be written");
    }
}
