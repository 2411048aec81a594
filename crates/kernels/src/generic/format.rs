//! How values become the terms that products take: kept as f32, rounded to bf16, or rounded to bytes with one scale.

use super::grid::Grid;
use super::layer_norm::norm_row;
use super::linear::{PANEL, Target};
use super::tile::{TILE_ROWS, Term};
use super::tiles::{SIDE as TILE_SIDE, padded};
use super::{Bf16Pair, Kernel, Lanes, Quad};
use crate::Level;

/// A term that weights and activations can be rounded to.
pub(crate) trait Format: Term {
    /// The scale of a row of weights: they are divided by it before rounding, and the result is multiplied by it.
    fn scale(_row: &[f32]) -> f32 {
        1.0
    }
    /// A term of `VALUES` weights or fewer, times `factor` (the inverse of [`Format::scale`]).
    fn weight(values: &[f32], factor: f32) -> Self;
    /// The start of a column's sums that corrects for unsigned activations, as a multiple of this weight.
    fn offset(self) -> i32 {
        0
    }
    /// Rounds a row of activations; returns the factor of its sums.
    fn round<L: Lanes>(lanes: L, from: &[f32], to: &mut [Self]) -> f32;
    /// Stores the values between two products, `width` per row: in `buffer`, as rows of padded terms if they can be
    /// rounded one by one.
    fn between(buffer: &mut [f32], width: usize) -> Target<'_>;
    /// The terms that [`Format::between`] stored in the buffer; none if rows must still be rounded.
    fn rounded_between(buffer: &[f32]) -> Option<&[Self]>;
    /// Whether sums are integers that are multiplied by scales.
    const SCALED: bool = false;
    /// Rows that are multiplied at once, for whole multiples of which work is split.
    fn unit(level: Level) -> usize {
        if level.has_tiles() && Self::VALUES > 1 { TILE_SIDE } else { TILE_ROWS }
    }
}

impl Format for f32 {
    #[inline(always)]
    fn weight(values: &[f32], _factor: f32) -> Self {
        values[0]
    }
    #[inline(always)]
    fn round<L: Lanes>(lanes: L, from: &[f32], to: &mut [Self]) -> f32 {
        for (to, from) in to.chunks_mut(L::WIDTH).zip(from.chunks(L::WIDTH)) {
            lanes.write(to, lanes.read(from));
        }
        1.0
    }
    fn between(buffer: &mut [f32], width: usize) -> Target<'_> {
        Target::Store(Grid::new(buffer, width))
    }
    fn rounded_between(buffer: &[f32]) -> Option<&[Self]> {
        Some(buffer)
    }
}

impl Format for Bf16Pair {
    #[inline(always)]
    fn weight(values: &[f32], _factor: f32) -> Self {
        Self(bf16(values[0]) | values.get(1).map_or(0, |&x| bf16(x)) << 16)
    }
    #[inline(always)]
    fn round<L: Lanes>(lanes: L, from: &[f32], to: &mut [Self]) -> f32 {
        lanes.round_pairs(from, to);
        1.0
    }
    fn between(buffer: &mut [f32], width: usize) -> Target<'_> {
        Target::Pairs(Grid::new(bytemuck::cast_slice_mut(buffer), padded::<Self>(width.div_ceil(2))))
    }
    fn rounded_between(buffer: &[f32]) -> Option<&[Self]> {
        Some(bytemuck::cast_slice(buffer))
    }
}

impl Format for Quad {
    const SCALED: bool = true;
    #[inline(always)]
    fn scale(row: &[f32]) -> f32 {
        largest(row) / MOST
    }
    #[inline(always)]
    fn weight(values: &[f32], factor: f32) -> Self {
        let byte = |i: usize| values.get(i).map_or(0, |&x| whole(x * factor) as u32 & 255);
        Self(byte(0) | byte(1) << 8 | byte(2) << 16 | byte(3) << 24)
    }
    #[inline(always)]
    fn offset(self) -> i32 {
        self.0.to_le_bytes().into_iter().map(|byte| -128 * i32::from(byte as i8)).sum()
    }
    #[inline(always)]
    fn round<L: Lanes>(lanes: L, from: &[f32], to: &mut [Self]) -> f32 {
        let scale = largest_of(lanes, from) / MOST;
        if let Some(last) = to.last_mut() {
            *last = Self(0x8080_8080);
        }
        lanes.round_bytes(from, factor(scale), &mut bytemuck::cast_slice_mut(to)[..from.len()]);
        scale
    }
    fn between(buffer: &mut [f32], width: usize) -> Target<'_> {
        Target::Store(Grid::new(buffer, width))
    }
    fn rounded_between(_buffer: &[f32]) -> Option<&[Self]> {
        None
    }
}

/// The largest integer that a byte can hold with either sign.
const MOST: f32 = 127.0;

/// The inverse of a scale; zero for a row of zeros.
#[inline(always)]
pub(crate) fn factor(scale: f32) -> f32 {
    if scale == 0.0 { 0.0 } else { 1.0 / scale }
}

/// The largest absolute value; NaN if a value is not finite.
#[inline(always)]
fn largest(values: &[f32]) -> f32 {
    // Without their sign, floats are ordered as their bits are, with infinity and NaN last.
    let bits = values.iter().fold(0, |most, x| most.max(x.to_bits() & 0x7fff_ffff));
    let size = f32::from_bits(bits);
    if size.is_finite() { size } else { f32::NAN }
}

/// As [`largest`], in lanes.
#[inline(always)]
fn largest_of<L: Lanes>(lanes: L, values: &[f32]) -> f32 {
    let zero = lanes.splat(0.0);
    let (mut most, mut odd) = (zero, zero);
    for at in (0..values.len()).step_by(L::WIDTH) {
        let x = lanes.read(&values[at..]);
        most = lanes.max(lanes.max(lanes.sub(zero, x), x), most);
        odd = lanes.fma(x, zero, odd); // 0, or NaN if a value is not finite
    }
    lanes.largest(most) + lanes.sum(odd)
}

/// The nearest integer, in a form that the compiler vectorises; `x` is between −128 and 127.
#[inline(always)]
fn whole(x: f32) -> i32 {
    /// 1.5 · 2²³: adding it leaves no bits for a fraction, and puts the integer into the lowest bits.
    const WHOLE: f32 = 12_582_912.0;
    (x + WHOLE).to_bits() as i32 - WHOLE.to_bits() as i32
}

/// The bits of the nearest bf16, in a form that the compiler vectorises.
#[inline(always)]
fn bf16(x: f32) -> u32 {
    let bits = x.to_bits();
    let rounded = bits.wrapping_add(0x7fff + (bits >> 16 & 1)) >> 16;
    if x.is_nan() { bits >> 16 | 0x40 } else { rounded }
}

/// Rounds rows of activations.
pub(crate) struct Round<'a, T> {
    /// `[rows, inputs]`
    pub from: &'a [f32],
    /// Values in a row of `from`, at least one.
    pub inputs: usize,
    /// `[rows, padded ⌈inputs / VALUES⌉]`
    pub to: &'a mut [T],
    /// `[rows]`
    pub scales: &'a mut [f32],
}

impl<T: Format> Kernel for Round<'_, T> {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let depth = self.inputs.div_ceil(T::VALUES);
        let rows = self.from.chunks_exact(self.inputs).zip(self.to.chunks_exact_mut(padded::<T>(depth)));
        for ((from, to), scale) in rows.zip(self.scales) {
            let (to, padding) = to.split_at_mut(depth);
            *scale = T::round(lanes, from, to);
            padding.fill(T::zeroed());
        }
    }
}

/// Layer norm of rows, rounded.
pub(crate) struct NormRound<'a, T> {
    /// `[rows, dim]`
    pub x: &'a mut [f32],
    /// `[dim]`, at least one.
    pub weight: &'a [f32],
    /// `[dim]`
    pub bias: &'a [f32],
    /// Added to the variance.
    pub eps: f32,
    /// Whether `x` is overwritten by its norm.
    pub keep: bool,
    /// `[dim]`
    pub row: &'a mut [f32],
    /// `[rows, padded ⌈dim / VALUES⌉]`
    pub to: &'a mut [T],
    /// `[rows]`
    pub scales: &'a mut [f32],
}

impl<T: Format> Kernel for NormRound<'_, T> {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let dim = self.weight.len();
        let depth = dim.div_ceil(T::VALUES);
        let rows = self.x.chunks_exact_mut(dim).zip(self.to.chunks_exact_mut(padded::<T>(depth)));
        for ((x, to), scale) in rows.zip(self.scales) {
            let (to, padding) = to.split_at_mut(depth);
            norm_row(lanes, x, self.weight, self.bias, self.eps, self.row);
            *scale = T::round(lanes, self.row, to);
            padding.fill(T::zeroed());
            if self.keep {
                x.copy_from_slice(self.row);
            }
        }
    }
}

/// Packs the weights of one panel.
pub(crate) struct PackPanel<'a, T> {
    /// Up to 64 rows of `inputs` weights, one per output; outputs without a row are zero.
    pub rows: &'a [Option<&'a [f32]>; PANEL],
    /// `[padded depth, 64]`
    pub to: &'a mut [T],
    /// `[64]`: the factor of each output's sums.
    pub scales: &'a mut [f32],
    /// `[64]`: the start of each output's sums, integers in lanes of f32.
    pub offsets: &'a mut [f32],
}

/// Terms of each output that are transposed at once: a cache line.
const SIDE: usize = 16;

impl<T: Format> Kernel for PackPanel<'_, T> {
    #[inline(always)]
    fn run<L: Lanes>(self, _lanes: L) {
        let mut factors = [0.0; PANEL];
        for (column, row) in self.rows.iter().enumerate() {
            self.scales[column] = row.map_or(0.0, T::scale);
            factors[column] = factor(self.scales[column]);
        }
        let mut offsets = [0i32; PANEL];
        for (first, lines) in self.to.chunks_mut(SIDE * PANEL).enumerate() {
            let from = first * SIDE * T::VALUES;
            let mut turned = [[T::zeroed(); SIDE]; PANEL];
            for (column, row) in self.rows.iter().enumerate() {
                let Some(row) = row else { continue };
                let (row, factor) = (&row[from..], factors[column]);
                match row.get(..SIDE * T::VALUES) {
                    Some(whole) => {
                        for (i, term) in turned[column].iter_mut().enumerate() {
                            *term = T::weight(&whole[i * T::VALUES..(i + 1) * T::VALUES], factor);
                        }
                    }
                    None => {
                        for (term, values) in turned[column].iter_mut().zip(row.chunks(T::VALUES)) {
                            *term = T::weight(values, factor);
                        }
                    }
                }
                if T::SCALED {
                    offsets[column] += turned[column].iter().map(|term| term.offset()).sum::<i32>();
                }
            }
            turn(&turned, lines);
        }
        for (offset, whole) in self.offsets.iter_mut().zip(offsets) {
            *offset = f32::from_bits(whole as u32);
        }
    }
}

/// Columns to lines, with fixed sizes, which the compiler turns into shuffles.
#[inline(always)]
fn turn<T: Copy>(columns: &[[T; SIDE]; PANEL], lines: &mut [T]) {
    for square in 0..PANEL / SIDE {
        let columns = &columns[square * SIDE..][..SIDE];
        for (i, line) in lines.chunks_exact_mut(PANEL).enumerate() {
            let turned: [T; SIDE] = std::array::from_fn(|c| columns[c][i]);
            line[square * SIDE..][..SIDE].copy_from_slice(&turned);
        }
    }
}
