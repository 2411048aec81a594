//! Structures from files, as references or predictions: what is wrong with one record costs that record only.

use std::path::Path;

use rinalmo_seq::labelled::structures::{self as dataset, Found, Options};
pub(super) use rinalmo_seq::labelled::structures::{Entry, stem};

use super::problem::{Kind, Problem};
use crate::Error;

/// What a file or folder holds.
pub(super) struct Entries {
    /// What could be read.
    pub entries: Vec<Entry>,
    /// What could not.
    pub problems: Vec<Problem>,
    /// What was passed over, in words.
    pub notes: Vec<String>,
}

/// Reads a file or folder as [`dataset::read`] does, sequences not being needed.
///
/// # Errors
/// It cannot be opened, is a table that lacks a column, or holds nothing that can be read.
pub(super) fn read(path: &Path) -> Result<Entries, Error> {
    let Found { entries, wrong, notes } = dataset::read(path, &Options::default())?;
    let problems = wrong.iter().map(|error| Problem::new(Kind::Unreadable, error.to_string())).collect();
    Ok(Entries { entries, problems, notes })
}
