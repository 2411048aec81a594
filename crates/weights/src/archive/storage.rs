//! Bytes that stay where they are: a mapped file, data built into the program, or what had to be unpacked.

use std::fs::File;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use memmap2::Mmap;

enum Storage {
    Map(Mmap),
    Static(&'static [u8]),
    Owned(Vec<u8>),
}

impl Storage {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Map(map) => map,
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

    /// Maps a whole file, read-only.
    ///
    /// # Errors
    /// What the system says when the file cannot be opened, or is not a regular file.
    pub fn map(path: &Path) -> std::io::Result<Self> {
        let file = File::open(path)?;
        let about = file.metadata()?;
        if !about.is_file() {
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, "not a regular file"));
        }
        if about.len() == 0 {
            return Ok(Self::owned(Vec::new())); // an empty map is an error on some systems
        }
        // SAFETY: the map is private and only ever read. Its bytes stay as they are as long as nobody rewrites the
        // file in place; checkpoints are replaced by renaming (ours always), which leaves the mapped file alone.
        let map = unsafe { Mmap::map(&file)? };
        Ok(Self::new(Storage::Map(map)))
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

    /// Is it of no length?
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// A part of it, or `None` where it reaches beyond the end.
    pub fn slice(&self, range: Range<usize>) -> Option<Self> {
        if range.start > range.end || range.end > self.len {
            return None;
        }
        Some(Self { storage: self.storage.clone(), start: self.start + range.start, len: range.len() })
    }

    /// The same bytes as a shared buffer that keeps the file mapped; the last one to drop the buffer releases its pages.
    pub fn shared(&self) -> bytes::Bytes {
        match &*self.storage {
            Storage::Static(bytes) => bytes::Bytes::from_static(&bytes[self.start..self.start + self.len]),
            _ => bytes::Bytes::from_owner(Borrowed(self.clone())),
        }
    }

    /// Tells the system that these pages of the file will not be read again soon, so that a model which was converted
    /// while loading is not in memory twice.
    pub fn release(&self) {
        #[cfg(unix)]
        if let Storage::Map(map) = &*self.storage
            && self.len > 0
        {
            // SAFETY: dropping pages of a read-only map of a file changes no byte: they are read from the file again
            // when touched. The range lies inside the map, as `slice` has checked. A refusal costs nothing but memory.
            let _ = unsafe { map.unchecked_advise_range(memmap2::UncheckedAdvice::DontNeed, self.start, self.len) };
        }
    }
}

/// A span that someone computes on, released when done: weights that were packed are not in memory twice.
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
        let data: Vec<u8> = (0..100_000u32).map(|i| i as u8).collect();
        std::fs::write(&path, &data).unwrap();
        let span = Span::map(&path).unwrap();
        span.slice(5000..60_000).unwrap().release();
        assert_eq!(span.bytes(), data);
    }

    #[test]
    fn a_slice_beyond_the_end_is_none() {
        let span = Span::fixed(b"abcdef").slice(2..6).unwrap();
        assert_eq!(span.bytes(), b"cdef");
        assert!(span.slice(1..5).is_none());
    }
}
