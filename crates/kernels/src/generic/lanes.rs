//! The operations that a kernel uses: on vectors of f32 lanes, and of bf16 pairs.

use super::tiles::Tiles;

/// Two neighbouring bf16 values, the first in the low half: the input of one lane of a dot product.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(transparent)]
pub(crate) struct Bf16Pair(pub u32);

// SAFETY: a transparent wrapper of `u32`, for which every bit pattern, zero included, is valid.
unsafe impl bytemuck::Zeroable for Bf16Pair {}
// SAFETY: as above; no padding, `Copy`, `'static`.
unsafe impl bytemuck::Pod for Bf16Pair {}

impl Bf16Pair {
    /// The two values, rounded to nearest even.
    #[inline(always)]
    pub fn round(low: f32, high: f32) -> Self {
        let bits = |x: f32| u32::from(half::bf16::from_f32(x).to_bits());
        Self(bits(low) | bits(high) << 16)
    }
}

/// Four neighbouring bytes, the first in the lowest bits: the input of one lane of a byte product.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(transparent)]
pub(crate) struct Quad(pub u32);

// SAFETY: a transparent wrapper of `u32`, for which every bit pattern, zero included, is valid.
unsafe impl bytemuck::Zeroable for Quad {}
// SAFETY: as above; no padding, `Copy`, `'static`.
unsafe impl bytemuck::Pod for Quad {}

/// The operations every level offers. All methods are `#[inline(always)]`.
///
/// `min` and `max` return their second operand if either is NaN, as x86 does. Kernels pass the value whose NaN must
/// survive as the second.
pub(crate) trait Lanes: Copy + Send + Sync + 'static {
    /// `WIDTH` values of f32.
    type V: Copy;
    /// `WIDTH` pairs of bf16.
    type P: Copy;
    /// A unit that multiplies whole tiles of pairs or quads.
    type Tiles: Tiles;
    /// Values per vector.
    const WIDTH: usize;
    /// Vectors per row in a tile of a matrix product: as many as fit into registers with six rows.
    const TILE_VECTORS: usize;

    /// The unit, ready for this thread, if the processor has one.
    fn tiles(self) -> Option<Self::Tiles>;

    /// `x` in every lane.
    fn splat(self, x: f32) -> Self::V;
    /// Reads `WIDTH` values.
    ///
    /// # Safety
    /// `from` must be valid for reading `WIDTH` values; it need not be aligned.
    unsafe fn load(self, from: *const f32) -> Self::V;
    /// Reads the first `min(len, WIDTH)` values; the other lanes are zero.
    fn read(self, from: &[f32]) -> Self::V;
    /// Writes the first `min(len, WIDTH)` lanes.
    fn write(self, to: &mut [f32], v: Self::V);
    /// `a + b`.
    fn add(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a − b`.
    fn sub(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a · b`.
    fn mul(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a / b`.
    fn div(self, a: Self::V, b: Self::V) -> Self::V;
    /// The smaller of the two.
    fn min(self, a: Self::V, b: Self::V) -> Self::V;
    /// The larger of the two.
    fn max(self, a: Self::V, b: Self::V) -> Self::V;
    /// The nearest integer; of two equally near ones, the even one.
    fn round(self, v: Self::V) -> Self::V;
    /// `2ⁿ` for integers `n` from −126 to 127; some finite number for others and NaN.
    fn power_of_two(self, n: Self::V) -> Self::V;
    /// `v · 2ⁿ` for integers `n` from −126 to 127.
    #[inline(always)]
    fn times_power(self, v: Self::V, n: Self::V) -> Self::V {
        self.mul(v, self.power_of_two(n))
    }
    /// `v · 2ⁿ` for integers `n` from −250 to 250, in two steps, because one exponent does not reach that far.
    #[inline(always)]
    fn scale(self, v: Self::V, n: Self::V) -> Self::V {
        let half = self.round(self.mul(n, self.splat(0.5)));
        let v = self.mul(v, self.power_of_two(half));
        self.mul(v, self.power_of_two(self.sub(n, half)))
    }
    /// The first `n` lanes; the others are zero.
    #[inline(always)]
    fn keep(self, v: Self::V, n: usize) -> Self::V {
        let mut lanes = [0.0; 16];
        self.write(&mut lanes, v);
        self.read(&lanes[..n.min(Self::WIDTH)])
    }
    /// The sum of all lanes, in a tree: halves are added to halves.
    #[inline(always)]
    fn sum(self, v: Self::V) -> f32 {
        let mut lanes = [0.0; 16];
        self.write(&mut lanes, v);
        for half in [8, 4, 2, 1] {
            for i in 0..half {
                lanes[i] += lanes[i + half];
            }
        }
        lanes[0]
    }
    /// The largest lane; some lane if one is NaN.
    #[inline(always)]
    fn largest(self, v: Self::V) -> f32 {
        let mut lanes = [f32::NEG_INFINITY; 16];
        self.write(&mut lanes, v);
        for half in [8, 4, 2, 1] {
            for i in 0..half {
                lanes[i] = if lanes[i] > lanes[i + half] { lanes[i] } else { lanes[i + half] };
            }
        }
        lanes[0]
    }
    /// `a · b + c`, rounded once if the processor can.
    fn fma(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;

    /// `pair` in every lane.
    fn splat_pair(self, pair: Bf16Pair) -> Self::P;
    /// Reads `WIDTH` pairs.
    ///
    /// # Safety
    /// `from` must be valid for reading `WIDTH` pairs; it need not be aligned.
    unsafe fn load_pairs(self, from: *const Bf16Pair) -> Self::P;
    /// `acc + a.low · b.low + a.high · b.high` in f32, in either order.
    fn dot_pairs(self, a: Self::P, b: Self::P, acc: Self::V) -> Self::V;
    /// Rounds `from` to pairs; an odd last value is paired with zero.
    #[inline(always)]
    fn round_pairs(self, from: &[f32], to: &mut [Bf16Pair]) {
        round_pairs(from, to);
    }
    /// Rounds to pairs of a value of `low` and the value at the same position in `high`, the first `min(len, WIDTH)` of
    /// them.
    #[inline(always)]
    fn zip_pairs(self, low: Self::V, high: Self::V, to: &mut [Bf16Pair]) {
        let (low, high) = (array(self, low), array(self, high));
        for (pair, (low, high)) in to.iter_mut().zip(low.into_iter().zip(high)).take(Self::WIDTH) {
            *pair = Bf16Pair::round(low, high);
        }
    }

    /// `acc + Σ aᵢ · bᵢ` over the four bytes of each lane, unsigned in `a` and signed in `b`. `acc` and the result are
    /// 32-bit integers in lanes of f32; a sum that overflows wraps.
    #[inline(always)]
    fn dot_bytes(self, a: Self::P, b: Self::P, acc: Self::V) -> Self::V {
        let (a, b, acc) = (words(self, a), words(self, b), array(self, acc));
        let sums: [f32; 16] = std::array::from_fn(|i| {
            let products = a[i].to_le_bytes().into_iter().zip(b[i].to_le_bytes());
            let sum: i32 = products.map(|(a, b)| i32::from(a) * i32::from(b as i8)).sum();
            f32::from_bits((acc[i].to_bits() as i32).wrapping_add(sum) as u32)
        });
        self.read(&sums)
    }
    /// The f32 nearest to each 32-bit integer.
    #[inline(always)]
    fn floats(self, whole: Self::V) -> Self::V {
        self.read(&array(self, whole).map(|x| x.to_bits() as i32 as f32))
    }
    /// The nearest integers to `from · factor`, plus 128, as bytes; values beyond −128 and 127 are clamped.
    #[inline(always)]
    fn round_bytes(self, from: &[f32], factor: f32, to: &mut [u8]) {
        for (byte, x) in to.iter_mut().zip(from) {
            *byte = ((x * factor).round_ties_even() as i32).clamp(-128, 127).wrapping_add(128) as u8;
        }
    }

    /// Prefetches the cache line of `value` into the second-level cache, if the processor supports it.
    #[inline(always)]
    fn prefetch(self, value: &f32) {
        let _ = value;
    }
}

/// The lanes of `v`, and zeros.
#[inline(always)]
fn array<L: Lanes>(lanes: L, v: L::V) -> [f32; 16] {
    let mut array = [0.0; 16];
    lanes.write(&mut array, v);
    array
}

/// The lanes of `p`, and zeros.
#[inline(always)]
fn words<L: Lanes>(_lanes: L, p: L::P) -> [u32; 16] {
    const { assert!(size_of::<L::P>() == 4 * L::WIDTH && L::WIDTH <= 16) };
    let mut words = [0; 16];
    // SAFETY: `p` is a plain vector of `WIDTH` lanes of 32 bits, whose size was just compared, and `words` has
    // space for sixteen.
    unsafe { (&raw const p).cast::<u32>().copy_to_nonoverlapping(words.as_mut_ptr(), L::WIDTH) };
    words
}

/// [`Lanes::round_pairs`] one pair at a time.
#[inline(always)]
pub(crate) fn round_pairs(from: &[f32], to: &mut [Bf16Pair]) {
    for (pair, values) in to.iter_mut().zip(from.chunks(2)) {
        *pair = Bf16Pair::round(values[0], values.get(1).copied().unwrap_or(0.0));
    }
}
