//! Trained models: fold, embed, score and predict.
//!
//! [`Model`] loads a checkpoint's weights onto a [`Device`]. Each verb has its own file, and two forms: one returns the
//! results of all items or the first error, the other takes an iterator and returns an iterator, with a result for each
//! item.
//!
//! | verb | of all | as they come | file |
//! |---|---|---|---|
//! | structures | [`Model::fold`] | [`Model::folds`] | `fold.rs` |
//! | vectors | [`Model::embed`] | [`Model::embeddings`] | `embed/` |
//! | predictions | [`Model::predict`] | [`Model::predictions`] | `predict.rs` |
//! | perplexity | [`Model::score`] | [`Model::scores`] | `score.rs` |
//! | effects of mutations | [`Model::score_variants`] | [`Model::variant_scores`] | `score.rs` |
//!
//! All run in `driver.rs`. A result that is not finite (`finite.rs`) or does not fit into memory (`memory.rs`) is an
//! error. [`EnergyFolder`] (`energies.rs`) folds by an energy model, without weights.

#[cfg(feature = "bundled")]
mod bundled;
pub mod checkpoint;
pub mod constraints;
mod device;
mod driver;
mod embed;
mod energies;
mod error;
pub mod finite;
mod fold;
mod memory;
mod model;
mod predict;
mod score;
mod setters;
#[cfg(all(test, feature = "bundled"))]
mod tests;
pub mod variant;

pub use device::{Device, DeviceName, is_device_failure};
pub use embed::{EmbedOptions, Embedding, TRAINED_LENGTH, Window};
pub use energies::{Alternative, Alternatives, EnergyFolder, FoldEnergies};
pub use error::{Cause, Error};
pub use fold::{Fold, FoldOptions, FoldRequest, PairMap, learned_probabilities};
pub use memory::default_budget;
pub use model::{LoadOptions, Model, kernel_level};
pub use predict::{Answer, Family, MRL_PADDING, PredictOptions, Said, SpliceSite};
pub use rinalmo_decode::{Method, constraint::Constraint};
pub use rinalmo_energy as energy;
pub use rinalmo_model::batches;
pub use rinalmo_model::cpu::Precision;
pub use rinalmo_model::task;
pub use score::{Marginal, ScoreOptions, SequenceScore, VariantRequest};
pub use variant::Variant;
