//! Variants of `--variants`: a list for every sequence, or a table of variants by sequence.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use rinalmo::Variant;
use rinalmo::seq::table::{self, Row, Table, columns};

use crate::io::first_of;

/// Variants, and errors of those that cannot be read.
pub(super) struct Variants {
    /// The table, if they come from one.
    path: Option<PathBuf>,
    /// Those of every sequence.
    every: Vec<Variant>,
    by_id: HashMap<String, OfSequence>,
    /// Errors of rows whose sequence is not known.
    lost: Vec<String>,
    differ: bool,
}

#[derive(Default)]
struct OfSequence {
    variants: Vec<Result<Variant, String>>,
    used: bool,
}

impl Variants {
    /// Reads a list or a table.
    pub(super) fn open(text: &str) -> Result<Self> {
        let path = Path::new(text);
        let mut found = Self { path: None, every: Vec::new(), by_id: HashMap::new(), lost: Vec::new(), differ: false };
        if table::is_named(path) || path.is_file() {
            found.path = Some(path.to_owned());
            found.read(path)?;
        } else {
            for variant in text.split(',') {
                let variant: Variant = variant.parse().context("--variants: neither a file nor a list of variants")?;
                found.add(None, Ok(variant));
            }
        }
        Ok(found)
    }

    fn read(&mut self, path: &Path) -> Result<()> {
        let mut table = Table::open(path)?;
        let columns = Columns::of(&table)?;
        loop {
            match table.next_row() {
                Ok(None) => return Ok(()),
                Ok(Some(row)) => {
                    let id = columns.id.map(|id| row.cell(id).to_owned());
                    for variant in columns.variants(&row) {
                        let variant = variant.map_err(|message| row.wrong(message));
                        if id.is_none() && variant.as_ref().is_ok_and(|variant| variant.sequence().is_none()) {
                            bail!(row.wrong(
                                "no column `id`, expected `id` and `variant`, or variants such as `ID:n.23A>G`"
                            ));
                        }
                        self.add(id.clone(), variant);
                    }
                }
                Err(error) if error.is_about_one_row() => self.lost.push(error.to_string()),
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn add(&mut self, id: Option<String>, variant: Result<Variant, table::Error>) {
        if let Ok(variant) = &variant {
            self.differ |= !variant.to_string().eq_ignore_ascii_case(variant.written());
        }
        let own = variant.as_ref().ok().and_then(|variant| variant.sequence().map(str::to_owned));
        match (id.or(own), variant) {
            (Some(id), variant) => {
                self.by_id.entry(id).or_default().variants.push(variant.map_err(|error| error.to_string()));
            }
            (None, Ok(variant)) => self.every.push(variant),
            (None, Err(error)) => self.lost.push(error.to_string()),
        }
    }

    /// Whether any is not written in its normal form.
    pub(super) fn differ(&self) -> bool {
        self.differ
    }

    /// The variants of a sequence.
    pub(super) fn of(&mut self, id: &str) -> Vec<Result<Variant>> {
        let mut found: Vec<Result<Variant>> = self.every.iter().cloned().map(Ok).collect();
        if let Some(own) = self.by_id.get_mut(id) {
            own.used = true;
            found.extend(own.variants.iter().map(|variant| variant.clone().map_err(|error| anyhow!(error))));
        }
        found
    }

    /// Errors that belong to no record: rows that cannot be read and, after the last record, variants without a
    /// sequence.
    pub(super) fn problems(self, is_complete: bool) -> Vec<String> {
        let unused = self.by_id.iter().filter(|(_, own)| is_complete && !own.used);
        let mut unused: Vec<&str> = unused.map(|(id, _)| id.as_str()).collect();
        unused.sort_unstable();
        let path = self.path.as_ref().map_or_else(|| "--variants".into(), |path| path.display().to_string());
        let unused = first_of(&unused).map(|unused| format!("{path}: no sequence for {unused}"));
        self.lost.into_iter().chain(unused).collect()
    }
}

/// The columns of a table.
struct Columns {
    id: Option<usize>,
    variant: Variation,
}

enum Variation {
    Text(usize),
    Alleles([usize; 3]),
}

impl Columns {
    fn of(table: &Table) -> Result<Self> {
        let alleles = [columns::POSITION, columns::FROM, columns::TO].map(|names| table.find(names));
        // In VCF `ID` is that of the variant; the sequence is called by the chromosome.
        match (table.find(columns::VARIANT), alleles) {
            (None, [Some(position), Some(from), Some(to)]) => {
                let id = table.find(columns::CHROMOSOME).map_or_else(|| table.column(columns::ID), Ok)?;
                Ok(Self { id: Some(id), variant: Variation::Alleles([position, from, to]) })
            }
            (variant, _) => {
                let variant = variant.map_or_else(|| table.column(columns::VARIANT), Ok)?;
                let id = table.find(columns::ID).or_else(|| table.find(columns::CHROMOSOME));
                Ok(Self { id, variant: Variation::Text(variant) })
            }
        }
    }

    /// The variants of a row: one, or one for each allele.
    fn variants(&self, row: &Row) -> Vec<Result<Variant, String>> {
        let message = |error: rinalmo::Error| error.to_string();
        match self.variant {
            Variation::Text(column) => vec![row.cell(column).parse().map_err(message)],
            Variation::Alleles([position, from, to]) => {
                let [position, from, to] = [position, from, to].map(|column| row.cell(column));
                to.split(',').map(|to| Variant::from_alleles(position, from, to.trim()).map_err(message)).collect()
            }
        }
    }
}
