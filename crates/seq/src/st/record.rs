//! One bpRNA record.

use crate::Structure;

/// A sequence and its structure, of the same length.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Record {
    /// What `#Name:` says.
    pub header: String,
    /// The letters as they were written; may be empty.
    pub sequence: Vec<u8>,
    /// The base pairs.
    pub structure: Structure,
}
