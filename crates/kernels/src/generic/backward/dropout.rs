//! Which values are dropped: a hash of their position, so that the backward pass finds the same values without a stored
//! mask.

use crate::generic::{Kernel, Lanes};

/// Two 32-bit keys for one line of values.
#[derive(Clone, Copy)]
pub(crate) struct LineKey(u32, u32);

impl LineKey {
    /// The keys of line number `line` (Steele, Lea and Flood's SplitMix64).
    pub fn new(seed: u64, line: u64) -> Self {
        let mut z = seed.wrapping_add(line.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        Self(z as u32, (z >> 32) as u32)
    }

    /// The factor of value `at` of the line: 0 if its hash (MurmurHash3's finalizer) is below `threshold`.
    #[inline(always)]
    pub fn factor(self, at: u32, threshold: u32, scale: f32) -> f32 {
        let mut h = at.wrapping_mul(0x9e37_79b9) ^ self.0;
        h = (h ^ h >> 16).wrapping_mul(0x85eb_ca6b).wrapping_add(self.1);
        h = (h ^ h >> 13).wrapping_mul(0xc2b2_ae35);
        h ^= h >> 16;
        if h < threshold { 0.0 } else { scale }
    }
}

/// `x = factor · x`, or `x = x + factor · y` if there is a `y`, line by line.
pub(crate) struct Drop<'a> {
    /// `[lines, width]`
    pub x: &'a mut [f32],
    /// The same number of values.
    pub y: Option<&'a [f32]>,
    /// Values in a line, at least one.
    pub width: usize,
    /// The first line's number.
    pub first: u64,
    /// Seed of the hash.
    pub seed: u64,
    /// Values whose hash is below this are dropped.
    pub threshold: u32,
    /// The others are multiplied by this.
    pub scale: f32,
}

impl Kernel for Drop<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self, _lanes: L) {
        for (l, x) in self.x.chunks_mut(self.width).enumerate() {
            let key = LineKey::new(self.seed, self.first + l as u64);
            let factor = |at: usize| key.factor(at as u32, self.threshold, self.scale);
            match self.y {
                None => x.iter_mut().enumerate().for_each(|(at, x)| *x *= factor(at)),
                Some(y) => {
                    let y = &y[l * self.width..][..x.len()];
                    x.iter_mut().zip(y).enumerate().for_each(|(at, (x, y))| *x += factor(at) * y);
                }
            }
        }
    }
}
