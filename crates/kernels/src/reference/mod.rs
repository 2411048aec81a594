//! Each operation in plain loops with sums in f64: slow, and easy to check against the paper.
//!
//! These are the oracles of the tests. They take slices of the right length and panic on others.

mod activation;
mod attention;
mod layer_norm;
mod linear;
mod rope;

pub use activation::{gelu, swish_gate};
pub use attention::attention;
pub use layer_norm::layer_norm;
pub use linear::{linear, linear_bf16};
pub use rope::rope;
