//! A checksum for every page of a store, after its pages.
//!
//! LMDB reads only up to its last page; the bytes after it are ours:
//!
//! | bytes | what |
//! |---|---|
//! | 8 for each page | XXH3-64 of the page, seeded with its number, little-endian |
//! | 16 | `rinalmo pagesums` |
//! | 4 | 1, the version of this table |
//! | 4 | bytes of a page |
//! | 8 | pages |
//! | 16 | XXH3-128 of the table |
//! | 8 | nothing |
//! | 8 | XXH3-64 of the 56 bytes before |
//!
//! Because of the seed, a page in another's place is noticed. Opening a store reads and checks this table; a page is
//! checked whenever it is read, for about a tenth of what reading it costs.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::Path;

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed, xxh3_128};

use super::lmdb::read_at;
use crate::Error;

const MAGIC: [u8; 16] = *b"rinalmo pagesums";
/// The version of the table.
const VERSION: u32 = 1;
/// Bytes after the table.
const FOOTER: usize = 64;
/// Bytes of a checksum.
const SUM: usize = 8;
/// Pages that are read at a time.
const TOGETHER: u64 = 256;

/// The checksums of a file's pages.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sums {
    page_size: usize,
    sums: Vec<u8>,
}

impl Sums {
    /// Reads the table of a file of `length` bytes; `None` if it has none.
    pub(super) fn read(path: &Path, file: &File, length: u64) -> Result<Option<Self>, Error> {
        let Some(at) = length.checked_sub(FOOTER as u64) else { return Ok(None) };
        let mut footer = [0; FOOTER];
        read_at(file, &mut footer, at).map_err(Error::file("be read", path))?;
        if !footer.starts_with(&MAGIC) {
            return Ok(None);
        }
        let damaged = || Error::damaged(path, "its table of checksums is damaged\nhint: build the store again");
        let (body, sum) = footer.split_at(FOOTER - SUM);
        if xxh3_64(body).to_le_bytes() != sum {
            return Err(damaged());
        }
        let number = |from: usize, bytes: usize| {
            footer[from..from + bytes].iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte))
        };
        if number(16, 4) != u64::from(VERSION) {
            let message = format!("its checksums are of version {}, this program reads {VERSION}", number(16, 4));
            return Err(Error::damaged(path, message));
        }
        let (page_size, pages) = (number(20, 4), number(24, 8));
        let expected = page_size.checked_add(SUM as u64).and_then(|each| each.checked_mul(pages));
        if expected.is_none_or(|bytes| bytes != at) || page_size == 0 {
            return Err(Error::damaged(path, "its length is not that of its pages\nhint: build the store again"));
        }
        let mut sums = vec![0; pages as usize * SUM];
        read_at(file, &mut sums, page_size * pages).map_err(Error::file("be read", path))?;
        if xxh3_128(&sums).to_le_bytes() == footer[32..48] {
            Ok(Some(Self { page_size: page_size as usize, sums }))
        } else {
            Err(damaged())
        }
    }

    /// Bytes of a page.
    pub(super) fn page_size(&self) -> usize {
        self.page_size
    }

    /// How many pages there are.
    pub(super) fn pages(&self) -> u64 {
        (self.sums.len() / SUM) as u64
    }

    /// Whether a page is as it was written.
    pub(super) fn holds(&self, number: u64, page: &[u8]) -> bool {
        let at = number as usize * SUM;
        self.sums.get(at..at + SUM) == Some(&sum(number, page))
    }
}

fn sum(number: u64, page: &[u8]) -> [u8; SUM] {
    xxh3_64_with_seed(page, number).to_le_bytes()
}

/// Appends the table to a finished file of at least `pages` pages, and waits until it is on disk.
pub(super) fn append(path: &Path, page_size: usize, pages: u64) -> Result<(), Error> {
    let failed = || Error::file("be written", path);
    let mut file = OpenOptions::new().read(true).write(true).open(path).map_err(failed())?;
    let length = file.metadata().map_err(failed())?.len();
    let pages = pages.max(length.div_ceil(page_size as u64)); // the last pages may be free, and were never written
    file.set_len(pages * page_size as u64).map_err(failed())?;
    let mut sums = Vec::with_capacity(pages as usize * SUM);
    let mut block = vec![0; TOGETHER as usize * page_size];
    for first in (0..pages).step_by(TOGETHER as usize) {
        let block = &mut block[..TOGETHER.min(pages - first) as usize * page_size];
        read_at(&file, block, first * page_size as u64).map_err(failed())?;
        block.chunks(page_size).zip(first..).for_each(|(page, number)| sums.extend(sum(number, page)));
    }
    file.seek(SeekFrom::End(0)).map_err(failed())?;
    let mut writer = BufWriter::new(&file);
    writer.write_all(&sums).and_then(|()| writer.write_all(&footer(page_size, pages, &sums))).map_err(failed())?;
    writer.flush().map_err(failed())?;
    drop(writer);
    file.sync_all().map_err(failed())
}

fn footer(page_size: usize, pages: u64, sums: &[u8]) -> [u8; FOOTER] {
    let mut footer = [0; FOOTER];
    footer[..16].copy_from_slice(&MAGIC);
    footer[16..20].copy_from_slice(&VERSION.to_le_bytes());
    footer[20..24].copy_from_slice(&(page_size as u32).to_le_bytes());
    footer[24..32].copy_from_slice(&pages.to_le_bytes());
    footer[32..48].copy_from_slice(&xxh3_128(sums).to_le_bytes());
    let sum = xxh3_64(&footer[..FOOTER - SUM]);
    footer[FOOTER - SUM..].copy_from_slice(&sum.to_le_bytes());
    footer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_changed_byte_is_noticed_where_it_lies() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        std::fs::write(&path, (0..5 * 512 - 100u32).map(|n| (n + n / 512) as u8).collect::<Vec<_>>()).unwrap();
        append(&path, 512, 5).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(bytes.len(), 5 * (512 + SUM) + FOOTER);
        let read = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            Sums::read(&path, &File::open(&path).unwrap(), bytes.len() as u64)
        };
        let whole = read(&bytes).unwrap().unwrap();
        assert!((0..5).all(|page| whole.holds(page, &bytes[page as usize * 512..][..512])));
        assert!(!whole.holds(1, &bytes[..512]) && !whole.holds(5, &bytes[..512]));
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 4;
            match read(&changed) {
                Ok(Some(sums)) => assert!(!sums.holds(at as u64 / 512, &changed[at / 512 * 512..][..512]), "{at}"),
                Ok(None) => assert!((bytes.len() - FOOTER..bytes.len() - FOOTER + 16).contains(&at), "{at}"),
                Err(_) => assert!(at >= 5 * 512, "{at}"),
            }
        }
        for length in [0, 63, 64, bytes.len() - 1] {
            assert!(read(&bytes[..length]).is_ok_and(|sums| sums.is_none()), "{length}");
        }
    }
}
