//! From FASTA files to a store that pre-training samples: clean, deduplicate, cluster, split, store, sample.
//!
//! Each step is a function over an iterator or a bank of sequences, with a report of what it dropped. The recipe is
//! RiNALMo's (Methods, "Pre-training data"): lengths 16 to 8192, exact duplicates removed, clusters at 70 % identity
//! and
//! 80 % coverage, an epoch drawing one random member of every cluster.

pub mod alike;
pub mod bank;
pub mod baseline;
pub mod build;
pub mod clean;
pub mod cluster;
mod error;
pub mod exclude;
pub mod export;
pub mod fingerprint;
mod provenance;
pub mod random;
pub mod read;
pub mod report;
pub mod sample;
mod sorter;
pub mod sources;
pub mod split;
pub mod stats;
pub mod store;
pub mod unique;

pub use bank::Bank;
pub use error::Error;
pub use provenance::Origin;
pub use store::Store;
