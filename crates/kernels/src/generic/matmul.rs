//! `out = x · b + bias`, factors in f32 or rounded to bf16, `b` in panels of 64 columns, in tiles that stay in
//! registers.
//!
//! A tile's sums start at the bias and add the depth in order, in blocks, so the split of the work does not change a
//! bit.

use super::format::Format;
use super::tile::{TILE_ROWS, multiply, tile_height};
use super::tiles::{Block, PART, Start, padded};
use super::{Bf16Pair, Kernel, Lanes};

/// Columns per panel.
pub(crate) const PANEL: usize = 64;
/// Terms of the depth in one pass: 128 KiB of a panel, which stays in a core's second-level cache.
const DEPTH_BLOCK: usize = 512;

/// A term that both factors of a product can be rounded to, and that needs no scales.
pub(crate) trait Factor: Format {
    /// The values as they are in memory, if they are terms already.
    fn as_they_are(values: &[f32]) -> Option<&[Self]>;
    /// A term of each column of `VALUES` rows; a missing second row counts as zero.
    fn stack<L: Lanes>(lanes: L, rows: [&[f32]; 2], to: &mut [Self]);
}

impl Factor for f32 {
    fn as_they_are(values: &[f32]) -> Option<&[Self]> {
        Some(values)
    }
    #[inline(always)]
    fn stack<L: Lanes>(_lanes: L, [row, _]: [&[f32]; 2], to: &mut [Self]) {
        to.copy_from_slice(row);
    }
}

impl Factor for Bf16Pair {
    fn as_they_are(_values: &[f32]) -> Option<&[Self]> {
        None
    }
    #[inline(always)]
    fn stack<L: Lanes>(lanes: L, [low, high]: [&[f32]; 2], to: &mut [Self]) {
        for (i, to) in to.chunks_mut(L::WIDTH).enumerate() {
            let at = i * L::WIDTH;
            lanes.zip_pairs(lanes.read(&low[at..]), lanes.read(high.get(at..).unwrap_or(&[])), to);
        }
    }
}

/// Packs some columns of rows into one panel.
pub(crate) struct StackPanel<'a, T> {
    /// `[rows, columns]`
    pub from: &'a [f32],
    /// Values in a row of `from`, at least one.
    pub columns: usize,
    /// The first column of the panel.
    pub first: usize,
    /// Columns of the panel, 64 or fewer.
    pub width: usize,
    /// `[⌈rows / VALUES⌉, 64]`; values beyond `width` are not changed.
    pub to: &'a mut [T],
}

impl<T: Factor> Kernel for StackPanel<'_, T> {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let rows = self.from.chunks(T::VALUES * self.columns);
        for (line, rows) in self.to.chunks_exact_mut(PANEL).zip(rows) {
            let (low, high) = rows.split_at(self.columns);
            let columns = self.first..self.first + self.width;
            let rows = [&low[columns.clone()], high.get(columns).unwrap_or(&[])];
            T::stack(lanes, rows, &mut line[..self.width]);
        }
    }
}

/// One thread's part of the product: some rows, all columns.
pub(crate) struct Product<'a, T> {
    /// `[rows, padded depth]`; for tiles the rows are padded to a multiple of 16, and may have any content.
    pub x: &'a [T],
    /// Terms in a row of `x` without the padding, at least one.
    pub depth: usize,
    /// `[⌈columns / 64⌉, padded depth, 64]`
    pub panels: &'a [T],
    /// `[columns]`
    pub bias: Option<&'a [f32]>,
    /// `[rows, columns]`
    pub out: &'a mut [f32],
    /// Values in a row of `out`, at least one.
    pub columns: usize,
    /// [`Product::space`]: sums of tiles.
    pub sums: &'a mut [f32],
}

/// Position of a tile.
#[derive(Clone, Copy)]
struct Place {
    row: usize,
    column: usize,
    /// Depth before this block.
    start: usize,
    /// Depth in this block.
    depth: usize,
}

impl<T: Factor> Kernel for Product<'_, T> {
    const TILES: bool = T::VALUES > 1;

    #[inline(always)]
    fn run<L: Lanes>(mut self, lanes: L) {
        if let Some(tiles) = T::tiles(lanes) {
            return self.by_tiles(lanes, tiles);
        }
        let rows = self.out.len() / self.columns;
        for first in (0..self.columns).step_by(PANEL) {
            let end = (first + PANEL).min(self.columns);
            for start in (0..self.depth).step_by(DEPTH_BLOCK) {
                let depth = DEPTH_BLOCK.min(self.depth - start);
                let mut row = 0;
                while row < rows {
                    let height = tile_height(rows - row);
                    for column in (first..end).step_by(L::TILE_VECTORS * L::WIDTH) {
                        let vectors = (end - column).div_ceil(L::WIDTH).min(L::TILE_VECTORS);
                        self.tile_of(lanes, Place { row, column, start, depth }, height, vectors);
                    }
                    row += height;
                }
            }
        }
    }
}

impl<T: Factor> Product<'_, T> {
    /// Values that tiles need: a block of rows of one panel.
    pub fn space() -> usize {
        if T::VALUES > 1 { PART * PANEL } else { 0 }
    }

    #[inline(always)]
    fn by_tiles<L: Lanes>(&mut self, lanes: L, mut tiles: L::Tiles) {
        let (rows, stride) = (self.out.len() / self.columns, padded::<T>(self.depth));
        for first in (0..self.columns).step_by(PANEL) {
            let width = PANEL.min(self.columns - first);
            let mut begin = [0.0; PANEL];
            if let Some(bias) = self.bias {
                begin[..width].copy_from_slice(&bias[first..first + width]);
            }
            for row in (0..rows).step_by(PART) {
                let height = PART.min(rows - row);
                Block {
                    lines: &[&self.x[row * stride..]],
                    x_stride: stride,
                    panel: &self.panels[first * stride..],
                    panel_stride: PANEL,
                    depth: stride,
                    rows: height,
                    columns: width,
                    start: Start::Row(&begin),
                    out: &mut *self.sums,
                    out_stride: PANEL,
                }
                .multiply(&mut tiles);
                self.store(lanes, row..row + height, first, width);
            }
        }
    }

    /// Copies the sums of a block of rows in one panel to the result.
    #[inline(always)]
    fn store<L: Lanes>(&mut self, lanes: L, rows: std::ops::Range<usize>, first: usize, width: usize) {
        for (row, sums) in rows.zip(self.sums.chunks_exact(PANEL)) {
            let out = &mut self.out[row * self.columns + first..][..width];
            for (out, sums) in out.chunks_mut(L::WIDTH).zip(sums.chunks(L::WIDTH)) {
                lanes.write(out, lanes.read(sums));
            }
        }
    }

    /// Turns a tile's size into constants. With three vectors the fourth is padding, computed and discarded.
    #[inline(always)]
    fn tile_of<L: Lanes>(&mut self, lanes: L, place: Place, height: usize, vectors: usize) {
        match height {
            TILE_ROWS => self.tile_wide::<L, TILE_ROWS>(lanes, place, vectors),
            3 => self.tile_wide::<L, 3>(lanes, place, vectors),
            2 => self.tile_wide::<L, 2>(lanes, place, vectors),
            _ => self.tile_wide::<L, 1>(lanes, place, vectors),
        }
    }

    #[inline(always)]
    fn tile_wide<L: Lanes, const ROWS: usize>(&mut self, lanes: L, place: Place, vectors: usize) {
        match vectors {
            3.. if L::TILE_VECTORS > 2 => self.tile::<L, ROWS, 4>(lanes, place),
            2.. => self.tile::<L, ROWS, 2>(lanes, place),
            _ => self.tile::<L, ROWS, 1>(lanes, place),
        }
    }

    /// Adds one block's terms to `ROWS` rows of `VECTORS` vectors of `out`.
    #[inline(always)]
    fn tile<L: Lanes, const ROWS: usize, const VECTORS: usize>(&mut self, lanes: L, place: Place) {
        let Place { row, column, start, depth } = place;
        let width = (VECTORS * L::WIDTH).min(self.columns - column);
        let stride = padded::<T>(self.depth);
        let x = &self.x[row * stride + start..];
        let panel = (column / PANEL * stride + start) * PANEL + column % PANEL;
        let panel = &self.panels[panel..];

        let mut sums = [[lanes.splat(0.0); VECTORS]; ROWS];
        for (r, sums) in sums.iter_mut().enumerate() {
            let before = match (start, self.bias) {
                (0, None) => continue,
                (0, Some(bias)) => &bias[column..][..width],
                _ => &self.out[(row + r) * self.columns + column..][..width],
            };
            for (v, sum) in sums.iter_mut().enumerate() {
                *sum = lanes.read(&before[(v * L::WIDTH).min(width)..]);
            }
        }
        multiply(lanes, x, stride, panel, PANEL, depth, &mut sums);
        for (r, sums) in sums.iter().enumerate() {
            let out = &mut self.out[(row + r) * self.columns + column..][..width];
            for (v, sum) in sums.iter().enumerate() {
                lanes.write(&mut out[(v * L::WIDTH).min(width)..], *sum);
            }
        }
    }
}
