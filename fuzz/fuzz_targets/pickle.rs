//! Checkpoint files: whatever a pickle, zip or safetensors header asks for, the answer is tensors or an error.
//!
//! The bytes are tried as a whole file, and as the pickle that follows the preamble of PyTorch's older stream, which the
//! fuzzer would have to guess otherwise.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rinalmo_weights::archive::{Archive, Span};

/// Three pickles: the magic number, protocol 1001, and `{"little_endian": True}`.
const PREAMBLE: &[u8] =
    b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}X\x0d\0\0\0little_endian\x88s.";

fuzz_target!(|bytes: &[u8]| {
    let _ = Archive::parse(Span::owned(bytes.to_vec()));
    let _ = Archive::parse(Span::owned([PREAMBLE, bytes].concat()));
});
