//! The numbers of a nearest-neighbour energy model: free energies of loops at 37 °C, and enthalpies.
//!
//! The built-in numbers are Turner 2004 (Mathews et al., PNAS 101 (2004) 7287; Turner and Mathews, Nucleic Acids Res. 38
//! (2010) D280), stored in `parameters/turner2004.par`, which `extract.py` in the same folder wrote. `read.rs` and
//! `write.rs` have the format of such files. All numbers here are in 0.01 kcal/mol.

mod read;
pub(crate) mod table;
mod write;

use std::sync::LazyLock;

pub(crate) use read::FORBIDDEN;
pub use read::ParametersError;

use table::Table;

/// A value that depends on the temperature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Value {
    /// Free energy at 37 °C.
    pub energy: i32,
    pub enthalpy: i32,
}

/// A hairpin with its own energy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hairpin {
    /// Its letters, closing pair included, in capitals.
    pub letters: Vec<u8>,
    pub value: Value,
}

/// All numbers of an energy model, as in a parameter file of ViennaRNA (version 2.0).
///
/// ```
/// use rinalmo_energy::Parameters;
///
/// let text = Parameters::turner2004().to_string();
/// assert!(text.starts_with("## RNAfold parameter file v2.0\n"));
///
/// let changed: Parameters = text.replace("CUUCGG    370", "CUUCGG    300").parse()?;
/// assert_ne!(&changed, Parameters::turner2004());
/// # Ok::<(), rinalmo_energy::ParametersError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Parameters {
    tables: [Vec<Value>; Table::ALL.len()],
    pub(crate) hairpins: Vec<Hairpin>,
    /// Of an unpaired base in a multiloop.
    pub(crate) unpaired: Value,
    /// Of closing a multiloop.
    pub(crate) closing: Value,
    /// Of each branch of a multiloop, the closing pair included.
    pub(crate) branch: Value,
    /// Of each base by which the sides of an internal loop differ.
    pub(crate) asymmetry: Value,
    /// The largest total of `asymmetry`, at every temperature.
    pub(crate) largest_asymmetry: i32,
    /// Of two strands that meet.
    pub(crate) initiation: Value,
    /// Of AU and GU pairs at the end of a helix.
    pub(crate) terminal_au: Value,
    /// Coefficient of `ln(size / 30)` at 37 °C, added for loops larger than 30. It is all entropy.
    pub(crate) logarithm: f64,
}

impl Parameters {
    /// The published values of Turner 2004.
    pub fn turner2004() -> &'static Self {
        static PARAMETERS: LazyLock<Parameters> = LazyLock::new(|| {
            read::complete(include_str!("../../parameters/turner2004.par")).expect("the built-in file is valid")
        });
        &PARAMETERS
    }

    /// Values learned from the structures of bpRNA's TR0 (Singh et al., Nat. Commun. 10 (2019) 5407), starting with
    /// Turner 2004 and held near them: see [`learn`](crate::learn). Enthalpies are those of Turner 2004. They are 0.7 of
    /// the way from there to the result of `rinalmo energy learn TR0.tsv.gz --back 0`, in whole 0.01 kcal/mol.
    pub fn rinalmo2026() -> &'static Self {
        static PARAMETERS: LazyLock<Parameters> = LazyLock::new(|| {
            read::complete(include_str!("../../parameters/rinalmo2026.par")).expect("the built-in file is valid")
        });
        &PARAMETERS
    }

    pub(crate) fn table(&self, table: Table) -> &[Value] {
        &self.tables[table as usize]
    }

    pub(crate) fn table_mut(&mut self, table: Table) -> &mut [Value] {
        &mut self.tables[table as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::letters::{LETTERS, ODD, PAIRS};

    #[test]
    fn an_unknown_letter_is_the_least_favourable() {
        let mismatch = Parameters::turner2004().table(Table::MismatchHairpin);
        let [a, unknown] = [1, 0];
        let row = |first: usize| mismatch[first * LETTERS..][..LETTERS].iter().map(|value| value.energy); // of pair CG
        assert_eq!(row(a).collect::<Vec<_>>(), [-140, -150, -150, -140, -150]);
        assert_eq!(row(unknown).next(), Some(-80));
    }

    #[test]
    fn tables_read_the_same_from_both_strands() {
        let parameters = Parameters::turner2004();
        let (stack, int11) = (parameters.table(Table::Stack), parameters.table(Table::Int11));
        for (outer, inner) in (0..=PAIRS).flat_map(|outer| (0..=PAIRS).map(move |inner| (outer, inner))) {
            assert_eq!(stack[outer * (PAIRS + 1) + inner], stack[inner * (PAIRS + 1) + outer]);
            for (x, y) in (0..LETTERS).flat_map(|x| (0..LETTERS).map(move |y| (x, y))) {
                let at = |outer, inner, x, y| ((outer * (PAIRS + 1) + inner) * LETTERS + x) * LETTERS + y;
                assert_eq!(int11[at(outer, inner, x, y)], int11[at(inner, outer, y, x)]);
            }
        }
    }

    #[test]
    fn what_int22_leaves_out_is_the_least_favourable() {
        let int22 = Parameters::turner2004().table(Table::Int22);
        let at = |index: [usize; 6]| {
            let axes = Table::Int22.axes().iter();
            int22[axes.zip(index).fold(0, |cell, (axis, entry)| cell * axis.len() + entry)].energy
        };
        let largest = (1..LETTERS).map(|letter| at([0, 1, 1, letter, 3, 2])).max();
        assert_eq!(Some(at([0, 1, 1, 0, 3, 2])), largest);
        assert_eq!(Some(at([0, ODD, 1, 4, 3, 2])), (0..PAIRS).map(|inner| at([0, inner, 1, 4, 3, 2])).max());
    }
}
