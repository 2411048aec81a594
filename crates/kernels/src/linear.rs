//! Products with weights that do not change: packed once into panels, used for many inputs.
//!
//! All compute `out = x · Wᵀ + bias`:
//!
//! - [`PackedF32`] multiplies f32 values.
//! - [`PackedBf16`] rounds weights (once) and activations (in each call) to bf16 and sums in f32. This halves the
//!   memory. With tiles it is several times as fast as f32; with dot products of bf16 pairs it is twice as fast on some
//!   processors and half as fast on others ([`crate::peak::bf16_pays`]).
//! - [`PackedInt8`] rounds both to bytes, with a scale for each output of the weights and each row of the activations,
//!   and sums integers. This halves the memory once more, and is up to twice as fast.
//!
//! Measured in the products of a whole giga block at 1024 rows (two threads of an AMD EPYC, Zen 5, 2026-11-22): bf16
//! 805 to 820 GFLOP/s of a measured peak of 863, f32 406 to 417 of 467, int8 1455 to 1520 Gop/s where the peak is about
//! 1750; AVX2 f32 195 of 234. The `gemm` crate has 190 to 198 in f32 on one thread, where this has 208. Without tiles
//! and dot products bf16 is slower than f32: it only saves memory.

use crate::error::check_length;
use crate::generic::format::{Format, Round};
use crate::generic::grid::Grid;
use crate::generic::linear::{Curve, Target};
use crate::generic::{Bf16Pair, Quad};
use crate::panels::{Finish, Panels, Rows, padded_rows};
use crate::scratch::with_scratch;
use crate::threads::{Split, split};
use crate::{Error, Level};

/// What weights and activations of a product are rounded to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// f32: no rounding.
    F32,
    /// bf16; sums are f32.
    Bf16,
    /// Bytes and scales; sums are integers.
    Int8,
}

/// Weights `[outputs, inputs]` in panels, in any of the three precisions.
#[derive(Clone)]
pub enum Packed {
    /// See [`PackedF32`].
    F32(PackedF32),
    /// See [`PackedBf16`].
    Bf16(PackedBf16),
    /// See [`PackedInt8`].
    Int8(PackedInt8),
}

/// Weights `[outputs, inputs]` of f32, in panels.
#[derive(Clone)]
pub struct PackedF32(Panels<f32>);

/// Weights `[outputs, inputs]` rounded to bf16, in panels of pairs.
///
/// At level `avx512bf16`, numbers below the smallest normal f32 (1.2e-38) count as zero, as the processor defines it.
#[derive(Clone)]
pub struct PackedBf16(Panels<Bf16Pair>);

/// Weights `[outputs, inputs]` rounded to bytes from −127 to 127, in panels of quads; an output's largest weight is
/// ±127.
///
/// A row of activations is rounded in the same way, and every level gives the same sums. If a row or the weights of an
/// output contain a value that is not finite, all their results are NaN. A sum cannot overflow in rows of up to 65,000
/// values.
#[derive(Clone)]
pub struct PackedInt8(Panels<Quad>);

/// The same constructor and methods for each packing.
macro_rules! packed {
    ($($name:ident, $what:literal;)*) => {$(
        impl $name {
            #[doc = concat!("Packs row-major weights `[outputs, inputs]`", $what, ", in parallel.")]
            ///
            /// # Errors
            /// If a size is zero or `weights` is not `outputs · inputs` long.
            pub fn pack(weights: &[f32], outputs: usize, inputs: usize) -> Result<Self, Error> {
                Panels::pack(weights, outputs, inputs).map(Self)
            }

            /// Values per row of the result.
            pub fn outputs(&self) -> usize {
                self.0.columns()
            }

            /// Values per row of the input.
            pub fn inputs(&self) -> usize {
                self.0.inputs()
            }

            /// `out = x · Wᵀ + bias`.
            ///
            /// # Shapes
            /// - x: `[rows, inputs]`
            /// - bias: `[outputs]`
            /// - out: `[rows, outputs]`, overwritten
            ///
            /// # Errors
            /// If a slice has another length.
            pub fn forward(&self, level: Level, x: &[f32], bias: Option<&[f32]>, out: &mut [f32]) -> Result<(), Error> {
                forward(&self.0, level, x, bias, out)
            }
        }
    )*};
}
packed! {
    PackedF32, "";
    PackedBf16, " rounded to bf16";
    PackedInt8, " rounded to bytes";
}

/// Evaluates `$value` for whichever packing it is.
macro_rules! each {
    ($self:expr, $packed:ident => $value:expr) => {
        match $self {
            Packed::F32($packed) => $value,
            Packed::Bf16($packed) => $value,
            Packed::Int8($packed) => $value,
        }
    };
}

impl Packed {
    /// Packs row-major weights `[outputs, inputs]`, in parallel.
    ///
    /// # Errors
    /// If a size is zero or `weights` is not `outputs · inputs` long.
    pub fn pack(precision: Precision, weights: &[f32], outputs: usize, inputs: usize) -> Result<Self, Error> {
        Ok(match precision {
            Precision::F32 => Self::F32(PackedF32::pack(weights, outputs, inputs)?),
            Precision::Bf16 => Self::Bf16(PackedBf16::pack(weights, outputs, inputs)?),
            Precision::Int8 => Self::Int8(PackedInt8::pack(weights, outputs, inputs)?),
        })
    }

    /// Values per row of the result.
    pub fn outputs(&self) -> usize {
        each!(self, packed => packed.outputs())
    }

    /// Values per row of the input.
    pub fn inputs(&self) -> usize {
        each!(self, packed => packed.inputs())
    }

    /// `out = x · Wᵀ + bias`.
    ///
    /// # Shapes
    /// - x: `[rows, inputs]`
    /// - bias: `[outputs]`
    /// - out: `[rows, outputs]`, overwritten
    ///
    /// # Errors
    /// If a slice has another length.
    pub fn forward(&self, level: Level, x: &[f32], bias: Option<&[f32]>, out: &mut [f32]) -> Result<(), Error> {
        each!(self, packed => packed.forward(level, x, bias, out))
    }
}

fn forward<T: Format>(
    panels: &Panels<T>,
    level: Level,
    x: &[f32],
    bias: Option<&[f32]>,
    out: &mut [f32],
) -> Result<(), Error> {
    const OP: &str = "linear";
    let (inputs, outputs) = (panels.inputs(), panels.columns());
    let rows = x.len() / inputs;
    check_length(OP, "x", rows * inputs, x.len())?;
    check_length(OP, "bias", outputs, bias.map_or(outputs, <[f32]>::len))?;
    check_length(OP, "out", rows * outputs, out.len())?;
    let bias = bias.unwrap_or(&[]);
    split(rows, T::unit(level), (x, inputs), (out, outputs), |split, x, out| {
        let rows = x.len() / inputs;
        with_scratch(padded_rows(rows) * panels.stride() + rows, |scratch| {
            let (terms, scales) = scratch.split_at_mut(padded_rows(rows) * panels.stride());
            let terms: &mut [T] = bytemuck::cast_slice_mut(terms);
            level.run(Round { from: x, inputs, to: terms, scales });
            let (x, target) = (Rows { terms, scales }, Target::Store(Grid::new(out, outputs)));
            let finish = Finish { bias, curve: Curve::None, target };
            match split {
                Split::Rows => panels.multiply(level, x, finish),
                Split::Both => panels.multiply_spread(level, x, finish),
            }
        });
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

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
    }

    #[test]
    fn no_rows_are_no_work() {
        for precision in [Precision::F32, Precision::Bf16, Precision::Int8] {
            let packed = Packed::pack(precision, &[0.0; 6], 3, 2).unwrap();
            assert_eq!((packed.outputs(), packed.inputs()), (3, 2));
            assert_eq!(packed.forward(Level::best(), &[], None, &mut []), Ok(()));
        }
    }
}
