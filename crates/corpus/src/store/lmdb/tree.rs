//! Finding a key in a tree of pages.

use super::file::{Page, Pages};
use super::meta::PAGE_HEADER;
use super::page::{Nodes, Value, begins_value};
use super::{u16_at, u64_at};
use crate::Error;

/// Deeper than any tree that LMDB makes (`CURSOR_STACK`).
const DEEPEST: u16 = 32;
/// Bits of a tree's flags that say how its keys are ordered and repeated; a store has none.
const ORDERS: u16 = 0x7e;

/// Where a tree begins.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct Tree {
    flags: u16,
    depth: u16,
    root: u64,
}

/// The leaf that was read last, so that neighbours are found without reading it again.
#[derive(Default)]
pub(in crate::store) struct Leaf(Option<(u64, Page)>);

impl Tree {
    /// Bytes of a description.
    pub(super) const BYTES: usize = 48;

    /// Reads a description of [`BYTES`](Self::BYTES).
    pub(super) fn parse(bytes: &[u8]) -> Self {
        Self { flags: u16_at(bytes, 4), depth: u16_at(bytes, 6), root: u64_at(bytes, 40) }
    }

    /// The tree of this name within this one.
    pub(in crate::store) fn tree(&self, pages: &Pages, name: &[u8]) -> Result<Option<Self>, Error> {
        match self.value(pages, name, &mut Leaf::default(), |value| match value {
            Value::Tree(bytes) if bytes.len() == Self::BYTES => Some(Self::parse(bytes)),
            _ => None,
        })? {
            None => Ok(None),
            Some(Some(tree)) => Ok(Some(tree)),
            Some(None) => Err(pages.damaged(format!("`{}` is not a tree", String::from_utf8_lossy(name)))),
        }
    }

    /// Replaces `to` by the value of `key`; whether there is one.
    pub(in crate::store) fn get(
        &self,
        pages: &Pages,
        key: &[u8],
        leaf: &mut Leaf,
        to: &mut Vec<u8>,
    ) -> Result<bool, Error> {
        to.clear();
        let found = self.value(pages, key, leaf, |value| match value {
            Value::Here(bytes) => {
                to.extend_from_slice(bytes);
                Some(None)
            }
            Value::Pages { first, length } => Some(Some((first, length))),
            Value::Tree(_) => None,
        })?;
        match found {
            None => Ok(false),
            Some(Some(None)) => Ok(true),
            Some(Some(Some((first, length)))) => {
                pages.read_run(first, PAGE_HEADER + length, to)?;
                if !begins_value(to, first, length, pages.size()) {
                    return Err(pages.damaged(format!("page {first} does not begin a value of {length} bytes")));
                }
                to.drain(..PAGE_HEADER);
                Ok(true)
            }
            Some(None) => Err(pages.damaged("there is a tree where a value should be")),
        }
    }

    /// What `read` makes of the value of `key`; `None` if there is none.
    fn value<T>(
        &self,
        pages: &Pages,
        key: &[u8],
        leaf: &mut Leaf,
        read: impl FnOnce(Value<'_>) -> T,
    ) -> Result<Option<T>, Error> {
        let Some((number, page)) = self.leaf(pages, key, leaf)? else { return Ok(None) };
        let damaged = || pages.damaged(format!("page {number} is not the leaf it should be"));
        let nodes = Nodes::leaf(&page, number).ok_or_else(damaged)?;
        let Some(index) = nodes.find(key, 0) else { return Ok(None) };
        if nodes.key(index).ok_or_else(damaged)? == key {
            nodes.value(index).map(|value| Some(read(value))).ok_or_else(damaged)
        } else {
            Ok(None)
        }
    }

    /// The leaf that has `key`, if any has.
    fn leaf(&self, pages: &Pages, key: &[u8], leaf: &mut Leaf) -> Result<Option<(u64, Page)>, Error> {
        if self.root == u64::MAX {
            return Ok(None);
        }
        if self.flags & ORDERS != 0 || !(1..=DEEPEST).contains(&self.depth) {
            return Err(pages.damaged("a tree has other flags than a store's"));
        }
        let mut number = self.root;
        for _ in 1..self.depth {
            let page = pages.keep(number)?;
            let nodes = Nodes::branch(&page, number).filter(|nodes| nodes.count() > 0);
            // The first node of a branch has no key.
            let child = nodes.and_then(|nodes| nodes.child(nodes.find(key, 1)?));
            number = child.ok_or_else(|| pages.damaged(format!("page {number} is not the branch it should be")))?;
        }
        match &leaf.0 {
            Some((held, page)) if *held == number => Ok(Some((number, page.clone()))),
            _ => {
                let page = pages.read(number)?;
                leaf.0 = Some((number, page.clone()));
                Ok(Some((number, page)))
            }
        }
    }
}
