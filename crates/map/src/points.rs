//! The input: vectors of one length.

use crate::Error;

/// The most dimensions: the matrix of their covariances must fit into memory.
const MOST_DIMS: usize = 8192;

/// Vectors of one length, every value finite.
#[derive(Debug, Clone, PartialEq)]
pub struct Points {
    values: Vec<f32>,
    dims: usize,
}

impl Points {
    /// Vectors of `dims` values, one after the other.
    ///
    /// # Errors
    /// A value is not finite, or the values do not fill whole vectors.
    pub fn new(values: Vec<f32>, dims: usize) -> Result<Self, Error> {
        if dims == 0 || !values.len().is_multiple_of(dims) {
            return Err(Error::Ragged { values: values.len(), dims });
        }
        if dims > MOST_DIMS {
            return Err(Error::TooWide { dims, most: MOST_DIMS });
        }
        match values.iter().position(|value| !value.is_finite()) {
            Some(place) => Err(Error::NotFinite { row: place / dims, column: place % dims, value: values[place] }),
            None => Ok(Self { values, dims }),
        }
    }

    /// The points of a map.
    ///
    /// # Errors
    /// A place is not finite.
    pub fn from_map(map: &[[f64; 2]]) -> Result<Self, Error> {
        Self::new(map.iter().flatten().map(|&value| value as f32).collect(), 2)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.values.len() / self.dims
    }

    /// Are there none?
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Values per vector.
    pub fn dims(&self) -> usize {
        self.dims
    }

    /// All values, `[len, dims]`.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The mean vector.
    pub(crate) fn mean(&self) -> Vec<f64> {
        let mut sums = vec![0.0; self.dims];
        for row in self.values.chunks_exact(self.dims) {
            sums.iter_mut().zip(row).for_each(|(sum, &value)| *sum += f64::from(value));
        }
        sums.iter_mut().for_each(|sum| *sum /= self.len().max(1) as f64);
        sums
    }

    /// The vectors without their mean, divided so that the largest value is 1, and what they were divided by. Maps do not
    /// depend on the unit, and squares of such numbers neither overflow nor vanish.
    pub(crate) fn normalized(&self) -> (Vec<f32>, f64) {
        let mean = self.mean();
        let centred = |place: usize| f64::from(self.values[place]) - mean[place % self.dims];
        let most = (0..self.values.len()).map(|place| centred(place).abs()).fold(0.0, f64::max);
        let unit = if most > 0.0 { most } else { 1.0 };
        ((0..self.values.len()).map(|place| (centred(place) / unit) as f32).collect(), unit)
    }

    /// Checks that there are at least so many.
    pub(crate) fn check_len(&self, least: usize) -> Result<(), Error> {
        if self.len() < least { Err(Error::TooFew { found: self.len(), least }) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_are_not_finite_are_refused_with_their_place() {
        let error = Points::new(vec![0.0, 1.0, 2.0, f32::NAN], 2).unwrap_err();
        assert_eq!(error.to_string(), "vector 2, value 2: NaN is not finite");
        let error = Points::new(vec![0.0, f32::INFINITY], 2).unwrap_err();
        assert_eq!(error.to_string(), "vector 1, value 2: inf is not finite");
        assert!(Points::new(vec![0.0; 3], 2).is_err() && Points::new(Vec::new(), 0).is_err());
    }

    #[test]
    fn normalized_points_have_no_mean_and_a_largest_value_of_1() {
        let points = Points::new(vec![1e30, 5.0, 3e30, 5.0, 2e30, 5.0], 2).unwrap();
        let expected = [-1.0, 0.0, 1.0, 0.0, 0.0, 0.0];
        points
            .normalized()
            .0
            .iter()
            .zip(expected)
            .for_each(|(found, expected)| assert!((found - expected).abs() < 1e-6));
        assert_eq!(Points::new(vec![7.0; 4], 2).unwrap().normalized(), (vec![0.0; 4], 1.0));
    }
}
