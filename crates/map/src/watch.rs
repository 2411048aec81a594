//! Who looks on while a map is made.

use crate::Error;

/// Is shown the progress of the work, and may stop it.
pub trait Watch {
    /// `done` of `total` steps of this part of the work are done.
    fn step(&mut self, _part: &'static str, _done: usize, _total: usize) {}

    /// Should the work stop?
    fn is_stopped(&self) -> bool {
        false
    }
}

/// Nobody looks on.
impl Watch for () {}

/// Reports a step; an error if the work should stop.
pub(crate) fn step(watch: &mut dyn Watch, part: &'static str, done: usize, total: usize) -> Result<(), Error> {
    watch.step(part, done, total);
    if watch.is_stopped() { Err(Error::Stopped) } else { Ok(()) }
}
