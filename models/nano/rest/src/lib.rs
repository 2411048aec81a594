//! The second half of the bundled model's file. Use the package `rinalmo-nano`, which has the whole file.

/// The bytes that follow those in `rinalmo-nano`.
pub const REST: &[u8; 7_440_038] = include_bytes!("../nano.safetensors.2");
