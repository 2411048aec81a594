//! Memory that starts on a cache line.

use std::alloc::{Layout, alloc_zeroed, handle_alloc_error};

/// One cache line of terms. Panels start on such lines, since a load across two lines takes twice as long.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(crate) struct Line([u32; 16]);

// SAFETY: sixteen `u32` in 64 bytes: no padding, and every bit pattern is valid.
unsafe impl bytemuck::Zeroable for Line {}
// SAFETY: as above; `Copy` and `'static`.
unsafe impl bytemuck::Pod for Line {}

impl Line {
    /// Terms of 32 bits per line.
    pub const TERMS: usize = 16;

    /// Lines for at least `terms` terms, all zero; read them with `bytemuck::cast_slice`.
    ///
    /// The zeros come from the operating system, which provides a page when a thread first touches it.
    pub fn zeros(terms: usize) -> Vec<Self> {
        let lines = terms.div_ceil(Self::TERMS);
        let layout = Layout::array::<Self>(lines).expect("the lines fit into memory");
        if lines == 0 {
            return Vec::new();
        }
        // SAFETY: the layout is not empty.
        let start = unsafe { alloc_zeroed(layout) }.cast::<Self>();
        if start.is_null() {
            handle_alloc_error(layout);
        }
        // SAFETY: `start` came from the global allocator with the layout of `lines` lines, and zeros are lines.
        unsafe { Vec::from_raw_parts(start, lines, lines) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_zero_and_start_where_cache_lines_do() {
        let lines = Line::zeros(17);
        assert_eq!((lines.len(), lines.as_ptr() as usize % 64), (2, 0));
        assert!(lines.iter().all(|line| line.0 == [0; Line::TERMS]));
        assert!(Line::zeros(0).is_empty());
    }
}
