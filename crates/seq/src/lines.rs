//! Lines of a stream with their numbers, and the letters gathered from them: what every reader here stands on.
//!
//! A line ends at `\n` or the end of the stream; one `\r` before that is dropped, as is a byte order mark in front.
//! The buffer is reused, so memory is that of the longest line.

use std::io::{self, BufRead};

use crate::{Error, alphabet};

/// A stream taken line by line. After a failure or [`end`](Lines::end) there are no more lines.
#[derive(Debug)]
pub(crate) struct Lines<R> {
    inner: R,
    text: Vec<u8>,
    number: usize,
    held: bool,
    ended: bool,
}

impl<R: BufRead> Lines<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self { inner, text: Vec::new(), number: 0, held: false, ended: false }
    }

    /// Moves to the next line; false when there is none.
    pub(crate) fn advance(&mut self) -> io::Result<bool> {
        if std::mem::take(&mut self.held) {
            return Ok(true);
        }
        self.text.clear();
        if self.ended {
            return Ok(false);
        }
        let read = self.inner.read_until(b'\n', &mut self.text);
        self.ended = !matches!(read, Ok(1..));
        if read? == 0 {
            return Ok(false);
        }
        self.number += 1;
        self.text.pop_if(|last| *last == b'\n');
        self.text.pop_if(|last| *last == b'\r');
        if self.number == 1 && self.text.starts_with(b"\xef\xbb\xbf") {
            self.text.drain(..3);
        }
        Ok(true)
    }

    /// Moves to the next line that holds more than white space; false when there is none.
    pub(crate) fn advance_to_text(&mut self) -> io::Result<bool> {
        while self.advance()? {
            if !self.text().is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Moves on until the next line to come is one that `wanted` accepts, or the end.
    pub(crate) fn skip_to(&mut self, wanted: impl Fn(&[u8]) -> bool) -> io::Result<()> {
        while self.advance()? {
            if wanted(self.text()) {
                self.hold();
                break;
            }
        }
        Ok(())
    }

    /// The current line without white space around it.
    pub(crate) fn text(&self) -> &[u8] {
        self.text.trim_ascii()
    }

    /// The current line as it stands.
    pub(crate) fn whole(&self) -> &[u8] {
        &self.text
    }

    /// The current line as text; bytes that are not UTF-8 become `�`.
    pub(crate) fn string(&self) -> String {
        String::from_utf8_lossy(self.text()).into_owned()
    }

    /// The number of the current line, from 1.
    pub(crate) fn number(&self) -> usize {
        self.number
    }

    /// Lets the next [`advance`](Self::advance) give the current line once more.
    pub(crate) fn hold(&mut self) {
        self.held = true;
    }

    /// Gives no more lines.
    pub(crate) fn end(&mut self) {
        (self.held, self.ended) = (false, true);
    }

    /// An error about the current line: what was `expected` there; the line itself is quoted.
    pub(crate) fn expected(&self, expected: &str) -> Error {
        Error::malformed(self.number, format!("expected {expected}, found `{}`", excerpt(self.text())))
    }
}

/// The beginning of a line, fit for a message.
pub(crate) fn excerpt(text: &[u8]) -> String {
    let shown = String::from_utf8_lossy(&text[..text.len().min(40)]).escape_debug().to_string();
    if text.len() > 40 { shown + "…" } else { shown }
}

/// The first letter of a record that is not in the alphabet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stranger {
    /// The letter as it was written.
    pub letter: u8,
    /// Its line, from 1.
    pub line: usize,
    /// Its place in the line, from 1, in bytes.
    pub column: usize,
}

/// A sequence growing line by line, white space left out, letters outside the alphabet noticed.
#[derive(Debug, Default)]
pub(crate) struct Letters {
    pub(crate) sequence: Vec<u8>,
    pub(crate) first_stranger: Option<Stranger>,
    pub(crate) strangers: usize,
}

impl Letters {
    pub(crate) fn push(&mut self, line: usize, text: &[u8]) {
        for (place, &letter) in text.iter().enumerate() {
            if letter.is_ascii_whitespace() {
                continue;
            }
            if !alphabet::is_base(letter) {
                self.strangers += 1;
                self.first_stranger.get_or_insert(Stranger { letter, line, column: place + 1 });
            }
            self.sequence.push(letter);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_of_any_kind_and_a_byte_order_mark_are_dropped() {
        let mut lines = Lines::new(&b"\xef\xbb\xbfone\r\n\n  two \nthree\r"[..]);
        let mut seen = Vec::new();
        while lines.advance_to_text().unwrap() {
            seen.push((lines.number(), lines.string()));
        }
        assert_eq!(seen, [(1, "one".into()), (3, "two".into()), (4, "three".into())]);
    }

    #[test]
    fn a_held_line_comes_again() {
        let mut lines = Lines::new(&b"a\nb\n"[..]);
        assert!(lines.advance().unwrap());
        lines.hold();
        assert!(lines.advance().unwrap());
        assert_eq!((lines.text(), lines.number()), (&b"a"[..], 1));
        assert!(lines.advance().unwrap());
        assert!(!lines.advance().unwrap());
    }

    #[test]
    fn the_first_stranger_is_remembered_where_it_stands() {
        let mut letters = Letters::default();
        letters.push(3, b"AC GU");
        letters.push(5, b" AX!");
        assert_eq!(letters.sequence, b"ACGUAX!");
        assert_eq!(letters.first_stranger, Some(Stranger { letter: b'X', line: 5, column: 3 }));
        assert_eq!(letters.strangers, 2);
    }
}
