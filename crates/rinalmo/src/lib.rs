//! RNA language model: structures, embeddings, splice sites, ribosome load, families, variant
//! effects.
//!
//! Load a [`Model`] onto a [`Device`], then ask it:
//!
//! | verb | gives |
//! |---|---|
//! | [`Model::fold`] | secondary structures with pair probabilities |
//! | [`Model::embed`] | vectors of bases, sequences, attention maps |
//! | [`Model::predict_splice`], [`Model::predict_ribosome_load`], [`Model::predict_family`] | one prediction a sequence |
//! | [`Model::score`], [`Model::score_variants`] | pseudo-perplexity, effect of mutations |
//!
//! How good predictions are, of a model, of files or of other programs, tells [`evaluate`].
//! A model of one's own is trained by [`pretrain`], on a corpus built by [`corpus`], and fitted to a task by
//! [`finetune`]; the paper's experiments are in [`benchmark`].
//!
//! Checkpoints are opened, converted, fetched and listed in [`checkpoint`]; sequence and
//! structure files are read and written in [`seq`].
//!
//! ```
//! # #[cfg(feature = "bundled")] {
//! use rinalmo::{Device, EmbedOptions, FoldOptions, Model, sink::Kind};
//!
//! let model = Model::load("nano", &Device::cpu())?;
//! let hairpin = "GGGCUAUUAGCUCAGUUGGUUAGAGCGCACCCCUGAUAAGGGUGAGGUCGCUGAUUCGAAUUCAGCAUAGCCCA";
//!
//! let fold = &model.fold(&[hairpin], &FoldOptions::default())?[0];
//! assert_eq!(fold.dot_bracket().len(), hairpin.len());
//!
//! let options = EmbedOptions { include: vec![Kind::Mean], ..EmbedOptions::default() };
//! let embedding = &model.embed(&[hairpin], &options)?[0];
//! assert_eq!(embedding.get(Kind::Mean).unwrap().shape, [320]);
//! # }
//! # Ok::<(), rinalmo::Error>(())
//! ```

mod alike;
pub mod batches;
pub mod benchmark;
#[cfg(feature = "bundled")]
mod bundled;
pub mod calibrate;
pub mod checkpoint;
pub mod constraints;
pub mod corpus;
mod device;
mod embed;
mod error;
pub mod evaluate;
pub mod finetune;
mod finite;
mod fold;
mod grid;
mod memory;
mod model;
mod predict;
pub mod pretrain;
pub mod recipes;
mod run_log;
mod runs;
mod score;
pub mod sink;
pub mod structures;
pub mod variant;

pub use device::{Device, DeviceName, is_device_failure};
pub use embed::{EmbedOptions, Embedding, TRAINED_LENGTH, Window};
pub use error::Error;
pub use fold::{Fold, FoldOptions, FoldRequest, PairMap};
pub use memory::default_budget;
pub use model::{LoadOptions, Model};
pub use predict::{Family, RIBOSOME_PADDING, Said, SpliceSite};
pub use rinalmo_model::cpu::Precision;
pub use rinalmo_tasks::structure::{constraint::Constraint, decode::Method};
pub use score::{Marginal, SequenceScore};
pub use variant::Variant;

/// Sequence and structure files: readers, writers, records.
pub use rinalmo_seq as seq;

/// README's example, run with the tests.
#[cfg(all(doctest, feature = "bundled"))]
#[doc = include_str!("../../../README.md")]
struct Readme;
