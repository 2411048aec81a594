//! Runs the work on a row: on this thread or on several, with the vector instructions that the processor has.

use rayon::prelude::*;

/// Length in bases from which a sequence is split over threads; shorter ones take less than about ten milliseconds.
const SHARED: usize = 300;

pub(crate) struct Workers {
    arch: pulp::Arch,
    shared: bool,
}

impl Workers {
    /// Only this thread.
    pub fn one() -> Self {
        Self { arch: pulp::Arch::new(), shared: false }
    }

    /// All threads of the pool, if a sequence of `len` bases is long enough.
    pub fn all(len: usize) -> Self {
        Self { shared: len >= SHARED, ..Self::one() }
    }

    /// Runs all of `work` on one thread of the pool. Otherwise every row would have to enter the pool.
    pub fn enter<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        if self.shared { rayon::scope(|_| work()) } else { work() }
    }

    /// Runs `work` on each item with its index.
    pub fn each<I: Send>(&self, items: &mut [I], work: impl Fn((usize, &mut I)) + Sync + Send) {
        if self.shared && items.len() > 1 {
            items.par_iter_mut().enumerate().for_each(work);
        } else {
            items.iter_mut().enumerate().for_each(work);
        }
    }

    /// Runs one task with vector instructions.
    ///
    /// They fuse and reorder no operations, so they do not change a bit of the result.
    pub fn run(&self, task: impl pulp::WithSimd<Output = ()>) {
        self.arch.dispatch(task);
    }
}
