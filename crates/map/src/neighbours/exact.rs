//! Exact neighbours: every distance is computed, a block of points at a time.

use rayon::prelude::*;

use super::Neighbours;
use crate::distances::Distances;
use crate::watch::step;
use crate::{Error, Points, Watch};

/// Candidates beyond the count, as distances of a block are not exact.
const SPARE: usize = 8;

/// Finds the nearest neighbours of every point.
pub(super) fn find(points: &Points, count: usize, watch: &mut dyn Watch) -> Result<Neighbours, Error> {
    let distances = Distances::new(points)?;
    let all: Vec<usize> = (0..points.len()).collect();
    let mut block = Vec::new();
    let mut rows = Vec::with_capacity(points.len());
    for from in all.chunks(distances.block()) {
        step(watch, "neighbours", rows.len(), points.len())?;
        distances.to_all(from, &mut block)?;
        let found = block.par_chunks_exact(points.len()).zip(from).map(|(squared, &from)| {
            let candidates = least(squared, count + SPARE, from);
            nearest(&distances, from, candidates.into_iter().map(|(_, point)| point), count)
        });
        rows.par_extend(found);
    }
    Ok(Neighbours::from_rows(rows, count, distances.unit()))
}

/// The nearest of some points by their exact distances; of equally near ones, the first.
fn nearest(distances: &Distances, from: usize, candidates: impl Iterator<Item = u32>, count: usize) -> Vec<(f64, u32)> {
    let mut exact: Vec<(f64, u32)> = candidates.map(|point| (distances.squared(from, point as usize), point)).collect();
    exact.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    exact.truncate(count);
    exact
}

/// The `count` least values and their places, in no order; without the place `except`.
pub(crate) fn least(values: &[f32], count: usize, except: usize) -> Vec<(f32, u32)> {
    let order = |a: &(f32, u32), b: &(f32, u32)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
    let mut kept: Vec<(f32, u32)> = Vec::with_capacity(4 * count);
    let mut limit = f32::INFINITY;
    for (place, &value) in values.iter().enumerate() {
        if value > limit || place == except {
            continue;
        }
        kept.push((value, place as u32));
        if kept.len() == 4 * count {
            kept.select_nth_unstable_by(count - 1, order);
            kept.truncate(count);
            limit = kept[count - 1].0;
        }
    }
    if kept.len() > count {
        kept.select_nth_unstable_by(count - 1, order);
        kept.truncate(count);
    }
    kept
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn neighbours_are_those_of_a_full_sort() {
        let mut random = fastrand::Rng::with_seed(7);
        let points = Points::new((0..500 * 12).map(|_| 20.0 + random.f32()).collect(), 12).unwrap();
        let found = find(&points, 10, &mut ()).unwrap();
        let distances = Distances::new(&points).unwrap();
        for point in 0..500 {
            let others = (0..500).filter(|&other| other != point as u32);
            let expected: Vec<u32> = nearest(&distances, point, others, 10).into_iter().map(|row| row.1).collect();
            assert_eq!(found.of(point), expected);
            assert!(found.distances(point).is_sorted());
        }
    }

    #[test]
    fn equal_points_are_neighbours_at_distance_0() {
        let points = Points::new([[1.0; 6], [1.0; 6], [2.0; 6], [1.0; 6]].concat(), 6).unwrap();
        let found = find(&points, 2, &mut ()).unwrap();
        assert_eq!((found.of(0), found.distances(0)), (&[1, 3][..], &[0.0, 0.0][..]));
        assert_eq!(found.of(2), [0, 1]);
    }

    proptest! {
        #[test]
        fn the_least_values_are_found(values in prop::collection::vec(0..50u8, 1..200), count in 1..20usize) {
            let values: Vec<f32> = values.into_iter().map(f32::from).collect();
            let mut found = least(&values, count, 3);
            found.sort_by(|a, b| a.0.total_cmp(&b.0));
            let mut sorted: Vec<f32> = values.iter().enumerate().filter(|row| row.0 != 3).map(|row| *row.1).collect();
            sorted.sort_by(f32::total_cmp);
            sorted.truncate(count);
            prop_assert_eq!(found.iter().map(|row| row.0).collect::<Vec<_>>(), sorted);
        }
    }
}
