//! Checks that results are finite.
//!
//! A weight that is NaN or infinite, or a sum that overflows, spreads through a model and ends as a structure without
//! pairs or as a vector of NaN. So every result is checked as it leaves the model. If one is not finite, the weights
//! are searched for the cause.

use rinalmo_model::cpu::Precision;
use rinalmo_weights::NotFinite;

use crate::error::Cause;
use crate::{Error, Model};

/// Bits of an exponent; all are set only in infinities and NaN.
const EXPONENT: u32 = 0x7f80_0000;
/// Numbers checked before an early return: few enough for the cache, many enough for vector instructions.
const CHUNK: usize = 4096;

/// Is every number finite? There is no branch for each number, so that checking is as fast as reading.
pub fn all_finite(values: &[f32]) -> bool {
    let sound = |chunk: &[f32]| !chunk.iter().fold(false, |bad, x| bad | (x.to_bits() & EXPONENT == EXPONENT));
    values.chunks(CHUNK).all(sound)
}

impl Model {
    /// Checks that results are finite.
    ///
    /// # Errors
    /// [`Error::NotFinite`], with the likely cause.
    pub(crate) fn finite(&self, values: &[f32]) -> Result<(), Error> {
        if all_finite(values) { Ok(()) } else { Err(self.not_finite()) }
    }

    /// The error of results that are not finite. The weights are searched only once.
    fn not_finite(&self) -> Error {
        let broken = self.broken.get_or_init(|| self.checkpoint.first_not_finite());
        not_finite(&self.meta.name, "this sequence", broken.as_ref(), self.precision)
    }
}

/// The error of a model whose results for `what` are not finite; `broken` is a weight that is not finite either.
pub fn not_finite(model: &str, what: &'static str, broken: Option<&NotFinite>, precision: Precision) -> Error {
    let cause = broken.cloned().map_or(Cause::Overflow(precision), Cause::Weight);
    Error::NotFinite { model: model.to_owned(), what, cause }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bad_number_anywhere_is_found() {
        for len in [1, 7, CHUNK, CHUNK + 1, 3 * CHUNK - 1] {
            let mut values = vec![f32::MAX; len];
            values[len / 2] = f32::MIN_POSITIVE / 2.0;
            assert!(all_finite(&values));
            for bad in [f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                for at in [0, len / 2, len - 1] {
                    let kept = std::mem::replace(&mut values[at], bad);
                    assert!(!all_finite(&values), "{bad} at {at} of {len}");
                    values[at] = kept;
                }
            }
        }
        assert!(all_finite(&[]));
    }
}
