//! Reports of a run while it is running: for a progress bar, a log, an event file.

use std::path::Path;

use rinalmo_corpus::sample::Position;
use serde::Serialize;

use crate::Validation;

/// Receives the events of a run. Only the first process of a run reports.
pub trait Observer {
    /// A step was made.
    fn step(&mut self, _report: &StepReport) {}

    /// An epoch starts. `trained` of `parameters` parameters train in it.
    fn epoch(&mut self, _epoch: u64, _trained: usize, _parameters: usize) {}

    /// The model was validated.
    fn validated(&mut self, _report: &ValidationReport) {}

    /// A checkpoint was written.
    fn saved(&mut self, _step: u64, _path: &Path) {}

    /// The run went back to a checkpoint.
    fn returned(&mut self, _report: &ReturnReport) {}
}

/// Ignores everything.
impl Observer for () {}

/// The report of a step.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepReport {
    /// Counted from 1.
    pub step: u64,
    /// Its epoch, from 0.
    pub epoch: u64,
    /// Position of its last batch.
    pub at: Position,
    /// The mean loss over all processes.
    pub loss: f64,
    /// What the mean is over: the sum of the weights.
    pub weight: f64,
    /// The learning rate.
    pub rate: f64,
    /// The gradients' norm before clipping.
    pub norm: f64,
    /// Whether they were clipped.
    pub clipped: bool,
    /// Tokens of all processes, padding not counted.
    pub tokens: u64,
    /// Its duration in seconds.
    pub seconds: f64,
    /// Seconds of it spent waiting for batches.
    pub waited: f64,
}

impl StepReport {
    /// Tokens per second, of all processes.
    pub fn tokens_per_second(&self) -> f64 {
        self.tokens as f64 / self.seconds.max(f64::MIN_POSITIVE)
    }

    /// The fraction of the time in which the device waited for batches.
    pub fn share_waiting(&self) -> f64 {
        self.waited / self.seconds.max(f64::MIN_POSITIVE)
    }
}

/// The report of a return to a checkpoint.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReturnReport {
    /// The step of the checkpoint.
    pub step: u64,
    /// The step that was not taken.
    pub from: u64,
    /// Why, in words.
    pub what: String,
    /// From now on the schedule's rate is multiplied by this.
    pub factor: f64,
}

/// The report of a validation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ValidationReport {
    /// After this many steps.
    pub step: u64,
    /// In this epoch.
    pub epoch: u64,
    /// Its result, over all processes.
    pub validation: Validation,
    /// The number that selects the best model, lower is better.
    pub score: Option<f64>,
    /// Whether it is the best so far.
    pub best: bool,
    /// Its duration in seconds.
    pub seconds: f64,
}
