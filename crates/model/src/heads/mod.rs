//! What stands on the encoder: the masked-language head and one head for each task of the paper.

mod classifier;
mod mlm;
mod ribosome;
mod structure;

pub use classifier::Classifier;
pub use mlm::MlmHead;
pub use ribosome::RibosomeHead;
pub use structure::StructureHead;
