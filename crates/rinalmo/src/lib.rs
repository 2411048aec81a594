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

#[cfg(feature = "corpus")]
pub mod corpus;

/// Checkpoints: opened by name or path, converted, fetched, listed.
pub mod checkpoint {
    pub use rinalmo_infer::checkpoint::*;
    #[cfg(feature = "train")]
    pub use rinalmo_runs::finetune::merge;
}

/// The paper's experiments from end to end, beside its published figures.
#[cfg(feature = "evaluate")]
pub use rinalmo_benchmark as benchmark;
/// How good a predictor is: scores, intervals, comparisons, leakage.
#[cfg(feature = "evaluate")]
pub use rinalmo_evaluate as evaluate;
#[cfg(feature = "evaluate")]
pub use rinalmo_evaluate::{calibrate, structures};
pub use rinalmo_infer::{
    Constraint, Device, DeviceName, EmbedOptions, Embedding, Error, Family, Fold, FoldOptions, FoldRequest,
    LoadOptions, Marginal, Method, Model, PairMap, Precision, RIBOSOME_PADDING, Said, SequenceScore, SpliceSite,
    TRAINED_LENGTH, Variant, Window, batches, constraints, default_budget, is_device_failure, variant,
};
#[cfg(feature = "train")]
pub use rinalmo_runs::{finetune, pretrain, recipes};
/// Sequence and structure files: readers, writers, records.
pub use rinalmo_seq as seq;
/// Arrays and tables on disk.
pub use rinalmo_sink as sink;

/// README's example, run with the tests.
#[cfg(all(doctest, feature = "bundled"))]
#[doc = include_str!("../../../README.md")]
struct Readme;
