//! One structure of a CT file.

use crate::Structure;

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
    /// The title without a leading `ENERGY = …` or `dG = …`.
    pub fn name(&self) -> &str {
        self.split().1
    }

    /// The energy in kcal/mol that a title beginning with `ENERGY = …` or `dG = …` gives.
    pub fn energy(&self) -> Option<f64> {
        self.split().0
    }

    fn split(&self) -> (Option<f64>, &str) {
        let title = self.header.trim();
        let value = ["ENERGY", "dG"].iter().find_map(|word| title.strip_prefix(word)?.trim_start().strip_prefix('='));
        let Some(value) = value.map(str::trim_start) else { return (None, title) };
        let (number, name) = value.split_once(char::is_whitespace).unwrap_or((value, ""));
        number.parse().map_or((None, title), |energy| (Some(energy), name.trim_start()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_energy_is_told_from_the_name() {
        let split = |title: &str| {
            let record = Record { header: title.into(), ..Record::default() };
            (record.energy(), record.name().to_string())
        };
        assert_eq!(split("ENERGY = -3.2  tRNA Phe"), (Some(-3.2), "tRNA Phe".into()));
        assert_eq!(split("dG = -1"), (Some(-1.0), "".into()));
        assert_eq!(split("ENERGY plant"), (None, "ENERGY plant".into()));
        assert_eq!(split("dG = unknown x"), (None, "dG = unknown x".into()));
    }
}
