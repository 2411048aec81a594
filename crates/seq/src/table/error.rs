//! What is wrong with a table, or with another file of data.

use std::sync::Arc;

/// What is wrong with a file of data.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// It cannot be opened, or does not follow a sequence or structure format.
    #[error(transparent)]
    Seq(#[from] crate::Error),
    /// A table lacks a column.
    #[error("{file}:{line}: no column {}\nhint: its columns are {}", some(wanted), list(found))]
    Column {
        /// The file.
        file: Arc<str>,
        /// The line of its header, from 1.
        line: u64,
        /// The names it may have, the usual ones first.
        wanted: Vec<String>,
        /// The columns there are.
        found: Vec<String>,
    },
    /// A row cannot be read.
    #[error("{file}:{line}: {message}")]
    Row {
        /// The file.
        file: Arc<str>,
        /// The line, from 1.
        line: u64,
        /// What was expected and what was found.
        message: String,
    },
    /// A file or a folder as a whole.
    #[error("{file}: {message}")]
    File {
        /// The file.
        file: Arc<str>,
        /// What was expected and what was found.
        message: String,
    },
    /// More than one record cannot be read.
    #[error("{first}; {more} more cannot be read")]
    Several {
        /// What is wrong with the first.
        first: Box<Error>,
        /// How many others there are.
        more: usize,
    },
}

/// Names of a column that a message lists; the others are spellings that hardly anyone looks for.
const SHOWN: usize = 3;

fn list(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn some(names: &[String]) -> String {
    list(&names[..names.len().min(SHOWN)])
}

impl Error {
    /// Whether it is about one row, so that reading may go on with the next one.
    pub fn is_about_one_row(&self) -> bool {
        matches!(self, Self::Row { .. })
    }
}
