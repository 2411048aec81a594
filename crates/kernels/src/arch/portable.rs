//! Four lanes in plain Rust, for processors without an own module here.

use crate::generic::{Bf16Pair, Lanes};

/// Needs no special instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Portable;

/// `f` lane by lane.
macro_rules! each {
    (|$i:ident| $value:expr) => {{
        let mut v = [0.0f32; 4];
        for $i in 0..4 {
            v[$i] = $value;
        }
        v
    }};
}

/// `a · b + c`; fused only where that is one instruction and not a call into the C library.
#[inline(always)]
fn multiply_add(a: f32, b: f32, c: f32) -> f32 {
    if cfg!(any(target_arch = "aarch64", target_feature = "fma")) { a.mul_add(b, c) } else { a * b + c }
}

impl Lanes for Portable {
    no_tiles!();
    type V = [f32; 4];
    type P = [u32; 4];
    const WIDTH: usize = 4;
    const TILE_VECTORS: usize = 2;

    #[inline(always)]
    fn splat(self, x: f32) -> Self::V {
        [x; 4]
    }
    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> Self::V {
        // SAFETY: the caller promises four readable values.
        unsafe { from.cast::<[f32; 4]>().read_unaligned() }
    }
    #[inline(always)]
    fn read(self, from: &[f32]) -> Self::V {
        match from.first_chunk() {
            Some(whole) => *whole,
            None => each!(|i| from.get(i).copied().unwrap_or(0.0)),
        }
    }
    #[inline(always)]
    fn write(self, to: &mut [f32], v: Self::V) {
        match to.first_chunk_mut() {
            Some(whole) => *whole = v,
            None => to.iter_mut().zip(v).for_each(|(to, x)| *to = x),
        }
    }
    #[inline(always)]
    fn add(self, a: Self::V, b: Self::V) -> Self::V {
        each!(|i| a[i] + b[i])
    }
    #[inline(always)]
    fn sub(self, a: Self::V, b: Self::V) -> Self::V {
        each!(|i| a[i] - b[i])
    }
    #[inline(always)]
    fn mul(self, a: Self::V, b: Self::V) -> Self::V {
        each!(|i| a[i] * b[i])
    }
    #[inline(always)]
    fn div(self, a: Self::V, b: Self::V) -> Self::V {
        each!(|i| a[i] / b[i])
    }
    #[inline(always)]
    fn min(self, a: Self::V, b: Self::V) -> Self::V {
        each!(|i| if a[i] < b[i] { a[i] } else { b[i] })
    }
    #[inline(always)]
    fn max(self, a: Self::V, b: Self::V) -> Self::V {
        each!(|i| if a[i] > b[i] { a[i] } else { b[i] })
    }
    #[inline(always)]
    fn round(self, v: Self::V) -> Self::V {
        /// 1.5 · 2²³: adding it leaves no bits for a fraction, so the sum is rounded to an integer.
        const WHOLE: f32 = 12_582_912.0;
        each!(|i| if v[i].abs() < 4_194_304.0 { v[i] + WHOLE - WHOLE } else { v[i] })
    }
    #[inline(always)]
    fn power_of_two(self, n: Self::V) -> Self::V {
        each!(|i| f32::from_bits(((n[i] as i32).wrapping_add(127) as u32) << 23))
    }
    #[inline(always)]
    fn fma(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        each!(|i| multiply_add(a[i], b[i], c[i]))
    }

    #[inline(always)]
    fn splat_pair(self, pair: Bf16Pair) -> Self::P {
        [pair.0; 4]
    }
    #[inline(always)]
    unsafe fn load_pairs(self, from: *const Bf16Pair) -> Self::P {
        // SAFETY: the caller promises four readable pairs, each a transparent `u32`.
        unsafe { from.cast::<[u32; 4]>().read_unaligned() }
    }
    #[inline(always)]
    fn dot_pairs(self, a: Self::P, b: Self::P, acc: Self::V) -> Self::V {
        let low = |x: u32| f32::from_bits(x << 16);
        let high = |x: u32| f32::from_bits(x & 0xffff_0000);
        let odd = each!(|i| multiply_add(high(a[i]), high(b[i]), acc[i]));
        each!(|i| multiply_add(low(a[i]), low(b[i]), odd[i]))
    }
}
