//! Lines of a stream with their numbers: what every reader here stands on.
//!
//! A line ends at `\n`, at `\r\n`, at a `\r` alone as in files of old Macs, or at the end of the stream. A byte order
//! mark in front is dropped. The buffer is reused, so memory is that of the longest line.

use std::{
    collections::VecDeque,
    io::{self, BufRead},
};

use crate::Error;

/// A stream taken line by line. After a failure or [`end`](Lines::end) there are no more lines.
#[derive(Debug)]
pub(crate) struct Lines<R> {
    inner: R,
    text: Vec<u8>,
    number: usize,
    held: bool,
    ended: bool,
    /// The last line ended in `\r`: a `\n` right after it belongs to that end.
    after_return: bool,
    /// Lines that come before those of the stream.
    again: VecDeque<Vec<u8>>,
}

impl<R: BufRead> Lines<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self {
            inner,
            text: Vec::new(),
            number: 0,
            held: false,
            ended: false,
            after_return: false,
            again: VecDeque::new(),
        }
    }

    /// Moves to the next line; false when there is none.
    pub(crate) fn advance(&mut self) -> io::Result<bool> {
        if std::mem::take(&mut self.held) {
            return Ok(true);
        }
        if let Some(line) = self.again.pop_front() {
            (self.text, self.number) = (line, self.number + 1);
            return Ok(true);
        }
        self.text.clear();
        if self.ended || !self.read_line()? {
            return Ok(false);
        }
        self.number += 1;
        if self.number == 1 && self.text.starts_with(b"\xef\xbb\xbf") {
            self.text.drain(..3);
        }
        Ok(true)
    }

    /// Reads to the next end of a line; false if the stream is at its end.
    fn read_line(&mut self) -> io::Result<bool> {
        let mut found = false;
        loop {
            let buffer = match self.inner.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    self.ended = true;
                    return Err(error);
                }
                Ok(buffer) => buffer,
            };
            if std::mem::take(&mut self.after_return) && buffer.first() == Some(&b'\n') {
                self.inner.consume(1);
                continue;
            }
            if buffer.is_empty() {
                self.ended = true;
                return Ok(found);
            }
            found = true;
            let end = memchr::memchr2(b'\n', b'\r', buffer);
            self.text.extend_from_slice(&buffer[..end.unwrap_or(buffer.len())]);
            self.after_return = end.is_some_and(|end| buffer[end] == b'\r');
            let taken = end.map_or(buffer.len(), |end| end + 1);
            self.inner.consume(taken);
            if end.is_some() {
                return Ok(true);
            }
        }
    }

    /// Runs `look` over the first lines of the stream, all of which are there again afterwards.
    pub(crate) fn look_ahead<T>(&mut self, look: impl FnOnce(&mut Ahead<'_, R>) -> io::Result<T>) -> io::Result<T> {
        debug_assert!(self.number == 0 && self.again.is_empty(), "only the beginning can be looked at");
        let mut ahead = Ahead { lines: self, seen: VecDeque::new() };
        let found = look(&mut ahead);
        let Ahead { lines, seen } = ahead;
        (lines.again, lines.number) = (seen, 0);
        found
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
        self.again.clear();
    }

    /// An error about the current line: what was `expected` there; the line itself is quoted.
    pub(crate) fn expected(&self, expected: &str) -> Error {
        Error::malformed(self.number, format!("expected {expected}, found `{}`", excerpt(self.text())))
    }
}

/// Lines that are looked at before they are read.
pub(crate) struct Ahead<'a, R> {
    lines: &'a mut Lines<R>,
    seen: VecDeque<Vec<u8>>,
}

impl<R: BufRead> Ahead<'_, R> {
    /// The next line that holds more than white space, without white space around it.
    pub(crate) fn next_text(&mut self) -> io::Result<Option<&[u8]>> {
        while self.lines.advance()? {
            self.seen.push_back(std::mem::take(&mut self.lines.text));
            if self.seen.back().is_some_and(|line| !line.trim_ascii().is_empty()) {
                return Ok(self.seen.back().map(|line| line.trim_ascii()));
            }
        }
        Ok(None)
    }

    /// What was looked at, its lines parted by `\n`.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.seen.iter().map(Vec::as_slice).collect::<Vec<_>>().join(&b'\n')
    }

    /// How many bytes were looked at, ends of lines aside.
    pub(crate) fn len(&self) -> usize {
        self.seen.iter().map(Vec::len).sum()
    }

    /// Whether a control character was seen, which text does not hold.
    pub(crate) fn has_control(&self) -> bool {
        self.seen.iter().flatten().any(|byte| byte.is_ascii_control() && *byte != b'\t')
    }

    /// The line that was looked at last, without white space around it.
    pub(crate) fn last(&self) -> &[u8] {
        self.seen.back().map_or(&[], |line| line.trim_ascii())
    }
}

/// The beginning of a line, fit for a message.
pub(crate) fn excerpt(text: &[u8]) -> String {
    let shown = String::from_utf8_lossy(&text[..text.len().min(40)]).escape_debug().to_string();
    if text.len() > 40 { shown + "…" } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &[u8]) -> Vec<(usize, String)> {
        // A buffer of one byte puts every line end across two reads.
        let mut lines = Lines::new(io::BufReader::with_capacity(1, text));
        let mut seen = Vec::new();
        while lines.advance_to_text().unwrap() {
            seen.push((lines.number(), lines.string()));
        }
        seen
    }

    #[test]
    fn line_ends_of_any_kind_and_a_byte_order_mark_are_dropped() {
        let expected = [(1, "one".into()), (3, "two".into()), (4, "three".into())];
        assert_eq!(texts(b"\xef\xbb\xbfone\r\n\n  two \nthree\r"), expected);
        for end in ["\n", "\r\n", "\r"] {
            assert_eq!(texts("one\n\ntwo\nthree".replace('\n', end).as_bytes()), expected);
        }
    }

    #[test]
    fn lines_that_were_looked_at_are_read_again() {
        let mut lines = Lines::new(&b"\n a\nb\nc"[..]);
        let seen = lines.look_ahead(|ahead| {
            let first = ahead.next_text()?.map(<[u8]>::to_vec);
            ahead.next_text()?;
            Ok(first)
        });
        assert_eq!(seen.unwrap().as_deref(), Some(&b"a"[..]));
        let mut read = Vec::new();
        while lines.advance().unwrap() {
            read.push((lines.number(), lines.string()));
        }
        assert_eq!(read, [(1, "".into()), (2, "a".into()), (3, "b".into()), (4, "c".into())]);
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
}
