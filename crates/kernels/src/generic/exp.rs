//! `eˣ` in lanes.

use super::Lanes;

/// `1/k!` from `k = 7` down to 0: on `|r| ≤ ln 2 / 2` the remainder of the series is under 6e-9 of the result.
const INVERSE_FACTORIALS: [f32; 8] = [1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0];

/// `ln 2` in two parts: its first bits, so that small multiples of it are exact, and the rest.
const LN_2_HIGH: f32 = 0.693_359_4;
const LN_2_LOW: f32 = -2.121_944_4e-4;

/// `eˣ` with a relative error under 1.5e-7, about one unit in the last place; infinity above 88.73,
/// denormal below −87.34, zero below −104, NaN for NaN.
#[inline(always)]
pub(crate) fn exp<L: Lanes>(lanes: L, x: L::V) -> L::V {
    let x = lanes.min(lanes.splat(89.0), lanes.max(lanes.splat(-104.0), x));
    let n = lanes.round(lanes.mul(x, lanes.splat(std::f32::consts::LOG2_E)));
    let r = lanes.fma(n, lanes.splat(-LN_2_HIGH), x);
    let r = lanes.fma(n, lanes.splat(-LN_2_LOW), r);

    let mut series = lanes.splat(INVERSE_FACTORIALS[0]);
    for factor in &INVERSE_FACTORIALS[1..] {
        series = lanes.fma(series, r, lanes.splat(*factor));
    }
    lanes.scale(series, n)
}

/// `2^r` on `|r| ≤ ½`, from the highest power down: interpolated at Chebyshev nodes, relative error 1.9e-8.
const POWER: [f32; 7] =
    [1.546_144_5e-4, 1.340_042_8e-3, 9.618_057e-3, 5.550_327e-2, 2.402_265e-1, std::f32::consts::LN_2, 1.0];

/// The same with four terms, relative error 1.0e-4: a twentieth of the error of rounding to bf16.
const ROUGH_POWER: [f32; 4] = [5.583_828_3e-2, 2.426_394_8e-1, 6.931_367_5e-1, 9.999_245_4e-1];

/// `2ˣ` for `x ≤ 0`, to about two units in the last place, or to 1e-4 if rough; 1e-38 for `x < −126`, NaN for NaN.
#[inline(always)]
pub(crate) fn falling_power<L: Lanes>(lanes: L, x: L::V, rough: bool) -> L::V {
    let x = lanes.max(lanes.splat(-126.0), x);
    let n = lanes.round(x);
    let r = lanes.sub(x, n);
    let factors = if rough { &ROUGH_POWER[..] } else { &POWER[..] };
    let mut series = lanes.splat(factors[0]);
    for factor in &factors[1..] {
        series = lanes.fma(series, r, lanes.splat(*factor));
    }
    lanes.times_power(series, n)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct FallingPower<'a>(&'a mut [f32], bool);

    impl Kernel for FallingPower<'_> {
        #[inline(always)]
        fn run<L: Lanes>(self, lanes: L) {
            for x in self.0.chunks_mut(L::WIDTH) {
                let v = lanes.read(x);
                lanes.write(x, falling_power(lanes, v, self.1));
            }
        }
    }

    #[test]
    fn falling_powers_are_good_and_rough_ones_good_enough_for_bf16() {
        let x: Vec<f32> = (0..126_000).map(|i| i as f32 * -1e-3).collect();
        for level in Level::available() {
            for (rough, tolerance) in [(false, 2.5e-7), (true, 1.1e-4)] {
                let mut y = x.clone();
                level.run(FallingPower(&mut y, rough));
                for (&x, &y) in x.iter().zip(&y) {
                    let exact = f64::from(x).exp2();
                    let error = ((f64::from(y) - exact) / exact).abs();
                    assert!(error < tolerance, "{level}: 2^{x} = {y}, relative error {error:e}");
                }
                let mut ends = [f32::NEG_INFINITY, -1e30, f32::NAN];
                level.run(FallingPower(&mut ends, rough));
                assert!(ends[0] <= 1.2e-38 && ends[1] <= 1.2e-38 && ends[2].is_nan(), "{level}: {ends:?}");
            }
        }
    }
    use crate::Level;
    use crate::generic::Kernel;

    struct Exp<'a>(&'a mut [f32]);

    impl Kernel for Exp<'_> {
        #[inline(always)]
        fn run<L: Lanes>(self, lanes: L) {
            for x in self.0.chunks_mut(L::WIDTH) {
                let v = lanes.read(x);
                lanes.write(x, exp(lanes, v));
            }
        }
    }

    #[test]
    fn normal_results_are_good_to_the_last_place() {
        let x: Vec<f32> = (-87_000..88_700).map(|i| i as f32 * 1e-3 + 3.3e-5).collect();
        for level in Level::available() {
            let mut y = x.clone();
            level.run(Exp(&mut y));
            for (&x, &y) in x.iter().zip(&y) {
                let exact = f64::from(x).exp();
                let error = ((f64::from(y) - exact) / exact).abs();
                assert!(error < 1.5e-7, "{level}: exp({x}) = {y}, relative error {error:e}");
            }
        }
    }

    #[test]
    fn the_ends_of_the_range_are_zero_and_infinity() {
        for level in Level::available() {
            let mut x = [f32::NEG_INFINITY, -1e30, -105.0, f32::INFINITY, 1e30, 89.0, f32::NAN, 0.0, -95.0];
            level.run(Exp(&mut x));
            let inf = f32::INFINITY;
            assert_eq!((&x[..6], x[7]), (&[0.0, 0.0, 0.0, inf, inf, inf][..], 1.0), "{level}");
            assert!(x[6].is_nan(), "{level}");
            assert!((x[8] - (-95.0f32).exp()).abs() <= 3e-45, "{level}: denormal {:e}", x[8]);
        }
    }
}
