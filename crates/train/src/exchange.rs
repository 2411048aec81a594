//! What processes of one run tell each other: sums of gradients and of numbers.
//!
//! Every rank has a whole copy of the model, draws batches of its own, and takes the same step. Whoever brings an engine
//! such as MPI implements [`Exchange`]; a run of one process is [`Alone`].

use crate::{Error, Gradients};

/// Which of how many processes this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// From 0.
    pub rank: usize,
    /// How many there are.
    pub ranks: usize,
}

impl Default for Share {
    /// The only one.
    fn default() -> Self {
        Self { rank: 0, ranks: 1 }
    }
}

/// Sums over all processes of a run. Every rank calls the same methods in the same order.
pub trait Exchange {
    /// Which of how many this is.
    fn share(&self) -> Share;

    /// Replaces numbers by their sums over all ranks, the same bits everywhere.
    ///
    /// # Errors
    /// A rank is gone.
    fn sum(&mut self, numbers: &mut [f64]) -> Result<(), Error>;

    /// Replaces gradients by their sums over all ranks, the same bits everywhere. All ranks have the same tensors in
    /// the same order; [`Gradients::on_host`] gives them as slices.
    ///
    /// # Errors
    /// A rank is gone.
    fn reduce(&mut self, gradients: &mut Gradients) -> Result<(), Error>;
}

/// A run of one process.
#[derive(Debug, Clone, Copy, Default)]
pub struct Alone;

impl Exchange for Alone {
    fn share(&self) -> Share {
        Share::default()
    }

    fn sum(&mut self, _numbers: &mut [f64]) -> Result<(), Error> {
        Ok(())
    }

    fn reduce(&mut self, _gradients: &mut Gradients) -> Result<(), Error> {
        Ok(())
    }
}
