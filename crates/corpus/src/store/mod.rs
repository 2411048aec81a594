//! The finished corpus: one LMDB file that any number of processes read at once.
//!
//! [`Store`] gives sequences, their origins and clusters by number. It is opened read-only and takes no lock, so it
//! may be on a read-only medium. Its bytes are checked before they are used: pages by their
//! checksums whenever they are read, numbers by what they point into. Many reads go through a [`View`].

mod arrays;
mod foreign;
mod header;
mod layout;
mod lmdb;
mod numbers;
mod sums;
mod view;
mod writer;

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use header::{Header, SCHEMA};
pub use numbers::Numbers;
pub use view::{Index, View};
pub(crate) use writer::{Contents, write};

use crate::Error;
use crate::provenance::Origin;
use arrays::{Arrays, changed};
use header::Checksum;
use layout::{ARRAYS, HEADER, NAMES};
use lmdb::{Leaf, Meta, Pages, Tree};
use sums::Sums;

/// A finished corpus. Clones share it.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    pages: Pages,
    sequences: Tree,
    origins: Tree,
    header: Header,
    arrays: Arrays,
}

/// Do both paths lead to one file that is there?
fn is_same_file(one: &Path, other: &Path) -> bool {
    #[cfg(unix)]
    if let (Ok(one), Ok(other)) = (std::fs::metadata(one), std::fs::metadata(other)) {
        use std::os::unix::fs::MetadataExt;
        return (one.dev(), one.ino()) == (other.dev(), other.ino());
    }
    one.canonicalize().is_ok_and(|one| other.canonicalize().is_ok_and(|other| one == other))
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
    /// There is none, or it has another layout, is damaged, truncated or not a store.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let wrong = |message: &str| Error::damaged(path, message);
        let (pages, main) = Self::pages(path)?;
        let tree = |name: &str| {
            main.tree(&pages, name.as_bytes())?.ok_or_else(|| wrong("it is an LMDB file but not a corpus"))
        };
        let [header, sequences, origins, arrays] = NAMES.map(tree);
        let value = |tree: Tree, key: &[u8]| -> Result<Option<Vec<u8>>, Error> {
            let mut bytes = Vec::new();
            Ok(tree.get(&pages, key, &mut Leaf::default(), &mut bytes)?.then_some(bytes))
        };
        let json = value(header?, HEADER)?.ok_or_else(|| wrong("it was never finished; build it again"))?;
        let header = Self::header_of(path, &json)?;
        if header.page_checksums && !pages.checked() {
            return Err(wrong("its checksums are missing, it is truncated or damaged\nhint: build it again"));
        }
        let (mut found, arrays) = (<[Vec<u8>; ARRAYS.len()]>::default(), arrays?);
        for (bytes, name) in found.iter_mut().zip(ARRAYS) {
            *bytes = value(arrays, name.as_bytes())?.ok_or_else(|| wrong(&format!("part `{name}` is missing")))?;
        }
        let arrays = Arrays::new(found, &header).map_err(|message| Error::damaged(path, message))?;
        let inner = Inner { path: path.to_owned(), sequences: sequences?, origins: origins?, pages, header, arrays };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The file's pages, and its tree of trees.
    fn pages(path: &Path) -> Result<(Pages, Tree), Error> {
        let failed = || Error::file("be opened", path);
        let file = File::open(path).map_err(failed())?;
        let metadata = file.metadata().map_err(failed())?;
        let begins = foreign::begins(path, &file, &metadata)?;
        let length = metadata.len();
        let sums = Sums::read(path, &file, length)?;
        let first = Meta::parse(&begins);
        let Some(size) = sums.as_ref().map(Sums::page_size).or(first.map(|meta| meta.page_size)) else {
            return Err(foreign::refused(path, &begins));
        };
        let pages = Pages::new(path, file, size, length, sums);
        if pages.count() < 2 {
            return Err(Error::damaged(path, "it is truncated; build it again"));
        }
        let meta = Meta::newer(Meta::parse(&pages.read(0)?), Meta::parse(&pages.read(1)?));
        let meta = meta.filter(|meta| meta.page_size == size).ok_or_else(|| pages.damaged("the first two"))?;
        if meta.last_page < pages.count() {
            Ok((pages, meta.main))
        } else {
            Err(Error::damaged(path, "it is truncated; build it again"))
        }
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

    fn damaged(&self, message: impl Into<String>) -> Error {
        Error::damaged(&self.inner.path, message)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// Checks that `output` is not the store's own file under any name: writing to it would destroy the store while it
    /// is read.
    ///
    /// # Errors
    /// It is the store's own file.
    pub fn check_output(&self, output: &Path) -> Result<(), Error> {
        if is_same_file(self.path(), output) {
            Err(Error::Options(format!("{}: is the store that is read; write to another file", output.display())))
        } else {
            Ok(())
        }
    }

    /// Its header.
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

    /// Whether every page is checked when it is read. Stores of earlier versions have checksums only of their parts,
    /// which [`verify`](Self::verify) compares.
    pub fn is_checked(&self) -> bool {
        self.inner.pages.checked()
    }

    /// A view into the store; cheap to create.
    pub fn view(&self) -> View<'_> {
        View::new(self)
    }

    /// The letters of sequence `index`, with T for U.
    ///
    /// # Errors
    /// `index` is out of range, or the file is damaged.
    pub fn sequence(&self, index: u32) -> Result<Vec<u8>, Error> {
        let mut letters = Vec::new();
        self.view().letters(index, &mut letters)?;
        Ok(letters)
    }

    /// Every record that sequence `index` stands for, the one that was kept first.
    ///
    /// # Errors
    /// `index` is out of range, or the file is damaged.
    pub fn origins(&self, index: u32) -> Result<Vec<Origin>, Error> {
        self.view().origins(index)
    }

    /// Reads everything once and compares it with the checksums of pages and parts.
    ///
    /// # Errors
    /// Names the page or part that is not as it was written.
    pub fn verify(&self) -> Result<(), Error> {
        let mut page = Vec::new();
        for number in 0..self.inner.pages.count() {
            self.inner.pages.read_run(number, self.inner.pages.size(), &mut page)?;
        }
        let (mut sequences, mut origins) = (Checksum::default(), Checksum::default());
        let mut view = self.view();
        for index in 0..self.header().sequences as u32 {
            sequences.add(view.packed(index)?);
            origins.add(view.origin_bytes(index)?);
        }
        let found = [("sequences", sequences.text()), ("origins", origins.text())]; // the arrays were, when opening
        match found.into_iter().find(|(name, text)| self.header().checksums.get(*name) != Some(text)) {
            Some((name, _)) => Err(self.damaged(changed(name))),
            None => Ok(()),
        }
    }
}
