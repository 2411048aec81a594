//! Tables: one record a row, the sequence in a column.

use std::io::BufRead;
use std::path::{Path, PathBuf};

use rinalmo_seq::input;

use super::{Record, Records};
use crate::Error;

/// What the column of sequences, and that of ids, may be called.
const SEQUENCE: [&str; 3] = ["sequence", "seq", "utr"];
const ID: [&str; 3] = ["id", "name", "seq_id"];
/// Longer values are no description.
const LONGEST_DESCRIPTION: usize = 200; // letters

/// What parts the columns of a table; `None` if the name is not that of a table, compressed or not.
pub(super) fn delimiter(path: &Path) -> Option<u8> {
    let name = path.file_name()?.to_string_lossy().to_lowercase();
    let name = [".gz", ".zst", ".xz", ".bz2"].iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(&name);
    let endings = [(".csv", b','), (".tsv", b'\t'), (".tab", b'\t')];
    endings.iter().find(|(ending, _)| name.ends_with(ending)).map(|&(_, delimiter)| delimiter)
}

/// Opens a table.
pub(super) fn open(path: &Path, delimiter: u8) -> Result<Records, Error> {
    let stream = input::open(path)?;
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(stream);
    let header = reader.headers().map_err(|error| wrong(path, &error))?.clone();
    let names: Vec<String> = header.iter().map(|name| name.trim_matches(['\u{feff}', ' ']).to_lowercase()).collect();
    let column = |wanted: [&str; 3]| wanted.iter().find_map(|wanted| names.iter().position(|name| name == wanted));
    let Some(sequence) = column(SEQUENCE) else {
        let message = format!("no column `sequence`, `seq` or `utr`, found: {}", names.join(", "));
        return Err(Error::Table { path: path.to_owned(), line: 1, message });
    };
    let id = column(ID);
    let told = |(n, name): (usize, &String)| {
        (n != sequence && Some(n) != id && !name.starts_with("struct")).then(|| (n, name.clone()))
    };
    let others = names.iter().enumerate().filter_map(told).collect();
    Ok(Box::new(Rows { path: path.to_owned(), reader, sequence, id, others, row: csv::StringRecord::new() }))
}

struct Rows {
    path: PathBuf,
    reader: csv::Reader<Box<dyn BufRead + Send>>,
    sequence: usize,
    id: Option<usize>,
    others: Vec<(usize, String)>,
    row: csv::StringRecord,
}

impl Iterator for Rows {
    type Item = Result<Record, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.reader.read_record(&mut self.row) {
            Ok(false) => None,
            Ok(true) => Some(Ok(self.record())),
            Err(error) => Some(Err(wrong(&self.path, &error))),
        }
    }
}

impl Rows {
    fn record(&self) -> Record {
        let value = |column: usize| self.row.get(column).unwrap_or_default().trim();
        let told = |(column, name): &(usize, String)| match value(*column) {
            "" => None,
            long if long.len() > LONGEST_DESCRIPTION => None,
            value => Some(format!("{name}={value}")),
        };
        let description: Vec<String> = self.others.iter().filter_map(told).collect();
        Record {
            id: self.id.map(value).unwrap_or_default().to_owned(),
            description: description.join(" "),
            sequence: value(self.sequence).as_bytes().to_vec(),
            line: self.row.position().map_or(0, csv::Position::line),
        }
    }
}

fn wrong(path: &Path, error: &csv::Error) -> Error {
    let line = error.position().map_or(1, csv::Position::line);
    let message = match error.kind() {
        csv::ErrorKind::Io(source) => {
            let source = std::io::Error::new(source.kind(), source.to_string());
            return Error::File { path: path.to_owned(), action: "be read to its end", source };
        }
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("{len} columns, expected {expected_len} as in the header")
        }
        _ => error.to_string(),
    };
    Error::Table { path: path.to_owned(), line, message }
}
