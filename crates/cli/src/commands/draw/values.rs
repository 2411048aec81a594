//! `--values`: numbers to colour bases by.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Result, bail};
use rinalmo::draw::rna::Track;

use super::records::Record;
use crate::commands::numbers::Numbers;
use crate::context::Context;
use crate::io::first_of;

/// The numbers of a file, and which records had some.
pub struct Values {
    numbers: Numbers,
    /// Names of the records that were drawn.
    drawn: BTreeSet<String>,
    /// Ids of records without numbers.
    without: Vec<String>,
}

impl Values {
    pub fn open(path: &Path, column: Option<&str>) -> Result<Self> {
        let numbers = Numbers::open(path, column, &[])?;
        Ok(Self { numbers, drawn: BTreeSet::new(), without: Vec::new() })
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
        self.drawn.extend(entry.names().map(str::to_owned));
        let values = self.numbers.of(entry.names(), !has_ids, len, entry.sequence.as_deref())?;
        if values.is_none() {
            self.without.push(entry.id.clone());
        }
        let values = values.unwrap_or_else(|| vec![None; len]);
        Ok(Track { name: self.numbers.name().to_owned(), values, range: None })
    }

    /// Reports records without numbers, and numbers without a record if all were drawn.
    pub fn report(&self, complete: bool, context: &Context) {
        let file = self.numbers.file();
        let without: Vec<&str> = self.without.iter().map(String::as_str).collect();
        if let Some(ids) = first_of(&without) {
            context.note(format!("warning: {file}: no values for {ids}, drawn without"));
        }
        let mut unused: Vec<&str> = self.numbers.ids().filter(|id| !self.drawn.contains(*id)).collect();
        unused.sort_unstable();
        if let Some(ids) = first_of(&unused).filter(|_| complete) {
            context.note(format!("warning: {file}: no record for {ids}"));
        }
    }
}
