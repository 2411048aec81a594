//! Reads structures from files, as references or predictions. A mistake is an error of its record only.

use std::path::Path;

use rinalmo_seq::labelled::structures::{self as dataset, Found, ReadOptions};
pub(super) use rinalmo_seq::labelled::structures::{Entry, stem};

use super::problem::{Problem, ProblemKind};
use crate::Error;

/// The content of a file or folder.
pub(super) struct Entries {
    /// Records that could be read.
    pub entries: Vec<Entry>,
    /// Records that could not.
    pub problems: Vec<Problem>,
    /// Notes on ignored parts.
    pub notes: Vec<String>,
}

/// Reads a file or folder as [`dataset::read`] does; sequences are optional.
///
/// # Errors
/// It cannot be opened, is a table that lacks a column, or has no readable record.
pub(super) fn read(path: &Path) -> Result<Entries, Error> {
    let Found { entries, wrong, notes } = dataset::read(path, &ReadOptions::default())?;
    let problems = wrong.iter().map(|error| Problem::new(ProblemKind::Unreadable, error.to_string())).collect();
    Ok(Entries { entries, problems, notes })
}
