//! Eight lanes: AVX2 and FMA, which every x86-64 server of the last ten years has.

use std::arch::x86_64::*;

use super::with;
use crate::generic::{Bf16Pair, Kernel, Lanes};

/// Proof that the processor has AVX2 and FMA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Avx2(());

impl Avx2 {
    /// Returns the token if the processor and its operating system support the instructions.
    pub fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")).then_some(Self(()))
    }

    /// Compiles `kernel` with AVX2 and FMA and runs it.
    pub(crate) fn run<K: Kernel>(self, kernel: K) {
        #[target_feature(enable = "avx2,fma")]
        fn with_features<K: Kernel>(lanes: Avx2, kernel: K) {
            kernel.run(lanes);
        }
        // SAFETY: `self` was made by `detect`, which asked the processor for both features.
        unsafe { with_features(self, kernel) }
    }
}

/// Lanes below `n` all ones, the others zero; `n < 8`.
#[inline(always)]
fn mask(lanes: Avx2, n: usize) -> __m256i {
    const ONES_THEN_ZEROS: [i32; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];
    let window = &ONES_THEN_ZEROS[8 - n..][..8];
    let _proof = lanes;
    // SAFETY: `window` is eight readable i32; the token proves AVX2.
    unsafe { _mm256_loadu_si256(window.as_ptr().cast()) }
}

impl Lanes for Avx2 {
    no_tiles!();
    type V = __m256;
    type P = __m256i;
    const WIDTH: usize = 8;
    const TILE_VECTORS: usize = 2;

    #[inline(always)]
    fn splat(self, x: f32) -> __m256 {
        with!(self: _mm256_set1_ps(x))
    }
    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> __m256 {
        // In bounds: the caller promises eight readable values.
        with!(self: _mm256_loadu_ps(from))
    }
    #[inline(always)]
    fn read(self, from: &[f32]) -> __m256 {
        if from.len() >= 8 {
            // In bounds: the length was checked on the line above.
            with!(self: _mm256_loadu_ps(from.as_ptr()))
        } else if from.is_empty() {
            // If nothing is read, the pointer may be invalid. A masked load tolerates that, but is slow.
            self.splat(0.0)
        } else {
            // In bounds: masked lanes are not read, and the mask ends with the slice.
            with!(self: _mm256_maskload_ps(from.as_ptr(), mask(self, from.len())))
        }
    }
    #[inline(always)]
    fn write(self, to: &mut [f32], v: __m256) {
        if to.len() >= 8 {
            // In bounds: the length was checked on the line above.
            with!(self: _mm256_storeu_ps(to.as_mut_ptr(), v))
        } else {
            // In bounds: masked lanes are not written, and the mask ends with the slice.
            with!(self: _mm256_maskstore_ps(to.as_mut_ptr(), mask(self, to.len()), v))
        }
    }
    #[inline(always)]
    fn add(self, a: __m256, b: __m256) -> __m256 {
        with!(self: _mm256_add_ps(a, b))
    }
    #[inline(always)]
    fn sub(self, a: __m256, b: __m256) -> __m256 {
        with!(self: _mm256_sub_ps(a, b))
    }
    #[inline(always)]
    fn mul(self, a: __m256, b: __m256) -> __m256 {
        with!(self: _mm256_mul_ps(a, b))
    }
    #[inline(always)]
    fn div(self, a: __m256, b: __m256) -> __m256 {
        with!(self: _mm256_div_ps(a, b))
    }
    #[inline(always)]
    fn min(self, a: __m256, b: __m256) -> __m256 {
        with!(self: _mm256_min_ps(a, b))
    }
    #[inline(always)]
    fn max(self, a: __m256, b: __m256) -> __m256 {
        with!(self: _mm256_max_ps(a, b))
    }
    #[inline(always)]
    fn round(self, v: __m256) -> __m256 {
        with!(self: _mm256_round_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(v))
    }
    #[inline(always)]
    fn power_of_two(self, n: __m256) -> __m256 {
        let exponent = with!(self: _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)));
        with!(self: _mm256_castsi256_ps(_mm256_slli_epi32::<23>(exponent)))
    }
    #[inline(always)]
    fn fma(self, a: __m256, b: __m256, c: __m256) -> __m256 {
        with!(self: _mm256_fmadd_ps(a, b, c))
    }

    #[inline(always)]
    fn splat_pair(self, pair: Bf16Pair) -> __m256i {
        with!(self: _mm256_set1_epi32(pair.0 as i32))
    }
    #[inline(always)]
    unsafe fn load_pairs(self, from: *const Bf16Pair) -> __m256i {
        // In bounds: the caller promises eight readable pairs of 32 bits.
        with!(self: _mm256_loadu_si256(from.cast()))
    }
    #[inline(always)]
    fn dot_pairs(self, a: __m256i, b: __m256i, acc: __m256) -> __m256 {
        let low = |x| with!(self: _mm256_castsi256_ps(_mm256_slli_epi32::<16>(x)));
        let high = |x| with!(self: _mm256_castsi256_ps(_mm256_and_si256(x, _mm256_set1_epi32(-65536))));
        self.fma(low(a), low(b), self.fma(high(a), high(b), acc))
    }

    #[inline(always)]
    fn dot_bytes(self, a: __m256i, b: __m256i, acc: __m256) -> __m256 {
        // Bytes become 16-bit integers, even and odd ones separately; sums of two products cannot overflow 32 bits.
        let even = with!(self: _mm256_madd_epi16(
            _mm256_and_si256(a, _mm256_set1_epi16(255)),
            _mm256_srai_epi16::<8>(_mm256_slli_epi16::<8>(b)),
        ));
        let odd = with!(self: _mm256_madd_epi16(_mm256_srli_epi16::<8>(a), _mm256_srai_epi16::<8>(b)));
        let sum = with!(self: _mm256_add_epi32(_mm256_castps_si256(acc), _mm256_add_epi32(even, odd)));
        with!(self: _mm256_castsi256_ps(sum))
    }
    #[inline(always)]
    fn floats(self, whole: __m256) -> __m256 {
        with!(self: _mm256_cvtepi32_ps(_mm256_castps_si256(whole)))
    }
    #[inline(always)]
    fn prefetch(self, value: &f32) {
        // Only a hint: no memory is accessed as far as a program can observe.
        with!(self: _mm_prefetch::<_MM_HINT_T1>(std::ptr::from_ref(value).cast()))
    }
}
