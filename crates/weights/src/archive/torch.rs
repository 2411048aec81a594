//! What both PyTorch formats share: from a pickle's tensors and a way to find storages to an archive.

use std::collections::HashMap;

use super::pickle::{Leaf, Pickle, StorageRef};
use super::{Archive, Format, RawTensor, Span};
use crate::error::Fault;

/// Views every tensor of `pickle`; `find` brings the bytes of a storage, which it is asked for once.
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
        file,
    };
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
        archive.tensors.insert(name, raw);
    }
    Ok(archive)
}

/// Bytes a storage takes.
pub(super) fn storage_len(storage: &StorageRef) -> Result<usize, Fault> {
    storage
        .count
        .checked_mul(storage.dtype.size())
        .ok_or_else(|| Fault::damaged("PyTorch file", format!("storage `{}` has no sane size", storage.key)))
}
