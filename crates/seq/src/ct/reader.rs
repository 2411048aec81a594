//! Reads CT files of one or many structures, from mfold, RNAstructure, ViennaRNA and the Comparative RNA Web.

use std::io::BufRead;

use super::Record;
use crate::{Error, partners::Rows, plan::reader, title};

reader! {
    /// An iterator over the structures of a CT stream; after a malformed one it goes on at the next line that begins one.
    ///
    /// `#` lines, and `Word …: …` lines before a structure, are comments. Where a title has no name, a comment such as
    /// `# File: x` before it gives one.
    { name: Option<String>, records: usize }
}

impl<R: BufRead> Reader<R> {
    fn read(&mut self) -> Result<Option<Record>, Error> {
        (self.name, self.records) = (None, self.records + 1);
        let record = self.read_record();
        if matches!(record, Err(Error::Malformed { .. })) {
            if is_title(self.lines.text()) {
                self.lines.hold();
            }
            self.lines.skip_to(is_title)?;
        }
        record.map_err(|error| error.of_record(self.name.as_deref(), self.records))
    }

    fn read_record(&mut self) -> Result<Option<Record>, Error> {
        let Some((len, header)) = self.read_header()? else { return Ok(None) };
        self.name = Some(header.clone());
        let mut rows = Rows::default();
        while rows.len() < len {
            if !self.next_line()? {
                let message = format!("the input ends after {} of {len} bases", rows.len());
                return Err(Error::malformed(self.lines.number(), message));
            }
            let row = self.lines.string();
            let mut columns = row.split_ascii_whitespace();
            // index, base, index - 1, index + 1, partner, index in the original numbering
            let (Some(index), Some(base), Some(partner)) = (columns.next(), columns.next(), columns.nth(2)) else {
                return Err(self.lines.expected("`index base previous next partner number`"));
            };
            rows.push(self.lines.number(), index, base, partner)?;
        }
        let (sequence, structure) = rows.finish()?;
        Ok(Some(Record { header, sequence, structure }))
    }

    fn read_header(&mut self) -> Result<Option<(usize, String)>, Error> {
        let mut comment = None;
        while self.lines.advance_to_text()? {
            let line = self.lines.string();
            let plain = line.starts_with(|c: char| c.is_ascii_alphabetic()) && line.contains(':');
            if let Some(text) = line.strip_prefix('#').or(plain.then_some(&line)) {
                comment = title::named(text).map(str::to_owned).or(comment);
                continue;
            }
            let (len, title) = line.split_once(|c: char| c.is_ascii_whitespace()).unwrap_or((&line, ""));
            let Ok(len) = len.parse() else { return Err(self.lines.expected("the number of bases and a title")) };
            let title = title.trim_ascii();
            return Ok(Some(match comment.filter(|_| title::name(title).is_empty()) {
                Some(name) => (len, format!("{title} {name}").trim_ascii().to_owned()),
                None => (len, title.to_owned()),
            }));
        }
        Ok(None)
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

/// Whether a line begins a structure: a number that is not followed by a base and another number.
fn is_title(text: &[u8]) -> bool {
    let mut words = text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let is_number = |word: &[u8]| str::from_utf8(word).is_ok_and(|word| word.parse::<usize>().is_ok());
    let is_row = |base: &[u8], previous: &[u8]| base.len() == 1 && is_number(previous);
    words.next().is_some_and(is_number)
        && !words.next().zip(words.next()).is_some_and(|(base, next)| is_row(base, next))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Result<Record, String>> {
        Reader::new(text.as_bytes()).map(|record| record.map_err(|error| error.to_string())).collect()
    }

    const HAIRPIN: &str = "1 G 0 2 4 1\n2 A 1 3 0 2\n3 A 2 4 0 3\n4 C 3 0 1 4\n";

    #[test]
    fn a_file_may_hold_several_structures() {
        let text = format!("Filename: x.ct\n# by hand\n  4  ENERGY = -3.2  tiny\r\n{HAIRPIN}\n0 nothing\n4\n{HAIRPIN}");
        let records: Vec<Record> = read(&text).into_iter().map(Result::unwrap).collect();
        assert_eq!(records.iter().map(|r| &*r.header).collect::<Vec<_>>(), ["ENERGY = -3.2  tiny", "nothing", ""]);
        assert_eq!(records[0].name(), "tiny");
        assert_eq!(records[2].sequence, b"GAAC");
        assert_eq!(records[2].structure.pairs(), [(0, 3)]);
    }

    #[test]
    fn comments_name_what_a_title_does_not() {
        let text = format!("# File ASE_1.ct\n4 ENERGY = 0\n{HAIRPIN}# Name: c\n4\n{HAIRPIN}# Name: d\n4 e\n{HAIRPIN}");
        let records: Vec<Record> = read(&text).into_iter().map(Result::unwrap).collect();
        assert_eq!(records.iter().map(Record::name).collect::<Vec<_>>(), ["ASE_1.ct", "c", "e"]);
        assert_eq!(records[0].energy(), Some(0.0));
    }

    #[test]
    fn a_mistake_costs_one_structure() {
        for bad in
            ["4 b\n1 G 0 2 4 1\n2 A 1 3 0 2\n", "2 b\n1 A 0 2 2 1\n2 A 1 0 0 2\n", "2 b\n1 A 0 2 x 1\n2 A 1 0 0 2\n"]
        {
            let read = read(&format!("4 a\n{HAIRPIN}{bad}4 c\n{HAIRPIN}"));
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
        assert_eq!(only(&format!("5 a\n{HAIRPIN}")), "line 5: record `a`: the input ends after 4 of 5 bases");
        assert_eq!(
            only("1 a\n1 A 0 2\n"),
            "line 2: record `a`: expected `index base previous next partner number`, found `1 A 0 2`"
        );
        assert_eq!(only(">a\nACGU\n"), "line 1: expected the number of bases and a title, found `>a`");
        assert_eq!(
            only("2 a\n\n1 A 0 2 2 1\n2 A 1 0 0 2\n"),
            "line 3: record `a`: base 1 pairs with 2, which is without a partner"
        );
    }
}
