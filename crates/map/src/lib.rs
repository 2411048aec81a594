//! Vectors as points in two dimensions, so that a person can see which of them are similar.
//!
//! | method | keeps | paper |
//! |---|---|---|
//! | [`pca`] | the directions of most variance; distances within them | Pearson 1901 |
//! | [`tsne`] | who is next to whom | van der Maaten 2014 (Barnes–Hut) |
//! | [`umap`] | who is next to whom, and more of the shape of the whole | McInnes, Healy, Melville 2018 |
//!
//! [`quality`] measures how much of the neighbourhoods a map has kept. Everything follows from the numbers and the options,
//! a seed among them: the result is the same to the bit for any number of threads.
//!
//! ```
//! use rinalmo_map::{Points, Umap, quality};
//!
//! // Two groups of 30 points in four dimensions.
//! let value = |n: usize| (n / 120 * 9) as f32 + (n * n % 17) as f32 / 17.0;
//! let points = Points::new((0..240).map(value).collect(), 4)?;
//! let map = rinalmo_map::umap(&points, &Umap::default(), &mut ())?;
//!
//! let labels: Vec<usize> = (0..60).map(|n| n / 30).collect();
//! assert!(quality::knn_purity(&Points::from_map(&map)?, &labels, 5)? > 0.9);
//! # Ok::<(), rinalmo_map::Error>(())
//! ```

mod choice;
mod distances;
mod error;
mod graph;
mod neighbours;
mod pca;
mod points;
pub mod quality;
mod symmetric;
mod tsne;
mod umap;
mod watch;
mod way;

pub use choice::{Choice, Method};
pub use error::Error;
pub use neighbours::Neighbours;
pub use pca::{Pca, pca};
pub use points::Points;
pub use tsne::{Tsne, tsne};
pub use umap::{Umap, umap};
pub use watch::Watch;
pub use way::{Placed, Way, trust};

/// The places of all points, in the order of the points.
pub type Map = Vec<[f64; 2]>;

#[cfg(test)]
mod tests {
    use super::*;

    /// `groups` clouds of `each` points in `dims` dimensions, and the number of each point's cloud.
    pub(crate) fn blobs(groups: usize, each: usize, dims: usize) -> (Points, Vec<usize>) {
        let mut random = fastrand::Rng::with_seed(11);
        let centres: Vec<f32> = (0..groups * dims).map(|_| 10.0 * random.f32()).collect();
        let value = |place: usize, random: &mut fastrand::Rng| {
            centres[place / (each * dims) * dims + place % dims] + random.f32() + random.f32()
        };
        let values = (0..groups * each * dims).map(|place| value(place, &mut random)).collect();
        (Points::new(values, dims).unwrap(), (0..groups * each).map(|point| point / each).collect())
    }

    /// Every bit of a map.
    pub(crate) fn bits(map: &[[f64; 2]]) -> Vec<u64> {
        map.iter().flatten().map(|value| value.to_bits()).collect()
    }
}
