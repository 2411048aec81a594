//! One IG record.

/// A title and a sequence.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Record {
    /// The title line without white space around it.
    pub header: String,
    /// The letters as they were written, without white space; may be empty.
    pub sequence: Vec<u8>,
}
