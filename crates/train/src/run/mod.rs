//! The loop: draw, forward, backward, sum, clip, step; validate and save when it is time.
//!
//! A step is a function of weights, moments, batches and the seed. Dropout is seeded by (seed, step, batch of the step),
//! batches by (seed, epoch, cluster), and kernels give the same bits for any number of threads, so a run that is killed
//! and resumed ends with the bits of one that was not.

mod observer;
mod options;
mod state;
mod step;

use std::iter::Peekable;
use std::time::Instant;

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use rinalmo_model::Model;
use rinalmo_weights::Document;

pub use observer::{Observer, StepReport, ValidationReport};
pub use options::{DropoutRates, Every, Limits, Options};
pub use state::{Best, Ended, RunState, Stop};

use crate::checkpoint::{Checkpoints, Contents, Saved};
use crate::names::{self, Change};
use crate::optimizer::{Thaw, groups};
use crate::task::Batches;
use crate::{Alone, Drawn, Error, Exchange, Optimizer, Task};

/// A run: a model on its way.
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
    saved: Option<(u64, bool)>, // the step of the newest checkpoint, and whether it tells a score
    validated: Option<u64>,     // the step of the last validation
}

const THERE: &str = "a model is taken only while a step changes it";

impl<'t, T: Task, X: Exchange> Trainer<'t, T, X> {
    /// Begins a run. The model is on `device`, which does automatic differentiation; `document` says what it is.
    ///
    /// # Errors
    /// An option has no sense.
    pub fn new(
        task: &'t T,
        document: Document,
        model: Model,
        options: Options,
        device: Device,
        exchange: X,
    ) -> Result<Self, Error> {
        let state = RunState { seed: options.seed, ranks: exchange.share().ranks, ..RunState::default() };
        let optimizer = Optimizer::new(options.optimizer);
        Self::assemble(task, document, model, optimizer, state, options, device, exchange)
    }

    /// Goes on where a checkpoint was written. With as many processes as then, the weights come out as if the run had
    /// never stopped; with another number, the epoch goes on at about the same place.
    ///
    /// # Errors
    /// An option has no sense or is of another run; or the checkpoint cannot be read.
    pub fn resume(task: &'t T, saved: &Saved, options: Options, device: Device, exchange: X) -> Result<Self, Error> {
        if saved.state.seed != options.seed {
            let (path, was, is) = (saved.path.display(), saved.state.seed, options.seed);
            return Err(Error::Options(format!(
                "{path}: it was trained with seed {was}, the run to resume has seed {is}"
            )));
        }
        let (model, document) = saved.model(&device)?;
        let optimizer = saved.optimizer(options.optimizer, &device)?;
        let mut state = saved.state.clone();
        let (was, is) = (state.ranks.max(1), exchange.share().ranks);
        if was != is {
            state.position.step = (state.position.step * was).div_ceil(is);
            state.ranks = is;
        }
        let newest = (state.step, state.score.is_some());
        let mut trainer = Self::assemble(task, document, model, optimizer, state, options, device, exchange)?;
        trainer.saved = Some(newest);
        trainer.run = saved.run.clone();
        Ok(trainer)
    }

    #[allow(clippy::too_many_arguments, reason = "what its two callers differ in")]
    fn assemble(
        task: &'t T,
        document: Document,
        model: Model,
        optimizer: Optimizer,
        state: RunState,
        options: Options,
        device: Device,
        exchange: X,
    ) -> Result<Self, Error> {
        options.check()?;
        if !device.is_autodiff() {
            return Err(Error::Options("the device does no automatic differentiation; use `device.autodiff()`".into()));
        }
        task.check(&document.config).map_err(Error::Options)?;
        let (model, run) = (Some(model), serde_json::Value::Null);
        Ok(Self {
            task,
            options,
            device,
            exchange,
            document,
            run,
            model,
            optimizer,
            state,
            saved: None,
            validated: None,
        })
    }

    /// What checkpoints are to say of the run's config.
    pub fn describe(&mut self, run: serde_json::Value) {
        self.run = run;
    }

    /// The model as it is.
    pub fn model(&self) -> &Model {
        self.model.as_ref().expect(THERE)
    }

    /// The model, the run over.
    pub fn into_model(self) -> Model {
        self.model.expect(THERE)
    }

    /// What is said of the model.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// Where the run stands.
    pub fn state(&self) -> &RunState {
        &self.state
    }

    /// Trains until a limit is reached or a stop is requested, and writes a checkpoint then. Where there are several
    /// processes, an error of one is the end of that one only; whoever started them ends the others.
    ///
    /// # Errors
    /// [`Error::Diverged`], and the model is that of the last good step; or batches cannot be drawn or checkpoints
    /// written.
    pub fn run(
        &mut self,
        checkpoints: Option<&Checkpoints>,
        stop: &Stop,
        observer: &mut dyn Observer,
    ) -> Result<Ended, Error> {
        let started = Instant::now();
        let mut batches = self.task.batches(self.state.position, self.options.loading)?.peekable();
        self.begin_epoch(observer)?;
        loop {
            let begun = Instant::now();
            if self.options.until.steps.is_some_and(|steps| self.state.step >= steps) {
                return self.finish(checkpoints, observer);
            }
            let epoch = self.coming_epoch(&mut batches)?;
            let waited = begun.elapsed().as_secs_f64();
            if epoch > self.state.epoch {
                self.end_epoch(checkpoints, observer)?;
                if self.options.until.epochs.is_some_and(|epochs| epoch >= epochs) {
                    return self.finish(checkpoints, observer);
                }
                self.state.epoch = epoch;
                self.begin_epoch(observer)?;
            }
            let seconds = self.options.until.seconds;
            let late = || seconds.is_some_and(|seconds| started.elapsed().as_secs_f64() >= seconds);
            let [stopped, late] = self.step(&mut batches, waited, &|| [stop.requested(), late()], observer)?;
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

    /// Has those parameters require gradients that train in this epoch.
    fn begin_epoch(&mut self, observer: &mut dyn Observer) -> Result<(), Error> {
        let mut freeze = Freeze { thaws: &self.options.thaw, epoch: self.state.epoch, trained: 0, all: 0 };
        self.model = Some(names::change(self.model.take().expect(THERE), &mut freeze));
        let Freeze { trained, all, epoch, .. } = freeze;
        if trained == 0 {
            return Err(Error::Options(format!("nothing trains in epoch {epoch}; see `thaw`")));
        }
        if self.leads() {
            observer.epoch(epoch, trained, all);
        }
        Ok(())
    }

    fn end_epoch(&mut self, checkpoints: Option<&Checkpoints>, observer: &mut dyn Observer) -> Result<(), Error> {
        let best = self.options.validate == Every::Epoch && self.validate(observer)?;
        if best || self.options.save == Every::Epoch {
            self.save(checkpoints, observer)?;
        }
        Ok(())
    }

    fn after_step(&mut self, checkpoints: Option<&Checkpoints>, observer: &mut dyn Observer) -> Result<(), Error> {
        let best = self.options.validate.due(self.state.step) && self.validate(observer)?;
        if best || self.options.save.due(self.state.step) {
            self.save(checkpoints, observer)?;
        }
        Ok(())
    }

    fn finish(&mut self, checkpoints: Option<&Checkpoints>, observer: &mut dyn Observer) -> Result<Ended, Error> {
        if self.validated != Some(self.state.step) {
            self.validate(observer)?;
        }
        self.save(checkpoints, observer)?;
        Ok(Ended::Finished)
    }

    /// Whether this process tells and writes.
    fn leads(&self) -> bool {
        self.exchange.share().rank == 0
    }

    /// Validates; says whether it was the best so far.
    fn validate(&mut self, observer: &mut dyn Observer) -> Result<bool, Error> {
        let begun = Instant::now();
        let (step, epoch) = (self.state.step, self.state.epoch);
        let model = self.model().valid();
        let mut validation = self.task.validate(&model, &self.device.clone().inner(), self.exchange.share())?;
        let mut numbers = validation.numbers();
        self.exchange.sum(&mut numbers)?;
        validation.set_numbers(&numbers);
        self.task.note(&validation, &mut self.document);
        let score = self.task.score(&validation);
        let best = score.is_some_and(|score| self.state.best.is_none_or(|best| score < best.score));
        self.state.score = score;
        if let (Some(score), true) = (score, best) {
            self.state.best = Some(Best { step, score });
        }
        self.validated = Some(step);
        if self.leads() {
            let seconds = begun.elapsed().as_secs_f64();
            observer.validated(&ValidationReport { step, epoch, validation, score, best, seconds });
        }
        Ok(best)
    }

    /// Writes a checkpoint, unless this step has one with all there is to say.
    fn save(&mut self, checkpoints: Option<&Checkpoints>, observer: &mut dyn Observer) -> Result<(), Error> {
        let Some(checkpoints) = checkpoints else { return Ok(()) };
        let now = (self.state.step, self.state.score.is_some());
        if self.saved.is_some_and(|saved| saved >= now) {
            return Ok(());
        }
        let contents = Contents {
            model: self.model.as_ref().expect(THERE),
            document: &self.document,
            optimizer: &self.optimizer,
            state: &self.state,
            run: &self.run,
        };
        let written = if self.leads() { checkpoints.save(&contents).map(Some) } else { Ok(None) };
        let mut failed = [f64::from(u8::from(written.is_err()))];
        self.exchange.sum(&mut failed)?; // nobody goes on beyond a checkpoint that is not there
        let path = written?;
        if failed[0] > 0.0 {
            return Err(Error::Exchange("the first process could not write the checkpoint".into()));
        }
        self.saved = Some(now);
        if let Some(path) = path {
            observer.saved(self.state.step, &path);
        }
        Ok(())
    }
}

/// The next batch.
fn next<B>(batches: &mut Peekable<Batches<'_, B>>) -> Result<Drawn<B>, Error> {
    batches.next().unwrap_or_else(|| Err(Error::Options("there are no batches left to train with".into())))
}

/// Lets parameters require gradients, or not.
struct Freeze<'a> {
    thaws: &'a [Thaw],
    epoch: u64,
    trained: usize,
    all: usize,
}

impl Change for Freeze<'_> {
    fn of<const D: usize>(&mut self, name: &str, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (count, trains) = (param.lazy_shape().num_elements(), groups::rate(self.thaws, self.epoch, name).is_some());
        self.all += count;
        self.trained += if trains { count } else { 0 };
        param.set_require_grad(trains)
    }
}
