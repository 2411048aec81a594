//! UMAP: neighbours are drawn to each other, random others pushed away (McInnes, Healy, Melville 2018,
//! <https://arxiv.org/abs/1802.03426>).
//!
//! As the authors' `umap-learn` computes it, but the first places are the principal components, not the Laplacian's
//! eigenvectors: they exist for every graph, in pieces too, and keep the shape of the whole as well (Kobak and Linderman
//! 2021).

mod curve;
mod fuzzy;
mod layout;

use crate::watch::step;
use crate::{Error, Map, Neighbours, Points, Watch, pca};

/// The largest coordinate of the first places; the least is about its negative.
const FIRST_WIDTH: f64 = 5.0;
/// Noise on them, which separates equal points.
const NOISE: f64 = 1e-4;
/// With more points, fewer epochs are enough.
const MANY: usize = 10_000;

/// How a UMAP is made.
#[derive(Debug, Clone, PartialEq)]
pub struct Umap {
    /// How many neighbours of each point are known, the point itself counted: more show larger shapes, fewer show finer
    /// ones.
    pub neighbours: usize,
    /// How close neighbours may be on the map: less packs groups more tightly.
    pub min_dist: f64,
    /// The distance on the map over which points are still drawn to each other.
    pub spread: f64,
    /// Rounds over all neighbours; `None` is 500, and 200 for more than 10,000 points.
    pub epochs: Option<usize>,
    /// The seed of all random numbers.
    pub seed: u64,
}

impl Default for Umap {
    fn default() -> Self {
        Self { neighbours: 15, min_dist: 0.1, spread: 1.0, epochs: None, seed: 0 }
    }
}

impl Umap {
    fn check(&self, points: &Points) -> Result<(), Error> {
        points.check_len(4)?;
        let wrong = |name, expected, found| Err(Error::Option { name, expected, found });
        if !(2..=points.len()).contains(&self.neighbours) {
            let expected = format!("from 2 to {}, the number of vectors", points.len());
            return wrong("neighbours", expected, self.neighbours as f64);
        }
        if !(self.spread > 0.0 && self.spread.is_finite()) {
            return wrong("spread", "a number above 0".into(), self.spread);
        }
        if !(0.0..=self.spread).contains(&self.min_dist) {
            return wrong("min-dist", format!("from 0 to {}, the spread", self.spread), self.min_dist);
        }
        Ok(())
    }
}

/// Makes a map by UMAP.
///
/// # Errors
/// There are fewer than four points, an option makes no sense for them, or `watch` stops the work.
pub fn umap(points: &Points, options: &Umap, watch: &mut dyn Watch) -> Result<Map, Error> {
    options.check(points)?;
    let neighbours = Neighbours::find(points, options.neighbours - 1, watch)?;
    let epochs = options.epochs.unwrap_or(if points.len() > MANY { 200 } else { 500 });
    let curve = curve::Curve::fit(options.min_dist, options.spread);
    let graph = fuzzy::graph(&neighbours);
    let mut layout = layout::Layout::new(graph, first_places(points, options.seed)?, curve, options.seed, epochs);
    for epoch in 0..epochs {
        step(watch, "UMAP", epoch, epochs)?;
        layout.epoch(epoch);
    }
    Ok(layout.into_map())
}

/// Principal components as wide as UMAP's maps begin, with a little noise.
fn first_places(points: &Points, seed: u64) -> Result<Map, Error> {
    let mut map = pca(points, 2)?.map();
    let most = map.iter().flatten().fold(0.0f64, |most, value| most.max(value.abs()));
    let factor = if most > 0.0 { FIRST_WIDTH / most } else { 0.0 };
    let mut random = fastrand::Rng::with_seed(seed);
    for value in map.iter_mut().flatten() {
        *value = *value * factor + NOISE * (random.f64() - 0.5);
    }
    Ok(map)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quality::{knn_purity, trustworthiness};
    use crate::tests::{bits, blobs};

    #[test]
    fn groups_stay_groups() {
        let (points, labels) = blobs(6, 50, 20);
        let map = umap(&points, &Umap::default(), &mut ()).unwrap();
        assert!(knn_purity(&Points::from_map(&map).unwrap(), &labels, 10).unwrap() > 0.99);
        assert!(trustworthiness(&points, &map, 5).unwrap() > 0.93);
    }

    #[test]
    fn the_map_is_the_same_on_one_thread_and_on_three_and_another_with_another_seed() {
        let (points, _) = blobs(3, 300, 8);
        let on = |threads: usize, seed: u64| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let options = Umap { epochs: Some(40), seed, ..Umap::default() };
            pool.install(|| bits(&umap(&points, &options, &mut ()).unwrap()))
        };
        assert_eq!(on(1, 0), on(3, 0));
        assert_ne!(on(1, 0), on(1, 1));
    }

    #[test]
    fn equal_points_and_few_points_have_finite_places() {
        let equal = Points::new(vec![1.0; 40 * 3], 3).unwrap();
        let few = Points::new((0..12u8).map(f32::from).collect(), 3).unwrap();
        for (points, neighbours) in [(equal, 15), (few, 4)] {
            let map = umap(&points, &Umap { neighbours, ..Umap::default() }, &mut ()).unwrap();
            assert!(map.iter().flatten().all(|value| value.is_finite()), "{map:?}");
        }
    }

    #[test]
    fn options_that_make_no_sense_are_refused() {
        let (points, _) = blobs(2, 20, 3);
        let refused = |options: Umap| umap(&points, &options, &mut ()).unwrap_err().to_string();
        let message = refused(Umap { neighbours: 41, ..Umap::default() });
        assert_eq!(message, "neighbours: expected from 2 to 40, the number of vectors, found 41");
        assert!(refused(Umap { min_dist: 1.5, ..Umap::default() }).starts_with("min-dist: expected from 0 to 1"));
        assert!(refused(Umap { min_dist: f64::NAN, ..Umap::default() }).contains("NaN"));
    }

    #[test]
    fn whoever_looks_on_can_stop_the_work() {
        struct Stopping(usize);
        impl Watch for Stopping {
            fn step(&mut self, _: &'static str, _: usize, _: usize) {
                self.0 += 1;
            }
            fn is_stopped(&self) -> bool {
                self.0 == 9
            }
        }
        let (points, _) = blobs(2, 20, 3);
        assert_eq!(umap(&points, &Umap::default(), &mut Stopping(0)), Err(Error::Stopped));
    }
}
