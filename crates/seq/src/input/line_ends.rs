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
}

impl<R: BufRead> Newlines<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, piece: Vec::new(), at: 0, after_return: false }
    }

    /// Takes the next piece of the text in if it needs a change, until there is one to be read or one that needs none.
    fn refill(&mut self) -> io::Result<()> {
        while self.at == self.piece.len() {
            let bytes = self.inner.fill_buf()?;
            if bytes.is_empty() || !self.after_return && !bytes.contains(&b'\r') {
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
        if self.at < self.piece.len() { Ok(&self.piece[self.at..]) } else { self.inner.fill_buf() }
    }

    fn consume(&mut self, amount: usize) {
        if self.at < self.piece.len() { self.at += amount } else { self.inner.consume(amount) }
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
