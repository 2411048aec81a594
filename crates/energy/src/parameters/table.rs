//! The tables of a parameter file: their names and axes.

use crate::letters::{LETTERS, ODD, PAIRS, UNKNOWN};

/// Most unpaired bases of a loop whose size has its own energy in the tables.
pub(crate) const LARGEST: usize = 30;

/// What an axis of a table counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Axis {
    /// Kinds of pairs, see [`crate::letters`]; the last stands for all letters that do not pair.
    Pair,
    /// Letters, see [`crate::letters`]; the first stands for all unknown letters.
    Letter,
    /// Unpaired bases of a loop.
    Size,
}

impl Axis {
    pub const fn len(self) -> usize {
        match self {
            Self::Pair => PAIRS + 1,
            Self::Letter => LETTERS,
            Self::Size => LARGEST + 1,
        }
    }

    /// The entry that stands for several others, and these.
    fn summary(self) -> Option<(usize, std::ops::Range<usize>)> {
        match self {
            Self::Pair => Some((ODD, 0..PAIRS)),
            Self::Letter => Some((UNKNOWN as usize, 1..LETTERS)),
            Self::Size => None,
        }
    }
}

use Axis::{Letter, Pair, Size};

/// A table of energies, in the order of the file.
///
/// Letters are indexed in order around the loop: `[kind][i + 1][j - 1]` for the letters inside a pair,
/// `[kind][i - 1][j + 1]` for those outside. The inner of two pairs is read from the other strand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Table {
    /// `[outer][inner]`, as in all tables of two pairs.
    Stack,
    MismatchHairpin,
    MismatchInternal,
    MismatchInternal1n,
    MismatchInternal23,
    MismatchMulti,
    MismatchExterior,
    Dangle5,
    Dangle3,
    /// One unpaired base on each side: `[outer][inner][i + 1][j - 1]`.
    Int11,
    /// One on the left, two on the right: `[outer][inner][i + 1][q + 1][j - 1]`.
    Int21,
    /// Two on each side: `[outer][inner][i + 1][p - 1][q + 1][j - 1]`.
    Int22,
    /// By the number of unpaired bases; the next two also.
    Hairpin,
    Bulge,
    Internal,
}

impl Table {
    pub const ALL: [Self; 15] = [
        Self::Stack,
        Self::MismatchHairpin,
        Self::MismatchInternal,
        Self::MismatchInternal1n,
        Self::MismatchInternal23,
        Self::MismatchMulti,
        Self::MismatchExterior,
        Self::Dangle5,
        Self::Dangle3,
        Self::Int11,
        Self::Int21,
        Self::Int22,
        Self::Hairpin,
        Self::Bulge,
        Self::Internal,
    ];

    /// The name of its section.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stack => "stack",
            Self::MismatchHairpin => "mismatch_hairpin",
            Self::MismatchInternal => "mismatch_internal",
            Self::MismatchInternal1n => "mismatch_internal_1n",
            Self::MismatchInternal23 => "mismatch_internal_23",
            Self::MismatchMulti => "mismatch_multi",
            Self::MismatchExterior => "mismatch_exterior",
            Self::Dangle5 => "dangle5",
            Self::Dangle3 => "dangle3",
            Self::Int11 => "int11",
            Self::Int21 => "int21",
            Self::Int22 => "int22",
            Self::Hairpin => "hairpin",
            Self::Bulge => "bulge",
            Self::Internal => "internal",
        }
    }

    pub const fn axes(self) -> &'static [Axis] {
        match self {
            Self::Stack => &[Pair, Pair],
            Self::Dangle5 | Self::Dangle3 => &[Pair, Letter],
            Self::Int11 => &[Pair, Pair, Letter, Letter],
            Self::Int21 => &[Pair, Pair, Letter, Letter, Letter],
            Self::Int22 => &[Pair, Pair, Letter, Letter, Letter, Letter],
            Self::Hairpin | Self::Bulge | Self::Internal => &[Size],
            _ => &[Pair, Letter, Letter],
        }
    }

    /// Numbers of the whole table.
    pub fn len(self) -> usize {
        self.axes().iter().map(|axis| axis.len()).product()
    }

    /// Positions in the whole table of the numbers that a file has. A file lists int22 without the entries that stand
    /// for several others.
    pub fn cells(self) -> Vec<usize> {
        let kept = |axis: &Axis| match axis.summary() {
            Some((_, kept)) if self == Self::Int22 => kept,
            _ => 0..axis.len(),
        };
        self.axes().iter().fold(vec![0], |cells, axis| {
            cells.iter().flat_map(|cell| kept(axis).map(move |entry| cell * axis.len() + entry)).collect()
        })
    }

    /// Where an entry is on each axis.
    pub fn index(self, cell: usize) -> Vec<usize> {
        let mut stride = self.len();
        let entry = |axis: &Axis| {
            stride /= axis.len();
            cell / stride % axis.len()
        };
        self.axes().iter().map(entry).collect()
    }

    /// The entry at this place on each axis.
    pub fn cell(self, index: &[usize]) -> usize {
        self.axes().iter().zip(index).fold(0, |cell, (axis, entry)| cell * axis.len() + entry)
    }

    /// Fills the entries that stand for several others with the least favourable of these.
    pub fn fill_summaries(self, values: &mut [i32]) {
        self.fill(|_| true, values);
    }

    /// As [`Table::fill_summaries`], only along axes of this kind.
    pub fn fill_summaries_of(self, kind: Axis, values: &mut [i32]) {
        self.fill(|axis| axis == kind, values);
    }

    fn fill(self, along: impl Fn(Axis) -> bool, values: &mut [i32]) {
        let mut stride = values.len();
        for &axis in self.axes() {
            let block = stride;
            stride = block / axis.len();
            let Some((entry, others)) = axis.summary().filter(|_| along(axis)) else { continue };
            for values in values.chunks_exact_mut(block) {
                for cell in 0..stride {
                    let largest = others.clone().map(|other| values[other * stride + cell]).max();
                    values[entry * stride + cell] = largest.expect("an axis has several entries");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_fewer_numbers_of_int22_only() {
        let fewer = Table::ALL.into_iter().filter(|table| table.cells().len() != table.len());
        assert_eq!(fewer.collect::<Vec<_>>(), [Table::Int22]);
        assert_eq!(Table::Int22.cells().len(), 36 * 256);
        assert_eq!(Table::Int21.cells(), (0..49 * 125).collect::<Vec<_>>());
    }
}
