//! One sequence of any input, and how inputs are to be read.

use std::borrow::Cow;
use std::sync::Arc;

use crate::{
    Error, Place, Stranger,
    alphabet::{is_base, is_gap},
    letters::{Count, Letters, Tally, UNKNOWN},
    structure::{nick_of, with_nick},
};

/// What to do with a record that holds a letter outside the alphabet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnInvalid {
    /// Letters that are no IUPAC code (`X`, `P`, `Ψ`, …, and a `*` at the end) become N and are counted. A record with
    /// any other character is an error that [`is_of_one_record`](Error::is_of_one_record); the others go on.
    #[default]
    Replace,
    /// Yield an error; the caller stops.
    Error,
    /// Leave the record out, yielding an error that [`is_skipped`](Error::is_skipped).
    Skip,
    /// Keep ASCII letters as they are and let X stand for any other character; the tokenizer reads all of them as
    /// `<unk>`.
    Unk,
}

/// What to do with gaps: `-`, `.`, `~` and `_`, see [`is_gap`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Gaps {
    /// Leave them out: positions count bases alone.
    #[default]
    Drop,
    /// Keep them as positions, all written `-`.
    Keep,
    /// A record with gaps is an error that [`is_of_one_record`](Error::is_of_one_record).
    Error,
}

/// How inputs are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InputOptions {
    /// What to do with a record that holds a letter outside the alphabet.
    pub on_invalid: OnInvalid,
    /// What to do with gaps.
    pub gaps: Gaps,
    /// May a record be two strands, joined by `&`? Otherwise `&` is a letter outside the alphabet.
    pub strands: bool,
}

impl InputOptions {
    /// Everything stays a position: what is unknown is kept for the caller to count and replace, gaps are kept.
    pub const LENIENT: Self = Self { on_invalid: OnInvalid::Unk, gaps: Gaps::Keep, strands: false };
    /// Nothing is changed: a letter outside the alphabet is an error, gaps are kept.
    pub const STRICT: Self = Self { on_invalid: OnInvalid::Error, gaps: Gaps::Keep, strands: false };
}

/// What a user should hear about a record that was read; see [`FileRemarks`](super::FileRemarks).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Remarks {
    /// What the record holds besides bases, as it was written.
    pub letters: Tally,
    /// How many known structures were passed over.
    pub structures: usize,
    /// How many bare sequences there were before this record, which has the first header of its input.
    pub bare: usize,
    /// Whether it is a row of a table that says no id, and is called `seq1`, `seq2`, … instead.
    pub nameless: bool,
}

/// A sequence and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SequenceRecord {
    /// The first word of the header; `seq1`, `seq2`, … for raw sequences. Not always unique, and may be empty.
    pub id: String,
    /// The whole header without its mark and without an energy before the name (see [`title::name`](crate::title::name));
    /// the id for raw sequences.
    pub header: String,
    /// One ASCII letter for each position; may be empty. Letters that are not in the alphabet and gaps are as
    /// [`InputOptions`] say.
    pub sequence: Vec<u8>,
    /// Of two strands, the first base of the second one, counted from 0; only with [`InputOptions::strands`].
    pub nick: Option<usize>,
    /// How many letters are read as unknown; more than 0 only under [`OnInvalid::Replace`] and [`OnInvalid::Unk`].
    pub unknown: usize,
    /// What should be reported about this record.
    pub remarks: Remarks,
    /// The input as messages name it.
    pub source: Arc<str>,
    /// The line of the header, or of the raw sequence, from 1.
    pub line: usize,
    /// The place of the record among those of all inputs, from 0; records left out count.
    pub index: usize,
}

impl SequenceRecord {
    /// Judges a record whose `sequence` is still a text as it was written, such as the cell of a table: white space is
    /// left out, and letters and gaps become what `options` say.
    ///
    /// # Errors
    /// As those of a record that is judged by its policy.
    pub fn judged(mut self, options: InputOptions) -> Result<Self, Error> {
        let (sequence, tally) = Letters::of(self.line, &self.sequence).finish();
        self.sequence = sequence;
        self.admit(tally, options)
    }

    /// Judges a record of one letter for each position, of which `tally` says what is no base.
    ///
    /// # Errors
    /// [`Error::InvalidBase`], which [`is_skipped`](Error::is_skipped) where records are to be left out;
    /// [`Error::Record`] if it holds gaps and must not.
    pub(crate) fn admit(mut self, mut tally: Tally, options: InputOptions) -> Result<Self, Error> {
        let nicks = if options.strands { std::mem::take(&mut tally.nicks) } else { Count::default() };
        let refused = match options.on_invalid {
            OnInvalid::Replace => tally.first_foreign(),
            OnInvalid::Error | OnInvalid::Skip => tally.first_stranger(),
            OnInvalid::Unk => None,
        };
        if let Some(Stranger { letter, line, column }) = refused {
            let (place, record) = (self.place(line), self.name());
            return Err(Error::InvalidBase { place, record, letter, column, on_invalid: options.on_invalid });
        }
        if options.gaps == Gaps::Error
            && let Some(gap) = tally.gaps.first
        {
            let message = format!("gaps are not allowed, found {}, the first `{}`", tally.gaps.number, gap.letter);
            return Err(self.refused(gap.line, message));
        }
        self.remarks.letters = tally;
        self.unknown = tally.unknown.number + tally.foreign.number + tally.nicks.number;
        if options.gaps == Gaps::Drop && tally.gaps.number > 0 {
            self.sequence.retain(|&letter| !is_gap(letter));
        }
        if let Some(stranger) = nicks.first {
            let Some(nick) = nick_of(self.sequence.iter().map(|&letter| char::from(letter))) else {
                let found = if nicks.number > 1 { format!("{} strands", nicks.number + 1) } else { "one".to_string() };
                let message = format!("expected one strand or two joined by `&`, found {found}");
                return Err(self.refused(stranger.line, message));
            };
            self.sequence.remove(nick);
            self.nick = Some(nick);
        }
        self.respell(options);
        Ok(self)
    }

    fn place(&self, line: usize) -> Place {
        Place { name: Some(self.source.clone()), line }
    }

    fn refused(&self, line: usize, message: String) -> Error {
        Error::Record { place: self.place(line), record: self.name(), message }
    }

    /// The sequence as text, two strands joined by `&`.
    pub fn text(&self) -> Cow<'_, str> {
        let text = String::from_utf8_lossy(&self.sequence);
        match self.nick {
            Some(_) => with_nick(text.into_owned(), self.nick).into(),
            None => text,
        }
    }

    /// How messages name the record: its id, or `#` and its number.
    pub fn name(&self) -> String {
        if self.id.is_empty() { format!("#{}", self.index + 1) } else { self.id.clone() }
    }

    /// Writes gaps and letters without a code the way `options` say.
    fn respell(&mut self, options: InputOptions) {
        if self.unknown + self.remarks.letters.gaps.number == 0 {
            return;
        }
        for letter in &mut self.sequence {
            *letter = match *letter {
                gap if is_gap(gap) => b'-',
                base if is_base(base) => base,
                _ if options.on_invalid == OnInvalid::Replace => b'N',
                unknown if unknown.is_ascii_alphabetic() => unknown,
                _ => UNKNOWN,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sequences;

    fn judged(text: &str, on_invalid: OnInvalid, gaps: Gaps) -> Result<(String, usize), String> {
        let record = SequenceRecord {
            id: "a".into(),
            header: "a".into(),
            sequence: text.into(),
            nick: None,
            unknown: 0,
            remarks: Remarks::default(),
            source: "x.csv".into(),
            line: 2,
            index: 0,
        };
        let judged = record.judged(InputOptions { on_invalid, gaps, strands: false });
        judged
            .map(|record| (String::from_utf8(record.sequence).unwrap(), record.unknown))
            .map_err(|error| error.to_string())
    }

    fn good(text: &str, unknown: usize) -> Result<(String, usize), String> {
        Ok((text.into(), unknown))
    }

    #[test]
    fn letters_without_a_code_become_n_unless_asked_otherwise() {
        let text = "gC\u{a0}PΨx*";
        assert_eq!(judged(text, OnInvalid::Replace, Gaps::Drop), good("gCNNNN", 4));
        assert_eq!(judged(text, OnInvalid::Unk, Gaps::Drop), good("gCPXxX", 4));
        let message = "x.csv:2: record `a`: character `P` is not an RNA base".to_string();
        assert_eq!(judged(text, OnInvalid::Error, Gaps::Drop), Err(message.clone()));
        assert_eq!(judged(text, OnInvalid::Skip, Gaps::Drop), Err(message));
    }

    #[test]
    fn other_characters_are_an_error_of_their_record() {
        let message = |letter: char| Err(format!("x.csv:2: record `a`: character `{letter}` is not an RNA base"));
        assert_eq!(judged("GP@C", OnInvalid::Replace, Gaps::Drop), message('@'));
        assert_eq!(judged("G@PC", OnInvalid::Error, Gaps::Drop), message('@'));
        assert_eq!(judged("GP@C", OnInvalid::Unk, Gaps::Drop), good("GPXC", 2));
    }

    #[test]
    fn two_strands_are_parted_where_they_are_asked_for() {
        let judged = |text: &str, gaps: Gaps| {
            let record = Sequences::from_reader(
                "x.fa",
                std::io::Cursor::new(format!(">a\n{text}\n")),
                InputOptions { gaps, strands: true, ..InputOptions::default() },
            );
            let record = record.map(|record| record.map_err(|error| error.to_string())).next().unwrap();
            record.map(|record| (String::from_utf8(record.sequence).unwrap(), record.nick, record.unknown))
        };
        let good = |text: &str, nick| Ok((text.to_string(), nick, 0));
        assert_eq!(judged("GGGA", Gaps::Drop), good("GGGA", None));
        assert_eq!(judged("GG-G&\nCCC", Gaps::Drop), good("GGGCCC", Some(3)));
        assert_eq!(judged("GG-G&CCC", Gaps::Keep), good("GG-GCCC", Some(4)));
        let refused =
            |found: &str| Err(format!("x.fa:2: record `a`: expected one strand or two joined by `&`, found {found}"));
        assert_eq!(judged("GG&CC&AA", Gaps::Drop), refused("3 strands"));
        assert_eq!(judged("&CC", Gaps::Drop), refused("one"));
        assert_eq!(judged("CC&--", Gaps::Drop), refused("one"));
    }

    #[test]
    fn gaps_are_dropped_kept_or_refused() {
        let text = "..GG-A~X_";
        assert_eq!(judged(text, OnInvalid::Replace, Gaps::Drop), good("GGAN", 1));
        assert_eq!(judged(text, OnInvalid::Replace, Gaps::Keep), good("--GG-A-N-", 1));
        let message = "x.csv:2: record `a`: gaps are not allowed, found 5, the first `.`";
        assert_eq!(judged(text, OnInvalid::Replace, Gaps::Error), Err(message.into()));
    }
}
