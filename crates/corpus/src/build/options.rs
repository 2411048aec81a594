//! Options of a build.

use serde::{Deserialize, Serialize};

use super::Exclude;
use crate::{Error, cluster, unique};

/// Options of a build.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Options {
    /// How records are read, cleaned and deduplicated.
    pub read: unique::Options,
    /// Which sequences are excluded because they are similar to evaluation sets.
    pub exclude: Exclude,
    /// What makes a cluster.
    pub cluster: cluster::Options,
    /// The share of clusters held out.
    pub hold_out: f64,
    /// The seed of the choice of held-out clusters.
    pub seed: u64,
}

impl Default for Options {
    /// The paper's: 1 % of the clusters held out.
    fn default() -> Self {
        Self {
            read: Default::default(),
            exclude: Default::default(),
            cluster: Default::default(),
            hold_out: 0.01,
            seed: 0,
        }
    }
}

impl Options {
    /// Rejects invalid options.
    pub(super) fn check(&self) -> Result<(), Error> {
        self.read.clean.check()?;
        self.exclude.limits.check()?;
        self.cluster.check()?;
        if !(0.0..1.0).contains(&self.hold_out) {
            return Err(Error::Options(format!("{} of the clusters cannot be held out, expected 0…1", self.hold_out)));
        }
        Ok(())
    }
}
