//! Convolution as a sum of matrix products: for every line of the filter, the terms of neighbouring pixels times its
//! weights.
//!
//! Pixels are stored one after the other with their channels together, so the pixels under one line of the filter are
//! one run of terms, and the run of the next pixel starts one pixel later: a product whose rows overlap.

use super::linear::PANEL;
use super::tile::{TILE_ROWS, Term, multiply};
use super::tiles::{Block, MOST_LINES, SIDE, Start, Tiles};
use super::{Kernel, Lanes};

/// Pixels in a tile of one or two vectors.
const TALL_ROWS: usize = 2 * TILE_ROWS;

/// Packed weights of a convolution.
#[derive(Clone, Copy)]
pub(crate) struct Filter<'a, T> {
    /// `[⌈outputs / 64⌉, height, width · depth, 64]`
    pub panels: &'a [T],
    /// Lines.
    pub height: usize,
    /// Pixels in a line.
    pub width: usize,
    /// Terms per pixel.
    pub depth: usize,
    /// Values per pixel of the result.
    pub outputs: usize,
}

/// Padded lines of pixels in a ring buffer; the filter covers as many of them as it is high.
#[derive(Clone, Copy)]
pub(crate) struct Lines<'a, T> {
    /// `[lines in the ring, stride]`
    pub terms: &'a [T],
    /// Terms from a line to the next.
    pub stride: usize,
    /// The line under the filter's first line.
    pub first: usize,
}

impl<'a, T> Lines<'a, T> {
    /// One line without a ring.
    pub fn one(terms: &'a [T]) -> Self {
        Self { terms, stride: terms.len(), first: 0 }
    }

    #[inline(always)]
    fn line(&self, index: usize) -> &'a [T] {
        let place = (self.first + index) * self.stride % self.terms.len();
        &self.terms[place..][..self.stride]
    }
}

/// The results for neighbouring pixels. Each sum starts at the bias and adds line after line, so it does not depend on
/// other pixels.
///
/// A kernel of its own, run through [`Kernel`] by others: it is long, and is compiled once for each level.
pub(crate) struct Convolve<'a, T> {
    pub filter: Filter<'a, T>,
    pub lines: Lines<'a, T>,
    /// The pixel of the lines that is under the filter's left edge for the first result.
    pub at: usize,
    pub bias: Option<&'a [f32]>,
    /// `[pixels, outputs]`
    pub out: &'a mut [f32],
}

impl<T: Term> Kernel for Convolve<'_, T> {
    const TILES: bool = T::VALUES > 1;

    #[inline(always)]
    fn run<L: Lanes>(mut self, lanes: L) {
        let outputs = self.filter.outputs;
        let pixels = self.out.len() / outputs;
        if let Some(tiles) = T::tiles(lanes).filter(|_| self.suits_tiles(pixels)) {
            return self.by_tiles(tiles, pixels);
        }
        for first in (0..outputs).step_by(PANEL) {
            let end = (first + PANEL).min(outputs);
            for column in (first..end).step_by(L::TILE_VECTORS * L::WIDTH) {
                // Narrow tiles are tall: a processor needs a dozen sums at work at the same time or more.
                match (end - column).div_ceil(L::WIDTH) {
                    3.. if L::TILE_VECTORS > 2 => self.strip::<L, TILE_ROWS, 4>(lanes, pixels, column),
                    2 if L::TILE_VECTORS > 2 => self.strip::<L, TALL_ROWS, 2>(lanes, pixels, column),
                    2.. => self.strip::<L, TILE_ROWS, 2>(lanes, pixels, column),
                    _ => self.strip::<L, TALL_ROWS, 1>(lanes, pixels, column),
                }
            }
        }
    }
}

impl<T: Term> Convolve<'_, T> {
    /// Whether all blocks are whole: in depth, in outputs, and in pixels, since the last pixels are computed twice.
    #[inline(always)]
    fn suits_tiles(&self, pixels: usize) -> bool {
        let Filter { height, width: taps, depth, outputs, .. } = self.filter;
        pixels >= SIDE && (taps * depth).is_multiple_of(SIDE) && outputs.is_multiple_of(SIDE) && height <= MOST_LINES
    }

    #[inline(always)]
    fn by_tiles<U: Tiles>(&mut self, mut tiles: U, pixels: usize) {
        let Filter { panels, height, width: taps, depth, outputs } = self.filter;
        let terms = taps * depth;
        let whole = pixels - pixels % SIDE;
        let blocks = [(0, whole), (pixels - SIDE, SIDE)];
        for (first, rows) in blocks.into_iter().take(if whole < pixels { 2 } else { 1 }) {
            let mut lines = [&[][..]; MOST_LINES];
            for (index, line) in lines.iter_mut().enumerate().take(height) {
                *line = &self.lines.line(index)[(self.at + first) * depth..];
            }
            for column in (0..outputs).step_by(PANEL) {
                Block {
                    lines: &lines[..height],
                    x_stride: depth,
                    panel: &panels[column * height * terms..],
                    panel_stride: PANEL,
                    depth: terms,
                    rows,
                    columns: PANEL.min(outputs - column),
                    start: self.bias.map_or(Start::Zero, |bias| Start::Row(&bias[column..])),
                    out: &mut self.out[first * outputs + column..],
                    out_stride: outputs,
                }
                .multiply(&mut tiles);
            }
        }
    }

    /// All pixels by `VECTORS` vectors of outputs, in tiles of `ROWS` pixels while so many are left.
    #[inline(always)]
    fn strip<L: Lanes, const ROWS: usize, const VECTORS: usize>(&mut self, lanes: L, pixels: usize, column: usize) {
        let whole = pixels - pixels % ROWS;
        for pixel in (0..whole).step_by(ROWS) {
            self.tile::<L, ROWS, VECTORS>(lanes, pixel, column);
        }
        let height = if pixels < TILE_ROWS { 1 } else { TILE_ROWS };
        for pixel in (whole..pixels).step_by(height) {
            // The last tile may overlap the one before it, and computes the same values again.
            match height {
                TILE_ROWS => self.tile::<L, TILE_ROWS, VECTORS>(lanes, pixel.min(pixels - height), column),
                _ => self.tile::<L, 1, VECTORS>(lanes, pixel, column),
            }
        }
    }

    /// `ROWS` pixels by `VECTORS` vectors of outputs.
    #[inline(always)]
    fn tile<L: Lanes, const ROWS: usize, const VECTORS: usize>(&mut self, lanes: L, pixel: usize, column: usize) {
        let Filter { panels, height, width: taps, depth, outputs } = self.filter;
        let width = (VECTORS * L::WIDTH).min(outputs - column);
        let mut sums = [[lanes.splat(0.0); VECTORS]; ROWS];
        if let Some(bias) = self.bias {
            let bias = &bias[column..][..width];
            for sums in &mut sums {
                for (v, sum) in sums.iter_mut().enumerate() {
                    *sum = lanes.read(&bias[(v * L::WIDTH).min(width)..]);
                }
            }
        }
        for line in 0..height {
            let x = &self.lines.line(line)[(self.at + pixel) * depth..];
            let panel = (column / PANEL * height + line) * taps * depth * PANEL + column % PANEL;
            multiply(lanes, x, depth, &panels[panel..], PANEL, taps * depth, &mut sums);
        }
        for (r, sums) in sums.iter().enumerate() {
            let out = &mut self.out[(pixel + r) * outputs + column..][..width];
            for (v, sum) in sums.iter().enumerate() {
                lanes.write(&mut out[(v * L::WIDTH).min(width)..], *sum);
            }
        }
    }
}
