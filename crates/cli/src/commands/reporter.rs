//! Progress of a training run on standard error: a bar on a terminal, otherwise lines.

use std::io::{IsTerminal, stderr};
use std::path::Path;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rinalmo::pretrain::{
    Observer, ReturnReport, StepReport, Validation, ValidationReport, duration, grouped, perplexity,
};
use rinalmo::run::Outlook;

use crate::context::Context;

/// Seconds between lines.
const BETWEEN: f64 = 10.0;
/// Share of its old value that a running mean keeps at each step.
const KEPT: f64 = 0.9;

/// Where a run starts and ends.
#[derive(Clone, Copy)]
pub struct Pace {
    /// Steps done before.
    pub first: u64,
    /// Steps at its end, if steps or epochs are limited.
    pub steps: Option<u64>,
    /// Seconds that it may take, if that is limited.
    pub seconds: Option<f64>,
}

impl<E> From<&Outlook<E>> for Pace {
    fn from(outlook: &Outlook<E>) -> Self {
        Self { first: outlook.step, steps: outlook.steps, seconds: outlook.seconds }
    }
}

/// How losses and validations are printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Terms {
    /// A loss over letters, and its perplexity.
    Perplexity,
    /// A loss, and each part of a validation as a mean.
    Parts,
}

/// Prints what happens in a run.
pub struct Reporter<'c> {
    context: &'c Context,
    bar: ProgressBar,
    pace: Pace,
    terms: Terms,
    begun: Instant,
    last: Option<Instant>,
    means: Option<Means>,
}

/// Running means of values that vary from step to step.
#[derive(Clone, Copy)]
struct Means {
    loss: f64,
    tokens: f64,
    seconds: f64,
    waited: f64,
}

impl Means {
    fn of(report: &StepReport) -> Self {
        let StepReport { loss, tokens, seconds, waited, .. } = *report;
        Self { loss, tokens: tokens as f64, seconds, waited }
    }

    fn then(self, new: Self) -> Self {
        let mean = |old: f64, new: f64| KEPT * old + (1.0 - KEPT) * new;
        Self {
            loss: mean(self.loss, new.loss),
            tokens: mean(self.tokens, new.tokens),
            seconds: mean(self.seconds, new.seconds),
            waited: mean(self.waited, new.waited),
        }
    }
}

impl<'c> Reporter<'c> {
    /// Shows a bar if standard error is a terminal and `-q` is not given.
    pub fn new(context: &'c Context, pace: Pace, terms: Terms) -> Self {
        let bar = if stderr().is_terminal() && !context.quiet() {
            ProgressBar::with_draw_target(pace.steps, ProgressDrawTarget::stderr_with_hz(8))
        } else {
            ProgressBar::hidden()
        };
        let template = match pace.steps {
            Some(_) => "{wide_bar} {human_pos}/{human_len}\n{msg}",
            None => "{spinner} step {human_pos}\n{msg}",
        };
        bar.set_style(ProgressStyle::with_template(template).expect("the template is well formed"));
        bar.set_position(pace.first);
        Self { context, bar, pace, terms, begun: Instant::now(), last: None, means: None }
    }

    /// Removes the bar.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }

    /// Prints a line that stays.
    fn line(&self, text: &str) {
        self.bar.suspend(|| self.context.note(text));
    }

    /// Seconds until the run is done or out of time.
    fn left(&self, step: u64) -> Option<f64> {
        let passed = self.begun.elapsed().as_secs_f64();
        let each = passed / (step - self.pace.first).max(1) as f64;
        let by_steps = self.pace.steps.map(|steps| steps.saturating_sub(step) as f64 * each);
        let by_time = self.pace.seconds.map(|seconds| (seconds - passed).max(0.0));
        by_steps.into_iter().chain(by_time).min_by(f64::total_cmp)
    }

    fn message(&self, report: &StepReport, means: Means) -> String {
        let Means { loss, tokens, seconds, waited } = means;
        let (speed, waiting) = (grouped((tokens / seconds) as u64), 100.0 * waited / seconds);
        let left = self.left(report.step).map_or_else(String::new, |left| format!(", {} left", duration(left)));
        let guess = match self.terms {
            Terms::Perplexity => format!(", perplexity {:.3}", perplexity(loss)),
            Terms::Parts => String::new(),
        };
        let rate = report.rate;
        format!("loss {loss:.4}{guess}, rate {rate:.2e}, {speed} tokens/s, {waiting:.1} % waiting{left}")
    }
}

impl Observer for Reporter<'_> {
    fn step(&mut self, report: &StepReport) {
        let new = Means::of(report);
        let means = self.means.map_or(new, |means| means.then(new));
        self.means = Some(means);
        if !self.bar.is_hidden() {
            self.bar.set_position(report.step);
            self.bar.set_message(self.message(report, means));
        } else if self.last.is_none_or(|last| last.elapsed() >= Duration::from_secs_f64(BETWEEN)) {
            self.last = Some(Instant::now());
            self.line(&format!("step {}: {}", grouped(report.step), self.message(report, means)));
        }
    }

    fn validated(&mut self, report: &ValidationReport) {
        let (step, best) = (grouped(report.step), if report.best { ", the best so far" } else { "" });
        let took = duration(report.seconds);
        let found = match self.terms {
            Terms::Perplexity => report.score.map(|loss| format!("perplexity {:.4}", perplexity(loss))),
            Terms::Parts => means(&report.validation),
        };
        if let Some(found) = found {
            self.line(&format!("step {step}: validation {found}{best} (took {took})"));
        }
    }

    fn returned(&mut self, report: &ReturnReport) {
        let ReturnReport { step, from, what, factor } = report;
        self.means = None;
        let (from, step) = (grouped(*from), grouped(*step));
        self.line(&format!("step {from}: {what}"));
        self.line(&format!(
            "back to the checkpoint of step {step}; from here the rate is {factor} times the schedule's"
        ));
        self.bar.set_position(report.step);
    }

    fn saved(&mut self, step: u64, path: &Path) {
        self.context.detail(|| format!("step {}: checkpoint {}", grouped(step), path.display()));
    }
}

/// Every part of a validation that has a mean.
pub fn means(validation: &Validation) -> Option<String> {
    let parts = validation.parts.iter().filter_map(|part| Some(format!("{} {:.4}", part.name, part.mean()?)));
    let parts: Vec<String> = parts.collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}
