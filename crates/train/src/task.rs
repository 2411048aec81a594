//! What the training loop needs of a task: batches, a loss, a validation.

use std::fmt;

use burn::tensor::{Device, Tensor};
use rinalmo_corpus::sample::Position;
use rinalmo_model::memory::{longest_that_fits, mebibytes};
use rinalmo_model::{Model, ModelConfig};
use rinalmo_weights::Document;
use serde::{Deserialize, Serialize};

use crate::{Error, Pass, Share};

/// Something that a model can be trained for.
pub trait Task {
    /// The input of one forward pass.
    type Batch: Send;

    /// Batches from a position on, epoch after epoch without end, prepared in advance. The same position gives the same
    /// batches for any `loading`.
    ///
    /// # Errors
    /// If there is nothing to draw from.
    fn batches(&self, from: Position, loading: Loading) -> Result<Batches<'_, Self::Batch>, Error>;

    /// Checks that this task can train a model of these sizes.
    ///
    /// # Errors
    /// A sentence that names what is missing.
    fn check(&self, config: &ModelConfig) -> Result<(), String>;

    /// Checks that each item of the validation data fits into `budget` bytes, for a model of these sizes on a CPU or
    /// elsewhere. An item that does not fit would end the process after hours of training.
    ///
    /// # Errors
    /// The item that does not fit, what it needs, and what would fit.
    fn afford(&self, _config: &ModelConfig, _on_cpu: bool, _budget: u64) -> Result<(), Unaffordable> {
        Ok(())
    }

    /// The loss of a batch.
    fn loss(&self, pass: &mut Pass<'_>, batch: &Self::Batch) -> Loss;

    /// The mean loss of a batch by guessing without a model, if there is a simple way. A model that comes back to it has
    /// lost what it had learned.
    fn guess(&self, _batch: &Self::Batch) -> Option<f64> {
        None
    }

    /// How many tokens a batch has, padding not counted.
    fn tokens(&self, batch: &Self::Batch) -> usize;

    /// Describes a batch in words by which it can be found again.
    fn describe_batch(&self, batch: &Self::Batch) -> String;

    /// Validates a model without gradients. The parts of all ranks are summed, so each rank only uses its share of the
    /// data, and returns the same parts in the same order.
    ///
    /// # Errors
    /// If the data cannot be read.
    fn validate(&self, model: &Model, device: &Device, share: Share) -> Result<Validation, Error>;

    /// Computes the figures to report from the sums of all ranks, such as those at the best of several thresholds.
    fn conclude(&self, _validation: &mut Validation) {}

    /// The number of a validation that selects the best model, lower is better; by default the mean of the first part.
    fn score(&self, validation: &Validation) -> Option<f64> {
        validation.parts.first().and_then(Part::mean)
    }

    /// Writes results of a validation, such as a threshold, into the model's description.
    fn note(&self, _validation: &Validation, _document: &mut Document) {}
}

/// An item that needs more memory than allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unaffordable {
    /// Name of the longest item.
    pub id: String,
    /// Its number of bases.
    pub len: usize,
    /// Bytes that it needs.
    pub needed: u64,
    /// Bytes that are allowed.
    pub budget: u64,
    /// What the memory is for.
    pub what: &'static str,
    /// The most bases that would fit.
    pub fits: usize,
    /// How many items are longer than that.
    pub count: usize,
}

impl fmt::Display for Unaffordable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, len, needed, budget, what, fits, count } = self;
        let (needed, budget) = (mebibytes(*needed), budget >> 20);
        write!(
            f,
            "`{id}` of {len} nt needs {needed} MiB for {what}, {budget} MiB are allowed; up to {fits} nt fit, {count} of \
             the sequences are longer"
        )
    }
}

impl Unaffordable {
    /// Checks items, given as names and lengths.
    pub(crate) fn check<'a>(
        items: impl Iterator<Item = (&'a str, usize)> + Clone,
        budget: u64,
        what: &'static str,
        needed: impl Fn(usize) -> u64,
    ) -> Result<(), Self> {
        match items.clone().max_by_key(|(_, len)| *len) {
            Some((id, len)) if needed(len) > budget => {
                let fits = longest_that_fits(budget, &needed);
                let count = items.filter(|(_, len)| *len > fits).count();
                Err(Self { id: id.to_owned(), len, needed: needed(len), budget, what, fits, count })
            }
            _ => Ok(()),
        }
    }
}

/// Batches without end.
pub type Batches<'a, B> = Box<dyn Iterator<Item = Result<Drawn<B>, Error>> + 'a>;

/// A batch and its position.
#[derive(Debug, Clone)]
pub struct Drawn<B> {
    /// Its epoch, and its index in the epoch.
    pub at: Position,
    /// The batch.
    pub batch: B,
}

/// How batches are prepared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Loading {
    /// Threads that prepare batches.
    pub threads: usize,
    /// Batches that each of them may prepare in advance.
    pub ahead: usize,
}

impl Default for Loading {
    fn default() -> Self {
        Self { threads: 1, ahead: 4 }
    }
}

/// The loss of a batch, not yet a mean: sums of several batches and processes are added first and divided once.
///
/// With losses `l_i` and weights `w_i` of the `n` items of a step, whatever batches and processes they came in,
///
/// ```text
/// L = Σ w_i l_i / Σ w_i            the loss that is reported and watched
/// g = clip(∇L) · Σ w_i / n         the gradient that the optimiser takes
/// ```
///
/// The normaliser `Σ w_i` and the weight `Σ w_i / n` are different. Without clipping `g = Σ w_i ∇l_i / n`, so an item
/// of weight ½ moves the model half as far as one of weight 1, whether it is alone in its batch or not. Clipping
/// applies to the weighted mean: it neither cancels a weight above 1 nor treats a weight below 1 differently. If all
/// weights are 1, this is the mean.
pub struct Loss {
    /// `Σ w_i l_i` over what is scored, `[1]`, in f32.
    pub sum: Tensor<1>,
    /// `Σ w_i`.
    pub weight: f64,
    /// `n`: the number of scored items, whatever their weights.
    pub count: f64,
}

/// What a validation found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Validation {
    /// The whole first, then its parts.
    pub parts: Vec<Part>,
}

/// A sum over some of the data and its weight.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// Which data.
    pub name: String,
    /// The sum.
    pub sum: f64,
    /// The weight that it is divided by.
    pub weight: f64,
}

impl Part {
    /// The mean; `None` if there is nothing.
    pub fn mean(&self) -> Option<f64> {
        (self.weight > 0.0).then(|| self.sum / self.weight)
    }
}

impl Validation {
    /// The part of this name.
    pub fn part(&self, name: &str) -> Option<&Part> {
        self.parts.iter().find(|part| part.name == name)
    }

    /// The mean of each part, by name; those without data are left out.
    pub fn means(&self) -> impl Iterator<Item = (&str, f64)> {
        self.parts.iter().filter_map(|part| Some((part.name.as_str(), part.mean()?)))
    }

    /// Sums and weights one after the other, to be summed over ranks.
    pub(crate) fn numbers(&self) -> Vec<f64> {
        self.parts.iter().flat_map(|part| [part.sum, part.weight]).collect()
    }

    /// Sets sums and weights from such a list.
    pub(crate) fn set_numbers(&mut self, numbers: &[f64]) {
        for (part, pair) in self.parts.iter_mut().zip(numbers.chunks_exact(2)) {
            (part.sum, part.weight) = (pair[0], pair[1]);
        }
    }
}
