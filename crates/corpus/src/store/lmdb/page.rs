//! The nodes of a branch or leaf page.

use super::meta::PAGE_HEADER;
use super::{u16_at, u32_at, u64_at};

/// Bytes of a node before its key.
const NODE_HEADER: usize = 8;
/// What a page may be.
const BRANCH: u16 = 0x01;
const LEAF: u16 = 0x02;
const OVERFLOW: u16 = 0x04;
/// All bits of page kinds, including those of `MDB_DUPSORT`, which no store has.
const KINDS: u16 = 0x6f;
/// Flags of a node's value: it is on overflow pages, or the root of another tree.
const BIG: u16 = 0x01;
const TREE: u16 = 0x02;
const DUPLICATES: u16 = 0x04;

/// A page of nodes, their keys ascending.
pub(super) struct Nodes<'p> {
    bytes: &'p [u8],
    count: usize,
}

/// Where a value is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Value<'p> {
    /// In the node.
    Here(&'p [u8]),
    /// A number of bytes on overflow pages, from this page on.
    Pages { first: u64, length: usize },
    /// The description of another tree.
    Tree(&'p [u8]),
}

impl<'p> Nodes<'p> {
    /// A page that must be a branch.
    pub(super) fn branch(bytes: &'p [u8], number: u64) -> Option<Self> {
        Self::parse(bytes, number, BRANCH)
    }

    /// A page that must be a leaf.
    pub(super) fn leaf(bytes: &'p [u8], number: u64) -> Option<Self> {
        Self::parse(bytes, number, LEAF)
    }

    fn parse(bytes: &'p [u8], number: u64, kind: u16) -> Option<Self> {
        let (lower, upper) = (usize::from(u16_at(bytes, 12)), usize::from(u16_at(bytes, 14)));
        let fits = u64_at(bytes, 0) == number
            && u16_at(bytes, 10) & KINDS == kind
            && (PAGE_HEADER..=upper).contains(&lower)
            && upper <= bytes.len();
        fits.then(|| Self { bytes, count: (lower - PAGE_HEADER) / 2 })
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    fn node(&self, index: usize) -> Option<&'p [u8]> {
        let at = usize::from(u16_at(self.bytes, PAGE_HEADER + 2 * index));
        self.bytes.get(at..).filter(|node| index < self.count && at >= PAGE_HEADER && node.len() >= NODE_HEADER)
    }

    /// The key of a node.
    pub(super) fn key(&self, index: usize) -> Option<&'p [u8]> {
        let node = self.node(index)?;
        node.get(NODE_HEADER..NODE_HEADER + usize::from(u16_at(node, 6)))
    }

    /// The page that a node of a branch leads to.
    pub(super) fn child(&self, index: usize) -> Option<u64> {
        let node = self.node(index)?;
        Some(u64::from(u32_at(node, 0)) | u64::from(u16_at(node, 4)) << 32)
    }

    /// The value of a node of a leaf.
    pub(super) fn value(&self, index: usize) -> Option<Value<'p>> {
        let node = self.node(index)?;
        let (length, flags) = (u32_at(node, 0) as usize, u16_at(node, 4));
        let after = &node[(NODE_HEADER + usize::from(u16_at(node, 6))).min(node.len())..];
        match flags & (BIG | TREE | DUPLICATES) {
            0 => after.get(..length).map(Value::Here),
            BIG => (after.len() >= 8).then(|| Value::Pages { first: u64_at(after, 0), length }),
            TREE => after.get(..length).map(Value::Tree),
            _ => None,
        }
    }

    /// The last node whose key is not above `key`; the keys before `first` are known to be below it.
    pub(super) fn find(&self, key: &[u8], first: usize) -> Option<usize> {
        let (mut low, mut high) = (first, self.count);
        while low < high {
            let middle = low.midpoint(high);
            if self.key(middle)? <= key { low = middle + 1 } else { high = middle }
        }
        low.checked_sub(1)
    }
}

/// Whether a page begins a value of `length` bytes on overflow pages.
pub(super) fn begins_value(page: &[u8], number: u64, length: usize, page_size: usize) -> bool {
    u64_at(page, 0) == number
        && u16_at(page, 10) & KINDS == OVERFLOW
        && PAGE_HEADER + length <= u32_at(page, 12) as usize * page_size
}
