//! Products with weights that stay: packed once into panels, used for every row that comes.
//!
//! Both forms compute `out = x · Wᵀ + bias` with sums in f32. [`PackedF32`] multiplies f32 values;
//! [`PackedBf16`] rounds weights (once) and activations (each call) to bf16, which halves the memory
//! and, on a processor with dot products of bf16 pairs, doubles the speed.
//!
//! Measured by `benches/linear.rs`, one thread of an AMD EPYC Zen 5 (2026-11-22; other work on the machine, best of
//! several), 1024 rows of the giga shapes: bf16 380 to 430 GFLOP/s of a measured peak of 420; f32 196 to 211 of 229,
//! where the `gemm` crate has 190 to 198. Without dot products of bf16 pairs bf16 is slower than f32: it only saves memory.

use rayon::prelude::*;

use crate::aligned::Line;
use crate::error::check_length;
use crate::generic::Bf16Pair;
use crate::generic::linear::{PANEL, Product, RoundRows};
use crate::generic::tile::{TILE_ROWS, Term};
use crate::threads::for_rows;
use crate::{Error, Level};

/// Rows a thread takes at once: enough to use a panel many times while it is in the cache.
const MOST_ROWS: usize = 32 * TILE_ROWS;

/// Weights `[outputs, inputs]` of f32, in panels.
#[derive(Clone)]
pub struct PackedF32(Packed<f32>);

/// Weights `[outputs, inputs]` rounded to bf16, in panels of pairs.
///
/// At level `avx512bf16` numbers below the smallest normal f32 (1.2e-38) count as zero, as that processor has it.
#[derive(Clone)]
pub struct PackedBf16(Packed<Bf16Pair>);

impl PackedF32 {
    /// Packs row-major weights `[outputs, inputs]`, in parallel.
    ///
    /// # Errors
    /// If a size is zero or `weights` is not `outputs · inputs` long.
    pub fn pack(weights: &[f32], outputs: usize, inputs: usize) -> Result<Self, Error> {
        let packed = Packed::new(weights, outputs, inputs, inputs, |row, k| row[k])?;
        Ok(Self(packed))
    }

    /// Values in a row of the result.
    pub fn outputs(&self) -> usize {
        self.0.outputs
    }

    /// Values in a row of the input.
    pub fn inputs(&self) -> usize {
        self.0.inputs
    }

    /// `out = x · Wᵀ + bias`.
    ///
    /// # Shapes
    /// - x: `[rows, inputs]`
    /// - bias: `[outputs]`
    /// - out: `[rows, outputs]`, overwritten
    ///
    /// # Errors
    /// If a slice is not as long as that.
    pub fn forward(&self, level: Level, x: &[f32], bias: Option<&[f32]>, out: &mut [f32]) -> Result<(), Error> {
        let packed = &self.0;
        packed.check(x, bias, out)?;
        for_rows(out, packed.outputs, TILE_ROWS, MOST_ROWS, &|first, out| {
            let rows = out.len() / packed.outputs;
            let x = &x[first * packed.inputs..][..rows * packed.inputs];
            level.run(packed.product(x, bias, out));
        });
        Ok(())
    }
}

impl PackedBf16 {
    /// Rounds and packs row-major weights `[outputs, inputs]`, in parallel.
    ///
    /// # Errors
    /// If a size is zero or `weights` is not `outputs · inputs` long.
    pub fn pack(weights: &[f32], outputs: usize, inputs: usize) -> Result<Self, Error> {
        let pair = |row: &[f32], k: usize| Bf16Pair::round(row[2 * k], row.get(2 * k + 1).copied().unwrap_or(0.0));
        let packed = Packed::new(weights, outputs, inputs, inputs.div_ceil(2), pair)?;
        Ok(Self(packed))
    }

    /// Values in a row of the result.
    pub fn outputs(&self) -> usize {
        self.0.outputs
    }

    /// Values in a row of the input.
    pub fn inputs(&self) -> usize {
        self.0.inputs
    }

    /// `out = bf16(x) · Wᵀ + bias`, products and sums in f32.
    ///
    /// # Shapes
    /// - x: `[rows, inputs]`
    /// - bias: `[outputs]`
    /// - out: `[rows, outputs]`, overwritten
    ///
    /// # Errors
    /// If a slice is not as long as that.
    pub fn forward(&self, level: Level, x: &[f32], bias: Option<&[f32]>, out: &mut [f32]) -> Result<(), Error> {
        let packed = &self.0;
        packed.check(x, bias, out)?;
        for_rows(out, packed.outputs, TILE_ROWS, MOST_ROWS, &|first, out| {
            let rows = out.len() / packed.outputs;
            let from = &x[first * packed.inputs..][..rows * packed.inputs];
            let mut pairs = vec![Bf16Pair::default(); rows * packed.depth];
            level.run(RoundRows { from, inputs: packed.inputs, to: &mut pairs });
            level.run(packed.product(&pairs, bias, out));
        });
        Ok(())
    }
}

/// Panels `[⌈outputs / 64⌉, depth, 64]` of terms; outputs beyond the last are zero.
#[derive(Clone)]
struct Packed<T> {
    lines: Vec<Line>,
    outputs: usize,
    inputs: usize,
    /// Terms in a row.
    depth: usize,
    term: std::marker::PhantomData<T>,
}

impl<T: Term> Packed<T> {
    /// `term(row, k)` is the `k`-th of `depth` terms of a row of weights.
    fn new(
        weights: &[f32],
        outputs: usize,
        inputs: usize,
        depth: usize,
        term: impl Fn(&[f32], usize) -> T + Sync,
    ) -> Result<Self, Error> {
        const OP: &str = "linear";
        if outputs == 0 || inputs == 0 {
            let reason = format!("weights of {outputs} outputs by {inputs} inputs multiply nothing");
            return Err(Error::Size { op: OP, reason });
        }
        let size = outputs.checked_mul(inputs);
        check_length(OP, "weights", size.unwrap_or(usize::MAX), weights.len())?;
        let mut lines = Line::zeros(outputs.div_ceil(PANEL) * depth * PANEL);
        let panels = lines.par_chunks_mut(depth * PANEL / Line::TERMS).zip(weights.par_chunks(PANEL * inputs));
        panels.for_each(|(panel, weights)| {
            let panel: &mut [T] = bytemuck::cast_slice_mut(panel);
            for (column, row) in weights.chunks(inputs).enumerate() {
                for k in 0..depth {
                    panel[k * PANEL + column] = term(row, k);
                }
            }
        });
        Ok(Self { lines, outputs, inputs, depth, term: std::marker::PhantomData })
    }

    fn check(&self, x: &[f32], bias: Option<&[f32]>, out: &[f32]) -> Result<(), Error> {
        const OP: &str = "linear";
        let rows = x.len() / self.inputs;
        check_length(OP, "x", rows * self.inputs, x.len())?;
        check_length(OP, "bias", self.outputs, bias.map_or(self.outputs, <[f32]>::len))?;
        check_length(OP, "out", rows * self.outputs, out.len())
    }

    fn product<'a>(&'a self, x: &'a [T], bias: Option<&'a [f32]>, out: &'a mut [f32]) -> Product<'a, T> {
        let panels = bytemuck::cast_slice(&self.lines);
        Product { x, depth: self.depth, panels, bias, out, outputs: self.outputs }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panels_are_padded_with_zeros_and_start_on_cache_lines() {
        let packed = PackedF32::pack(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 3, 2).unwrap();
        let panel: &[f32] = bytemuck::cast_slice(&packed.0.lines);
        assert_eq!(panel.len(), 2 * PANEL);
        assert_eq!((&panel[..4], &panel[PANEL..PANEL + 4]), (&[1.0, 3.0, 5.0, 0.0][..], &[2.0, 4.0, 6.0, 0.0][..]));
        assert_eq!(panel.as_ptr() as usize % 64, 0);
    }

    #[test]
    fn an_odd_last_input_is_paired_with_zero() {
        let packed = PackedBf16::pack(&[1.0, 2.0, 3.0], 1, 3).unwrap();
        let panel: &[Bf16Pair] = bytemuck::cast_slice(&packed.0.lines);
        assert_eq!((panel[0], panel[PANEL]), (Bf16Pair::round(1.0, 2.0), Bf16Pair::round(3.0, 0.0)));
    }

    #[test]
    fn slices_that_do_not_fit_are_refused_by_name() {
        let packed = PackedF32::pack(&[0.0; 6], 3, 2).unwrap();
        let level = Level::best();
        let refused = |x: &[f32], bias: &[f32], out: &mut [f32]| {
            packed.forward(level, x, Some(bias), out).unwrap_err().to_string()
        };
        assert_eq!(refused(&[0.0; 5], &[0.0; 3], &mut [0.0; 6]), "linear: `x` holds 5 values, 4 are needed");
        assert!(refused(&[0.0; 4], &[0.0; 2], &mut [0.0; 6]).contains("`bias`"));
        assert!(refused(&[0.0; 4], &[0.0; 3], &mut [0.0; 7]).contains("`out`"));
        assert!(PackedF32::pack(&[0.0; 5], 3, 2).is_err() && PackedBf16::pack(&[], 0, 2).is_err());
    }

    #[test]
    fn no_rows_are_no_work() {
        let packed = PackedBf16::pack(&[0.0; 6], 3, 2).unwrap();
        assert_eq!(packed.forward(Level::best(), &[], None, &mut []), Ok(()));
    }
}
