//! Layers of the encoder and the heads. Weights keep PyTorch's layout (`[out, in, …]`), so a checkpoint's bytes are a
//! parameter's bytes.

mod attention;
mod convolution;
mod feed_forward;
mod linear;
mod norm;
mod pair_bias;
mod parameter;
mod rope;

pub use attention::Attention;
pub(crate) use attention::Within;
pub use convolution::{Convolution1d, Convolution2d};
pub use feed_forward::FeedForward;
pub use linear::{Adapter, Linear};
pub use norm::{LayerNorm, instance_norm};
pub use pair_bias::PairBias;
pub(crate) use pair_bias::classes;
pub use parameter::{constant, normal, uniform};
pub use rope::Rope;
