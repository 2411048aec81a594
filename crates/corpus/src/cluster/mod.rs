//! Clusters of similar sequences: two engines with one trait.
//!
//! [`Builtin`] needs nothing but this crate; [`Mmseqs`] runs the program the paper used. Both put every sequence into
//! one cluster, whose representative it resembles by at least [`Options::identity`] over [`Options::coverage`]. What
//! an engine found is a [`Clusters`]; [`compare`] says how far two of them agree.
//!
//! ```
//! use rinalmo_corpus::cluster::{Builtin, Engine, Options};
//!
//! let parent = "GGGTCTCTCTGGTTAGACCAGATCTGAGCCTGGGAGCTCTCTGGCTAACTAGGGAACC";
//! let child = "GGGTCTCTCTGGTTAGACCAGATCTGAGCCTGGGAGCTCTCTGCCTAACTAGGGAACC";
//! let unrelated = "AAACATGAGGATCACCCATGTCTGCAGGTCGACTCTAGAAAACATGAGG";
//! let clusters = Builtin::default().cluster(&[child, unrelated, parent], &Options::default())?;
//! assert_eq!(clusters.count(), 2);
//! assert_eq!(clusters.representative(0), clusters.representative(2));
//! # Ok::<(), rinalmo_corpus::cluster::Error>(())
//! ```

pub mod align;
mod builtin;
mod clusters;
pub mod compare;
mod error;
mod kmers;
mod mmseqs;
mod options;
mod verify;

pub use builtin::Builtin;
pub use clusters::Clusters;
pub use error::Error;
pub use mmseqs::Mmseqs;
pub use options::{Coverage, Options};

pub(crate) use kmers::{Pattern, encode, reverse_complement};
pub(crate) use verify::{Comparison, Verifier};

/// Sequences that can be read by number, in any order and from many threads.
pub trait Sequences: Sync {
    /// How many there are.
    fn count(&self) -> usize;

    /// Bases in sequence `index`.
    fn length(&self, index: usize) -> usize;

    /// Replaces `to` by sequence `index`: letters `ACGT` and IUPAC codes, upper case.
    fn read(&self, index: usize, to: &mut Vec<u8>);
}

impl<S: AsRef<[u8]> + Sync> Sequences for [S] {
    fn count(&self) -> usize {
        self.len()
    }

    fn length(&self, index: usize) -> usize {
        self[index].as_ref().len()
    }

    fn read(&self, index: usize, to: &mut Vec<u8>) {
        to.clear();
        to.extend_from_slice(self[index].as_ref());
    }
}

impl<S: AsRef<[u8]> + Sync> Sequences for Vec<S> {
    fn count(&self) -> usize {
        self.len()
    }

    fn length(&self, index: usize) -> usize {
        self.as_slice().length(index)
    }

    fn read(&self, index: usize, to: &mut Vec<u8>) {
        self.as_slice().read(index, to);
    }
}

impl<S: AsRef<[u8]> + Sync, const N: usize> Sequences for [S; N] {
    fn count(&self) -> usize {
        N
    }

    fn length(&self, index: usize) -> usize {
        self.as_slice().length(index)
    }

    fn read(&self, index: usize, to: &mut Vec<u8>) {
        self.as_slice().read(index, to);
    }
}

/// A way of finding clusters.
pub trait Engine: Send + Sync {
    /// Its name in options and logs.
    fn name(&self) -> &'static str;

    /// The version of the program that does the work.
    ///
    /// # Errors
    /// [`Error::Missing`] if that program cannot be run.
    fn version(&self) -> Result<String, Error>;

    /// Puts every sequence into a cluster, on the threads of the current rayon pool.
    ///
    /// # Errors
    /// [`Error::Options`] for limits outside 0…1, and all errors of the engine.
    fn cluster(&self, sequences: &dyn Sequences, options: &Options) -> Result<Clusters, Error>;
}
