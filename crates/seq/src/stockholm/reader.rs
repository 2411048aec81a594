//! Reads Stockholm alignments, in one block or several, and gives each sequence with the consensus structure.

use std::{
    collections::{HashMap, VecDeque},
    io::BufRead,
};

use super::Record;
use crate::{Error, Structure, plan::reader};

const OPENING: &[u8] = b"# STOCKHOLM";
const CLOSING: &[u8] = b"//";

reader! {
    /// An iterator over the sequences of a Stockholm stream; one alignment is held at a time.
    ///
    /// Each record is an aligned sequence, gaps included, with its own structure, the `#=GR … SS` line in WUSS notation,
    /// or where it has none the alignment's, `#=GC SS_cons`; [`Record::ungapped`] takes the gaps out. A sequence that
    /// does not fit is an error of its own; after a malformed alignment the next one is read.
    { ready: VecDeque<Result<Record, Error>> }
}

/// An alignment growing line by line.
#[derive(Default)]
struct Alignment {
    order: Vec<String>,
    rows: HashMap<String, Row>,
    consensus: Markup,
}

/// A line of brackets, gathered from its pieces.
#[derive(Default)]
struct Markup {
    line: usize,
    text: String,
}

impl Markup {
    fn push(&mut self, line: usize, piece: &str) {
        self.line = line;
        self.text.push_str(piece);
    }

    /// The structure, if there is a line.
    fn structure(&self) -> Result<Option<Structure>, Error> {
        let parsed = (!self.text.is_empty()).then(|| Structure::parse_dot_bracket(&self.text));
        parsed.transpose().map_err(|error| error.at(self.line))
    }
}

#[derive(Default)]
struct Row {
    line: usize,
    description: String,
    sequence: Vec<u8>,
    structure: Markup,
}

impl<R: BufRead> Reader<R> {
    fn read(&mut self) -> Result<Option<Record>, Error> {
        while self.ready.is_empty() {
            if !self.lines.advance_to_text()? {
                return Ok(None);
            }
            if !self.lines.text().starts_with(OPENING) {
                let error = self.lines.expected("`# STOCKHOLM 1.0`");
                self.lines.skip_to(|text| text.starts_with(OPENING))?;
                return Err(error);
            }
            self.ready = self.read_alignment()?.records()?;
        }
        self.ready.pop_front().transpose()
    }

    fn read_alignment(&mut self) -> Result<Alignment, Error> {
        let mut alignment = Alignment::default();
        while self.lines.advance_to_text()? {
            if self.lines.text() == CLOSING {
                return Ok(alignment);
            }
            if !alignment.add(self.lines.number(), &self.lines.string()) {
                let error = self.lines.expected("a name and a piece of its sequence, or markup");
                self.lines.skip_to(|text| text == CLOSING || text.starts_with(OPENING))?;
                if self.lines.advance()? && self.lines.text().starts_with(OPENING) {
                    self.lines.hold();
                }
                return Err(error);
            }
        }
        Err(Error::malformed(self.lines.number(), "the input ends before the `//` that closes the alignment"))
    }
}

impl Alignment {
    /// Takes one line in; false if it is neither sequence nor markup.
    fn add(&mut self, line: usize, text: &str) -> bool {
        let mut words = text.split_ascii_whitespace();
        match (words.next(), words.next(), words.next()) {
            (Some("#=GC"), Some("SS_cons"), Some(piece)) => {
                self.consensus.push(line, piece);
            }
            (Some("#=GR"), Some(name), Some("SS")) => {
                let Some(piece) = words.next() else { return false };
                self.rows.entry(name.to_string()).or_default().structure.push(line, piece);
            }
            (Some("#=GS"), Some(name), Some("DE")) => {
                let description: Vec<&str> = words.collect();
                self.rows.entry(name.to_string()).or_default().description = description.join(" ");
            }
            (Some(mark), ..) if mark.starts_with('#') => {}
            (Some(name), Some(piece), None) => {
                let row = self.rows.entry(name.to_string()).or_default();
                if row.line == 0 {
                    row.line = line;
                    self.order.push(name.to_string());
                }
                row.sequence.extend_from_slice(piece.as_bytes());
            }
            _ => return false,
        }
        true
    }

    fn records(mut self) -> Result<VecDeque<Result<Record, Error>>, Error> {
        let consensus = self.consensus.structure()?;
        let own = self.rows.values().any(|row| !row.structure.text.is_empty());
        let mut records = VecDeque::with_capacity(self.order.len());
        for name in self.order {
            let row = self.rows.remove(&name).unwrap_or_default();
            let line = row.line;
            if consensus.is_none() && !own {
                let message = format!("record `{name}`: its alignment has no `#=GC SS_cons` line, nor a `#=GR … SS`");
                return Err(Error::malformed(line, message));
            }
            records.push_back(row.record(&name, consensus.as_ref()));
        }
        Ok(records)
    }
}

impl Row {
    /// The sequence with its own structure, or else with the alignment's.
    fn record(self, name: &str, consensus: Option<&Structure>) -> Result<Record, Error> {
        let Self { line, description, sequence, structure } = self;
        let own = structure.structure()?;
        let which = if own.is_some() { "its SS line" } else { "SS_cons" };
        let Some(structure) = own.or_else(|| consensus.cloned()) else {
            return Err(Error::malformed(line, format!("record `{name}`: no `#=GR {name} SS` line, and no SS_cons")));
        };
        if sequence.len() != structure.len() {
            let (found, expected) = (sequence.len(), structure.len());
            let message = format!("record `{name}`: {found} columns, but {which} has {expected}");
            return Err(Error::malformed(line, message));
        }
        let header = if description.is_empty() { name.to_owned() } else { format!("{name} {description}") };
        Ok(Record { header, sequence, structure })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Result<Record, String>> {
        Reader::new(text.as_bytes()).map(|record| record.map_err(|error| error.to_string())).collect()
    }

    const TWO_BLOCKS: &str = "# STOCKHOLM 1.0\r\n#=GF ID x\n#=GS b DE a fine one\n\na  GG-A\nb  GGCA\n#=GC SS_cons <<,_\n#=GC RF xxxx\n\na ACC\nb AC.\n#=GC SS_cons _>>\n//\n";

    #[test]
    fn blocks_are_joined_and_every_sequence_gets_the_structure() {
        let records: Vec<Record> = read(&TWO_BLOCKS.repeat(2)).into_iter().map(Result::unwrap).collect();
        assert_eq!(records.iter().map(|r| &*r.header).collect::<Vec<_>>(), ["a", "b a fine one", "a", "b a fine one"]);
        assert_eq!(records[1].sequence, b"GGCAAC.");
        assert!(records.iter().all(|r| r.structure.pairs() == [(0, 6), (1, 5)]));
    }

    #[test]
    fn a_bad_alignment_is_told_and_the_next_one_read() {
        let first = |body: &str| {
            let records = read(&format!("{body}{TWO_BLOCKS}"));
            assert_eq!(records.iter().filter(|record| record.is_ok()).count(), 2, "{records:?}");
            records[0].clone().unwrap_err()
        };
        let open = "# STOCKHOLM 1.0\n";
        assert_eq!(first("a GG\n//\n"), "line 1: expected `# STOCKHOLM 1.0`, found `a GG`");
        assert_eq!(
            first(&format!("{open}a GG\n//\n")),
            "line 2: record `a`: its alignment has no `#=GC SS_cons` line, nor a `#=GR … SS`"
        );
        assert_eq!(
            first(&format!("{open}a GG\n#=GC SS_cons ...\n//\n")),
            "line 2: record `a`: 2 columns, but SS_cons has 3"
        );
        assert_eq!(first(&format!("{open}a GG\n#=GC SS_cons <.\n//\n")), "line 3: unbalanced bracket `<` at column 1");
        assert_eq!(
            first(&format!("{open}a\n//\n")),
            "line 2: expected a name and a piece of its sequence, or markup, found `a`"
        );
    }

    #[test]
    fn a_sequence_has_its_own_structure_before_the_alignment_s() {
        let text = "# STOCKHOLM 1.0\na GG-\n#=GR a SS <<.\nb GGA\n\na ACC\n#=GR a SS .>>\nb ACC\n";
        let own = read(&format!("{text}//\n"));
        assert_eq!(own[0].as_ref().unwrap().structure.pairs(), [(0, 5), (1, 4)]);
        assert_eq!(own[1], Err("line 4: record `b`: no `#=GR b SS` line, and no SS_cons".into()));
        let both = read(&format!("{text}#=GC SS_cons <....>\n//\n"));
        let pairs: Vec<usize> = both.iter().map(|record| record.as_ref().unwrap().structure.pairs().len()).collect();
        assert_eq!(pairs, [2, 1]);
    }

    #[test]
    fn a_row_that_does_not_fit_costs_itself() {
        let read = read("# STOCKHOLM 1.0\na GG\nb GGA\nc GGAA\n#=GR c SS <>\n#=GC SS_cons <.>\n//\n");
        assert_eq!(read[0], Err("line 2: record `a`: 2 columns, but SS_cons has 3".into()));
        assert_eq!(read[1].as_ref().unwrap().structure.pairs(), [(0, 2)]);
        assert_eq!(read[2], Err("line 4: record `c`: 4 columns, but its SS line has 2".into()));
    }

    #[test]
    fn an_unclosed_alignment_is_an_error() {
        let text = TWO_BLOCKS.replace("//", "");
        assert_eq!(read(&text), [Err("line 13: the input ends before the `//` that closes the alignment".into())]);
    }
}
