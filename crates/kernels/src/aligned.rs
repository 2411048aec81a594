//! Memory that starts on a cache line.

/// One cache line of terms: panels start and stay on such lines, since a load across two takes twice as long.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(crate) struct Line([u32; 16]);

// SAFETY: sixteen `u32` in 64 bytes: no padding, and every bit pattern is valid.
unsafe impl bytemuck::Zeroable for Line {}
// SAFETY: as above; `Copy` and `'static`.
unsafe impl bytemuck::Pod for Line {}

impl Line {
    /// Terms of 32 bits in a line.
    pub const TERMS: usize = 16;

    /// Lines for at least `terms` terms, all zero; `bytemuck::cast_slice` shows them as such.
    pub fn zeros(terms: usize) -> Vec<Self> {
        vec![Self([0; Self::TERMS]); terms.div_ceil(Self::TERMS)]
    }
}
