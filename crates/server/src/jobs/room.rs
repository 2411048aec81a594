//! Memory that jobs may take, counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes that all jobs may take together.
pub struct Pool {
    most: u64,
    taken: Arc<AtomicU64>,
}

/// A part of a [`Pool`], which is given back when it is dropped.
pub struct Room {
    most: u64,
    taken: Arc<AtomicU64>,
    bytes: AtomicU64,
}

impl Pool {
    /// A pool of `most` bytes.
    pub fn new(most: u64) -> Self {
        Self { most, taken: Arc::default() }
    }

    /// The bytes that are taken.
    pub fn taken(&self) -> u64 {
        self.taken.load(Ordering::SeqCst)
    }

    /// Takes bytes, if that many are left.
    pub fn take(&self, bytes: u64) -> Option<Room> {
        let room = Room { most: self.most, taken: self.taken.clone(), bytes: AtomicU64::new(0) };
        room.grow(bytes).then_some(room)
    }
}

impl Room {
    /// The bytes it has.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::SeqCst)
    }

    /// Takes more bytes, if that many are left. Says whether it did.
    pub fn grow(&self, bytes: u64) -> bool {
        let sum = |taken: u64| taken.checked_add(bytes).filter(|sum| *sum <= self.most);
        let has_grown = self.taken.fetch_update(Ordering::SeqCst, Ordering::SeqCst, sum).is_ok();
        if has_grown {
            self.bytes.fetch_add(bytes, Ordering::SeqCst);
        }
        has_grown
    }

    /// Gives bytes back, at most as many as it has.
    pub fn shrink(&self, bytes: u64) {
        let rest = |own: u64| Some(own.saturating_sub(bytes));
        let own = self.bytes.fetch_update(Ordering::SeqCst, Ordering::SeqCst, rest).unwrap_or_else(|own| own);
        self.taken.fetch_sub(own.min(bytes), Ordering::SeqCst);
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.taken.fetch_sub(*self.bytes.get_mut(), Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rooms_never_take_more_than_there_is_and_give_all_back() {
        let pool = Pool::new(10);
        let room = pool.take(6).unwrap();
        assert!(pool.take(5).is_none() && !room.grow(5));
        assert!(room.grow(4));
        assert_eq!(pool.taken(), 10);
        room.shrink(3);
        let other = pool.take(2).unwrap();
        other.shrink(100);
        assert_eq!(pool.taken(), 7);
        drop((room, other));
        assert_eq!(pool.taken(), 0);
    }
}
