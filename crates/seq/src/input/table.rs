//! The rows of a table as sequences.

use super::format::Found;
use crate::letters::Letters;
use crate::table::{self, Row, Table, columns};
use crate::{Error, Place};

/// A table with a column of sequences.
pub(super) struct Rows {
    table: Table,
    sequence: usize,
    id: Option<usize>,
    /// Rows so far, those that could not be read among them.
    number: usize,
}

impl Rows {
    pub(super) fn new(table: Table) -> Result<Self, Error> {
        let sequence = table.column(columns::SEQUENCE).map_err(unread)?;
        let id = table.find(columns::ID);
        Ok(Self { table, sequence, id, number: 0 })
    }

    /// The next row. One that does not fit the header is an error of that record alone.
    pub(super) fn next(&mut self) -> Option<Result<Found, Error>> {
        let row = self.table.next_row();
        self.number += 1;
        match row {
            Ok(row) => Some(Ok(self.found(&row?))),
            Err(table::Error::Row { file, line, message }) => {
                let (place, record) = (Place { name: Some(file), line: line as usize }, format!("#{}", self.number));
                Some(Err(Error::Record { place, record, message }))
            }
            Err(error) => Some(Err(unread(error))),
        }
    }

    fn found(&self, row: &Row) -> Found {
        let line = row.line() as usize;
        let (sequence, tally) = Letters::of(line, row.cell(self.sequence).as_bytes()).finish();
        let id = self.id.map(|id| row.cell(id)).filter(|id| !id.is_empty()).map(str::to_owned);
        Found { header: id.clone(), nameless: id.is_none(), id, sequence, tally, line, ..Found::default() }
    }
}

/// An error of the whole table.
pub(super) fn unread(error: table::Error) -> Error {
    let message = error.to_string();
    let (file, line) = match error {
        table::Error::Seq(error) => return error,
        table::Error::Column { file, line, .. } | table::Error::Row { file, line, .. } => (file, line),
        table::Error::File { file, .. } => (file, 1),
        table::Error::Several { first, .. } => return unread(*first),
    };
    // The place is said by the error itself.
    let said = [format!("{file}:{line}: "), format!("{file}: ")];
    let message = said.iter().find_map(|place| message.strip_prefix(place.as_str())).unwrap_or(&message).to_owned();
    Error::Malformed { place: Place { name: Some(file), line: line as usize }, message }
}
