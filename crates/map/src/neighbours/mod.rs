//! The nearest neighbours of every point.

mod exact;

pub(crate) use exact::least;

use crate::{Error, Points, Watch};

/// The nearest neighbours of every point, without the point itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Neighbours {
    count: usize,
    points: Vec<u32>,
    distances: Vec<f32>,
}

impl Neighbours {
    /// Finds the `count` nearest neighbours of every point.
    ///
    /// # Errors
    /// There are not so many other points, or `watch` stops the work.
    pub fn find(points: &Points, count: usize, watch: &mut dyn Watch) -> Result<Self, Error> {
        points.check_len(count + 1)?;
        exact::find(points, count, watch)
    }

    /// How many each point has.
    pub fn count(&self) -> usize {
        self.count
    }

    /// How many points have neighbours.
    pub fn len(&self) -> usize {
        self.points.len() / self.count
    }

    /// Are there no points?
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// The neighbours of a point, the nearest first.
    pub fn of(&self, point: usize) -> &[u32] {
        &self.points[point * self.count..(point + 1) * self.count]
    }

    /// Their distances.
    pub fn distances(&self, point: usize) -> &[f32] {
        &self.distances[point * self.count..(point + 1) * self.count]
    }

    /// From rows of squared distances and points, in the unit of normalized points.
    fn from_rows(rows: Vec<Vec<(f64, u32)>>, count: usize, unit: f64) -> Self {
        let all = || rows.iter().flatten();
        let distance = |squared: f64| (squared.sqrt() * unit) as f32;
        Self { count, points: all().map(|row| row.1).collect(), distances: all().map(|row| distance(row.0)).collect() }
    }
}
