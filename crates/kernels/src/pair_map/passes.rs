//! A head's passes over one map, each spread over threads.

use rayon::prelude::*;

use super::{EPS, Head, PackedBlock, Start};
use crate::generic::cell::Cell;
use crate::generic::pair_map::{Begin, Expand, Input, Logits, Other, Outer, Residual, Scratch, Size, Spread, Squeezed};
use crate::instance_norm::{Moments, Norm};
use crate::scratch::with_scratch;
use crate::{Error, Level};

/// Calls `work` with memory for a map, of any content.
///
/// A thread keeps the memory of small maps, since fresh memory costs a page fault every 4 KiB. Larger memory comes from
/// the system as zeros, whose pages are provided when the threads that share the map first touch them.
pub(super) fn with_map<T: Cell, R>(terms: usize, work: impl FnOnce(&mut [T]) -> R) -> R {
    /// Most terms that a thread keeps: 64 MiB of 32 bits, a map of 700 positions in bf16 or of 500 in f32.
    const MOST_TERMS: usize = 1 << 24;
    if terms <= MOST_TERMS {
        return with_scratch(terms, |map| work(bytemuck::cast_slice_mut(map)));
    }
    work(bytemuck::cast_slice_mut(&mut vec![0.0f32; terms]))
}

/// One head's passes over one map, each spread over threads by bands of rows.
pub(super) struct Pass<'a, T> {
    pub head: &'a Head<T>,
    pub level: Level,
    pub size: Size,
}

impl<T: Cell> Pass<'_, T> {
    /// All of them, in order.
    pub fn all(&self, start: Start<'_>, maps: [&mut [T]; 2], out: &mut [f32]) -> Result<(), Error> {
        let Start { rows, columns, features } = start;
        let (rows_padded, columns_padded) = (self.head.pad(rows), self.head.pad(columns));
        let outer = Outer { rows: &rows_padded, columns: &columns_padded };
        let [first, second] = maps;
        let mut stored = !self.head.features.is_empty();
        // If only one map is stored, it is the input's with features, and the inner one without.
        let [mut inner, mut input] = if stored { [second, first] } else { [first, second] };
        let mut norm = None::<Norm>;
        if stored {
            norm = self.begin(outer, features, input).map(|moments| moments.norm(EPS));
        }
        for (index, block) in self.head.blocks.iter().enumerate() {
            let moments = match &norm {
                Some(norm) => {
                    let squeeze = block.squeeze.view();
                    self.spread(block, Squeezed::Map { map: input, squeeze, norm }, inner)
                }
                None => {
                    let [rows, columns] = self.head.squeeze_outer(self.level, rows, columns)?;
                    self.spread(block, Squeezed::Outer(Outer { rows: &rows, columns: &columns }), inner)
                }
            };
            let expanded = self.expand(block, &moments.norm(EPS), inner).norm(EPS);
            norm = Some(match self.head.blocks.get(index + 1) {
                None => expanded,
                Some(next) if stored => self.residual(input, Other::Inner(inner), &expanded, next).norm(EPS),
                Some(next) => {
                    let moments = self.residual(inner, Other::Outer(outer), &expanded, next);
                    std::mem::swap(&mut input, &mut inner);
                    stored = true;
                    moments.norm(EPS)
                }
            });
        }
        let input = if stored { Input::Map(input) } else { Input::Outer(outer) };
        self.logits(input, norm.as_ref().map(|norm| (&*inner, norm)), out);
        mirror(out, self.size.len);
        Ok(())
    }

    /// Rows per band. A band recomputes the rows at its border, and there should be several bands for each thread.
    fn rows(&self) -> usize {
        if self.size.len < 1024 { 8 } else { 16 }
    }

    /// Calls `work(first row, band, moments of the band, scratch)` for all bands of a map; returns the moments of all.
    fn bands(&self, map: &mut [T], work: impl Fn(usize, &mut [T], &mut Moments, &mut Scratch<T>) + Sync) -> Moments {
        let rows = self.rows();
        let bands = map.par_chunks_mut(rows * self.size.row::<T>()).enumerate();
        let parts: Vec<Moments> = bands
            .map_init(
                || self.scratch(),
                |scratch, (index, band)| {
                    let mut moments = Moments::new(self.size.channels);
                    work(index * rows, band, &mut moments, scratch);
                    moments
                },
            )
            .collect();
        Moments::merge(parts).unwrap_or_else(|| Moments::new(self.size.channels))
    }

    /// Stores the first map; returns the moments of the output of the first block's first convolution.
    fn begin(&self, outer: Outer<'_>, features: &[f32], map: &mut [T]) -> Option<Moments> {
        let (level, size) = (self.level, self.size);
        let weights = &self.head.features[..];
        let squeeze = self.head.blocks.first().map(|block| block.squeeze.view());
        let moments = self.bands(map, |first, map, moments, scratch| {
            level.run(Begin { level, size, outer, features, weights, squeeze, first, map, moments, scratch });
        });
        squeeze.map(|_| moments)
    }

    fn scratch(&self) -> Scratch<T> {
        Scratch::new(self.size, self.head.kernel)
    }

    fn spread(&self, block: &PackedBlock<T>, input: Squeezed<'_, T>, inner: &mut [T]) -> Moments {
        let (level, size, filter) = (self.level, self.size, block.spread.view());
        self.bands(inner, |first, out, moments, scratch| {
            level.run(Spread { level, size, input, filter, first, out, moments, scratch });
        })
    }

    fn expand(&self, block: &PackedBlock<T>, norm: &Norm, inner: &mut [T]) -> Moments {
        let (level, size, filter) = (self.level, self.size, block.expand.view());
        self.bands(inner, |_, map, moments, scratch| {
            level.run(Expand { level, size, norm, filter, map, moments, scratch });
        })
    }

    fn residual(&self, sum: &mut [T], other: Other<'_, T>, norm: &Norm, next: &PackedBlock<T>) -> Moments {
        let (level, size, squeeze) = (self.level, self.size, next.squeeze.view());
        self.bands(sum, |first, sum, moments, scratch| {
            level.run(Residual { level, size, sum, other, norm, squeeze, first, moments, scratch });
        })
    }

    fn logits(&self, input: Input<'_, T>, inner: Option<(&[T], &Norm)>, out: &mut [f32]) {
        let (level, size, rows) = (self.level, self.size, self.rows());
        let Head { kernel, bias, .. } = *self.head;
        let filter = self.head.out.view();
        let bands = out.par_chunks_mut(rows * size.len).enumerate();
        bands.for_each_init(
            || self.scratch(),
            |scratch, (index, out)| {
                let first = index * rows;
                level.run(Logits { level, size, input, inner, filter, kernel, bias, first, out, scratch });
            },
        );
    }
}

/// Mirrors the values right of the diagonal, which becomes 0. Square by square, to use the cache well.
fn mirror(map: &mut [f32], len: usize) {
    const SIDE: usize = 32;
    for top in (0..len).step_by(SIDE) {
        for left in (0..=top).step_by(SIDE) {
            for row in top..(top + SIDE).min(len) {
                for column in left..(left + SIDE).min(row) {
                    map[row * len + column] = map[column * len + row];
                }
            }
        }
    }
    map.iter_mut().step_by(len + 1).for_each(|diagonal| *diagonal = 0.0);
}
