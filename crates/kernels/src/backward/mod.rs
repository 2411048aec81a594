//! Backward passes of the operations, and the forward ones that only training has: dropout and attention with it.
//!
//! A gradient with respect to a parameter is a sum over rows. Such sums are taken over fixed chunks of rows and then
//! chunk by chunk in order, so that no number of threads changes a bit.

mod activation;
mod attention;
mod columns;
mod dropout;
mod layer_norm;

pub use activation::{gelu_backward, swish_gate, swish_gate_backward};
pub use attention::{Turns, attention, attention_backward};
pub use columns::column_sums;
pub use dropout::{Dropout, dropped_add, dropped_scale};
pub use layer_norm::layer_norm_backward;

/// Rows in a chunk of a sum.
const CHUNK: usize = 64;
