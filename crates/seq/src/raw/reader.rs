//! Reads raw sequences: every line that is not blank is one, and holds nothing but letters and `-`.

use std::io::BufRead;

use super::Record;
use crate::{
    Error,
    lines::{Letters, Stranger},
    plan::reader,
};

reader! {
    /// An iterator over the lines of a stream; a line that is no sequence is an error, the next one is read again.
    { first_stranger: Option<Stranger>, strangers: usize }
}

impl<R: BufRead> Reader<R> {
    /// The line of the record read last.
    pub fn line(&self) -> usize {
        self.lines.number()
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
        if !self.lines.advance_to_text()? {
            return Ok(None);
        }
        if !self.lines.text().iter().all(|&letter| letter.is_ascii_alphabetic() || letter == b'-') {
            return Err(self.lines.expected("FASTA (`>`), FASTQ (`@`) or one sequence of letters a line"));
        }
        let mut letters = Letters::default();
        letters.push(self.lines.number(), self.lines.whole());
        (self.first_stranger, self.strangers) = (letters.first_stranger, letters.strangers);
        Ok(Some(Record { sequence: letters.sequence }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_a_sequence() {
        let read: Vec<Record> = Reader::new(&b"ACGU\r\n\n  ac-gu \nX"[..]).map(Result::unwrap).collect();
        let letters: Vec<&[u8]> = read.iter().map(|record| &record.sequence[..]).collect();
        assert_eq!(letters, [&b"ACGU"[..], b"ac-gu", b"X"]);
    }

    #[test]
    fn a_line_that_is_no_sequence_is_told_and_passed_over() {
        let mut reader = Reader::new(&b"ACGU\nid\tACGU\nA\n"[..]);
        assert!(reader.next().unwrap().is_ok());
        assert_eq!(
            reader.next().unwrap().unwrap_err().to_string(),
            "line 2: expected FASTA (`>`), FASTQ (`@`) or one sequence of letters a line, found `id\\tACGU`"
        );
        assert_eq!((reader.next().unwrap().unwrap().sequence, reader.line()), (b"A".to_vec(), 3));
    }
}
