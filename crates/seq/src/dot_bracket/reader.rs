//! Reads dot-bracket records, with or without headers, sequence and structure on one line each or on several.

use std::io::BufRead;

use super::Record;
use crate::{Error, Structure, lines::excerpt, plan::reader};

reader! {
    /// An iterator over the records of a dot-bracket stream.
    ///
    /// After a malformed record, reading goes on at the next header. `#` lines are comments.
    ///
    /// ```
    /// let text = &b">tiny\nGGGAAACCC\n(((...))) (-3.20)\n"[..];
    /// let record = rinalmo_seq::dot_bracket::Reader::new(text).next().unwrap()?;
    /// assert_eq!(record.structure.pairs(), [(0, 8), (1, 7), (2, 6)]);
    /// assert_eq!(record.score.as_deref(), Some("(-3.20)"));
    /// # Ok::<(), rinalmo_seq::Error>(())
    /// ```
    {}
}

impl<R: BufRead> Reader<R> {
    fn read(&mut self) -> Result<Option<Record>, Error> {
        let record = self.read_record();
        if matches!(record, Err(Error::Malformed { .. } | Error::BadStructure { .. })) {
            self.lines.skip_to(|text| text.starts_with(b">"))?;
        }
        record
    }

    fn read_record(&mut self) -> Result<Option<Record>, Error> {
        if !self.next_line()? {
            return Ok(None);
        }
        let mut header = None;
        if let Some(text) = self.lines.text().strip_prefix(b">") {
            header = Some(String::from_utf8_lossy(text.trim_ascii()).into_owned());
        } else {
            self.lines.hold();
        }
        let (sequence, line) = self.read_sequence()?;
        if sequence.is_empty() {
            let record = |header| Record { header, ..Record::default() };
            return if header.is_some() { Ok(header.map(record)) } else { Err(self.lines.expected("a sequence")) };
        }
        let header = header.unwrap_or_default();
        let (structure, score) = self.read_structure(&header, sequence.len(), line)?;
        Ok(Some(Record { header, sequence, structure, score }))
    }

    /// Gathers lines up to the first one that is written in brackets, or a header; with the number of the last one.
    fn read_sequence(&mut self) -> Result<(Vec<u8>, usize), Error> {
        let mut sequence = Vec::new();
        let mut line = self.lines.number();
        while self.next_line()? {
            let text = self.lines.text();
            let goes_on = if sequence.is_empty() { !is_structure(text) } else { has_letters_only(text) };
            if text.starts_with(b">") || !goes_on {
                self.lines.hold();
                break;
            }
            sequence.extend(text.iter().filter(|letter| !letter.is_ascii_whitespace()));
            line = self.lines.number();
        }
        Ok((sequence, line))
    }

    fn read_structure(
        &mut self,
        header: &str,
        len: usize,
        sequence_line: usize,
    ) -> Result<(Structure, Option<String>), Error> {
        let (mut text, mut line, mut score) = (String::new(), sequence_line, None);
        while text.len() < len && score.is_none() && self.next_line()? {
            if self.lines.text().starts_with(b">") {
                self.lines.hold();
                break;
            }
            line = self.lines.number();
            let whole = self.lines.string();
            let (brackets, rest) = whole.split_once(|c: char| c.is_ascii_whitespace()).unwrap_or((&whole, ""));
            text.push_str(brackets);
            score = Some(rest.trim_ascii().to_string()).filter(|rest| !rest.is_empty());
        }
        if text.is_empty() {
            return Err(Error::malformed(line, format!("record `{header}`: its sequence has no structure line")));
        }
        let structure = Structure::parse_dot_bracket(&text).map_err(|error| error.at(line))?;
        if structure.len() != len {
            let shown = excerpt(text.as_bytes());
            let found = structure.len();
            let message = format!("record `{header}`: {len} bases but {found} positions in the structure `{shown}`");
            return Err(Error::malformed(line, message));
        }
        Ok((structure, score))
    }

    /// Moves to the next line that is neither blank nor a comment.
    fn next_line(&mut self) -> Result<bool, Error> {
        while self.lines.advance_to_text()? {
            if !self.lines.text().starts_with(b"#") {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Whether a line that may go on with a sequence does: it has a letter, and no bracket or dot.
fn has_letters_only(text: &[u8]) -> bool {
    text.iter().any(u8::is_ascii_alphabetic) && !text.iter().any(|letter| b".()[]{}<>:,_~".contains(letter))
}

/// Whether a line cannot be a sequence: not one letter or gap in it, or a round bracket.
pub(super) fn is_structure(text: &[u8]) -> bool {
    text.contains(&b'(') || !text.iter().any(|letter| letter.is_ascii_alphabetic() || *letter == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Result<Record, String>> {
        Reader::new(text.as_bytes()).map(|record| record.map_err(|error| error.to_string())).collect()
    }

    fn record(header: &str, sequence: &str, structure: &str, score: Option<&str>) -> Result<Record, String> {
        let structure = Structure::parse_dot_bracket(structure).unwrap();
        Ok(Record { header: header.into(), sequence: sequence.into(), structure, score: score.map(String::from) })
    }

    #[test]
    fn headers_scores_and_blank_lines_are_optional() {
        let text = ">a b\r\nGAAAC\r\n(...) ( -3.20)\r\n\r\nGC\n()\nCC\n.. 0.5\n>e\n>f\nA\n.";
        let expected = [
            record("a b", "GAAAC", "(...)", Some("( -3.20)")),
            record("", "GC", "()", None),
            record("", "CC", "..", Some("0.5")),
            record("e", "", "", None),
            record("f", "A", ".", None),
        ];
        assert_eq!(read(text), expected);
    }

    #[test]
    fn a_record_may_go_over_several_lines() {
        let text = "# made by hand\n>a\nGGAA\nAACC\n((..\n..)) 1.0\n>b\n--\n--\n";
        assert_eq!(read(text), [record("a", "GGAAAACC", "((....))", Some("1.0")), record("b", "--", "--", None)]);
    }

    #[test]
    fn a_mistake_costs_one_record() {
        let good = ">z\nA\n.\n";
        let first = |text: &str| {
            let records = read(&format!("{text}{good}"));
            assert_eq!(records[1..], [record("z", "A", ".", None)]);
            records[0].clone().unwrap_err()
        };
        assert_eq!(first(">a\nGAC\n(.))\n"), "line 3: unbalanced bracket `)` at column 4");
        assert_eq!(first(">a\nGAC\n()\n"), "line 3: record `a`: 3 bases but 2 positions in the structure `()`");
        assert_eq!(first(">a\nGAC\n"), "line 2: record `a`: its sequence has no structure line");
        assert_eq!(first("(...)\n"), "line 1: expected a sequence, found `(...)`");
    }
}
