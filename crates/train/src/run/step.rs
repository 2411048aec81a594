//! One step: gradients of a few batches, of all processes, then the optimiser.

use std::iter::Peekable;
use std::time::Instant;

use rinalmo_corpus::sample::Position;
use rinalmo_model::ops::Dropout;

use super::{Observer, Options, RunState, StepReport, THERE, Trainer, next};
use crate::optimizer::gradients::Collect;
use crate::optimizer::groups;
use crate::random::Random;
use crate::task::Batches;
use crate::{Divergence, Error, Exchange, Gradients, Pass, Task};

/// Steps before a loss can be said to explode.
const SETTLED: u64 = 50;
/// What a step leaves of the running mean of the loss.
const KEPT: f64 = 0.98;
/// Added to the norm that gradients are clipped by, as PyTorch does.
const CLIP_EPSILON: f64 = 1e-6;

/// What was gathered for a step.
struct Gathered<B> {
    gradients: Gradients,
    loss: f64,
    weight: f64,
    count: f64,
    tokens: f64,
    at: Vec<Position>,
    batches: Vec<B>,
    waited: f64,
}

impl<T: Task, X: Exchange> Trainer<'_, T, X> {
    /// Takes a step. `waited` seconds have gone by for its first batch; `flags` are given back as any process has them.
    pub(super) fn step(
        &mut self,
        batches: &mut Peekable<Batches<'_, T::Batch>>,
        waited: f64,
        flags: &dyn Fn() -> [bool; 2],
        observer: &mut dyn Observer,
    ) -> Result<[bool; 2], Error> {
        let begun = Instant::now();
        let before = waited;
        let mut found = self.gather(batches)?;
        let [stop, late] = flags().map(|flag| f64::from(u8::from(flag)));
        let mut numbers = [found.loss, found.weight, found.count, found.tokens, stop, late];
        self.exchange.sum(&mut numbers)?;
        if self.exchange.share().ranks > 1 {
            let model = self.model.as_ref().expect(THERE);
            found.gradients = self.exchange.collect()?.in_order(model, &self.device);
        }
        let [loss, weight, count, tokens, stop, late] = numbers;
        let (loss, norm) = (mean(loss, weight), mean(found.gradients.norm(), weight)); // of L and ∇L
        if let Some(what) = trouble(loss, norm, &self.state, &self.options) {
            return Err(Error::Diverged(Box::new(self.divergence(what, &found))));
        }
        let clipping = self.options.clip.map_or(1.0, |clip| (clip / (norm + CLIP_EPSILON)).min(1.0));
        let rate = self.options.schedule.rate(self.state.step);
        self.update(found.gradients, mean(clipping, count), rate); // clip(∇L) · Σ w_i / n
        let at = found.at.last().copied().unwrap_or(self.state.position);
        let state = &mut self.state;
        state.step += 1;
        state.position = Position { epoch: at.epoch, step: at.step + 1 };
        state.tokens += tokens as u64;
        if weight > 0.0 {
            state.loss = Some(state.loss.map_or(loss, |mean| KEPT * mean + (1.0 - KEPT) * loss));
        }
        state.score = None;
        let seconds = before + begun.elapsed().as_secs_f64();
        state.seconds += seconds;
        if self.leads() {
            let (step, epoch, tokens) = (self.state.step, self.state.epoch, tokens as u64);
            let (clipped, waited) = (clipping < 1.0, before + found.waited);
            observer.step(&StepReport { step, epoch, at, loss, weight, rate, norm, clipped, tokens, seconds, waited });
        }
        Ok([stop > 0.0, late > 0.0])
    }

    /// Draws the step's batches and sums their losses and gradients. Where there are other processes, the gradients go
    /// to them with the last batch, as fast as they are found.
    fn gather(&mut self, batches: &mut Peekable<Batches<'_, T::Batch>>) -> Result<Gathered<T::Batch>, Error> {
        let mut found = Gathered {
            gradients: Gradients::default(),
            loss: 0.0,
            weight: 0.0,
            count: 0.0,
            tokens: 0.0,
            at: Vec::new(),
            batches: Vec::new(),
            waited: 0.0,
        };
        for place in 0..self.options.accumulate {
            let begun = Instant::now();
            let drawn = next(batches)?;
            found.waited += begun.elapsed().as_secs_f64();
            self.back(place, &drawn.batch, &mut found)?;
            found.tokens += self.task.tokens(&drawn.batch) as f64;
            found.at.push(drawn.at);
            found.batches.push(drawn.batch);
        }
        Ok(found)
    }

    /// Sends a batch forward and back.
    fn back(&mut self, place: usize, batch: &T::Batch, found: &mut Gathered<T::Batch>) -> Result<(), Error> {
        let sends = self.exchange.share().ranks > 1 && place + 1 == self.options.accumulate;
        let dropout = self.dropout(place);
        let Self { task, options, device, exchange, model, .. } = self;
        let model = model.as_ref().expect(THERE);
        options.precision.run(|| {
            let pass = Pass::new(model, device, dropout).recomputing(options.recompute);
            let mut pass = if sends { pass.in_pieces() } else { pass };
            let loss = task.loss(&mut pass, batch);
            found.loss += f64::from(loss.sum.clone().into_scalar::<f32>());
            found.weight += loss.weight;
            found.count += loss.count;
            if !sends {
                found.gradients.add(pass.backward(&loss.sum));
                return Ok(());
            }
            let mut earlier = Collect::of(std::mem::take(&mut found.gradients));
            pass.backward_by(&loss.sum, |piece| exchange.start(earlier.added_to(piece)))
        })
    }

    /// What is dropped for a batch of this step: no two batches of any process or step drop alike.
    fn dropout(&self, place: usize) -> Dropout {
        let share = self.exchange.share();
        let place = (place * share.ranks + share.rank) as u64;
        let seed = Random::keyed([self.options.seed, self.state.step, place]).bits();
        Dropout { attention: self.options.dropout.attention, residual: self.options.dropout.residual, seed }
    }

    fn update(&mut self, gradients: Gradients, scale: f64, rate: f64) {
        let (thaws, epoch) = (&self.options.thaw, self.state.epoch);
        let share = |name: &str| groups::rate(thaws, epoch, name).unwrap_or(0.0);
        let model = self.model.take().expect(THERE);
        self.model = Some(self.optimizer.step(model, gradients, scale, rate, share));
    }

    fn divergence(&self, what: String, found: &Gathered<T::Batch>) -> Divergence {
        let batches = found.batches.iter().map(|batch| self.task.tell(batch)).collect();
        Divergence { step: self.state.step + 1, at: found.at.clone(), what, batches }
    }
}

/// A sum divided; 0 where there is nothing to divide by, for then its gradients are 0 too.
fn mean(sum: f64, by: f64) -> f64 {
    if by > 0.0 || !sum.is_finite() { sum / by } else { 0.0 }
}

/// What is wrong with a step, in words.
fn trouble(loss: f64, norm: f64, state: &RunState, options: &Options) -> Option<String> {
    if !loss.is_finite() {
        return Some(format!("the loss is {loss}"));
    }
    if !norm.is_finite() {
        return Some(format!("the loss is {loss:.4}, the norm of the gradients is {norm}"));
    }
    let (factor, mean) = (options.explosion?, state.loss?);
    let exploded = state.step >= SETTLED && loss > factor * mean;
    exploded.then(|| format!("the loss is {loss:.4}, over {factor} times its running mean of {mean:.4}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_is_told_from_hard_batches() {
        let state = RunState { step: SETTLED, loss: Some(1.0), ..RunState::default() };
        let early = RunState { step: SETTLED - 1, ..state.clone() };
        let options = Options { explosion: Some(3.0), ..Options::default() };
        assert_eq!(trouble(2.9, 100.0, &state, &options), None);
        assert_eq!(trouble(3.1, 1.0, &early, &options), None);
        assert!(trouble(3.1, 1.0, &state, &options).unwrap().contains("over 3 times its running mean of 1.0000"));
        assert_eq!(trouble(f64::NAN, 1.0, &early, &options).unwrap(), "the loss is NaN");
        assert!(trouble(1.0, f64::INFINITY, &early, &options).unwrap().ends_with("the gradients is inf"));
        assert_eq!(trouble(99.0, 1.0, &state, &Options { explosion: None, ..options }), None);
    }
}
