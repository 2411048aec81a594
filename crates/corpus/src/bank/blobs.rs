//! Pieces of bytes by number, appended once and then read from a memory map.
//!
//! `<path>.data` holds the pieces one after another, `<path>.index` where each begins and, last, where all end
//! (u64, little-endian).

use std::ffi::OsString;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use memmap2::Mmap;

use crate::Error;

/// Bytes collected before they are written.
const BUFFER: usize = 1 << 20;

/// Pieces of bytes, read by number from any thread.
#[derive(Debug)]
pub struct Blobs {
    data: Map,
    index: Map,
    len: usize,
}

impl Blobs {
    /// Opens what a [`BlobsWriter`] finished at `path`.
    ///
    /// # Errors
    /// A file is missing, or the two do not match.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let (data_path, index_path) = (with_ending(path, ".data"), with_ending(path, ".index"));
        let (data, index) = (Map::open(&data_path)?, Map::open(&index_path)?);
        let len = (index.bytes().len() / 8).checked_sub(1);
        let len = len.ok_or_else(|| Error::damaged(&index_path, "it is truncated"))?;
        let blobs = Self { data, index, len };
        let (end, found) = (blobs.start(len), blobs.data.bytes().len() as u64);
        if end != found {
            return Err(Error::damaged(&data_path, format!("expected {end} bytes, found {found}")));
        }
        Ok(blobs)
    }

    /// How many pieces there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes of all pieces together.
    pub fn bytes(&self) -> u64 {
        self.data.bytes().len() as u64
    }

    /// Piece `index`.
    ///
    /// # Panics
    /// If there are not as many.
    pub fn get(&self, index: usize) -> &[u8] {
        assert!(index < self.len, "piece {index} of {}", self.len);
        &self.data.bytes()[self.start(index) as usize..self.start(index + 1) as usize]
    }

    fn start(&self, index: usize) -> u64 {
        let bytes = &self.index.bytes()[index * 8..][..8];
        u64::from_le_bytes(bytes.try_into().expect("it was cut to 8 bytes"))
    }
}

/// A file as bytes.
#[derive(Debug)]
pub(crate) struct Map(Option<Mmap>);

impl Map {
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let file = File::open(path).map_err(Error::file("be opened", path))?;
        let length = file.metadata().map_err(Error::file("be opened", path))?.len();
        if length == 0 {
            return Ok(Self(None)); // an empty map is an error on some systems
        }
        // SAFETY: the map is only ever read, and the file is in the working folder of a build, which one process
        // holds at a time; its files are finished before they are mapped and never rewritten after.
        let map = unsafe { Mmap::map(&file) }.map_err(Error::file("be mapped into memory", path))?;
        Ok(Self(Some(map)))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.as_deref().unwrap_or_default()
    }
}

/// Writes [`Blobs`], one piece after another.
#[derive(Debug)]
pub struct BlobsWriter {
    data: Output,
    index: Output,
    end: u64,
    len: usize,
}

impl BlobsWriter {
    /// Begins the two files; those of an earlier attempt are replaced.
    ///
    /// # Errors
    /// They cannot be made.
    pub fn create(path: &Path) -> Result<Self, Error> {
        let data = Output::create(with_ending(path, ".data"))?;
        let mut index = Output::create(with_ending(path, ".index"))?;
        index.write(&0u64.to_le_bytes())?;
        Ok(Self { data, index, end: 0, len: 0 })
    }

    /// Appends a piece.
    ///
    /// # Errors
    /// The disk is full or fails.
    pub fn push(&mut self, piece: &[u8]) -> Result<(), Error> {
        self.end += piece.len() as u64;
        self.len += 1;
        self.data.write(piece)?;
        self.index.write(&self.end.to_le_bytes())
    }

    /// Writes the rest and waits until it is on disk; returns the number of pieces.
    ///
    /// # Errors
    /// The disk is full or fails.
    pub fn finish(self) -> Result<usize, Error> {
        self.data.finish()?;
        self.index.finish()?;
        Ok(self.len)
    }
}

/// A file being written, whose failures name it.
#[derive(Debug)]
pub(crate) struct Output {
    path: PathBuf,
    file: BufWriter<File>,
}

impl Output {
    pub(crate) fn create(path: PathBuf) -> Result<Self, Error> {
        let file = File::create(&path).map_err(Error::file("be made", &path))?;
        Ok(Self { path, file: BufWriter::with_capacity(BUFFER, file) })
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.file.write_all(bytes).map_err(Error::file("be written", &self.path))
    }

    /// Writes the rest, without waiting for the disk; the file will not be needed after a crash.
    pub(crate) fn close(mut self) -> Result<(), Error> {
        self.file.flush().map_err(Error::file("be written", &self.path))
    }

    /// Waits until everything is on disk.
    pub(crate) fn finish(self) -> Result<(), Error> {
        let failed = Error::file("be written", &self.path);
        let synced = self.file.into_inner().map_err(|error| error.into_error()).and_then(|file| file.sync_all());
        synced.map_err(failed)
    }
}

/// `path` with `ending` after its name.
pub(crate) fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_come_back_by_number_empty_ones_too() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let mut writer = BlobsWriter::create(&path).unwrap();
        let pieces: [&[u8]; 4] = [b"one", b"", b"three", b""];
        pieces.iter().for_each(|piece| writer.push(piece).unwrap());
        assert_eq!(writer.finish().unwrap(), 4);
        let blobs = Blobs::open(&path).unwrap();
        assert_eq!([0, 1, 2, 3].map(|n| blobs.get(n)), pieces);
        assert_eq!((blobs.len(), blobs.bytes()), (4, 8));
    }

    #[test]
    fn no_pieces_at_all_are_fine_and_cut_files_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        BlobsWriter::create(&path).unwrap().finish().unwrap();
        assert!(Blobs::open(&path).unwrap().is_empty());
        std::fs::write(with_ending(&path, ".data"), b"more").unwrap();
        assert!(matches!(Blobs::open(&path), Err(Error::Damaged { .. })));
        std::fs::write(with_ending(&path, ".index"), b"").unwrap();
        assert!(matches!(Blobs::open(&path), Err(Error::Damaged { .. })));
        assert!(matches!(Blobs::open(&folder.path().join("none")), Err(Error::File { .. })));
    }
}
