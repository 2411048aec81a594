//! A sequence with its structure, whatever the file it came in.

use crate::Structure;

/// A sequence and its structure, of the same length.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Record {
    /// What names it, without an energy before that: the rest of a title, header or comment. Empty if nothing does.
    pub name: String,
    /// The letters as they were written, without gaps of an alignment; may be empty.
    pub sequence: Vec<u8>,
    /// The base pairs.
    pub structure: Structure,
    /// How many further structures of the same sequence follow and are passed over.
    pub further: usize,
    /// How many pairs of an alignment's structure are left out, as this sequence has a gap at one of their bases or both.
    pub gapped_pairs: usize,
}
