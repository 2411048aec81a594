//! Every kernel, written once over the small trait [`Lanes`].
//!
//! A kernel is a struct of slices that implements [`Kernel`]. Its `run` and everything it calls are
//! `#[inline(always)]`, so that they are inlined into the function that enables a level's instructions (see
//! [`crate::arch`]) and compiled with them. The function of the same name in `reference` defines what they should
//! compute.

pub(crate) mod activation;
pub(crate) mod adamw;
pub(crate) mod add;
pub(crate) mod attention;
pub(crate) mod backward;
pub(crate) mod cell;
pub(crate) mod convolution;
pub(crate) mod cross_entropy;
mod exp;
pub(crate) mod filter;
pub(crate) mod format;
pub(crate) mod grid;
pub(crate) mod instance_norm;
pub(crate) mod lanes;
pub(crate) mod layer_norm;
pub(crate) mod linear;
pub(crate) mod matmul;
pub(crate) mod outer_sum;
pub(crate) mod pair_map;
pub(crate) mod peak;
pub(crate) mod rope;
pub(crate) mod tile;
pub(crate) mod tiles;
pub(crate) mod transpose;

pub(crate) use lanes::{Bf16Pair, Lanes, Quad};

/// Work that can be done with any lanes.
pub(crate) trait Kernel {
    /// Whether it uses tiles where the processor has them; if not, it is not compiled a second time for such processors.
    #[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "only AMX has tiles"))]
    const TILES: bool = false;
    /// Does the work. Implementations are `#[inline(always)]`.
    fn run<L: Lanes>(self, lanes: L);
}
