//! Errors of a call: slices of inconsistent lengths, or a level that this processor does not have.

/// Why a kernel could not run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A slice does not have the length that the sizes require.
    #[error("{op}: `{slice}` holds {found} values, {expected} are needed")]
    Length {
        /// The operation that was called.
        op: &'static str,
        /// The slice with the wrong length.
        slice: &'static str,
        /// The required length.
        expected: usize,
        /// The length that was found.
        found: usize,
    },
    /// A size that the operation is not defined for.
    #[error("{op}: {reason}")]
    Size {
        /// The operation that was called.
        op: &'static str,
        /// What is wrong with the size, in words.
        reason: String,
    },
    /// An unknown name of a level.
    #[error("kernels: no level is called `{name}`; this processor has {available}")]
    UnknownLevel {
        /// The name as given.
        name: String,
        /// The names of this processor's levels.
        available: String,
    },
    /// A level that this processor does not have.
    #[error("kernels: this processor lacks level `{name}`; it has {available}")]
    MissingLevel {
        /// The name as given.
        name: String,
        /// The names of this processor's levels.
        available: String,
    },
}

/// Checks that `slice` holds exactly `expected` values.
pub(crate) fn check_length(op: &'static str, slice: &'static str, expected: usize, found: usize) -> Result<(), Error> {
    if expected == found { Ok(()) } else { Err(Error::Length { op, slice, expected, found }) }
}
