//! Reads FASTA as it is found: several lines, blank lines, `;` comments, CRLF, spaces, records without sequence.

use std::io::BufRead;

use super::Record;
use crate::{
    Error,
    lines::{Letters, Stranger},
    plan::reader,
};

reader! {
    /// An iterator over the records of a FASTA stream.
    ///
    /// Text before the first `>` is one error naming its line; the records after it are still read. Letters are
    /// not judged, but the first one outside the alphabet is remembered, see [`Reader::stranger`].
    ///
    /// ```
    /// let records: Vec<_> = rinalmo_seq::fasta::Reader::new(&b">a\nAC\nGU\n>b\n"[..]).collect::<Result<_, _>>()?;
    /// assert_eq!(records[0].sequence, b"ACGU");
    /// assert_eq!(records[1].sequence, b"");
    /// # Ok::<(), rinalmo_seq::Error>(())
    /// ```
    { header_line: usize, first_stranger: Option<Stranger>, strangers: usize }
}

impl<R: BufRead> Reader<R> {
    /// The line of the header of the record read last.
    pub fn line(&self) -> usize {
        self.header_line
    }

    /// The first letter outside the alphabet in the record read last.
    pub fn stranger(&self) -> Option<Stranger> {
        self.first_stranger
    }

    /// How many letters of the record read last are outside the alphabet.
    pub fn strangers(&self) -> usize {
        self.strangers
    }

    fn read(&mut self) -> Result<Option<Record>, Error> {
        let Some(header) = self.read_header()? else { return Ok(None) };
        let mut letters = Letters::default();
        while self.lines.advance()? {
            match self.lines.text().first() {
                Some(b'>') => {
                    self.lines.hold();
                    break;
                }
                Some(b';') | None => {}
                Some(_) => letters.push(self.lines.number(), self.lines.whole()),
            }
        }
        (self.first_stranger, self.strangers) = (letters.first_stranger, letters.strangers);
        Ok(Some(Record { header, sequence: letters.sequence }))
    }

    fn read_header(&mut self) -> Result<Option<String>, Error> {
        while self.lines.advance_to_text()? {
            let text = self.lines.text();
            if let Some(header) = text.strip_prefix(b">") {
                self.header_line = self.lines.number();
                return Ok(Some(String::from_utf8_lossy(header.trim_ascii()).into_owned()));
            }
            if !text.starts_with(b";") {
                let error = self.lines.expected("a FASTA header beginning with `>`");
                self.lines.skip_to(|text| text.starts_with(b">"))?;
                return Err(error);
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Vec<Result<Record, String>> {
        Reader::new(text).map(|record| record.map_err(|error| error.to_string())).collect()
    }

    fn record(header: &str, sequence: &str) -> Result<Record, String> {
        Ok(Record { header: header.into(), sequence: sequence.into() })
    }

    #[test]
    fn odd_but_harmless_layout_is_read() {
        let text = b"\xef\xbb\xbf; made by hand\r\n>a first one \r\nAC gu\r\n\r\n;note\r\n  NN\r\n>\r\n>b\r\nA\r";
        assert_eq!(read(text), [record("a first one", "ACguNN"), record("", ""), record("b", "A")]);
    }

    #[test]
    fn text_before_the_first_header_is_one_error_and_the_rest_is_read() {
        let records = read(b"\nACGU\nACGU\n>a\nA\n");
        assert_eq!(records[0], Err("line 2: expected a FASTA header beginning with `>`, found `ACGU`".into()));
        assert_eq!(records[1..], [record("a", "A")]);
    }

    #[test]
    fn no_text_is_no_record() {
        assert_eq!(read(b""), []);
        assert_eq!(read(b"\n\n; only a comment\n"), []);
    }

    #[test]
    fn a_stranger_is_found_on_its_own_line() {
        let mut reader = Reader::new(&b">a\nACGU\nAC@U\n>b\nA\n"[..]);
        assert!(reader.next().unwrap().is_ok());
        assert_eq!(reader.stranger(), Some(Stranger { letter: b'@', line: 3, column: 3 }));
        assert!(reader.next().unwrap().is_ok());
        assert_eq!((reader.stranger(), reader.line()), (None, 4));
    }
}
