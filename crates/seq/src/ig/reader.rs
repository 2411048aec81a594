//! Reads IG and RNAstructure's `.seq`, with any number of comments and records.

use std::io::BufRead;

use super::Record;
use crate::{
    Error, Place,
    letters::{Letters, Tally},
    plan::reader,
};

/// What ends a sequence: linear, circular.
const ENDS: [u8; 2] = *b"12";

reader! {
    /// An iterator over the records of an IG stream; after one without its end, the next `;` is read.
    ///
    /// It ends at a FASTA header, see [`Reader::at_header`].
    { title_line: usize, tally: Tally, at_header: bool }
}

impl<R: BufRead> Reader<R> {
    /// The line of the title of the record read last.
    pub fn line(&self) -> usize {
        self.title_line
    }

    /// What the record read last holds besides bases.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Whether the reader ended at a line that begins with `>`.
    pub fn at_header(&self) -> bool {
        self.at_header
    }

    /// The lines that are left, from the header on if there is one.
    pub(crate) fn into_lines(self) -> crate::lines::Lines<R> {
        self.lines
    }

    fn read(&mut self) -> Result<Option<Record>, Error> {
        if self.at_header || !self.lines.advance_to_text()? {
            return Ok(None);
        }
        let Some(header) = self.read_title()? else { return Ok(None) };
        let mut letters = Letters::default();
        while self.lines.advance()? {
            let number = self.lines.number();
            match self.lines.text().first() {
                Some(b';' | b'>') => {
                    self.at_header = self.lines.text().starts_with(b">");
                    self.lines.hold();
                    return Err(self.unended(number, &header));
                }
                Some(_) if is_last(&mut letters, number, self.lines.text()) => {
                    let (sequence, tally) = letters.finish();
                    self.tally = tally;
                    return Ok(Some(Record { header, sequence }));
                }
                _ => {}
            }
        }
        Err(self.unended(self.lines.number(), &header))
    }

    /// The title: the line after the comments, which may be blank.
    fn read_title(&mut self) -> Result<Option<String>, Error> {
        while self.lines.text().starts_with(b";") {
            if !self.lines.advance()? {
                return Ok(None);
            }
        }
        self.title_line = self.lines.number();
        if self.lines.text().starts_with(b">") {
            self.at_header = true;
            self.lines.hold();
            return Ok(None);
        }
        Ok(Some(self.lines.string()))
    }

    fn unended(&self, line: usize, header: &str) -> Error {
        let message = "the sequence does not end in `1`, as in IG files and the .seq files of RNAstructure".to_string();
        Error::Record { place: Place::line(line), record: header.to_string(), message }
    }
}

/// Takes a line of the sequence; true if its last one. Numbers in the margin end nothing.
fn is_last(letters: &mut Letters, number: usize, text: &[u8]) -> bool {
    let ends = text.last().is_some_and(|last| ENDS.contains(last));
    let before = text.len().checked_sub(2).map(|at| text[at]);
    let ends = ends && !before.is_some_and(|before| before.is_ascii_digit());
    letters.push(number, if ends { &text[..text.len() - 1] } else { text });
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Result<Record, String>> {
        Reader::new(text.as_bytes()).map(|record| record.map_err(|error| error.to_string())).collect()
    }

    fn record(header: &str, sequence: &str) -> Result<Record, String> {
        Ok(Record { header: header.into(), sequence: sequence.into() })
    }

    #[test]
    fn comments_titles_and_ends_are_found() {
        let text = "; by hand\r\n;\r\n a title \r\n\r\nGGA aa\r\nCC1\r\n\r\n;\r\n\r\nACGU2\n;c\nd\nAC\n1\n";
        assert_eq!(read(text), [record("a title", "GGAaaCC"), record("", "ACGU"), record("d", "AC")]);
        assert_eq!(read(";\n"), []);
    }

    #[test]
    fn a_sequence_without_its_end_costs_one_record() {
        let message = "the sequence does not end in `1`, as in IG files and the .seq files of RNAstructure";
        let text = ";\na\nAC\n;\nb\nGG1\n;\nc\nGG\n";
        let expected = |line: usize, record: &str| Err(format!("line {line}: record `{record}`: {message}"));
        assert_eq!(read(text), [expected(4, "a"), record("b", "GG"), expected(9, "c")]);
        let mut reader = Reader::new(&b";\na\nAC\n>b\nGG\n"[..]);
        assert!(reader.next().unwrap().is_err() && reader.next().is_none() && reader.at_header());
    }
}
