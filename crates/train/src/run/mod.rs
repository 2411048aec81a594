//! The training loop: draw, forward, backward, sum, clip, step; validate and save when due.
//!
//! A step is a function of weights, moments, batches and the seed. Dropout is seeded by (seed, step, batch of the
//! step), batches by (seed, epoch, cluster), and kernels give the same bits for any number of threads. So a run that is
//! killed and resumed ends with the same bits as one that was not.

mod agree;
mod back;
mod between;
mod observer;
mod options;
mod state;
mod step;

use std::iter::Peekable;
use std::time::Instant;

use burn::tensor::Device;
use rinalmo_model::Model;
use rinalmo_weights::Document;

pub use observer::{Observer, ReturnReport, StepReport, ValidationReport};
pub use options::{DropoutRates, Every, Limits, Options, Precision};
pub use state::{Best, Ended, RunState, Stop};

use crate::checkpoint::{Checkpoints, Saved};
use crate::task::Batches;
use crate::{Alone, Drawn, Error, Exchange, Optimizer, Task};

/// A run: a model in training.
pub struct Trainer<'t, T, X = Alone> {
    task: &'t T,
    options: Options,
    device: Device,
    exchange: X,
    document: Document,
    run: serde_json::Value,
    model: Option<Model>, // taken only within a step
    optimizer: Optimizer,
    state: RunState,
    saved: Option<(u64, bool)>, // the step of the newest checkpoint, and whether it has a score
    validated: Option<u64>,     // the step of the last validation
}

const THERE: &str = "a model is taken only while a step changes it";

impl<'t, T: Task, X: Exchange> Trainer<'t, T, X> {
    /// Starts a run. The model is on `device`, which supports automatic differentiation; `document` is its description.
    ///
    /// # Errors
    /// If an option is invalid.
    pub fn new(
        task: &'t T,
        document: Document,
        model: Model,
        options: Options,
        device: Device,
        exchange: X,
    ) -> Result<Self, Error> {
        options.check()?;
        if !device.is_autodiff() {
            return Err(Error::Options(
                "the device does not support automatic differentiation; use `device.autodiff()`".into(),
            ));
        }
        if options.recompute.is_some() && document.config.encoder.design.has_pair_bias() {
            return Err(Error::Options(
                "recompute: the blocks of this encoder pass logits of attention on, so that none can be computed again on \
                 its own; leave the key out"
                    .into(),
            ));
        }
        options.precision.check(&device).and_then(|()| task.check(&document.config)).map_err(Error::Options)?;
        Ok(Self {
            task,
            document,
            run: serde_json::Value::Null,
            model: Some(model),
            optimizer: Optimizer::new(options.optimizer),
            state: RunState { seed: options.seed, ranks: exchange.share().ranks, ..RunState::default() },
            saved: None,
            validated: None,
            options,
            device,
            exchange,
        })
    }

    /// Continues from a checkpoint. With the same number of processes, the weights end up as if the run had never
    /// stopped; with another number, the epoch continues at about the same place.
    ///
    /// # Errors
    /// If an option is invalid or belongs to another run, or the checkpoint cannot be read.
    pub fn resume(task: &'t T, saved: &Saved, options: Options, device: Device, exchange: X) -> Result<Self, Error> {
        if saved.state.seed != options.seed {
            let (path, was, is) = (saved.path.display(), saved.state.seed, options.seed);
            return Err(Error::Options(format!(
                "{path}: it was trained with seed {was}, the run to resume has seed {is}"
            )));
        }
        let (model, document) = saved.model(&device)?;
        let optimizer = saved.optimizer(options.optimizer, &device)?;
        let mut trainer = Self::new(task, document, model, options, device, exchange)?;
        let (was, is) = (saved.state.ranks.max(1), trainer.state.ranks);
        trainer.optimizer = optimizer;
        trainer.state = RunState { ranks: is, ..saved.state.clone() };
        if was != is {
            trainer.state.position.step = (saved.state.position.step * was).div_ceil(is);
        }
        trainer.saved = Some((saved.state.step, saved.state.score.is_some()));
        trainer.run = saved.run.clone();
        Ok(trainer)
    }

    /// Sets the config that checkpoints store.
    pub fn describe(&mut self, run: serde_json::Value) {
        self.run = run;
    }

    /// The current model.
    pub fn model(&self) -> &Model {
        self.model.as_ref().expect(THERE)
    }

    /// The model at the end of the run.
    pub fn into_model(self) -> Model {
        self.model.expect(THERE)
    }

    /// The model's description.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// The state of the run.
    pub fn state(&self) -> &RunState {
        &self.state
    }

    /// Trains until a limit is reached or a stop is requested, and then writes a checkpoint. With several processes, an
    /// error of one only ends that one; the launcher must end the others.
    ///
    /// # Errors
    /// [`Error::Diverged`], with the model of the step before, if the run could not go back; or if batches cannot be drawn, checkpoints cannot be
    /// written, or processes have different weights.
    pub fn run(
        &mut self,
        checkpoints: Option<&Checkpoints>,
        stop: &Stop,
        observer: &mut dyn Observer,
    ) -> Result<Ended, Error> {
        let started = Instant::now();
        let mut batches = self.task.batches(self.state.position, self.options.loading)?.peekable();
        self.start_epoch(observer)?;
        self.agree()?;
        loop {
            let begun = Instant::now();
            let Limits { steps, epochs, .. } = self.options.until;
            let done = steps.is_some_and(|steps| self.state.step >= steps)
                || epochs.is_some_and(|epochs| self.state.epoch >= epochs);
            if done || self.options.patience.is_some_and(|most| self.state.worse >= most) {
                return self.finish(checkpoints, observer);
            }
            let epoch = self.coming_epoch(&mut batches)?;
            let waited = begun.elapsed().as_secs_f64();
            if epoch > self.state.epoch {
                self.end_epoch(checkpoints, observer)?;
                let patience = self.options.patience.is_some_and(|most| self.state.worse >= most);
                if patience || self.options.until.epochs.is_some_and(|epochs| epoch >= epochs) {
                    return self.finish(checkpoints, observer);
                }
                self.state.epoch = epoch;
                self.start_epoch(observer)?;
            }
            let seconds = self.options.until.seconds;
            let late = || seconds.is_some_and(|seconds| started.elapsed().as_secs_f64() >= seconds);
            let flags = || [stop.requested(), late()];
            let [stopped, late] = match self.step(&mut batches, waited, &flags, observer) {
                Err(Error::Diverged(trouble)) if self.go_back(&trouble, checkpoints, observer)? => {
                    batches = self.task.batches(self.state.position, self.options.loading)?.peekable();
                    self.start_epoch(observer)?;
                    continue;
                }
                taken => taken?,
            };
            self.after_step(checkpoints, observer)?;
            if stopped || late {
                self.save(checkpoints, observer)?;
                return Ok(if stopped { Ended::Stopped } else { Ended::OutOfTime });
            }
        }
    }

    /// The epoch of the next batch.
    fn coming_epoch(&self, batches: &mut Peekable<Batches<'_, T::Batch>>) -> Result<u64, Error> {
        match batches.peek() {
            Some(Ok(drawn)) => Ok(drawn.at.epoch),
            Some(Err(_)) | None => Err(next(batches).err().expect("it was none or an error when looked at")),
        }
    }
}

/// The next batch.
fn next<B>(batches: &mut Peekable<Batches<'_, B>>) -> Result<Drawn<B>, Error> {
    batches.next().unwrap_or_else(|| Err(Error::Options("there are no batches left to train with".into())))
}
