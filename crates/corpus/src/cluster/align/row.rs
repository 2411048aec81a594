//! One antidiagonal of the table, all of whose cells are computed at once.

use std::ops::{Add, Sub};

use super::{GAP_EXTEND, GAP_OPEN, MATCH, MISMATCH};

/// Below every score that can occur.
pub(super) const NEVER: i16 = -16_000;
// What a cell stores for the traceback: where its score came from, and whether its gaps were open before.
pub(super) const FROM_PAIR: u8 = 1;
pub(super) const FROM_GAP_IN_B: u8 = 2;
pub(super) const FROM_GAP_IN_A: u8 = 3;
pub(super) const GAP_IN_B_CONTINUES: u8 = 4;
pub(super) const GAP_IN_A_CONTINUES: u8 = 8;

/// An integer type wide enough for the scores.
pub(super) trait Score:
    Copy + PartialOrd + From<i16> + Into<i32> + Add<Output = Self> + Sub<Output = Self>
{
}
impl Score for i16 {}
impl Score for i32 {}

/// What one antidiagonal reads: both sequences, and the cells one base of `a`, one base of `b`, and one of each before.
pub(super) struct Row<S, const W: usize> {
    pub a: [u8; W],
    pub b: [u8; W],
    /// `H` and `E` at (x − 1, y).
    pub before_in_a: ([S; W], [S; W]),
    /// `H` and `F` at (x, y − 1).
    pub before_in_b: ([S; W], [S; W]),
    /// `H` at (x − 1, y − 1).
    pub before_in_both: [S; W],
}

/// What it computes.
pub(super) struct Cells<S, const W: usize> {
    pub h: [S; W],
    pub e: [S; W],
    pub f: [S; W],
    pub trace: [u8; W],
}

impl<S: Score, const W: usize> Row<S, W> {
    /// `E = max(H(x−1, y) − open, E(x−1, y) − extend)`, F likewise along y, `H = max(floor, H(x−1, y−1) + s, E, F)`,
    /// the floor being 0 as long as alignments may begin.
    #[inline(always)]
    pub(super) fn cells(&self, floor: S) -> Cells<S, W> {
        let (open, extend) = (S::from(GAP_OPEN), S::from(GAP_EXTEND));
        let none = [floor; W];
        let mut cells = Cells { h: none, e: none, f: none, trace: [0; W] };
        for lane in 0..W {
            let (e_open, e_on) = (self.before_in_a.0[lane] - open, self.before_in_a.1[lane] - extend);
            let (f_open, f_on) = (self.before_in_b.0[lane] - open, self.before_in_b.1[lane] - extend);
            let (e, f) = (larger(e_open, e_on), larger(f_open, f_on));
            let equal = self.a[lane] == self.b[lane];
            let pair = self.before_in_both[lane] + S::from(if equal { MATCH } else { MISMATCH });
            let h = larger(larger(pair, floor), larger(e, f));
            let from_gap = if h == e { FROM_GAP_IN_B } else { FROM_GAP_IN_A };
            let from = if h == pair { FROM_PAIR } else { from_gap };
            let from = if h == floor { 0 } else { from };
            let e_goes_on = if e_on > e_open { GAP_IN_B_CONTINUES } else { 0 };
            let f_goes_on = if f_on > f_open { GAP_IN_A_CONTINUES } else { 0 };
            cells.trace[lane] = from | e_goes_on | f_goes_on;
            (cells.h[lane], cells.e[lane], cells.f[lane]) = (h, e, f);
        }
        cells
    }
}

#[inline(always)]
pub(super) fn larger<S: PartialOrd>(a: S, b: S) -> S {
    if a > b { a } else { b }
}
