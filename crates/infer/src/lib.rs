//! A trained model and what it is asked.
//!
//! [`Model`] brings a checkpoint's weights to a [`Device`]; each verb has a file of its own: [`Model::fold`] in `fold.rs`,
//! [`Model::embed`] in `embed.rs`, predictions in `predict.rs`, scores in `score.rs`. What leaves a model is finite
//! (`finite.rs`) and fits into memory (`memory.rs`), or it is an error.

pub mod batches;
#[cfg(feature = "bundled")]
mod bundled;
pub mod checkpoint;
pub mod constraints;
mod device;
mod embed;
mod error;
pub mod finite;
mod fold;
mod memory;
mod model;
mod predict;
mod score;
pub mod variant;

pub use device::{Device, DeviceName, is_device_failure};
pub use embed::{EmbedOptions, Embedding, TRAINED_LENGTH, Window};
pub use error::{Cause, Error};
pub use fold::{Fold, FoldOptions, FoldRequest, PairMap};
pub use memory::default_budget;
pub use model::{LoadOptions, Model};
pub use predict::{Answer, Family, MRL_PADDING, Said, SpliceSite};
pub use rinalmo_decode::{Method, constraint::Constraint};
pub use rinalmo_model::cpu::Precision;
pub use rinalmo_model::task;
pub use score::{Marginal, SequenceScore};
pub use variant::Variant;
