//! Arrays of `.safetensors` files: a header in JSON, then all numbers.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use serde_json::{Map, Value};

use super::{Found, parts, text};
use crate::Dtype;
use crate::array::count;
use crate::safetensors::HEADER_LIMIT;

/// Reads every array of the chosen kind, in the order of the numbers in the file.
pub(super) fn read(path: &Path, found: &mut Found) -> Result<(), String> {
    let mut file = File::open(path).map_err(text)?;
    let (header, start) = header(&mut file)?;
    if let Some(table) = header.get("__metadata__").and_then(|metadata| metadata.get("names")?.as_str()) {
        found.set_ids(table);
    }
    let arrays = || header.iter().filter_map(|(name, entry)| Some((parts(name)?, entry)));
    let kind = found.choose(arrays().map(|array| array.0.1))?;
    let mut stored = Vec::new();
    for ((record, _), entry) in arrays().filter(|array| array.0.1 == kind) {
        let array =
            Stored::of(entry).ok_or_else(|| format!("record `{record}`: its entry in the header is damaged"))?;
        stored.push((record, array));
    }
    stored.sort_by_key(|(_, array)| array.begin);
    let end = file.metadata().map_err(text)?.len();
    for (record, array) in stored {
        let begin = start.checked_add(array.begin).filter(|begin| begin.saturating_add(array.bytes) <= end);
        let begin = begin.ok_or_else(|| format!("record `{record}`: the file ends within its array"))?;
        file.seek(SeekFrom::Start(begin)).map_err(text)?;
        let mut bytes = Vec::new();
        (&mut file).take(array.bytes).read_to_end(&mut bytes).map_err(text)?;
        found.add(record, &array.shape, &array.dtype.decode(&bytes))?;
    }
    Ok(())
}

/// The header, and where the numbers begin.
fn header(file: &mut File) -> Result<(Map<String, Value>, u64), String> {
    let mut length = [0; 8];
    file.read_exact(&mut length).map_err(|_| "is too short for a header")?;
    let length = u64::from_le_bytes(length);
    if length > HEADER_LIMIT as u64 {
        return Err(format!("its header has {length} bytes, expected at most {HEADER_LIMIT}"));
    }
    let mut json = Vec::new();
    file.take(length).read_to_end(&mut json).map_err(text)?;
    let header = serde_json::from_slice(&json).map_err(|error| format!("its header cannot be read: {error}"))?;
    Ok((header, 8 + length))
}

/// An array in the file.
struct Stored {
    dtype: Dtype,
    shape: Vec<usize>,
    /// From the beginning of the numbers.
    begin: u64,
    bytes: u64,
}

impl Stored {
    /// From its entry in the header; `None` if that does not add up.
    fn of(entry: &Value) -> Option<Self> {
        let dtype = match entry.get("dtype")?.as_str()? {
            "F32" => Dtype::F32,
            "F16" => Dtype::F16,
            "BF16" => Dtype::Bf16,
            _ => return None,
        };
        let sizes = |key: &str| entry.get(key)?.as_array()?.iter().map(Value::as_u64).collect::<Option<Vec<u64>>>();
        let shape: Vec<usize> = sizes("shape")?.into_iter().map(usize::try_from).collect::<Result<_, _>>().ok()?;
        let [begin, end] = sizes("data_offsets")?[..] else { return None };
        let bytes = end.checked_sub(begin)?;
        let fits = count(&shape)?.checked_mul(dtype.bytes())? as u64 == bytes;
        fits.then_some(Self { dtype, shape, begin, bytes })
    }
}
