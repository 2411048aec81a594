//! All numbers of an energy model in one row.

use std::collections::HashMap;

use crate::energies::smooth;
use crate::letters::{ODD, PAIRS, UNKNOWN, code};
use crate::parameters::table::{Axis, Table};
use crate::parameters::{FORBIDDEN, Parameters};

/// The numbers that no table has, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Single {
    Unpaired,
    Closing,
    Branch,
    Asymmetry,
    TerminalAu,
}

const SINGLES: usize = 5;

/// Where each number is.
pub(super) struct Layout {
    starts: [usize; Table::ALL.len()],
    singles: usize,
    len: usize,
    /// By the codes of their letters.
    hairpins: HashMap<Vec<u8>, usize>,
    /// The number that must be the same, as tables of two pairs are read from both strands.
    mirror: Vec<usize>,
    learned: Vec<bool>,
    /// Bases of difference from which the sides of an internal loop cost no more.
    pub widest_asymmetry: usize,
}

impl Layout {
    pub fn new(parameters: &Parameters) -> Self {
        let mut starts = [0; Table::ALL.len()];
        let mut singles = 0;
        for table in Table::ALL {
            starts[table as usize] = singles;
            singles += table.len();
        }
        let special = parameters.hairpins.iter().map(|hairpin| hairpin.letters.iter().map(|&letter| code(letter)));
        let first = singles + SINGLES;
        let hairpins = special.enumerate().map(|(at, letters)| (letters.collect(), first + at)).collect();
        let slope = parameters.asymmetry.energy.max(1);
        let mut layout = Self {
            starts,
            singles,
            len: first + parameters.hairpins.len(),
            hairpins,
            mirror: Vec::new(),
            learned: Vec::new(),
            widest_asymmetry: (parameters.largest_asymmetry / slope).max(0) as usize,
        };
        layout.mirror = (0..layout.len).collect();
        layout.learned = layout.values(parameters).iter().map(|value| value.abs() < f64::from(FORBIDDEN)).collect();
        for table in [Table::Stack, Table::Int11, Table::Int22] {
            layout.mirror_table(table);
        }
        for table in Table::ALL {
            layout.leave_out_summaries(table);
        }
        layout
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn cell(&self, table: Table, cell: usize) -> usize {
        self.starts[table as usize] + cell
    }

    pub fn single(&self, single: Single) -> usize {
        self.singles + single as usize
    }

    /// The number of a hairpin with these codes of letters, if it has its own.
    pub fn hairpin(&self, letters: &[u8]) -> Option<usize> {
        self.hairpins.get(letters).copied()
    }

    #[cfg(test)]
    pub fn mirror_of(&self, at: usize) -> usize {
        self.mirror[at]
    }

    /// Is the number learned? Not what stands for several others, nor what forbids a loop.
    pub fn is_learned(&self, at: usize) -> bool {
        self.learned[at]
    }

    /// The numbers, in 0.01 kcal/mol.
    pub fn values(&self, parameters: &Parameters) -> Vec<f64> {
        let tables = Table::ALL.into_iter().flat_map(|table| parameters.table(table)).copied();
        let Parameters { unpaired, closing, branch, asymmetry, terminal_au, .. } = parameters;
        let singles = [unpaired, closing, branch, asymmetry, terminal_au].into_iter().copied();
        let hairpins = parameters.hairpins.iter().map(|hairpin| hairpin.value);
        tables.chain(singles).chain(hairpins).map(|value| f64::from(value.energy)).collect()
    }

    /// The parameters with these numbers, and the enthalpies of `start`.
    pub fn parameters(&self, start: &Parameters, values: &[f64]) -> Parameters {
        let mut parameters = start.clone();
        let at = |at: usize| values[at].round() as i32;
        for table in Table::ALL {
            let mut energies: Vec<i32> = (0..table.len()).map(|cell| at(self.cell(table, cell))).collect();
            table.fill_summaries_of(Axis::Letter, &mut energies);
            let numbers = parameters.table_mut(table).iter_mut();
            numbers.zip(energies).for_each(|(number, energy)| number.energy = energy);
        }
        parameters.unpaired.energy = at(self.single(Single::Unpaired));
        parameters.closing.energy = at(self.single(Single::Closing));
        parameters.branch.energy = at(self.single(Single::Branch));
        parameters.asymmetry.energy = at(self.single(Single::Asymmetry));
        parameters.terminal_au.energy = at(self.single(Single::TerminalAu));
        let first = self.singles + SINGLES;
        for (k, hairpin) in parameters.hairpins.iter_mut().enumerate() {
            hairpin.value.energy = at(first + k);
        }
        parameters
    }

    /// From derivatives by energies as loops have them to derivatives by these numbers: numbers that must be equal share
    /// theirs, and those of neighbours that are never unfavourable go through the curve around zero.
    pub fn chain(&self, values: &[f64], gradient: &mut [f64]) {
        for at in 0..self.len {
            let other = self.mirror[at];
            if at < other {
                let mean = (gradient[at] + gradient[other]) / 2.0;
                (gradient[at], gradient[other]) = (mean, mean);
            }
        }
        for table in [Table::MismatchMulti, Table::MismatchExterior, Table::Dangle5, Table::Dangle3] {
            for cell in 0..table.len() {
                let at = self.cell(table, cell);
                gradient[at] *= (smooth(values[at] + 0.5) - smooth(values[at] - 0.5)).max(0.0);
            }
        }
    }

    /// Ties each number of a table of two pairs to that of the loop read from the other strand: the pairs change places,
    /// and so do the two sides.
    fn mirror_table(&mut self, table: Table) {
        for cell in 0..table.len() {
            let mut index = table.index(cell);
            index.swap(0, 1);
            match table {
                Table::Int11 => index.swap(2, 3),
                // [i + 1][p - 1][q + 1][j - 1]: what is next to the outer pair, and to the inner one
                Table::Int22 => {
                    index.swap(2, 4);
                    index.swap(3, 5);
                }
                _ => {}
            }
            self.mirror[self.starts[table as usize] + cell] = self.starts[table as usize] + table.cell(&index);
        }
    }

    fn leave_out_summaries(&mut self, table: Table) {
        for cell in 0..table.len() {
            let summary = table.index(cell).into_iter().zip(table.axes()).any(|(entry, axis)| match axis {
                Axis::Pair => entry == ODD,
                Axis::Letter => entry == UNKNOWN as usize,
                Axis::Size => false,
            });
            if summary {
                self.learned[self.starts[table as usize] + cell] = false;
            }
        }
    }
}

const _: () = assert!(ODD == PAIRS, "the last kind of pair stands for several");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_of_a_model_make_the_same_model() {
        let turner = Parameters::turner2004();
        let layout = Layout::new(turner);
        let values = layout.values(turner);
        assert_eq!((layout.len(), values.len()), (values.len(), layout.len()));
        assert_eq!(&layout.parameters(turner, &values), turner);
    }

    #[test]
    fn numbers_that_are_tied_are_equal_in_turner_2004() {
        let layout = Layout::new(Parameters::turner2004());
        let values = layout.values(Parameters::turner2004());
        let tied = (0..layout.len()).filter(|&at| layout.mirror[at] != at);
        assert!(tied.clone().count() > 9_000);
        for at in tied {
            assert_eq!(layout.mirror[layout.mirror[at]], at);
            assert_eq!(values[at], values[layout.mirror[at]], "number {at}");
        }
    }
}
