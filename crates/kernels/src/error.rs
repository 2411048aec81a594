//! What can be wrong with a call: slices that do not fit together, or a level this processor lacks.

/// Why a kernel could not run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A slice is not as long as the sizes beside it ask.
    #[error("{op}: `{slice}` holds {found} values, {expected} are needed")]
    Length {
        /// The operation that was called.
        op: &'static str,
        /// The slice at fault.
        slice: &'static str,
        /// How many values the sizes ask for.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// A size that the operation has no meaning for.
    #[error("{op}: {reason}")]
    Size {
        /// The operation that was called.
        op: &'static str,
        /// What is wrong with the size, in words.
        reason: String,
    },
    /// A level name that means nothing.
    #[error("kernels: no level is called `{name}`; this processor has {available}")]
    UnknownLevel {
        /// The name as given.
        name: String,
        /// The names that would work here.
        available: String,
    },
    /// A level that exists, but not on this processor.
    #[error("kernels: this processor lacks level `{name}`; it has {available}")]
    MissingLevel {
        /// The name as given.
        name: String,
        /// The names that would work here.
        available: String,
    },
}

/// Checks that `slice` is exactly `expected` values long.
pub(crate) fn check_length(op: &'static str, slice: &'static str, expected: usize, found: usize) -> Result<(), Error> {
    if expected == found { Ok(()) } else { Err(Error::Length { op, slice, expected, found }) }
}
