//! Our own names: the paths of the model's parameters, so every tensor is already what it is called.

use super::{Sorted, Sorter};
use crate::archive::Archive;

/// Takes every tensor under its own name; whether the model has one of that name is asked later.
pub(super) fn sort(archive: &Archive) -> Sorted {
    let mut sorter = Sorter::new(&[], 0);
    for (key, raw) in &archive.tensors {
        sorter.keep(key, raw);
    }
    sorter.finish()
}
