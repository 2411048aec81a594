//! One FASTQ record.

/// A read: header, sequence and the quality of each base.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Record {
    /// The header line without `@` and without white space around it.
    pub header: String,
    /// The letters as they were written, without white space; may be empty.
    pub sequence: Vec<u8>,
    /// One printable letter per base, as it was written.
    pub quality: Vec<u8>,
}
