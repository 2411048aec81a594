//! One dot-bracket record.

use crate::Structure;

/// A sequence and its structure, of the same length.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Record {
    /// The header line without `>`; empty if there was none.
    pub header: String,
    /// The letters as they were written; may be empty.
    pub sequence: Vec<u8>,
    /// The base pairs.
    pub structure: Structure,
    /// What followed the structure on its line, as it was written: `(-3.20)`, `0.87`.
    pub score: Option<String>,
}
