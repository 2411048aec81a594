//! One raw sequence.

/// A sequence without a name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Record {
    /// The letters as they were written; never empty when read.
    pub sequence: Vec<u8>,
}
