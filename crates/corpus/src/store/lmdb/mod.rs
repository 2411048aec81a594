//! Reads LMDB files without LMDB.
//!
//! The C library trusts what a file says of its own pages: one flipped bit in a page's pointers and it reads outside
//! the map, which ends the process by a signal. A store is written once and then only read, so we read the few
//! structures of the format ourselves: every number is compared with what the file can hold before it is used, every
//! page with its [checksum](super::sums), and pages are read instead of mapped, so that a file that is truncated
//! while it is in use gives an error.
//!
//! The format is that of LMDB 0.9 (`mdb.c`: `MDB_meta`, `MDB_db`, `MDB_page`, `MDB_node`) as 64-bit little-endian
//! machines write it.

mod file;
mod meta;
mod page;
mod tree;

pub(super) use file::{Pages, read_at};
pub(super) use meta::Meta;
pub(super) use tree::{Leaf, Tree};

/// The number at `at`, or 0 if the bytes end before it.
fn u16_at(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..at + 2).map_or(0, |bytes| u16::from_le_bytes([bytes[0], bytes[1]]))
}

/// As [`u16_at`], of four bytes.
fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at + 2)) << 16
}

/// As [`u16_at`], of eight bytes.
fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}
