//! One sequence of any input, and how inputs are to be read.

use std::sync::Arc;

use crate::{Error, Place, Stranger};

/// What to do with a record that holds a letter outside the alphabet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnInvalid {
    /// Yield an error; the caller stops.
    #[default]
    Error,
    /// Leave the record out, yielding an error that [`is_skipped`](crate::Error::is_skipped).
    Skip,
    /// Keep the letters and count them in [`SequenceRecord::unknown`]; the tokenizer reads them as `<unk>`.
    Unk,
}

/// How inputs are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InputOptions {
    /// What to do with a record that holds a letter outside the alphabet.
    pub on_invalid: OnInvalid,
}

/// A sequence and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SequenceRecord {
    /// The first word of the header; `seq1`, `seq2`, … for raw sequences. Not always unique, and may be empty.
    pub id: String,
    /// The whole header without its mark; the id for raw sequences.
    pub header: String,
    /// The letters as they were written, white space removed; may be empty.
    pub sequence: Vec<u8>,
    /// How many letters are outside the alphabet; more than 0 only under [`OnInvalid::Unk`].
    pub unknown: usize,
    /// The input as messages name it.
    pub source: Arc<str>,
    /// The line of the header, or of the raw sequence, from 1.
    pub line: usize,
    /// The place of the record among those of all inputs, from 0; records left out count.
    pub index: usize,
}

impl SequenceRecord {
    /// Lets a record pass, or turns it into the error that `on_invalid` asks for; `stranger` is its first letter
    /// outside the alphabet, if it has one.
    ///
    /// # Errors
    /// [`Error::InvalidBase`], which [`is_skipped`](Error::is_skipped) where records are to be left out.
    pub fn admit(self, stranger: Option<Stranger>, on_invalid: OnInvalid) -> Result<Self, Error> {
        match stranger.filter(|_| on_invalid != OnInvalid::Unk) {
            None => Ok(self),
            Some(Stranger { letter, line, column }) => Err(Error::InvalidBase {
                place: Place { name: Some(self.source), line },
                record: if self.id.is_empty() { format!("#{}", self.index + 1) } else { self.id },
                letter,
                column,
                skipped: on_invalid == OnInvalid::Skip,
            }),
        }
    }
}
