//! What happens between steps: epochs start and end, the model is validated and saved.

use std::time::Instant;

use burn::module::{Module, Param};
use burn::tensor::Tensor;

use super::{Best, Ended, Every, Observer, THERE, Trainer, ValidationReport};
use crate::checkpoint::{Checkpoints, Contents};
use crate::names::{self, Change};
use crate::optimizer::{Thaw, groups};
use crate::{Error, Exchange, Task};

impl<T: Task, X: Exchange> Trainer<'_, T, X> {
    /// Makes those parameters require gradients that train in this epoch.
    pub(super) fn start_epoch(&mut self, observer: &mut dyn Observer) -> Result<(), Error> {
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

    pub(super) fn end_epoch(
        &mut self,
        checkpoints: Option<&Checkpoints>,
        observer: &mut dyn Observer,
    ) -> Result<(), Error> {
        let best = self.options.validate == Every::Epoch && self.validate(observer)?;
        if best || self.options.save == Every::Epoch {
            self.save(checkpoints, observer)?;
        }
        Ok(())
    }

    pub(super) fn after_step(
        &mut self,
        checkpoints: Option<&Checkpoints>,
        observer: &mut dyn Observer,
    ) -> Result<(), Error> {
        let best = self.options.validate.due(self.state.step) && self.validate(observer)?;
        if best || self.options.save.due(self.state.step) {
            self.save(checkpoints, observer)?;
        }
        Ok(())
    }

    pub(super) fn finish(
        &mut self,
        checkpoints: Option<&Checkpoints>,
        observer: &mut dyn Observer,
    ) -> Result<Ended, Error> {
        if self.validated != Some(self.state.step) {
            self.validate(observer)?;
        }
        self.save(checkpoints, observer)?;
        Ok(Ended::Finished)
    }

    /// Whether this process reports and writes files.
    pub(super) fn leads(&self) -> bool {
        self.exchange.share().rank == 0
    }

    /// Validates; returns whether it was the best validation so far.
    fn validate(&mut self, observer: &mut dyn Observer) -> Result<bool, Error> {
        let begun = Instant::now();
        let (step, epoch) = (self.state.step, self.state.epoch);
        let model = self.model().valid();
        let (device, share) = (self.device.clone().inner(), self.exchange.share());
        let mut validation = self.options.precision.run(|| self.task.validate(&model, &device, share))?;
        let mut numbers = validation.numbers();
        self.exchange.sum(&mut numbers)?;
        validation.set_numbers(&numbers);
        self.task.conclude(&mut validation);
        self.task.note(&validation, &mut self.document);
        let score = self.task.score(&validation);
        let best = score.is_some_and(|score| self.state.best.is_none_or(|best| score < best.score));
        self.state.score = score;
        if let (Some(score), true) = (score, best) {
            self.state.best = Some(Best { step, score });
        }
        self.state.worse = if best || score.is_none() { 0 } else { self.state.worse + 1 };
        self.validated = Some(step);
        if self.leads() {
            let seconds = begun.elapsed().as_secs_f64();
            observer.validated(&ValidationReport { step, epoch, validation, score, best, seconds });
        }
        Ok(best)
    }

    /// Writes a checkpoint, unless the checkpoint of this step is already complete.
    pub(super) fn save(&mut self, checkpoints: Option<&Checkpoints>, observer: &mut dyn Observer) -> Result<(), Error> {
        let Some(checkpoints) = checkpoints else { return Ok(()) };
        let now = (self.state.step, self.state.score.is_some());
        if self.saved.is_some_and(|saved| saved >= now) {
            return Ok(());
        }
        self.agree()?;
        let contents = Contents {
            model: self.model.as_ref().expect(THERE),
            document: &self.document,
            optimizer: &self.optimizer,
            state: &self.state,
            run: &self.run,
        };
        let written = if self.leads() { checkpoints.save(&contents).map(Some) } else { Ok(None) };
        let mut failed = [f64::from(u8::from(written.is_err()))];
        self.exchange.sum(&mut failed)?; // no process continues if the checkpoint is missing
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

/// Makes parameters require gradients, or not.
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
