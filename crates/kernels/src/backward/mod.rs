//! Backward passes, and forward passes like theirs: dropout, and attention that has its weights in memory, for dropout or
//! to add to scores that a block passes on ([`crate::attention::attention_adding`]).
//!
//! The gradient of a parameter is a sum over rows. It is summed over chunks of a fixed number of rows and then over
//! chunks in order, so that the number of threads does not change a bit.

mod activation;
pub(crate) mod attention;
mod columns;
mod dropout;
mod layer_norm;

pub use activation::{gelu_backward, swish_gate, swish_gate_backward};
pub use attention::{Turns, attention, attention_backward};
pub use columns::column_sums;
pub use dropout::{Dropout, dropped_add, dropped_scale};
pub use layer_norm::layer_norm_backward;

/// Rows per chunk of a sum.
const CHUNK: usize = 64;
