//! Layers of the encoder and the heads. Weights keep PyTorch's layout (`[out, in, …]`), so a checkpoint's bytes are a
//! parameter's bytes.

mod attention;
mod convolution;
mod feed_forward;
mod linear;
mod norm;
mod parameter;
mod rope;

pub use attention::Attention;
pub use convolution::{Convolution1d, Convolution2d};
pub use feed_forward::FeedForward;
pub use linear::{Adapter, Linear};
pub use norm::{LayerNorm, instance_norm};
pub use parameter::{constant, normal, uniform};
pub use rope::Rope;
