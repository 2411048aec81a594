//! Predictions of a model, with the calibration of its probabilities.

use rinalmo_metrics::calibration::Calibration;

use super::{Predictions, Watch};
use crate::Error;
use crate::problem::{Problem, ProblemKind};
use crate::references::{Reference, References};
use rinalmo_infer::{FoldOptions, Model, PairMap};

/// Bins of the reliability curve.
const BINS: usize = 20;
/// Pairs of lower probability are not counted: they are nearly all pairs, and nearly all of them are false.
pub(crate) const LEAST: f32 = 0.01;

impl Predictions {
    /// Folds every reference's sequence. With `calibrate`, pairs with a probability of at least 0.01 are
    /// counted by probability, except those that are too close to be chosen ([`FoldOptions::min_loop`]).
    ///
    /// # Errors
    /// The model has no structure head, or a reference has no sequence.
    pub fn from_model(
        model: &Model,
        references: &References,
        options: &FoldOptions,
        calibrate: bool,
        watch: &mut dyn Watch,
    ) -> Result<Self, Error> {
        let sequences = references.sequences()?;
        watch.begin(model.name(), sequences.len(), sequences.iter().map(|letters| letters.len()).sum());
        let options = options.clone().probabilities(calibrate);
        let mut predictions = Self::none(model.name().to_owned(), references);
        let mut calibration = Calibration::new(BINS);
        let mut order: Vec<usize> = (0..sequences.len()).collect();
        order.sort_by_key(|&number| sequences[number].len()); // batches of similar lengths are faster
        let folds = model.folds(order.iter().map(|&number| sequences[number]), &options)?;
        for (&number, fold) in order.iter().zip(folds) {
            let reference = &references.items[number];
            match fold {
                Ok(fold) => {
                    fold.probabilities.inspect(|map| count(map, reference, options.min_loop, &mut calibration));
                    predictions.structures[number] = Some(fold.structure);
                    predictions.expected_f1[number] = fold.expected_f1;
                }
                Err(error) => {
                    let text = format!("{}: {error}", reference.place);
                    predictions.problems.push(Problem::new(ProblemKind::NoPrediction, text));
                }
            }
            watch.done(sequences[number].len());
            if watch.stopped() {
                break;
            }
        }
        predictions.calibration = calibrate.then_some(calibration);
        Ok(predictions)
    }
}

/// Counts the pairs of one sequence.
fn count(map: &PairMap, reference: &Reference, min_loop: usize, calibration: &mut Calibration) {
    let pairs = reference.structure.pairs();
    for (i, j, probability) in map.above(LEAST).filter(|&(i, j, _)| j - i > min_loop) {
        calibration.add(f64::from(probability), pairs.binary_search(&(i, j)).is_ok());
    }
}
