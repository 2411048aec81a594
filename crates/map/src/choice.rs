//! The methods by name, and what may be chosen of each.

use serde::Deserialize;

use crate::{Error, Placed, Points, Tsne, Umap, Watch, Way};

/// A method without its options.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// Principal components.
    Pca,
    /// t-SNE.
    Tsne,
    /// UMAP.
    #[default]
    Umap,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Pca, Self::Tsne, Self::Umap];

    /// Its name, as users write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pca => "pca",
            Self::Tsne => "tsne",
            Self::Umap => "umap",
        }
    }

    /// What it is, in a line.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Pca => "Principal components: exact",
            Self::Tsne => "t-SNE, by Barnes and Hut's trees",
            Self::Umap => "UMAP",
        }
    }

    /// The method of this name.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.name() == name)
    }
}

/// A method with the options that were chosen; the others have usual values, which fit few points too.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Choice {
    /// The method.
    pub method: Method,
    /// Of t-SNE: about how many neighbours each point is drawn to.
    pub perplexity: Option<f64>,
    /// Of UMAP: how many neighbours of each point are known, the point itself counted.
    pub neighbours: Option<usize>,
    /// Of UMAP: how close neighbours may be on the map.
    pub min_dist: Option<f64>,
    /// The seed of UMAP's random numbers.
    pub seed: u64,
}

impl Choice {
    /// # Errors
    /// An option of another method was chosen.
    pub fn check(&self) -> Result<(), Error> {
        let options = [
            ("perplexity", self.perplexity.is_some(), Method::Tsne),
            ("neighbours", self.neighbours.is_some(), Method::Umap),
            ("min_dist", self.min_dist.is_some(), Method::Umap),
        ];
        match options.into_iter().find(|&(_, is_chosen, of)| is_chosen && of != self.method) {
            Some((option, _, of)) => Err(Error::OtherMethod { option, method: self.method.name(), of: of.name() }),
            None => Ok(()),
        }
    }

    /// Places all points.
    ///
    /// # Errors
    /// As [`Choice::check`] and [`Way::place`].
    pub fn place(&self, points: &Points, watch: &mut dyn Watch) -> Result<Placed, Error> {
        self.check()?;
        self.way(points.len()).place(points, watch)
    }

    fn way(&self, len: usize) -> Way {
        match self.method {
            Method::Pca => Way::Pca,
            Method::Tsne => {
                let usual = Tsne::usual(len);
                Way::Tsne(Tsne { perplexity: self.perplexity.unwrap_or(usual.perplexity), ..usual })
            }
            Method::Umap => {
                let usual = Umap::usual(len);
                Way::Umap(Umap {
                    neighbours: self.neighbours.unwrap_or(usual.neighbours),
                    min_dist: self.min_dist.unwrap_or(usual.min_dist),
                    seed: self.seed,
                    ..usual
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::blobs;

    #[test]
    fn what_is_chosen_counts_and_the_rest_is_usual() {
        let choice = Choice { neighbours: Some(3), seed: 7, ..Choice::default() };
        assert_eq!(choice.way(40), Way::Umap(Umap { neighbours: 3, seed: 7, ..Umap::default() }));
        let choice = Choice { method: Method::Tsne, perplexity: Some(2.0), ..Choice::default() };
        assert_eq!(choice.way(40), Way::Tsne(Tsne { perplexity: 2.0, ..Tsne::default() }));
        assert_eq!(Choice { method: Method::Pca, ..Choice::default() }.way(40), Way::Pca);
    }

    #[test]
    fn an_option_of_another_method_is_refused() {
        let choice = Choice { method: Method::Tsne, min_dist: Some(0.5), ..Choice::default() };
        let (points, _) = blobs(1, 9, 3);
        let refused = Error::OtherMethod { option: "min_dist", method: "tsne", of: "umap" };
        assert_eq!(choice.place(&points, &mut ()), Err(refused));
    }

    #[test]
    fn every_method_is_found_by_its_name() {
        assert!(Method::ALL.into_iter().all(|method| Method::find(method.name()) == Some(method)));
        assert_eq!(Method::find("mds"), None);
    }
}
