//! The sequences of GenBank and EMBL flat files; features and references are passed over.

use std::io::BufRead;

use crate::{
    Error,
    letters::{Letters, Tally},
    lines::Lines,
};

/// What the lines of a flat file begin with.
#[derive(Clone, Copy)]
pub(super) struct Marks {
    /// The line that begins a record; its first word after the mark is the name.
    name: &'static str,
    /// A line that describes the record.
    description: &'static str,
    /// The line before the sequence.
    sequence: &'static str,
}

pub(super) const GENBANK: Marks = Marks { name: "LOCUS", description: "DEFINITION", sequence: "ORIGIN" };
pub(super) const EMBL: Marks = Marks { name: "ID", description: "DE", sequence: "SQ" };

/// What ends a record.
const END: &[u8] = b"//";

/// One record of a flat file.
#[derive(Default)]
pub(super) struct Entry {
    /// Its name and description.
    pub(super) header: String,
    pub(super) sequence: Vec<u8>,
    pub(super) tally: Tally,
    pub(super) line: usize,
}

pub(super) struct Reader<R> {
    lines: Lines<R>,
    marks: Marks,
}

impl<R: BufRead> Reader<R> {
    pub(super) fn new(lines: Lines<R>, marks: Marks) -> Self {
        Self { lines, marks }
    }

    pub(super) fn read(&mut self) -> Result<Option<Entry>, Error> {
        while self.lines.advance_to_text()? {
            if let Some(name) = value(self.lines.text(), self.marks.name) {
                let name = name.split([' ', ';']).next().unwrap_or_default().to_string();
                return self.read_entry(name).map(Some);
            }
        }
        Ok(None)
    }

    fn read_entry(&mut self, name: String) -> Result<Entry, Error> {
        let line = self.lines.number();
        let (mut description, mut letters, mut inside) = (None, Letters::default(), false);
        while self.lines.advance()? {
            let text = self.lines.text();
            if text == END {
                let (sequence, tally) = letters.finish();
                let header = [Some(name), description].into_iter().flatten().collect::<Vec<_>>().join(" ");
                return Ok(Entry { header, sequence, tally, line });
            }
            if inside {
                letters.push(self.lines.number(), text);
            } else if value(text, self.marks.sequence).is_some() {
                inside = true;
            } else if description.is_none() {
                description = value(text, self.marks.description).filter(|text| !text.is_empty());
            }
        }
        let message = format!("record `{name}`: the input ends before the `//` that closes it");
        Err(Error::malformed(self.lines.number(), message))
    }
}

/// What stands after a mark, if the line begins with it.
fn value(line: &[u8], mark: &str) -> Option<String> {
    let line = String::from_utf8_lossy(line);
    let (first, rest) = line.split_once(char::is_whitespace).unwrap_or((&line, ""));
    (first == mark).then(|| rest.trim().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, marks: Marks) -> Vec<Result<(String, String, usize), String>> {
        let mut reader = Reader::new(Lines::new(text.as_bytes()), marks);
        let entry = |entry: Entry| (entry.header, String::from_utf8(entry.sequence).unwrap(), entry.line);
        std::iter::from_fn(|| reader.read().map_err(|error| error.to_string()).transpose())
            .map(|read| read.map(entry))
            .take(9)
            .collect()
    }

    #[test]
    fn both_layouts_give_names_descriptions_and_letters() {
        let genbank = "LOCUS       TRNF   12 bp  RNA\nDEFINITION  a tRNA,\n            cut.\nFEATURES   Location\n     \
                       source  1..12\nORIGIN      \n        1 gcggauuuag cu\n//\n";
        let twice = genbank.repeat(2);
        let expected = |line| Ok(("TRNF a tRNA,".to_string(), "gcggauuuagcu".to_string(), line));
        assert_eq!(read(&twice, GENBANK), [expected(1), expected(9)]);
        let embl = "ID   X1; SV 1; linear; RNA; 12 BP.\nXX\nDE   a tRNA\nSQ   Sequence 12 BP; 2 A;\n     gcggauuuag cu        12\n//\n";
        assert_eq!(read(embl, EMBL), [Ok(("X1 a tRNA".into(), "gcggauuuagcu".into(), 1))]);
    }

    #[test]
    fn a_record_that_is_cut_short_is_an_error() {
        let found = read("LOCUS  A\nORIGIN\n 1 acgu\n", GENBANK);
        assert_eq!(found, [Err("line 3: record `A`: the input ends before the `//` that closes it".into())]);
    }
}
