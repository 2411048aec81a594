//! Corpora for pre-training: build them from FASTA files, and sample epochs.
//!
//! ```
//! use rinalmo::corpus::{Store, build, cluster::Builtin, sample};
//!
//! let folder = tempfile::tempdir()?;
//! let (input, output) = (folder.path().join("rnas.fa"), folder.path().join("corpus.lmdb"));
//! let records = ">trna\nGCGGAUUUAGCUCAGUUGGGAGAGCGCCAGACUGAAGAUCUGGAGGUCCUGUGUUCGAUCCACAGAAUUCGCACCA\n\
//!                >again\ngcggatttagctcagttgggagagcgccagactgaagatctggaggtcctgtgttcgatccacagaattcgcacca\n\
//!                >tar\nGGGUCUCUCUGGUUAGACCAGAUCUGAGCCUGGGAGCUCUCUGGCUAACUAGGGAACC\n\
//!                >short\nACGU\n";
//! std::fs::write(&input, records)?;
//!
//! let report = build::build(&[input], &output, &build::Options::default(), &Builtin::default(), &())?;
//! assert_eq!((report.read.distinct, report.clusters.clusters, report.held_out), (2, 2, 1));
//!
//! let sampler = sample::Sampler::new(Store::open(&output)?, sample::Options::default())?;
//! for batch in sampler.epoch(0)?.batches() {
//!     let batch = batch?;
//!     println!("{} rows of {} tokens: {:?}", batch.rows.len(), batch.len, batch.tokens);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub use rinalmo_corpus::*;
