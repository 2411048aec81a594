//! Fills the table of an alignment, antidiagonal by antidiagonal.

use super::Aligner;
use super::band::Band;
use super::row::{NEVER, Row, Score, larger};

/// Points that an alignment may fall below its best before it is dropped; some thirty mismatches in a row cost as much.
const DROP: i32 = 100;
/// Steps between two checks of [`DROP`].
const LOOK: usize = 32;

/// The cell with the best score.
pub(super) struct Best {
    pub(super) score: i32,
    pub(super) step: usize,
    pub(super) lane: usize,
}

/// The work that is compiled for several instruction sets.
pub(super) struct Fill<'a, const W: usize> {
    pub(super) aligner: &'a mut Aligner<W>,
    pub(super) band: Band,
    pub(super) b_len: usize,
    pub(super) short: bool,
}

impl<const W: usize> pulp::WithSimd for Fill<'_, W> {
    type Output = Best;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> Best {
        if self.short {
            self.aligner.fill::<i16>(self.band, self.b_len)
        } else {
            self.aligner.fill::<i32>(self.band, self.b_len)
        }
    }
}

impl<const W: usize> Aligner<W> {
    #[inline(always)]
    fn fill<S: Score>(&mut self, band: Band, b_len: usize) -> Best {
        // Index 1 + lane; the ends stand for the diagonals outside the band. One set a parity of the step.
        let mut h = [vec![S::from(0); W + 2], vec![S::from(0); W + 2]];
        for scores in &mut h {
            (scores[0], scores[W + 1]) = (S::from(NEVER), S::from(NEVER));
        }
        let (mut e, mut f) = (h.clone(), h.clone());
        for scores in e.iter_mut().chain(&mut f) {
            scores.fill(S::from(NEVER));
        }
        let mut best = [[S::from(0); W]; 2];
        let mut best_at = [[S::from(0); W]; 2];
        let mut at = S::from(0);
        for (step, trace) in self.trace.iter_mut().enumerate() {
            let floor = S::from(if step < band.beginnings { 0 } else { NEVER });
            if step == band.beginnings {
                band.close(step, &mut h);
                for gap in e.iter_mut().chain(&mut f).flatten() {
                    *gap = if *gap > S::from(0) { *gap } else { S::from(NEVER) };
                }
            }
            let (parity, x, y) = band.corner(step as isize);
            let a_from = (Self::PAD as isize + x) as usize;
            let b_from = (Self::PAD as isize + b_len as isize - 1 - y) as usize;
            let row = Row {
                a: array(&self.a, a_from),
                b: array(&self.b, b_from),
                before_in_a: (array(&h[1 - parity], parity), array(&e[1 - parity], parity)),
                before_in_b: (array(&h[1 - parity], parity + 1), array(&f[1 - parity], parity + 1)),
                before_in_both: array(&h[parity], 1),
            };
            let cells = row.cells(floor);
            h[parity][1..=W].copy_from_slice(&cells.h);
            e[parity][1..=W].copy_from_slice(&cells.e);
            f[parity][1..=W].copy_from_slice(&cells.f);
            *trace = cells.trace;
            let (mut highest, mut at_step) = (best[parity], best_at[parity]);
            for lane in 0..W {
                at_step[lane] = if cells.h[lane] > highest[lane] { at } else { at_step[lane] };
                highest[lane] = larger(cells.h[lane], highest[lane]);
            }
            (best[parity], best_at[parity]) = (highest, at_step);
            at = at + S::from(1);
            if step >= band.beginnings && step % LOOK == 0 && hopeless(&h, &best) {
                break;
            }
        }
        let cells = (0..2).flat_map(|parity| (0..W).map(move |lane| (parity, lane)));
        let mut top = Best { score: 0, step: 0, lane: 0 };
        for (parity, lane) in cells {
            let (score, step) = (best[parity][lane].into(), best_at[parity][lane].into() as usize);
            if score > top.score || (score == top.score && score > 0 && (step, lane) < (top.step, top.lane)) {
                top = Best { score, step, lane };
            }
        }
        top
    }
}

/// Whether no alignment under way can become better than the best one before it is given up.
#[inline(always)]
fn hopeless<S: Score, const W: usize>(h: &[Vec<S>; 2], best: &[[S; W]; 2]) -> bool {
    let highest = |scores: &[S]| scores.iter().copied().fold(S::from(NEVER), larger).into();
    let now: i32 = highest(&h[0]).max(highest(&h[1]));
    let ever: i32 = highest(&best[0]).max(highest(&best[1]));
    now <= 0 || now < ever - DROP
}

#[inline(always)]
fn array<T: Copy, const W: usize>(from: &[T], start: usize) -> [T; W] {
    from[start..start + W].try_into().expect("the range has W places")
}
