//! One structure of a CT file.

use crate::{Structure, title};

/// A sequence and its structure, of the same length.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Record {
    /// The title: all that follows the length on the first line, such as `ENERGY = -3.2  tRNA`.
    pub header: String,
    /// The letters as they were written; may be empty.
    pub sequence: Vec<u8>,
    /// The base pairs.
    pub structure: Structure,
}

impl Record {
    /// The title without a leading energy; see [`title::name`].
    pub fn name(&self) -> &str {
        title::name(&self.header)
    }

    /// The energy in kcal/mol that a title beginning with `ENERGY = …` or `dG = …` gives.
    pub fn energy(&self) -> Option<f64> {
        title::split_energy(&self.header).0
    }
}
