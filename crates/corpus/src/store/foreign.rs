//! Messages for files that were given as a store and are something else.

use std::fs::{File, Metadata};
use std::path::Path;

use rinalmo_seq::input::Contents;

use super::lmdb::{Meta, read_at};
use crate::Error;

const EXPECTED: &str = "a corpus store, as `rinalmo corpus build` makes";
/// How many bytes at the start of a file show what it is.
const START: usize = 4096;

/// The first bytes of a file, enough to recognise a store or another kind of file.
pub(super) fn begins(path: &Path, file: &File, metadata: &Metadata) -> Result<Vec<u8>, Error> {
    if !metadata.is_file() {
        let what = if metadata.is_dir() { "a folder" } else { "not an ordinary file" };
        return Err(Error::damaged(path, format!("this is {what}, expected the file of {EXPECTED}")));
    }
    let mut bytes = vec![0; usize::try_from(metadata.len()).unwrap_or(usize::MAX).min(START.max(Meta::BYTES))];
    read_at(file, &mut bytes, 0).map_err(Error::file("be read", path))?;
    Ok(bytes)
}

/// The error for a file with this beginning, which is not that of a store.
pub(super) fn refused(path: &Path, begins: &[u8]) -> Error {
    Error::damaged(
        path,
        match Contents::of(begins) {
            Contents::Lmdb => format!("its first page is damaged, expected {EXPECTED}"),
            other => other.instead_of(EXPECTED),
        },
    )
}
