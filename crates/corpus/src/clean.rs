//! Drops sequences that are too short, too long or of too little information, and normalises the rest.
//!
//! Gaps of an alignment are not bases: they are removed first, so lengths, duplicates, clusters and the leakage guard
//! see the same sequence however it was aligned or padded.
//!
//! The paper keeps 16 to 8192 nt (Methods, "Pre-training data"). Letters become upper case and U becomes T. What is
//! then outside the alphabet of the model becomes N and is counted; IUPAC letters are kept, replaced by N, or their
//! record is dropped.

use rinalmo_seq::alphabet::{self, is_gap};
use serde::{Deserialize, Serialize};

use crate::Error;

/// The longest sequence that may be allowed, in nt.
pub const LONGEST: usize = 1 << 24;

/// What to do with letters that are not A, C, G, T or U.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OddLetters {
    /// Keep IUPAC letters and inosine as they are; anything else becomes N.
    #[default]
    Keep,
    /// Replace all of them by N.
    Replace,
    /// Drop the record.
    Drop,
}

/// What is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Clean {
    /// Shorter ones are dropped, in nt.
    pub min_length: usize,
    /// Longer ones are dropped, in nt.
    pub max_length: usize,
    /// What to do with letters that are not ACGU.
    pub odd_letters: OddLetters,
    /// Drop where at least this share of the letters is not ACGU; above 1 never.
    pub ambiguous: f64,
    /// Drop where at least this share of the letters is one and the same base; above 1 never.
    pub single_base: f64,
}

impl Default for Clean {
    /// The paper's lengths; all-N records and homopolymers are dropped.
    fn default() -> Self {
        Self { min_length: 16, max_length: 8192, odd_letters: OddLetters::Keep, ambiguous: 1.0, single_base: 1.0 }
    }
}

/// Why a record was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It does not follow its format.
    Malformed,
    /// Fewer letters than [`Clean::min_length`].
    TooShort,
    /// More letters than [`Clean::max_length`].
    TooLong,
    /// A letter that is not ACGU, under [`OddLetters::Drop`].
    OddLetter,
    /// Hardly anything but ambiguous letters.
    Ambiguous,
    /// Hardly anything but one base.
    SingleBase,
}

impl Reason {
    /// All, in the order in which they are judged.
    pub const ALL: [Self; 6] =
        [Self::Malformed, Self::TooShort, Self::TooLong, Self::OddLetter, Self::Ambiguous, Self::SingleBase];
}

/// Letters of a sequence that are not ACGU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct OddCount {
    /// IUPAC letters, inosine.
    pub ambiguous: u64,
    /// Letters outside the alphabet, now N.
    pub unknown: u64,
    /// Gaps of an alignment, removed.
    #[serde(default)]
    pub gaps: u64,
}

impl Clean {
    /// Checks the options.
    ///
    /// # Errors
    /// The lengths are the wrong way round, or longer than [`LONGEST`]; a share is not a number.
    pub fn check(&self) -> Result<(), Error> {
        let &Self { min_length, max_length, ambiguous, single_base, .. } = self;
        if min_length > max_length {
            return Err(Error::Options(format!("lengths from {min_length} to {max_length} nt hold no sequence")));
        }
        if max_length > LONGEST {
            return Err(Error::Options(format!("at most {LONGEST} nt can be allowed, not {max_length}")));
        }
        // Nothing would reach such a share, which looks as if nothing were to be dropped.
        let shares = [("ambiguous letters", ambiguous), ("a single base", single_base)];
        if let Some((what, _)) = shares.iter().find(|(_, share)| share.is_nan()) {
            return Err(Error::Options(format!("a share of {what} must be a number, found NaN; above 1 drops none")));
        }
        Ok(())
    }

    /// Rewrites a sequence as it is stored, or returns why it is dropped.
    ///
    /// # Errors
    /// The reason, the first of [`Reason::ALL`] that holds.
    pub fn clean(&self, letters: &mut Vec<u8>) -> Result<OddCount, Reason> {
        let written = letters.len();
        letters.retain(|&letter| !is_gap(letter));
        if letters.len() < self.min_length {
            return Err(Reason::TooShort);
        }
        if letters.len() > self.max_length {
            return Err(Reason::TooLong);
        }
        let odd = self.spell(letters);
        if self.odd_letters == OddLetters::Drop && odd.ambiguous + odd.unknown > 0 {
            return Err(Reason::OddLetter);
        }
        self.judge(letters).map(|()| OddCount { gaps: (written - letters.len()) as u64, ..odd })
    }

    /// Rewrites the letters.
    fn spell(&self, letters: &mut [u8]) -> OddCount {
        let mut odd = OddCount::default();
        for letter in letters {
            *letter = alphabet::normal(*letter);
            if matches!(letter, b'A' | b'C' | b'G' | b'T') {
                continue;
            }
            if !alphabet::is_base(*letter) {
                odd.unknown += 1;
                *letter = b'N';
            } else {
                odd.ambiguous += 1;
                if self.odd_letters == OddLetters::Replace {
                    *letter = b'N';
                }
            }
        }
        odd
    }

    fn judge(&self, letters: &[u8]) -> Result<(), Reason> {
        let mut counts = [0usize; 256];
        letters.iter().for_each(|&letter| counts[letter as usize] += 1);
        let bases = b"ACGT".map(|base| counts[base as usize]);
        let len = letters.len();
        let share = |count: usize| count as f64 / len.max(1) as f64;
        if len > 0 && share(len - bases.iter().sum::<usize>()) >= self.ambiguous {
            return Err(Reason::Ambiguous);
        }
        if bases.into_iter().any(|count| count > 0 && share(count) >= self.single_base) {
            return Err(Reason::SingleBase);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(options: &Clean, text: &str) -> Result<String, Reason> {
        let mut letters = text.as_bytes().to_vec();
        options.clean(&mut letters)?;
        Ok(String::from_utf8(letters).unwrap())
    }

    fn any_length() -> Clean {
        Clean { min_length: 0, ..Clean::default() }
    }

    #[test]
    fn lengths_from_16_to_8192_are_kept() {
        let of = |len: usize| clean(&Clean::default(), &"AC".repeat(4097)[..len]).map(|kept| kept.len());
        assert_eq!(
            [of(15), of(16), of(8192), of(8193)],
            [Err(Reason::TooShort), Ok(16), Ok(8192), Err(Reason::TooLong)]
        );
    }

    #[test]
    fn odd_letters_are_kept_replaced_or_drop_their_record() {
        let with = |odd_letters| clean(&Clean { odd_letters, ..any_length() }, "acguRnx");
        assert_eq!(with(OddLetters::Keep), Ok("ACGTRNN".into()));
        assert_eq!(with(OddLetters::Replace), Ok("ACGTNNN".into()));
        assert_eq!(with(OddLetters::Drop), Err(Reason::OddLetter));
        let mut letters = b"acguRn-x".to_vec();
        assert_eq!(any_length().clean(&mut letters), Ok(OddCount { ambiguous: 2, unknown: 1, gaps: 1 }));
    }

    #[test]
    fn gaps_are_removed_before_anything_is_judged() {
        let padded = format!("{}ACGU.ac~gu_ACGUACGU{}", "-".repeat(9000), "-".repeat(9000));
        assert_eq!(clean(&Clean::default(), &padded), Ok("ACGTACGTACGTACGT".into()));
        assert_eq!(clean(&Clean::default(), &"-A.C".repeat(7)), Err(Reason::TooShort));
        let strict = Clean { odd_letters: OddLetters::Drop, ..any_length() };
        assert_eq!(clean(&strict, "AC--GU"), Ok("ACGT".into()));
    }

    #[test]
    fn records_that_say_nothing_are_dropped_unless_asked_otherwise() {
        assert_eq!(clean(&any_length(), "NNNN"), Err(Reason::Ambiguous));
        assert_eq!(clean(&any_length(), "AAAA"), Err(Reason::SingleBase));
        assert_eq!(clean(&any_length(), "AAAC"), Ok("AAAC".into()));
        let all = Clean { ambiguous: 2.0, single_base: 2.0, ..any_length() };
        assert_eq!([clean(&all, "NN"), clean(&all, "UU"), clean(&all, "")].map(|kept| kept.is_ok()), [true; 3]);
        let strict = Clean { single_base: 0.75, ..any_length() };
        assert_eq!(clean(&strict, "AAAC"), Err(Reason::SingleBase));
    }

    #[test]
    fn options_without_sense_are_refused() {
        assert!(Clean { min_length: 9, max_length: 8, ..Clean::default() }.check().is_err());
        assert!(Clean { max_length: LONGEST + 1, ..Clean::default() }.check().is_err());
        assert!(Clean { ambiguous: f64::NAN, ..Clean::default() }.check().is_err());
        let error = Clean { single_base: f64::NAN, ..Clean::default() }.check().unwrap_err().to_string();
        assert!(error.contains("a share of a single base must be a number, found NaN"), "{error}");
        assert!(Clean::default().check().is_ok());
    }
}
