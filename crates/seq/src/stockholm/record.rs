//! One sequence of a Stockholm alignment, with the consensus structure.

use crate::Structure;
use crate::structure::without_gaps;

/// A sequence and its structure, of the same length.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Record {
    /// The name of the sequence, and its `#=GS … DE` description behind a space.
    pub header: String,
    /// The aligned letters as they were written, gaps included.
    pub sequence: Vec<u8>,
    /// The base pairs.
    pub structure: Structure,
}

impl Record {
    /// The sequence without its gaps, and the pairs of which both bases are left.
    pub fn ungapped(&self) -> Self {
        let (sequence, structure) = without_gaps(&self.sequence, &self.structure);
        Self { header: self.header.clone(), sequence, structure }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_with_a_gap_are_left_out() {
        let structure = Structure::parse_dot_bracket("((...))").unwrap();
        let record = Record { header: "a".into(), sequence: b"G-A.ACC".to_vec(), structure };
        let ungapped = record.ungapped();
        assert_eq!(ungapped.sequence, b"GAACC");
        assert_eq!(ungapped.structure.pairs(), [(0, 4)]);
    }
}
