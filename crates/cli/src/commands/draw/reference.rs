//! `--reference`.

use std::path::Path;

use anyhow::{Result, bail};
use rinalmo::seq::Structure;
use rinalmo::seq::labelled::structures::Entry;

use super::entries;

/// Structures to compare with.
pub struct References {
    file: String,
    entries: Vec<Entry>,
}

impl References {
    /// Reads a file.
    pub fn open(path: &Path) -> Result<Self> {
        Ok(Self { file: path.display().to_string(), entries: entries(path)? })
    }

    /// The reference of a record.
    pub fn of(&self, entry: &Entry, is_only: bool) -> Result<Structure> {
        let by_name = entry.names().find_map(|name| self.entries.iter().find(|other| other.names().any(|n| n == name)));
        let only = if is_only && self.entries.len() == 1 { self.entries.first() } else { None };
        let Some(reference) = by_name.or(only) else {
            bail!("no structure of this name in {}", self.file);
        };
        let (expected, found) = (entry.structure.len(), reference.structure.len());
        if expected == found || (!reference.length_known && found < expected) {
            let pairs = reference.structure.pairs().to_vec();
            return Ok(Structure::new(expected, pairs)?);
        }
        bail!("{}: expected {expected} bases, found {found}", reference.place)
    }
}
