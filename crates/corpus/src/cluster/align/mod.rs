//! Local alignment with affine gaps in a band around one diagonal, by antidiagonals.
//!
//! Cells of one antidiagonal do not depend on each other, so each is one pass over short arrays of equal length,
//! which the compiler turns into vector instructions. Scores are those of `mmseqs` for nucleotides: match 2,
//! mismatch −3, a gap of n bases −5 − 2(n − 1).
//!
//! No existing crate fits (2026-11): `block-aligner` chooses its instructions when it
//! is compiled, `bio` and `triple_accel` have no banded local alignment with affine gaps in vectors, and `parasail-rs`
//! needs a C library.

mod band;
mod fill;
mod row;

use std::ops::Range;

use band::Band;
use fill::{Best, Fill};
use row::{FROM_GAP_IN_A, FROM_GAP_IN_B, FROM_PAIR, GAP_IN_A_CONTINUES, GAP_IN_B_CONTINUES};

use super::kmers::NO_BASE;

/// Points for an aligned pair of equal bases.
pub const MATCH: i16 = 2;
/// Points for an aligned pair of other bases.
pub const MISMATCH: i16 = -3;
/// Points a gap's first base costs.
pub const GAP_OPEN: i16 = 5;
/// Points each further base of a gap costs.
pub const GAP_EXTEND: i16 = 2;

/// Longest sum of two lengths for which 16 bits hold every score and every step.
const SHORT: usize = 32_000;

/// A column of an alignment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// A base of each.
    Pair,
    /// A base of the first sequence only.
    OnlyA,
    /// A base of the second sequence only.
    OnlyB,
}

/// The best local alignment of two sequences.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Alignment {
    /// The aligned part of the first sequence.
    pub a: Range<usize>,
    /// The aligned part of the second sequence.
    pub b: Range<usize>,
    /// Columns of two equal bases.
    pub matches: usize,
    /// All columns.
    pub columns: usize,
    /// Points.
    pub score: i32,
}

impl Alignment {
    /// Matches ÷ columns; 0 for an empty alignment.
    pub fn identity(&self) -> f64 {
        if self.columns == 0 { 0.0 } else { self.matches as f64 / self.columns as f64 }
    }
}

/// Aligns within `2 × W` diagonals, keeping its memory between calls.
#[derive(Debug)]
pub struct Aligner<const W: usize> {
    a: Vec<u8>,
    b: Vec<u8>,
    trace: Vec<[u8; W]>,
    columns: Vec<Column>,
}

impl<const W: usize> Default for Aligner<W> {
    fn default() -> Self {
        Self { a: Vec::new(), b: Vec::new(), trace: Vec::new(), columns: Vec::new() }
    }
}

impl<const W: usize> Aligner<W> {
    /// Padding around both sequences, so that a step never reads outside.
    const PAD: usize = 2 * W + 2;

    /// The best alignment of `a` and `b` with `position in a − position in b` within `W` of `diagonal`.
    ///
    /// Sequences are codes: 0…3 for A C G T, anything else matches nothing. `latest` is the last position in each
    /// where an alignment of use to the caller begins: those that begin well after it are not searched for, which
    /// soon ends the work on sequences that have only a part in common.
    pub fn align(&mut self, a: &[u8], b: &[u8], diagonal: isize, latest: (usize, usize)) -> Alignment {
        let Some(band) = Band::new::<W>(a.len(), b.len(), diagonal, latest) else {
            self.columns.clear();
            return Alignment::default();
        };
        self.pad(a, b);
        self.trace.clear();
        self.trace.resize(band.steps, [0; W]);
        // Compiled for each useful instruction set; the results are the same.
        let short = a.len() + b.len() <= SHORT;
        let best = pulp::Arch::new().dispatch(Fill { aligner: self, band, b_len: b.len(), short });
        self.walk_back(a, b, band, best)
    }

    /// The columns of the last alignment, in order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Copies `a`, and `b` backwards, between pads that match nothing.
    fn pad(&mut self, a: &[u8], b: &[u8]) {
        self.a.clear();
        self.a.resize(Self::PAD, NO_BASE);
        self.a.extend_from_slice(a);
        self.a.resize(a.len() + 2 * Self::PAD, NO_BASE);
        self.b.clear();
        self.b.resize(Self::PAD, NO_BASE + 1);
        self.b.extend(b.iter().rev().map(|&code| if code < NO_BASE { code } else { NO_BASE + 1 }));
        self.b.resize(b.len() + 2 * Self::PAD, NO_BASE + 1);
    }

    /// Follows the trace from the best cell back to a score of 0.
    fn walk_back(&mut self, a: &[u8], b: &[u8], band: Band, best: Best) -> Alignment {
        self.columns.clear();
        if best.score == 0 {
            return Alignment::default();
        }
        let (mut step, mut lane) = (best.step as isize, best.lane as isize);
        let (mut x, mut y) = band.cell(best.step as isize, best.lane);
        let (a_end, b_end) = (x as usize + 1, y as usize + 1);
        let mut matches = 0;
        let mut inside: Option<Column> = None;
        while step >= 0 {
            let parity = band.corner(step).0 as isize;
            let cell = self.trace[step as usize][lane as usize];
            let column = inside.or(match cell & 3 {
                FROM_PAIR => Some(Column::Pair),
                FROM_GAP_IN_B => Some(Column::OnlyA),
                FROM_GAP_IN_A => Some(Column::OnlyB),
                _ => None,
            });
            let Some(column) = column else { break };
            self.columns.push(column);
            match column {
                Column::Pair => {
                    let (of_a, of_b) = (a[x as usize], b[y as usize]);
                    matches += usize::from(of_a == of_b && of_a < NO_BASE);
                    (x, y, step) = (x - 1, y - 1, step - 2);
                }
                Column::OnlyA => {
                    inside = (cell & GAP_IN_B_CONTINUES != 0).then_some(column);
                    (x, step, lane) = (x - 1, step - 1, lane - 1 + parity);
                }
                Column::OnlyB => {
                    inside = (cell & GAP_IN_A_CONTINUES != 0).then_some(column);
                    (y, step, lane) = (y - 1, step - 1, lane + parity);
                }
            }
        }
        self.columns.reverse();
        let (a_start, b_start) = ((x + 1) as usize, (y + 1) as usize);
        Alignment { a: a_start..a_end, b: b_start..b_end, matches, columns: self.columns.len(), score: best.score }
    }
}

/// Bases that face each other at `position in a − position in b = diagonal`, and how many of those are equal.
pub fn along_diagonal(a: &[u8], b: &[u8], diagonal: isize) -> (usize, usize) {
    let a = a.get(diagonal.max(0) as usize..).unwrap_or_default();
    let b = b.get((-diagonal).max(0) as usize..).unwrap_or_default();
    let overlap = a.len().min(b.len());
    let (a, b) = (&a[..overlap], &b[..overlap]);
    // Counts of at most 128 fit into bytes, and a vector holds more bytes than wider numbers.
    let equal = a.chunks(128).zip(b.chunks(128)).map(|(a, b)| {
        let equal = a.iter().zip(b).map(|(&a, &b)| u8::from(a == b && a < NO_BASE)).sum::<u8>();
        usize::from(equal)
    });
    (overlap, equal.sum())
}
