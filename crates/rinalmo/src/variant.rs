//! Variants as people write them: `A23G`, several that occur together joined by `+`; positions
//! from 1.

use std::fmt;
use std::str::FromStr;

use rinalmo_seq::alphabet::{self, Token};

use crate::Error;

/// One substitution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Substitution {
    /// The base that stands there, upper case.
    pub from: u8,
    /// The position, 0-based.
    pub position: usize,
    /// The base that comes, upper case.
    pub to: u8,
}

/// Substitutions that occur together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant(Vec<Substitution>);

impl Variant {
    /// Its substitutions, by position.
    pub fn substitutions(&self) -> &[Substitution] {
        &self.0
    }

    /// Checks that every `from` is what the sequence has.
    ///
    /// # Errors
    /// [`Error::Variant`], saying which position holds what.
    pub fn check(&self, sequence: &[u8]) -> Result<(), Error> {
        for substitution in &self.0 {
            let Some(&found) = sequence.get(substitution.position) else {
                return Err(self.error(format!("the sequence ends at position {}", sequence.len())));
            };
            if token(found) != token(substitution.from) {
                return Err(self.error(format!(
                    "position {} is `{}`, not `{}`",
                    substitution.position + 1,
                    found as char,
                    substitution.from as char
                )));
            }
        }
        Ok(())
    }

    fn error(&self, reason: String) -> Error {
        Error::Variant { variant: self.to_string(), reason }
    }
}

fn token(base: u8) -> Token {
    alphabet::token(base)
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, Substitution { from, position, to }) in self.0.iter().enumerate() {
            let plus = if i > 0 { "+" } else { "" };
            write!(f, "{plus}{}{}{}", *from as char, position + 1, *to as char)?;
        }
        Ok(())
    }
}

impl FromStr for Variant {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let error = |reason: &str| Error::Variant { variant: text.to_owned(), reason: reason.to_owned() };
        let mut substitutions = Vec::new();
        for part in text.split(['+', ':']).map(str::trim) {
            substitutions.push(parse_substitution(part).map_err(&error)?);
        }
        substitutions.sort_by_key(|s: &Substitution| s.position);
        if substitutions.windows(2).any(|pair| pair[0].position == pair[1].position) {
            return Err(error("two substitutions at one position"));
        }
        Ok(Self(substitutions))
    }
}

fn parse_substitution(text: &str) -> Result<Substitution, &'static str> {
    const FORM: &str = "expected base, position, base: `A23G`, joined by `+` where several occur together";
    let &[from, ref digits @ .., to] = text.as_bytes() else { return Err(FORM) };
    let is_nucleotide = |base: u8| matches!(base.to_ascii_uppercase(), b'A' | b'C' | b'G' | b'T' | b'U');
    if !is_nucleotide(from) || !is_nucleotide(to) || !digits.iter().all(u8::is_ascii_digit) {
        return Err(FORM);
    }
    let position: usize = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok()).ok_or(FORM)?;
    let position = position.checked_sub(1).ok_or("positions count from 1")?;
    Ok(Substitution { from: from.to_ascii_uppercase(), position, to: to.to_ascii_uppercase() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_read_back_as_written() {
        for text in ["A23G", "C1U+G40A"] {
            assert_eq!(text.parse::<Variant>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn nonsense_is_refused_with_its_reason() {
        for (text, reason) in
            [("A0G", "count from 1"), ("23G", "expected base"), ("A2G+A2C", "one position"), ("A9X", "expected base")]
        {
            let error = text.parse::<Variant>().unwrap_err().to_string();
            assert!(error.contains(reason) && error.contains(text), "{error}");
        }
    }

    #[test]
    fn the_reference_base_must_be_the_sequences_own() {
        let variant: Variant = "U2G".parse().unwrap();
        assert!(variant.check(b"ATC").is_ok(), "T and U are the same base");
        assert!(variant.check(b"AGC").unwrap_err().to_string().contains("position 2 is `G`, not `U`"));
        assert!(variant.check(b"A").unwrap_err().to_string().contains("ends at position 1"));
    }
}
