//! The parts of a store and their names.
//!
//! | database | key | value |
//! |---|---|---|
//! | `header` | `header` | [`Header`](super::Header) as JSON |
//! | `sequences` | number, u32 big-endian | letters, [packed](crate::bank::packing) |
//! | `origins` | the same number | every record it stands for |
//! | `arrays` | name | u32, little-endian |
//!
//! | array | one number for each | says |
//! |---|---|---|
//! | `lengths` | sequence | its letters |
//! | `starts` | cluster, and one more | where its members begin in `members` |
//! | `members` | sequence | the members of cluster 0, of cluster 1, … |
//! | `representatives` | cluster | the sequence that stands for it |
//! | `held_out` | cluster held out | its number, ascending |
//!
//! LMDB writes them; `lmdb/` reads them again. After LMDB's last page come the [checksums](super::sums) of all pages.

use heed::types::Bytes;
use heed::{CommitOrAbort, Database, Env, EnvFlags, EnvOpenOptions, WithoutTls};

/// Names of the databases.
pub(super) const NAMES: [&str; 4] = ["header", "sequences", "origins", "arrays"];
/// Names of the arrays.
pub(super) const ARRAYS: [&str; 5] = ["lengths", "starts", "members", "representatives", "held_out"];
/// The key of the header.
pub(super) const HEADER: &[u8] = b"header";

type Table = Database<'static, Bytes, Bytes>;

/// The databases in the order of [`NAMES`].
#[derive(Clone, Copy)]
pub(super) struct Tables {
    pub(super) header: Table,
    pub(super) sequences: Table,
    pub(super) origins: Table,
    pub(super) arrays: Table,
}

impl Tables {
    /// Makes them in a new store.
    pub(super) fn create(env: &Env<WithoutTls>) -> heed::Result<Self> {
        let made = env.create_databases_and_commit(env.write_txn()?, |opener, txn| {
            let [header, sequences, origins, arrays] = NAMES.map(|name| opener.create_database(txn, Some(name)));
            heed::Result::Ok(CommitOrAbort::<_, ()>::Commit([header?, sequences?, origins?, arrays?]))
        })?;
        Ok(Self::from(made.commit().expect("the closure commits")))
    }

    fn from([header, sequences, origins, arrays]: [Table; 4]) -> Self {
        Self { header, sequences, origins, arrays }
    }
}

/// A store is one file without a lock file: one process writes it under a temporary name, and then none writes.
pub(super) fn options(more: EnvFlags) -> EnvOpenOptions<WithoutTls> {
    let mut options = EnvOpenOptions::new().read_txn_without_tls();
    options.max_dbs(NAMES.len() as u32);
    // SAFETY: without LMDB's lock file, no process may read while another writes. Stores are written in the working
    // folder of a build, which one process holds at a time; LMDB never opens them again.
    unsafe { options.flags(EnvFlags::NO_SUB_DIR | EnvFlags::NO_LOCK | more) };
    options
}

/// The key of sequence `index`.
pub(super) fn key(index: u32) -> [u8; 4] {
    index.to_be_bytes()
}
