//! What was left out of an evaluation, and why.

use std::fmt;

/// The kinds of things that are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
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
    /// What an outside program said or did.
    Program,
}

impl Kind {
    /// Its name, as JSON has it.
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

    /// What it is, in words, for so many.
    pub fn describe(self, count: usize) -> String {
        let s = if count == 1 { "" } else { "s" };
        match self {
            Self::Unreadable => format!("{count} record{s} could not be read"),
            Self::Duplicate => format!("{count} record{s} of an id that was there before"),
            Self::NoPrediction => format!("{count} reference{s} without a prediction"),
            Self::NoReference => format!("{count} prediction{s} without a reference"),
            Self::Different => format!("{count} prediction{s} for another sequence than the reference's"),
            Self::Program => format!("{count} complaint{s} of the program"),
        }
    }
}

/// Something left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What kind of thing.
    pub kind: Kind,
    /// Where it is, what was expected, what was found.
    pub text: String,
}

impl Problem {
    /// Says what and where.
    pub fn new(kind: Kind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
