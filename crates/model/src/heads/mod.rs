//! The heads on the encoder: the masked-language head and one for each task of the paper.

mod classifier;
mod mlm;
mod mrl;
mod structure;

pub use classifier::Classifier;
pub use mlm::MlmHead;
pub use mrl::MrlHead;
pub use structure::StructureHead;
