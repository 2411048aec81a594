//! What was given as a store and is none.

use std::fs::{File, Metadata};
use std::path::Path;

use rinalmo_seq::input::Contents;

use super::lmdb::{Meta, read_at};
use crate::Error;

const EXPECTED: &str = "a corpus store, as `rinalmo corpus build` makes";
/// Bytes of a file's start that tell what it is.
const START: usize = 4096;

/// The first bytes of a file, as many as tell a store or what else it is.
pub(super) fn begins(path: &Path, file: &File, metadata: &Metadata) -> Result<Vec<u8>, Error> {
    if !metadata.is_file() {
        let what = if metadata.is_dir() { "a folder" } else { "no ordinary file" };
        return Err(Error::damaged(path, format!("this is {what}, expected the file of {EXPECTED}")));
    }
    let mut bytes = vec![0; usize::try_from(metadata.len()).unwrap_or(usize::MAX).min(START.max(Meta::BYTES))];
    read_at(file, &mut bytes, 0).map_err(Error::file("be read", path))?;
    Ok(bytes)
}

/// The error for a file that begins like this, which is not as a store does.
pub(super) fn refused(path: &Path, begins: &[u8]) -> Error {
    Error::damaged(
        path,
        match Contents::of(begins) {
            Contents::Lmdb => format!("its first page is damaged, expected {EXPECTED}"),
            other => other.instead_of(EXPECTED),
        },
    )
}
