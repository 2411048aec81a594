//! What is wrong with points or options.

/// Why there is no map.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A number is infinite or NaN.
    #[error("vector {}, value {}: {value} is not finite", row + 1, column + 1)]
    NotFinite {
        /// The vector, from 0.
        row: usize,
        /// Its value, from 0.
        column: usize,
        /// What it is.
        value: f32,
    },
    /// The numbers do not fill whole vectors.
    #[error("{values} values are not whole vectors of {dims} dimensions")]
    Ragged {
        /// The number of values.
        values: usize,
        /// Values per vector.
        dims: usize,
    },
    /// There are too few points for the method.
    #[error("expected at least {least} vectors, found {found}")]
    TooFew {
        /// The number of points.
        found: usize,
        /// The least that the method can place.
        least: usize,
    },
    /// The vectors are too long.
    #[error("vectors of {dims} dimensions, expected at most {most}")]
    TooWide {
        /// Values per vector.
        dims: usize,
        /// The most.
        most: usize,
    },
    /// There is not one label for each point.
    #[error("{labels} labels for {points} points")]
    Labels {
        /// The number of labels.
        labels: usize,
        /// The number of points.
        points: usize,
    },
    /// An option has a value that makes no sense for these points.
    #[error("{name}: expected {expected}, found {found}")]
    Option {
        /// The option.
        name: &'static str,
        /// What it may be.
        expected: String,
        /// What it is.
        found: f64,
    },
    /// An option was chosen that the method lacks.
    #[error("{option}: {method} has no such option, {of} has it")]
    OtherMethod {
        /// The option.
        option: &'static str,
        /// The method that was chosen.
        method: &'static str,
        /// The method that has it.
        of: &'static str,
    },
    /// The processor's level of instructions cannot be used.
    #[error(transparent)]
    Kernels(#[from] rinalmo_kernels::Error),
    /// The caller stopped the work.
    #[error("stopped")]
    Stopped,
}
