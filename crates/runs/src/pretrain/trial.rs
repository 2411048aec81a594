//! Times a few real steps on a separate model, which is thrown away.

use std::time::Instant;

use rinalmo_corpus::Store;
use rinalmo_corpus::sample::{Epoch, Position};
use rinalmo_model::ModelConfig;
use rinalmo_train::{Alone, Limits, Mlm, MlmConfig, Observer, Options, Share, StepReport, Stop, Trainer, start};
use rinalmo_weights::Document;

use super::estimate::{EpochSize, Memory, training_flops};
use super::{Config, estimate};
use crate::Error;
use rinalmo_infer::{Device, default_budget};

/// Seconds after which no further step starts.
const SECONDS: f64 = 15.0;
/// The most steps of a trial.
const STEPS: u64 = 12;
/// Tokens of a trial batch on a CPU, whose speed does not depend on a batch's size.
const TOKENS: usize = 2048;

/// The result of a trial.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trial {
    /// Steps that were timed, the first one not counted.
    pub steps: u64,
    /// Tokens of the largest of their batches.
    pub tokens: u64,
    /// Tokens a second.
    pub tokens_per_second: f64,
    /// Floating point operations a second.
    pub flops_per_second: f64,
}

/// Why there was no trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLarge {
    /// Bytes it would need.
    pub needed: u64,
    /// Bytes that are free.
    pub free: u64,
}

/// Takes a few steps with batches as in `config`, or with smaller ones on a CPU.
pub(super) fn time(
    config: &Config,
    model: &ModelConfig,
    store: &Store,
    device: &Device,
    stop: &Stop,
) -> Result<Result<Trial, TooLarge>, Error> {
    let mut data = config.data.clone();
    if device.is_cpu() {
        let tokens = TOKENS.max(data.max_tokens).min(data.tokens.unwrap_or(usize::MAX));
        data = MlmConfig { sequences: None, tokens: Some(tokens), ..data };
    }
    let until = Limits { steps: Some(STEPS), epochs: None, seconds: Some(SECONDS) };
    let options = Options { accumulate: 1, until, ..config.train.clone() };
    let task = Mlm::new(store.clone(), &data, options.seed, Share::default())?;
    let epoch = EpochSize::look(task.sampler(), model, &options)?;
    let memory = Memory::estimate(model, &options, epoch.largest_batch, epoch.longest_row, device.is_cpu());
    if device.is_cpu() && memory.total() > default_budget() {
        return Ok(Err(TooLarge { needed: memory.total(), free: default_budget() }));
    }
    let (begun, enough) = (Instant::now(), Stop::default());
    let first = task.sampler().epoch(0)?;
    let mut watch = Watch { task: &task, first, model, asked: stop, enough: enough.clone(), begun, steps: Vec::new() };
    let tensors = device.burn().clone().autodiff();
    let weights = start::fresh(model, options.seed, &tensors);
    let document = Document::new("trial", model.clone());
    // Without validation at the end of an epoch or of the trial: the observer stops it before it finishes.
    let options = Options { validate: rinalmo_train::Every::Never, until: Limits { steps: None, ..until }, ..options };
    Trainer::new(&task, document, weights, options, tensors, Alone)?.run(None, &enough, &mut watch)?;
    Ok(Ok(watch.trial()))
}

/// Records the steps.
struct Watch<'a> {
    task: &'a Mlm,
    first: Epoch<'a>,
    model: &'a ModelConfig,
    asked: &'a Stop,
    enough: Stop,
    begun: Instant,
    steps: Vec<(f64, u64, f64)>, // seconds, tokens, operations
}

impl Observer for Watch<'_> {
    fn step(&mut self, report: &StepReport) {
        let Position { epoch, step } = report.at;
        let batch = match epoch {
            0 => self.first.batch(step),
            later => self.task.sampler().epoch(later).and_then(|epoch| epoch.batch(step)), // of a small corpus
        };
        let flops = batch.map_or(0.0, |batch| training_flops(self.model, estimate::lengths(&batch)));
        self.steps.push((report.seconds, report.tokens, flops));
        if self.asked.requested() || self.steps.len() as u64 >= STEPS || self.begun.elapsed().as_secs_f64() >= SECONDS {
            self.enough.request();
        }
    }
}

impl Watch<'_> {
    /// The result without the first step, which allocates memory, if there are others.
    fn trial(&self) -> Trial {
        let counted = &self.steps[usize::from(self.steps.len() > 1)..];
        let (seconds, tokens, flops) =
            counted.iter().fold((0.0, 0, 0.0), |sum, step| (sum.0 + step.0, sum.1 + step.1, sum.2 + step.2));
        Trial {
            steps: counted.len() as u64,
            tokens: counted.iter().map(|step| step.1).max().unwrap_or(0),
            tokens_per_second: tokens as f64 / seconds,
            flops_per_second: flops / seconds,
        }
    }
}
