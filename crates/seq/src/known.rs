//! Known structures after a sequence, as RNAfold, RNAsubopt, bpRNA and people write them: where only the sequences are
//! asked for, these lines are passed over.

use crate::{Error, Place, Structure};

/// What RNAfold -p writes after its structures.
const ENSEMBLE: &[u8] = b"frequency of mfe structure in ensemble";

/// The structures of one record, as far as they were seen.
#[derive(Debug, Default)]
pub(crate) struct Known {
    positions: usize,
    /// The last line, if it was of dots alone: letters after it make it a line of gaps.
    dots: Option<(usize, Vec<u8>)>,
}

impl Known {
    /// Whether a line after `len` letters of a sequence is no part of the sequence but of a structure.
    ///
    /// Brackets without letters can be nothing else, so a structure may go over several lines. With letters, as
    /// constraints and deep pseudoknots have them, or with dots alone, it must be a structure as long as the sequence.
    pub(crate) fn takes(&mut self, number: usize, line: &[u8], len: usize) -> bool {
        let text = line.split(u8::is_ascii_whitespace).next().unwrap_or_default();
        if len == 0 {
            return false;
        }
        if line.starts_with(ENSEMBLE) {
            return true;
        }
        let found = is_signs(text) && (text.iter().any(|sign| b"()[]{}<>|".contains(sign)) || text.len() == len)
            || text.len() == len && is_structure(text);
        if found {
            self.positions += text.len();
            self.dots = text.iter().all(|&sign| sign == b'.').then(|| (number, text.to_vec()));
        }
        found
    }

    /// The line of dots just taken, where a line of letters follows: in an alignment it was of gaps.
    pub(crate) fn give_back(&mut self) -> Option<(usize, Vec<u8>)> {
        let (number, dots) = self.dots.take()?;
        self.positions -= dots.len();
        Some((number, dots))
    }

    /// How many structures there were of a record whose sequence has `len` letters.
    ///
    /// # Errors
    /// [`Error::Record`] if they are not of its length: one of the two is damaged.
    pub(crate) fn count(&self, line: usize, record: &str, len: usize) -> Result<usize, Error> {
        match self.positions {
            0 => Ok(0),
            positions if positions.is_multiple_of(len) => Ok(positions / len),
            positions => {
                let message = format!("its structure has {positions} positions, its sequence {len}");
                Err(Error::Record { place: Place::line(line), record: record.to_string(), message })
            }
        }
    }
}

/// Whether a text is of brackets, dots and the like, with no letter and not of gaps alone.
fn is_signs(text: &[u8]) -> bool {
    text.iter().all(|sign| b"()[]{}<>|.,:;_-~+&".contains(sign)) && text.iter().any(|sign| !b"-~_;".contains(sign))
}

/// Whether a text with letters is a structure all the same: balanced brackets, or a constraint with `x`.
fn is_structure(text: &[u8]) -> bool {
    let constraint =
        text.iter().all(|sign| b"()<>|.,x".contains(sign)) && text.iter().any(|sign| b"()<>|.".contains(sign));
    let brackets = || text.iter().any(|sign| b"()[]{}<>".contains(sign));
    let parsed = || std::str::from_utf8(text).is_ok_and(|text| Structure::parse_dot_bracket(text).is_ok());
    constraint || brackets() && parsed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn structures_are_told_from_sequences() {
        for line in [
            "((..))",
            "......",
            "((..)) (-3.20)",
            "((.A))a",
            "{,.||}",
            "<<__>>",
            "|..xxx",
            "((.&))",
            "([..))]",
            "((",
            "]",
            " frequency of mfe structure in ensemble 0.56; ensemble diversity 2.31  ".trim(),
        ] {
            assert!(Known::default().takes(1, line.as_bytes(), line.split(' ').next().unwrap().len()), "{line}");
        }
        for line in ["ACGU..", "------", "AC-GU.", "ACG(U)A", "ACGUX", "A(CGU"] {
            assert!(!Known::default().takes(1, line.as_bytes(), 6), "{line}");
        }
        assert!(!Known::default().takes(1, b".....", 6), "dots alone may be gaps");
        assert!(!Known::default().takes(1, b"((..))", 0), "a structure needs a sequence before it");
    }
}
