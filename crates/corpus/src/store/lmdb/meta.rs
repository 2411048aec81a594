//! The first two pages: which trees there are. LMDB writes them in turn; the newer valid one counts.

use super::tree::Tree;
use super::{u16_at, u32_at, u64_at};

/// Bytes of a page's header.
pub(super) const PAGE_HEADER: usize = 16;
/// Offsets of the parts of a meta page.
const MAGIC: usize = PAGE_HEADER;
const VERSION: usize = MAGIC + 4;
const FREE: usize = VERSION + 4 + 8 + 8; // past an address and the size of the map
const MAIN: usize = FREE + Tree::BYTES;
const LAST_PAGE: usize = MAIN + Tree::BYTES;
const TRANSACTION: usize = LAST_PAGE + 8;
/// Bytes that a meta page holds.
const END: usize = TRANSACTION + 8;

/// What a meta page says.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct Meta {
    /// Bytes of a page.
    pub(in crate::store) page_size: usize,
    /// The number of the last page in use.
    pub(in crate::store) last_page: u64,
    /// The tree of the other trees, by name.
    pub(in crate::store) main: Tree,
    transaction: u64,
}

impl Meta {
    /// Bytes at the start of a file that show what it is.
    pub(in crate::store) const BYTES: usize = END;

    /// Reads a meta page; `None` if it is something else.
    pub(in crate::store) fn parse(page: &[u8]) -> Option<Self> {
        let valid = page.len() >= END && u32_at(page, MAGIC) == 0xBEEF_C0DE && u32_at(page, VERSION) == 1;
        let page_size = u32_at(page, FREE) as usize;
        let fits = page_size.is_power_of_two() && (512..=1 << 15).contains(&page_size);
        (valid && fits && u16_at(page, 10) & 0x08 != 0).then(|| Self {
            page_size,
            last_page: u64_at(page, LAST_PAGE),
            main: Tree::parse(&page[MAIN..MAIN + Tree::BYTES]),
            transaction: u64_at(page, TRANSACTION),
        })
    }

    /// The newer of the two that could be read.
    pub(in crate::store) fn newer(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        one.into_iter().chain(other).max_by_key(|meta| meta.transaction)
    }
}
