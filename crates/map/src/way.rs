//! The methods under one name, with options that fit few points too.

use crate::quality::trustworthiness;
use crate::{Error, Map, Points, Tsne, Umap, Watch, pca, tsne, umap};

/// A method, with its options.
#[derive(Clone, Debug, PartialEq)]
pub enum Way {
    /// Principal components.
    Pca,
    /// t-SNE.
    Tsne(Tsne),
    /// UMAP.
    Umap(Umap),
}

/// Points on a map.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    /// The places.
    pub map: Map,
    /// The names of the axes.
    pub axes: [String; 2],
}

impl Way {
    /// Places all points.
    ///
    /// # Errors
    /// As [`pca`], [`tsne`] and [`umap`].
    pub fn place(&self, points: &Points, watch: &mut dyn Watch) -> Result<Placed, Error> {
        let axes = |name: &str| [format!("{name} 1"), format!("{name} 2")];
        Ok(match self {
            Self::Pca => {
                let pca = pca(points, 2)?;
                let share = |place: usize| pca.explained.get(place).copied().unwrap_or(0.0);
                let axis = |place: usize| format!("PC {} ({:.1} % of the variance)", place + 1, 100.0 * share(place));
                Placed { map: pca.map(), axes: [axis(0), axis(1)] }
            }
            Self::Tsne(options) => Placed { map: tsne(points, options, watch)?, axes: axes("t-SNE") },
            Self::Umap(options) => Placed { map: umap(points, options, watch)?, axes: axes("UMAP") },
        })
    }
}

impl Tsne {
    /// The default, with the largest perplexity that so many points allow if that is less.
    pub fn usual(len: usize) -> Self {
        let default = Self::default();
        Self { perplexity: default.perplexity.min(Self::most_perplexity(len)).max(1.0), ..default }
    }
}

impl Umap {
    /// The default, with as many neighbours as there are points if these are fewer.
    pub fn usual(len: usize) -> Self {
        let default = Self::default();
        Self { neighbours: default.neighbours.min(len), ..default }
    }
}

/// How far to trust a map: [`trustworthiness`] of 15 neighbours, or of fewer if there are few points, with their number;
/// `None` of too few points.
///
/// # Errors
/// There are not as many points as places.
pub fn trust(points: &Points, map: &[[f64; 2]]) -> Result<Option<(usize, f64)>, Error> {
    const USUAL: usize = 15;
    let count = USUAL.min(points.len().saturating_sub(1) / 2);
    if count == 0 { Ok(None) } else { trustworthiness(points, map, count).map(|trust| Some((count, trust))) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::blobs;

    #[test]
    fn every_method_has_options_for_any_number_of_points_from_four_on() {
        for len in [4, 5, 12, 40] {
            let (points, _) = blobs(1, len, 6);
            for way in [Way::Pca, Way::Tsne(Tsne::usual(len)), Way::Umap(Umap::usual(len))] {
                let Placed { map, axes } = way.place(&points, &mut ()).unwrap();
                assert_eq!(map.len(), len, "{way:?}");
                assert!(axes[0].contains('1') && axes[1].contains('2'), "{axes:?}");
                let (neighbours, trust) = trust(&points, &map).unwrap().unwrap();
                assert!(neighbours <= 15 && 2 * neighbours < len && (0.0..=1.0).contains(&trust), "{way:?}");
            }
        }
    }
}
