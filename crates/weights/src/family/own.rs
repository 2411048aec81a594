//! Our own names: the paths of the model's parameters, so that no tensor needs another name.

use super::{Sorted, Sorter};
use crate::archive::Archive;

/// Adds every tensor under its own name; whether the model has one of that name is checked later.
pub(super) fn sort(archive: &Archive) -> Sorted {
    let mut sorter = Sorter::new(&[], 0);
    for (key, raw) in &archive.tensors {
        sorter.keep(key, raw);
    }
    sorter.finish()
}
