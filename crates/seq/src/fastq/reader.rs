//! Reads FASTQ, sequence and quality on one line each or on several.
//!
//! A quality line may begin with `@`, so the next record cannot be told apart after a mistake: reading ends there.

use std::io::BufRead;

use super::Record;
use crate::{
    Error,
    letters::{Letters, Tally},
    plan::reader,
};

reader! {
    /// An iterator over the records of a FASTQ stream; it ends after the first malformed one.
    { header_line: usize, tally: Tally }
}

impl<R: BufRead> Reader<R> {
    /// The line of the header of the record read last.
    pub fn line(&self) -> usize {
        self.header_line
    }

    /// What the record read last holds besides bases.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    fn read(&mut self) -> Result<Option<Record>, Error> {
        let record = self.read_record();
        if record.is_err() {
            self.lines.end();
        }
        record
    }

    fn read_record(&mut self) -> Result<Option<Record>, Error> {
        // Comments can only stand where a header is expected: quality lines may begin with `#` or `;`.
        while self.lines.advance_to_text()? {
            if !matches!(self.lines.text().first(), Some(b'#' | b';')) {
                return self.read_from_header().map(Some);
            }
        }
        Ok(None)
    }

    fn read_from_header(&mut self) -> Result<Record, Error> {
        let Some(header) = self.lines.text().strip_prefix(b"@") else {
            return Err(self.lines.expected("a FASTQ header beginning with `@`"));
        };
        let header = String::from_utf8_lossy(header.trim_ascii()).into_owned();
        self.header_line = self.lines.number();
        let letters = self.read_sequence(&header)?;
        let (sequence, tally) = letters.finish();
        self.tally = tally;
        let quality = self.read_quality(&header, sequence.len())?;
        Ok(Record { header, sequence, quality })
    }

    fn read_sequence(&mut self, header: &str) -> Result<Letters, Error> {
        let mut letters = Letters::default();
        while self.lines.advance()? {
            if self.lines.text().starts_with(b"+") {
                return Ok(letters);
            }
            letters.push(self.lines.number(), self.lines.whole());
        }
        Err(self.cut_short(header, "its `+` line"))
    }

    fn read_quality(&mut self, header: &str, len: usize) -> Result<Vec<u8>, Error> {
        let mut quality = Vec::new();
        while quality.len() < len {
            if !self.lines.advance()? {
                return Err(self.cut_short(header, &format!("quality letter {} of {len}", quality.len() + 1)));
            }
            quality.extend_from_slice(self.lines.text());
        }
        if quality.len() > len {
            let message = format!("record `{header}`: {} quality letters for {len} bases", quality.len());
            return Err(Error::malformed(self.lines.number(), message));
        }
        Ok(quality)
    }

    fn cut_short(&self, header: &str, missing: &str) -> Error {
        Error::malformed(self.lines.number(), format!("record `{header}`: the input ends before {missing}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Result<Record, String>> {
        Reader::new(text.as_bytes()).map(|record| record.map_err(|error| error.to_string())).collect()
    }

    fn record(header: &str, sequence: &str, quality: &str) -> Result<Record, String> {
        Ok(Record { header: header.into(), sequence: sequence.into(), quality: quality.into() })
    }

    #[test]
    fn qualities_may_look_like_headers() {
        let text = "# made by hand\n@a\r\nACGU\r\n+a\r\n@+@+\r\n\r\n@b x\nAC\nGU\n+\n@>\n+@\n@c\n\n+\n\n@d\nA\n+\n@";
        let expected =
            [record("a", "ACGU", "@+@+"), record("b x", "ACGU", "@>+@"), record("c", "", ""), record("d", "A", "@")];
        assert_eq!(read(text), expected);
    }

    #[test]
    fn mistakes_are_told_by_line_and_end_the_reading() {
        let only = |text| match &read(text)[..] {
            [Err(message)] => message.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(only("@a\nAC\n+\nIII\n@b\nA\n+\nI\n"), "line 4: record `a`: 3 quality letters for 2 bases");
        assert_eq!(only("@a\nAC\n+\nI\n"), "line 4: record `a`: the input ends before quality letter 2 of 2");
        assert_eq!(only("@a\nAC\n"), "line 2: record `a`: the input ends before its `+` line");
        assert_eq!(only("\nAC\n@a"), "line 2: expected a FASTQ header beginning with `@`, found `AC`");
    }
}
