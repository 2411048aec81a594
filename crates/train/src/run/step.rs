//! One step: gradients of a few batches, summed over all processes, then the optimiser.

use std::iter::Peekable;
use std::time::Instant;

use rinalmo_corpus::random::Random;
use rinalmo_corpus::sample::Position;
use rinalmo_model::ops::Dropout;

use super::{Observer, Options, RunState, StepReport, THERE, Trainer, back, next};
use crate::optimizer::gradients::Collect;
use crate::optimizer::groups;
use crate::task::Batches;
use crate::{Divergence, Error, Exchange, Gradients, Pass, Task};

/// Steps before the loss is checked for explosion: the running mean covers about 1 / (1 − 0.98) = 50 steps.
const FIRST_CHECK: u64 = 50;
/// Decay of the running mean of the loss, per step.
const MEAN_DECAY: f64 = 0.98;
/// A gain over guessing from which a model has learned something, in nats: a tenth of what the nano model gains.
const LEARNED: f64 = 0.03;
/// The share of the largest gain below which a model has lost what it had learned. Batches differ: the running mean of a
/// run that goes well stays above half.
const FORGOT: f64 = 0.3;
/// Added to the norm when gradients are clipped, as in PyTorch.
const CLIP_EPSILON: f64 = 1e-6;

/// The batches of a step and what was summed over them.
struct Gathered<B> {
    gradients: Gradients,
    loss: f64,
    /// The loss of guessing, over batches of which it is known.
    guess: f64,
    weight: f64,
    count: f64,
    tokens: f64,
    at: Vec<Position>,
    batches: Vec<B>,
    waited: f64,
}

impl<T: Task, X: Exchange> Trainer<'_, T, X> {
    /// Makes a step. Its first batch took `waited` seconds; a flag is returned as true if any process has set it.
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
        let mut numbers = [found.loss, found.guess, found.weight, found.count, found.tokens, stop, late];
        self.exchange.sum(&mut numbers)?;
        if self.exchange.share().ranks > 1 {
            let model = self.model.as_ref().expect(THERE);
            found.gradients = self.exchange.collect()?.in_order(model, &self.device);
        }
        let [loss, guess, weight, count, tokens, stop, late] = numbers;
        let gain = mean(guess - loss, weight);
        let (loss, norm) = (mean(loss, weight), mean(found.gradients.norm(), weight)); // of L and ∇L
        if let Some(what) = trouble(loss, norm, &self.state, &self.options) {
            return Err(Error::Diverged(Box::new(self.divergence(what, self.state.step, &found))));
        }
        if let Some(what) = forgotten(&self.state, &self.options) {
            let well = self.state.step.saturating_sub(FIRST_CHECK); // the running means are that late
            return Err(Error::Diverged(Box::new(self.divergence(what, well, &found))));
        }
        let clipping = self.options.clip.map_or(1.0, |clip| (clip / (norm + CLIP_EPSILON)).min(1.0));
        let rate = self.options.schedule.rate(self.state.step) * back::factor(self.state.returns);
        self.update(found.gradients, mean(clipping, count), rate); // clip(∇L) · Σ w_i / n
        let at = found.at.last().copied().unwrap_or(self.state.position);
        let state = &mut self.state;
        state.step += 1;
        state.position = Position { epoch: at.epoch, step: at.step + 1 };
        state.tokens += tokens as u64;
        if weight > 0.0 {
            let then = |mean: Option<f64>, new: f64| {
                Some(mean.map_or(new, |mean| MEAN_DECAY * mean + (1.0 - MEAN_DECAY) * new))
            };
            state.loss = then(state.loss, loss);
            if guess != 0.0 {
                state.gain = then(state.gain, gain);
                if state.step >= FIRST_CHECK && state.gain > state.most {
                    state.most = state.gain;
                }
            }
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

    /// Draws the step's batches and sums their losses and gradients. With several processes, the gradients are sent
    /// during the last batch, as soon as they are complete.
    fn gather(&mut self, batches: &mut Peekable<Batches<'_, T::Batch>>) -> Result<Gathered<T::Batch>, Error> {
        let mut found = Gathered {
            gradients: Gradients::default(),
            loss: 0.0,
            guess: 0.0,
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

    /// The forward and backward pass of a batch.
    fn back(&mut self, place: usize, batch: &T::Batch, found: &mut Gathered<T::Batch>) -> Result<(), Error> {
        let sends = self.exchange.share().ranks > 1 && place + 1 == self.options.accumulate;
        let dropout = self.dropout(place);
        let Self { task, options, device, exchange, model, .. } = self;
        let model = model.as_ref().expect(THERE);
        options.precision.run(|| {
            let pass = Pass::new(model, device, dropout).recomputing(options.recompute);
            let mut pass = if sends { pass.in_pieces() } else { pass };
            let loss = task.loss(&mut pass, batch);
            found.weight += loss.weight;
            found.guess += task.guess(batch).map_or(0.0, |guess| guess * loss.weight);
            found.count += loss.count;
            let given = if sends {
                let mut earlier = Collect::of(std::mem::take(&mut found.gradients));
                pass.backward_by(&loss.sum, |piece| exchange.start(earlier.added_to(piece)))
            } else {
                found.gradients.add(pass.backward(&loss.sum));
                Ok(())
            };
            // Read last: a device works on while it is given more to do, until something is read.
            found.loss += f64::from(loss.sum.into_scalar::<f32>());
            given
        })
    }

    /// Dropout for a batch of this step: different for any two batches of any process or step.
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

    fn divergence(&self, what: String, well: u64, found: &Gathered<T::Batch>) -> Divergence {
        let batches = found.batches.iter().map(|batch| self.task.describe_batch(batch)).collect();
        Divergence { step: self.state.step + 1, at: found.at.clone(), what, well, batches }
    }
}

/// A sum divided by a count; 0 if the count is 0, because then the gradients are 0 too.
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
    let exploded = state.step >= FIRST_CHECK && loss > factor * mean;
    exploded.then(|| format!("the loss is {loss:.4}, over {factor} times its running mean of {mean:.4}"))
}

/// What the model lost of what it had learned, in words, if that is most of it.
fn forgotten(state: &RunState, options: &Options) -> Option<String> {
    options.explosion?;
    let (gain, most) = (state.gain?, state.most.filter(|most| *most >= LEARNED)?);
    let forgot = gain < FORGOT * most;
    forgot.then(|| {
        format!(
            "the model forgets what it had learned: its mean loss is {gain:.3} below that of guessing by letter \
             frequencies, and was {most:.3} below"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn divergence_is_distinguished_from_hard_batches() {
        let state = RunState { step: FIRST_CHECK, loss: Some(1.0), ..RunState::default() };
        let early = RunState { step: FIRST_CHECK - 1, ..state.clone() };
        let options = Options { explosion: Some(3.0), ..Options::default() };
        assert_eq!(trouble(2.9, 100.0, &state, &options), None);
        assert_eq!(trouble(3.1, 1.0, &early, &options), None);
        assert!(trouble(3.1, 1.0, &state, &options).unwrap().contains("over 3 times its running mean of 1.0000"));
        assert_eq!(trouble(f64::NAN, 1.0, &early, &options).unwrap(), "the loss is NaN");
        assert!(trouble(1.0, f64::INFINITY, &early, &options).unwrap().ends_with("the gradients is inf"));
        let quiet = Options { explosion: None, ..options.clone() };
        assert_eq!(trouble(99.0, 1.0, &state, &quiet), None);
        let forgot = RunState { gain: Some(0.02), most: Some(0.11), ..state.clone() };
        assert!(forgotten(&forgot, &options).unwrap().contains("is 0.020 below that of guessing"));
        assert_eq!(forgotten(&forgot, &quiet), None);
        for (gain, most) in [(0.05, 0.11), (0.001, 0.02)] {
            let well = RunState { gain: Some(gain), most: Some(most), ..state.clone() };
            assert_eq!(forgotten(&well, &options), None);
        }
    }
}
