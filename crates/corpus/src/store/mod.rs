//! The finished corpus: one LMDB file that any number of processes read at once.
//!
//! [`Store`] gives sequences, their origins and clusters by number. It is opened read-only and takes no lock, so it
//! may lie on a medium that cannot be written. Many short reads go through a [`View`], which looks into the map
//! without copying.

mod header;
mod layout;
mod numbers;
mod view;
mod writer;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use heed::{EnvFlags, WithoutTls};
use rinalmo_seq::input;

pub use header::{Header, SCHEMA};
pub use numbers::Numbers;
pub use view::{Begun, Index, View};
pub(crate) use writer::{Contents, write};

use crate::bank::packing;
use crate::provenance::{self, Origin};
use crate::{Error, cluster::Sequences};
use header::Checksum;
use layout::{HEADER, Tables, options};

/// Refuses what is no store by the name of what it is: LMDB only says that its own marks are missing.
fn check_kind(path: &Path) -> Result<(), Error> {
    let made_by = "a corpus store, as `rinalmo corpus build` makes";
    if path.is_dir() {
        return Err(Error::damaged(path, format!("this is a folder, expected the file of {made_by}")));
    }
    match input::Contents::of_file(path).map_err(Error::file("be opened", path))? {
        input::Contents::Lmdb => Ok(()),
        other => Err(Error::damaged(path, format!("this is {}, expected {made_by}", other.name()))),
    }
}

/// A finished corpus. Clones share it; one process opens a file once.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    env: heed::Env<WithoutTls>,
    tables: Tables,
    header: Header,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("path", &self.inner.path).field("header", &self.inner.header).finish()
    }
}

impl Store {
    /// Opens a store that a build finished.
    ///
    /// # Errors
    /// There is none, it is of another layout, cut short or no store at all; or this process has it open already.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let wrong = |message: &str| Error::damaged(path, message);
        check_kind(path)?;
        let length = std::fs::metadata(path).map_err(Error::file("be opened", path))?.len();
        // SAFETY: nobody writes a finished store, see `options`; the size of the file is compared with what LMDB
        // believes it to be before anything but its first two pages is looked at.
        let env = unsafe { options(EnvFlags::READ_ONLY).open(path) }.map_err(Error::store(path))?;
        let pages = env.info().last_page_number as u64 + 1;
        if pages * u64::from(env.unnamed_database_stat().page_size) > length {
            return Err(wrong("it is cut short; build it again"));
        }
        let tables = Tables::open(&env).map_err(Error::store(path))?;
        let tables = tables.ok_or_else(|| wrong("it is an LMDB file but no corpus"))?;
        let txn = env.read_txn().map_err(Error::store(path))?;
        let json = tables.header.get(&txn, HEADER).map_err(Error::store(path))?;
        let json = json.ok_or_else(|| wrong("it was never finished; build it again"))?;
        let header = Self::header_of(path, json)?;
        drop(txn);
        let store = Self { inner: Arc::new(Inner { path: path.to_owned(), env, tables, header }) };
        store.check_sizes()?;
        Ok(store)
    }

    fn header_of(path: &Path, json: &[u8]) -> Result<Header, Error> {
        #[derive(serde::Deserialize)]
        struct Schema {
            schema: u32,
        }
        let wrong = |error: serde_json::Error| Error::damaged(path, format!("its header cannot be read: {error}"));
        let Schema { schema } = serde_json::from_slice(json).map_err(wrong)?;
        if schema != SCHEMA {
            let message = format!("it has layout {schema}, this program reads layout {SCHEMA}; build it again");
            return Err(Error::damaged(path, message));
        }
        serde_json::from_slice(json).map_err(wrong)
    }

    fn check_sizes(&self) -> Result<(), Error> {
        let begun = self.begin()?;
        let (index, header) = (begun.view()?.index, self.header());
        let (sequences, clusters) = (header.sequences as usize, header.clusters as usize);
        let fits = index.lengths.len() == sequences
            && index.members.len() == sequences
            && index.starts.len() == clusters + 1
            && index.starts.at(clusters) as usize == sequences
            && index.representatives.len() == clusters
            && index.held_out.len() as u64 == header.held_out;
        if fits { Ok(()) } else { Err(self.damaged("its parts do not fit each other")) }
    }

    fn damaged(&self, message: impl Into<String>) -> Error {
        Error::damaged(&self.inner.path, message)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// What it says of itself.
    pub fn header(&self) -> &Header {
        &self.inner.header
    }

    /// Bytes of its file.
    ///
    /// # Errors
    /// The file is gone.
    pub fn file_size(&self) -> Result<u64, Error> {
        let path = self.path();
        Ok(std::fs::metadata(path).map_err(Error::file("be opened", path))?.len())
    }

    /// Begins to read; costs next to nothing.
    ///
    /// # Errors
    /// LMDB refuses, which it has no reason to.
    pub fn begin(&self) -> Result<Begun<'_>, Error> {
        let txn = self.inner.env.read_txn().map_err(Error::store(&self.inner.path))?;
        Ok(Begun::new(self, txn))
    }

    /// The letters of sequence `index`, with T for U.
    ///
    /// # Errors
    /// There are not as many, or the file is damaged.
    pub fn sequence(&self, index: u32) -> Result<Vec<u8>, Error> {
        let mut letters = Vec::new();
        packing::unpack(self.begin()?.view()?.packed(index)?, &mut letters);
        Ok(letters)
    }

    /// Every record that sequence `index` stands for, the one that was kept first.
    ///
    /// # Errors
    /// There are not as many, or the file is damaged.
    pub fn origins(&self, index: u32) -> Result<Vec<Origin>, Error> {
        Ok(provenance::parse(self.begin()?.view()?.origins(index)?))
    }

    /// Reads everything once and compares it with the checksums of the header.
    ///
    /// # Errors
    /// Names the part that is not as it was written.
    pub fn verify(&self) -> Result<(), Error> {
        let begun = self.begin()?;
        let view = begun.view()?;
        let (mut sequences, mut origins) = (Checksum::default(), Checksum::default());
        for index in 0..self.header().sequences as u32 {
            sequences.add(view.packed(index)?);
            origins.add(view.origins(index)?);
        }
        let mut found = vec![("sequences", sequences.text()), ("origins", origins.text())];
        for name in layout::ARRAYS {
            found.push((name, Checksum::of(begun.array(name)?)));
        }
        match found.into_iter().find(|(name, text)| self.header().checksums.get(*name) != Some(text)) {
            Some((name, _)) => Err(self.damaged(format!("part `{name}` is not as it was written; build it again"))),
            None => Ok(()),
        }
    }
}

impl Sequences for Store {
    fn count(&self) -> usize {
        self.header().sequences as usize
    }

    fn length(&self, index: usize) -> usize {
        let begun = self.begin().expect("a finished store can be read at any time");
        let view = begun.view().expect("its parts were found when it was opened");
        view.index.lengths.at(index) as usize
    }

    fn read(&self, index: usize, to: &mut Vec<u8>) {
        let begun = self.begin().expect("a finished store can be read at any time");
        let view = begun.view().expect("its parts were found when it was opened");
        packing::unpack(view.packed(index as u32).expect("the caller asks for one that there is"), to);
    }
}
