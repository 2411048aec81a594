//! Rotary positions (Su et al., RoFormer): the two halves of a head are rotated against each other.

use crate::error::check_length;
use crate::generic::rope::Rope;
use crate::threads::for_rows;
use crate::{Error, Level};

/// Cosines and sines of all positions below a maximum.
#[derive(Clone, Debug)]
pub struct Table {
    /// Half a head's width.
    half: usize,
    /// `[positions, half]`
    cos: Vec<f32>,
    /// `[positions, half]`
    sin: Vec<f32>,
}

impl Table {
    /// Angles `position · base^(−2i / head_dim)` of positions below `positions`.
    ///
    /// The frequencies and angles are rounded to f32, as in the published model, before the cosine is taken.
    ///
    /// # Errors
    /// If `head_dim` is odd or zero.
    pub fn new(base: f32, head_dim: usize, positions: usize) -> Result<Self, Error> {
        if head_dim == 0 || head_dim % 2 == 1 {
            let reason = format!("a head of width {head_dim} does not split into two equal halves");
            return Err(Error::Size { op: "rope", reason });
        }
        let half = head_dim / 2;
        let frequency = |i: usize| 1.0 / base.powf((2 * i) as f32 / head_dim as f32);
        let frequencies: Vec<f32> = (0..half).map(frequency).collect();
        let angles = (0..positions).flat_map(|p| frequencies.iter().map(move |f| p as f32 * f));
        let (sin, cos) = angles.map(f32::sin_cos).unzip();
        Ok(Self { half, cos, sin })
    }

    /// Number of positions in the table.
    pub fn positions(&self) -> usize {
        self.cos.len() / self.half
    }

    /// Cosines and sines, `[positions, head_dim / 2]` each, for heads of this width and this many positions.
    pub(crate) fn angles(&self, head_dim: usize, positions: usize) -> Result<(&[f32], &[f32]), Error> {
        if head_dim != 2 * self.half || positions > self.positions() {
            let (wide, long) = (2 * self.half, self.positions());
            let reason =
                format!("the table is for {long} positions of width {wide}, expected {positions} of {head_dim}");
            return Err(Error::Size { op: "rope", reason });
        }
        Ok((&self.cos, &self.sin))
    }

    /// Rotates queries and keys in place; values are not changed.
    ///
    /// # Shapes
    /// - qkv: `[rows, 3 · dim]`, `dim` a multiple of the head's width
    /// - positions: `[rows]`, each in the table
    ///
    /// # Errors
    /// If a slice has another length, or a position is not in the table.
    pub fn rotate(&self, level: Level, qkv: &mut [f32], dim: usize, positions: &[u32]) -> Result<(), Error> {
        const OP: &str = "rope";
        let head_dim = 2 * self.half;
        if dim == 0 || !dim.is_multiple_of(head_dim) {
            let reason = format!("{dim} values are not a multiple of the head width {head_dim}");
            return Err(Error::Size { op: OP, reason });
        }
        check_length(OP, "qkv", positions.len() * 3 * dim, qkv.len())?;
        if let Some(position) = positions.iter().find(|&&p| p as usize >= self.positions()) {
            let reason = format!("position {position} is beyond the table's {}", self.positions());
            return Err(Error::Size { op: OP, reason });
        }
        let (half, cos, sin) = (self.half, &self.cos[..], &self.sin[..]);
        for_rows(qkv, 3 * dim, 1, 64, &|first, qkv| {
            let positions = &positions[first..][..qkv.len() / (3 * dim)];
            level.run(Rope { qkv, dim, half, positions, cos, sin });
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_sizes_and_positions_are_refused() {
        assert!(Table::new(1e4, 3, 5).is_err() && Table::new(1e4, 0, 5).is_err());
        let table = Table::new(1e4, 4, 5).unwrap();
        let level = Level::best();
        assert!(table.rotate(level, &mut [0.0; 12], 4, &[4]).is_ok());
        let message = table.rotate(level, &mut [0.0; 12], 4, &[5]).unwrap_err().to_string();
        assert_eq!(message, "rope: position 5 is beyond the table's 5");
        assert!(table.rotate(level, &mut [0.0; 12], 4, &[1, 2]).is_err());
        assert!(table.rotate(level, &mut [0.0; 18], 6, &[1]).is_err());
    }
}
