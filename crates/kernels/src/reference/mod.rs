//! Each operation as plain loops with sums in f64: slow, and easy to compare with the paper.
//!
//! The tests compare the kernels with these. They take slices of the right length and panic on others.

mod activation;
mod attention;
pub mod backward;
mod convolution;
mod instance_norm;
mod layer_norm;
mod linear;
mod pair_map;
mod rope;

pub use activation::{gelu, swish_gate};
pub use attention::{attention, attention_adding};
pub use convolution::convolution;
pub use instance_norm::instance_norm;
pub use layer_norm::layer_norm;
pub use linear::{linear, linear_bf16, linear_int8};
pub use pair_map::pair_map;
pub use rope::rope;
