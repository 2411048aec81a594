//! The sequences of Stockholm alignments, row by row with their gaps; markup and structures are passed over.
//!
//! [`stockholm::Reader`](crate::stockholm::Reader) reads them with the consensus structure, which need not be there
//! where only sequences are asked for.

use std::{
    collections::{HashMap, VecDeque},
    io::BufRead,
};

use crate::{
    Error,
    letters::{Letters, Tally},
    lines::Lines,
};

const END: &[u8] = b"//";

/// One row of an alignment: its name, its aligned letters and what they hold besides bases, and its first line.
pub(super) type Row = (String, Vec<u8>, Tally, usize);

pub(super) struct Reader<R> {
    lines: Lines<R>,
    ready: VecDeque<Row>,
}

impl<R: BufRead> Reader<R> {
    pub(super) fn new(lines: Lines<R>) -> Self {
        Self { lines, ready: VecDeque::new() }
    }

    pub(super) fn read(&mut self) -> Result<Option<Row>, Error> {
        while self.ready.is_empty() && self.lines.advance_to_text()? {
            self.lines.hold();
            self.ready = self.read_alignment()?;
        }
        Ok(self.ready.pop_front())
    }

    fn read_alignment(&mut self) -> Result<VecDeque<Row>, Error> {
        let mut rows: Vec<(String, Letters, usize)> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        while self.lines.advance_to_text()? {
            if self.lines.text() == END {
                let finish = |(name, letters, line): (String, Letters, usize)| {
                    let (sequence, tally) = letters.finish();
                    (name, sequence, tally, line)
                };
                return Ok(rows.into_iter().map(finish).collect());
            }
            let (line, text) = (self.lines.number(), self.lines.string());
            if text.starts_with('#') {
                continue;
            }
            let Some((name, piece)) = text.split_once(|c: char| c.is_ascii_whitespace()) else {
                self.lines.end();
                return Err(self.lines.expected("a name and a piece of its sequence, or markup"));
            };
            let place = *places.entry(name.to_string()).or_insert(rows.len());
            if place == rows.len() {
                rows.push((name.to_string(), Letters::default(), line));
            }
            rows[place].1.push(line, piece.as_bytes());
        }
        Err(Error::malformed(self.lines.number(), "the input ends before the `//` that closes the alignment"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Result<(String, String, usize), String>> {
        let mut reader = Reader::new(Lines::new(text.as_bytes()));
        std::iter::from_fn(|| reader.read().map_err(|error| error.to_string()).transpose())
            .map(|read| read.map(|(name, sequence, _, line)| (name, String::from_utf8(sequence).unwrap(), line)))
            .collect()
    }

    #[test]
    fn blocks_are_joined_whatever_the_markup() {
        let text = "# STOCKHOLM 1.0\n#=GF ID x\na/1-5  GG-A\n#=GR a/1-5 SS ((-)\nb  GGCA\n\na/1-5 CC\nb C.\n//\n";
        let rows = |line| [Ok(("a/1-5".into(), "GG-ACC".into(), line)), Ok(("b".into(), "GGCAC.".into(), line + 2))];
        assert_eq!(read(text), rows(3));
        assert_eq!(read(&text.repeat(2))[2..], rows(12));
    }

    #[test]
    fn an_alignment_that_is_cut_short_is_an_error() {
        let message = "line 2: the input ends before the `//` that closes the alignment";
        assert_eq!(read("# STOCKHOLM 1.0\na ACGU\n"), [Err(message.into())]);
    }
}
