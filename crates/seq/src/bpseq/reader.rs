//! Reads BPSEQ files of one or many records, with the comments of bpRNA, the Comparative RNA Web and others.

use std::io::BufRead;

use super::Record;
use crate::{Error, partners::Rows, plan::reader, title};

reader! {
    /// An iterator over the records of a BPSEQ stream; after a malformed one it goes on at the next.
    ///
    /// A record ends where a comment or base 1 begins the next. Comments begin with `#` or with a word. The one that names
    /// the record, by `File:`, `Filename:` or `Name:`, is its header, else the first one; the others are passed over.
    { records: usize }
}

impl<R: BufRead> Reader<R> {
    fn read(&mut self) -> Result<Option<Record>, Error> {
        self.records += 1;
        let (mut header, mut rows) = (Header::default(), Rows::default());
        let read = self.read_rows(&mut header, &mut rows);
        let begun = rows.len() > 0;
        let name = header.name.or(header.first);
        let record = match (&name, read) {
            (_, Err(error)) => Err(error),
            (None, Ok(())) if !begun => return Ok(None),
            (Some(_), Ok(())) if !begun => {
                Err(Error::malformed(self.lines.number(), "the input ends before its first base"))
            }
            (_, Ok(())) => rows.finish(),
        };
        if matches!(record, Err(Error::Malformed { .. })) {
            self.lines.skip_to(begins_record)?;
        }
        match record {
            Ok((sequence, structure)) => Ok(Some(Record { header: name.unwrap_or_default(), sequence, structure })),
            Err(error) => Err(error.of_record(name.as_deref().or(begun.then_some("")), self.records)),
        }
    }

    /// Reads the comments and the rows of one record.
    fn read_rows(&mut self, header: &mut Header, rows: &mut Rows) -> Result<(), Error> {
        while self.lines.advance_to_text()? {
            let line = self.lines.string();
            if rows.len() > 0 && begins_record(line.as_bytes()) {
                self.lines.hold();
                break;
            }
            if rows.len() == 0 && is_comment(line.as_bytes()) {
                header.take(&line);
                continue;
            }
            let mut columns = line.split_ascii_whitespace();
            let (Some(index), Some(base), Some(partner), None) =
                (columns.next(), columns.next(), columns.next(), columns.next())
            else {
                return Err(self.lines.expected("`position base partner`"));
            };
            rows.push(self.lines.number(), index, base, partner)?;
        }
        Ok(())
    }
}

/// What the comments before a record say.
#[derive(Default)]
struct Header {
    name: Option<String>,
    first: Option<String>,
}

impl Header {
    fn take(&mut self, line: &str) {
        let comment = line.strip_prefix('#').unwrap_or(line).trim();
        if self.name.is_none() {
            self.name = title::named(comment).map(str::to_owned);
        }
        self.first.get_or_insert_with(|| comment.to_owned());
    }
}

/// Whether a line before the first row is none itself.
fn is_comment(text: &[u8]) -> bool {
    !text.first().is_some_and(u8::is_ascii_digit)
}

/// Whether a line among rows begins the next record: `#`, words with a colon as the Comparative RNA Web writes them, or
/// the row of base 1.
fn begins_record(text: &[u8]) -> bool {
    let in_words = text.first().is_some_and(u8::is_ascii_alphabetic) && text.contains(&b':');
    in_words || text.starts_with(b"#") || text.split(u8::is_ascii_whitespace).next() == Some(b"1")
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
            "# x\r\n# File: a.bpseq\r\n{HAIRPIN}{HAIRPIN}#Name: c\n{HAIRPIN}\nFilename: d\nOrganism: E. coli\n{HAIRPIN}"
        );
        let records: Vec<Record> = read(&text).into_iter().map(Result::unwrap).collect();
        assert_eq!(records.iter().map(|r| &*r.header).collect::<Vec<_>>(), ["a.bpseq", "", "c", "d"]);
        assert!(records.iter().all(|r| r.sequence == b"GAAC" && r.structure.pairs() == [(0, 3)]));
    }

    #[test]
    fn a_mistake_costs_one_record() {
        for bad in ["# b\n1 G 3\n2 A 0\n3 C 0\n", "# b\n1 G 0\n3 C 0\n", "1 G 0 0 0\n2 A 0\n"] {
            let read = read(&format!("# a\n{HAIRPIN}{bad}# c\n{HAIRPIN}"));
            assert_eq!(read.len(), 3, "{read:?}");
            assert!(read[1].is_err());
            assert_eq!(read[2].as_ref().unwrap().header, "c");
        }
    }

    #[test]
    fn mistakes_are_told_by_line() {
        let only = |text: &str| match &read(text)[..] {
            [Err(message)] => message.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(only("# a\n1 G 2\n2 C 0\n"), "line 2: record `a`: base 1 pairs with 2, which is without a partner");
        assert_eq!(only("1 G 3\n2 A 3\n3 C 1\n"), "line 2: record `#1`: base 2 pairs with 3, which is with 1");
        assert_eq!(only("1 G\n"), "line 1: expected `position base partner`, found `1 G`");
        assert_eq!(only("1 G 0\n3 G 0\n"), "line 2: record `#1`: expected the row of base 2, found `3`");
        assert_eq!(only("# a\n"), "line 1: record `a`: the input ends before its first base");
    }
}
