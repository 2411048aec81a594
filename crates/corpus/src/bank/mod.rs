//! Packed sequences by number, on which every step after reading works.
//!
//! A [`Bank`] is two files: the packed sequences one after another, and where each begins. Both are mapped into memory,
//! so 36 million sequences cost 8 bytes each of address space and no object on the heap, and any number of threads
//! read at once. The same container, [`Blobs`], holds the provenance of each sequence.

mod blobs;
pub mod packing;
pub(crate) mod varint;

use std::path::Path;

pub use blobs::{Blobs, BlobsWriter};
pub(crate) use blobs::{Map, Output, with_ending};

use crate::{Error, cluster::Sequences};

/// Packed sequences, read by number.
///
/// ```
/// use rinalmo_corpus::{bank::{Bank, BankWriter}, cluster::Sequences};
///
/// let folder = tempfile::tempdir().unwrap();
/// let mut writer = BankWriter::create(&folder.path().join("bank"))?;
/// writer.push(b"ACGTNNACG")?;
/// writer.finish()?;
///
/// let bank = Bank::open(&folder.path().join("bank"))?;
/// let mut letters = Vec::new();
/// bank.read(0, &mut letters);
/// assert_eq!((bank.count(), letters), (1, b"ACGTNNACG".to_vec()));
/// # Ok::<(), rinalmo_corpus::Error>(())
/// ```
#[derive(Debug)]
pub struct Bank {
    blobs: Blobs,
}

impl Bank {
    /// Opens the bank that a [`BankWriter`] finished at `path`.
    ///
    /// # Errors
    /// Its files are missing or truncated.
    pub fn open(path: &Path) -> Result<Self, Error> {
        Ok(Self { blobs: Blobs::open(path)? })
    }

    /// Sequence `index` as it is stored; see [`packing`].
    pub fn packed(&self, index: usize) -> &[u8] {
        self.blobs.get(index)
    }

    /// Bytes of all packed sequences together.
    pub fn packed_bytes(&self) -> u64 {
        self.blobs.bytes()
    }
}

impl Sequences for Bank {
    fn count(&self) -> usize {
        self.blobs.len()
    }

    fn length(&self, index: usize) -> usize {
        packing::length(self.packed(index))
    }

    fn read(&self, index: usize, to: &mut Vec<u8>) {
        packing::unpack(self.packed(index), to);
    }
}

/// Writes a [`Bank`], one sequence after another.
#[derive(Debug)]
pub struct BankWriter {
    blobs: BlobsWriter,
    packed: Vec<u8>,
}

impl BankWriter {
    /// Begins the two files of the bank `path`; files of an earlier attempt are replaced.
    ///
    /// # Errors
    /// The files cannot be made.
    pub fn create(path: &Path) -> Result<Self, Error> {
        Ok(Self { blobs: BlobsWriter::create(path)?, packed: Vec::new() })
    }

    /// Appends a sequence: letters of the alphabet in upper case, T for U.
    ///
    /// # Errors
    /// The disk is full or fails.
    pub fn push(&mut self, letters: &[u8]) -> Result<(), Error> {
        self.packed.clear();
        packing::pack(letters, &mut self.packed);
        self.blobs.push(&self.packed)
    }

    /// Appends a sequence that is packed already.
    ///
    /// # Errors
    /// The disk is full or fails.
    pub fn push_packed(&mut self, packed: &[u8]) -> Result<(), Error> {
        self.blobs.push(packed)
    }

    /// Writes the rest and waits until it is on disk; returns the number of sequences.
    ///
    /// # Errors
    /// The disk is full or fails.
    pub fn finish(self) -> Result<usize, Error> {
        self.blobs.finish()
    }
}
