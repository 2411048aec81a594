//! Variants in the usual notations. Positions count from 1, the first base of the sequence.
//!
//! | written | means |
//! |---|---|
//! | `A23G` | G instead of A at position 23 |
//! | `n.23A>G`, `23A>G`, `r.23a>g` | the same in HGVS; `c.`, `g.` and `m.` too |
//! | `NR_1.2:n.23A>G` | the same, only of the sequence `NR_1.2` |
//! | `A23G+C40U`, `A23G:C40U`, `n.[23A>G;40C>U]` | both together |
//! | `n.23_24delinsGG`, `n.5del`, … | insertions, deletions and other changes: read, but not scored |
//!
//! [`Variant::from_alleles`] takes the columns of a table, `pos`, `ref` and `alt`, as in VCF.

mod parse;

use std::fmt;
use std::str::FromStr;

use rinalmo_seq::alphabet::{self, Token};

use crate::Error;

/// One substitution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Substitution {
    /// The base of the sequence, upper case.
    pub from: u8,
    /// The position, 0-based.
    pub position: usize,
    /// The base that replaces it, upper case.
    pub to: u8,
}

/// Substitutions that occur together, or something else that is not scored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant {
    substitutions: Vec<Substitution>,
    /// Every base that it names, changed or not.
    named: Vec<Substitution>,
    unscored: Option<&'static str>,
    sequence: Option<String>,
    written: String,
}

impl Variant {
    /// Makes a variant from the cells of a table: a position from 1, the letters at that position, and the letters that
    /// replace them.
    ///
    /// # Errors
    /// [`Error::Variant`] if the position is not a number from 1, or `from` is not bases.
    pub fn from_alleles(position: &str, from: &str, to: &str) -> Result<Self, Error> {
        let written = format!("{position} {from} {to}");
        let part = parse::alleles(position, from, to);
        let part = part.map_err(|reason| Error::Variant { variant: written.clone(), reason })?;
        Self::of_parts(vec![part], None, written)
    }

    fn of_parts(parts: Vec<parse::Part>, sequence: Option<String>, written: String) -> Result<Self, Error> {
        let mut substitutions = Vec::new();
        let mut all = Vec::new();
        let mut unscored = None;
        for part in parts {
            match part {
                parse::Part::Substitutions { changed, named } => {
                    substitutions.extend(changed);
                    all.extend(named);
                }
                parse::Part::Unscored(what) => unscored = unscored.or(Some(what)),
            }
        }
        substitutions.sort_by_key(|s: &Substitution| s.position);
        all.sort_by_key(|s: &Substitution| s.position);
        if all.windows(2).any(|pair| pair[0].position == pair[1].position) {
            let reason = "two substitutions at one position".to_owned();
            return Err(Error::Variant { variant: written, reason });
        }
        Ok(Self { substitutions, named: all, unscored, sequence, written })
    }

    /// Its substitutions, by position; none if it is not scored.
    pub fn substitutions(&self) -> &[Substitution] {
        if self.unscored.is_some() { &[] } else { &self.substitutions }
    }

    /// The sequence it is of, if it names one.
    pub fn sequence(&self) -> Option<&str> {
        self.sequence.as_deref()
    }

    /// How it was written; [`fmt::Display`] gives its normal form, `A23G+C40U`.
    pub fn written(&self) -> &str {
        &self.written
    }

    /// Checks that it is scored and that every `from` is what the sequence has.
    ///
    /// # Errors
    /// [`Error::Variant`]: it says what the variant is instead, or which base the sequence has.
    pub fn check(&self, sequence: &[u8]) -> Result<(), Error> {
        if let Some(what) = self.unscored {
            return Err(self.error(format!("not scored: {what}; only substitutions are")));
        }
        for substitution in &self.named {
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
        Error::Variant { variant: self.written.clone(), reason }
    }
}

fn token(base: u8) -> Token {
    alphabet::token(base)
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.unscored.is_some() {
            return f.write_str(&self.written);
        }
        for (i, Substitution { from, position, to }) in self.substitutions.iter().enumerate() {
            let plus = if i > 0 { "+" } else { "" };
            write!(f, "{plus}{}{}{}", *from as char, position + 1, *to as char)?;
        }
        Ok(())
    }
}

impl FromStr for Variant {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let written = text.trim();
        let (sequence, parts) = parse::variant(written)
            .map_err(|reason| Error::Variant { variant: written.to_owned(), reason: reason.to_owned() })?;
        Self::of_parts(parts, sequence.map(str::to_owned), written.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parsed(text: &str) -> Variant {
        text.parse().unwrap()
    }

    #[test]
    fn every_way_to_write_a_substitution_is_the_same() {
        let same = [
            "G1A", "g1a", "n.1G>A", "r.1g>a", "c.1G>A", "g.1G>A", "m.1G>A", "N.1G>A", "1G>A", " G1A ", "n.(1G>A)",
            "G1>A",
        ];
        for text in same {
            assert_eq!(parsed(text).to_string(), "G1A", "{text}");
        }
        let both = ["C1U+G40A", "G40A:C1U", "n.[1C>U;40G>A]", "n.1C>U+n.40G>A", "C1U;G40A"];
        for text in both {
            assert_eq!(parsed(text).to_string(), "C1U+G40A", "{text}");
        }
        assert_eq!(parsed("n.3GA>CU").to_string(), "G3C+A4U");
        assert_eq!(parsed("n.3GA>GU").to_string(), "A4U");
    }

    #[test]
    fn a_variant_may_name_its_sequence() {
        for (text, sequence) in [
            ("NR_1.2:n.1G>A", "NR_1.2"),
            ("NM_4.2(DMD):c.1G>A", "NM_4.2(DMD)"),
            ("chr1:2-9:g.1G>A", "chr1:2-9"),
            ("model1:n.1G>A", "model1"),
        ] {
            let variant = parsed(text);
            assert_eq!((variant.sequence(), variant.to_string().as_str()), (Some(sequence), "G1A"));
            assert_eq!(variant.written(), text);
        }
        assert_eq!(parsed("A1C:G2U").sequence(), None);
    }

    #[test]
    fn only_substitutions_are_scored() {
        for (text, what) in [
            ("n.5del", "a deletion"),
            ("5_7del", "a deletion"),
            ("A5del", "a deletion"),
            ("A5-", "a deletion"),
            ("n.5_6insA", "an insertion"),
            ("n.5delinsGG", "a deletion with an insertion"),
            ("n.5dup", "a duplication"),
            ("n.5_9inv", "an inversion"),
            ("n.5=", "no change"),
            ("c.-12G>A", "a position outside the sequence"),
            ("c.76-3A>G", "a position outside the sequence"),
            ("c.*3A>G", "a position outside the sequence"),
            ("n.5GA>C", "a deletion"),
            ("n.5G>CA", "an insertion"),
            ("G1A+n.5del", "a deletion"),
        ] {
            let variant = parsed(text);
            assert!(variant.substitutions().is_empty() && variant.to_string() == text);
            let error = variant.check(b"GGGGGGGGG").unwrap_err().to_string();
            assert_eq!(error, format!("variant `{text}`: not scored: {what}; only substitutions are"));
        }
    }

    #[test]
    fn alleles_of_a_table_are_variants() {
        let of = |position, from, to| Variant::from_alleles(position, from, to).map(|variant| variant.to_string());
        assert_eq!(of("23", "A", "G").unwrap(), "A23G");
        assert_eq!(of("23", "aC", "aT").unwrap(), "C24T");
        assert!(Variant::from_alleles("3", "GC", "GU").unwrap().check(b"AAAC").is_err(), "G is not there");
        for (from, to, what) in [
            ("AC", "A", "a deletion"),
            ("A", "AC", "an insertion"),
            ("A", "-", "a deletion"),
            ("-", "A", "an insertion"),
            ("A", "<DEL>", "an allele that is no bases"),
            ("A", "*", "an allele that is no bases"),
            ("A", ".", "no change"),
        ] {
            let error = Variant::from_alleles("3", from, to).unwrap().check(b"CCACC").unwrap_err().to_string();
            assert!(error.contains(&format!("not scored: {what}")), "{error}");
        }
        for (position, from) in [("0", "A"), ("x", "A"), ("", "A"), ("3", "")] {
            assert!(of(position, from, "G").is_err());
        }
    }

    #[test]
    fn nonsense_is_refused_with_its_reason() {
        for (text, reason) in [
            ("A0G", "count from 1"),
            ("23G", "expected base"),
            ("A2G+A2C", "one position"),
            ("A9X", "expected base"),
            ("", "expected base"),
            ("hello", "expected base"),
            ("delta", "expected base"),
            ("n.1G>", "expected base"),
            ("n.>A", "expected base"),
            ("p.Gly1Ala", "expected base"),
            ("model1", "expected base"),
        ] {
            let error = text.parse::<Variant>().unwrap_err().to_string();
            assert!(error.contains(reason) && error.contains(text), "{error}");
        }
    }

    #[test]
    fn the_reference_base_must_be_the_sequences_own() {
        let variant = parsed("U2G");
        assert!(variant.check(b"ATC").is_ok(), "T and U are the same base");
        assert!(variant.check(b"AGC").unwrap_err().to_string().contains("position 2 is `G`, not `U`"));
        assert!(variant.check(b"A").unwrap_err().to_string().contains("ends at position 1"));
    }

    proptest! {
        /// The normal form reads back as the same substitutions.
        #[test]
        fn variants_read_back_as_written(some in prop::collection::btree_map(0usize..500, ("[ACGU]", "[ACGU]"), 1..5)) {
            let parts = some.iter().map(|(position, (from, to))| format!("{from}{}{to}", position + 1));
            let text = parts.collect::<Vec<_>>().join("+");
            let hgvs = some.iter().map(|(position, (from, to))| format!("{}{from}>{to}", position + 1));
            let hgvs = format!("n.[{}]", hgvs.collect::<Vec<_>>().join(";"));
            let (short, hgvs) = (parsed(&text), parsed(&hgvs));
            prop_assert_eq!(short.to_string(), text);
            prop_assert_eq!(hgvs.substitutions(), short.substitutions());
        }

        /// No text makes it panic.
        #[test]
        fn any_text_is_a_variant_or_an_error(text in ".{0,20}") {
            let _ = text.parse::<Variant>().map(|variant| variant.check(b"ACGU"));
        }
    }
}
