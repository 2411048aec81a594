//! Who does the work on a row: this thread or several, with the vector instructions that the processor has.

use rayon::prelude::*;

/// Sequences from this length on are worth sharing; those below take less than some ten milliseconds.
const SHARED: usize = 300;

pub(crate) struct Workers {
    arch: pulp::Arch,
    shared: bool,
}

impl Workers {
    /// This thread alone.
    pub fn one() -> Self {
        Self { arch: pulp::Arch::new(), shared: false }
    }

    /// All threads of the pool, if a sequence of `len` is worth it.
    pub fn all(len: usize) -> Self {
        Self { shared: len >= SHARED, ..Self::one() }
    }

    /// Does the whole of `work` on one of the threads that share it, or every row would have to ask for entry.
    pub fn enter<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        if self.shared { rayon::scope(|_| work()) } else { work() }
    }

    /// Does on each item, with its index, the task that is made for it.
    pub fn each<I: Send>(&self, items: &mut [I], work: impl Fn((usize, &mut I)) + Sync + Send) {
        match self.shared && items.len() > 1 {
            true => items.par_iter_mut().enumerate().for_each(work),
            false => items.iter_mut().enumerate().for_each(work),
        }
    }

    /// Does one task with vector instructions.
    ///
    /// Nothing is fused or reordered by them, so they change no bit of a result.
    pub fn run(&self, task: impl pulp::WithSimd<Output = ()>) {
        self.arch.dispatch(task);
    }
}
