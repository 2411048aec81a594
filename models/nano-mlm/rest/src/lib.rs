//! The second half of a bundled model's file. Use the package `rinalmo-nano-mlm`, which has the whole file.

/// The bytes that follow those in `rinalmo-nano-mlm`.
pub const REST: &[u8; 8_085_812] = include_bytes!("../nano-mlm.safetensors.2");
