//! Communication of the processes of a run: sums of gradients and of numbers.
//!
//! Every rank has a complete copy of the model, draws its own batches, and makes the same step. Gradients are sent in
//! pieces while the backward pass is still running. Feature `mpi` adds `Mpi`, for processes started by `mpirun`. Other
//! libraries can be used by implementing [`Exchange`]; a run of one process uses [`Alone`].

#[cfg(any(feature = "mpi", test))]
mod cores;
#[cfg(feature = "mpi")]
mod mpi;

use crate::{Error, Gradients};

#[cfg(feature = "mpi")]
pub use mpi::Mpi;

/// The rank of a process and the number of ranks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// The rank, from 0.
    pub rank: usize,
    /// Number of ranks.
    pub ranks: usize,
}

impl Default for Share {
    /// A single process.
    fn default() -> Self {
        Self { rank: 0, ranks: 1 }
    }
}

/// Sums over all processes of a run. Every rank calls the same methods in the same order.
pub trait Exchange {
    /// This process's rank and the number of ranks.
    fn share(&self) -> Share;

    /// Replaces numbers by their sums over all ranks, bit for bit the same on every rank. With no numbers it is a
    /// barrier.
    ///
    /// # Errors
    /// If a rank ended.
    fn sum(&mut self, numbers: &mut [f64]) -> Result<(), Error>;

    /// Starts to sum some gradients over all ranks, and may return before that is done. All ranks pass the same tensors
    /// in the same order; [`Gradients::flatten`] gives them as one list of numbers. Only called if there are several
    /// ranks.
    ///
    /// # Errors
    /// If a rank ended.
    fn start(&mut self, piece: Gradients) -> Result<(), Error>;

    /// The sums of everything started since the last call, in that order, bit for bit the same on every rank.
    ///
    /// # Errors
    /// If a rank ended.
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
