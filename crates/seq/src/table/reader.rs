//! A table row by row.

use std::io::{self, BufRead};
use std::path::Path;
use std::sync::Arc;

use super::cells::{Cells, Rows};
use super::header::{self, Whole};
use super::{Comma, Error, Row, columns};
use crate::input::{self, Contents};

type Stream = Box<dyn BufRead + Send>;

/// Bytes that show whether a file is text.
const START: usize = 4096;

/// A table that is being read.
pub struct Table {
    rows: Rows<Whole<Stream>>,
    comma: Comma,
    file: Arc<str>,
    line: u64,
    names: Arc<[String]>,
    ended: bool,
}

impl Table {
    /// Opens a file and reads its header.
    ///
    /// # Errors
    /// The file cannot be opened, is empty, or is a spreadsheet's own format.
    pub fn open(path: &Path) -> Result<Self, Error> {
        Self::new(input::name_of(path), input::open(path)?)
    }

    /// Reads the header of a stream that messages call `name`.
    ///
    /// # Errors
    /// As [`Table::open`].
    pub fn from_reader(name: &str, stream: impl BufRead + Send + 'static) -> Result<Self, Error> {
        Self::new(name.into(), Box::new(stream))
    }

    fn new(file: Arc<str>, stream: Stream) -> Result<Self, Error> {
        let (bytes, mut stream) = header::peek(stream).map_err(crate::Error::from)?;
        let wrong = |message: &str| Error::File { file: file.clone(), message: message.into() };
        let contents = Contents::of(&bytes[..bytes.len().min(START)]);
        if !bytes.is_empty() && !contents.is_readable() {
            return Err(wrong(&contents.instead_of("a table")));
        }
        let start =
            header::find(&bytes).ok_or_else(|| wrong("is empty, expected a header with the names of columns"))?;
        io::copy(&mut io::Read::take(&mut stream, start.skipped as u64), &mut io::sink())
            .map_err(crate::Error::from)?;
        let mut rows = Rows::new(stream, start.delimiter, start.line);
        let header = rows.next().map_err(crate::Error::from)?.unwrap_or_default();
        let name = |text: Option<&str>| text.unwrap_or("\u{fffd}").to_owned();
        let names = header.texts().map(name).collect();
        let comma = if start.delimiter == b';' { Comma::Decimal } else { Comma::Doubtful };
        Ok(Self { rows, comma, file, line: start.line, names, ended: false })
    }

    /// How messages call it.
    pub fn file(&self) -> &Arc<str> {
        &self.file
    }

    /// What a comma in its numbers means.
    pub fn comma(&self) -> Comma {
        self.comma
    }

    /// The number of the first of `names` that is a column, whatever its case, blanks, `_` and `-`.
    pub fn find(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| self.names.iter().position(|column| columns::is_one_of(column, &[name])))
    }

    /// The same for a column that must be there.
    ///
    /// # Errors
    /// [`Error::Column`].
    pub fn column(&self, names: &[&str]) -> Result<usize, Error> {
        self.find(names).ok_or_else(|| {
            let (file, line, found) = (self.file.clone(), self.line, self.names.to_vec());
            Error::Column { file, line, wanted: names.iter().map(|name| (*name).to_owned()).collect(), found }
        })
    }

    /// The names of all columns.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The name of a column.
    pub fn name(&self, column: usize) -> &str {
        self.names.get(column).map_or("", String::as_str)
    }

    /// The next row with a cell that is not empty. After [`Error::Row`] it can be called again; after any other error there
    /// are no more rows.
    ///
    /// # Errors
    /// The row has more or fewer cells than the header, or is no text, or quotes in it do not end; or the stream fails.
    pub fn next_row(&mut self) -> Result<Option<Row>, Error> {
        while !self.ended {
            let cells = self.rows.next();
            self.ended = !matches!(cells, Ok(Some(_)));
            match cells.map_err(crate::Error::from)? {
                Some(cells) if !cells.are_all_empty() => return self.row(&cells).map(Some),
                _ => {}
            }
        }
        Ok(None)
    }

    fn row(&self, cells: &Cells) -> Result<Row, Error> {
        let mut row = Row::new(self.file.clone(), cells.lines.0, self.comma, self.names.clone());
        if cells.unclosed {
            let to = cells.lines.1;
            return Err(
                row.wrong(format!("a quote is never closed, so lines up to {to} are one cell and are not read"))
            );
        }
        for text in cells.texts() {
            let hint = "hint: save the table as `CSV UTF-8`";
            row.push(text.ok_or_else(|| row.wrong(format!("expected text in UTF-8\n{hint}")))?);
        }
        let (found, expected) = (cells.len(), self.names.len());
        let is_missed = |column: usize| !self.name(column).is_empty();
        let fits = match found < expected {
            true => !(found..expected).any(is_missed),
            false => (expected..found).all(|column| row.cell(column).is_empty()),
        };
        match fits {
            true => Ok(row),
            false => Err(row.wrong(self.ragged(found))),
        }
    }

    fn ragged(&self, found: usize) -> String {
        let message = format!("{found} columns, expected {} as in the header", self.names.len());
        match found > self.names.len() && self.comma == Comma::Doubtful {
            true => format!("{message}\nhint: cells that hold the separator, such as a decimal comma, need quotes"),
            false => message,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Table {
        Table::from_reader("a.csv", std::io::Cursor::new(text.to_owned())).unwrap()
    }

    /// Cells of all rows, and what was wrong with the others.
    fn all(text: &str) -> Vec<Result<(u64, Vec<String>), String>> {
        let mut table = table(text);
        let mut found = Vec::new();
        loop {
            found.push(match table.next_row() {
                Ok(None) => return found,
                Ok(Some(row)) => Ok((row.line(), row.cells().map(str::to_owned).collect())),
                Err(error) => Err(error.to_string()),
            });
        }
    }

    #[test]
    fn a_table_is_the_same_however_it_is_written() {
        for mark in ["", "\u{feff}"] {
            for (first, delimiter) in
                [("", ","), ("", ";"), ("", "\t"), ("sep=;\n", ";"), ("sep=|\n", "|"), (",,\n\n", ",")]
            {
                for end in ["\n", "\r\n", "\r"] {
                    for blank in ["", "\n", ",,,\n", "  \n"] {
                        for [open, close] in [["", ""], ["\"", "\""], [" ", "  "], [" \"", "\" "]] {
                            let cell = |text: &str| format!("{open}{text}{close}");
                            let row = |cells: [&str; 4]| cells.map(cell).join(delimiter) + "\n";
                            let blank = blank.replace(',', delimiter);
                            let body = [row(["Seq ID", "SEQUENCE", "x", ""]), blank, row(["a", "ACG", "1.5", ""])];
                            let text = format!("{mark}{first}{}", body.concat()).replace('\n', end);
                            let mut table = table(&text);
                            let [id, x] = [columns::ID, &["X"]].map(|names| table.column(names).unwrap());
                            let row = table.next_row().unwrap().unwrap();
                            assert_eq!((row.cell(id), row.number(x).unwrap()), ("a", 1.5), "{text:?}");
                            assert_eq!(row.line() as usize, text.matches(end).count(), "{text:?}");
                            assert!(table.next_row().unwrap().is_none());
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_row_of_another_width_costs_itself() {
        let found = all("id,sequence,\na,ACG\nb\nc,ACG,,\nd,ACG,,1\ne,ACG,x\n");
        let cells = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>();
        assert_eq!(found[0], Ok((2, cells(&["a", "ACG", ""]))), "the column without a name may be left out");
        assert_eq!(found[1], Err("a.csv:3: 1 columns, expected 3 as in the header".into()));
        assert_eq!(found[2], Ok((4, cells(&["c", "ACG", ""]))), "empty cells too many are nothing");
        let message = found[3].as_ref().unwrap_err();
        assert!(message.starts_with("a.csv:5: 4 columns, expected 3 as in the header\nhint: "), "{message}");
        assert_eq!(found.len(), 5);
    }

    #[test]
    fn quotes_without_an_end_are_told_where_they_begin() {
        let found = all("id,note\na,b\nc,\"d\ne,f\n");
        assert_eq!(found.len(), 2);
        let message = found[1].as_ref().unwrap_err();
        assert_eq!(message, "a.csv:3: a quote is never closed, so lines up to 5 are one cell and are not read");
    }

    #[test]
    fn what_is_no_table_is_named() {
        let message = |bytes: &'static [u8]| Table::from_reader("a.csv", bytes).err().unwrap().to_string();
        let archive = message(b"PK\x03\x04\x14\0\0\0");
        assert!(archive.starts_with("a.csv: this is ") && archive.contains(", expected a table"), "{archive}");
        assert!(message(b"\r\n;;\r\n").contains("is empty, expected a header"));
        let missing = table("id;Sequence\n").column(columns::STRUCTURE).unwrap_err().to_string();
        let expected =
            "a.csv:1: no column `structure`, `struct`, `dot_bracket`\nhint: its columns are `id`, `Sequence`";
        assert_eq!(missing, expected);
        let mut latin = Table::from_reader("a.csv", &b"id,seq\n\xe9,ACG\nb,ACG\n"[..]).unwrap();
        assert!(latin.next_row().unwrap_err().to_string().starts_with("a.csv:2: expected text in UTF-8"));
        assert_eq!(latin.next_row().unwrap().unwrap().cell(0), "b");
    }

    #[test]
    fn a_stream_that_fails_is_an_error_and_then_the_end() {
        struct Failing;
        impl io::Read for Failing {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("the disk is gone"))
            }
        }
        let stream = io::Read::chain(&b"id,seq\na,ACG\nb,"[..], Failing);
        let mut table = Table::from_reader("a.csv", io::BufReader::new(stream)).unwrap();
        assert_eq!(table.next_row().unwrap().unwrap().cell(0), "a");
        assert_eq!(table.next_row().unwrap_err().to_string(), "the disk is gone");
        assert!(table.next_row().unwrap().is_none());
    }

    #[test]
    fn a_header_may_have_line_ends_within_quotes() {
        let mut table = table("id,\"sequence\n(RNA)\",x\na,ACG,1\n");
        assert_eq!(table.names()[1], "sequence\n(RNA)");
        assert_eq!(table.next_row().unwrap().unwrap().line(), 3);
    }
}
