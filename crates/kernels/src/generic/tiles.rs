//! Products by tiles: units of a processor that multiply whole small matrices of pairs or quads.
//!
//! A [`Block`] of sums is cut into parts of up to 32 rows by 32 columns. A part stays in the unit for all lines and all
//! terms of a product, so a row's sums depend neither on other rows nor on how the work was split.

use super::tile::Term;

/// Rows of one tile, its columns, and the terms of one step in depth.
pub(crate) const SIDE: usize = 16;
/// Most lines of one product.
pub(crate) const MOST_LINES: usize = 9;

/// Most rows and most columns of a part: two tiles.
pub(crate) const PART: usize = 2 * SIDE;

/// Where a block's sums begin.
#[derive(Clone, Copy)]
pub(crate) enum Start<'a> {
    /// At zero.
    Zero,
    /// Each row begins with these values, as many as the block has columns or more.
    Row(&'a [f32]),
    /// With the values that the result is written over.
    Out,
}

/// A block of sums. Rows and columns are computed up to a multiple of 16, and must be readable and writable up to there.
pub(crate) struct Block<'a, T> {
    /// The lines of the left factor, each from the block's first row on; rows are `x_stride` terms apart and may
    /// overlap.
    pub lines: &'a [&'a [T]],
    pub x_stride: usize,
    /// One line of terms per term of depth, for all lines in order, `panel_stride` apart, from the block's first column
    /// on.
    pub panel: &'a [T],
    pub panel_stride: usize,
    /// Terms in a line, a multiple of 16.
    pub depth: usize,
    pub rows: usize,
    pub columns: usize,
    pub start: Start<'a>,
    /// Rows are `out_stride` values apart.
    pub out: &'a mut [f32],
    pub out_stride: usize,
}

/// Addresses and strides in bytes, as [`Tiles::multiply`] takes them.
#[repr(C)]
pub(crate) struct Raw {
    pub lines: *const *const u32,
    pub count: usize,
    pub x_stride: usize,
    pub panel: *const u32,
    pub panel_stride: usize,
    /// Steps of 16 terms in a line, at least one.
    pub steps: usize,
    pub start: *const f32,
    /// Zero if each row starts with the same values.
    pub start_stride: usize,
    pub out: *mut f32,
    pub out_stride: usize,
}

/// A unit that is ready: it was given to this thread, and is released when this is dropped.
pub(crate) trait Tiles {
    /// Multiplies pairs of bf16, or quads of an unsigned and a signed byte if `BYTES`: 32 rows if `tall`, else 16, by
    /// 32 columns if `wide`, else 16.
    ///
    /// # Safety
    /// Every access that [`Block`] describes must be valid.
    unsafe fn multiply<const BYTES: bool>(&mut self, raw: &Raw, tall: bool, wide: bool);
}

/// Processors without such a unit.
pub(crate) enum NoTiles {}

impl Tiles for NoTiles {
    unsafe fn multiply<const BYTES: bool>(&mut self, _raw: &Raw, _tall: bool, _wide: bool) {
        match *self {}
    }
}

/// Terms in a row that is padded to whole steps, if such terms are multiplied by tiles.
pub(crate) fn padded<T: Term>(depth: usize) -> usize {
    if T::VALUES > 1 { depth.next_multiple_of(SIDE) } else { depth }
}

impl<T: Term> Block<'_, T> {
    /// Computes the sums. All rows are multiplied with some columns before the next columns, which stay in the cache so.
    #[inline(always)]
    pub fn multiply<U: Tiles>(mut self, tiles: &mut U) {
        for column in (0..self.columns).step_by(PART) {
            for row in (0..self.rows).step_by(PART) {
                self.part(tiles, row, column);
            }
        }
    }

    /// Computes the part that begins there. Every access is checked to be within its slice before.
    #[inline(always)]
    fn part<U: Tiles>(&mut self, tiles: &mut U, row: usize, column: usize) {
        const { assert!(size_of::<T>() == 4) };
        const ZEROS: [f32; PART] = [0.0; PART];
        let Self { lines, x_stride, panel_stride, depth, start, out_stride, .. } = *self;
        let [rows, columns] =
            [self.rows - row, self.columns - column].map(|left| left.next_multiple_of(SIDE).min(PART));
        let (panel, out) = (&self.panel[column..], &mut self.out[row * out_stride + column..]);
        let before = row * x_stride;
        assert!(depth.is_multiple_of(SIDE) && depth > 0 && !lines.is_empty() && lines.len() <= MOST_LINES);
        assert!(lines.iter().all(|line| line.len() >= before + (rows - 1) * x_stride + depth));
        assert!(panel.len() >= (lines.len() * depth - 1) * panel_stride + columns);
        assert!(out.len() >= (rows - 1) * out_stride + columns);
        let (from, from_stride) = match start {
            Start::Zero => (ZEROS.as_ptr(), 0),
            Start::Row(values) => (values[column..][..columns].as_ptr(), 0),
            Start::Out => (out.as_ptr(), 4 * out_stride),
        };
        let mut addresses = [std::ptr::null(); MOST_LINES];
        for (address, line) in addresses.iter_mut().zip(lines) {
            *address = line[before..].as_ptr().cast::<u32>();
        }
        let raw = Raw {
            lines: addresses.as_ptr(),
            count: lines.len(),
            x_stride: 4 * x_stride,
            panel: panel.as_ptr().cast(),
            panel_stride: 4 * panel_stride,
            steps: depth / SIDE,
            start: from,
            start_stride: from_stride,
            out: out.as_mut_ptr(),
            out_stride: 4 * out_stride,
        };
        // SAFETY: the assertions above are the bounds of every access: `rows` rows of `depth` terms in each line, as
        // many lines of `columns` terms in the panel as all lines have terms, and `rows` rows of `columns` values in
        // `out`, and in `start` unless each row starts with the same `columns` values. A term is 32 bits.
        unsafe {
            let (tall, wide) = (rows == PART, columns == PART);
            match T::VALUES {
                2 => tiles.multiply::<false>(&raw, tall, wide),
                _ => tiles.multiply::<true>(&raw, tall, wide),
            }
        }
    }
}
