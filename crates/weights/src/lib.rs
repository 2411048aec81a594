//! RiNALMo checkpoints: reading every published form, writing our own, and finding the published files.
//!
//! A checkpoint is of one of three families, which differ in their tensors' names, and in one of three file formats.
//! [`Checkpoint::open`] recognises both by content and gives the same view of all: the model's [config], a
//! [description], and the tensors under the names of [`ModelConfig::manifest`]. Files are mapped, not read; nothing in
//! them is executed.
//!
//! [config]: Checkpoint::config
//! [description]: Checkpoint::meta
//! [`ModelConfig::manifest`]: rinalmo_model::ModelConfig::manifest
//!
//! ```no_run
//! use burn::tensor::Device;
//! use rinalmo_weights::{Checkpoint, OpenOptions, load};
//!
//! let checkpoint = Checkpoint::open("rinalmo_giga_pretrained.pt", &OpenOptions::default())?;
//! println!("{} parameters for {}", checkpoint.config.parameters(), checkpoint.meta.task);
//! let model = load(&checkpoint, &Device::flex())?;
//! # Ok::<(), rinalmo_weights::Error>(())
//! ```

pub mod archive;
mod checkpoint;
pub mod download;
mod dtype;
mod error;
mod family;
mod infer;
mod load;
mod members;
pub mod multimolecule;
mod place;
mod prefix;
pub mod registry;
mod sizes;
mod tensor;
mod write;

pub use checkpoint::{Checkpoint, Metadata, NotFinite, OpenOptions};
pub use dtype::Dtype;
pub use error::{Error, Fault, Misfit, Mismatch};
pub use family::Family;
pub use family::calibration::{Calibration, Curve};
pub use family::document::{Document, HEADER_KEY, Scaler};
pub use load::{fill, load, load_lazily};
pub use tensor::Tensor;
pub use write::{Layout, WriteOptions, unfinished};
