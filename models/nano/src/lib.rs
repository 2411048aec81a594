//! The model `nano`, which is bundled with the program `rinalmo`: a safetensors file of 15 MB with one encoder and one
//! head, in bf16. The package's README says what it was trained with, and how good it is.
//!
//! crates.io takes packages of up to 10 MiB, so the second half of the file is in the package `rinalmo-nano-rest`.
//!
//! ```
//! // The length of the header, then the header, which is JSON.
//! let (length, rest) = rinalmo_nano::FILE.split_first_chunk().unwrap();
//! assert!(u64::from_le_bytes(*length) < 100_000 && rest.starts_with(b"{"));
//! ```

const FIRST: &[u8; 7_440_038] = include_bytes!("../nano.safetensors.1");
const REST: &[u8; 7_440_038] = rinalmo_nano_rest::REST;

/// Aligned so that tensors of any type can be viewed in place.
#[repr(align(64))]
struct Aligned([u8; FIRST.len() + REST.len()]);

static WHOLE: Aligned = Aligned(whole());

/// The whole file. Its address is a multiple of 64.
pub static FILE: &[u8] = &WHOLE.0;

const fn whole() -> [u8; FIRST.len() + REST.len()] {
    let mut bytes = [0; FIRST.len() + REST.len()];
    let (first, rest) = bytes.split_at_mut(FIRST.len());
    first.copy_from_slice(FIRST);
    rest.copy_from_slice(REST);
    bytes
}
