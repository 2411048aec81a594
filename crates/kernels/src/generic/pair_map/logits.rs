//! The last pass: the last block's result, which is not stored, and its convolution to one channel.

use super::{Input, Scratch, Size, add_normed, pixels};
use crate::Level;
use crate::generic::cell::Cell;
use crate::generic::filter::{Convolve, Filter, Lines};
use crate::generic::instance_norm::CHUNK;
use crate::generic::{Kernel, Lanes};
use crate::instance_norm::Norm;

/// The last block's result, and its k × k convolution to one channel, right of the diagonal.
pub(crate) struct Logits<'a, T> {
    pub level: Level,
    pub size: Size,
    /// The last block's input.
    pub input: Input<'a, T>,
    /// The output of its last convolution, if there is a block.
    pub inner: Option<(&'a [T], &'a Norm)>,
    /// A 1 × 1 convolution to as many channels as the last convolution has taps: what a pixel adds to each of its
    /// neighbours.
    pub filter: Filter<'a, T>,
    /// Side of the last convolution.
    pub kernel: usize,
    /// Its bias.
    pub bias: f32,
    /// The band's first row.
    pub first: usize,
    /// The band, `[rows, len]`.
    pub out: &'a mut [f32],
    pub scratch: &'a mut Scratch<T>,
}

impl<T: Cell> Kernel for Logits<'_, T> {
    #[inline(always)]
    fn run<L: Lanes>(mut self, lanes: L) {
        let (len, radius) = (self.size.len, self.kernel / 2);
        let rows = self.out.len() / len;
        self.out.fill(self.bias);
        for row in self.first.saturating_sub(radius)..(self.first + rows + radius).min(len) {
            // A pixel under a filter that is centred right of the diagonal is at most this far left of the diagonal.
            let start = (row + 1).saturating_sub(2 * radius);
            self.taps(lanes, row, start);
            for line in 0..self.kernel {
                let target = (row + radius).checked_sub(line + self.first).filter(|&target| target < rows);
                if let Some(target) = target {
                    self.scatter(target, line);
                }
            }
        }
    }
}

impl<T: Cell> Logits<'_, T> {
    /// What each pixel of a row, from `start` on, adds to its neighbours.
    #[inline(always)]
    fn taps<L: Lanes>(&mut self, lanes: L, row: usize, start: usize) {
        let (size, count) = (self.size, self.filter.outputs);
        let Scratch { values, others, terms, taps, .. } = &mut *self.scratch;
        for first in (start..size.len).step_by(CHUNK) {
            let columns = first..(first + CHUNK).min(size.len);
            let values = &mut values[..columns.len() * size.channels];
            let terms = &mut terms[..columns.len() * size.depth::<T>()];
            let to = &mut taps[columns.start * count..columns.end * count];
            match self.inner {
                None => self.input.read(lanes, size, row, columns, values),
                Some((map, norm)) => {
                    let others = &mut others[..values.len()];
                    self.input.read(lanes, size, row, columns.clone(), others);
                    T::widen(&map[pixels::<T>(size, row, columns)], values);
                    add_normed(lanes, values, norm, others);
                }
            }
            T::narrow(lanes, values, terms);
            let lines = Lines::one(&*terms);
            self.level.run(Convolve { filter: self.filter, lines, at: 0, bias: None, out: to });
        }
    }

    /// Adds what a row's pixels contribute through a line of the filter to a row of the band, `row` from its top.
    #[inline(always)]
    fn scatter(&mut self, row: usize, line: usize) {
        let (len, count, radius) = (self.size.len, self.filter.outputs, self.kernel / 2);
        let diagonal = self.first + row;
        for tap in 0..self.kernel {
            // The pixel at `column` is under this tap of the filter at `column + radius − tap`.
            let from = (diagonal + 1 + tap).saturating_sub(radius);
            let to = len.min((len + tap).saturating_sub(radius));
            if from >= to {
                continue;
            }
            let out = &mut self.out[row * len + from + radius - tap..][..to - from];
            let taps = self.scratch.taps[from * count + line * self.kernel + tap..].iter().step_by(count);
            for (out, tap) in out.iter_mut().zip(taps) {
                *out += tap;
            }
        }
    }
}
