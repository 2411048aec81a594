//! Parses the text of variants.

use std::cmp::Ordering;

use super::{Substitution, token};

/// The message for text that is not a variant.
const FORM: &str =
    "expected base, position, base: `A23G` (or HGVS, `n.23A>G`), joined by `+` where several occur together";
const FROM_ONE: &str = "positions count from 1";
/// What HGVS calls the kind of a sequence.
const KINDS: [&str; 5] = ["n.", "r.", "c.", "g.", "m."];
/// Words for changes that are not substitutions; the first one found counts.
const OTHERS: [(&str, &str); 6] = [
    ("delins", "a deletion with an insertion"),
    ("del", DELETION),
    ("ins", INSERTION),
    ("dup", "a duplication"),
    ("inv", "an inversion"),
    ("=", NO_CHANGE),
];
const DELETION: &str = "a deletion";
const INSERTION: &str = "an insertion";
const NO_CHANGE: &str = "no change";
const OUTSIDE: &str = "a position outside the sequence";
const NO_BASES: &str = "an allele that is no bases";

/// A part of a variant.
pub(super) enum Part {
    /// Bases that replace as many others.
    Substitutions {
        /// Every base that is named.
        named: Vec<Substitution>,
        /// Those that change; all of them if none does, as replacing a base by itself changes nothing.
        changed: Vec<Substitution>,
    },
    /// Another change; the text says which.
    Unscored(&'static str),
}

/// The sequence that a variant names, and its parts.
pub(super) fn variant(text: &str) -> Result<(Option<&str>, Vec<Part>), &'static str> {
    // `ID:n.1G>A`: the text after the last colon begins with a kind. `A1C:G2U` is two substitutions.
    let named = text.rsplit_once(':').filter(|(_, rest)| without_kind(rest).is_some());
    let (sequence, rest) = named.map_or((None, text), |(sequence, rest)| (Some(sequence), rest));
    // `n.1G>A:n.3C>U` names no sequence either.
    let (sequence, rest) = match sequence {
        Some(sequence) if part(sequence).is_ok() => (None, text),
        other => (other, rest),
    };
    let rest = without_kind(rest).unwrap_or(rest);
    let rest = rest.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(rest);
    let parts = rest.split(['+', ':', ';']).map(part).collect::<Result<_, _>>()?;
    Ok((sequence, parts))
}

fn without_kind(text: &str) -> Option<&str> {
    let text = text.trim();
    let (kind, rest) = text.split_at_checked(2)?;
    KINDS.iter().any(|known| known.eq_ignore_ascii_case(kind)).then_some(rest)
}

fn part(text: &str) -> Result<Part, &'static str> {
    let text = text.trim();
    let text = without_kind(text).unwrap_or(text);
    let text = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')).unwrap_or(text);
    if let Some(what) = other(text) {
        return Ok(Part::Unscored(what));
    }
    match text.split_once('>') {
        Some((place, to)) => arrow(place, to),
        None => plain(text),
    }
}

/// The kind of change of a part with a word after its position, such as `5_7del`.
fn other(text: &str) -> Option<&'static str> {
    let lower = text.to_ascii_lowercase();
    let &(word, what) = OTHERS.iter().find(|(word, _)| lower.contains(word))?;
    let (place, _) = lower.split_once(word)?;
    let is_place = |letter: char| letter.is_ascii_digit() || "acgtu_-*?()".contains(letter);
    (place.contains(|letter: char| letter.is_ascii_digit()) && place.chars().all(is_place)).then_some(what)
}

/// `23A` and `G`, of `23A>G`; or `A23` and `G`.
fn arrow(place: &str, to: &str) -> Result<Part, &'static str> {
    let is_digit = |letter: char| letter.is_ascii_digit();
    let (first, last) = (place.find(is_digit).ok_or(FORM)?, place.rfind(is_digit).ok_or(FORM)?);
    let (before, position, after) = (&place[..first], &place[first..=last], &place[last + 1..]);
    let is_shift = |letter: char| "-*_?".contains(letter);
    if before.starts_with(is_shift) || position.contains(is_shift) {
        return if bases(to) && bases(after) { Ok(Part::Unscored(OUTSIDE)) } else { Err(FORM) };
    }
    match (before, after) {
        ("", from) | (from, "") if bases(from) && bases(to) => substitutions(position, from, to),
        _ => Err(FORM),
    }
}

/// `A23G`, or `A23-` for a deletion.
fn plain(text: &str) -> Result<Part, &'static str> {
    let is_digit = |letter: char| letter.is_ascii_digit();
    let (first, last) = (text.find(is_digit).ok_or(FORM)?, text.rfind(is_digit).ok_or(FORM)?);
    let (from, position, to) = (&text[..first], &text[first..=last], &text[last + 1..]);
    match (from, to) {
        ("-", to) if bases(to) => Ok(Part::Unscored(INSERTION)),
        (from, "-") if bases(from) => Ok(Part::Unscored(DELETION)),
        (from, to) if bases(from) && bases(to) && from.len() == 1 && to.len() == 1 => substitutions(position, from, to),
        _ => Err(FORM),
    }
}

/// The cells of a table: position, the letters there, and the letters that replace them.
pub(super) fn alleles(position: &str, from: &str, to: &str) -> Result<Part, String> {
    let position = position.trim();
    if (from, bases(to)) == ("-", true) {
        return Ok(Part::Unscored(INSERTION));
    }
    if to.is_empty() || !bases(from) {
        return Err(format!("expected bases at the position and in their place, found `{from}` and `{to}`"));
    }
    match to {
        "." => Ok(Part::Unscored(NO_CHANGE)),
        "-" => Ok(Part::Unscored(DELETION)),
        to if !bases(to) => Ok(Part::Unscored(NO_BASES)),
        to => substitutions(position, from, to).map_err(|reason| match reason {
            FORM => format!("expected a position from 1, found `{position}`"),
            reason => reason.to_owned(),
        }),
    }
}

fn bases(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|base| b"ACGTU".contains(&base.to_ascii_uppercase()))
}

/// Bases that replace as many others. Different lengths make it an insertion or a deletion.
fn substitutions(position: &str, from: &str, to: &str) -> Result<Part, &'static str> {
    let position: usize = position.parse().map_err(|_| FORM)?;
    let first = position.checked_sub(1).ok_or(FROM_ONE)?;
    match from.len().cmp(&to.len()) {
        Ordering::Greater => return Ok(Part::Unscored(DELETION)),
        Ordering::Less => return Ok(Part::Unscored(INSERTION)),
        Ordering::Equal => {}
    }
    let named = from.bytes().zip(to.bytes()).enumerate().map(|(offset, (from, to))| Substitution {
        from: from.to_ascii_uppercase(),
        position: first.saturating_add(offset),
        to: to.to_ascii_uppercase(),
    });
    let named: Vec<Substitution> = named.collect();
    let changed: Vec<Substitution> = named.iter().filter(|s| token(s.from) != token(s.to)).copied().collect();
    Ok(Part::Substitutions { changed: if changed.is_empty() { named.clone() } else { changed }, named })
}
