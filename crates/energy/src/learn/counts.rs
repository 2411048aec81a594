//! How often loops read each number of the model. What is read is what [`Energies`](crate::energies::Energies) adds up.

use super::layout::{Layout, Single};
use crate::letters::{END, LETTERS, PAIRS, kind};
use crate::parameters::table::{LARGEST, Table};

/// A sequence, and counts for it.
pub(super) struct Counter<'a> {
    pub layout: &'a Layout,
    /// Codes of the letters.
    pub letters: Vec<u8>,
    /// By [`Layout`].
    pub counts: Vec<f64>,
}

impl Counter<'_> {
    fn read(&mut self, table: Table, cell: usize, times: f64) {
        self.counts[self.layout.cell(table, cell)] += times;
    }

    fn single(&mut self, single: Single, times: f64) {
        self.counts[self.layout.single(single)] += times;
    }

    fn kind(&self, i: usize, j: usize) -> usize {
        kind(self.letters[i], self.letters[j])
    }

    /// The end of a helix.
    fn terminal(&mut self, kind: usize, times: f64) {
        if kind > 1 {
            self.single(Single::TerminalAu, times);
        }
    }

    fn mismatch(&mut self, table: Table, kind: usize, [x, y]: [u8; 2], times: f64) {
        self.read(table, (kind * LETTERS + x as usize) * LETTERS + y as usize, times);
    }

    /// A pair next to unpaired or paired bases outside it.
    fn outer(&mut self, table: Table, kind: usize, five: u8, three: u8, times: f64) {
        match (five, three) {
            (END, END) => {}
            (five, END) => self.read(Table::Dangle5, kind * LETTERS + five as usize, times),
            (END, three) => self.read(Table::Dangle3, kind * LETTERS + three as usize, times),
            (five, three) => self.mismatch(table, kind, [five, three], times),
        }
        self.terminal(kind, times);
    }

    /// The letters before `i` and after `j`.
    fn beside(&self, i: usize, j: usize) -> [u8; 2] {
        let before = i.checked_sub(1).map(|at| self.letters[at]);
        [before.unwrap_or(END), self.letters.get(j + 1).copied().unwrap_or(END)]
    }

    pub fn hairpin(&mut self, i: usize, j: usize, times: f64) {
        if let Some(at) = self.layout.hairpin(&self.letters[i..=j]) {
            self.counts[at] += times;
            return;
        }
        let (kind, size) = (self.kind(i, j), j - i - 1);
        self.read(Table::Hairpin, size.min(LARGEST), times);
        match size {
            3 => self.terminal(kind, times),
            _ => self.mismatch(Table::MismatchHairpin, kind, [self.letters[i + 1], self.letters[j - 1]], times),
        }
    }

    /// The loop between `(i, j)` and `(p, q)`.
    pub fn internal(&mut self, [i, j]: [usize; 2], [p, q]: [usize; 2], times: f64) {
        let (outer, inner) = (self.kind(i, j), self.kind(q, p));
        let (left, right) = (p - i - 1, j - q - 1);
        let stack = outer * (PAIRS + 1) + inner;
        match (left.min(right), left.max(right)) {
            (0, 0) => self.read(Table::Stack, stack, times),
            (0, 1) => {
                self.read(Table::Bulge, 1, times);
                self.read(Table::Stack, stack, times);
            }
            (0, size) => {
                self.read(Table::Bulge, size, times);
                self.terminal(outer, times);
                self.terminal(inner, times);
            }
            (1, 1) => self.of_letters(Table::Int11, [outer, inner], &[i + 1, j - 1], times),
            (1, 2) if left == 1 => self.of_letters(Table::Int21, [outer, inner], &[i + 1, q + 1, j - 1], times),
            (1, 2) => self.of_letters(Table::Int21, [inner, outer], &[q + 1, i + 1, p - 1], times),
            (2, 2) => self.of_letters(Table::Int22, [outer, inner], &[i + 1, p - 1, q + 1, j - 1], times),
            (less, more) => {
                let table = match (less, more) {
                    (1, _) => Table::MismatchInternal1n,
                    (2, 3) => Table::MismatchInternal23,
                    _ => Table::MismatchInternal,
                };
                self.read(Table::Internal, left + right, times);
                if more - less < self.layout.widest_asymmetry {
                    self.single(Single::Asymmetry, (more - less) as f64 * times);
                }
                self.mismatch(table, outer, [self.letters[i + 1], self.letters[j - 1]], times);
                self.mismatch(table, inner, [self.letters[q + 1], self.letters[p - 1]], times);
            }
        }
    }

    fn of_letters(&mut self, table: Table, pairs: [usize; 2], positions: &[usize], times: f64) {
        let first = pairs[0] * (PAIRS + 1) + pairs[1];
        let cell = positions.iter().fold(first, |cell, &at| cell * LETTERS + self.letters[at] as usize);
        self.read(table, cell, times);
    }

    /// A branch of the exterior loop.
    pub fn exterior(&mut self, i: usize, j: usize, times: f64) {
        let [five, three] = self.beside(i, j);
        self.outer(Table::MismatchExterior, self.kind(i, j), five, three, times);
    }

    /// A branch of a multiloop.
    pub fn branch(&mut self, i: usize, j: usize, times: f64) {
        let [five, three] = self.beside(i, j);
        self.outer(Table::MismatchMulti, self.kind(i, j), five, three, times);
        self.single(Single::Branch, times);
    }

    /// The pair that closes a multiloop, which is also a branch of it.
    pub fn multiloop(&mut self, i: usize, j: usize, times: f64) {
        let (five, three) = (self.letters[j - 1], self.letters[i + 1]);
        self.outer(Table::MismatchMulti, self.kind(j, i), five, three, times);
        self.single(Single::Branch, times);
        self.single(Single::Closing, times);
    }

    /// Unpaired bases of multiloops.
    pub fn unpaired(&mut self, times: f64) {
        self.single(Single::Unpaired, times);
    }
}
