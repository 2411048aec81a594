//! How a map is stored: as the terms that products take.

use super::tile::Term;
use super::{Bf16Pair, Lanes};

/// A term that a map of values can be stored as.
pub(crate) trait Cell: Term {
    /// The term of the values `value(0)`, `value(1)`, as many as it holds.
    fn of(value: impl Fn(usize) -> f32) -> Self;
    /// The values of all `cells`, in order.
    fn widen(cells: &[Self], values: &mut [f32]);
    /// Rounds as many values as `cells` holds.
    fn narrow<L: Lanes>(lanes: L, values: &[f32], cells: &mut [Self]);
}

impl Cell for f32 {
    fn of(value: impl Fn(usize) -> f32) -> Self {
        value(0)
    }
    #[inline(always)]
    fn widen(cells: &[Self], values: &mut [f32]) {
        values.copy_from_slice(cells);
    }
    #[inline(always)]
    fn narrow<L: Lanes>(_lanes: L, values: &[f32], cells: &mut [Self]) {
        cells.copy_from_slice(values);
    }
}

impl Cell for Bf16Pair {
    fn of(value: impl Fn(usize) -> f32) -> Self {
        Self::round(value(0), value(1))
    }
    /// A plain loop that the compiler vectorises: the two values of a pair are in memory in their order.
    #[inline(always)]
    fn widen(cells: &[Self], values: &mut [f32]) {
        let halves: &[u16] = bytemuck::cast_slice(cells);
        for (value, &half) in values.iter_mut().zip(halves) {
            *value = f32::from_bits(u32::from(half) << 16);
        }
    }
    #[inline(always)]
    fn narrow<L: Lanes>(lanes: L, values: &[f32], cells: &mut [Self]) {
        lanes.round_pairs(values, cells);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arch::Portable;

    #[test]
    fn values_that_bf16_represents_are_widened_exactly() {
        let values = [1.0, -2.5, 0.0, 192.0, f32::INFINITY, -0.125];
        let (mut cells, mut back) = ([Bf16Pair::default(); 3], [0.0; 6]);
        Bf16Pair::narrow(Portable, &values, &mut cells);
        assert_eq!(cells[1], Bf16Pair::of(|i| [0.0, 192.0][i]));
        Bf16Pair::widen(&cells, &mut back);
        assert_eq!(back, values);
    }
}
