//! Rows of text tables, as the sink writes them: `id`, `kind`, `position`, `v0`, `v1` and so on.

use std::path::Path;

use rinalmo_seq::table::Table;

use super::{Found, text};
use crate::ArrayKind;

/// Is this a table of arrays?
pub(super) fn is_one(path: &Path) -> bool {
    Table::open(path).is_ok_and(|table| values(&table).is_some())
}

/// The columns of a table of arrays: id, kind, and where the values begin.
fn values(table: &Table) -> Option<[usize; 3]> {
    let place = |name: &str| table.names().iter().position(|column| column == name);
    Some([place("id")?, place("kind")?, place("v0")?])
}

/// Reads the rows of the chosen kind. Which kinds there are is known only at the end, so the table is read twice.
pub(super) fn read(path: &Path, found: &mut Found) -> Result<(), String> {
    let open = || Table::open(path).map_err(text);
    let mut table = open()?;
    let [id, kind, first] =
        values(&table).ok_or("expected a table that `rinalmo embed` wrote, with columns `id`, `kind`, `v0`")?;
    let mut kinds = Vec::new();
    while let Some(row) = table.next_row().map_err(text)? {
        let named = ArrayKind::named(row.cell(kind));
        let named = named.ok_or_else(|| text(row.wrong(format!("`{}` is no kind of array", row.cell(kind)))))?;
        if !kinds.contains(&named) {
            kinds.push(named);
        }
    }
    let chosen = found.choose(kinds.iter().copied())?.name();
    let mut table = open()?;
    let mut rows = Rows::new(found);
    let width = table.names().len();
    let mut cells = Vec::with_capacity(width);
    while let Some(row) = table.next_row().map_err(text)? {
        if row.cell(kind) != chosen {
            continue;
        }
        // Rows of a narrower kind are filled with empty cells.
        let filled = (first..width).take_while(|&column| !row.cell(column).is_empty()).count();
        cells.clear();
        for column in first..first + filled {
            let number = row.cell(column).parse::<f32>();
            cells.push(number.map_err(|_| text(row.wrong(format!("`{}` is no number", row.cell(column)))))?);
        }
        rows.add(row.cell(id), &cells)?;
    }
    rows.finish()
}

/// Joins the rows of a record, which are next to each other, to one array.
pub(super) struct Rows<'f> {
    found: &'f mut Found,
    name: Option<String>,
    width: usize,
    values: Vec<f32>,
}

impl<'f> Rows<'f> {
    pub(super) fn new(found: &'f mut Found) -> Self {
        Self { found, name: None, width: 0, values: Vec::new() }
    }

    pub(super) fn add(&mut self, name: &str, values: &[f32]) -> Result<(), String> {
        if self.name.as_deref() != Some(name) {
            self.end_record()?;
            self.name = Some(name.to_owned());
            self.width = values.len();
        } else if values.len() != self.width {
            return Err(format!("record `{name}`: rows of {} and of {} values", self.width, values.len()));
        }
        self.values.extend(values);
        Ok(())
    }

    fn end_record(&mut self) -> Result<(), String> {
        let Some(name) = self.name.take() else { return Ok(()) };
        let rows = self.values.len().checked_div(self.width).unwrap_or(0);
        self.found.add(&name, &[rows, self.width], &self.values)?;
        self.values.clear();
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<(), String> {
        self.end_record()
    }
}
