//! The operations that a language model spends its time on, as fast as the processor allows: slices in, slices out.
//!
//! Every operation takes a [`Level`], which proves that this processor has certain instructions; [`Level::current`] is
//! the best one. Work is split over the threads of the current rayon pool. A row's result is the same to the bit for
//! any number of threads and for any other rows in the call.
//!
//! The environment variable `RINALMO_KERNELS` selects a level by name, for tests and comparisons: `portable`;
//! `avx2`, `avx512`, `avx512bf16` or `amx` on x86-64; `neon` on aarch64. It is read once. A level that the
//! processor does not have is an error; there is no fallback. `Display` prints the same names, for a log.
//!
//! Each operation is written in three places: in [`mod@reference`] as plain loops, in `generic` over a small trait of
//! lanes, and `arch` compiles the generic one for each level.
//!
//! ```
//! use rinalmo_kernels::{Level, linear::PackedF32};
//!
//! let level = Level::current()?;
//! let weights = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]; // [2 outputs, 3 inputs]
//! let packed = PackedF32::pack(&weights, 2, 3)?;
//!
//! let mut out = [0.0; 2];
//! packed.forward(level, &[1.0, 0.0, -1.0], Some(&[0.5, 0.0]), &mut out)?;
//! assert_eq!(out, [-1.5, -2.0]);
//! # Ok::<(), rinalmo_kernels::Error>(())
//! ```

#![deny(unsafe_op_in_unsafe_fn)]

pub mod activation;
pub mod adamw;
mod add;
mod aligned;
mod arch;
pub mod attention;
pub mod backward;
pub mod block;
pub mod convolution;
mod cross_entropy;
mod dispatch;
mod error;
mod filter;
mod generic;
pub mod instance_norm;
mod layer_norm;
pub mod linear;
pub mod matmul;
pub mod pair_map;
mod panels;
pub mod peak;
pub mod reference;
pub mod rope;
mod scratch;
mod threads;

pub use add::add;
pub use arch::Portable;
#[cfg(target_arch = "aarch64")]
pub use arch::aarch64::Neon;
#[cfg(target_arch = "x86_64")]
pub use arch::x86_64::{Amx, Avx2, Avx512, Avx512Bf16};
pub use cross_entropy::cross_entropy;
pub use dispatch::{LEVEL_VARIABLE, Level};
pub use error::Error;
pub use layer_norm::layer_norm;
