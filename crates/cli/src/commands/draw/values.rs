//! `--values`: numbers to colour bases by.

use std::path::Path;

use anyhow::{Result, bail};
use rinalmo::draw::rna::Track;

use super::records::Record;
use crate::commands::numbers::{Numbers, Seen, Words};
use crate::context::Context;

const WORDS: Words = Words { numbers: "values", done: "drawn", record: "record" };

/// The numbers of a file, and which records had some.
pub struct Values {
    numbers: Numbers,
    seen: Seen,
}

impl Values {
    pub fn open(path: &Path, column: Option<&str>) -> Result<Self> {
        let numbers = Numbers::open(path, column, &[])?;
        Ok(Self { numbers, seen: Seen::default() })
    }

    /// The numbers of a record; none where the file has ids and not this one.
    ///
    /// # Errors
    /// They are of another sequence, or the file has no ids and there are several records.
    pub fn of(&mut self, record: &Record<'_>) -> Result<Track> {
        let Record { entry, is_only, .. } = *record;
        let (len, has_ids) = (entry.structure.len(), self.numbers.has_ids());
        if !has_ids && !is_only {
            bail!("{} has no ids, so it is for one record, and there are several", self.numbers.file());
        }
        self.seen.add(entry.names());
        let values = self.numbers.of(entry.names(), !has_ids, len, entry.sequence.as_deref())?;
        if values.is_none() {
            self.seen.add_without(&entry.id);
        }
        let values = values.unwrap_or_else(|| vec![None; len]);
        Ok(Track { name: self.numbers.name().to_owned(), values, range: None })
    }

    /// Reports records without numbers, and numbers without a record if all were drawn.
    pub fn report(&self, complete: bool, context: &Context) {
        self.seen.report(&self.numbers, &WORDS, complete, context);
    }
}
