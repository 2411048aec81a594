//! Lanes as each architecture has them, and the doors through which a kernel gets its instructions.
//!
//! aarch64 goes through [`Portable`], which the compiler turns into NEON since every such processor has it.

mod portable;
#[cfg(target_arch = "x86_64")]
pub mod x86_64;

pub use portable::Portable;
