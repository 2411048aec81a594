//! Everything that can go wrong in this crate, worded so that the reader of a message knows where to look.

use std::{fmt, io, sync::Arc};

/// Where in the input something stands: a line, and the name of the file once it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file as the user named it, or `<stdin>`; `None` while a reader only knows its stream.
    pub name: Option<Arc<str>>,
    /// The line, counted from 1.
    pub line: usize,
}

impl Place {
    /// A line of a stream whose name is not known yet.
    pub fn line(line: usize) -> Self {
        Self { name: None, line }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name}:{}", self.line),
            None => write!(f, "line {}", self.line),
        }
    }
}

/// What went wrong while reading, writing or building sequences and structures.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A stream could not be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),

    /// A file could not be opened.
    #[error("{name}: cannot be opened")]
    Open {
        /// The file as the user named it.
        name: Arc<str>,
        /// What the system said.
        source: io::Error,
    },

    /// A record does not follow its format.
    #[error("{place}: {message}")]
    Malformed {
        /// The line at fault.
        place: Place,
        /// What was expected and what was found.
        message: String,
    },

    /// A sequence holds a letter that is not in the alphabet.
    #[error("{place}: record `{record}`: character `{}` is not an RNA base", printable(*.letter))]
    InvalidBase {
        /// The line of the letter, not of the record's header.
        place: Place,
        /// The id of the record.
        record: String,
        /// The letter as it was written.
        letter: u8,
        /// The letter's place in its line, counted from 1 in bytes.
        column: usize,
        /// Whether the caller asked to leave such records out and go on.
        skipped: bool,
    },

    /// The structure of a record is wrong in itself.
    #[error("{place}: {source}")]
    BadStructure {
        /// The line of the structure.
        place: Place,
        /// What is wrong with it.
        source: Box<Error>,
    },

    /// A pair reaches beyond the end of the sequence.
    #[error("pair ({}, {}) is outside a sequence of {len} bases", .i + 1, .j + 1)]
    PairOutOfRange {
        /// First position, from 0.
        i: usize,
        /// Second position, from 0.
        j: usize,
        /// The length of the sequence.
        len: usize,
    },

    /// A base is paired with itself.
    #[error("base {} is paired with itself", .position + 1)]
    SelfPair {
        /// The position, from 0.
        position: usize,
    },

    /// A base has two partners where the format or the caller allows one.
    #[error("base {} is paired with both {} and {}, one partner at most can be written", .position + 1, .first + 1, .second + 1)]
    Multiplet {
        /// The position, from 0.
        position: usize,
        /// One partner, from 0.
        first: usize,
        /// The other partner, from 0.
        second: usize,
    },

    /// A bracket has no counterpart.
    #[error("unbalanced bracket `{bracket}` at column {column}")]
    UnbalancedBracket {
        /// The bracket.
        bracket: char,
        /// Its place, counted from 1.
        column: usize,
    },

    /// A character of a dot-bracket text means nothing there.
    #[error("character `{character}` at column {column} is no part of a dot-bracket structure")]
    UnknownBracket {
        /// The character.
        character: char,
        /// Its place, counted from 1.
        column: usize,
    },

    /// The pairs cross so often that dot-bracket has no letters left.
    #[error("the pairs cross in more than {pages} layers, dot-bracket has no more letters; use CT, BPSEQ or JSON")]
    TooManyPages {
        /// How many layers can be written.
        pages: usize,
    },

    /// A record cannot be written in the format asked for.
    #[error("record `{record}` cannot be written as {format}: {message}")]
    Unwritable {
        /// The header of the record.
        record: String,
        /// The name of the format.
        format: &'static str,
        /// Why not.
        message: String,
    },
}

impl Error {
    /// A record that does not follow its format, found at `line`.
    pub(crate) fn malformed(line: usize, message: impl Into<String>) -> Self {
        Self::Malformed { place: Place::line(line), message: message.into() }
    }

    /// Puts the line of a structure in front of what is wrong with it.
    pub(crate) fn at(self, line: usize) -> Self {
        Self::BadStructure { place: Place::line(line), source: Box::new(self) }
    }

    /// Tells the error which file it speaks of, where it names a line and no file yet.
    pub fn named(self, name: &Arc<str>) -> Self {
        let mut error = self;
        if let Self::Malformed { place, .. } | Self::InvalidBase { place, .. } | Self::BadStructure { place, .. } =
            &mut error
        {
            place.name.get_or_insert_with(|| name.clone());
        }
        error
    }

    /// Whether this only tells of a record that was left out as asked ([`OnInvalid::Skip`](crate::OnInvalid::Skip)):
    /// the caller counts it, warns and goes on.
    pub fn is_skipped(&self) -> bool {
        matches!(self, Self::InvalidBase { skipped: true, .. })
    }
}

fn printable(letter: u8) -> String {
    if letter.is_ascii() { char::from(letter).escape_debug().to_string() } else { format!("\\x{letter:02x}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_letter_is_told_with_file_line_and_record() {
        let error = Error::InvalidBase {
            place: Place::line(1042),
            record: "NR_0042".into(),
            letter: b'@',
            column: 7,
            skipped: false,
        };
        let named = error.named(&"reads.fa".into());
        assert_eq!(named.to_string(), "reads.fa:1042: record `NR_0042`: character `@` is not an RNA base");
    }

    #[test]
    fn odd_letters_are_shown_escaped() {
        assert_eq!([printable(b'*'), printable(0), printable(0xe9)], ["*", "\\0", "\\xe9"]);
    }
}
