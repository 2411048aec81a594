//! Four lanes: NEON, which every 64-bit Arm processor that runs an ordinary operating system has.

use std::arch::aarch64::*;
use std::arch::is_aarch64_feature_detected;

use super::with;
use crate::generic::{Bf16Pair, Kernel, Lanes};

/// Proof that the processor has NEON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Neon(());

impl Neon {
    /// Returns the token if the processor has the instructions.
    pub fn detect() -> Option<Self> {
        is_aarch64_feature_detected!("neon").then_some(Self(()))
    }

    /// Compiles `kernel` with NEON and runs it.
    pub(crate) fn run<K: Kernel>(self, kernel: K) {
        #[target_feature(enable = "neon")]
        fn with_feature<K: Kernel>(lanes: Neon, kernel: K) {
            kernel.run(lanes);
        }
        // SAFETY: `self` was made by `detect`, which asked the processor for the feature.
        unsafe { with_feature(self, kernel) }
    }

    /// The bits of `v` rounded to bf16 in the high half of each lane, to nearest even; a NaN is made quiet.
    #[inline(always)]
    fn round_high(self, v: float32x4_t) -> uint32x4_t {
        let bits = with!(self: vreinterpretq_u32_f32(v));
        // Half a unit in the last place that is kept, less one if that place is even.
        let even = with!(self: vandq_u32(vshrq_n_u32::<16>(bits), vdupq_n_u32(1)));
        let rounded = with!(self: vaddq_u32(vaddq_u32(bits, vdupq_n_u32(0x7fff)), even));
        let quiet = with!(self: vorrq_u32(bits, vdupq_n_u32(0x0040_0000)));
        with!(self: vbslq_u32(vceqq_f32(v, v), rounded, quiet))
    }

    /// Pairs of a value of `low` and the value at the same position in `high`.
    #[inline(always)]
    fn join(self, low: float32x4_t, high: float32x4_t) -> uint32x4_t {
        with!(self: vsriq_n_u32::<16>(self.round_high(high), self.round_high(low)))
    }
}

impl Lanes for Neon {
    no_tiles!();
    type V = float32x4_t;
    type P = uint32x4_t;
    const WIDTH: usize = 4;
    /// Six rows of four sums take 24 of the 32 registers.
    const TILE_VECTORS: usize = 4;

    #[inline(always)]
    fn splat(self, x: f32) -> float32x4_t {
        with!(self: vdupq_n_f32(x))
    }
    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> float32x4_t {
        // In bounds: the caller promises four readable values.
        with!(self: vld1q_f32(from))
    }
    #[inline(always)]
    fn read(self, from: &[f32]) -> float32x4_t {
        let mut part = [0.0; 4];
        let whole = from.first_chunk().unwrap_or_else(|| {
            part[..from.len()].copy_from_slice(from);
            &part
        });
        // In bounds: an array of four values.
        with!(self: vld1q_f32(whole.as_ptr()))
    }
    #[inline(always)]
    fn write(self, to: &mut [f32], v: float32x4_t) {
        if let Some(whole) = to.first_chunk_mut::<4>() {
            // In bounds: an array of four values.
            with!(self: vst1q_f32(whole.as_mut_ptr(), v));
        } else {
            let mut lanes = [0.0; 4];
            // In bounds: an array of four values.
            with!(self: vst1q_f32(lanes.as_mut_ptr(), v));
            to.copy_from_slice(&lanes[..to.len()]);
        }
    }
    #[inline(always)]
    fn add(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        with!(self: vaddq_f32(a, b))
    }
    #[inline(always)]
    fn sub(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        with!(self: vsubq_f32(a, b))
    }
    #[inline(always)]
    fn mul(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        with!(self: vmulq_f32(a, b))
    }
    #[inline(always)]
    fn div(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        with!(self: vdivq_f32(a, b))
    }
    /// A comparison and a selection: NEON's own minimum returns a NaN of either side.
    #[inline(always)]
    fn min(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        with!(self: vbslq_f32(vcltq_f32(a, b), a, b))
    }
    #[inline(always)]
    fn max(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        with!(self: vbslq_f32(vcgtq_f32(a, b), a, b))
    }
    #[inline(always)]
    fn round(self, v: float32x4_t) -> float32x4_t {
        with!(self: vrndnq_f32(v))
    }
    #[inline(always)]
    fn power_of_two(self, n: float32x4_t) -> float32x4_t {
        let exponent = with!(self: vaddq_s32(vcvtnq_s32_f32(n), vdupq_n_s32(127)));
        with!(self: vreinterpretq_f32_s32(vshlq_n_s32::<23>(exponent)))
    }
    #[inline(always)]
    fn keep(self, v: float32x4_t, n: usize) -> float32x4_t {
        let kept = with!(self: vcltq_u32(vld1q_u32([0, 1, 2, 3].as_ptr()), vdupq_n_u32(n.min(4) as u32)));
        with!(self: vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(v), kept)))
    }
    #[inline(always)]
    fn sum(self, v: float32x4_t) -> f32 {
        with!(self: vpadds_f32(vadd_f32(vget_low_f32(v), vget_high_f32(v))))
    }
    #[inline(always)]
    fn largest(self, v: float32x4_t) -> f32 {
        with!(self: vmaxvq_f32(v))
    }
    #[inline(always)]
    fn fma(self, a: float32x4_t, b: float32x4_t, c: float32x4_t) -> float32x4_t {
        with!(self: vfmaq_f32(c, a, b))
    }

    #[inline(always)]
    fn splat_pair(self, pair: Bf16Pair) -> uint32x4_t {
        with!(self: vdupq_n_u32(pair.0))
    }
    #[inline(always)]
    unsafe fn load_pairs(self, from: *const Bf16Pair) -> uint32x4_t {
        // In bounds: the caller promises four readable pairs of 32 bits.
        with!(self: vld1q_u32(from.cast()))
    }
    #[inline(always)]
    fn dot_pairs(self, a: uint32x4_t, b: uint32x4_t, acc: float32x4_t) -> float32x4_t {
        let low = |x| with!(self: vreinterpretq_f32_u32(vshlq_n_u32::<16>(x)));
        let high = |x| with!(self: vreinterpretq_f32_u32(vandq_u32(x, vdupq_n_u32(0xffff_0000))));
        self.fma(low(a), low(b), self.fma(high(a), high(b), acc))
    }

    #[inline(always)]
    fn zip_pairs(self, low: float32x4_t, high: float32x4_t, to: &mut [Bf16Pair]) {
        let mut four = [Bf16Pair::default(); 4];
        // In bounds: an array of four pairs of 32 bits.
        with!(self: vst1q_u32(four.as_mut_ptr().cast(), self.join(low, high)));
        let count = to.len().min(4);
        to[..count].copy_from_slice(&four[..count]);
    }

    #[inline(always)]
    fn dot_bytes(self, a: uint32x4_t, b: uint32x4_t, acc: float32x4_t) -> float32x4_t {
        // Bytes become 16-bit integers, even and odd ones separately; sums of two products cannot overflow 32 bits.
        let (a, b) = with!(self: (vreinterpretq_u16_u32(a), vreinterpretq_s16_u32(b)));
        let a_even = with!(self: vreinterpretq_s16_u16(vandq_u16(a, vdupq_n_u16(255))));
        let a_odd = with!(self: vreinterpretq_s16_u16(vshrq_n_u16::<8>(a)));
        let b_even = with!(self: vshrq_n_s16::<8>(vshlq_n_s16::<8>(b)));
        let b_odd = with!(self: vshrq_n_s16::<8>(b));
        let front = with!(self: vmlal_s16(
            vmull_s16(vget_low_s16(a_even), vget_low_s16(b_even)),
            vget_low_s16(a_odd),
            vget_low_s16(b_odd),
        ));
        let back = with!(self: vmlal_high_s16(vmull_high_s16(a_even, b_even), a_odd, b_odd));
        let sum = with!(self: vaddq_s32(vreinterpretq_s32_f32(acc), vpaddq_s32(front, back)));
        with!(self: vreinterpretq_f32_s32(sum))
    }
    #[inline(always)]
    fn floats(self, whole: float32x4_t) -> float32x4_t {
        with!(self: vcvtq_f32_s32(vreinterpretq_s32_f32(whole)))
    }
    #[inline(always)]
    fn round_bytes(self, from: &[f32], factor: f32, to: &mut [u8]) {
        let narrow = |v| with!(self: vqmovn_s32(vcvtnq_s32_f32(self.mul(v, self.splat(factor)))));
        for (values, bytes) in from.chunks(8).zip(to.chunks_mut(8)) {
            let front = narrow(self.read(values));
            let back = narrow(self.read(values.get(4..).unwrap_or(&[])));
            let whole = with!(self: vreinterpret_u8_s8(vqmovn_s16(vcombine_s16(front, back))));
            let mut eight = [0; 8];
            // In bounds: an array of eight bytes.
            with!(self: vst1_u8(eight.as_mut_ptr(), veor_u8(whole, vdup_n_u8(128))));
            bytes.copy_from_slice(&eight[..bytes.len()]);
        }
    }

    /// Eight values at a time, bit for bit equal to one pair at a time.
    #[inline(always)]
    fn round_pairs(self, from: &[f32], to: &mut [Bf16Pair]) {
        let (eights, rest) = from.as_chunks::<8>();
        let (fours, last) = to.split_at_mut(from.len() / 8 * 4);
        for (values, pairs) in eights.iter().zip(fours.as_chunks_mut::<4>().0) {
            // In bounds: an array of eight values, every other one into each vector.
            let float32x4x2_t(low, high) = with!(self: vld2q_f32(values.as_ptr()));
            // In bounds: an array of four pairs of 32 bits.
            with!(self: vst1q_u32(pairs.as_mut_ptr().cast(), self.join(low, high)));
        }
        crate::generic::lanes::round_pairs(rest, last);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_to_pairs_gives_the_bits_of_one_pair_at_a_time() {
        let neon = Neon::detect().expect("every aarch64 processor under an operating system has NEON");
        // Every exponent, with fractions around each way of rounding, NaNs quiet and not, and both signs.
        let fractions = [0, 1, 0x7fff, 0x8000, 0x8001, 0x1_7fff, 0x1_8000, 0x1_8001, 0x40_0000, 0x7f_8000, 0x7f_ffff];
        let values: Vec<f32> =
            (0..512).flat_map(|top| fractions.map(|fraction| f32::from_bits(top << 23 | fraction))).collect();
        for len in [values.len(), 0, 1, 7, 8, 9, 31] {
            let mut found = vec![Bf16Pair::default(); len.div_ceil(2)];
            let mut expected = found.clone();
            neon.round_pairs(&values[..len], &mut found);
            crate::generic::lanes::round_pairs(&values[..len], &mut expected);
            assert_eq!(found, expected, "{len} values");
        }
    }

    #[test]
    fn sums_of_bytes_are_exact_and_wrap() {
        let neon = Neon::detect().expect("every aarch64 processor under an operating system has NEON");
        let a = [[255, 255, 255, 255], [1, 2, 3, 4], [0, 128, 127, 255], [255, 0, 255, 0]];
        let b = [[-128, -128, -128, -128], [1, -2, 3, -4], [9, -128, 127, -1], [127, 5, 127, 5]];
        let start = [5, -7, 0, i32::MAX];
        let pairs = |quads: [[u8; 4]; 4]| quads.map(|quad| Bf16Pair(u32::from_le_bytes(quad)));
        let (left, right) = (pairs(a), pairs(b.map(|quad: [i8; 4]| quad.map(|byte| byte as u8))));
        // SAFETY: two arrays of four pairs.
        let (left, right) = unsafe { (neon.load_pairs(left.as_ptr()), neon.load_pairs(right.as_ptr())) };
        let mut found = [0.0; 4];
        neon.write(&mut found, neon.dot_bytes(left, right, neon.read(&start.map(|x| f32::from_bits(x as u32)))));
        let expected: [i32; 4] = std::array::from_fn(|i| {
            let sum: i32 = a[i].into_iter().zip(b[i]).map(|(a, b)| i32::from(a) * i32::from(b)).sum();
            start[i].wrapping_add(sum)
        });
        assert_eq!(found.map(|x| x.to_bits() as i32), expected);
    }

    #[test]
    fn bytes_are_rounded_to_even_and_stop_at_the_ends() {
        let neon = Neon::detect().expect("every aarch64 processor under an operating system has NEON");
        let from = [0.0, 0.25, 0.75, -0.25, 63.4, 64.0, -64.0, -1e30, f32::INFINITY, f32::NAN, -0.3];
        let expected = [128, 128, 130, 128, 255, 255, 0, 0, 255, 128, 127];
        for len in 0..=from.len() {
            let mut found = vec![7; len];
            neon.round_bytes(&from[..len], 2.0, &mut found);
            assert_eq!(found, expected[..len]);
        }
    }

    #[test]
    fn the_smaller_and_the_larger_give_their_second_operand_beside_a_nan() {
        let neon = Neon::detect().expect("every aarch64 processor under an operating system has NEON");
        let (a, b) = ([f32::NAN, 1.0, -0.0, 2.0], [1.0, f32::NAN, 0.0, 3.0]);
        let both = |of: fn(Neon, float32x4_t, float32x4_t) -> float32x4_t| {
            let mut found = [0.0; 4];
            neon.write(&mut found, of(neon, neon.read(&a), neon.read(&b)));
            found.map(f32::to_bits)
        };
        assert_eq!(both(Neon::min), [1.0, f32::NAN, 0.0, 2.0].map(f32::to_bits));
        assert_eq!(both(Neon::max), [1.0, f32::NAN, 0.0, 3.0].map(f32::to_bits));
    }
}
