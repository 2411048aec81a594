//! Bytes that are used in place: a mapped file, data built into the program, or unpacked data.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use memmap2::Mmap;

/// Bytes up to which a file is read rather than mapped: little compared with the memory of any process.
const READ_UP_TO: u64 = 16 << 20;

enum Storage {
    /// With the file, to check whether it still has its length.
    Map(Mmap, File),
    Static(&'static [u8]),
    Owned(Vec<u8>),
}

impl Storage {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Map(map, _) => map,
            Self::Static(bytes) => bytes,
            Self::Owned(bytes) => bytes,
        }
    }
}

/// A stretch of such bytes; cloning it copies nothing.
#[derive(Clone)]
pub struct Span {
    storage: Arc<Storage>,
    start: usize,
    len: usize,
}

impl Span {
    fn new(storage: Storage) -> Self {
        let len = storage.bytes().len();
        Self { storage: Arc::new(storage), start: 0, len }
    }

    /// Maps a whole file, read-only. A small one is read instead, so later changes to it do not matter.
    ///
    /// # Errors
    /// The system's error if the file cannot be opened, or it is not a regular file.
    pub fn map(path: &Path) -> std::io::Result<Self> {
        let mut file = File::open(path)?;
        let about = file.metadata()?;
        if !about.is_file() {
            return Err(std::io::Error::new(ErrorKind::InvalidInput, "not a regular file"));
        }
        if about.len() <= READ_UP_TO {
            let mut bytes = Vec::with_capacity(about.len() as usize);
            file.read_to_end(&mut bytes)?;
            return Ok(Self::owned(bytes));
        }
        // SAFETY: the map is private and only ever read. Its bytes stay the same as long as no process rewrites the
        // file in place; checkpoints are replaced by renaming (ours always), which does not change the mapped file.
        let map = unsafe { Mmap::map(&file)? };
        Ok(Self::new(Storage::Map(map, file)))
    }

    /// Data built into the program.
    pub fn fixed(bytes: &'static [u8]) -> Self {
        Self::new(Storage::Static(bytes))
    }

    /// Unpacked data.
    pub fn owned(bytes: Vec<u8>) -> Self {
        Self::new(Storage::Owned(bytes))
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.storage.bytes()[self.start..self.start + self.len]
    }

    /// How many bytes.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// A part of it, or `None` if that reaches beyond the end.
    pub fn slice(&self, range: Range<usize>) -> Option<Self> {
        if range.start > range.end || range.end > self.len {
            return None;
        }
        Some(Self { storage: self.storage.clone(), start: self.start + range.start, len: range.len() })
    }

    /// The same bytes as a shared buffer that keeps the file mapped; the last one to drop the buffer releases its
    /// pages.
    pub fn shared(&self) -> bytes::Bytes {
        match &*self.storage {
            Storage::Static(bytes) => bytes::Bytes::from_static(&bytes[self.start..self.start + self.len]),
            _ => bytes::Bytes::from_owner(Borrowed(self.clone())),
        }
    }

    /// Checks that the file of these bytes is still as long as it was when it was mapped. Touching bytes that are gone
    /// ends the process, so this is called before many of them are read.
    ///
    /// # Errors
    /// It was truncated, or its metadata cannot be read.
    pub fn check_there(&self) -> std::io::Result<()> {
        let Storage::Map(map, file) = &*self.storage else { return Ok(()) };
        match file.metadata()?.len() < map.len() as u64 {
            true => Err(std::io::Error::new(ErrorKind::UnexpectedEof, "it was truncated after it was opened")),
            false => Ok(()),
        }
    }

    /// Tells the system that these pages of the file will not be read again soon, so that a model which was converted
    /// while loading is not in memory twice.
    pub fn release(&self) {
        #[cfg(unix)]
        if let Storage::Map(map, _) = &*self.storage
            && self.len > 0
        {
            // SAFETY: dropping pages of a read-only map of a file changes no byte: they are read from the file again
            // when touched. The range lies inside the map, as `slice` has checked. A refusal costs nothing but memory.
            let _ = unsafe { map.unchecked_advise_range(memmap2::UncheckedAdvice::DontNeed, self.start, self.len) };
        }
    }
}

/// A span in use, whose pages are released when it is dropped, so that converted weights are not in memory twice.
struct Borrowed(Span);

impl AsRef<[u8]> for Borrowed {
    fn as_ref(&self) -> &[u8] {
        self.0.bytes()
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        self.0.release();
    }
}

impl std::fmt::Debug for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Span({}..{})", self.start, self.start + self.len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn released_pages_read_the_same_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data");
        let data: Vec<u8> = (0..READ_UP_TO as u32 + 100_000).map(|i| i as u8).collect();
        std::fs::write(&path, &data).unwrap();
        let span = Span::map(&path).unwrap();
        span.slice(5000..60_000).unwrap().release();
        assert_eq!(span.bytes(), data);
        span.check_there().unwrap();
        std::fs::write(&path, &data[1..]).unwrap();
        let gone = span.check_there().unwrap_err();
        assert_eq!(gone.to_string(), "it was truncated after it was opened");
    }

    #[test]
    fn a_small_file_may_be_cut_short_or_rewritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data");
        std::fs::write(&path, b"abc").unwrap();
        let span = Span::map(&path).unwrap();
        std::fs::write(&path, b"x").unwrap();
        assert_eq!(span.bytes(), b"abc");
        span.check_there().unwrap();
    }

    #[test]
    fn a_slice_beyond_the_end_is_none() {
        let span = Span::fixed(b"abcdef").slice(2..6).unwrap();
        assert_eq!(span.bytes(), b"cdef");
        assert!(span.slice(1..5).is_none());
    }
}
