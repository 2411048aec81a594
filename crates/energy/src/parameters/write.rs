//! Writes parameter files of version 2.0, as ViennaRNA reads them.

use std::fmt::{Display, Formatter, Result};

use super::read::{FORBIDDEN, HEADER};
use super::table::{Axis, LARGEST, Table};
use super::{Parameters, Value};

/// Numbers in a row of a table by sizes.
const ROW: usize = 10;

/// Writes a file of all sections, in the order of ViennaRNA.
impl Display for Parameters {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        writeln!(out, "{HEADER}")?;
        for table in Table::ALL {
            let values = table.cells().into_iter().map(|cell| self.table(table)[cell]);
            write_table(out, table, "", values.clone().map(|value| value.energy))?;
            write_table(out, table, "_enthalpies", values.map(|value| value.enthalpy))?;
        }
        let Self { unpaired, closing, branch, asymmetry, initiation, terminal_au, .. } = self;
        writeln!(out, "\n# ML_params\n/* unpaired base, closing, each branch: energy and enthalpy of each */")?;
        writeln!(out, "{}{}{}", Two(unpaired), Two(closing), Two(branch))?;
        writeln!(out, "\n# NINIO\n/* each base by which the sides differ: energy and enthalpy; largest energy */")?;
        writeln!(out, "{}{}", Two(asymmetry), Number(self.largest_asymmetry))?;
        writeln!(
            out,
            "\n# Misc\n/* two strands, terminal AU, logarithm of long loops: energy and enthalpy of each */"
        )?;
        writeln!(out, "{}{} {:.6} 0", Two(initiation), Two(terminal_au), self.logarithm)?;
        for (section, len) in HAIRPINS {
            writeln!(out, "\n# {section}")?;
            for hairpin in self.hairpins.iter().filter(|hairpin| hairpin.letters.len() == len) {
                writeln!(out, "{}{}", String::from_utf8_lossy(&hairpin.letters), Two(&hairpin.value))?;
            }
        }
        writeln!(out, "\n# END")
    }
}

/// Sections of hairpins that have their own energy, with the number of letters of each.
pub(super) const HAIRPINS: [(&str, usize); 3] = [("Hexaloops", 8), ("Tetraloops", 6), ("Triloops", 5)];

fn write_table(out: &mut Formatter<'_>, table: Table, ending: &str, values: impl Iterator<Item = i32>) -> Result {
    writeln!(out, "\n# {}{ending}", table.name())?;
    let width = match table.axes().last() {
        Some(Axis::Size) => ROW,
        Some(_) if table == Table::Int22 => Axis::Letter.len() - 1,
        Some(axis) => axis.len(),
        None => LARGEST,
    };
    for (at, value) in values.enumerate() {
        if at > 0 && at % width == 0 {
            writeln!(out)?;
        }
        write!(out, "{}", Number(value))?;
    }
    writeln!(out)
}

/// A number in its column. Of the names that ViennaRNA has for numbers, its own reader takes `INF` everywhere that it
/// occurs.
struct Number(i32);

impl Display for Number {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        match self.0 {
            FORBIDDEN => write!(out, "    INF"),
            value => write!(out, " {value:>6}"),
        }
    }
}

/// Energy and enthalpy.
struct Two<'a>(&'a Value);

impl Display for Two<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        write!(out, "{}{}", Number(self.0.energy), Number(self.0.enthalpy))
    }
}
