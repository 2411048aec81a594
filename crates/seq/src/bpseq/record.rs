//! One BPSEQ record.

use crate::Structure;

/// A sequence and its structure, of the same length.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Record {
    /// The name of the record, from its first comment; empty if there was none.
    pub header: String,
    /// The letters as they were written; may be empty.
    pub sequence: Vec<u8>,
    /// The base pairs.
    pub structure: Structure,
}
