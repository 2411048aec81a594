//! The pages of a file, each compared with its checksum whenever it is read.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use crate::Error;
use crate::store::sums::Sums;

/// Pages of one value that are read at a time.
const TOGETHER: usize = 256;

/// The bytes of a page.
pub(in crate::store) type Page = Arc<[u8]>;

/// An open file of pages.
pub(in crate::store) struct Pages {
    path: PathBuf,
    file: File,
    /// Bytes of a page.
    size: usize,
    /// How many pages there are.
    count: u64,
    sums: Option<Sums>,
    /// Pages above the leaves: few, and needed for every lookup.
    kept: RwLock<HashMap<u64, Page>>,
}

impl Pages {
    /// Takes an open file of `length` bytes; without checksums its pages are taken to have `size` bytes.
    pub(in crate::store) fn new(path: &Path, file: File, size: usize, length: u64, sums: Option<Sums>) -> Self {
        let (size, count) = match &sums {
            Some(sums) => (sums.page_size(), sums.pages()),
            None => (size, length / size.max(1) as u64),
        };
        Self { path: path.to_owned(), file, size, count, sums, kept: RwLock::default() }
    }

    /// Bytes of a page.
    pub(in crate::store) fn size(&self) -> usize {
        self.size
    }

    /// How many pages there are.
    pub(in crate::store) fn count(&self) -> u64 {
        self.count
    }

    /// Whether pages have checksums.
    pub(in crate::store) fn checked(&self) -> bool {
        self.sums.is_some()
    }

    /// Reads page `number`.
    pub(in crate::store) fn read(&self, number: u64) -> Result<Page, Error> {
        let mut bytes = Vec::new();
        self.read_run(number, self.size, &mut bytes)?;
        Ok(bytes.into())
    }

    /// Reads page `number` once, and caches it.
    pub(in crate::store) fn keep(&self, number: u64) -> Result<Page, Error> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner).get(&number).cloned();
        if let Some(page) = kept {
            return Ok(page);
        }
        let page = self.read(number)?;
        self.kept.write().unwrap_or_else(PoisonError::into_inner).insert(number, page.clone());
        Ok(page)
    }

    /// Replaces `to` by `length` bytes from the beginning of page `first` on.
    pub(in crate::store) fn read_run(&self, first: u64, length: usize, to: &mut Vec<u8>) -> Result<(), Error> {
        let pages = length.div_ceil(self.size) as u64;
        if first.checked_add(pages).is_none_or(|end| end > self.count) {
            let message = format!("pages {first} to {} of {} are requested", first.saturating_add(pages), self.count);
            return Err(self.damaged(message));
        }
        to.clear();
        to.resize(pages as usize * self.size, 0);
        for (block, number) in to.chunks_mut(TOGETHER * self.size).zip((first..).step_by(TOGETHER)) {
            read_at(&self.file, block, number * self.size as u64).map_err(|error| self.cut_short(error))?;
            for (page, number) in block.chunks(self.size).zip(number..) {
                self.check(number, page)?;
            }
        }
        to.truncate(length);
        Ok(())
    }

    fn check(&self, number: u64, page: &[u8]) -> Result<(), Error> {
        if self.sums.as_ref().is_none_or(|sums| sums.holds(number, page)) {
            Ok(())
        } else {
            let from = number * self.size as u64;
            let to = from + self.size as u64;
            Err(Error::damaged(
                &self.path,
                format!(
                    "bytes {from} to {to} were changed after writing (the checksum of page {number} is wrong)\n\
                         hint: copy the store again from an intact copy, or build it again"
                ),
            ))
        }
    }

    fn cut_short(&self, error: io::Error) -> Error {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Error::damaged(&self.path, "it was truncated while it was in use"),
            _ => Error::file("be read", &self.path)(error),
        }
    }

    /// An error about this file.
    pub(in crate::store) fn damaged(&self, message: impl std::fmt::Display) -> Error {
        Error::damaged(&self.path, format!("its pages are damaged: {message}\nhint: build the store again"))
    }
}

/// Fills `to` with the bytes from `offset` on.
#[cfg(unix)]
pub(in crate::store) fn read_at(file: &File, to: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, to, offset)
}

/// Fills `to` with the bytes from `offset` on.
#[cfg(windows)]
pub(in crate::store) fn read_at(file: &File, mut to: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !to.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, to, offset) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => {
                to = &mut to[read..];
                offset += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
