//! Checkpoint files: for any pickle, zip or safetensors header the result is tensors or an error.

use rinalmo_weights::archive::{Archive, Span};

use super::model::{pt, tiny};

/// Three pickles: the magic number, protocol 1001, and `{"little_endian": True}`.
const PREAMBLE: &[u8] =
    b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}X\x0d\0\0\0little_endian\x88s.";

/// Reads the bytes as a whole file, and as the pickle that follows the preamble of PyTorch's older format, which a
/// fuzzer would not find on its own.
pub fn run(bytes: &[u8]) {
    let _ = Archive::parse(Span::owned(bytes.to_vec()));
    let _ = Archive::parse(Span::owned([PREAMBLE, bytes].concat()));
}

/// The three formats, and a bare pickle.
pub fn seeds() -> Vec<Vec<u8>> {
    let tensors: Vec<pt::Named> = pt::tensors_of(&tiny()[0], str::to_owned).into_iter().take(6).collect();
    let numbers = [("threshold", 0.1)];
    vec![
        pt::modern(&tensors, &numbers, false),
        pt::modern(&tensors, &numbers, true),
        pt::legacy(&tensors, &numbers),
        pt::state(&tensors, &numbers),
        pt::safetensors(r#"{"w":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}}"#, &[0; 16]),
    ]
}
