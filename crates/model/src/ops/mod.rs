//! Operations the CPU does with its own kernels, forwards and backwards, and every other device as a chain of ordinary
//! tensor operations.
//!
//! Each is told twice in its file: `plain`, with tensors alone, which differentiates itself, and a backend extension
//! whose forward pass calls `rinalmo_kernels` and puts a `tape::Recorded` on the tape for the way back. The function
//! of its name takes the second where tensors are f32 on the CPU. What a kernel cannot take is refused there, so an
//! `expect` in these files speaks of shapes that the tensors themselves have.

mod attention;
mod convolution;
mod cross_entropy;
mod dropout;
mod gelu;
mod instance_norm;
mod layer_norm;
mod linear;
mod outer_sum;
mod swish_gate;
mod tape;
mod turn;

#[cfg(test)]
mod tests;

use std::cell::Cell;

use burn::tensor::{DType, Device, Tensor};

pub(crate) use attention::{attention, attention_weights};
pub(crate) use convolution::convolution;
pub use cross_entropy::cross_entropy;
pub use dropout::Dropout;
pub(crate) use dropout::{Drop, add};
pub(crate) use gelu::gelu;
pub(crate) use instance_norm::{Activation, instance_norm};
pub(crate) use layer_norm::layer_norm;
pub(crate) use linear::linear;
pub(crate) use outer_sum::outer_sum;
pub(crate) use swish_gate::swish_gate;
pub(crate) use turn::turn;

thread_local! {
    static PLAIN: Cell<bool> = const { Cell::new(false) };
    static HALVED: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work` with matrix products in bf16: parameters, sums, norms, softmax and losses stay f32, and so do gradients
/// of parameters. What others call mixed precision. On the CPU these are the products with parameters; attention's, which
/// wait for memory rather than for arithmetic, stay f32.
pub fn in_bf16<T>(work: impl FnOnce() -> T) -> T {
    let before = HALVED.replace(true);
    let result = work();
    HALVED.set(before);
    result
}

/// Whether products are in bf16.
pub(crate) fn halved() -> bool {
    HALVED.get()
}

/// A matrix product in the precision that [`in_bf16`] asks for; f32 in, f32 out.
pub(crate) fn times<const D: usize>(x: Tensor<D>, y: Tensor<D>) -> Tensor<D> {
    if halved() {
        return x.cast(DType::BF16).matmul(y.cast(DType::BF16)).cast(DType::F32);
    }
    x.matmul(y)
}

/// Runs `work` with ordinary tensor operations alone: what kernels are compared with in tests.
pub fn plainly<T>(work: impl FnOnce() -> T) -> T {
    let before = PLAIN.replace(true);
    let result = work();
    PLAIN.set(before);
    result
}

/// Whether kernels can take this tensor.
pub(crate) fn has_kernels<const D: usize>(tensor: &Tensor<D>) -> bool {
    !PLAIN.get() && tensor.dtype() == DType::F32 && tensor.device() == Device::flex()
}
