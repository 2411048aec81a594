//! Records that were left out of an evaluation, and why.

use std::fmt;

use rinalmo_seq::words::many;

/// Why a record is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProblemKind {
    /// A record that does not follow its format.
    Unreadable,
    /// A second record of the same id.
    Duplicate,
    /// A reference without a prediction.
    NoPrediction,
    /// A prediction without a reference.
    NoReference,
    /// A prediction for a sequence of another length, or of other letters.
    Different,
    /// An error of an external program.
    Program,
}

impl ProblemKind {
    /// Its name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Duplicate => "duplicate",
            Self::NoPrediction => "no_prediction",
            Self::NoReference => "no_reference",
            Self::Different => "different",
            Self::Program => "program",
        }
    }

    /// A phrase for `count` problems of this kind.
    pub fn describe(self, count: usize) -> String {
        let (noun, rest) = match self {
            Self::Unreadable => ("record", "could not be read"),
            Self::Duplicate => ("record", "with a duplicate id"),
            Self::NoPrediction => ("reference", "without a prediction"),
            Self::NoReference => ("prediction", "without a reference"),
            Self::Different => ("prediction", "for another sequence than the reference's"),
            Self::Program => ("error", "of the program"),
        };
        format!("{} {rest}", many(count, noun))
    }
}

/// A record that was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Why.
    pub kind: ProblemKind,
    /// Where it is, what was expected, what was found.
    pub text: String,
}

impl Problem {
    /// A problem with its message.
    pub fn new(kind: ProblemKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
