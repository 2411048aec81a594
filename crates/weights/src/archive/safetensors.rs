//! The safetensors format: eight bytes of length, a JSON header, then the tensors' bytes without gaps.

use ::safetensors::{Dtype as Theirs, SafeTensors};

use super::{Archive, Format, RawTensor, Span};
use crate::dtype::Dtype;
use crate::error::Fault;

const FORMAT: &str = "safetensors file";

/// Whether these bytes are a safetensors file. This is checked first: the length can look like the beginning of any
/// other format.
pub(super) fn is(bytes: &[u8]) -> bool {
    bytes.get(4..9) == Some(b"\0\0\0\0{") // no header has 4 GiB
}

/// Whether these bytes begin with a length, even an absurd one, and a JSON object.
pub(super) fn might_be(bytes: &[u8]) -> bool {
    bytes.get(8) == Some(&b'{')
}

/// Reads the header and makes views of the tensors.
pub(super) fn parse(file: Span) -> Result<Archive, Fault> {
    let bytes = file.bytes();
    let (header, metadata) = SafeTensors::read_metadata(bytes).map_err(|error| {
        let declared = bytes.first_chunk().map_or(0, |n| u64::from_le_bytes(*n));
        Fault::damaged(FORMAT, format!("{error} (a header of {declared} bytes in a file of {})", bytes.len()))
    })?;
    let data = header + 8;
    let mut tensors = std::collections::BTreeMap::new();
    for (name, info) in metadata.tensors() {
        let Some(dtype) = dtype(info.dtype) else { continue }; // of a type no weight has: shows up as missing
        let (start, end) = info.data_offsets;
        let span = file
            .slice(data + start..data + end)
            .ok_or_else(|| Fault::damaged(FORMAT, format!("tensor `{name}` reaches beyond the end of the file")))?;
        tensors.insert(name, RawTensor::contiguous(dtype, info.shape.clone(), span));
    }
    let text = metadata.metadata().clone().unwrap_or_default();
    Ok(Archive { format: Format::Safetensors, tensors, numbers: Default::default(), metadata: text, files: vec![file] })
}

fn dtype(theirs: Theirs) -> Option<Dtype> {
    Some(match theirs {
        Theirs::BOOL => Dtype::Bool,
        Theirs::U8 => Dtype::U8,
        Theirs::I8 => Dtype::I8,
        Theirs::I16 => Dtype::I16,
        Theirs::I32 => Dtype::I32,
        Theirs::I64 => Dtype::I64,
        Theirs::BF16 => Dtype::Bf16,
        Theirs::F16 => Dtype::F16,
        Theirs::F32 => Dtype::F32,
        Theirs::F64 => Dtype::F64,
        _ => return None,
    })
}
