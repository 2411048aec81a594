//! Reads raw sequences: every line that is not blank is one, and holds hardly anything but letters and gaps.

use std::io::BufRead;

use super::Record;
use crate::{
    Error, Place,
    known::Known,
    letters::{Letters, Tally, for_each_word, is_number},
    plan::reader,
};

reader! {
    /// An iterator over the lines of a stream; a line that is no sequence is an error, the next one is read again.
    ///
    /// `#` and `;` lines are comments, and a known structure in dot-bracket notation after its sequence is passed over.
    /// The iterator ends at a FASTA header, see [`Reader::at_header`]. If the first line is no sequence, the error is
    /// one of the whole input.
    { sequence_line: usize, tally: Tally, structures: usize, records: usize, at_header: bool }
}

impl<R: BufRead> Reader<R> {
    /// The line of the record read last.
    pub fn line(&self) -> usize {
        self.sequence_line
    }

    /// What the record read last holds besides bases.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// How many known structures of the record read last were passed over.
    pub fn structures(&self) -> usize {
        self.structures
    }

    /// Whether the reader ended at a line that begins with `>`.
    pub fn at_header(&self) -> bool {
        self.at_header
    }

    /// How many lines were read as sequences.
    pub(crate) fn records(&self) -> usize {
        self.records
    }

    /// The lines that are left, from the header on if there is one.
    pub(crate) fn into_lines(self) -> crate::lines::Lines<R> {
        self.lines
    }

    fn read(&mut self) -> Result<Option<Record>, Error> {
        if self.at_header || !self.advance_to_line()? {
            return Ok(None);
        }
        if self.lines.text().starts_with(b">") {
            self.at_header = true;
            self.lines.hold();
            return Ok(None);
        }
        self.sequence_line = self.lines.number();
        let Some((sequence, tally)) = sequence(self.sequence_line, self.lines.whole()) else {
            return Err(self.no_sequence());
        };
        self.tally = tally;
        self.records += 1;
        self.structures = self.pass_structures(sequence.len())?;
        Ok(Some(Record { sequence }))
    }

    /// Moves to the next line that is neither blank nor a comment.
    fn advance_to_line(&mut self) -> Result<bool, Error> {
        while self.lines.advance_to_text()? {
            if !matches!(self.lines.text().first(), Some(b'#' | b';')) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn pass_structures(&mut self, len: usize) -> Result<usize, Error> {
        let mut known = Known::default();
        while self.advance_to_line()? {
            if !known.takes(self.lines.number(), self.lines.text(), len) {
                self.lines.hold();
                break;
            }
        }
        known.count(self.sequence_line, &format!("#{}", self.records), len)
    }

    fn no_sequence(&self) -> Error {
        let error = self.lines.expected("FASTA (`>`), FASTQ (`@`) or one sequence of letters a line, without spaces");
        match error {
            Error::Malformed { place: Place { line, .. }, message } if self.records > 0 => {
                let record = format!("#{}", self.records + 1);
                Error::Record { place: Place::line(line), record, message }
            }
            other => other,
        }
    }
}

/// The sequence that a line is; `None` if it is something else: more than one word beside numbers, hardly half of it
/// bases, or control characters in it.
pub(super) fn sequence(number: usize, line: &[u8]) -> Option<(Vec<u8>, Tally)> {
    let mut words = 0;
    for_each_word(line, |_, word| words += usize::from(!is_number(word)));
    let (sequence, tally) = Letters::of(number, line).finish();
    let strangers = tally.unknown.number + tally.foreign.number + tally.nicks.number;
    let plausible = words == 1 && 2 * strangers <= sequence.len() && !sequence.iter().any(u8::is_ascii_control);
    plausible.then_some((sequence, tally))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Result<String, String>> {
        let text_of = |record: Record| String::from_utf8(record.sequence).unwrap();
        Reader::new(text.as_bytes()).map(|record| record.map(text_of).map_err(|error| error.to_string())).collect()
    }

    #[test]
    fn each_line_is_a_sequence() {
        let read = read("# by hand\nACGU\r\n\n  ac-gu \n; note\n1 acgu 4\nXa");
        assert_eq!(read, ["ACGU", "ac-gu", "acgu", "Xa"].map(|text| Ok(text.to_string())));
    }

    #[test]
    fn a_line_that_is_no_sequence_is_reported_and_passed_over() {
        let mut reader = Reader::new(&b"ACGU\nid\tACGU\nA\n"[..]);
        assert!(reader.next().unwrap().is_ok());
        let error = reader.next().unwrap().unwrap_err();
        assert!(error.is_of_one_record());
        let expected = "expected FASTA (`>`), FASTQ (`@`) or one sequence of letters a line, without spaces";
        assert_eq!(error.to_string(), format!("line 2: record `#2`: {expected}, found `id\\tACGU`"));
        assert_eq!((reader.next().unwrap().unwrap().sequence, reader.line()), (b"A".to_vec(), 3));
    }

    #[test]
    fn what_does_not_begin_with_a_sequence_is_another_sort_of_file() {
        for text in ["\x7fELF\x02", "id\tseq\nACGU\n", "{\"a\": 1}", "12", "hello", "((..))\n"] {
            let error = Reader::new(text.as_bytes()).next().unwrap().unwrap_err();
            assert!(matches!(error, Error::Malformed { .. }), "{error}");
        }
    }

    #[test]
    fn structures_are_passed_over_and_a_header_is_left_to_another_reader() {
        let mut reader = Reader::new(&b"GGAACC\n((..)) 0.9\nACGU\n>a\nACGU\n"[..]);
        assert_eq!(reader.next().unwrap().unwrap().sequence, b"GGAACC");
        assert_eq!((reader.structures(), reader.line()), (1, 1));
        assert_eq!(reader.next().unwrap().unwrap().sequence, b"ACGU");
        assert_eq!((reader.structures(), reader.at_header()), (0, false));
        assert!(reader.next().is_none() && reader.at_header());
        assert_eq!(
            read("GGAACC\n((..)\nA\n")[0],
            Err("line 1: record `#1`: its structure has 5 positions, its sequence 6".into())
        );
    }
}
