//! Text whose lines all end in `\n`: `\r\n` of Windows and the lone `\r` of old Macs, which Excel still writes, become it.
//!
//! So every reader of a text file gets lines, also those that know `\n` alone. Text without `\r` is not copied.

use std::io::{self, BufRead, Read};

pub(super) struct Newlines<R> {
    inner: R,
    /// A piece of the text that held `\r`, and how much of it is read.
    piece: Vec<u8>,
    at: usize,
    /// The text so far ended in `\r`: a `\n` right after it belongs to that.
    after_return: bool,
    /// So many of the next bytes of `inner` need no change. Readers ask for the text again after every field, and a
    /// large buffer would be searched each time.
    clean: usize,
}

impl<R: BufRead> Newlines<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, piece: Vec::new(), at: 0, after_return: false, clean: 0 }
    }

    /// Takes the next piece of the text in if it needs a change, until there is one to be read or one that needs none.
    fn refill(&mut self) -> io::Result<()> {
        while self.at == self.piece.len() && self.clean == 0 {
            let bytes = self.inner.fill_buf()?;
            if bytes.is_empty() {
                break;
            }
            if !self.after_return && !bytes.contains(&b'\r') {
                self.clean = bytes.len();
                break;
            }
            (self.piece, self.at) = (Vec::with_capacity(bytes.len()), 0);
            for &byte in bytes {
                let after_return = std::mem::replace(&mut self.after_return, byte == b'\r');
                match byte {
                    b'\n' if after_return => {}
                    b'\r' => self.piece.push(b'\n'),
                    other => self.piece.push(other),
                }
            }
            let taken = bytes.len();
            self.inner.consume(taken);
        }
        Ok(())
    }
}

impl<R: BufRead> BufRead for Newlines<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.refill()?;
        if self.at < self.piece.len() {
            return Ok(&self.piece[self.at..]);
        }
        let bytes = self.inner.fill_buf()?;
        Ok(&bytes[..self.clean.min(bytes.len())])
    }

    fn consume(&mut self, amount: usize) {
        if self.at < self.piece.len() {
            self.at += amount;
        } else {
            self.clean = self.clean.saturating_sub(amount);
            self.inner.consume(amount);
        }
    }
}

impl<R: BufRead> Read for Newlines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.fill_buf()?.read(buffer)?;
        self.consume(len);
        Ok(len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Text in a buffer that grows while it is read.
    struct Growing<'a>(&'a [u8], usize);

    impl Read for Growing<'_> {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            unreachable!("it is read by its buffer")
        }
    }

    impl BufRead for Growing<'_> {
        fn fill_buf(&mut self) -> io::Result<&[u8]> {
            self.1 = (self.1 + 1).min(self.0.len());
            Ok(&self.0[..self.1])
        }

        fn consume(&mut self, amount: usize) {
            (self.0, self.1) = (&self.0[amount..], self.1 - amount);
        }
    }

    #[test]
    fn a_buffer_that_grows_is_searched_as_far_as_it_is_given() {
        let mut reader = Newlines::new(Growing(b"ab\rc\n", 0));
        let mut read = Vec::new();
        loop {
            let bytes = reader.fill_buf().unwrap();
            if bytes.is_empty() {
                break;
            }
            read.push(bytes[0]);
            reader.consume(1);
        }
        assert_eq!(read, b"ab\nc\n");
    }

    #[test]
    fn every_end_of_a_line_becomes_one_byte() {
        let text = "a\n\nbc\nd";
        for (from, expected) in [
            (text.to_string(), text),
            (text.replace('\n', "\r\n"), text),
            (text.replace('\n', "\r"), text),
            ("a\r\r\nb\n\rc\r".to_string(), "a\n\nb\n\nc\n"),
        ] {
            for size in [1, 2, 3, 64] {
                let mut read = String::new();
                let stream = io::BufReader::with_capacity(size, from.as_bytes());
                Newlines::new(stream).read_to_string(&mut read).unwrap();
                assert_eq!(read, expected, "{from:?} in pieces of {size}");
            }
        }
    }
}
