//! Energies of loops at one temperature, from [`Parameters`]: `G(T) = H - (H - G(37 °C)) · T / 37 °C` in kelvin.
//!
//! ViennaRNA computes structures in whole numbers of 0.01 kcal/mol, and partition functions without rounding. Results
//! here must be comparable, so there are two ways to round.

use crate::conditions::{Conditions, Dangles};
use crate::letters::{END, LETTERS, ODD, PAIRS};
use crate::parameters::table::{LARGEST, Table};
use crate::parameters::{FORBIDDEN, Parameters, Value};

/// How energies are rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rounding {
    /// To whole numbers of 0.01 kcal/mol, towards zero.
    Whole,
    /// Not at all.
    Exact,
}

impl Rounding {
    pub fn round(self, energy: f64) -> f64 {
        match self {
            Self::Whole => energy.trunc(),
            Self::Exact => energy,
        }
    }

    /// The energy of a neighbour, which is never positive. In partition functions ViennaRNA replaces the kink at 0 by a
    /// curve, so that energies can be differentiated by temperature.
    fn favourable(self, energy: f64) -> f64 {
        match self {
            Self::Whole => energy.trunc().min(0.0),
            Self::Exact => smooth(energy),
        }
    }
}

/// Energies in 0.01 kcal/mol. Tables have the axes of [`Table`].
#[derive(Clone, Debug)]
pub(crate) struct Energies {
    rounding: Rounding,
    dangles: Dangles,
    tables: [Vec<f64>; Table::ALL.len()],
    pub unpaired: f64,
    pub closing: f64,
    pub branch: f64,
    /// Of two strands that meet.
    pub initiation: f64,
    asymmetry: f64,
    largest_asymmetry: f64,
    terminal_au: f64,
    /// Coefficient of `ln(size / 30)` for larger loops.
    pub logarithm: f64,
    /// Hairpins with their own energy, as codes of letters, closing pair included.
    pub hairpins: Vec<(Vec<u8>, f64)>,
}

impl Energies {
    pub fn new(parameters: &Parameters, conditions: Conditions, rounding: Rounding) -> Self {
        let relative = conditions.relative();
        let scaled = |value: &Value| {
            let [energy, enthalpy] = [f64::from(value.energy), f64::from(value.enthalpy)];
            enthalpy - (enthalpy - energy) * relative
        };
        let rounded = |value: &Value| rounding.round(scaled(value));
        let table = |table: Table| {
            let values = parameters.table(table).iter();
            match table {
                Table::MismatchMulti | Table::MismatchExterior | Table::Dangle5 | Table::Dangle3 => {
                    values.map(|value| rounding.favourable(scaled(value))).collect()
                }
                _ => values.map(rounded).collect(),
            }
        };
        let codes = |letters: &[u8]| letters.iter().map(|&letter| crate::letters::code(letter)).collect();
        let hairpins = parameters.hairpins.iter();
        Self {
            rounding,
            dangles: conditions.dangles,
            tables: Table::ALL.map(table),
            unpaired: rounded(&parameters.unpaired),
            closing: rounded(&parameters.closing),
            branch: rounded(&parameters.branch),
            initiation: rounded(&parameters.initiation),
            asymmetry: rounded(&parameters.asymmetry),
            largest_asymmetry: f64::from(parameters.largest_asymmetry),
            terminal_au: rounded(&parameters.terminal_au),
            logarithm: parameters.logarithm * relative,
            hairpins: hairpins.map(|hairpin| (codes(&hairpin.letters), rounded(&hairpin.value))).collect(),
        }
    }

    pub fn table(&self, table: Table) -> &[f64] {
        &self.tables[table as usize]
    }

    /// Of a number of unpaired bases in a hairpin, bulge or internal loop.
    pub fn size(&self, table: Table, size: usize) -> f64 {
        let of_largest = self.table(table)[LARGEST];
        match self.table(table).get(size) {
            Some(&energy) => energy,
            None => of_largest + self.rounding.round(self.logarithm * (size as f64 / LARGEST as f64).ln()),
        }
    }

    /// Of one side of an internal loop having this many `more` bases than the other.
    pub fn asymmetry(&self, more: usize) -> f64 {
        self.largest_asymmetry.min(self.asymmetry * more as f64)
    }

    /// Of the pair at the end of a helix.
    pub fn terminal(&self, kind: usize) -> f64 {
        if kind > 1 { self.terminal_au } else { 0.0 }
    }

    pub fn stack(&self, outer: usize, inner: usize) -> f64 {
        self.table(Table::Stack)[outer * (PAIRS + 1) + inner]
    }

    /// Of the letters next to a pair.
    pub fn mismatch(&self, table: Table, kind: usize, x: usize, y: usize) -> f64 {
        self.table(table)[(kind * LETTERS + x) * LETTERS + y]
    }

    /// Of the letters `five` and `three` outside a pair, in the kind of loop that `table` is for. They may be [`END`];
    /// the other one then counts as a dangling end.
    pub fn outer(&self, table: Table, kind: usize, five: u8, three: u8) -> f64 {
        let dangle = |table: Table, letter: u8| self.table(table)[kind * LETTERS + letter as usize];
        match (self.dangles, five, three) {
            (Dangles::None, ..) | (_, END, END) => 0.0,
            (_, five, END) => dangle(Table::Dangle5, five),
            (_, END, three) => dangle(Table::Dangle3, three),
            (_, five, three) => self.mismatch(table, kind, five as usize, three as usize),
        }
    }

    /// Of the hairpin with these letters, closing pair included.
    pub fn hairpin(&self, kind: usize, letters: &[u8]) -> f64 {
        let [_, x, .., y, _] = letters else { return f64::from(FORBIDDEN) };
        if let Some((_, energy)) = self.hairpins.iter().find(|(special, _)| special == letters) {
            return *energy;
        }
        let size = letters.len() - 2;
        let end = match size {
            3 => self.terminal(kind),
            _ => self.mismatch(Table::MismatchHairpin, kind, *x as usize, *y as usize),
        };
        self.size(Table::Hairpin, size) + end
    }

    /// Of the loop between two pairs: the letters from the outer pair's first base to the inner pair's, and from the
    /// inner pair's second base to the outer pair's.
    pub fn internal(&self, [outer, inner]: [usize; 2], left: &[u8], right: &[u8]) -> f64 {
        let (sizes, at) = ([left.len() - 2, right.len() - 2], |side: &[u8], k: usize| side[k] as usize);
        let [x, v] = [at(left, 1), at(left, left.len() - 2)];
        let [w, y] = [at(right, 1), at(right, right.len() - 2)];
        let cell = |table: Table, pairs: [usize; 2], letters: &[usize]| {
            let first = pairs[0] * (PAIRS + 1) + pairs[1];
            self.table(table)[letters.iter().fold(first, |cell, letter| cell * LETTERS + letter)]
        };
        let size = sizes[0] + sizes[1];
        let general = |mismatch: Table| {
            let by_sizes = self.size(Table::Internal, size) + self.asymmetry(sizes[0].abs_diff(sizes[1]));
            by_sizes + (self.mismatch(mismatch, outer, x, y) + self.mismatch(mismatch, inner, w, v))
        };
        match (sizes[0].min(sizes[1]), sizes[0].max(sizes[1])) {
            (0, 0) => self.stack(outer, inner),
            (0, 1) => self.size(Table::Bulge, 1) + self.stack(outer, inner),
            (0, _) => self.size(Table::Bulge, size) + (self.terminal(outer) + self.terminal(inner)),
            (1, 1) => cell(Table::Int11, [outer, inner], &[x, y]),
            (1, 2) if sizes[0] == 1 => cell(Table::Int21, [outer, inner], &[x, w, y]),
            (1, 2) => cell(Table::Int21, [inner, outer], &[w, x, v]),
            (1, _) => general(Table::MismatchInternal1n),
            (2, 2) => cell(Table::Int22, [outer, inner], &[x, v, w, y]),
            (2, 3) => general(Table::MismatchInternal23),
            _ => general(Table::MismatchInternal),
        }
    }

    /// Of a pair as a branch of a multiloop, also of the closing one, read from the other strand.
    pub fn branch(&self, kind: usize, five: u8, three: u8) -> f64 {
        self.outer(Table::MismatchMulti, kind, five, three) + (self.terminal(kind) + self.branch)
    }

    /// Of a pair as a branch of the exterior loop.
    pub fn exterior(&self, kind: usize, five: u8, three: u8) -> f64 {
        self.outer(Table::MismatchExterior, kind, five, three) + self.terminal(kind)
    }
}

/// The kind of a pair read from the other strand.
pub(crate) fn reversed(kind: usize) -> usize {
    if kind == ODD { ODD } else { kind ^ 1 }
}

/// ViennaRNA's curve around zero: the energy itself below -8.66, zero above 12.28. It is rounded to the 0.00001
/// kcal/mol that [`Ensemble::new`](crate::Ensemble::new) has always had at zero, so that features of trained models stay
/// the same to the bit.
pub(crate) fn smooth(energy: f64) -> f64 {
    let favour = -energy / 10.0;
    if favour < -1.2283697 {
        return 0.0;
    }
    if favour > 0.8660254 {
        return energy;
    }
    let curve = 10.0 * 0.38490018 * ((favour - 0.34242663).sin() + 1.0).powi(2);
    -(curve * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_curve_meets_what_it_replaces() {
        for energy in [-8.6602, 12.283] {
            assert!((smooth(energy) - energy.min(0.0)).abs() < 1e-3, "{}", smooth(energy));
        }
        assert_eq!((smooth(0.0), smooth(-30.0), smooth(50.0)), (-1.698, -30.0, 0.0));
    }

    #[test]
    fn at_37_degrees_energies_are_those_of_the_file() {
        let parameters = Parameters::turner2004();
        let conditions = Conditions::default();
        for rounding in [Rounding::Whole, Rounding::Exact] {
            let energies = Energies::new(parameters, conditions, rounding);
            for table in [Table::Stack, Table::Int22, Table::Hairpin] {
                let values = parameters.table(table).iter().map(|value| f64::from(value.energy));
                assert!(energies.table(table).iter().copied().eq(values));
            }
        }
    }
}
