//! PyTorch before 1.6: five pickles one after the other, then the storages.
//!
//! The pickles are a magic number, the protocol (1001), a description of the machine, the state dictionary, and the
//! list of storage names. Each storage is its number of elements (eight bytes) and the elements.

use std::collections::HashMap;

use super::pickle::{self, StorageRef, Value};
use super::{Archive, Format, Span, torch};
use crate::error::Fault;

const FORMAT: &str = "PyTorch legacy stream";
/// The pickle of 0x1950a86a20f9469cfc6c, protocol 2.
const MAGIC: &[u8] = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
const PROTOCOL: i64 = 1001;

/// Reads the pickles and views the storages.
pub(super) fn parse(file: Span) -> Result<Archive, Fault> {
    let bytes = file.bytes();
    let Some(mut rest) = bytes.strip_prefix(MAGIC) else {
        // Some other pickle. Reading it shows whether it is hostile.
        pickle::parse(bytes, "the file")?;
        return Err(Fault::Unsupported("this is a plain pickle, not a file of `torch.save`".into()));
    };
    let mut next = |place| -> Result<pickle::Pickle<'_>, Fault> {
        let pickle = pickle::parse(rest, place)?;
        rest = &rest[pickle.len..];
        Ok(pickle)
    };
    let protocol = next("the protocol's pickle")?.root;
    if protocol != Value::Int(PROTOCOL) {
        return Err(Fault::Unsupported(format!("protocol {protocol:?}, expected {PROTOCOL}")));
    }
    let system = next("the system's pickle")?;
    if system.heap.get(system.root, "little_endian") != Some(Value::Bool(true)) {
        return Err(Fault::Unsupported("the file was written by a big-endian machine; save it on another".into()));
    }
    let state = next("the state's pickle")?;
    let keys = next("the keys' pickle")?;
    let storages = storages(&file, file.len() - rest.len(), &state, &keys)?;
    torch::collect(&state, Format::TorchLegacy, file.clone(), |storage| {
        let missing = || Fault::damaged(FORMAT, format!("storage `{}` is missing", storage.key));
        storages.get(storage.key.as_str()).cloned().ok_or_else(missing)
    })
}

/// Reads the storages from byte `at` on, in the order of their names.
fn storages<'a>(
    file: &Span,
    mut at: usize,
    state: &pickle::Pickle<'a>,
    keys: &pickle::Pickle<'a>,
) -> Result<HashMap<String, Span>, Fault> {
    let known: HashMap<&str, &StorageRef> =
        state.heap.storages().iter().map(|storage| (storage.key.as_str(), storage)).collect();
    let Some(names) = keys.heap.sequence(keys.root) else {
        return Err(Fault::damaged(FORMAT, "the names of the storages are not a list"));
    };
    let mut found = HashMap::new();
    for name in names {
        let key = match *name {
            Value::Int(number) => number.to_string(),
            other => keys.heap.text(other).unwrap_or_default().to_owned(),
        };
        let Some(storage) = known.get(key.as_str()) else {
            return Err(Fault::damaged(FORMAT, format!("no tensor uses storage `{key}`")));
        };
        let short = || Fault::damaged(FORMAT, format!("ends within storage `{key}`; is the file truncated?"));
        let count = file.slice(at..at.saturating_add(8)).ok_or_else(short)?;
        let count = count.bytes().first_chunk().map(|n| u64::from_le_bytes(*n)).ok_or_else(short)?;
        if count != storage.count as u64 {
            let reason = format!("storage `{key}` has {count} elements, its tensors need {}", storage.count);
            return Err(Fault::damaged(FORMAT, reason));
        }
        let end = (at + 8).checked_add(torch::storage_len(storage)?).ok_or_else(short)?;
        if found.insert(key.clone(), file.slice(at + 8..end).ok_or_else(short)?).is_some() {
            return Err(Fault::damaged(FORMAT, format!("storage `{key}` occurs twice")));
        }
        at = end;
    }
    Ok(found)
}
