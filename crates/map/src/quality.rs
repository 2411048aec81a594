//! How far to trust a map: what it has kept of the neighbourhoods, and how well it separates labels.
//!
//! All three compare points with all others. Of more than 5,000 points, 5,000 evenly spread ones are compared with all.

use rayon::prelude::*;

use crate::distances::Distances;
use crate::neighbours::least;
use crate::{Error, Points};

/// Points that are compared with all others.
const MOST: usize = 5000;

/// Trustworthiness of a map: 1 if the `count` neighbours of every point on the map are also its nearest among the
/// points, less by how far away they were (Venna and Kaski 2001); 0.5 is about what a random map has. As
/// `sklearn.manifold.trustworthiness`.
///
/// # Errors
/// There are not more than twice as many points as neighbours, or not as many as places.
pub fn trustworthiness(points: &Points, map: &[[f64; 2]], count: usize) -> Result<f64, Error> {
    points.check_len(2 * count + 1)?;
    if points.len() != map.len() {
        return Err(Error::Labels { labels: map.len(), points: points.len() });
    }
    let (given, placed) = (Distances::new(points)?, Distances::new(&Points::from_map(map)?)?);
    let mut penalty = 0;
    let mut near = Vec::new();
    let compared = for_each_block(&given, |from, block| {
        placed.to_all(from, &mut near)?;
        let rows = block.par_chunks_exact(points.len()).zip(near.par_chunks_exact(points.len())).zip(from);
        let row = |((given, placed), &from): ((&[f32], &[f32]), &usize)| -> usize {
            let neighbours = least(placed, count, from);
            let beyond = |&(_, other): &(f32, u32)| rank(given, from, other as usize).saturating_sub(count);
            neighbours.iter().map(beyond).sum()
        };
        penalty += rows.map(row).sum::<usize>();
        Ok(())
    })?;
    let (len, count) = (points.len() as f64, count as f64);
    let most = compared as f64 * count * (2.0 * len - 3.0 * count - 1.0) / 2.0;
    Ok(1.0 - penalty as f64 / most)
}

/// The rank of a point among the others by distance, the nearest being 1.
fn rank(squared: &[f32], from: usize, other: usize) -> usize {
    let own = squared[other];
    let is_before = |(place, &value): (usize, &f32)| place != from && (value < own || value == own && place < other);
    1 + squared.iter().enumerate().filter(|row| is_before(*row)).count()
}

/// The mean share of a point's `count` nearest neighbours that have its label.
///
/// # Errors
/// There are not more points than neighbours, or not as many as labels.
pub fn knn_purity(points: &Points, labels: &[usize], count: usize) -> Result<f64, Error> {
    points.check_len(count + 1)?;
    check_labels(points, labels)?;
    let mut same = 0;
    let compared = for_each_block(&Distances::new(points)?, |from, block| {
        let rows = block.par_chunks_exact(points.len()).zip(from);
        let row = |(squared, &from): (&[f32], &usize)| {
            let neighbours = least(squared, count, from);
            neighbours.iter().filter(|(_, other)| labels[*other as usize] == labels[from]).count()
        };
        same += rows.map(row).sum::<usize>();
        Ok(())
    })?;
    Ok(same as f64 / (compared * count) as f64)
}

/// The mean silhouette of the labels: near 1 if every label is a group far from the others, 0 if they overlap, negative
/// if points are nearer to another label (Rousseeuw 1987). A point that has its label alone counts 0. `None` if all
/// points have the same label. As `sklearn.metrics.silhouette_score`.
///
/// # Errors
/// There are not as many points as labels.
pub fn silhouette(points: &Points, labels: &[usize]) -> Result<Option<f64>, Error> {
    check_labels(points, labels)?;
    let groups = labels.iter().max().map_or(0, |most| most + 1);
    let mut sizes = vec![0usize; groups];
    labels.iter().for_each(|&label| sizes[label] += 1);
    if sizes.iter().filter(|&&size| size > 0).count() < 2 {
        return Ok(None);
    }
    let mut sum = 0.0;
    let compared = for_each_block(&Distances::new(points)?, |from, block| {
        let rows = block.par_chunks_exact(points.len()).zip(from);
        let found: Vec<f64> = rows.map(|(squared, &from)| silhouette_of(squared, labels, &sizes, from)).collect();
        sum += found.iter().sum::<f64>();
        Ok(())
    })?;
    Ok(Some(sum / compared as f64))
}

fn silhouette_of(squared: &[f32], labels: &[usize], sizes: &[usize], from: usize) -> f64 {
    let own = labels[from];
    if sizes[own] < 2 {
        return 0.0;
    }
    let mut sums = vec![0.0; sizes.len()];
    let others = squared.iter().zip(labels).enumerate().filter(|(place, _)| *place != from);
    others.for_each(|(_, (squared, &label))| sums[label] += f64::from(*squared).sqrt());
    let within = sums[own] / (sizes[own] - 1) as f64;
    let mean = |label: usize| sums[label] / sizes[label] as f64;
    let between = (0..sizes.len()).filter(|&label| label != own && sizes[label] > 0).map(mean);
    let nearest = between.fold(f64::INFINITY, f64::min);
    let most = within.max(nearest);
    if most > 0.0 { (nearest - within) / most } else { 0.0 }
}

fn check_labels(points: &Points, labels: &[usize]) -> Result<(), Error> {
    if points.len() == labels.len() {
        Ok(())
    } else {
        Err(Error::Labels { labels: labels.len(), points: points.len() })
    }
}

/// Calls `work` with points and their squared distances to all, `[from, len]`; returns how many points these were.
fn for_each_block(
    distances: &Distances,
    mut work: impl FnMut(&[usize], &[f32]) -> Result<(), Error>,
) -> Result<usize, Error> {
    let compared: Vec<usize> = (0..distances.len()).step_by(distances.len().div_ceil(MOST).max(1)).collect();
    let mut block = Vec::new();
    for from in compared.chunks(distances.block()) {
        distances.to_all(from, &mut block)?;
        work(from, &block)?;
    }
    Ok(compared.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::blobs;

    #[test]
    fn a_map_that_keeps_everything_is_fully_trustworthy_and_a_random_one_half() {
        let mut random = fastrand::Rng::with_seed(2);
        let map: Vec<[f64; 2]> = (0..400).map(|_| [random.f64(), random.f64()]).collect();
        let points = Points::from_map(&map).unwrap();
        assert_eq!(trustworthiness(&points, &map, 12).unwrap(), 1.0);
        let other: Vec<[f64; 2]> = (0..400).map(|_| [random.f64(), random.f64()]).collect();
        assert!((trustworthiness(&points, &other, 12).unwrap() - 0.5).abs() < 0.05);
    }

    #[test]
    fn figures_are_those_of_scikit_learn() {
        // scikit-learn 1.9.1 on the same numbers: `trustworthiness(X, Y, n_neighbors=3)`, `silhouette_score(Y, labels)`.
        let value = |n: usize| ((n * n * 31 + n * 17) % 997) as f32 / 100.0;
        let points = Points::new((0..120).map(value).collect(), 4).unwrap();
        let map: Vec<[f64; 2]> = points.values().chunks(4).map(|row| [row[0].into(), row[1].into()]).collect();
        let labels: Vec<usize> = (0..30).map(|n| n % 3).collect();
        let placed = Points::from_map(&map).unwrap();
        assert!((trustworthiness(&points, &map, 3).unwrap() - 0.936444444).abs() < 1e-6);
        assert!((silhouette(&placed, &labels).unwrap().unwrap() - -0.066048535).abs() < 1e-5);
        assert!((knn_purity(&placed, &labels, 4).unwrap() - 0.225000000).abs() < 1e-9);
    }

    #[test]
    fn groups_apart_are_pure_and_mixed_labels_are_not() {
        let (points, labels) = blobs(3, 40, 6);
        assert_eq!(knn_purity(&points, &labels, 5).unwrap(), 1.0);
        assert!(silhouette(&points, &labels).unwrap().unwrap() > 0.5);
        let mixed: Vec<usize> = (0..120).map(|point| point % 3).collect();
        assert!(knn_purity(&points, &mixed, 5).unwrap() < 0.5);
        assert!(silhouette(&points, &mixed).unwrap().unwrap() < 0.05);
        assert_eq!(silhouette(&points, &[4; 120]).unwrap(), None);
        assert!(silhouette(&points, &[0]).is_err() && knn_purity(&points, &labels, 120).is_err());
    }
}
