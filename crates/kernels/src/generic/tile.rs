//! The innermost loop of every matrix product: a tile of sums that stays in registers.

use super::{Bf16Pair, Lanes, Quad};

/// Rows in a tile.
pub(crate) const TILE_ROWS: usize = 6;

/// What is multiplied: single f32 values, pairs of bf16, or quads of bytes.
///
/// Sums of bytes are integers in lanes of f32 (see [`Lanes::dot_bytes`]); bytes of the left factor are unsigned.
pub(crate) trait Term: Copy + Send + Sync + bytemuck::Pod {
    /// Values multiplied in one term.
    const VALUES: usize;
    /// A vector of such terms.
    type Wide<L: Lanes>: Copy;
    /// The term in every lane.
    fn splat<L: Lanes>(lanes: L, term: Self) -> Self::Wide<L>;
    /// Reads `WIDTH` terms.
    ///
    /// # Safety
    /// `from` must be valid for reading `WIDTH` terms; it need not be aligned.
    unsafe fn load<L: Lanes>(lanes: L, from: *const Self) -> Self::Wide<L>;
    /// `acc + a · b`.
    fn accumulate<L: Lanes>(lanes: L, a: Self::Wide<L>, b: Self::Wide<L>, acc: L::V) -> L::V;
    /// The unit that multiplies whole tiles of such terms, if the processor has one.
    #[inline(always)]
    fn tiles<L: Lanes>(lanes: L) -> Option<L::Tiles> {
        lanes.tiles()
    }
}

impl Term for f32 {
    const VALUES: usize = 1;
    type Wide<L: Lanes> = L::V;
    #[inline(always)]
    fn splat<L: Lanes>(lanes: L, term: Self) -> L::V {
        lanes.splat(term)
    }
    #[inline(always)]
    unsafe fn load<L: Lanes>(lanes: L, from: *const Self) -> L::V {
        // SAFETY: the caller's guarantee is the one that is required here.
        unsafe { lanes.load(from) }
    }
    #[inline(always)]
    fn accumulate<L: Lanes>(lanes: L, a: L::V, b: L::V, acc: L::V) -> L::V {
        lanes.fma(a, b, acc)
    }
    #[inline(always)]
    fn tiles<L: Lanes>(_lanes: L) -> Option<L::Tiles> {
        None
    }
}

impl Term for Bf16Pair {
    const VALUES: usize = 2;
    type Wide<L: Lanes> = L::P;
    #[inline(always)]
    fn splat<L: Lanes>(lanes: L, term: Self) -> L::P {
        lanes.splat_pair(term)
    }
    #[inline(always)]
    unsafe fn load<L: Lanes>(lanes: L, from: *const Self) -> L::P {
        // SAFETY: the caller's guarantee is the one that is required here.
        unsafe { lanes.load_pairs(from) }
    }
    #[inline(always)]
    fn accumulate<L: Lanes>(lanes: L, a: L::P, b: L::P, acc: L::V) -> L::V {
        lanes.dot_pairs(a, b, acc)
    }
}

impl Term for Quad {
    const VALUES: usize = 4;
    type Wide<L: Lanes> = L::P;
    #[inline(always)]
    fn splat<L: Lanes>(lanes: L, term: Self) -> L::P {
        lanes.splat_pair(Bf16Pair(term.0))
    }
    #[inline(always)]
    unsafe fn load<L: Lanes>(lanes: L, from: *const Self) -> L::P {
        // SAFETY: the caller's guarantee is the one that is required here; a quad and a pair are each a transparent
        // `u32`.
        unsafe { lanes.load_pairs(from.cast()) }
    }
    #[inline(always)]
    fn accumulate<L: Lanes>(lanes: L, a: L::P, b: L::P, acc: L::V) -> L::V {
        lanes.dot_bytes(a, b, acc)
    }
}

/// The tallest tile for `rows` remaining rows: 6, 3, 2 or 1.
#[inline(always)]
pub(crate) fn tile_height(rows: usize) -> usize {
    match rows {
        TILE_ROWS.. => TILE_ROWS,
        3..TILE_ROWS => 3,
        rows => rows,
    }
}

/// Adds `x · panel` to `sums`, term by term in order: `depth` terms of `ROWS` rows of `x`, `x_stride` apart,
/// times as many lines of `panel`, `panel_stride` apart, of which the first `VECTORS` vectors are used.
#[inline(always)]
pub(crate) fn multiply<L: Lanes, T: Term, const ROWS: usize, const VECTORS: usize>(
    lanes: L,
    x: &[T],
    x_stride: usize,
    panel: &[T],
    panel_stride: usize,
    depth: usize,
    sums: &mut [[L::V; VECTORS]; ROWS],
) {
    if depth == 0 {
        return;
    }
    let x = &x[..(ROWS - 1) * x_stride + depth];
    let panel = &panel[..(depth - 1) * panel_stride + VECTORS * L::WIDTH];
    let mut tile = *sums;
    for k in 0..depth {
        let mut line = [T::splat(lanes, T::zeroed()); VECTORS];
        for (v, line) in line.iter_mut().enumerate() {
            // SAFETY: `k < depth` and `v < VECTORS`, so the read ends within `panel`, which was just
            // cut to `(depth − 1) · panel_stride + VECTORS · WIDTH` terms.
            *line = unsafe { T::load(lanes, panel.as_ptr().add(k * panel_stride + v * L::WIDTH)) };
        }
        for (r, tile) in tile.iter_mut().enumerate() {
            // SAFETY: `r < ROWS` and `k < depth`, and `x` was just cut to `(ROWS − 1) · x_stride + depth` terms.
            let term = T::splat(lanes, unsafe { *x.get_unchecked(r * x_stride + k) });
            for (sum, line) in tile.iter_mut().zip(line) {
                *sum = T::accumulate(lanes, term, line, *sum);
            }
        }
    }
    *sums = tile;
}
