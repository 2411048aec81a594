//! What points are coloured by: a column of a table, or the beginning of their ids.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use rinalmo::evaluate::FamilyFrom;
use rinalmo::seq::table::{Table, columns};

use super::vectors::{Record, Records};
use crate::context::Context;
use crate::io::many;

/// Where labels come from.
#[derive(Args, Clone, Debug)]
pub struct LabelArgs {
    /// Colour points by labels: those of a table with a column of ids, such as one of structures with their families; or
    /// `prefix`, the text of ids before the first `_` (`prefix:N`: before the Nth)
    #[arg(long, value_name = "FILE|prefix[:N]")]
    labels: Option<FamilyFrom>,
    /// Colour points by this column of --labels, or of the input if that is a table [default: the first of `family_id`,
    /// `family`, `label`, `class` that --labels has]
    #[arg(long, value_name = "COLUMN", alias = "colour-by")]
    color_by: Option<String>,
}

/// The names of a column of labels that are looked for, the most likely first.
const USUAL: [&str; 4] = ["family_id", "family", "label", "class"];

/// Labels by id.
pub enum Source {
    Prefix(FamilyFrom),
    Table(TableLabels),
}

/// The labels of a table.
pub struct TableLabels {
    column: String,
    labels: HashMap<String, String>,
    file: String,
}

impl LabelArgs {
    /// Reads the labels, if any are asked for; `inputs` are the files of the command.
    pub fn open(&self, inputs: &[PathBuf]) -> Result<Option<Source>> {
        match (&self.labels, &self.color_by) {
            (None, None) => Ok(None),
            (Some(FamilyFrom::Prefix(_)), Some(_)) => {
                bail!("--color-by: names a column, but --labels prefix has none; leave out one of both")
            }
            (Some(from @ FamilyFrom::Prefix(_)), None) => Ok(Some(Source::Prefix(from.clone()))),
            (Some(FamilyFrom::Table(path)), column) => read(&[path], column.as_deref()).map(Some),
            (Some(FamilyFrom::Column), column) => of_input(inputs, column.as_deref()).map(Some),
            (None, column) => of_input(inputs, column.as_deref()).map(Some),
        }
    }
}

/// Labels of the input's own table.
fn of_input(inputs: &[PathBuf], column: Option<&str>) -> Result<Source> {
    let is_readable_twice = |file: &PathBuf| file.is_file();
    if inputs.is_empty() || !inputs.iter().all(is_readable_twice) {
        bail!("--color-by: the input is no file\nhint: --labels FILE reads labels from a table");
    }
    let paths: Vec<&Path> = inputs.iter().map(PathBuf::as_path).collect();
    read(&paths, column).context("--color-by")
}

/// Reads a column of tables.
fn read(paths: &[impl AsRef<Path>], column: Option<&str>) -> Result<Source> {
    let mut found = TableLabels { column: String::new(), labels: HashMap::new(), file: String::new() };
    for path in paths {
        let mut table = Table::open(path.as_ref())?;
        let id = table.column(columns::ID)?;
        let label = match column {
            Some(column) => table.column(&[column])?,
            None => table.column(&USUAL)?,
        };
        found.column = table.name(label).to_owned();
        found.file = table.file().to_string();
        while let Some(row) = table.next_row()? {
            let (id, label) = (row.cell(id), row.cell(label));
            if let Some(other) = found.labels.insert(id.to_owned(), label.to_owned()).filter(|other| other != label) {
                return Err(row.wrong(format!("`{id}` is `{label}` here and `{other}` before")).into());
            }
        }
    }
    Ok(Source::Table(found))
}

/// The labels of all records.
pub struct Labels {
    /// What they are.
    pub column: String,
    /// The number of each record's label, if it has one.
    pub of: Vec<Option<usize>>,
    names: Vec<String>,
}

impl Labels {
    /// The label of a record.
    pub fn name(&self, record: usize) -> Option<&str> {
        self.of[record].map(|label| self.names[label].as_str())
    }
}

impl Source {
    /// The name of the column.
    pub fn column(&self) -> &str {
        match self {
            Self::Prefix(_) => "family",
            Self::Table(table) => &table.column,
        }
    }

    /// The labels of these records. Those without one are noted.
    ///
    /// # Errors
    /// No record has one.
    pub fn of(self, records: &Records, context: &Context) -> Result<Labels> {
        let column = self.column().to_owned();
        let file = match &self {
            Self::Prefix(_) => None,
            Self::Table(table) => Some(table.file.clone()),
        };
        let mut labels = Labels { column, of: Vec::new(), names: Vec::new() };
        let mut numbers: HashMap<String, usize> = HashMap::new();
        for record in &records.records {
            let label = self.label(record).map(|label| {
                *numbers.entry(label.to_owned()).or_insert_with(|| {
                    labels.names.push(label.to_owned());
                    labels.names.len() - 1
                })
            });
            labels.of.push(label);
        }
        let missing = labels.of.iter().filter(|label| label.is_none()).count();
        if let (Some(file), true) = (file, missing > 0) {
            if missing == labels.of.len() {
                let first = &records.records[0].id;
                bail!("{file}: column `{}` has no label for any record, such as `{first}`", labels.column);
            }
            context.note(format!("{} without a label in {file}", many(missing, "record")));
        }
        Ok(labels)
    }

    fn label<'a>(&'a self, record: &'a Record) -> Option<&'a str> {
        match self {
            Self::Prefix(from) => from.in_id(&record.id),
            Self::Table(table) => {
                let label = table.labels.get(&record.name).or_else(|| table.labels.get(&record.id));
                label.map(String::as_str).filter(|label| !label.is_empty())
            }
        }
    }
}
