//! Operations that the CPU computes with its own kernels, forwards and backwards, and every other device with ordinary
//! tensor operations.
//!
//! Each operation is written twice in its file. `plain` uses only tensors, and Burn differentiates it. A backend
//! extension calls `rinalmo_kernels` in its forward pass and records a `tape::Recorded` for the backward pass. The
//! function with the operation's name takes the extension if tensors are f32 on the CPU, and `plain` otherwise. Inputs
//! that a kernel does not accept are excluded there, so an `expect` in these files is about shapes that tensors
//! guarantee.
//!
//! The operations of an encoder are written a third time for LibTorch, whose own are fused and keep what lies between two
//! products in bf16 if those are; see `torch`.

#![cfg_attr(
    feature = "tch",
    allow(deprecated, reason = "Burn deprecates its LibTorch backend, the only one with fused attention on CUDA")
)]

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
#[cfg(feature = "tch")]
pub(crate) mod torch;
mod turn;

#[cfg(test)]
mod tests;

use std::cell::Cell;

use burn::tensor::{DType, Device, Tensor};

pub(crate) use attention::{attention, attention_adding, attention_weights, weights_of};
pub(crate) use convolution::convolution;
pub use cross_entropy::cross_entropy;
pub use dropout::Dropout;
pub(crate) use dropout::{Drop, add};
pub(crate) use gelu::gelu;
pub(crate) use instance_norm::{Activation, instance_norm};
pub(crate) use layer_norm::layer_norm;
pub(crate) use linear::{linear, product};
pub(crate) use outer_sum::outer_sum;
pub(crate) use swish_gate::swish_gate;
pub(crate) use turn::turn;

thread_local! {
    static PLAIN: Cell<bool> = const { Cell::new(false) };
    static HALVED: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work` with matrix products in bf16 (mixed precision). Parameters, sums, norms, softmax, losses and gradients
/// of parameters stay f32. On the CPU only products with parameters are in bf16: attention's products are limited by
/// memory, not by arithmetic, and stay f32.
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

/// Whether an operation that is also written for LibTorch is passed to a backend.
pub(crate) fn is_extended<const D: usize>(tensor: &Tensor<D>) -> bool {
    #[cfg(feature = "tch")]
    if is_torch(tensor) {
        return true;
    }
    has_kernels(tensor)
}

/// Whether LibTorch computes with its own operations on this tensor.
#[cfg(feature = "tch")]
pub(crate) fn is_torch<const D: usize>(tensor: &Tensor<D>) -> bool {
    !PLAIN.get() && torch::holds(tensor)
}

/// A matrix product in the precision set by [`in_bf16`]; f32 in, f32 out.
pub(crate) fn times<const D: usize>(x: Tensor<D>, y: Tensor<D>) -> Tensor<D> {
    if halved() {
        return x.cast(DType::BF16).matmul(y.cast(DType::BF16)).cast(DType::F32);
    }
    x.matmul(y)
}

/// Runs `work` with only ordinary tensor operations: tests compare kernels with them.
pub fn plainly<T>(work: impl FnOnce() -> T) -> T {
    let before = PLAIN.replace(true);
    let result = work();
    PLAIN.set(before);
    result
}

/// Whether kernels support this tensor.
pub(crate) fn has_kernels<const D: usize>(tensor: &Tensor<D>) -> bool {
    !PLAIN.get() && tensor.dtype() == DType::F32 && tensor.device() == Device::flex()
}
