//! Distances from some points to all, a block of points at a time: `|a − b|² = |a|² + |b|² − 2 a·b`, the products by a
//! matrix product.
//!
//! That loses digits if two points are close to each other and far from the mean. So these distances choose candidates,
//! and [`Distances::squared`] is exact for the few that count.

use rayon::prelude::*;
use rinalmo_kernels::{Level, linear::PackedF32};

use crate::{Error, Points};

/// Distances in a block: 64 MiB.
const BLOCK: usize = 1 << 24;
/// Most points of a block: more do not make the product faster.
const MOST_ROWS: usize = 256;
/// Up to so many dimensions, differences are as fast as products, and exact.
const FEW_DIMS: usize = 4;

/// Points prepared for distances.
pub(crate) struct Distances {
    /// Normalized points, `[len, dims]`.
    values: Vec<f32>,
    dims: usize,
    /// What all distances are to be multiplied by.
    unit: f64,
    products: Option<Products>,
}

struct Products {
    level: Level,
    packed: PackedF32,
    /// `|a|²` of every point.
    norms: Vec<f32>,
}

impl Distances {
    pub(crate) fn new(points: &Points) -> Result<Self, Error> {
        let (values, unit) = points.normalized();
        let dims = points.dims();
        let products = if dims <= FEW_DIMS || points.is_empty() {
            None
        } else {
            let norm = |row: &[f32]| row.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>() as f32;
            let norms = values.chunks_exact(dims).map(norm).collect();
            let packed = PackedF32::pack(&values, points.len(), dims)?;
            Some(Products { level: Level::current()?, packed, norms })
        };
        Ok(Self { values, dims, unit, products })
    }

    pub(crate) fn len(&self) -> usize {
        self.values.len() / self.dims
    }

    /// What a distance is to be multiplied by to be one of the points as they were given.
    pub(crate) fn unit(&self) -> f64 {
        self.unit
    }

    /// How many points fit into a block.
    pub(crate) fn block(&self) -> usize {
        (BLOCK / self.len().max(1)).clamp(1, MOST_ROWS)
    }

    /// The squared distance of two points, exact.
    pub(crate) fn squared(&self, one: usize, other: usize) -> f64 {
        let [one, other] = [one, other].map(|point| &self.values[point * self.dims..(point + 1) * self.dims]);
        one.iter().zip(other).map(|(a, b)| f64::from(a - b).powi(2)).sum()
    }

    /// Squared distances from some points to all points.
    ///
    /// # Shapes
    /// - from: the numbers of points, at most [`Distances::block`]
    /// - out: `[from, len]`, overwritten
    pub(crate) fn to_all(&self, from: &[usize], out: &mut Vec<f32>) -> Result<(), Error> {
        let (len, dims) = (self.len(), self.dims);
        out.resize(from.len() * len, 0.0);
        let row = |point: usize| &self.values[point * dims..(point + 1) * dims];
        let Some(Products { level, packed, norms }) = &self.products else {
            out.par_chunks_exact_mut(len).zip(from).for_each(|(out, &from)| {
                let from = row(from);
                for (out, to) in out.iter_mut().zip(self.values.chunks_exact(dims)) {
                    *out = from.iter().zip(to).map(|(a, b)| (a - b).powi(2)).sum();
                }
            });
            return Ok(());
        };
        let rows: Vec<f32> = from.iter().flat_map(|&point| row(point).iter().copied()).collect();
        packed.forward(*level, &rows, None, out)?;
        out.par_chunks_exact_mut(len).zip(from).for_each(|(out, &from)| {
            let own = norms[from];
            out.iter_mut().zip(norms).for_each(|(out, norm)| *out = (own + norm - 2.0 * *out).max(0.0));
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_give_the_distances_of_differences() {
        let mut random = fastrand::Rng::with_seed(1);
        for dims in [1, 3, 7, 70] {
            let points = Points::new((0..40 * dims).map(|_| 3.0 + random.f32()).collect(), dims).unwrap();
            let distances = Distances::new(&points).unwrap();
            let mut out = Vec::new();
            distances.to_all(&[5, 0, 39], &mut out).unwrap();
            for (row, from) in [5, 0, 39].into_iter().enumerate() {
                for to in 0..40 {
                    let exact = distances.squared(from, to);
                    let given: f64 = (0..dims)
                        .map(|dim| points.values()[from * dims + dim] - points.values()[to * dims + dim])
                        .map(|step| f64::from(step).powi(2))
                        .sum();
                    assert!((exact * distances.unit().powi(2) - given).abs() < 1e-5, "{dims}");
                    assert!((f64::from(out[row * 40 + to]) - exact).abs() < 1e-4 * dims as f64, "{dims}");
                }
            }
        }
    }
}
