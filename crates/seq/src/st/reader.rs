//! Reads the `.st` files of bpRNA; what follows from sequence and dot-bracket is passed over.

use std::io::BufRead;

use super::Record;
use crate::{Error, Structure, plan::reader};

reader! {
    /// An iterator over the records of an `.st` stream; after a malformed one, the next `#Name:` is read.
    ///
    /// `#Length:` is checked where it stands; the loop letters, knots, segments and all other lines are not needed.
    { name: Option<String>, records: usize }
}

impl<R: BufRead> Reader<R> {
    fn read(&mut self) -> Result<Option<Record>, Error> {
        (self.name, self.records) = (None, self.records + 1);
        let record = self.read_record();
        if !matches!(record, Ok(None) | Err(Error::Io(_))) {
            self.lines.skip_to(|text| text.starts_with(b"#Name:"))?;
        }
        record.map_err(|error| error.of_record(self.name.as_deref(), self.records))
    }

    fn read_record(&mut self) -> Result<Option<Record>, Error> {
        let Some(header) = self.read_name()? else { return Ok(None) };
        self.name = Some(header.clone());
        let mut length: Option<usize> = None;
        let mut sequence = None;
        while self.lines.advance_to_text()? {
            let line = self.lines.string();
            if line.starts_with("#Name:") || (line.starts_with('#') && sequence.is_some()) {
                self.lines.hold();
                break;
            } else if let Some(number) = line.strip_prefix("#Length:") {
                length = Some(number.trim().parse().map_err(|_| self.lines.expected("a number after `#Length:`"))?);
            } else if line.starts_with('#') {
                continue;
            } else if sequence.is_none() {
                sequence = Some(line.into_bytes());
            } else {
                return self.finish(header, length, sequence.unwrap_or_default(), &line).map(Some);
            }
        }
        match (sequence, length) {
            (None, None | Some(0)) => Ok(Some(Record { header, ..Record::default() })),
            (None, Some(_)) => Err(self.missing("sequence")),
            (Some(_), _) => Err(self.missing("dot-bracket line")),
        }
    }

    fn read_name(&mut self) -> Result<Option<String>, Error> {
        while self.lines.advance_to_text()? {
            let line = self.lines.string();
            if let Some(name) = line.strip_prefix("#Name:") {
                return Ok(Some(name.trim().to_string()));
            }
            if !line.starts_with('#') {
                return Err(self.lines.expected("`#Name:`"));
            }
        }
        Ok(None)
    }

    fn finish(&self, header: String, length: Option<usize>, sequence: Vec<u8>, line: &str) -> Result<Record, Error> {
        let number = self.lines.number();
        let structure = Structure::parse_dot_bracket(line).map_err(|error| error.at(number))?;
        let found = sequence.len();
        if structure.len() != found || length.is_some_and(|length| length != found) {
            let said = length.map_or(String::new(), |length| format!(", and `#Length:` says {length}"));
            let message = format!("{found} bases, {} positions in the structure{said}", structure.len());
            return Err(Error::malformed(number, message));
        }
        Ok(Record { header, sequence, structure })
    }

    fn missing(&self, what: &str) -> Error {
        Error::malformed(self.lines.number(), format!("it has no {what}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Result<Record, String>> {
        Reader::new(text.as_bytes()).map(|record| record.map_err(|error| error.to_string())).collect()
    }

    const HAIRPIN: &str = "#Name: a\r\n#Length:  7 \n#PageNumber: 1\nGGAAACC\n((...))\nSSHHHSS\nNNNNNNN\nS1 1..2 \"GG\" 6..7 \"CC\"\nH1 3..5 \"AAA\" (2,6) G:C \n";

    #[test]
    fn segments_are_passed_over() {
        let records: Vec<Record> = read(&HAIRPIN.repeat(2)).into_iter().map(Result::unwrap).collect();
        assert_eq!(records.len(), 2);
        assert_eq!((&*records[1].header, &records[1].sequence[..]), ("a", &b"GGAAACC"[..]));
        assert_eq!(records[1].structure.pairs(), [(0, 6), (1, 5)]);
    }

    #[test]
    fn a_mistake_costs_one_record() {
        let first = |text: &str| {
            let records = read(&format!("{text}{HAIRPIN}"));
            assert_eq!(records.len(), 2, "{records:?}");
            assert!(records[1].is_ok());
            records[0].clone().unwrap_err()
        };
        assert_eq!(first("#Name: b\nGA\n(.\nx\n"), "line 3: record `b`: unbalanced bracket `(` at column 1");
        assert_eq!(
            first("#Name: b\n#Length: 3\nGA\n..\n"),
            "line 4: record `b`: 2 bases, 2 positions in the structure, and `#Length:` says 3"
        );
        assert_eq!(
            first("#Name: b\n#Length: many\n#PageNumber: 1\nGA\n..\n"),
            "line 2: record `b`: expected a number after `#Length:`, found `#Length: many`"
        );
        assert_eq!(first("#Name: b\nGA\n"), "line 3: record `b`: it has no dot-bracket line");
        assert_eq!(first("GA\n..\n"), "line 1: expected `#Name:`, found `GA`");
    }
}
