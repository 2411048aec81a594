//! What processes of one run tell each other: sums of gradients and of numbers.
//!
//! Every rank has a whole copy of the model, draws batches of its own, and takes the same step. Gradients are handed over
//! in pieces while the way back still goes on, so that they travel meanwhile. Feature `mpi` brings `Mpi`, for processes
//! that `mpirun` started; whoever has another engine implements [`Exchange`]; a run of one process is [`Alone`].

#[cfg(any(feature = "mpi", test))]
mod cores;
#[cfg(feature = "mpi")]
mod mpi;

use crate::{Error, Gradients};

#[cfg(feature = "mpi")]
pub use mpi::Mpi;

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

    /// Replaces numbers by their sums over all ranks, the same bits everywhere. With no numbers the ranks wait for each
    /// other.
    ///
    /// # Errors
    /// A rank is gone.
    fn sum(&mut self, numbers: &mut [f64]) -> Result<(), Error>;

    /// Begins to sum some gradients over all ranks, and need not wait until that is done. All ranks have the same
    /// tensors in the same order; [`Gradients::flatten`] gives them as one list of numbers. Asked for only where there
    /// are several ranks.
    ///
    /// # Errors
    /// A rank is gone.
    fn start(&mut self, piece: Gradients) -> Result<(), Error>;

    /// The sums of all that was started since this was called last, one behind the other, the same bits everywhere.
    ///
    /// # Errors
    /// A rank is gone.
    fn collect(&mut self) -> Result<Gradients, Error>;
}

impl<X: Exchange + ?Sized> Exchange for &mut X {
    fn share(&self) -> Share {
        (**self).share()
    }

    fn sum(&mut self, numbers: &mut [f64]) -> Result<(), Error> {
        (**self).sum(numbers)
    }

    fn start(&mut self, piece: Gradients) -> Result<(), Error> {
        (**self).start(piece)
    }

    fn collect(&mut self) -> Result<Gradients, Error> {
        (**self).collect()
    }
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

    fn start(&mut self, _piece: Gradients) -> Result<(), Error> {
        Err(Error::Exchange("there is no other process to send gradients to".into()))
    }

    fn collect(&mut self) -> Result<Gradients, Error> {
        Ok(Gradients::default())
    }
}
