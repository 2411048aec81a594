//! t-SNE: points that are similar are near each other (van der Maaten and Hinton 2008, van der Maaten 2014).
//!
//! As scikit-learn's `TSNE` computes it: probabilities over the `3 · perplexity` nearest neighbours, first places from
//! the principal components, forces of far points by the Barnes–Hut tree, and its schedule of the descent. Nothing is
//! random.

mod affinities;
mod descent;
mod tree;

use crate::watch::step;
use crate::{Error, Map, Neighbours, Points, Watch, pca};

/// The spread of the first places: small, so that the forces decide.
const FIRST_SPREAD: f64 = 1e-4;
/// Neighbours per unit of perplexity: weights beyond them are nearly zero (van der Maaten 2014).
const NEIGHBOURS: f64 = 3.0;

/// How a t-SNE is made.
#[derive(Debug, Clone, PartialEq)]
pub struct Tsne {
    /// About how many neighbours each point is drawn to.
    pub perplexity: f64,
    /// How far a cell of the tree must be away to count as one point, in its widths: 0 is exact, larger is faster.
    pub theta: f64,
    /// Steps of the descent; in the first quarter, neighbours are drawn to each other 12 times as much.
    pub steps: usize,
}

impl Default for Tsne {
    fn default() -> Self {
        Self { perplexity: 30.0, theta: 0.5, steps: 1000 }
    }
}

impl Tsne {
    /// The largest perplexity for so many points.
    pub fn most_perplexity(len: usize) -> f64 {
        len.saturating_sub(1) as f64 / NEIGHBOURS
    }

    fn check(&self, points: &Points) -> Result<(), Error> {
        points.check_len(4)?;
        let most = Self::most_perplexity(points.len());
        if !(self.perplexity >= 1.0 && self.perplexity <= most) {
            let expected = format!("from 1 to {most:.0}, a third of the other vectors");
            return Err(Error::Option { name: "perplexity", expected, found: self.perplexity });
        }
        if !(0.0..=1.0).contains(&self.theta) {
            return Err(Error::Option { name: "theta", expected: "0 to 1".into(), found: self.theta });
        }
        Ok(())
    }
}

/// Makes a map by t-SNE.
///
/// # Errors
/// There are fewer than four points, an option makes no sense for them, or `watch` stops the work.
pub fn tsne(points: &Points, options: &Tsne, watch: &mut dyn Watch) -> Result<Map, Error> {
    options.check(points)?;
    let count = (NEIGHBOURS * options.perplexity) as usize + 1;
    let neighbours = Neighbours::find(points, count.min(points.len() - 1), watch)?;
    let affinities = affinities::of(&neighbours, options.perplexity);
    let mut descent = descent::Descent::new(&affinities, first_places(points)?, options);
    for done in 0..options.steps {
        step(watch, "t-SNE", done, options.steps)?;
        descent.step(done);
    }
    Ok(descent.into_map())
}

/// Principal components with a small spread. Equal points begin in one place and stay there.
fn first_places(points: &Points) -> Result<Map, Error> {
    let mut map = pca(points, 2)?.map();
    let spread = (map.iter().map(|place| place[0].powi(2)).sum::<f64>() / map.len() as f64).sqrt();
    let factor = if spread > 0.0 { FIRST_SPREAD / spread } else { 0.0 };
    map.iter_mut().flatten().for_each(|value| *value *= factor);
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
        let map = tsne(&points, &Tsne { perplexity: 10.0, ..Tsne::default() }, &mut ()).unwrap();
        assert!(knn_purity(&Points::from_map(&map).unwrap(), &labels, 10).unwrap() > 0.99);
        assert!(trustworthiness(&points, &map, 5).unwrap() > 0.95);
    }

    #[test]
    fn the_map_is_the_same_on_one_thread_and_on_three() {
        let (points, _) = blobs(3, 300, 8);
        let options = Tsne { steps: 60, ..Tsne::default() };
        let on = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| bits(&tsne(&points, &options, &mut ()).unwrap()))
        };
        assert_eq!(on(1), on(3));
    }

    #[test]
    fn equal_points_and_few_points_have_finite_places() {
        let equal = Points::new(vec![1.0; 40 * 3], 3).unwrap();
        let few = Points::new((0..12u8).map(f32::from).collect(), 3).unwrap();
        for (points, perplexity) in [(equal, 5.0), (few, 1.0)] {
            let map = tsne(&points, &Tsne { perplexity, ..Tsne::default() }, &mut ()).unwrap();
            assert!(map.iter().flatten().all(|value| value.is_finite()), "{map:?}");
        }
    }

    #[test]
    fn a_perplexity_that_the_points_cannot_have_is_refused() {
        let (points, _) = blobs(2, 20, 3);
        let refused = |perplexity| tsne(&points, &Tsne { perplexity, ..Tsne::default() }, &mut ()).unwrap_err();
        let message = refused(30.0).to_string();
        assert_eq!(message, "perplexity: expected from 1 to 13, a third of the other vectors, found 30");
        assert!(refused(f64::NAN).to_string().contains("found NaN"));
    }
}
