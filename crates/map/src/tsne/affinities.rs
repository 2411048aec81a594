//! How much each pair of neighbours attracts: probabilities of a Gaussian around each point, as wide as its perplexity
//! asks.

use rayon::prelude::*;

use crate::Neighbours;
use crate::graph::Graph;

/// Rounds of the search for a width; scikit-learn has as many.
const ROUNDS: usize = 100;
/// The entropy may be so far off.
const TOLERANCE: f64 = 1e-5;

/// `(p(j|i) + p(i|j)) / 2n`, whose sum over all pairs is 1.
pub(super) fn of(neighbours: &Neighbours, perplexity: f64) -> Graph {
    let len = neighbours.len();
    let rows = (0..len).into_par_iter().map(|point| row(neighbours.distances(point), perplexity));
    let weights: Vec<f64> = rows.collect::<Vec<_>>().concat();
    let share = 1.0 / (2.0 * len as f64);
    Graph::symmetric(neighbours, &weights, |one, other| (one + other) * share)
}

/// The probabilities of a point's neighbours.
fn row(distances: &[f32], perplexity: f64) -> Vec<f64> {
    let squared: Vec<f64> = distances.iter().map(|&distance| f64::from(distance).powi(2)).collect();
    let mean = squared.iter().sum::<f64>() / squared.len() as f64;
    let nearest = squared.first().copied().unwrap_or(0.0);
    let expected = perplexity.ln();
    // The inverse width, in units of the mean: the search begins close to its end whatever the numbers are.
    let (mut low, mut high, mut now) = (0.0, f64::INFINITY, if mean > 0.0 { 1.0 / mean } else { 1.0 });
    let mut weights = vec![0.0; squared.len()];
    for _ in 0..ROUNDS {
        let mut sum = 0.0;
        let mut energy = 0.0;
        for (weight, squared) in weights.iter_mut().zip(&squared) {
            let above = squared - nearest; // the nearest has weight 1, so the sum is never 0
            *weight = (-above * now).exp();
            sum += *weight;
            energy += *weight * above;
        }
        weights.iter_mut().for_each(|weight| *weight /= sum);
        let entropy = sum.ln() + now * energy / sum;
        if (entropy - expected).abs() < TOLERANCE {
            break;
        }
        if entropy > expected {
            low = now
        } else {
            high = now
        }
        now = if high.is_finite() { (low + high) / 2.0 } else { now * 2.0 };
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entropy_of_a_row_is_that_of_its_perplexity() {
        let distances: Vec<f32> = (0..90).map(|n| 100.0 + (n * n) as f32 / 50.0).collect();
        for perplexity in [2.0, 10.0, 30.0] {
            let row = row(&distances, perplexity);
            assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-12 && row.is_sorted_by(|a, b| a >= b));
            let entropy: f64 = row.iter().filter(|p| **p > 0.0).map(|p| -p * p.ln()).sum();
            assert!((entropy.exp() - perplexity).abs() < 1e-3, "{}", entropy.exp());
        }
    }

    #[test]
    fn equal_distances_share_evenly() {
        assert_eq!(row(&[0.0; 4], 2.0), [0.25; 4]);
        assert_eq!(row(&[3.0; 4], 2.0), [0.25; 4]);
    }
}
