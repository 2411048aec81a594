//! Reads FASTA as it is found: several lines, blank lines, `;` and `#` comments, spaces, records without sequence, and
//! known structures in dot-bracket notation after the sequence, which are passed over.

use std::io::BufRead;

use super::Record;
use crate::{
    Error,
    known::Known,
    letters::{Letters, Tally},
    plan::reader,
};

reader! {
    /// An iterator over the records of a FASTA stream.
    ///
    /// Text before the first `>` is one error naming its line; the records after it are still read. Letters are
    /// not judged, but those that are no base are counted, see [`Reader::tally`].
    ///
    /// ```
    /// let records: Vec<_> = rinalmo_seq::fasta::Reader::new(&b">a\nAC\nGU\n>b\n"[..]).collect::<Result<_, _>>()?;
    /// assert_eq!(records[0].sequence, b"ACGU");
    /// assert_eq!(records[1].sequence, b"");
    /// # Ok::<(), rinalmo_seq::Error>(())
    /// ```
    { header_line: usize, tally: Tally, structures: usize }
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

    /// How many known structures of the record read last were passed over.
    pub fn structures(&self) -> usize {
        self.structures
    }

    fn read(&mut self) -> Result<Option<Record>, Error> {
        let Some(header) = self.read_header()? else { return Ok(None) };
        let (mut letters, mut known) = (Letters::default(), Known::default());
        while self.lines.advance()? {
            match self.lines.text().first() {
                Some(b'>') => {
                    self.lines.hold();
                    break;
                }
                Some(b';' | b'#') | None => {}
                Some(_) if known.takes(self.lines.number(), self.lines.text(), letters.len()) => {}
                Some(_) => {
                    known.give_back().into_iter().for_each(|(number, gaps)| letters.push(number, &gaps));
                    letters.push(self.lines.number(), self.lines.whole());
                }
            }
        }
        let (sequence, tally) = letters.finish();
        let record = Record { header, sequence };
        self.tally = tally;
        self.structures = known.count(self.header_line, record.id(), record.sequence.len())?;
        Ok(Some(record))
    }

    fn read_header(&mut self) -> Result<Option<String>, Error> {
        while self.lines.advance_to_text()? {
            let text = self.lines.text();
            if let Some(header) = text.strip_prefix(b">") {
                self.header_line = self.lines.number();
                return Ok(Some(String::from_utf8_lossy(header.trim_ascii()).into_owned()));
            }
            if !text.starts_with(b";") && !text.starts_with(b"#") {
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
        let text =
            b"\xef\xbb\xbf; made by hand\r\n# and again\n>a first one \r\nAC gu\r\n\r\n;note\r\n  NN\r\n>\r\n>b\r\nA\r";
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
    fn letters_are_counted_for_each_record() {
        let mut reader = Reader::new(&b">a\nACGU\nAC@U\n>b\nA\n"[..]);
        assert!(reader.next().unwrap().is_ok());
        let first = reader.tally().first_stranger().unwrap();
        assert_eq!((first.letter.to_string(), first.line, first.column), ("@".into(), 3, 3));
        assert!(reader.next().unwrap().is_ok());
        assert_eq!((reader.tally(), reader.line()), (&Tally::default(), 4));
    }

    #[test]
    fn known_structures_are_passed_over() {
        let text = b">a\nGGGAAACCC\n(((...))) (-3.20)\n>b\nGG\nCC\n((\n))\n>c\nGAC\n()\n>d\nA\n";
        let mut reader = Reader::new(&text[..]);
        let mut seen = Vec::new();
        while let Some(record) = reader.next() {
            seen.push((record.map_err(|error| error.to_string()), reader.structures()));
        }
        assert_eq!(seen[..2], [(record("a", "GGGAAACCC"), 1), (record("b", "GGCC"), 1)]);
        let message = "line 9: record `c`: its structure has 2 positions, its sequence 3";
        assert_eq!(seen[2].0, Err(message.into()));
        assert_eq!(seen[3], (record("d", "A"), 0));
        let aligned = b">a\nACGU\n....\nAC\n";
        assert_eq!(read(aligned), [record("a", "ACGU....AC")], "dots between letters are gaps");
    }
}
