//! The heads on the encoder: the masked-language head one for each task of the paper, and convolutional networks as baselines.

mod classifier;
mod cnn;
mod mlm;
mod mrl;
mod structure;

pub use classifier::Classifier;
pub use cnn::{CnnDropout, CnnHead};
pub(crate) use cnn::{one_hot, padding};
pub use mlm::MlmHead;
pub use mrl::MrlHead;
pub use structure::StructureHead;
