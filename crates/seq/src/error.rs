//! Everything that can go wrong in this crate, worded so that the reader of a message knows where to look.

use std::{fmt, io, sync::Arc};

use crate::{OnInvalid, letters::Symbol, title};

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

    /// One record cannot be used; those after it can still be read.
    #[error("{place}: record `{record}`: {message}")]
    Record {
        /// The line at fault.
        place: Place,
        /// The id of the record, or `#` and its number.
        record: String,
        /// What was expected and what was found.
        message: String,
    },

    /// A sequence holds a letter that is not in the alphabet.
    #[error("{place}: record `{record}`: {}", strange(*.letter))]
    InvalidBase {
        /// The line of the letter, not of the record's header.
        place: Place,
        /// The id of the record.
        record: String,
        /// The letter as it was written.
        letter: Symbol,
        /// The letter's place in its line, counted from 1 in characters.
        column: usize,
        /// How the caller wants such records treated.
        on_invalid: OnInvalid,
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

    /// Makes what is wrong with a record an error of that record alone, for readers that find the next one after it.
    ///
    /// `name` is what the record is called, `None` before it has begun; `number` is its place among the records, from 1.
    /// What stands where the first record should begin is another sort of file, which stays an error of all of it.
    pub(crate) fn of_record(self, name: Option<&str>, number: usize) -> Self {
        let (place, message) = match self {
            Self::Malformed { place, message } if name.is_some() || number > 1 => (place, message),
            Self::BadStructure { place, source } => (place, source.to_string()),
            other => return other,
        };
        let name = name.map(title::name).filter(|name| !name.is_empty());
        Self::Record { place, record: name.map_or_else(|| format!("#{number}"), str::to_owned), message }
    }

    /// Tells the error which file it speaks of, where it names a line and no file yet.
    pub fn named(self, name: &Arc<str>) -> Self {
        let mut error = self;
        if let Self::Malformed { place, .. }
        | Self::Record { place, .. }
        | Self::InvalidBase { place, .. }
        | Self::BadStructure { place, .. } = &mut error
        {
            place.name.get_or_insert_with(|| name.clone());
        }
        error
    }

    /// Whether this only reports a record that was left out as asked ([`OnInvalid::Skip`]): the caller counts it,
    /// warns and goes on.
    pub fn is_skipped(&self) -> bool {
        matches!(self, Self::InvalidBase { on_invalid: OnInvalid::Skip, .. })
    }

    /// Whether this concerns one record alone, so that the caller reports it and goes on with the next one.
    pub fn is_of_one_record(&self) -> bool {
        match self {
            Self::InvalidBase { on_invalid, .. } => *on_invalid != OnInvalid::Error,
            other => matches!(other, Self::Record { .. }),
        }
    }
}

/// What is wrong with a letter.
fn strange(letter: Symbol) -> String {
    match letter {
        Symbol::Char('&') => {
            "several strands joined by `&` cannot be read as one sequence; write each strand as a record of its own"
                .to_string()
        }
        Symbol::Byte(_) => format!("byte `{letter}` is not text in UTF-8, and so not an RNA base"),
        Symbol::Char(_) => format!("character `{letter}` is not an RNA base"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(letter: Symbol) -> String {
        let place = Place::line(1042);
        let on_invalid = OnInvalid::Replace;
        let error = Error::InvalidBase { place, record: "NR_0042".into(), letter, column: 7, on_invalid };
        error.named(&"reads.fa".into()).to_string()
    }

    #[test]
    fn a_wrong_letter_is_reported_with_file_line_and_record() {
        let start = "reads.fa:1042: record `NR_0042`:";
        assert_eq!(message(Symbol::Char('@')), format!("{start} character `@` is not an RNA base"));
        assert_eq!(message(Symbol::Char('\0')), format!("{start} character `\\0` is not an RNA base"));
        assert_eq!(message(Symbol::Char('Ψ')), format!("{start} character `Ψ` is not an RNA base"));
        assert!(message(Symbol::Byte(0xe9)).starts_with(&format!("{start} byte `\\xe9` is not text")));
        assert!(message(Symbol::Char('&')).starts_with(&format!("{start} several strands")));
    }
}
