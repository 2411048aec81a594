//! A row and where it stands.

use std::sync::Arc;

use super::{Comma, Error};
use crate::alphabet;

/// A row of a table.
#[derive(Debug, Clone)]
pub struct Row {
    text: String,
    ends: Vec<usize>,
    line: u64,
    file: Arc<str>,
    comma: Comma,
    names: Arc<[String]>,
}

impl Row {
    pub(super) fn new(file: Arc<str>, line: u64, comma: Comma, names: Arc<[String]>) -> Self {
        Self { text: String::new(), ends: Vec::new(), line, file, comma, names }
    }

    pub(super) fn push(&mut self, cell: &str) {
        self.text.push_str(cell);
        self.ends.push(self.text.len());
    }

    /// What stands in a column, without white space around it; nothing where the row has no such cell.
    pub fn cell(&self, column: usize) -> &str {
        let start = column.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied());
        match (start, self.ends.get(column)) {
            (Some(start), Some(&end)) => &self.text[start..end],
            _ => "",
        }
    }

    /// What stands in all columns.
    pub fn cells(&self) -> impl Iterator<Item = &str> {
        (0..self.names.len()).map(|column| self.cell(column))
    }

    /// The line at which it begins, from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// An error about this row.
    pub fn wrong(&self, message: impl Into<String>) -> Error {
        Error::Row { file: self.file.clone(), line: self.line, message: message.into() }
    }

    fn name(&self, column: usize) -> &str {
        self.names.get(column).map_or("", String::as_str)
    }

    /// A number, with a decimal point or comma.
    ///
    /// # Errors
    /// The cell is no finite number, or could be one of two.
    pub fn number(&self, column: usize) -> Result<f64, Error> {
        let wrong = |message| self.wrong(format!("column `{}`: {message}", self.name(column)));
        self.comma.number(self.cell(column)).map_err(wrong)
    }

    /// A sequence of RNA or DNA letters; white space in it is dropped.
    ///
    /// # Errors
    /// It is empty or holds another letter.
    pub fn sequence(&self, column: usize) -> Result<Vec<u8>, Error> {
        self.letters(column, self.cell(column))
    }

    /// As [`Row::sequence`], of a text that was made from the cell.
    pub(crate) fn letters(&self, column: usize, text: &str) -> Result<Vec<u8>, Error> {
        let letters = || text.chars().filter(|letter| !letter.is_whitespace());
        let is_base = |letter: char| u8::try_from(letter).is_ok_and(alphabet::is_base);
        match letters().zip(1..).find(|&(letter, _)| !is_base(letter)) {
            Some((letter, place)) => {
                let name = self.name(column);
                Err(self.wrong(format!("column `{name}`, letter {place}: `{letter}` is not an RNA base")))
            }
            None => {
                let sequence: Vec<u8> = letters().filter_map(|letter| u8::try_from(letter).ok()).collect();
                match sequence.is_empty() {
                    true => Err(self.wrong(format!("column `{}` is empty, expected a sequence", self.name(column)))),
                    false => Ok(sequence),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Table;

    fn row(text: &'static str) -> super::Row {
        Table::from_reader("a.csv", text.as_bytes()).unwrap().next_row().unwrap().unwrap()
    }

    #[test]
    fn blanks_in_a_sequence_are_dropped_and_wrong_letters_told_with_their_place() {
        assert_eq!(row("seq,x\n\"AC G\nU\",1\n").sequence(0).unwrap(), b"ACGU");
        let message = |text| row(text).sequence(0).unwrap_err().to_string();
        assert_eq!(message("seq,x\nAC@G,1\n"), "a.csv:2: column `seq`, letter 3: `@` is not an RNA base");
        assert_eq!(message("seq,x\nAΨ,1\n"), "a.csv:2: column `seq`, letter 2: `Ψ` is not an RNA base");
        assert_eq!(message("seq,x\n,1\n"), "a.csv:2: column `seq` is empty, expected a sequence");
    }

    #[test]
    fn what_a_comma_means_depends_on_the_table() {
        assert_eq!(row("id;load\na;1,234\n").number(1).unwrap(), 1.234);
        let doubtful = row("id,load\na,\"1,234\"\n").number(1).unwrap_err().to_string();
        assert!(doubtful.starts_with("a.csv:2: column `load`: `1,234` may be 1.234 or 1234"), "{doubtful}");
        assert_eq!(row("id\tload\na\t3,5\n").number(1).unwrap(), 3.5);
    }
}
