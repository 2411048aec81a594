//! Looking into a store: its arrays and pieces where they lie in the map.

use heed::{RoTxn, WithoutTls};

use super::layout::key;
use super::{Numbers, Store};
use crate::Error;

/// A read that has begun; see [`Store::begin`].
pub struct Begun<'s> {
    store: &'s Store,
    txn: RoTxn<'s, WithoutTls>,
}

impl<'s> Begun<'s> {
    pub(super) fn new(store: &'s Store, txn: RoTxn<'s, WithoutTls>) -> Self {
        Self { store, txn }
    }

    /// Looks into the store.
    ///
    /// # Errors
    /// A part is missing.
    pub fn view(&self) -> Result<View<'_>, Error> {
        let numbers = |name| self.array(name).map(Numbers::new);
        let index = Index {
            lengths: numbers("lengths")?,
            starts: numbers("starts")?,
            members: numbers("members")?,
            representatives: numbers("representatives")?,
            held_out: numbers("held_out")?,
        };
        Ok(View { begun: self, index })
    }

    pub(super) fn array(&self, name: &str) -> Result<&[u8], Error> {
        let found = self.store.inner.tables.arrays.get(&self.txn, name.as_bytes());
        let found = found.map_err(Error::store(self.store.path()))?;
        found.ok_or_else(|| self.store.damaged(format!("part `{name}` is missing")))
    }
}

/// Lengths and clusters, nothing copied.
#[derive(Debug, Clone, Copy)]
pub struct Index<'b> {
    /// The length of each sequence.
    pub lengths: Numbers<'b>,
    pub(super) starts: Numbers<'b>,
    pub(super) members: Numbers<'b>,
    /// The sequence that stands for each cluster.
    pub representatives: Numbers<'b>,
    /// The clusters held out, ascending.
    pub held_out: Numbers<'b>,
}

impl<'b> Index<'b> {
    /// How many clusters there are.
    pub fn clusters(&self) -> u32 {
        self.representatives.len() as u32
    }

    /// The members of a cluster, ascending.
    ///
    /// # Panics
    /// If there are not as many clusters.
    pub fn members(&self, cluster: u32) -> Numbers<'b> {
        let cluster = cluster as usize;
        self.members.slice(self.starts.at(cluster) as usize, self.starts.at(cluster + 1) as usize)
    }
}

/// The inside of a store, nothing copied.
pub struct View<'b> {
    begun: &'b Begun<'b>,
    /// Lengths and clusters.
    pub index: Index<'b>,
}

impl<'b> View<'b> {
    /// Sequence `index` as it is stored; see `bank::packing`.
    ///
    /// # Errors
    /// There are not as many, or the file is damaged.
    pub fn packed(&self, index: u32) -> Result<&'b [u8], Error> {
        self.piece(self.begun.store.inner.tables.sequences, index)
    }

    pub(super) fn origins(&self, index: u32) -> Result<&'b [u8], Error> {
        self.piece(self.begun.store.inner.tables.origins, index)
    }

    fn piece(
        &self,
        table: heed::Database<'static, heed::types::Bytes, heed::types::Bytes>,
        index: u32,
    ) -> Result<&'b [u8], Error> {
        let store = self.begun.store;
        let found = table.get(&self.begun.txn, &key(index)).map_err(Error::store(store.path()))?;
        found.ok_or_else(|| store.damaged(format!("there is no sequence {index} among {}", store.header().sequences)))
    }
}
