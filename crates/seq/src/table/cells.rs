//! Rows of cells from bytes (RFC 4180, with what spreadsheets and programs make of it).
//!
//! A line ends at `\n`, `\r\n` or `\r`. A cell that begins with a quote, white space before it aside, ends at the next
//! single quote and may hold anything; two quotes in it are one. A quote elsewhere in a cell is a letter like any other.

use std::io::{self, BufRead};

/// The cells of one row, one after the other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Cells {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    /// Where the row begins and ends, from 1.
    pub lines: (u64, u64),
    /// Whether the input ended within quotes.
    pub unclosed: bool,
}

impl Cells {
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The cells without white space around them; `None` for one that is no text.
    pub(super) fn texts(&self) -> impl Iterator<Item = Option<&str>> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| std::str::from_utf8(&self.bytes[start..end]).ok().map(str::trim))
    }

    pub(super) fn are_all_empty(&self) -> bool {
        self.texts().all(|text| text == Some(""))
    }

    fn end_cell(&mut self) {
        self.ends.push(self.bytes.len());
    }

    /// Whether the cell at hand holds nothing but blanks so far.
    fn at_start(&self) -> bool {
        let start = self.ends.last().copied().unwrap_or(0);
        self.bytes[start..].iter().all(|byte| matches!(byte, b' ' | b'\t'))
    }
}

/// What the next byte means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// In a cell that is not quoted, or after the end of its quotes.
    Plain,
    Quoted,
    /// After a quote within quotes: their end, or the first of two.
    Quote,
}

/// Reads rows off a stream.
pub(super) struct Rows<R> {
    inner: R,
    delimiter: u8,
    line: u64,
    /// The last line ended at `\r`: a `\n` now belongs to it.
    after_return: bool,
}

impl<R: BufRead> Rows<R> {
    /// The first row to come begins at `line`.
    pub(super) fn new(inner: R, delimiter: u8, line: u64) -> Self {
        Self { inner, delimiter, line, after_return: false }
    }

    /// The next row, be it empty; `None` at the end of the input.
    pub(super) fn next(&mut self) -> io::Result<Option<Cells>> {
        let mut cells = Cells { lines: (self.line, self.line), ..Cells::default() };
        let mut state = State::Plain;
        let mut read = false;
        while let Some(byte) = self.byte()? {
            if std::mem::take(&mut self.after_return) && byte == b'\n' {
                continue_line(&mut cells, state);
                continue;
            }
            read = true;
            if self.take(byte, &mut state, &mut cells) {
                return Ok(Some(cells));
            }
        }
        cells.unclosed = state == State::Quoted;
        cells.lines.1 = self.line;
        if read {
            cells.end_cell();
        }
        Ok(read.then_some(cells))
    }

    /// Takes a byte; true if it ends the row.
    fn take(&mut self, byte: u8, state: &mut State, cells: &mut Cells) -> bool {
        let ends_line = matches!(byte, b'\n' | b'\r');
        if ends_line {
            (self.after_return, cells.lines.1) = (byte == b'\r', self.line);
            self.line += 1;
        }
        match (*state, byte) {
            (State::Quoted, b'"') => *state = State::Quote,
            (State::Quoted, byte) => cells.bytes.push(byte),
            (State::Quote, b'"') => {
                cells.bytes.push(b'"');
                *state = State::Quoted;
            }
            (_, _) if ends_line => {
                cells.end_cell();
                return true;
            }
            (_, byte) if byte == self.delimiter => {
                cells.end_cell();
                *state = State::Plain;
            }
            (State::Plain, b'"') if cells.at_start() => {
                cells.bytes.truncate(cells.ends.last().copied().unwrap_or(0));
                *state = State::Quoted;
            }
            (_, byte) => {
                cells.bytes.push(byte);
                *state = State::Plain;
            }
        }
        false
    }

    fn byte(&mut self) -> io::Result<Option<u8>> {
        let next = self.inner.fill_buf()?.first().copied();
        if next.is_some() {
            self.inner.consume(1);
        }
        Ok(next)
    }
}

/// The `\n` of a `\r\n`: within quotes it is part of the cell, else of the line end before.
fn continue_line(cells: &mut Cells, state: State) {
    if state == State::Quoted {
        cells.bytes.push(b'\n');
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rows(text: &[u8], delimiter: u8) -> Vec<(Vec<String>, (u64, u64))> {
        let mut rows = Rows::new(text, delimiter, 1);
        let mut found = Vec::new();
        while let Some(cells) = rows.next().unwrap() {
            found.push((cells.texts().map(|text| text.unwrap_or("�").to_owned()).collect(), cells.lines));
        }
        found
    }

    #[test]
    fn quotes_hold_separators_and_line_ends_and_lines_are_counted() {
        for end in ["\n", "\r\n", "\r"] {
            let text = "a, b ,\"c\"\"d\"\n\n \"x,\ny\" ,5\"-end,\n\"p\"q,\"\",z".replace('\n', end);
            let found = rows(text.as_bytes(), b',');
            let cells: Vec<Vec<String>> = found.iter().map(|(cells, _)| cells.clone()).collect();
            let broken = format!("x,{end}y");
            assert_eq!(cells[0], ["a", "b", "c\"d"]);
            assert_eq!(cells[1], [""]);
            assert_eq!(cells[2], [broken.as_str(), "5\"-end", ""]);
            assert_eq!(cells[3], ["pq", "", "z"]);
            let lines: Vec<_> = found.iter().map(|(_, lines)| *lines).collect();
            assert_eq!(lines, [(1, 1), (2, 2), (3, 4), (5, 5)]);
        }
    }

    #[test]
    fn quotes_that_never_end_are_noticed() {
        let mut rows = Rows::new(&b"a\n\"b,c\nd"[..], b',', 1);
        assert!(!rows.next().unwrap().unwrap().unclosed);
        let last = rows.next().unwrap().unwrap();
        assert!(last.unclosed && last.lines == (2, 3));
        assert!(rows.next().unwrap().is_none());
    }

    proptest! {
        /// What the writer of the csv crate wrote is read back, cell by cell; cells are trimmed.
        #[test]
        fn what_was_written_is_read_back(
            rows_written in prop::collection::vec(prop::collection::vec("[ a\"',;\t\n\r.é-]{0,6}", 2..4), 1..6),
            delimiter in prop::sample::select(vec![b',', b';', b'\t']),
        ) {
            let mut writer = csv::WriterBuilder::new().delimiter(delimiter).flexible(true).from_writer(Vec::new());
            rows_written.iter().for_each(|row| writer.write_record(row).unwrap());
            let text = writer.into_inner().unwrap();
            let found: Vec<Vec<String>> = rows(&text, delimiter).into_iter().map(|(cells, _)| cells).collect();
            let trimmed = |row: &Vec<String>| row.iter().map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
            prop_assert_eq!(found, rows_written.iter().map(trimmed).collect::<Vec<_>>());
        }

        /// No bytes make it panic or lose a line.
        #[test]
        fn any_bytes_are_rows(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut rows = Rows::new(&bytes[..], b',', 1);
            let mut last = 0;
            while let Some(cells) = rows.next().unwrap() {
                prop_assert!(cells.lines.0 == last + 1 && cells.lines.1 >= cells.lines.0);
                last = cells.lines.1;
            }
        }
    }
}
