//! Corpora for pre-training: built from FASTA files, sampled in epochs.
//!
//! ```no_run
//! use rinalmo::corpus::{Store, build, cluster::Builtin, sample};
//!
//! let output = std::path::Path::new("corpus.lmdb");
//! let report = build::build(&["rfam.fa.gz".into()], output, &build::Options::default(), &Builtin::default(), &())?;
//! println!("{report}");
//!
//! let sampler = sample::Sampler::new(Store::open(output)?, sample::Options::default())?;
//! for batch in sampler.epoch(0)?.batches() {
//!     let batch = batch?;
//!     println!("{} rows of {} tokens", batch.rows.len(), batch.len);
//! }
//! # Ok::<(), rinalmo::corpus::Error>(())
//! ```

pub use rinalmo_corpus::*;
