//! Weights stored in the order in which products read them, and the product of rows with them.

use std::ops::Range;

use rayon::prelude::*;

use crate::aligned::Line;
use crate::error::check_length;
use crate::generic::format::{Format, PackPanel};
use crate::generic::linear::{Curve, PANEL, Pass, Scales, Target};
use crate::generic::tiles::{SIDE, padded};
use crate::scratch::with_scratch;
use crate::threads::spread;
use crate::{Error, Level};

const OP: &str = "linear";

/// Panels `[⌈columns / 64⌉, padded depth, 64]` of terms; columns without weights and terms of the padding are zero.
#[derive(Clone)]
pub(crate) struct Panels<T> {
    lines: Vec<Line>,
    /// `[64 · panels]`: the factors of a column's sums, if they need any.
    scales: Vec<f32>,
    /// `[64 · panels]`: the start of a column's sums, if not zero.
    offsets: Vec<f32>,
    /// Columns up to the last with weights.
    columns: usize,
    inputs: usize,
    /// Terms in a row, without padding.
    depth: usize,
    term: std::marker::PhantomData<T>,
}

/// Rows of activations, rounded.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'a, T> {
    /// `[rows padded to a multiple of 16, stride]`; the rows of the padding may have any content.
    pub terms: &'a [T],
    /// `[rows]`
    pub scales: &'a [f32],
}

/// Rows that a product needs memory for.
pub(crate) fn padded_rows(rows: usize) -> usize {
    rows.next_multiple_of(SIDE)
}

/// What is done with a product.
#[derive(Clone, Copy)]
pub(crate) struct Finish<'a> {
    /// `[columns]` or fewer: added to a column's sums.
    pub bias: &'a [f32],
    /// The activation of the sums.
    pub curve: Curve,
    /// The target, borrowed for this product only.
    pub target: Target<'a>,
}

impl<T: Format> Panels<T> {
    /// Packs row-major weights `[outputs, inputs]`, in parallel.
    pub fn pack(weights: &[f32], outputs: usize, inputs: usize) -> Result<Self, Error> {
        check(weights, outputs, inputs)?;
        let rows = weights.chunks_exact(inputs).map(Some).collect();
        Ok(Self::of(rows, inputs))
    }

    /// Packs the weights `[outputs, inputs]` of a value and of its gate in turn, as [`Curve::SwishGate`] needs them.
    pub fn pack_gated(value: &[f32], gate: &[f32], outputs: usize, inputs: usize) -> Result<Self, Error> {
        check(value, outputs, inputs)?;
        check(gate, outputs, inputs)?;
        let rows = gated(outputs, |part, output| Some(&[value, gate][part][output * inputs..][..inputs]));
        Ok(Self::of(rows, inputs))
    }

    fn of(rows: Vec<Option<&[f32]>>, inputs: usize) -> Self {
        let (columns, depth) = (rows.len(), inputs.div_ceil(T::VALUES));
        let places = columns.next_multiple_of(PANEL);
        let stride = padded::<T>(depth);
        let mut lines = Line::zeros(places * stride);
        let (mut scales, mut offsets) = (vec![0.0; places], vec![0.0; places]);
        // Packing gives the same result at every level; the best level is the fastest.
        let level = Level::best();
        let panels = lines.par_chunks_mut(stride * PANEL / Line::TERMS).zip(rows.par_chunks(PANEL));
        let columns_of = scales.par_chunks_mut(PANEL).zip(offsets.par_chunks_mut(PANEL));
        panels.zip(columns_of).for_each(|((panel, from), (scales, offsets))| {
            let mut rows = [None; PANEL];
            rows[..from.len()].copy_from_slice(from);
            level.run(PackPanel::<T> { rows: &rows, to: bytemuck::cast_slice_mut(panel), scales, offsets });
        });
        Self { lines, scales, offsets, columns, inputs, depth, term: std::marker::PhantomData }
    }

    /// Values in a row of the input.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Columns of all panels up to the last one that is used.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Terms from one row of the rounded input to the next.
    pub fn stride(&self) -> usize {
        padded::<T>(self.depth)
    }

    /// The terms.
    pub fn terms(&self) -> &[T] {
        bytemuck::cast_slice(&self.lines)
    }

    /// The product on this thread.
    pub fn multiply(&self, level: Level, x: Rows<'_, T>, finish: Finish<'_>) {
        self.part(level, x, 0..self.columns.div_ceil(PANEL), finish);
    }

    /// The product on all threads, for too few rows to give each thread some: panels are split as well.
    pub fn multiply_spread(&self, level: Level, x: Rows<'_, T>, finish: Finish<'_>) {
        let (rows, panels, stride) = (x.scales.len(), self.columns.div_ceil(PANEL), self.stride());
        let (height, width) = spread(rows, panels, T::unit(level));
        let parts = (0..rows).step_by(height).flat_map(|row| (0..panels).step_by(width).map(move |panel| (row, panel)));
        parts.collect::<Vec<_>>().into_par_iter().for_each(|(row, panel)| {
            let end = (row + height).min(rows);
            let last = (row + padded_rows(end - row)) * stride;
            let terms = &x.terms[row * stride..last.min(x.terms.len())];
            let x = Rows { terms, scales: &x.scales[row..end] };
            let finish = Finish { target: finish.target.below(row), ..finish };
            self.part(level, x, panel..(panel + width).min(panels), finish);
        });
    }

    fn part(&self, level: Level, x: Rows<'_, T>, range: Range<usize>, finish: Finish<'_>) {
        let Finish { bias, curve, target } = finish;
        let scales = T::SCALED.then_some(Scales { rows: x.scales, columns: &self.scales, bias });
        let begin = if T::SCALED { &self.offsets } else { bias };
        let (rows, x) = (x.scales.len(), x.terms);
        let (depth, panels, outputs) = (self.depth, self.terms(), self.columns);
        with_scratch(padded_rows(rows) * PANEL, |sums| {
            level.run(Pass { x, rows, depth, panels, begin, scales, outputs, range, sums, curve, target });
        });
    }
}

/// The columns of a value and of its gate, `part` 0 and 1: 32 of each in turn.
pub(crate) fn gated<V: Clone>(outputs: usize, column: impl Fn(usize, usize) -> Option<V>) -> Vec<Option<V>> {
    const HALF: usize = PANEL / 2;
    let columns = (0..outputs.div_ceil(HALF) * PANEL).map(|at| {
        let (part, output) = (at % PANEL / HALF, at / PANEL * HALF + at % HALF);
        if output < outputs { column(part, output) } else { None }
    });
    columns.collect()
}

fn check(weights: &[f32], outputs: usize, inputs: usize) -> Result<(), Error> {
    if outputs == 0 || inputs == 0 {
        let reason = format!("weights of {outputs} outputs by {inputs} inputs are empty");
        return Err(Error::Size { op: OP, reason });
    }
    let size = outputs.checked_mul(inputs);
    check_length(OP, "weights", size.unwrap_or(usize::MAX), weights.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generic::{Bf16Pair, Quad};

    #[test]
    fn panels_are_padded_with_zeros_and_start_on_cache_lines() {
        let packed = Panels::<f32>::pack(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 3, 2).unwrap();
        let panel = packed.terms();
        assert_eq!(panel.len(), 2 * PANEL);
        assert_eq!((&panel[..4], &panel[PANEL..PANEL + 4]), (&[1.0, 3.0, 5.0, 0.0][..], &[2.0, 4.0, 6.0, 0.0][..]));
        assert_eq!(panel.as_ptr() as usize % 64, 0);
    }

    #[test]
    fn every_weight_is_in_its_place() {
        let (outputs, inputs) = (130, 37);
        let weights: Vec<f32> = (0..outputs * inputs).map(|i| i as f32).collect();
        let packed = Panels::<f32>::pack(&weights, outputs, inputs).unwrap();
        for (i, &weight) in weights.iter().enumerate() {
            let (output, input) = (i / inputs, i % inputs);
            assert_eq!(packed.terms()[(output / PANEL * inputs + input) * PANEL + output % PANEL], weight);
        }
    }

    #[test]
    fn an_odd_last_input_is_paired_with_zero() {
        let packed = Panels::<Bf16Pair>::pack(&[1.0, 2.0, 3.0], 1, 3).unwrap();
        let panel = packed.terms();
        assert_eq!((panel[0], panel[PANEL]), (Bf16Pair::round(1.0, 2.0), Bf16Pair::round(3.0, 0.0)));
    }

    #[test]
    fn weights_are_rounded_to_the_nearest_bf16_as_anywhere() {
        let weights: Vec<f32> = (0..4000u32).map(|i| f32::from_bits(i.wrapping_mul(0x0101_3377))).collect();
        let packed = Panels::<Bf16Pair>::pack(&weights, 1, weights.len()).unwrap();
        for (pair, values) in packed.terms().iter().step_by(PANEL).zip(weights.chunks(2)) {
            assert_eq!(*pair, Bf16Pair::round(values[0], values[1]), "{values:?}");
        }
    }

    #[test]
    fn bytes_reach_127_and_their_sums_start_where_the_shift_of_the_rows_is_undone() {
        let packed = Panels::<Quad>::pack(&[-2.0, 1.0, 0.5, 0.0, 2.0], 1, 5).unwrap();
        let bytes = |quad: Quad| quad.0.to_le_bytes().map(|byte| byte as i8);
        assert_eq!(bytes(packed.terms()[0]), [-127, 64, 32, 0]);
        assert_eq!(bytes(packed.terms()[PANEL]), [127, 0, 0, 0]);
        assert_eq!(packed.scales[0], 2.0 / 127.0);
        assert_eq!(packed.offsets[0].to_bits() as i32, -128 * (-127 + 64 + 32 + 127));
    }

    #[test]
    fn a_value_and_its_gate_share_a_panel() {
        let columns = gated(33, |part, output| Some((part, output)));
        assert_eq!(columns.len(), 2 * PANEL);
        let found = [0, 31, 32, 63, 64, 65, 96, 97].map(|at| columns[at]);
        let expected =
            [Some((0, 0)), Some((0, 31)), Some((1, 0)), Some((1, 31)), Some((0, 32)), None, Some((1, 32)), None];
        assert_eq!(found, expected);
    }

    #[test]
    fn weights_that_make_no_matrix_are_refused() {
        assert!(Panels::<f32>::pack(&[0.0; 5], 3, 2).is_err() && Panels::<Bf16Pair>::pack(&[], 0, 2).is_err());
    }
}
