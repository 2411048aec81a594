//! Constraint files in the layout `RNAfold -C` reads: header, sequence, constraint line.
//!
//! The sequence line is optional if the sequence comes from elsewhere. Lines that begin with `#` are comments. A
//! mistake is an error of its record only ([`ConstraintRecord::constraint`]).

use std::fmt;
use std::io::BufRead;

use rinalmo_decode::constraint::Constraint;
use rinalmo_seq::alphabet::{NICK, spelled};

/// The characters of a constraint.
const MARKS: &str = ".|x<>()";

/// One record of a constraint file.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ConstraintRecord {
    /// The whole header without `>`.
    pub header: String,
    /// The line it begins at, from 1.
    pub line: usize,
    /// The sequence, if the file has it; two strands are joined by `&`.
    pub sequence: Option<Vec<u8>>,
    /// The constraint, or why it cannot be used.
    pub constraint: Result<Constraint, ConstraintMistake>,
}

/// What is wrong with a record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub struct ConstraintMistake {
    /// The line at fault, from 1.
    pub line: usize,
    /// What was expected and what was found.
    pub reason: String,
}

impl fmt::Display for ConstraintMistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.reason)
    }
}

/// How the sequence of a constraint differs from the one of this name that is folded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnotherSequence {
    /// They have different lengths.
    #[error("the constraint is for another sequence of this name: it has {there} bases, this one {here}")]
    Length {
        /// Bases in the constraint's sequence.
        there: usize,
        /// Bases in the sequence that is folded.
        here: usize,
    },
    /// They have different letters.
    #[error("the constraint is for another sequence of this name: letter {number} is {there} there and {here} here")]
    Letter {
        /// The first letter that differs, from 1.
        number: usize,
        /// The letter of the constraint's sequence.
        there: char,
        /// The letter of the sequence that is folded.
        here: char,
    },
}

impl ConstraintRecord {
    /// The header's first word.
    pub fn id(&self) -> &str {
        self.header.split_whitespace().next().unwrap_or_default()
    }

    /// Checks that this is a constraint of `sequence`: if the record has a sequence, it must be the same.
    ///
    /// # Errors
    /// How the two differ.
    pub fn check(&self, sequence: &[u8]) -> Result<(), AnotherSequence> {
        let Some(own) = self.sequence.as_deref().map(letters) else { return Ok(()) };
        let (own_letters, letters) = (spelled(&own), spelled(sequence));
        if own_letters == letters {
            return Ok(());
        }
        if own.len() != sequence.len() {
            return Err(AnotherSequence::Length { there: own.len(), here: sequence.len() });
        }
        let at = own_letters.iter().zip(&letters).position(|(own, other)| own != other).unwrap_or_default();
        let [there, here] = [own[at], sequence[at]].map(char::from);
        Err(AnotherSequence::Letter { number: at + 1, there, here })
    }
}

/// Does this text look like a constraint rather than a path?
pub fn is_constraint(text: &str) -> bool {
    text.contains(|c| MARKS.contains(c)) && text.chars().all(is_mark)
}

/// Is it a mark of a base, or what joins two strands?
fn is_mark(c: char) -> bool {
    MARKS.contains(c) || c == char::from(NICK)
}

/// The letters of a sequence, as two strands or one.
fn letters(sequence: &[u8]) -> Vec<u8> {
    sequence.iter().copied().filter(|&letter| letter != NICK).collect()
}

/// Reads every record, including those with mistakes.
///
/// # Errors
/// The input cannot be read.
pub fn read(mut input: impl BufRead) -> std::io::Result<Vec<ConstraintRecord>> {
    let mut bytes = Vec::new();
    input.read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes).replace("\r\n", "\n").replace('\r', "\n");
    let mut records = Vec::new();
    let mut open: Option<Draft> = None;
    for (line, text) in (1..).zip(text.trim_start_matches('\u{feff}').split('\n').map(str::trim)) {
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        if let Some(header) = text.strip_prefix('>') {
            records.extend(open.take().map(Draft::finish));
            open = Some(Draft { header: header.trim().to_owned(), line, ..Draft::default() });
        } else {
            open.get_or_insert_with(|| Draft { line, ..Draft::default() }).take(line, text);
        }
    }
    records.extend(open.map(Draft::finish));
    Ok(records)
}

/// A record that is read line by line.
#[derive(Default)]
struct Draft {
    header: String,
    line: usize,
    sequence: String,
    constraint: String,
    mistake: Option<ConstraintMistake>,
}

impl Draft {
    fn take(&mut self, line: usize, text: &str) {
        if self.is_marks(text) {
            let odd = text.chars().position(|c| !is_mark(c));
            if let Some((at, odd)) = odd.and_then(|at| Some((at, text.chars().nth(at)?))) {
                self.wrong(line, format!("column {}: `{odd}` is not one of `{MARKS}`", at + 1));
            }
            self.constraint.push_str(text);
        } else if self.constraint.is_empty() {
            self.sequence.push_str(text);
        } else {
            let start: String = text.chars().take(40).collect();
            self.wrong(line, format!("expected a constraint of `{MARKS}` or a header with `>`, found `{start}`"));
        }
    }

    /// Is this line meant as a constraint? It has a mark other than `x`. If it could also be a sequence, less than half
    /// of it is letters.
    fn is_marks(&self, text: &str) -> bool {
        let letters = text.chars().filter(|c| c.is_alphabetic() && *c != 'x').count();
        let few = !self.sequence.is_empty() || 2 * letters < text.chars().count();
        is_constraint(text) || few && text.contains(|c| MARKS.contains(c) && c != 'x')
    }

    fn wrong(&mut self, line: usize, reason: String) {
        self.mistake.get_or_insert(ConstraintMistake { line, reason });
    }

    fn finish(mut self) -> ConstraintRecord {
        let (bases, marks) = (self.sequence.chars().count(), self.constraint.chars().count());
        if marks == 0 {
            self.wrong(self.line, format!("no constraint line; expected one of the characters {MARKS}"));
        } else if bases > 0 && bases != marks {
            self.wrong(self.line, format!("{marks} characters in the constraint, {bases} bases in the sequence"));
        }
        let wrong = |error: &dyn fmt::Display| ConstraintMistake { line: self.line, reason: error.to_string() };
        let constraint = match self.mistake {
            Some(mistake) => Err(mistake),
            None => self.constraint.parse().map_err(|error| wrong(&error)),
        };
        let sequence = (bases > 0).then(|| self.sequence.into_bytes());
        ConstraintRecord { header: self.header, line: self.line, sequence, constraint }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(text: &str) -> String {
        read(text.as_bytes()).unwrap()[0].constraint.clone().unwrap_err().to_string()
    }

    #[test]
    fn reads_what_rnafold_reads() {
        for end in ["\n", "\r\n", "\r"] {
            let text = "\u{feff}# by hand\n>hp one\nGGGAAACCC\n# probed\n(((...)))\n\n>bare\n.x.\n".replace('\n', end);
            let records = read(text.as_bytes()).unwrap();
            assert_eq!((records[0].id(), records[0].line), ("hp", 2));
            assert_eq!(records[0].sequence.as_deref(), Some(&b"GGGAAACCC"[..]));
            assert_eq!(records[0].constraint, Ok("(((...)))".parse().unwrap()));
            assert_eq!((records[1].sequence.as_ref(), records.len()), (None, 2));
        }
        let wrapped = read(">a\nGGGA\nAACCC\n(((.\n..)))\n".as_bytes()).unwrap();
        assert_eq!(wrapped[0].constraint, Ok("(((...)))".parse().unwrap()));
    }

    #[test]
    fn a_mistake_names_its_line_and_is_an_error_of_its_record_only() {
        assert_eq!(reason(">a\nGGGAAACCC\n(((...))]\n"), "line 3: column 9: `]` is not one of `.|x<>()`");
        assert_eq!(reason(">a\nGGGAAACCC\nXXX...XXX\n"), "line 3: column 1: `X` is not one of `.|x<>()`");
        assert_eq!(reason(">a\nGGG\n... note\n"), "line 3: column 4: ` ` is not one of `.|x<>()`");
        assert_eq!(reason(">a\n((é))\n"), "line 2: column 3: `é` is not one of `.|x<>()`");
        assert_eq!(reason(">a\nACGU\n"), "line 1: no constraint line; expected one of the characters .|x<>()");
        assert_eq!(reason(">a\nACGU\n...\n"), "line 1: 3 characters in the constraint, 4 bases in the sequence");
        assert_eq!(reason(">a\n(..\n"), "line 1: constraint: column 1: `(` has no matching bracket");
        assert!(reason(">a\nACG\n...\nACG\n...\n").starts_with("line 4: expected a constraint of "));
        let records = read(">a\n(.]\n>b\n(.)\n".as_bytes()).unwrap();
        assert!(records[0].constraint.is_err() && records[1].constraint.is_ok());
    }

    #[test]
    fn another_sequence_of_the_same_name_is_refused() {
        let records = read(">a\nGGGAAACCU\n.........\n>b\n...\n".as_bytes()).unwrap();
        assert_eq!(records[0].check(b"gggaaacct"), Ok(()));
        let said = |sequence: &[u8]| records[0].check(sequence).unwrap_err().to_string();
        assert!(said(b"GGGAAACCC").ends_with("of this name: letter 9 is U there and C here"));
        assert!(said(b"GGGAAACCUA").ends_with("it has 9 bases, this one 10"));
        assert_eq!(records[1].check(b"GGG"), Ok(()));
    }
}
