//! Reads BPSEQ files of one or many records, with the comments of bpRNA, the Comparative RNA Web and others.

use std::io::BufRead;

use super::Record;
use crate::{Error, partners::Rows, plan::reader};

/// Words before the name of a record in its first comment.
const NAMED_BY: [&str; 3] = ["File:", "Filename:", "Name:"];

reader! {
    /// An iterator over the records of a BPSEQ stream; it ends after the first malformed one.
    ///
    /// A record ends where a comment or base 1 begins the next. The first comment of a record is its header, without
    /// `#` and a leading `File:`, `Filename:` or `Name:`; the others are passed over.
    {}
}

impl<R: BufRead> Reader<R> {
    fn read(&mut self) -> Result<Option<Record>, Error> {
        let record = self.read_record();
        if record.is_err() {
            self.lines.end();
        }
        record
    }

    fn read_record(&mut self) -> Result<Option<Record>, Error> {
        let mut header: Option<String> = None;
        let mut rows = Rows::default();
        while self.lines.advance_to_text()? {
            let line = self.lines.string();
            if let Some(comment) = comment(&line) {
                if rows.len() > 0 {
                    self.lines.hold();
                    break;
                }
                header.get_or_insert_with(|| name(comment).to_string());
                continue;
            }
            let mut columns = line.split_ascii_whitespace();
            let (Some(index), Some(base), Some(partner), None) =
                (columns.next(), columns.next(), columns.next(), columns.next())
            else {
                return Err(self.lines.expected("`position base partner`"));
            };
            if index == "1" && rows.len() > 0 {
                self.lines.hold();
                break;
            }
            rows.push(self.lines.number(), index, base, partner)?;
        }
        if rows.len() == 0 {
            return match header {
                None => Ok(None),
                Some(header) => {
                    let message = format!("record `{header}`: the input ends before its first base");
                    Err(Error::malformed(self.lines.number(), message))
                }
            };
        }
        let (sequence, structure) = rows.finish()?;
        Ok(Some(Record { header: header.unwrap_or_default(), sequence, structure }))
    }
}

/// The text of a comment: what follows `#`, or a whole line `Word …: …` as the Comparative RNA Web writes them.
fn comment(line: &str) -> Option<&str> {
    let plain = line.starts_with(|c: char| c.is_ascii_alphabetic()) && line.contains(':');
    line.strip_prefix('#').or(plain.then_some(line))
}

fn name(comment: &str) -> &str {
    let comment = comment.trim();
    NAMED_BY.iter().find_map(|word| comment.strip_prefix(word)).unwrap_or(comment).trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Result<Record, String>> {
        Reader::new(text.as_bytes()).map(|record| record.map_err(|error| error.to_string())).collect()
    }

    const HAIRPIN: &str = "1 G 4\n2 A 0\n3 A 0\n4 C 1\n";

    #[test]
    fn comments_and_base_one_begin_records() {
        let text = format!(
            "# File: a.bpseq\r\n# x\n{HAIRPIN}{HAIRPIN}#Name: c\n{HAIRPIN}\nFilename: d\nOrganism: E. coli\n{HAIRPIN}"
        );
        let records: Vec<Record> = read(&text).into_iter().map(Result::unwrap).collect();
        assert_eq!(records.iter().map(|r| &*r.header).collect::<Vec<_>>(), ["a.bpseq", "", "c", "d"]);
        assert!(records.iter().all(|r| r.sequence == b"GAAC" && r.structure.pairs() == [(0, 3)]));
    }

    #[test]
    fn mistakes_are_told_by_line() {
        let only = |text: &str| match &read(text)[..] {
            [Err(message)] => message.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(only("# a\n1 G 2\n2 C 0\n"), "line 2: base 1 pairs with 2, which is without a partner");
        assert_eq!(only("1 G 3\n2 A 3\n3 C 1\n"), "line 2: base 2 pairs with 3, which is with 1");
        assert_eq!(only("1 G\n"), "line 1: expected `position base partner`, found `1 G`");
        assert_eq!(only("1 G 0\n3 G 0\n"), "line 2: expected the row of base 2, found `3`");
        assert_eq!(only("# a\n"), "line 1: record `a`: the input ends before its first base");
    }
}
