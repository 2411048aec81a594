//! `--reference`.

use std::path::Path;

use anyhow::{Result, bail};
use rinalmo::seq::Structure;
use rinalmo::seq::labelled::structures::Entry;

use super::entries;
use super::records::Record;
use crate::commands::numbers::letters::difference;
use crate::context::Context;
use crate::io::many;

/// Structures to compare with.
pub struct References {
    file: String,
    entries: Vec<Entry>,
    /// How many records have a reference of other letters, and what the first of these is.
    others: usize,
    first_other: String,
}

impl References {
    /// Reads a file.
    pub fn open(path: &Path) -> Result<Self> {
        let (file, entries) = (path.display().to_string(), entries(path)?);
        Ok(Self { file, entries, others: 0, first_other: String::new() })
    }

    /// The reference of a record.
    pub fn of(&mut self, record: &Record<'_>) -> Result<Structure> {
        let Record { entry, is_only, .. } = *record;
        let by_name = entry.names().find_map(|name| self.entries.iter().find(|other| other.names().any(|n| n == name)));
        let only = if is_only && self.entries.len() == 1 { self.entries.first() } else { None };
        let Some(reference) = by_name.or(only) else {
            bail!("no structure of this name in {}", self.file);
        };
        let (expected, found) = (entry.structure.len(), reference.structure.len());
        if expected != found && (reference.length_known || found > expected) {
            bail!("{}: expected {expected} bases, found {found}", reference.place)
        }
        let pairs = reference.structure.pairs().to_vec();
        let letters = reference.sequence.as_deref().zip(entry.sequence.as_deref());
        if let Some(differs) = letters.and_then(|(there, here)| difference(there, here)) {
            if self.others == 0 {
                self.first_other = format!("{}: {differs}", reference.place);
            }
            self.others += 1;
        }
        Ok(Structure::new(expected, pairs)?)
    }

    /// Reports references of other letters, which those of mutants are.
    pub fn report(&self, context: &Context) {
        let more = match self.others {
            0 => return,
            1 => String::new(),
            others => format!("; so are those of {}", many(others - 1, "other record")),
        };
        context.note(format!("note: the reference is of another sequence: {}{more}", self.first_other));
    }
}
