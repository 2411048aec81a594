//! What is in a store: counts, lengths and cluster sizes.

mod histogram;

use std::fmt;

use serde::Serialize;

pub use histogram::Histogram;

use crate::report::grouped;
use crate::{Error, Store};

/// What is in a store.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Stats {
    /// Distinct sequences.
    pub sequences: u64,
    /// Their letters.
    pub bases: u64,
    /// Clusters.
    pub clusters: u64,
    /// Clusters with one member.
    pub alone: u64,
    /// Clusters held out.
    pub held_out: u64,
    /// Sequences in these.
    pub held_out_sequences: u64,
    /// Bytes of the file.
    pub file_size: u64,
    /// Lengths of sequences.
    pub lengths: Histogram,
    /// Sizes of clusters.
    pub cluster_sizes: Histogram,
}

impl Stats {
    /// Counts.
    ///
    /// # Errors
    /// The store is damaged.
    pub fn new(store: &Store) -> Result<Self, Error> {
        let index = store.view().index;
        let size = |cluster: u32| index.members(cluster).len() as u32;
        let sizes: Vec<u32> = (0..index.clusters()).map(size).collect();
        let header = store.header();
        Ok(Self {
            sequences: header.sequences,
            bases: header.bases,
            clusters: header.clusters,
            alone: sizes.iter().filter(|&&size| size == 1).count() as u64,
            held_out: header.held_out,
            held_out_sequences: index.held_out.iter().map(|cluster| u64::from(size(cluster))).sum(),
            file_size: store.file_size()?,
            lengths: Histogram::new("Sequence lengths", "nt", index.lengths.iter().collect()),
            cluster_sizes: Histogram::new("Cluster sizes", "members", sizes),
        })
    }
}

impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sequences, bases, clusters, alone, held_out, held_out_sequences, file_size, .. } = *self;
        writeln!(
            f,
            "{} sequences, {} nt, in {:.1} MiB",
            grouped(sequences),
            grouped(bases),
            file_size as f64 / f64::from(1 << 20)
        )?;
        writeln!(f, "{} clusters, {} of them with one member", grouped(clusters), grouped(alone))?;
        writeln!(f, "{} clusters held out, with {} sequences\n", grouped(held_out), grouped(held_out_sequences))?;
        write!(f, "{}\n\n{}", self.lengths, self.cluster_sizes)
    }
}
