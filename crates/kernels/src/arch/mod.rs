//! The lanes of each architecture, and the functions that compile a kernel for its instructions.

#[cfg(target_arch = "aarch64")]
pub mod aarch64;
mod portable;
#[cfg(target_arch = "x86_64")]
pub mod x86_64;

pub use portable::Portable;
