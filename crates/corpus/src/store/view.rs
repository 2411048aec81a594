//! A view into a store: arrays from memory, sequences and origins from the file.

use super::lmdb::{Leaf, Tree};
use super::{Numbers, Store};
use crate::bank::packing;
use crate::provenance::{self, Origin};
use crate::{Error, store::layout::key};

/// Lengths and clusters, without copies.
#[derive(Debug, Clone, Copy)]
pub struct Index<'s> {
    /// The length of each sequence.
    pub lengths: Numbers<'s>,
    pub(super) starts: Numbers<'s>,
    pub(super) members: Numbers<'s>,
    /// The representative of each cluster.
    pub representatives: Numbers<'s>,
    /// The clusters held out, ascending.
    pub held_out: Numbers<'s>,
}

impl<'s> Index<'s> {
    /// How many clusters there are.
    pub fn clusters(&self) -> u32 {
        self.representatives.len() as u32
    }

    /// The members of a cluster, ascending; at least one.
    ///
    /// # Panics
    /// If `cluster` is out of range.
    pub fn members(&self, cluster: u32) -> Numbers<'s> {
        let cluster = cluster as usize;
        self.members.slice(self.starts.at(cluster) as usize, self.starts.at(cluster + 1) as usize)
    }
}

/// A view into a store. It caches the last pages it read, so each thread should keep its own.
pub struct View<'s> {
    store: &'s Store,
    /// Lengths and clusters.
    pub index: Index<'s>,
    sequences: Leaf,
    origins: Leaf,
    bytes: Vec<u8>,
}

impl<'s> View<'s> {
    pub(super) fn new(store: &'s Store) -> Self {
        let index = store.inner.arrays.index();
        Self { store, index, sequences: Leaf::default(), origins: Leaf::default(), bytes: Vec::new() }
    }

    /// Replaces `to` by the letters of sequence `index`, with T for U.
    ///
    /// # Errors
    /// `index` is out of range, or the file is damaged.
    pub fn letters(&mut self, index: u32, to: &mut Vec<u8>) -> Result<(), Error> {
        self.window(index, 0, usize::MAX, to)
    }

    /// Replaces `to` by `len` letters of sequence `index` from `start` on, or as many as there are.
    ///
    /// # Errors
    /// `index` is out of range, or the file is damaged.
    pub fn window(&mut self, index: u32, start: usize, len: usize, to: &mut Vec<u8>) -> Result<(), Error> {
        let store = self.store;
        Self::piece(store, store.inner.sequences, index, &mut self.sequences, &mut self.bytes)?;
        packing::unpack_window(&self.bytes, start, len, to);
        let length = self.index.lengths.get(index as usize).unwrap_or(0) as usize;
        if packing::length(&self.bytes) == length && to.len() == len.min(length.saturating_sub(start)) {
            Ok(())
        } else {
            Err(store.damaged(format!("sequence {index} does not have its {length} letters")))
        }
    }

    /// Every record that sequence `index` stands for, the one that was kept first.
    ///
    /// # Errors
    /// `index` is out of range, or the file is damaged.
    pub fn origins(&mut self, index: u32) -> Result<Vec<Origin>, Error> {
        let bytes = self.origin_bytes(index)?;
        let origins = provenance::parse(bytes).filter(|origins| !origins.is_empty());
        origins.ok_or_else(|| self.store.damaged(format!("the records of sequence {index} cannot be read")))
    }

    /// Sequence `index` as it is stored; see `bank::packing`.
    pub(super) fn packed(&mut self, index: u32) -> Result<&[u8], Error> {
        let store = self.store;
        Self::piece(store, store.inner.sequences, index, &mut self.sequences, &mut self.bytes)?;
        Ok(&self.bytes)
    }

    /// Its origins as they are stored.
    pub(super) fn origin_bytes(&mut self, index: u32) -> Result<&[u8], Error> {
        let store = self.store;
        Self::piece(store, store.inner.origins, index, &mut self.origins, &mut self.bytes)?;
        Ok(&self.bytes)
    }

    fn piece(store: &Store, tree: Tree, index: u32, leaf: &mut Leaf, to: &mut Vec<u8>) -> Result<(), Error> {
        if tree.get(&store.inner.pages, &key(index), leaf, to)? {
            Ok(())
        } else {
            let message = format!("there is no sequence {index} among {}", store.header().sequences);
            Err(store.damaged(message))
        }
    }
}
