//! Sixteen lanes: AVX-512, with or without dot products of bf16 pairs.

use std::arch::x86_64::*;

use super::with;
use crate::generic::{Bf16Pair, Kernel, Lanes};

/// Proof that the processor has AVX-512 F, BW, DQ and VL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Avx512(());

/// Proof that the processor has the features of [`Avx512`], and bf16 and byte dot products (VNNI).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Avx512Bf16(());

impl Avx512 {
    /// Returns the token if the processor and its operating system support the instructions.
    pub fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl"))
        .then_some(Self(()))
    }

    /// Compiles `kernel` with AVX-512 and runs it.
    pub(crate) fn run<K: Kernel>(self, kernel: K) {
        #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
        fn with_features<K: Kernel>(lanes: Avx512, kernel: K) {
            kernel.run(lanes);
        }
        // SAFETY: `self` was made by `detect`, which asked the processor for all four features.
        unsafe { with_features(self, kernel) }
    }
}

impl Avx512Bf16 {
    /// Returns the token if the processor and its operating system support the instructions.
    pub fn detect() -> Option<Self> {
        let more = is_x86_feature_detected!("avx512bf16") && is_x86_feature_detected!("avx512vnni");
        Avx512::detect().filter(|_| more).map(|_| Self(()))
    }

    /// Compiles `kernel` with AVX-512, bf16 and VNNI and runs it.
    pub(crate) fn run<K: Kernel>(self, kernel: K) {
        #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx512vnni")]
        fn with_features<K: Kernel>(lanes: Avx512Bf16, kernel: K) {
            kernel.run(lanes);
        }
        // SAFETY: `self` was made by `detect`, which asked the processor for all six features.
        unsafe { with_features(self, kernel) }
    }
}

impl Avx512Bf16 {
    /// The features without the dot products.
    #[inline(always)]
    pub(super) fn base(self) -> Avx512 {
        Avx512(())
    }
}

/// The lowest `min(n, 16)` bits.
#[inline(always)]
pub(super) fn mask(n: usize) -> __mmask16 {
    if n >= 16 { !0 } else { (1 << n) - 1 }
}

/// Writes the first `min(len, 16)` pairs; whole vectors use the plain store, as in [`Lanes::write`].
#[inline(always)]
pub(super) fn store(proof: Avx512, to: &mut [Bf16Pair], pairs: __m512i) {
    let _proof = proof;
    if to.len() >= 16 {
        // SAFETY: the token proves AVX-512, and the length was checked on the line above.
        unsafe { _mm512_storeu_si512(to.as_mut_ptr().cast(), pairs) }
    } else {
        // SAFETY: the token proves AVX-512. Masked lanes are not written, and the mask ends with the slice.
        unsafe { _mm512_mask_storeu_epi32(to.as_mut_ptr().cast(), mask(to.len()), pairs) }
    }
}

/// Methods that all tokens share: all except the dot products and the rounding to pairs.
macro_rules! sixteen_lanes {
    () => {
        type V = __m512;
        type P = __m512i;
        const WIDTH: usize = 16;
        const TILE_VECTORS: usize = 4;

        #[inline(always)]
        fn splat(self, x: f32) -> __m512 {
            with!(self: _mm512_set1_ps(x))
        }
        #[inline(always)]
        unsafe fn load(self, from: *const f32) -> __m512 {
            // In bounds: the caller promises sixteen readable values.
            with!(self: _mm512_loadu_ps(from))
        }
        #[inline(always)]
        fn read(self, from: &[f32]) -> __m512 {
            if from.len() >= 16 {
                // In bounds: the length was checked on the line above.
                with!(self: _mm512_loadu_ps(from.as_ptr()))
            } else if from.is_empty() {
                // If nothing is read, the pointer may be invalid. A masked load tolerates that, but is slow.
                self.splat(0.0)
            } else {
                // In bounds: masked lanes are not read, and the mask ends with the slice.
                with!(self: _mm512_maskz_loadu_ps(mask(from.len()), from.as_ptr()))
            }
        }
        #[inline(always)]
        fn write(self, to: &mut [f32], v: __m512) {
            // Whole vectors use the plain store: the result of a masked store cannot be forwarded to a load soon after.
            if to.len() >= 16 {
                // In bounds: the length was checked on the line above.
                with!(self: _mm512_storeu_ps(to.as_mut_ptr(), v))
            } else {
                // In bounds: masked lanes are not written, and the mask ends with the slice.
                with!(self: _mm512_mask_storeu_ps(to.as_mut_ptr(), mask(to.len()), v))
            }
        }
        #[inline(always)]
        fn add(self, a: __m512, b: __m512) -> __m512 {
            with!(self: _mm512_add_ps(a, b))
        }
        #[inline(always)]
        fn sub(self, a: __m512, b: __m512) -> __m512 {
            with!(self: _mm512_sub_ps(a, b))
        }
        #[inline(always)]
        fn mul(self, a: __m512, b: __m512) -> __m512 {
            with!(self: _mm512_mul_ps(a, b))
        }
        #[inline(always)]
        fn div(self, a: __m512, b: __m512) -> __m512 {
            with!(self: _mm512_div_ps(a, b))
        }
        #[inline(always)]
        fn min(self, a: __m512, b: __m512) -> __m512 {
            with!(self: _mm512_min_ps(a, b))
        }
        #[inline(always)]
        fn max(self, a: __m512, b: __m512) -> __m512 {
            with!(self: _mm512_max_ps(a, b))
        }
        #[inline(always)]
        fn round(self, v: __m512) -> __m512 {
            with!(self: _mm512_roundscale_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(v))
        }
        #[inline(always)]
        fn power_of_two(self, n: __m512) -> __m512 {
            let exponent = with!(self: _mm512_add_epi32(_mm512_cvtps_epi32(n), _mm512_set1_epi32(127)));
            with!(self: _mm512_castsi512_ps(_mm512_slli_epi32::<23>(exponent)))
        }
        #[inline(always)]
        fn times_power(self, v: __m512, n: __m512) -> __m512 {
            with!(self: _mm512_scalef_ps(v, n))
        }
        #[inline(always)]
        fn scale(self, v: __m512, n: __m512) -> __m512 {
            with!(self: _mm512_scalef_ps(v, n))
        }
        #[inline(always)]
        fn keep(self, v: __m512, n: usize) -> __m512 {
            with!(self: _mm512_maskz_mov_ps(mask(n), v))
        }
        #[inline(always)]
        fn sum(self, v: __m512) -> f32 {
            with!(self: _mm512_reduce_add_ps(v))
        }
        #[inline(always)]
        fn largest(self, v: __m512) -> f32 {
            with!(self: _mm512_reduce_max_ps(v))
        }
        #[inline(always)]
        fn fma(self, a: __m512, b: __m512, c: __m512) -> __m512 {
            with!(self: _mm512_fmadd_ps(a, b, c))
        }
        #[inline(always)]
        fn splat_pair(self, pair: Bf16Pair) -> __m512i {
            with!(self: _mm512_set1_epi32(pair.0 as i32))
        }
        #[inline(always)]
        unsafe fn load_pairs(self, from: *const Bf16Pair) -> __m512i {
            // In bounds: the caller promises sixteen readable pairs of 32 bits.
            with!(self: _mm512_loadu_si512(from.cast()))
        }
        #[inline(always)]
        fn floats(self, whole: __m512) -> __m512 {
            with!(self: _mm512_cvtepi32_ps(_mm512_castps_si512(whole)))
        }
        #[inline(always)]
        fn prefetch(self, value: &f32) {
            // Only a hint: no memory is accessed as far as a program can observe.
            with!(self: _mm_prefetch::<_MM_HINT_T1>(std::ptr::from_ref(value).cast()))
        }
        #[inline(always)]
        fn round_bytes(self, from: &[f32], factor: f32, to: &mut [u8]) {
            for (values, bytes) in from.chunks(16).zip(to.chunks_mut(16)) {
                let scaled = self.mul(self.read(values), self.splat(factor));
                let whole = with!(self: _mm512_cvtsepi32_epi8(_mm512_cvtps_epi32(scaled)));
                let shifted = with!(self: _mm_xor_si128(whole, _mm_set1_epi8(-128)));
                // In bounds: masked lanes are not written, and the mask ends with the slice or before.
                with!(self: _mm_mask_storeu_epi8(bytes.as_mut_ptr().cast(), mask(bytes.len()), shifted));
            }
        }
    };
}

pub(super) use sixteen_lanes;

impl Lanes for Avx512 {
    sixteen_lanes!();
    no_tiles!();

    #[inline(always)]
    fn dot_pairs(self, a: __m512i, b: __m512i, acc: __m512) -> __m512 {
        let low = |x| with!(self: _mm512_castsi512_ps(_mm512_slli_epi32::<16>(x)));
        let high = |x| with!(self: _mm512_castsi512_ps(_mm512_and_si512(x, _mm512_set1_epi32(-65536))));
        self.fma(low(a), low(b), self.fma(high(a), high(b), acc))
    }

    #[inline(always)]
    fn dot_bytes(self, a: __m512i, b: __m512i, acc: __m512) -> __m512 {
        // Bytes become 16-bit integers, even and odd ones separately; sums of two products cannot overflow 32 bits.
        let even = with!(self: _mm512_madd_epi16(
            _mm512_and_si512(a, _mm512_set1_epi16(255)),
            _mm512_srai_epi16::<8>(_mm512_slli_epi16::<8>(b)),
        ));
        let odd = with!(self: _mm512_madd_epi16(_mm512_srli_epi16::<8>(a), _mm512_srai_epi16::<8>(b)));
        let sum = with!(self: _mm512_add_epi32(_mm512_castps_si512(acc), _mm512_add_epi32(even, odd)));
        with!(self: _mm512_castsi512_ps(sum))
    }
}

/// Methods of the tokens that have dot products: those of [`sixteen_lanes`], and the products and roundings.
macro_rules! sixteen_lanes_with_dot_products {
    () => {
        $crate::arch::x86_64::avx512::sixteen_lanes!();

        #[inline(always)]
        fn dot_pairs(self, a: __m512i, b: __m512i, acc: __m512) -> __m512 {
            // The types have the same size and any bits are valid bf16, so the two transmutes only change the type.
            with!(self: _mm512_dpbf16_ps(
                acc,
                std::mem::transmute::<__m512i, __m512bh>(a),
                std::mem::transmute::<__m512i, __m512bh>(b),
            ))
        }

        #[inline(always)]
        fn dot_bytes(self, a: __m512i, b: __m512i, acc: __m512) -> __m512 {
            with!(self: _mm512_castsi512_ps(_mm512_dpbusd_epi32(_mm512_castps_si512(acc), a, b)))
        }

        #[inline(always)]
        fn zip_pairs(self, low: __m512, high: __m512, to: &mut [Bf16Pair]) {
            // The types have the same size, and any bits are valid integers.
            let half =
                |v| with!(self: _mm512_cvtepu16_epi32(std::mem::transmute::<__m256bh, __m256i>(_mm512_cvtneps_pbh(v))));
            let pairs = with!(self: _mm512_or_si512(half(low), _mm512_slli_epi32::<16>(half(high))));
            store(self.base(), to, pairs);
        }

        /// Thirty-two values at a time; values below the smallest normal f32 become zero.
        #[inline(always)]
        fn round_pairs(self, from: &[f32], to: &mut [Bf16Pair]) {
            for (values, pairs) in from.chunks(32).zip(to.chunks_mut(16)) {
                let low = self.read(values);
                let high = self.read(values.get(16..).unwrap_or(&[]));
                // The types have the same size, and any bits are valid integers.
                let rounded = with!(self: std::mem::transmute::<__m512bh, __m512i>(_mm512_cvtne2ps_pbh(high, low)));
                store(self.base(), pairs, rounded);
            }
        }
    };
}
pub(super) use sixteen_lanes_with_dot_products;

impl Lanes for Avx512Bf16 {
    sixteen_lanes_with_dot_products!();
    no_tiles!();
}
