//! Attention that stores its weights, for a block of queries at a time: for dropout and the backward pass.

use super::dropout::LineKey;
use crate::generic::exp::exp;
use crate::generic::tile::{TILE_ROWS, multiply, tile_height};
use crate::generic::{Kernel, Lanes};

/// `out = x · panel`, or added to `out`.
pub(crate) struct Products<'a> {
    /// `[rows, depth]`, rows `x_stride` apart.
    pub x: &'a [f32],
    /// Values from one row of `x` to the next.
    pub x_stride: usize,
    /// Rows of `x` and `out`.
    pub rows: usize,
    /// `[depth, width]`
    pub panel: &'a [f32],
    /// Values in a row of `panel` and `out`, whole vectors.
    pub width: usize,
    /// Rows of `panel`.
    pub depth: usize,
    /// Whether `out` is overwritten rather than added to.
    pub fresh: bool,
    /// `[rows, width]`
    pub out: &'a mut [f32],
}

impl Kernel for Products<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Self { rows, width, .. } = self;
        let mut tile = self;
        let mut row = 0;
        while row < rows {
            let height = tile_height(rows - row);
            let mut column = 0;
            while column < width {
                column += L::WIDTH
                    * match ((width - column) / L::WIDTH, height) {
                        (4.., TILE_ROWS) if L::TILE_VECTORS > 2 => tile.one::<L, TILE_ROWS, 4>(lanes, row, column),
                        (4.., 3) if L::TILE_VECTORS > 2 => tile.one::<L, 3, 4>(lanes, row, column),
                        (4.., 2) if L::TILE_VECTORS > 2 => tile.one::<L, 2, 4>(lanes, row, column),
                        (4.., 1) if L::TILE_VECTORS > 2 => tile.one::<L, 1, 4>(lanes, row, column),
                        (2.., TILE_ROWS) => tile.one::<L, TILE_ROWS, 2>(lanes, row, column),
                        (2.., 3) => tile.one::<L, 3, 2>(lanes, row, column),
                        (2.., 2) => tile.one::<L, 2, 2>(lanes, row, column),
                        (2.., _) => tile.one::<L, 1, 2>(lanes, row, column),
                        (_, TILE_ROWS) => tile.one::<L, TILE_ROWS, 1>(lanes, row, column),
                        (_, 3) => tile.one::<L, 3, 1>(lanes, row, column),
                        (_, 2) => tile.one::<L, 2, 1>(lanes, row, column),
                        _ => tile.one::<L, 1, 1>(lanes, row, column),
                    };
            }
            row += height;
        }
    }
}

impl Products<'_> {
    /// One tile; returns its vectors.
    #[inline(always)]
    fn one<L: Lanes, const ROWS: usize, const VECTORS: usize>(&mut self, lanes: L, row: usize, column: usize) -> usize {
        let Self { x_stride, width, depth, .. } = *self;
        let out = &mut self.out[row * width + column..];
        let mut sums = [[lanes.splat(0.0); VECTORS]; ROWS];
        if !self.fresh {
            for (r, sums) in sums.iter_mut().enumerate() {
                for (v, sum) in sums.iter_mut().enumerate() {
                    *sum = lanes.read(&out[r * width + v * L::WIDTH..]);
                }
            }
        }
        multiply(lanes, &self.x[row * x_stride..], x_stride, &self.panel[column..], width, depth, &mut sums);
        for (r, sums) in sums.iter().enumerate() {
            for (v, sum) in sums.iter().enumerate() {
                lanes.write(&mut out[r * width + v * L::WIDTH..], *sum);
            }
        }
        VECTORS
    }
}

/// Rotates each row's queries and keys: `(a, b) → (a·cos − b·sin, b·cos + a·sin)`, `a` from a head's first half and `b`
/// from its second.
pub(crate) struct Turn<'a> {
    /// `[rows, 3 · dim]`
    pub qkv: &'a mut [f32],
    /// Values in a query, a multiple of twice `half`.
    pub dim: usize,
    /// Half a head's width, at least one.
    pub half: usize,
    /// `[rows, half]`
    pub cos: &'a [f32],
    /// `[rows, half]`
    pub sin: &'a [f32],
}

impl Kernel for Turn<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let angles = self.cos.chunks_exact(self.half).zip(self.sin.chunks_exact(self.half));
        for (row, (cos, sin)) in self.qkv.chunks_exact_mut(3 * self.dim).zip(angles) {
            for head in row[..2 * self.dim].chunks_exact_mut(2 * self.half) {
                let (first, second) = head.split_at_mut(self.half);
                for at in (0..self.half).step_by(L::WIDTH) {
                    let (a, b) = (lanes.read(&first[at..]), lanes.read(&second[at..]));
                    let (cos, sin) = (lanes.read(&cos[at..]), lanes.read(&sin[at..]));
                    lanes.write(&mut first[at..], lanes.sub(lanes.mul(a, cos), lanes.mul(b, sin)));
                    lanes.write(&mut second[at..], lanes.fma(b, cos, lanes.mul(a, sin)));
                }
            }
        }
    }
}

/// The softmax of each row's first `len` values; the others become zero.
pub(crate) struct Softmax<'a> {
    /// `[rows, width]`
    pub scores: &'a mut [f32],
    /// Values in a row, whole vectors.
    pub width: usize,
    /// Values in a row that are used, at least one.
    pub len: usize,
}

impl Kernel for Softmax<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        for row in self.scores.chunks_exact_mut(self.width) {
            row[self.len..].fill(f32::NEG_INFINITY);
            let mut most = lanes.splat(f32::MIN);
            for at in (0..self.width).step_by(L::WIDTH) {
                most = lanes.max(lanes.read(&row[at..]), most);
            }
            let (most, mut total) = (lanes.splat(lanes.largest(most)), lanes.splat(0.0));
            for at in (0..self.width).step_by(L::WIDTH) {
                let weight = exp(lanes, lanes.sub(lanes.read(&row[at..]), most));
                lanes.write(&mut row[at..], weight);
                total = lanes.add(total, weight);
            }
            let share = lanes.splat(1.0 / lanes.sum(total));
            for at in (0..self.width).step_by(L::WIDTH) {
                let weight = lanes.mul(lanes.read(&row[at..]), share);
                lanes.write(&mut row[at..], weight);
            }
        }
    }
}

/// Which weights are dropped; query `q` has line `first + q · step` of the mask.
#[derive(Clone, Copy)]
pub(crate) struct Mask {
    /// Seed of the hash.
    pub seed: u64,
    /// Weights whose hash is below this are dropped.
    pub threshold: u32,
    /// The others are multiplied by this.
    pub scale: f32,
    /// The first query's line.
    pub first: u64,
    /// Lines from one query to the next.
    pub step: u64,
}

impl Mask {
    /// Writes the factors of query `query`'s weights.
    #[inline(always)]
    fn write(self, query: usize, factors: &mut [f32]) {
        let key = LineKey::new(self.seed, self.first + query as u64 * self.step);
        for (at, factor) in factors.iter_mut().enumerate() {
            *factor = key.factor(at as u32, self.threshold, self.scale);
        }
    }
}

/// Multiplies weights by their mask.
pub(crate) struct MaskWeights<'a> {
    /// `[rows, width]`
    pub weights: &'a mut [f32],
    /// Values in a row.
    pub width: usize,
    /// The mask of the first row.
    pub mask: Mask,
    /// `[width]`, overwritten.
    pub factors: &'a mut [f32],
}

impl Kernel for MaskWeights<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self, _lanes: L) {
        for (r, row) in self.weights.chunks_exact_mut(self.width).enumerate() {
            self.mask.write(r, self.factors);
            row.iter_mut().zip(&*self.factors).for_each(|(weight, factor)| *weight *= factor);
        }
    }
}

/// From the gradient of dropped weights to that of scores: with weights `w`, mask `m` and `d = grad · m` it is
/// `w · (d − Σ w·d)`. Afterwards the weights are multiplied by their mask.
pub(crate) struct ScoreGradient<'a> {
    /// `[rows, width]`
    pub weights: &'a mut [f32],
    /// `[rows, width]`, in place.
    pub grad: &'a mut [f32],
    /// Values in a row, whole vectors.
    pub width: usize,
    /// Values in a row that are used; the others become zero.
    pub len: usize,
    /// The mask of the first row.
    pub mask: Option<Mask>,
    /// `[width]`, overwritten.
    pub factors: &'a mut [f32],
}

impl Kernel for ScoreGradient<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let rows = self.weights.chunks_exact_mut(self.width).zip(self.grad.chunks_exact_mut(self.width));
        for (r, (weights, grad)) in rows.enumerate() {
            if let Some(mask) = self.mask {
                mask.write(r, self.factors);
                grad.iter_mut().zip(&*self.factors).for_each(|(grad, factor)| *grad *= factor);
            }
            let mut sum = lanes.splat(0.0);
            for at in (0..self.width).step_by(L::WIDTH) {
                sum = lanes.fma(lanes.read(&weights[at..]), lanes.read(&grad[at..]), sum);
            }
            let sum = lanes.splat(lanes.sum(sum));
            for at in (0..self.width).step_by(L::WIDTH) {
                let score = lanes.mul(lanes.read(&weights[at..]), lanes.sub(lanes.read(&grad[at..]), sum));
                lanes.write(&mut grad[at..], score);
            }
            grad[self.len..].fill(0.0);
            if self.mask.is_some() {
                weights.iter_mut().zip(&*self.factors).for_each(|(weight, factor)| *weight *= factor);
            }
        }
    }
}
