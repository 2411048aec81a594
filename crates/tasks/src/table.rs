//! Tables of labelled data: CSV or TSV with a header, compressed or not, in which every mistake is told with file, line
//! and column.

use std::io::{BufRead, Cursor, Read};
use std::path::Path;
use std::sync::Arc;

use rinalmo_seq::input;

/// What is wrong with a file of data.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// It cannot be opened, or a sequence or structure format is not kept to.
    #[error(transparent)]
    Seq(#[from] rinalmo_seq::Error),
    /// A table lacks a column.
    #[error("{file}:1: no column `{wanted}`\nhint: its columns are {}", list(found))]
    Column {
        /// The file.
        file: Arc<str>,
        /// The names it may have.
        wanted: String,
        /// The columns there are.
        found: Vec<String>,
    },
    /// A row cannot be read.
    #[error("{file}:{line}: {message}")]
    Row {
        /// The file.
        file: Arc<str>,
        /// The line, from 1.
        line: u64,
        /// What was expected and what was found.
        message: String,
    },
    /// A file or a folder as a whole.
    #[error("{file}: {message}")]
    File {
        /// The file.
        file: Arc<str>,
        /// What was expected and what was found.
        message: String,
    },
}

fn list(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// A table that is being read.
pub struct Table {
    reader: csv::Reader<Box<dyn BufRead + Send>>,
    file: Arc<str>,
    columns: Vec<String>,
}

/// A row and where it stands.
#[derive(Debug, Clone)]
pub struct Row {
    cells: csv::StringRecord,
    line: u64,
    file: Arc<str>,
}

impl Table {
    /// Opens a file and reads its header. Columns are separated by tabs where the header has any, else by commas.
    ///
    /// # Errors
    /// The file cannot be opened or is empty.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let (mut stream, file) = (input::open(path)?, input::name_of(path));
        let mut header = Vec::new();
        stream.read_until(b'\n', &mut header).map_err(rinalmo_seq::Error::from)?;
        let delimiter = if header.contains(&b'\t') { b'\t' } else { b',' };
        let stream: Box<dyn BufRead + Send> = Box::new(Cursor::new(header).chain(stream));
        let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).trim(csv::Trim::All).from_reader(stream);
        let header = reader.headers().map_err(|error| wrong(&file, &error))?;
        let columns: Vec<String> = header.iter().map(|name| name.trim_start_matches('\u{feff}').to_owned()).collect();
        match columns.iter().all(String::is_empty) {
            true => Err(Error::File { file, message: "is empty, expected a header with the names of columns".into() }),
            false => Ok(Self { reader, file, columns }),
        }
    }

    /// How messages call it.
    pub fn file(&self) -> &Arc<str> {
        &self.file
    }

    /// The number of the first of `names` that is a column, upper and lower case alike.
    pub fn find(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| self.columns.iter().position(|column| column.eq_ignore_ascii_case(name)))
    }

    /// The same for a column that must be there.
    ///
    /// # Errors
    /// [`Error::Column`].
    pub fn column(&self, names: &[&str]) -> Result<usize, Error> {
        self.find(names).ok_or_else(|| {
            let (file, wanted, found) = (self.file.clone(), names.join("`, `"), self.columns.clone());
            Error::Column { file, wanted, found }
        })
    }

    /// The names of all columns.
    pub fn names(&self) -> &[String] {
        &self.columns
    }

    /// The name of a column.
    pub fn name(&self, column: usize) -> &str {
        self.columns.get(column).map_or("", String::as_str)
    }

    /// The next row.
    ///
    /// # Errors
    /// It has more or fewer cells than the header, or is no text.
    pub fn next_row(&mut self) -> Result<Option<Row>, Error> {
        let mut cells = csv::StringRecord::new();
        match self.reader.read_record(&mut cells) {
            Ok(false) => Ok(None),
            Ok(true) => {
                let line = cells.position().map_or(0, csv::Position::line);
                Ok(Some(Row { cells, line, file: self.file.clone() }))
            }
            Err(error) => Err(wrong(&self.file, &error)),
        }
    }
}

impl Row {
    /// What stands in a column.
    pub fn cell(&self, column: usize) -> &str {
        self.cells.get(column).unwrap_or_default()
    }

    /// What stands in all columns.
    pub fn cells(&self) -> impl Iterator<Item = &str> {
        self.cells.iter()
    }

    /// Where it stands, from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// A complaint about this row.
    pub fn wrong(&self, message: impl Into<String>) -> Error {
        Error::Row { file: self.file.clone(), line: self.line, message: message.into() }
    }

    /// A sequence of RNA or DNA letters.
    ///
    /// # Errors
    /// It is empty or holds another letter.
    pub fn sequence(&self, column: usize, name: &str) -> Result<Vec<u8>, Error> {
        let sequence = self.cell(column).as_bytes();
        if sequence.is_empty() {
            return Err(self.wrong(format!("column `{name}` is empty, expected a sequence")));
        }
        match sequence.iter().position(|&letter| !rinalmo_seq::alphabet::is_base(letter)) {
            None => Ok(sequence.to_vec()),
            Some(at) => {
                let letter = self.cell(column).chars().nth(at).unwrap_or('\u{fffd}');
                let place = at + 1;
                Err(self.wrong(format!("column `{name}`, letter {place}: `{letter}` is not an RNA base")))
            }
        }
    }
}

/// What the csv reader says, in our words.
fn wrong(file: &Arc<str>, error: &csv::Error) -> Error {
    let line = error.position().map_or(1, csv::Position::line);
    let message = match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("{len} columns, the header has {expected_len}")
        }
        csv::ErrorKind::Utf8 { .. } => "is no text in UTF-8".into(),
        _ => error.to_string(),
    };
    Error::Row { file: file.clone(), line, message }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        std::fs::write(&path, text).unwrap();
        (folder, path)
    }

    #[test]
    fn tabs_and_commas_are_told_apart_and_names_are_found_in_any_case() {
        for text in ["Id,Seq\na,ACG\n", "\u{feff}Id\tSeq\na\tACG\n", "Id of a record\tSeq\na\tACG\n"] {
            let (_folder, path) = table(text);
            let mut table = Table::open(&path).unwrap();
            let column = table.column(&["sequence", "seq"]).unwrap();
            assert_eq!(table.find(&["id", "id of a record"]), Some(0), "{text}");
            let row = table.next_row().unwrap().unwrap();
            assert_eq!((row.cell(column), row.line()), ("ACG", 2));
            assert!(table.next_row().unwrap().is_none());
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let (_folder, path) = table("id,seq\na,ACG\nb,AC,G\n");
        let mut table = Table::open(&path).unwrap();
        let missing = table.column(&["label"]).unwrap_err().to_string();
        assert!(missing.ends_with("a.csv:1: no column `label`\nhint: its columns are `id`, `seq`"), "{missing}");
        let first = table.next_row().unwrap().unwrap();
        assert!(first.sequence(0, "id").is_ok());
        let uneven = table.next_row().unwrap_err().to_string();
        assert!(uneven.ends_with("a.csv:3: 3 columns, the header has 2"), "{uneven}");
    }

    #[test]
    fn a_wrong_letter_is_told_with_its_place() {
        let (_folder, path) = table("seq\nAC@G\n");
        let mut table = Table::open(&path).unwrap();
        let row = table.next_row().unwrap().unwrap();
        let said = row.sequence(0, "seq").unwrap_err().to_string();
        assert!(said.ends_with("a.csv:2: column `seq`, letter 3: `@` is not an RNA base"), "{said}");
    }
}
