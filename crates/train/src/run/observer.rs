//! What a run tells about itself while it goes: for a progress bar, a log, an event file.

use std::path::Path;

use rinalmo_corpus::sample::Position;
use serde::Serialize;

use crate::Validation;

/// Is told what happens. Only the first process of a run tells.
pub trait Observer {
    /// A step was taken.
    fn step(&mut self, _report: &StepReport) {}

    /// An epoch begins. `trained` parameters of `parameters` train in it.
    fn epoch(&mut self, _epoch: u64, _trained: usize, _parameters: usize) {}

    /// The model was validated.
    fn validated(&mut self, _report: &ValidationReport) {}

    /// A checkpoint was written.
    fn saved(&mut self, _step: u64, _path: &Path) {}
}

/// Tells nobody.
impl Observer for () {}

/// A step.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepReport {
    /// Counted from 1.
    pub step: u64,
    /// Its epoch, from 0.
    pub epoch: u64,
    /// Where its last batch stands.
    pub at: Position,
    /// The mean loss over all processes.
    pub loss: f64,
    /// What the mean is over.
    pub weight: f64,
    /// The learning rate.
    pub rate: f64,
    /// The gradients' norm before clipping.
    pub norm: f64,
    /// Whether they were clipped.
    pub clipped: bool,
    /// Tokens of all processes, padding not counted.
    pub tokens: u64,
    /// Seconds it took.
    pub seconds: f64,
    /// Seconds of them spent waiting for batches.
    pub waited: f64,
}

impl StepReport {
    /// Tokens a second, of all processes.
    pub fn tokens_per_second(&self) -> f64 {
        self.tokens as f64 / self.seconds.max(f64::MIN_POSITIVE)
    }

    /// The share of the time in which the device waited for batches.
    pub fn share_waiting(&self) -> f64 {
        self.waited / self.seconds.max(f64::MIN_POSITIVE)
    }
}

/// A validation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ValidationReport {
    /// After so many steps.
    pub step: u64,
    /// In this epoch.
    pub epoch: u64,
    /// What was found, over all processes.
    pub validation: Validation,
    /// The number by which models are chosen, lower is better.
    pub score: Option<f64>,
    /// Whether it is the best so far.
    pub best: bool,
    /// Seconds it took.
    pub seconds: f64,
}
