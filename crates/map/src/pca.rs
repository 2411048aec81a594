//! Principal components: the directions of most variance (Pearson 1901).
//!
//! Exact: the eigenvectors of the covariance matrix `[dims, dims]`; if there are fewer points than dimensions, of the
//! matrix of their products `[len, len]`, which gives the same coordinates.

use rinalmo_kernels::Level;
use rinalmo_kernels::matmul::{Matrix, matmul};

use crate::symmetric::{Pair, largest};
use crate::{Error, Points};

/// Rows of a product that are summed in f32; such sums are added in f64.
const ROWS: usize = 1024;

/// Points in the directions of most variance.
#[derive(Debug, Clone, PartialEq)]
pub struct Pca {
    /// Coordinates, `[len, components]`. The coordinate of largest size of each component is positive.
    pub coordinates: Vec<Vec<f64>>,
    /// The share of the variance in each component, from 0 to 1.
    pub explained: Vec<f64>,
}

impl Pca {
    /// The first two components as a map.
    pub fn map(&self) -> crate::Map {
        let at = |row: &[f64], place: usize| row.get(place).copied().unwrap_or(0.0);
        self.coordinates.iter().map(|row| [at(row, 0), at(row, 1)]).collect()
    }
}

/// The first `components` principal components, or as many as there are dimensions or points.
///
/// # Errors
/// There are fewer than two points.
pub fn pca(points: &Points, components: usize) -> Result<Pca, Error> {
    points.check_len(2)?;
    let (values, unit) = points.normalized();
    let (len, dims) = (points.len(), points.dims());
    let components = components.min(dims).min(len);
    let by_points = len < dims;
    let products = if by_points { products_of_rows(&values, dims)? } else { products_of_columns(&values, dims)? };
    let size = if by_points { len } else { dims };
    let total: f64 = (0..size).map(|place| products[place * size + place]).sum();
    let pairs = largest(products, size, components);
    let mut coordinates = if by_points { of_points(&pairs, len) } else { projected(&values, dims, &pairs) };
    for component in 0..components {
        let far = coordinates.iter().map(|row: &Vec<f64>| row[component]).fold(0.0, farther);
        let factor = if far < 0.0 { -unit } else { unit };
        coordinates.iter_mut().for_each(|row| row[component] *= factor);
    }
    let share = |pair: &Pair| if total > 0.0 { (pair.0 / total).clamp(0.0, 1.0) } else { 0.0 };
    Ok(Pca { coordinates, explained: pairs.iter().map(share).collect() })
}

fn farther(one: f64, other: f64) -> f64 {
    if other.abs() > one.abs() { other } else { one }
}

/// `Xᵀ X`, `[dims, dims]`.
fn products_of_columns(values: &[f32], dims: usize) -> Result<Vec<f64>, Error> {
    let level = Level::current()?;
    let mut sums = vec![0.0; dims * dims];
    let mut out = vec![0.0; dims * dims];
    for block in values.chunks(ROWS * dims) {
        let rows = Matrix::new(block, block.len() / dims, dims)?;
        matmul(level, rows.transpose(), rows, None, &mut out)?;
        sums.iter_mut().zip(&out).for_each(|(sum, &value)| *sum += f64::from(value));
    }
    Ok(symmetric(sums, dims))
}

/// `X Xᵀ`, `[len, len]`.
fn products_of_rows(values: &[f32], dims: usize) -> Result<Vec<f64>, Error> {
    let len = values.len() / dims;
    let rows = Matrix::new(values, len, dims)?;
    let mut out = vec![0.0; len * len];
    matmul(Level::current()?, rows, rows.transpose(), None, &mut out)?;
    Ok(symmetric(out.into_iter().map(f64::from).collect(), len))
}

/// The mean of a matrix and its transpose, which differ by rounding.
fn symmetric(mut matrix: Vec<f64>, size: usize) -> Vec<f64> {
    for row in 0..size {
        for column in 0..row {
            let mean = (matrix[row * size + column] + matrix[column * size + row]) / 2.0;
            matrix[row * size + column] = mean;
            matrix[column * size + row] = mean;
        }
    }
    matrix
}

/// Coordinates from eigenvectors of the products of points: each times the root of its value.
fn of_points(pairs: &[Pair], len: usize) -> Vec<Vec<f64>> {
    let row = |point: usize| pairs.iter().map(|(value, vector)| vector[point] * value.max(0.0).sqrt()).collect();
    (0..len).map(row).collect()
}

/// Coordinates along eigenvectors of the covariance.
fn projected(values: &[f32], dims: usize, pairs: &[Pair]) -> Vec<Vec<f64>> {
    let along = |row: &[f32], vector: &[f64]| row.iter().zip(vector).map(|(&a, b)| f64::from(a) * b).sum::<f64>();
    values.chunks_exact(dims).map(|row| pairs.iter().map(|(_, vector)| along(row, vector)).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Points on a plane in `dims` dimensions: 3 times as long in one direction as in the other.
    fn plane(len: usize, dims: usize) -> Points {
        let mut random = fastrand::Rng::with_seed(3);
        let mut direction = || (0..dims).map(|_| random.f32() - 0.5).collect::<Vec<f32>>();
        let (long, short) = (direction(), direction());
        let mut random = fastrand::Rng::with_seed(4);
        let point = |random: &mut fastrand::Rng| {
            let (along, across) = (3.0 * (random.f32() - 0.5), random.f32() - 0.5);
            long.iter().zip(&short).map(|(l, s)| 5.0 + along * l + across * s).collect::<Vec<f32>>()
        };
        Points::new((0..len).flat_map(|_| point(&mut random)).collect(), dims).unwrap()
    }

    #[test]
    fn two_components_hold_all_of_a_plane() {
        for (len, dims) in [(200, 9), (9, 200), (30, 30)] {
            let points = plane(len, dims);
            let pca = pca(&points, 3).unwrap();
            assert!((pca.explained[0] + pca.explained[1] - 1.0).abs() < 1e-6, "{:?}", pca.explained);
            assert!(pca.explained[0] > pca.explained[1] && pca.explained[2] < 1e-6);
            for other in 1..len {
                let row = |point: usize| &points.values()[point * dims..(point + 1) * dims];
                let given: f64 = row(0).iter().zip(row(other)).map(|(a, b)| f64::from(a - b).powi(2)).sum();
                let kept = (0..2).map(|c| (pca.coordinates[0][c] - pca.coordinates[other][c]).powi(2)).sum::<f64>();
                assert!((given.sqrt() - kept.sqrt()).abs() < 1e-4 * given.sqrt().max(1.0), "{given} {kept}");
            }
        }
    }

    #[test]
    fn fewer_points_than_dimensions_give_the_same_coordinates() {
        let points = plane(40, 40);
        let wider: Vec<f32> = points.values().chunks(40).flat_map(|row| row.iter().copied().chain([0.0; 8])).collect();
        let [one, other] = [points, Points::new(wider, 48).unwrap()].map(|points| pca(&points, 2).unwrap());
        for (a, b) in one.coordinates.iter().zip(&other.coordinates) {
            assert!((a[0] - b[0]).abs() < 1e-5 && (a[1] - b[1]).abs() < 1e-5, "{a:?} {b:?}");
        }
    }

    #[test]
    fn equal_points_have_no_variance_and_one_dimension_is_a_line() {
        let equal = pca(&Points::new(vec![2.0; 12], 4).unwrap(), 2).unwrap();
        assert_eq!((equal.map(), equal.explained), (vec![[0.0, 0.0]; 3], vec![0.0, 0.0]));
        let line = pca(&Points::new(vec![1.0, 2.0, 4.5], 1).unwrap(), 2).unwrap();
        assert_eq!(line.explained, [1.0]);
        assert!((line.map()[2][0] - 2.0).abs() < 1e-6 && line.map()[2][1] == 0.0);
        assert!(pca(&Points::new(vec![1.0], 1).unwrap(), 2).is_err());
    }
}
