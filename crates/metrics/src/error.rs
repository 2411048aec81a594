//! Errors of the inputs.

/// Why no score could be computed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The two lists to compare differ in length.
    #[error("metrics: {predicted} predictions for {actual} actual values, expected one for each")]
    LengthsDiffer {
        /// Number of predictions.
        predicted: usize,
        /// Number of actual values.
        actual: usize,
    },
    /// There are no values to score.
    #[error("metrics: no values to score, expected at least one")]
    Empty,
    /// A class number is not below the number of classes.
    #[error("metrics: item {item} has class {class}, expected a number below {classes}")]
    UnknownClass {
        /// Index of the item in its list.
        item: usize,
        /// The class found there.
        class: usize,
        /// Number of classes.
        classes: usize,
    },
    /// A value is not a number.
    #[error("metrics: item {item} is not a number")]
    NotANumber {
        /// Index of the item in its list.
        item: usize,
    },
}

/// Checks that the lists match and are not empty.
pub(crate) fn same_length(predicted: usize, actual: usize) -> Result<(), Error> {
    if predicted != actual {
        Err(Error::LengthsDiffer { predicted, actual })
    } else if actual == 0 {
        Err(Error::Empty)
    } else {
        Ok(())
    }
}

/// Checks that no value is NaN.
pub(crate) fn numbers(values: &[f64]) -> Result<(), Error> {
    values.iter().position(|value| value.is_nan()).map_or(Ok(()), |item| Err(Error::NotANumber { item }))
}
