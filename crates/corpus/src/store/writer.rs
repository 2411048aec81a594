//! Writes a store: sequences and origins in the order of their numbers, then the arrays, last the header.
//!
//! Nothing reads the file before it is complete: it is written in the working folder and renamed at the end. So nothing
//! is synced before that, and pages are filled completely since every key is larger than the one before.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use heed::{EnvFlags, MdbError, PutFlags, RwTxn, WithoutTls};

use super::header::{Checksum, Header};
use super::layout::{ARRAYS, HEADER, Tables, key, options};
use super::{numbers, sums};
use crate::bank::{Bank, Blobs, with_ending};
use crate::{Error, cluster::Sequences};

/// Initial bytes of the map; it doubles whenever it is full.
const FIRST_MAP: usize = 64 << 20;
/// Sequences per transaction.
const CHUNK: usize = 1 << 14;
/// Bytes that fit on a disk that is not full.
const PROBE: usize = 1 << 20;

/// The content of a store; sequences are renumbered in the order of `kept`.
pub(crate) struct Contents<'a> {
    /// Where the sequences are.
    pub(crate) bank: &'a Bank,
    /// Where each of the bank's sequences came from.
    pub(crate) origins: &'a Blobs,
    /// Those of the bank that are stored, ascending.
    pub(crate) kept: &'a [u32],
    /// Where each cluster begins in `members`, and where the last one ends.
    pub(crate) starts: &'a [usize],
    /// New numbers, cluster by cluster.
    pub(crate) members: &'a [u32],
    /// The new number of each cluster's representative.
    pub(crate) representatives: &'a [u32],
    /// Clusters held out, ascending.
    pub(crate) held_out: &'a [u32],
}

/// Writes a store to `path`, which must not exist; figures and checksums of `header` are filled in.
///
/// # Errors
/// The disk is full or fails, or `stopped` returns true.
pub(crate) fn write(
    path: &Path,
    contents: &Contents<'_>,
    header: Header,
    stopped: &dyn Fn() -> bool,
) -> Result<Header, Error> {
    let mut writer = Writer::create(path, FIRST_MAP)?;
    let header = writer.all(contents, Header { page_checksums: true, ..header }, stopped)?;
    let (page_size, pages) = writer.finish()?;
    sums::append(path, page_size, pages)?;
    Ok(header)
}

struct Writer {
    path: PathBuf,
    env: heed::Env<WithoutTls>,
    tables: Tables,
    checksums: BTreeMap<String, String>,
}

impl Writer {
    fn create(path: &Path, map: usize) -> Result<Self, Error> {
        let failed = Error::store(path);
        let mut options = options(EnvFlags::NO_SYNC);
        // SAFETY: the file is new, in the working folder of only this build; see `options` for the lock.
        let env = unsafe { options.map_size(map).open(path) }.map_err(&failed)?;
        let tables = Tables::create(&env).map_err(&failed)?;
        Ok(Self { path: path.to_owned(), env, tables, checksums: BTreeMap::new() })
    }

    fn all(&mut self, contents: &Contents<'_>, header: Header, stopped: &dyn Fn() -> bool) -> Result<Header, Error> {
        let &Contents { bank, kept, starts, members, representatives, held_out, .. } = contents;
        self.pieces(contents, stopped)?;
        let length = |index: &u32| bank.length(*index as usize) as u32;
        self.array("lengths", numbers::bytes(kept.iter().map(length)))?;
        self.array("starts", numbers::bytes(starts.iter().map(|&start| start as u32)))?;
        self.array("members", numbers::bytes(members.iter().copied()))?;
        self.array("representatives", numbers::bytes(representatives.iter().copied()))?;
        self.array("held_out", numbers::bytes(held_out.iter().copied()))?;
        debug_assert!(ARRAYS.iter().all(|array| self.checksums.contains_key(*array)));
        let header = Header {
            sequences: kept.len() as u64,
            bases: kept.iter().map(|&index| bank.length(index as usize) as u64).sum(),
            clusters: representatives.len() as u64,
            held_out: held_out.len() as u64,
            checksums: std::mem::take(&mut self.checksums),
            ..header
        };
        let json = serde_json::to_vec(&header).expect("its maps have text for keys");
        let tables = self.tables;
        self.commit(|txn| tables.header.put(txn, HEADER, &json))?;
        Ok(header)
    }

    /// Sequences and origins.
    fn pieces(&mut self, contents: &Contents<'_>, stopped: &dyn Fn() -> bool) -> Result<(), Error> {
        let tables = self.tables;
        let (mut sequences, mut origins) = (Checksum::default(), Checksum::default());
        for (chunk, kept) in contents.kept.chunks(CHUNK).enumerate() {
            if stopped() {
                return Err(Error::Stopped);
            }
            let piece = |place: usize| (key((chunk * CHUNK + place) as u32), kept[place] as usize);
            self.commit(|txn| {
                (0..kept.len()).map(piece).try_for_each(|(key, index)| {
                    tables.sequences.put_with_flags(txn, PutFlags::APPEND, &key, contents.bank.packed(index))
                })
            })?;
            self.commit(|txn| {
                (0..kept.len()).map(piece).try_for_each(|(key, index)| {
                    tables.origins.put_with_flags(txn, PutFlags::APPEND, &key, contents.origins.get(index))
                })
            })?;
            for &index in kept {
                sequences.add(contents.bank.packed(index as usize));
                origins.add(contents.origins.get(index as usize));
            }
        }
        self.checksums.insert("sequences".into(), sequences.text());
        self.checksums.insert("origins".into(), origins.text());
        Ok(())
    }

    fn array(&mut self, name: &str, bytes: Vec<u8>) -> Result<(), Error> {
        self.checksums.insert(name.into(), Checksum::of(&bytes));
        let tables = self.tables;
        self.commit(|txn| tables.arrays.put(txn, name.as_bytes(), &bytes))
    }

    /// Writes a chunk; if the map is too small for it, the map grows and the chunk is written again.
    fn commit(&mut self, put: impl Fn(&mut RwTxn<'_>) -> heed::Result<()>) -> Result<(), Error> {
        loop {
            let done = self.env.write_txn().and_then(|mut txn| put(&mut txn).and_then(|()| txn.commit()));
            match done {
                Err(heed::Error::Mdb(MdbError::MapFull)) => self.grow()?,
                Err(error) => return Err(self.explained(error)),
                Ok(()) => return Ok(()),
            }
        }
    }

    /// LMDB reports an I/O error when only part of a write fits on the disk. Writing a small file next to it shows
    /// whether the disk is full.
    fn explained(&self, error: heed::Error) -> Error {
        let probe = with_ending(&self.path, ".probe");
        let more = match &error {
            heed::Error::Io(_) => std::fs::write(&probe, vec![0; PROBE]),
            _ => Ok(()),
        };
        let _ = std::fs::remove_file(&probe); // it may never have been made
        match more {
            Err(full) if full.kind() == std::io::ErrorKind::StorageFull => {
                Error::DiskFull { path: self.path.clone(), source: full }
            }
            _ => Error::store(&self.path)(error),
        }
    }

    fn grow(&mut self) -> Result<(), Error> {
        let size = self.env.info().map_size * 2;
        // SAFETY: no transaction is open: this writer alone knows the environment and has just ended its own.
        unsafe { self.env.resize(size) }.map_err(Error::store(&self.path))
    }

    /// Waits until everything is on disk, and closes the file; returns the bytes of a page and the number of pages.
    fn finish(self) -> Result<(usize, u64), Error> {
        self.env.force_sync().map_err(|error| self.explained(error))?;
        let pages = self.env.info().last_page_number as u64 + 1;
        let page_size = self.env.unnamed_database_stat().page_size as usize;
        self.env.prepare_for_closing().wait();
        Ok((page_size, pages))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;
    use crate::bank::{BankWriter, BlobsWriter};

    #[test]
    fn a_map_that_is_too_small_grows() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let mut bank = BankWriter::create(&path("bank")).unwrap();
        let mut origins = BlobsWriter::create(&path("origins")).unwrap();
        for n in 0..20_000u32 {
            bank.push(&(0..60).map(|k| b"ACGT"[(n >> (k % 16) & 3) as usize]).collect::<Vec<u8>>()).unwrap();
            origins.push(&n.to_le_bytes()).unwrap();
        }
        bank.finish().unwrap();
        origins.finish().unwrap();
        let (bank, origins) = (Bank::open(&path("bank")).unwrap(), Blobs::open(&path("origins")).unwrap());
        let all: Vec<u32> = (0..20_000).collect();
        let contents = Contents {
            bank: &bank,
            origins: &origins,
            kept: &all,
            starts: &[0, 20_000],
            members: &all,
            representatives: &[0],
            held_out: &[],
        };
        let mut writer = Writer::create(&path("x.lmdb"), 1 << 16).unwrap();
        writer.all(&contents, Header::empty(), &|| false).unwrap();
        assert!(writer.env.info().map_size > 1 << 16);
        writer.finish().unwrap();
        let store = Store::open(&path("x.lmdb")).unwrap();
        assert!(!store.is_checked(), "as an earlier version wrote it");
        store.verify().unwrap();
        assert_eq!(
            store.sequence(19_999).unwrap(),
            (0..60).map(|k| b"ACGT"[19_999 >> (k % 16) & 3]).collect::<Vec<_>>()
        );
        assert!(store.sequence(20_000).is_err());
        assert_eq!(store.header().bases, 60 * 20_000);
        assert!(store.file_size().unwrap() < 3 << 20, "pages are full: {}", store.file_size().unwrap());
    }
}
