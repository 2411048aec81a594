//! Text as UTF-8 in lines, however it was saved: UTF-16 of PowerShell and Excel is decoded, a byte order mark is
//! dropped, and lines end in `\n`.
//!
//! What says so is the mark in front; UTF-16 without one is recognised by the zero byte of its first two characters.
//! Bytes that are no UTF-16 become `�`, so nothing is left out. Everything else passes unchanged.

use std::io::{self, BufRead, Cursor, Read};

use super::line_ends::Newlines;

/// Bytes that show how a text is encoded.
const LONGEST_MARK: usize = 4;

/// The text of a stream as UTF-8 whose lines end in `\n`.
pub(super) fn decoded<R: BufRead + Send + 'static>(mut stream: R) -> io::Result<Box<dyn BufRead + Send>> {
    let mut start = Vec::with_capacity(LONGEST_MARK);
    (&mut stream).take(LONGEST_MARK as u64).read_to_end(&mut start)?;
    let (order, mark) = match start[..] {
        [0xff, 0xfe, ..] => (Some(Order::Little), 2),
        [0xfe, 0xff, ..] => (Some(Order::Big), 2),
        [0xef, 0xbb, 0xbf, ..] => (None, 3),
        [1..=255, 0, 1..=255, 0] => (Some(Order::Little), 0),
        [0, 1..=255, 0, 1..=255] => (Some(Order::Big), 0),
        _ => (None, 0),
    };
    let rest = Cursor::new(start.split_off(mark)).chain(stream);
    Ok(match order {
        None => Box::new(Newlines::new(rest)),
        Some(order) => Box::new(Newlines::new(Utf16 { inner: rest, units: Units::new(order), at: 0 })),
    })
}

#[derive(Clone, Copy)]
enum Order {
    Little,
    Big,
}

/// A stream of UTF-16, read as UTF-8.
struct Utf16<R> {
    inner: R,
    units: Units,
    /// How much of the decoded text is read.
    at: usize,
}

impl<R: BufRead> BufRead for Utf16<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.at == self.units.text.len() {
            self.units.text.clear();
            self.at = 0;
            let bytes = self.inner.fill_buf()?;
            let taken = bytes.len();
            match taken {
                0 if !self.units.end() => break,
                0 => {}
                _ => bytes.iter().for_each(|&byte| self.units.push(byte)),
            }
            self.inner.consume(taken);
        }
        Ok(&self.units.text[self.at..])
    }

    fn consume(&mut self, amount: usize) {
        self.at += amount;
    }
}

impl<R: BufRead> Read for Utf16<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.fill_buf()?.read(buffer)?;
        self.consume(len);
        Ok(len)
    }
}

/// Decodes byte after byte.
struct Units {
    order: Order,
    /// The first byte of a unit whose second is still to come.
    half: Option<u8>,
    /// The first unit of a character of two.
    high: Option<u16>,
    text: Vec<u8>,
}

impl Units {
    fn new(order: Order) -> Self {
        Self { order, half: None, high: None, text: Vec::new() }
    }

    fn push(&mut self, byte: u8) {
        match (self.half.take(), self.order) {
            (None, _) => self.half = Some(byte),
            (Some(first), Order::Little) => self.unit(u16::from_le_bytes([first, byte])),
            (Some(first), Order::Big) => self.unit(u16::from_be_bytes([first, byte])),
        }
    }

    fn unit(&mut self, unit: u16) {
        match (self.high.take(), unit) {
            (None, 0xd800..0xdc00) => self.high = Some(unit),
            (None, unit) => self.char(char::from_u32(unit.into())),
            (Some(high), 0xdc00..0xe000) => self.char(char::decode_utf16([high, unit]).next().and_then(Result::ok)),
            (Some(_), unit) => {
                self.char(None);
                self.unit(unit);
            }
        }
    }

    fn char(&mut self, char: Option<char>) {
        let char = char.unwrap_or(char::REPLACEMENT_CHARACTER);
        self.text.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
    }

    /// Ends the text; false if nothing was left over.
    fn end(&mut self) -> bool {
        let left = self.half.take().is_some() | self.high.take().is_some();
        if left {
            self.char(None);
        }
        left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: Vec<u8>) -> String {
        let mut text = Vec::new();
        decoded(io::BufReader::with_capacity(3, Cursor::new(bytes))).unwrap().read_to_end(&mut text).unwrap();
        String::from_utf8(text).unwrap()
    }

    fn utf16(text: &str, mark: bool, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        let mark = if mark { "\u{feff}" } else { "" };
        format!("{mark}{text}").encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn every_encoding_gives_the_same_text() {
        for text in [">a\r\nGΨA𝄞C\n", ">a", "id,sequence\n", ">a\rGU\r"] {
            let lines = text.replace("\r\n", "\n").replace('\r', "\n");
            assert_eq!(read(text.as_bytes().to_vec()), lines);
            assert_eq!(read(format!("\u{feff}{text}").into_bytes()), lines);
            for mark in [true, false] {
                assert_eq!(read(utf16(text, mark, u16::to_le_bytes)), lines);
                assert_eq!(read(utf16(text, mark, u16::to_be_bytes)), lines);
            }
        }
        assert_eq!([vec![], b"A".to_vec(), b"\xff\xfe".to_vec()].map(read), ["", "A", ""]);
    }

    #[test]
    fn damage_is_shown_and_nothing_after_it_lost() {
        let units =
            |units: &[u16]| [0xfeff].iter().chain(units).flat_map(|unit| unit.to_le_bytes()).collect::<Vec<u8>>();
        assert_eq!(read(units(&[0x41, 0xd800, 0x42])), "A\u{fffd}B");
        assert_eq!(read(units(&[0x41, 0xdc00, 0x42])), "A\u{fffd}B");
        assert_eq!(read(units(&[0x41, 0xd800])), "A\u{fffd}");
        assert_eq!(read([units(&[0x41]), vec![0x42]].concat()), "A\u{fffd}");
    }
}
