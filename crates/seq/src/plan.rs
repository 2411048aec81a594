//! The floor plan of readers and writers, and what every writer checks so that what it wrote can be read again.

use crate::{Error, Structure, letters::is_number};

/// Refuses a header of several lines, and letters that no reader would give back.
///
/// `forbidden` lists further letters that mean something else in this format.
pub(crate) fn check_sequence(
    format: &'static str,
    header: &str,
    sequence: &[u8],
    forbidden: &[u8],
) -> Result<(), Error> {
    let refuse = |message: String| Err(Error::Unwritable { record: header.to_string(), format, message });
    if header.contains(['\n', '\r']) {
        return refuse("its header has more than one line".into());
    }
    let odd = |letter: &&u8| !letter.is_ascii_graphic() || forbidden.contains(letter);
    match sequence.iter().find(odd) {
        Some(letter) => refuse(format!("its sequence holds `{}`", char::from(*letter).escape_debug())),
        None => Ok(()),
    }
}

/// As [`check_sequence`], and the sequence must not look like a number in the margin.
pub(crate) fn check_letters(
    format: &'static str,
    header: &str,
    sequence: &[u8],
    forbidden: &[u8],
) -> Result<(), Error> {
    if is_number(sequence) {
        let message = "its sequence is a number".to_string();
        return Err(Error::Unwritable { record: header.to_string(), format, message });
    }
    check_sequence(format, header, sequence, forbidden)
}

/// As [`check_positions`], and there must be one strand.
pub(crate) fn check_folded(
    format: &'static str,
    header: &str,
    sequence: &[u8],
    structure: &Structure,
    forbidden: &[u8],
) -> Result<(), Error> {
    if structure.nick().is_some() {
        let message = "it is two strands, and this format has one".to_string();
        return Err(Error::Unwritable { record: header.to_string(), format, message });
    }
    check_positions(format, header, sequence, structure, forbidden)
}

/// As [`check_sequence`], and the structure must have as many positions as the sequence.
pub(crate) fn check_positions(
    format: &'static str,
    header: &str,
    sequence: &[u8],
    structure: &Structure,
    forbidden: &[u8],
) -> Result<(), Error> {
    if sequence.len() != structure.len() {
        let message = format!("{} bases but a structure of {}", sequence.len(), structure.len());
        return Err(Error::Unwritable { record: header.to_string(), format, message });
    }
    check_sequence(format, header, sequence, forbidden)
}

/// A writer over a stream: `new`, `flush` and `into_inner`, to which the format adds `write`.
macro_rules! writer {
    ($(#[$doc:meta])* $format:literal) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct Writer<W> {
            inner: W,
        }

        impl<W: std::io::Write> Writer<W> {
            /// Writes to a stream; buffer it if it is a file.
            pub fn new(inner: W) -> Self {
                Self { inner }
            }

            /// Hands everything written so far on.
            ///
            /// # Errors
            /// [`Error::Io`](crate::Error::Io) if the stream fails.
            pub fn flush(&mut self) -> Result<(), crate::Error> {
                Ok(self.inner.flush()?)
            }

            /// Gives the stream back.
            pub fn into_inner(self) -> W {
                self.inner
            }
        }

        const FORMAT: &str = $format;
    };
}

/// A reader over lines: `new`, and an iterator of records once the format adds `read`.
macro_rules! reader {
    ($(#[$doc:meta])* { $($field:ident: $kind:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct Reader<R> {
            lines: crate::lines::Lines<R>,
            $($field: $kind,)*
        }

        impl<R: std::io::BufRead> Reader<R> {
            /// Reads from a buffered stream.
            pub fn new(inner: R) -> Self {
                Self::from_lines(crate::lines::Lines::new(inner))
            }

            #[allow(dead_code, reason = "not every format is among those of `Sequences`")]
            pub(crate) fn from_lines(lines: crate::lines::Lines<R>) -> Self {
                Self { lines, $($field: Default::default(),)* }
            }
        }

        #[allow(dead_code, reason = "most formats know the line of a record")]
        impl<R: std::io::BufRead> Reader<R> {
            /// The line that was read last.
            pub(crate) fn line_number(&self) -> usize {
                self.lines.number()
            }
        }

        impl<R: std::io::BufRead> Iterator for Reader<R> {
            type Item = Result<Record, crate::Error>;

            fn next(&mut self) -> Option<Self::Item> {
                self.read().transpose()
            }
        }
    };
}

pub(crate) use {reader, writer};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_not_be_read_again_is_refused() {
        let message =
            |header, sequence, forbidden| check_sequence("FASTA", header, sequence, forbidden).unwrap_err().to_string();
        assert_eq!(message("a", b"AC GU", b""), "record `a` cannot be written as FASTA: its sequence holds ` `");
        assert_eq!(message("a", b"A>C", b">"), "record `a` cannot be written as FASTA: its sequence holds `>`");
        assert!(message("a\nb", b"A", b"").ends_with("more than one line"));
        let folded = |structure: &Structure| check_folded("CT", "a", b"ACG", structure, b"").map_err(|e| e.to_string());
        assert!(folded(&Structure::unpaired(2)).unwrap_err().ends_with("3 bases but a structure of 2"));
        assert!(folded(&Structure::unpaired(3).with_nick(1)).unwrap_err().contains("it is two strands"));
        assert!(folded(&Structure::unpaired(3)).is_ok());
    }
}
