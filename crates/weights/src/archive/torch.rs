//! Shared by both PyTorch formats: makes an archive from a pickle's tensors and a function that finds storages.

use std::collections::HashMap;

use super::pickle::{Leaf, Pickle, StorageRef};
use super::{Archive, Format, RawTensor, Span};
use crate::error::Fault;

/// How often the bytes of all storages may be used: tied weights are one storage of two tensors, and a copy of the
/// model may share all of them. More than that would make a large model of a small file.
const MOST_SHARED: u64 = 4;

/// Makes views of all tensors of `pickle`; `find` returns the bytes of a storage and is called once for each.
pub(super) fn collect(
    pickle: &Pickle<'_>,
    format: Format,
    file: Span,
    mut find: impl FnMut(&StorageRef) -> Result<Span, Fault>,
) -> Result<Archive, Fault> {
    let mut archive = Archive {
        format,
        tensors: Default::default(),
        numbers: Default::default(),
        metadata: Default::default(),
        files: vec![file],
    };
    let mut claimed = 0u64;
    let mut storages: HashMap<String, (Span, StorageRef)> = HashMap::new();
    for (name, leaf) in pickle.flatten()? {
        let tensor = match leaf {
            Leaf::Number(number) => {
                archive.numbers.insert(name, number);
                continue;
            }
            Leaf::Tensor(tensor) => tensor,
        };
        let key = &tensor.storage.key;
        let span = match storages.get(key) {
            Some((span, known)) if (known.dtype, known.count) == (tensor.storage.dtype, tensor.storage.count) => {
                span.clone()
            }
            Some(_) => {
                return Err(Fault::damaged("PyTorch file", format!("storage `{key}` has two types or two sizes")));
            }
            None => {
                let span = find(&tensor.storage)?;
                storages.insert(key.clone(), (span.clone(), tensor.storage.clone()));
                span
            }
        };
        let raw = RawTensor::view(&name, tensor.storage.dtype, &span, tensor.offset, tensor.shape, tensor.strides)?;
        claimed = claimed.saturating_add(raw.count().saturating_mul(raw.dtype.size()) as u64);
        if archive.tensors.contains_key(&name) {
            return Err(Fault::damaged("PyTorch file", format!("tensor `{name}` occurs twice")));
        }
        archive.tensors.insert(name, raw);
    }
    let held = storages.values().map(|(span, _)| span.len() as u64).sum::<u64>();
    match claimed > held.saturating_mul(MOST_SHARED) {
        true => Err(Fault::Shared { claimed, held }),
        false => Ok(archive),
    }
}

/// Bytes a storage takes.
pub(super) fn storage_len(storage: &StorageRef) -> Result<usize, Fault> {
    storage
        .count
        .checked_mul(storage.dtype.size())
        .ok_or_else(|| Fault::damaged("PyTorch file", format!("storage `{}` has an impossible size", storage.key)))
}
