//! The RiNALMo encoder and its heads, written with tensors.
//!
//! One [`Model`] holds an encoder, optionally the masked-language head of pre-training, and optionally one task head.
//! The same definition runs on every device of Burn. Reading weights is in the crate `rinalmo-weights`; what a task
//! does with the logits is in the crates that use this one.
//!
//! Sequences are passed as a [`Packed`] batch: the tokens of all sequences one after the other. Padding is never
//! computed, and a sequence's result does not depend on the other sequences of its batch.
//!
//! ```
//! use burn::tensor::Device;
//! use rinalmo_model::{EncoderConfig, ModelConfig, Packed};
//!
//! let device = Device::flex();
//! let config = ModelConfig::pretrained(EncoderConfig::new(16, 2, 2));
//! let model = config.init(&device);
//! let batch = Packed::new([rinalmo_seq::tokenizer::tokenize(b"GGGAAACCC"),
//! rinalmo_seq::tokenizer::tokenize(b"ACGU")]); let representation = model.encoder.forward(&batch, &device);
//! assert_eq!(representation.dims(), [9 + 2 + 4 + 2, 16]);
//! ```

mod batch;
pub mod batches;
mod check;
mod cnn;
pub mod config;
pub mod cpu;
mod encoder;
mod heads;
mod hidden;
pub mod in_ensemble;
mod layers;
mod manifest;
pub mod memory;
mod model;
mod network;
mod on_device;
pub mod ops;
mod pair_features;
pub mod task;

pub use batch::Packed;
pub use check::BadSize;
pub use cnn::{CnnConfig, CnnGather, CnnInput, CnnLayer, CnnPadding};
pub use config::{
    Activation, Design, EncoderConfig, HeadConfig, LooksAt, Lora, LoraTarget, ModelConfig, PRESETS, Pooling, Positions,
    Preset, VOCABULARY,
};
pub use encoder::{Encoder, EncoderBlock};
pub use heads::{Classifier, CnnDropout, CnnHead, MlmHead, MrlHead, StructureHead};
pub use hidden::Hidden;
pub use layers::{Adapter, Attention, Convolution1d, Convolution2d, FeedForward, LayerNorm, Linear, PairBias, Rope};
pub use manifest::TensorSpec;
pub use model::Model;
pub use network::{Attentions, Network};
pub use on_device::OnDevice;
pub use pair_features::{PAIR_FEATURES, pair_features, pair_features_within};
pub use task::{LabelSpec, MRL_PADDING, Meaning, TASKS, TaskSpec};
