//! Convolution of a stored map, and the gradient of its weights, for training.

use super::filter::{Convolve, Filter, Lines};
use super::tile::{TILE_ROWS, multiply};
use super::transpose::Transpose;
use super::{Kernel, Lanes};
use crate::Level;
use crate::convolution::Filter as Shape;

/// Pixels of a gradient that are processed at once: they fill only a part of the first-level cache.
const PIECE: usize = 96;

/// A band of rows of a convolution.
pub(crate) struct Convolution<'a> {
    pub level: Level,
    /// The whole map, `[height, width, inputs]`.
    pub x: &'a [f32],
    /// Pixels in a row of the map.
    pub width: usize,
    pub filter: Filter<'a, f32>,
    pub bias: Option<&'a [f32]>,
    /// The band's first row.
    pub first: usize,
    /// The band.
    pub out: &'a mut [f32],
    /// As many lines as the filter is high, padded by its radius on both sides.
    pub ring: &'a mut [f32],
}

impl Kernel for Convolution<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self, _lanes: L) {
        let (filter, bias) = (self.filter, self.bias);
        let Filter { height, width: taps, depth, outputs, .. } = filter;
        let (row, radius) = (self.width * depth, height / 2);
        if height == 1 && taps == 1 {
            let x = &self.x[self.first * row..][..self.out.len() / outputs * depth];
            return self.level.run(Convolve { filter, lines: Lines::one(x), at: 0, bias, out: self.out });
        }
        let side = taps / 2 * depth;
        let stride = row + 2 * side;
        for line in 0..self.out.len() / (self.width * outputs) + 2 * radius {
            let to = &mut self.ring[line % height * stride..][..stride];
            let from =
                (self.first + line).checked_sub(radius).and_then(|from| self.x.get(from * row..(from + 1) * row));
            match from {
                Some(from) => to[side..side + row].copy_from_slice(from),
                None => to.fill(0.0),
            }
            if let Some(first) = line.checked_sub(2 * radius) {
                let lines = Lines { terms: &self.ring[..height * stride], stride, first };
                let out = &mut self.out[first * self.width * outputs..][..self.width * outputs];
                self.level.run(Convolve { filter, lines, at: 0, bias, out });
            }
        }
    }
}

/// What a band of rows adds to the gradient of the weights: for each tap the product of the map, shifted to that tap
/// and transposed, with the gradient of the result.
pub(crate) struct WeightGradient<'a> {
    /// The whole map, `[height, width, inputs]`.
    pub x: &'a [f32],
    /// The gradient of the result, `[height, width, outputs]`.
    pub grad: &'a [f32],
    /// Pixels in a row of the map.
    pub width: usize,
    pub shape: Shape,
    /// The band.
    pub rows: std::ops::Range<usize>,
    /// `[filter height, filter width, inputs, outputs padded to whole vectors]`: added to.
    pub sums: &'a mut [f32],
    /// As many lines as the filter is high, transposed: `[filter height, inputs, width + 2 · radius]`.
    pub ring: &'a mut [f32],
    /// `[PIECE, outputs padded to whole vectors]`, zeros.
    pub padded: &'a mut [f32],
}

impl WeightGradient<'_> {
    /// Values that [`Self::padded`] needs; outputs padded to whole vectors.
    pub fn padded(shape: Shape) -> (usize, usize) {
        let outputs = shape.outputs.next_multiple_of(16);
        (PIECE * outputs, outputs)
    }
}

impl Kernel for WeightGradient<'_> {
    #[inline(always)]
    fn run<L: Lanes>(mut self, lanes: L) {
        let radius = self.shape.height / 2;
        let first = self.rows.start;
        for line in 0..self.rows.len() + 2 * radius {
            self.fill(lanes, (first + line).checked_sub(radius), line % self.shape.height);
            if let Some(top) = line.checked_sub(2 * radius) {
                for start in (0..self.width).step_by(PIECE) {
                    self.piece(lanes, first + top, start, top);
                }
            }
        }
    }
}

impl WeightGradient<'_> {
    /// Values from one channel's line in the ring to the next.
    #[inline(always)]
    fn stride(&self) -> usize {
        self.width + self.shape.width - 1
    }

    /// Transposes a row into its place in the ring; rows beyond the map are zeros.
    #[inline(always)]
    fn fill<L: Lanes>(&mut self, lanes: L, row: Option<usize>, place: usize) {
        let (stride, inputs) = (self.stride(), self.shape.inputs);
        let to = &mut self.ring[place * inputs * stride..][..inputs * stride];
        let values = self.width * inputs;
        match row.and_then(|row| self.x.get(row * values..(row + 1) * values)) {
            None => to.fill(0.0),
            Some(from) => {
                let to = &mut to[self.shape.width / 2..];
                let (rows, columns) = (self.width, inputs);
                Transpose { from, from_stride: inputs, rows, columns, to, to_stride: stride }.run(lanes);
            }
        }
    }

    /// The products of some pixels of a row; line `top` of the ring is the first line under the filter.
    #[inline(always)]
    fn piece<L: Lanes>(&mut self, lanes: L, row: usize, start: usize, top: usize) {
        let Shape { outputs, inputs, height, width: taps } = self.shape;
        let (stride, wide) = (self.stride(), outputs.next_multiple_of(16));
        let pixels = PIECE.min(self.width - start);
        let mut grad = &self.grad[(row * self.width + start) * outputs..][..pixels * outputs];
        if wide != outputs {
            for (to, from) in self.padded.chunks_exact_mut(wide).zip(grad.chunks_exact(outputs)) {
                to[..outputs].copy_from_slice(from);
            }
            grad = &self.padded[..pixels * wide];
        }
        for tap in 0..height * taps {
            let lines = &self.ring[(top + tap / taps) % height * inputs * stride..][..inputs * stride];
            let sums = &mut self.sums[tap * inputs * wide..][..inputs * wide];
            let mut input = 0;
            while input < inputs {
                let x = &lines[input * stride + start + tap % taps..];
                let sums = &mut sums[input * wide..];
                input += match inputs - input {
                    TILE_ROWS.. => across::<L, TILE_ROWS>(lanes, x, stride, grad, wide, pixels, sums),
                    2.. => across::<L, 2>(lanes, x, stride, grad, wide, pixels, sums),
                    _ => across::<L, 1>(lanes, x, stride, grad, wide, pixels, sums),
                };
            }
        }
    }
}

/// Adds `ROWS` lines of `x` times `depth` lines of `grad`, each `wide` values long, to `sums [ROWS, wide]`; returns
/// `ROWS`.
#[inline(always)]
fn across<L: Lanes, const ROWS: usize>(
    lanes: L,
    x: &[f32],
    stride: usize,
    grad: &[f32],
    wide: usize,
    depth: usize,
    sums: &mut [f32],
) -> usize {
    let mut column = 0;
    while column < wide {
        let (grad, sums) = (&grad[column..], &mut sums[column..]);
        column += match (wide - column) / L::WIDTH {
            4.. if L::TILE_VECTORS > 2 => add_products::<L, ROWS, 4>(lanes, x, stride, grad, wide, depth, sums),
            2.. => add_products::<L, ROWS, 2>(lanes, x, stride, grad, wide, depth, sums),
            _ => add_products::<L, ROWS, 1>(lanes, x, stride, grad, wide, depth, sums),
        };
    }
    ROWS
}

/// `VECTORS` vectors of [`across`]; returns how many columns that are.
#[inline(always)]
fn add_products<L: Lanes, const ROWS: usize, const VECTORS: usize>(
    lanes: L,
    x: &[f32],
    stride: usize,
    grad: &[f32],
    wide: usize,
    depth: usize,
    sums: &mut [f32],
) -> usize {
    let mut tile = [[lanes.splat(0.0); VECTORS]; ROWS];
    for (r, tile) in tile.iter_mut().enumerate() {
        for (v, sum) in tile.iter_mut().enumerate() {
            *sum = lanes.read(&sums[r * wide + v * L::WIDTH..]);
        }
    }
    multiply(lanes, x, stride, grad, wide, depth, &mut tile);
    for (r, tile) in tile.iter().enumerate() {
        for (v, sum) in tile.iter().enumerate() {
            lanes.write(&mut sums[r * wide + v * L::WIDTH..], *sum);
        }
    }
    VECTORS * L::WIDTH
}
