//! One FASTA record.

use crate::title;

/// A header and a sequence.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Record {
    /// The header line without `>` and without white space around it.
    pub header: String,
    /// The letters as they were written, without white space; may be empty.
    pub sequence: Vec<u8>,
}

impl Record {
    /// The first word of the header, an energy before it aside (see [`title::name`]); empty if there is none.
    pub fn id(&self) -> &str {
        title::name(&self.header).split_whitespace().next().unwrap_or_default()
    }
}
