//! The cells of an alignment that are computed, by steps and lanes.

use super::row::{NEVER, Score};

/// The cells that lie in the band: `position in a − position in b` is `low + 2 lane + parity`, and their sum the step.
#[derive(Clone, Copy)]
pub(super) struct Band {
    low: isize,
    first: isize,
    pub steps: usize,
    /// The steps in which an alignment may begin.
    pub beginnings: usize,
}

impl Band {
    /// `None` if no cell of the band is within the sequences.
    pub(super) fn new<const W: usize>(a: usize, b: usize, diagonal: isize, latest: (usize, usize)) -> Option<Self> {
        let latest = (latest.0.min(a) as isize, latest.1.min(b) as isize);
        let (a, b, width) = (a as isize, b as isize, W as isize);
        let (low, high) = (diagonal - width, diagonal + width - 1);
        if a == 0 || b == 0 || low > a - 1 || high < 1 - b {
            return None;
        }
        let first = if low > 0 { low } else { (-high).max(0) };
        let longest = (a - b).clamp(low, high);
        let last = (2 * (a - 1) - longest).min(2 * (b - 1) + longest);
        let sooner = (latest.0 - latest.1).clamp(low, high);
        let beginnings = (2 * latest.0 - sooner).min(2 * latest.1 + sooner) - first + 1;
        let (steps, beginnings) = ((last - first + 1).max(0) as usize, beginnings.max(0) as usize);
        (beginnings > 0).then_some(Self { low, first, steps, beginnings })
    }

    /// Parity of a step, and the place of its lane 0 in both sequences; in the next lane they are one on and one back.
    #[inline(always)]
    pub(super) fn corner(self, step: isize) -> (usize, isize, isize) {
        let sum = self.first + step;
        let parity = (sum - self.low) & 1;
        let difference = self.low + parity;
        (parity as usize, (sum + difference) >> 1, (sum - difference) >> 1)
    }

    pub(super) fn cell(self, step: isize, lane: usize) -> (isize, isize) {
        let (_, x, y) = self.corner(step);
        (x + lane as isize, y - lane as isize)
    }

    /// Before `step`, clears what could still begin in cells outside the sequences.
    pub(super) fn close<S: Score>(self, step: usize, scores: &mut [Vec<S>; 2]) {
        for step in [step as isize - 1, step as isize - 2] {
            let scores = &mut scores[self.corner(step).0];
            for lane in 0..scores.len() - 2 {
                let (x, y) = self.cell(step, lane);
                scores[lane + 1] = if x < 0 || y < 0 { S::from(NEVER) } else { scores[lane + 1] };
            }
        }
    }
}
