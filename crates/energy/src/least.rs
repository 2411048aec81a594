//! Energies in place of weights: with `+` the lesser of two and `·` their sum, the recursions of the partition function
//! give the minimum free energy.
//!
//! Energies are whole numbers of 0.01 kcal/mol in f32, which is exact up to 167,772 kcal/mol, has an infinity for what
//! is forbidden, and fills vectors as integers of its size would.

use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul};

use crate::energies::Rounding;
use crate::number::{Factor, Semiring};
use crate::parameters::FORBIDDEN;

/// An energy in 0.01 kcal/mol.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Least(pub f32);

impl Semiring for Least {
    type Factor = Self;

    const ZERO: Self = Self(f32::INFINITY);
    const ONE: Self = Self(0.0);

    fn size(self) -> f64 {
        0.0
    }

    #[inline(always)]
    fn rank(self) -> f64 {
        -f64::from(self.0)
    }
}

impl Factor for Least {
    type Stored = Self;

    const ZERO: Self = <Self as Semiring>::ZERO;
    const ONE: Self = <Self as Semiring>::ONE;
    const HALF: Self = <Self as Semiring>::ONE; // the least of two equal energies is either
    const ROUNDING: Rounding = Rounding::Whole;

    fn of(energy: f64, _rt: f64) -> Self {
        if energy >= f64::from(FORBIDDEN) / 2.0 { <Self as Factor>::ZERO } else { Self(energy as f32) }
    }

    fn exp(x: f64, rt: f64) -> Self {
        Self((-x * rt * 100.0).round() as f32)
    }

    fn stored(self) -> Self {
        self
    }
}

impl Add for Least {
    type Output = Self;

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        if other.0 < self.0 { other } else { self } // one instruction, unlike `f32::min`
    }
}

impl AddAssign for Least {
    #[inline(always)]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Mul for Least {
    type Output = Self;

    #[expect(clippy::suspicious_arithmetic_impl, reason = "energies of parts add up")]
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sum for Least {
    fn sum<I: Iterator<Item = Self>>(energies: I) -> Self {
        energies.fold(<Self as Semiring>::ZERO, |least, energy| least + energy)
    }
}
