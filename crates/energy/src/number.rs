//! The numbers that partition functions are computed in: f64, and [`Wide`] for sequences that leave its range.
//!
//! With a scale per base, f64 is enough except for sequences in which a stretch of a thousand bases or more is bound
//! far more strongly or weakly than the rest. Those are computed again in [`Wide`], about ten times slower.

use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul};

use crate::energies::Rounding;

/// What the recursions add and multiply: weights of structures, whose sum is a partition function, or energies, of which
/// the least is kept ([`Least`](crate::least::Least)).
pub(crate) trait Semiring:
    Copy
    + PartialEq
    + Send
    + Sync
    + Sum
    + AddAssign
    + Add<Output = Self>
    + Mul<Output = Self>
    + Mul<Self::Factor, Output = Self>
{
    /// What a loop contributes.
    type Factor: Factor;

    /// Of no structure.
    const ZERO: Self;
    /// Of a structure without loops.
    const ONE: Self;

    /// How close the number is to the end of its range, to be compared with [`LARGEST`].
    fn size(self) -> f64;

    /// Larger for what weighs more.
    fn rank(self) -> f64;
}

/// A number that is zero or positive.
pub(crate) trait Number: Semiring<Factor = f64> {
    /// The number as f64, if f64 can represent it.
    fn value(self) -> f64;

    fn ln(self) -> f64;

    fn recip(self) -> Self;
}

/// The contribution of a loop or of a part of one, made from its energy.
pub(crate) trait Factor: Copy + Send + Sync + Mul<Output = Self> + 'static {
    /// How it is kept in large tables.
    type Stored: Copy + Send + Sync + Into<Self>;

    /// Of a loop that is forbidden.
    const ZERO: Self;
    const ONE: Self;
    /// Of a loop that is listed twice in a sum.
    const HALF: Self;
    /// How energies are rounded before.
    const ROUNDING: Rounding;

    /// Of an energy in 0.01 kcal/mol.
    fn of(energy: f64, rt: f64) -> Self;

    /// Of an energy of `-x · RT`.
    fn exp(x: f64, rt: f64) -> Self;

    fn stored(self) -> Self::Stored;
}

impl Factor for f64 {
    /// Half the size, to stay in a cache close to the core; the rounding error is far below the error of the energies.
    type Stored = f32;

    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
    const HALF: Self = 0.5;
    const ROUNDING: Rounding = Rounding::Exact;

    fn of(energy: f64, rt: f64) -> Self {
        (-energy / 100.0 / rt).exp()
    }

    fn exp(x: f64, _rt: f64) -> Self {
        x.exp()
    }

    fn stored(self) -> f32 {
        self as f32
    }
}

/// Largest size that a value of the recursions may reach: f64 ends at 1.8e308, so the sums of the next row still fit.
pub(crate) const LARGEST: f64 = 1e200;

impl Semiring for f64 {
    type Factor = Self;

    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;

    #[inline(always)]
    fn size(self) -> f64 {
        self
    }

    #[inline(always)]
    fn rank(self) -> f64 {
        self
    }
}

impl Number for f64 {
    #[inline(always)]
    fn value(self) -> f64 {
        self
    }

    fn ln(self) -> f64 {
        self.ln()
    }

    fn recip(self) -> Self {
        self.recip()
    }
}

/// `mantissa · 2^(256 · exponent)`; the mantissa is 0 or between 2^-128 and 2^128.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Wide {
    mantissa: f64,
    exponent: i64,
}

/// 2^128; `UP` is 2^256 and `DOWN` 2^-256.
const HALF: f64 = f64::from_bits((1023 + 128) << 52);
const UP: f64 = HALF * HALF;
const DOWN: f64 = 1.0 / UP;

impl Wide {
    /// Normalises a mantissa that is out of its range by a factor of at most 2^256.
    #[inline(always)]
    fn new(mantissa: f64, exponent: i64) -> Self {
        if mantissa >= HALF {
            Self { mantissa: mantissa * DOWN, exponent: exponent + 1 }
        } else if mantissa == 0.0 {
            Self::ZERO
        } else if mantissa < 1.0 / HALF {
            Self { mantissa: mantissa * UP, exponent: exponent - 1 }
        } else {
            Self { mantissa, exponent }
        }
    }
}

impl Semiring for Wide {
    type Factor = f64;

    const ZERO: Self = Self { mantissa: 0.0, exponent: 0 };
    const ONE: Self = Self { mantissa: 1.0, exponent: 0 };

    fn size(self) -> f64 {
        0.0
    }

    fn rank(self) -> f64 {
        self.ln()
    }
}

impl Number for Wide {
    fn value(self) -> f64 {
        match self.exponent {
            ..-3 => 0.0,
            exponent @ -3..=3 => self.mantissa * UP.powi(exponent as i32),
            _ => f64::INFINITY,
        }
    }

    fn ln(self) -> f64 {
        self.mantissa.ln() + self.exponent as f64 * UP.ln()
    }

    fn recip(self) -> Self {
        Self::new(self.mantissa.recip(), -self.exponent)
    }
}

impl Add for Wide {
    type Output = Self;

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        if self.mantissa == 0.0 {
            return other;
        }
        let more = self.exponent - other.exponent;
        match more {
            0 => Self::new(self.mantissa + other.mantissa, self.exponent),
            1 => Self::new(self.mantissa + other.mantissa * DOWN, self.exponent),
            -1 if other.mantissa != 0.0 => Self::new(self.mantissa * DOWN + other.mantissa, other.exponent),
            _ if more > 0 || other.mantissa == 0.0 => self,
            _ => other,
        }
    }
}

impl AddAssign for Wide {
    #[inline(always)]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Mul for Wide {
    type Output = Self;

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self::new(self.mantissa * other.mantissa, self.exponent + other.exponent)
    }
}

impl Mul<f64> for Wide {
    type Output = Self;

    /// Multiplies by a factor between 2^-256 and 2^256.
    #[inline(always)]
    fn mul(self, factor: f64) -> Self {
        Self::new(self.mantissa * factor, self.exponent)
    }
}

impl Sum for Wide {
    fn sum<I: Iterator<Item = Self>>(numbers: I) -> Self {
        numbers.fold(Self::ZERO, |sum, number| sum + number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wide(value: f64) -> Wide {
        Wide::ONE * value
    }

    #[test]
    fn a_wide_number_counts_as_f64_does() {
        let values = [0.0, 1.0, 1e-60, 3e-39, 2.5e38, 7e70, 1e-5, 123.0];
        for (a, b) in values.into_iter().flat_map(|a| values.map(|b| (a, b))) {
            assert_eq!((wide(a) + wide(b)).value(), a + b, "{a} + {b}");
            assert_eq!((wide(a) * wide(b)).value(), a * b, "{a} · {b}");
        }
    }

    #[test]
    fn a_wide_number_goes_beyond_f64() {
        let large = (0..20).fold(Wide::ONE, |product, _| product * 1e70);
        assert!((large.ln() - 1400.0 * 10f64.ln()).abs() < 1e-9);
        assert!(((large * large.recip()).value() - 1.0).abs() < 1e-12);
        assert_eq!(large + Wide::ONE, large);
        assert_eq!(large.recip().value(), 0.0);
    }
}
