//! How much there is to train.

use rinalmo_train::Options;

/// How much there is to train; `E` is the size of an epoch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outlook<E> {
    /// Parameters of the model.
    pub parameters: usize,
    /// Steps taken already.
    pub step: u64,
    /// Steps when it is done, if steps or epochs are limited.
    pub steps: Option<u64>,
    /// Seconds it may take, if limited.
    pub seconds: Option<f64>,
    /// The size of an epoch.
    pub epoch: E,
}

/// Steps of a run whose epochs have so many batches, if steps or epochs are limited.
pub(crate) fn steps(options: &Options, batches: u64) -> Option<u64> {
    let by_epochs =
        options.until.epochs.map(|epochs| epochs.saturating_mul(batches).div_ceil(options.accumulate as u64));
    by_epochs.into_iter().chain(options.until.steps).min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rinalmo_train::Limits;

    #[test]
    fn the_limit_that_is_reached_first_counts() {
        let of = |steps_limit, epochs| {
            let until = Limits { steps: steps_limit, epochs, seconds: Some(1.0) };
            steps(&Options { accumulate: 3, until, ..Options::default() }, 10)
        };
        assert_eq!((of(None, Some(3)), of(None, Some(2)), of(None, None)), (Some(10), Some(7), None));
        assert_eq!((of(Some(8), Some(3)), of(Some(12), Some(3))), (Some(8), Some(10)));
        assert_eq!((of(None, Some(0)), of(Some(8), Some(u64::MAX))), (Some(0), Some(8)));
    }
}
