//! Tables: one record a row, the sequence in a column.

use std::io::BufRead;
use std::path::{Path, PathBuf};

use rinalmo_seq::alphabet::NICK;
use rinalmo_seq::table::{self, Row, Table, columns};

use super::{Record, Records, strands};
use crate::Error;

/// Longer values are not descriptions.
const LONGEST_DESCRIPTION: usize = 200; // letters

/// Opens a table that `stream` holds.
pub(super) fn open(path: &Path, name: &str, stream: impl BufRead + Send + 'static) -> Result<Records, Error> {
    let at_path = |error| wrong(path, error);
    let table = Table::from_reader(name, stream).map_err(at_path)?;
    let sequence = table.column(columns::SEQUENCE).map_err(at_path)?;
    let id = table.find(columns::ID);
    let is_other = |column: &usize| {
        let name = table.name(*column).to_lowercase();
        *column != sequence && Some(*column) != id && !name.is_empty() && !name.starts_with("struct")
    };
    let others = (0..table.names().len()).filter(is_other).map(|column| (column, table.name(column).to_lowercase()));
    let others = others.collect();
    Ok(Box::new(Rows { path: path.to_owned(), table, sequence, id, others }))
}

struct Rows {
    path: PathBuf,
    table: Table,
    sequence: usize,
    id: Option<usize>,
    others: Vec<(usize, String)>,
}

impl Iterator for Rows {
    type Item = Result<Record, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.table.next_row() {
            Ok(None) => None,
            Ok(Some(row)) => Some(self.record(&row)),
            Err(error) => Some(Err(wrong(&self.path, error))),
        }
    }
}

impl Rows {
    fn record(&self, row: &Row) -> Result<Record, Error> {
        let id = self.id.map(|id| row.cell(id)).unwrap_or_default().to_owned();
        if let Some(at) = row.cell(self.sequence).chars().position(|letter| letter == char::from(NICK)) {
            return Err(strands(self.table.file(), row.line() as usize, at + 1, id));
        }
        let pair = |(column, name): &(usize, String)| match row.cell(*column) {
            "" => None,
            long if long.len() > LONGEST_DESCRIPTION => None,
            value => Some(format!("{name}={}", value.split_whitespace().collect::<Vec<_>>().join(" "))),
        };
        let description: Vec<String> = self.others.iter().filter_map(pair).collect();
        Ok(Record {
            id,
            description: description.join(" "),
            sequence: row.cell(self.sequence).bytes().filter(|letter| !letter.is_ascii_whitespace()).collect(),
            line: row.line(),
        })
    }
}

fn wrong(path: &Path, error: table::Error) -> Error {
    let (line, message) = match error {
        table::Error::Seq(error) => return Error::Input(error),
        table::Error::Row { line, message, .. } => (line, message),
        // Not about one row, so that reading ends.
        error => return Error::Options(error.to_string()),
    };
    Error::Table { path: path.to_owned(), line, message }
}
