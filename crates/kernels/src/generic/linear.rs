//! Products over packed panels, in tiles that stay in registers, and what is done with a tile's sums while they are
//! cached.
//!
//! A panel holds 64 outputs: for each input one line of 64 weights ([`PANEL`]). A tile is up to six rows by up to four
//! vectors. Each of its sums starts at the bias and adds the inputs in order, so a row's result depends neither on
//! other rows nor on how the work was split.

use std::ops::Range;

use super::activation::{Gelu, swish};
use super::grid::Grid;
use super::tile::{TILE_ROWS, Term, multiply, tile_height};
use super::tiles::{Block, PART, Start, padded};
use super::{Bf16Pair, Kernel, Lanes};

/// Outputs per panel.
pub(crate) const PANEL: usize = 64;
/// Most terms in one pass: 176 KiB of a panel, which stays in a core's second-level cache along with the rows.
const DEPTH_BLOCK: usize = 704;

/// The activation of a row's sums in one panel.
#[derive(Clone, Copy)]
pub(crate) enum Curve {
    /// None.
    None,
    /// `u · sigmoid(β·u) · g`; the panel's first half is `u` and its second half `g`, so there are half as many values.
    SwishGate { beta: f32 },
    /// `x · Φ(x)`.
    Gelu,
}

impl Curve {
    /// Number of values of a panel.
    pub fn values(self) -> usize {
        if matches!(self, Self::SwishGate { .. }) { PANEL / 2 } else { PANEL }
    }
}

/// What is done with the values.
#[derive(Clone, Copy)]
pub(crate) enum Target<'a> {
    /// They are written.
    Store(Grid<'a, f32>),
    /// They are added to the existing values.
    Add(Grid<'a, f32>),
    /// They are rounded to pairs and written; an odd last value is paired with zero.
    Pairs(Grid<'a, Bf16Pair>),
}

impl Target<'_> {
    /// The same target from a row on.
    pub fn below(self, row: usize) -> Self {
        match self {
            Self::Store(grid) => Self::Store(grid.below(row)),
            Self::Add(grid) => Self::Add(grid.below(row)),
            Self::Pairs(grid) => Self::Pairs(grid.below(row)),
        }
    }
}

/// Turns sums of bytes, which are integers, into values.
#[derive(Clone, Copy)]
pub(crate) struct Scales<'a> {
    /// `[rows]`
    pub rows: &'a [f32],
    /// `[64 · panels]`
    pub columns: &'a [f32],
    /// `[64 · panels]` or fewer, added at the end.
    pub bias: &'a [f32],
}

/// Some rows times some panels.
pub(crate) struct Pass<'a, T> {
    /// `[rows, padded depth]`; for tiles the rows are padded to a multiple of 16, and may have any content.
    pub x: &'a [T],
    pub rows: usize,
    /// Terms in a row without the padding, at least one.
    pub depth: usize,
    /// `[⌈outputs / 64⌉, padded depth, 64]`
    pub panels: &'a [T],
    /// `[64 · panels]` or fewer: the start of the sums; missing values are zero.
    pub begin: &'a [f32],
    /// Only for bytes.
    pub scales: Option<Scales<'a>>,
    /// Columns of all panels that are used.
    pub outputs: usize,
    /// Which panels to compute.
    pub range: Range<usize>,
    /// `[rows, 64]`, the rows padded as those of `x`: unfinished sums.
    pub sums: &'a mut [f32],
    /// Their activation.
    pub curve: Curve,
    /// The target: `outputs` columns, or half as many after [`Curve::SwishGate`]. Only this pass writes the rows'
    /// values from its panels.
    pub target: Target<'a>,
}

/// Position of a tile.
#[derive(Clone, Copy)]
struct Place {
    row: usize,
    /// First output.
    column: usize,
    /// Terms before this block.
    start: usize,
    /// Terms in this block.
    depth: usize,
}

impl<T: Term> Kernel for Pass<'_, T> {
    const TILES: bool = T::VALUES > 1;

    #[inline(always)]
    fn run<L: Lanes>(mut self, lanes: L) {
        if let Some(tiles) = T::tiles(lanes) {
            return self.by_tiles(lanes, tiles);
        }
        let rows = self.rows;
        let block = self.depth.div_ceil(self.depth.div_ceil(DEPTH_BLOCK));
        for panel in self.range.clone() {
            let end = ((panel + 1) * PANEL).min(self.outputs);
            for start in (0..self.depth).step_by(block) {
                let depth = block.min(self.depth - start);
                let mut row = 0;
                while row < rows {
                    let height = tile_height(rows - row);
                    for column in (panel * PANEL..end).step_by(L::TILE_VECTORS * L::WIDTH) {
                        let vectors = (end - column).div_ceil(L::WIDTH).min(L::TILE_VECTORS);
                        self.tile_of(lanes, Place { row, column, start, depth }, height, vectors);
                    }
                    if start + depth == self.depth {
                        for row in row..row + height {
                            self.finish(lanes, row, panel, end - panel * PANEL);
                        }
                    }
                    row += height;
                }
            }
        }
    }
}

impl<T: Term> Pass<'_, T> {
    /// Terms in a row, with padding.
    #[inline(always)]
    fn stride(&self) -> usize {
        padded::<T>(self.depth)
    }

    /// Blocks of sums stay in tiles for the whole depth, and are finished while they are in the first-level cache.
    #[inline(always)]
    fn by_tiles<L: Lanes>(&mut self, lanes: L, mut tiles: L::Tiles) {
        let (rows, stride) = (self.rows, self.stride());
        for panel in self.range.clone() {
            let (first, width) = (panel * PANEL, PANEL.min(self.outputs - panel * PANEL));
            let mut begin = [0.0; PANEL];
            let given = self.begin.get(first..).unwrap_or(&[]);
            let count = given.len().min(PANEL);
            begin[..count].copy_from_slice(&given[..count]);
            for row in (0..rows).step_by(PART) {
                let height = PART.min(rows - row);
                Block {
                    lines: &[&self.x[row * stride..]],
                    x_stride: stride,
                    panel: &self.panels[panel * stride * PANEL..],
                    panel_stride: PANEL,
                    depth: stride,
                    rows: height,
                    columns: width,
                    start: Start::Row(&begin),
                    out: &mut self.sums[row * PANEL..],
                    out_stride: PANEL,
                }
                .multiply(&mut tiles);
                for row in row..row + height {
                    self.finish(lanes, row, panel, width);
                }
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

    /// Adds one block's terms to `ROWS` rows of `VECTORS` vectors of sums.
    #[inline(always)]
    fn tile<L: Lanes, const ROWS: usize, const VECTORS: usize>(&mut self, lanes: L, place: Place) {
        let Place { row, column, start, depth } = place;
        let at = column % PANEL;
        let stride = self.stride();
        let x = &self.x[row * stride + start..];
        let panel = &self.panels[(column / PANEL * stride + start) * PANEL + at..];
        let kept = &mut self.sums[row * PANEL..][..ROWS * PANEL];

        let mut sums = [[lanes.splat(0.0); VECTORS]; ROWS];
        if start > 0 {
            for (sums, kept) in sums.iter_mut().zip(kept.chunks_exact(PANEL)) {
                for (v, sum) in sums.iter_mut().enumerate() {
                    *sum = lanes.read(&kept[at + v * L::WIDTH..]);
                }
            }
        } else if !self.begin.is_empty() {
            for (v, sum) in sums[0].iter_mut().enumerate() {
                *sum = lanes.read(self.begin.get(column + v * L::WIDTH..).unwrap_or(&[]));
            }
            sums = [sums[0]; ROWS];
        }

        multiply(lanes, x, stride, panel, PANEL, depth, &mut sums);

        for (sums, kept) in sums.iter().zip(kept.chunks_exact_mut(PANEL)) {
            for (v, sum) in sums.iter().enumerate() {
                lanes.write(&mut kept[at + v * L::WIDTH..], *sum);
            }
        }
    }

    /// Turns one row's sums in one panel, the first `width` of which are used, into values, in place.
    #[inline(always)]
    fn finish<L: Lanes>(&mut self, lanes: L, row: usize, panel: usize, width: usize) {
        let sums = &mut self.sums[row * PANEL..][..PANEL];
        if let Some(scales) = self.scales {
            scales.apply(lanes, row, panel * PANEL, sums);
        }
        match self.curve {
            Curve::None => {}
            Curve::SwishGate { beta } => swish_gate(lanes, sums, beta),
            Curve::Gelu => Gelu(sums).run(lanes),
        }
        let first = panel * self.curve.values();
        let width = width.min(self.curve.values());
        match self.target {
            Target::Store(grid) => {
                let columns = first..(first + width).min(grid.width());
                // SAFETY: as `target` requires, only this pass accesses these columns of this row, and it takes one
                // part at a time.
                let to = unsafe { grid.part(row, columns) };
                for (to, sums) in to.chunks_mut(L::WIDTH).zip(sums.chunks(L::WIDTH)) {
                    lanes.write(to, lanes.read(sums));
                }
            }
            Target::Add(grid) => {
                let columns = first..(first + width).min(grid.width());
                // SAFETY: as above.
                let to = unsafe { grid.part(row, columns) };
                for (to, sums) in to.chunks_mut(L::WIDTH).zip(sums.chunks(L::WIDTH)) {
                    let sum = lanes.add(lanes.read(to), lanes.read(sums));
                    lanes.write(to, sum);
                }
            }
            Target::Pairs(grid) => {
                let columns = first / 2..(first + width).div_ceil(2).min(grid.width());
                // SAFETY: as above; `first` is even, so no pair belongs to two panels.
                let to = unsafe { grid.part(row, columns) };
                lanes.round_pairs(&sums[..2 * to.len()], to);
            }
        }
    }
}

impl Scales<'_> {
    #[inline(always)]
    fn apply<L: Lanes>(&self, lanes: L, row: usize, column: usize, sums: &mut [f32]) {
        let scale = lanes.splat(self.rows[row]);
        for at in (0..PANEL).step_by(L::WIDTH) {
            let scale = lanes.mul(scale, lanes.read(&self.columns[column + at..]));
            let bias = lanes.read(self.bias.get(column + at..).unwrap_or(&[]));
            let value = lanes.fma(lanes.floats(lanes.read(&sums[at..])), scale, bias);
            lanes.write(&mut sums[at..], value);
        }
    }
}

/// `u · sigmoid(β·u) · g` into the place of `u`.
#[inline(always)]
fn swish_gate<L: Lanes>(lanes: L, sums: &mut [f32], beta: f32) {
    let (u, gate) = sums.split_at_mut(PANEL / 2);
    let slope = lanes.splat(-beta);
    for (u, gate) in u.chunks_mut(L::WIDTH).zip(gate.chunks(L::WIDTH)) {
        let value = lanes.mul(swish(lanes, lanes.read(u), slope), lanes.read(gate));
        lanes.write(u, value);
    }
}
