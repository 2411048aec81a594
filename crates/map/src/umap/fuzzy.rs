//! The graph of neighbours: how much each point belongs to the surroundings of another (section 3.1 of the paper).

use rayon::prelude::*;

use crate::Neighbours;
use crate::graph::Graph;

/// Rounds of the search for a width.
const ROUNDS: usize = 64;
/// The sum may be so far off.
const TOLERANCE: f64 = 1e-5;
/// A width is at least this part of the mean distance, so that equal points do not cut a point off from all others.
const LEAST_WIDTH: f64 = 1e-3;

/// The union of all surroundings: two points belong together if either belongs to the other.
pub(super) fn graph(neighbours: &Neighbours) -> Graph {
    let len = neighbours.len();
    let mean = |distances: &[f32]| distances.iter().copied().map(f64::from).sum::<f64>() / distances.len() as f64;
    let mean_of_all = (0..len).map(|point| mean(neighbours.distances(point))).sum::<f64>() / len as f64;
    let row = |point: usize| {
        let distances = neighbours.distances(point);
        let mean = mean(distances);
        row(distances, if mean > 0.0 { mean } else { mean_of_all })
    };
    let weights: Vec<f64> = (0..len).into_par_iter().map(row).collect::<Vec<_>>().concat();
    Graph::symmetric(neighbours, &weights, |one, other| one + other - one * other)
}

/// `exp(−(d − nearest) / width)`, as wide that the sum is `log2` of the number of neighbours and the point itself.
fn row(distances: &[f32], mean: f64) -> Vec<f64> {
    let nearest = distances.iter().copied().find(|&distance| distance > 0.0).map_or(0.0, f64::from);
    let beyond: Vec<f64> = distances.iter().map(|&distance| (f64::from(distance) - nearest).max(0.0)).collect();
    let expected = (distances.len() as f64 + 1.0).log2();
    let (mut low, mut high, mut width) = (0.0, f64::INFINITY, if mean > 0.0 { mean } else { 1.0 });
    for _ in 0..ROUNDS {
        let sum: f64 = beyond.iter().map(|beyond| (-beyond / width).exp()).sum();
        if (sum - expected).abs() < TOLERANCE {
            break;
        }
        if sum > expected {
            high = width
        } else {
            low = width
        }
        width = if high.is_finite() { (low + high) / 2.0 } else { width * 2.0 };
    }
    let width = width.max(LEAST_WIDTH * mean).max(f64::MIN_POSITIVE);
    beyond.iter().map(|beyond| (-beyond / width).exp()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_neighbour_belongs_and_the_sum_is_the_logarithm_of_the_number() {
        let distances: Vec<f32> = (0..14).map(|n| 5.0 + n as f32 / 3.0).collect();
        for unit in [1e-6, 1.0, 1e6] {
            let distances: Vec<f32> = distances.iter().map(|distance| distance * unit).collect();
            let row = row(&distances, 7.0 * f64::from(unit));
            assert_eq!(row[0], 1.0);
            assert!((row.iter().sum::<f64>() - 15f64.log2()).abs() < 1e-4 && row.is_sorted_by(|a, b| a >= b));
        }
    }

    #[test]
    fn equal_points_belong_wholly() {
        assert_eq!(row(&[0.0; 5], 2.0), [1.0; 5]);
        let row = row(&[0.0, 0.0, 1.0, 2.0], 0.75);
        assert_eq!(row[..3], [1.0; 3], "the nearest that is not equal belongs too");
        assert!(row[3] < 1.0);
    }
}
