//! How a run tells of itself on standard error: a bar on a terminal, lines elsewhere.

use std::io::{IsTerminal, stderr};
use std::path::Path;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rinalmo::pretrain::{Observer, Outlook, StepReport, ValidationReport, bytes, duration, grouped, perplexity};

use crate::context::Context;

/// Seconds between lines.
const BETWEEN: f64 = 10.0;
/// Share of itself that a running mean keeps for each step.
const KEPT: f64 = 0.9;

/// What lies before a run, in a line.
pub fn outlook(outlook: &Outlook) -> String {
    let Outlook { parameters, step, steps, seconds, epoch, memory } = outlook;
    let from = if *step > 0 { format!("goes on behind step {}, ", grouped(*step)) } else { String::new() };
    let steps = steps.map_or_else(|| "no end of steps".into(), |steps| format!("{} steps", grouped(steps)));
    let limit = seconds.map_or_else(String::new, |limit| format!(" or {}", duration(limit)));
    let (parameters, memory) = (grouped(*parameters as u64), bytes(memory.total()));
    format!("{from}{parameters} parameters, {steps}{limit}, an epoch is {epoch}, about {memory} of memory")
}

/// Tells what happens.
pub struct Told<'c> {
    context: &'c Context,
    bar: ProgressBar,
    first: u64,
    steps: Option<u64>,
    seconds: Option<f64>,
    begun: Instant,
    last: Option<Instant>,
    means: Option<Means>,
}

/// Running means of what jumps from step to step.
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

impl<'c> Told<'c> {
    /// Shows a bar if standard error is a terminal and nobody asked for quiet.
    pub fn new(context: &'c Context, outlook: &Outlook) -> Self {
        let bar = match stderr().is_terminal() && !context.quiet() {
            true => ProgressBar::with_draw_target(outlook.steps, ProgressDrawTarget::stderr_with_hz(8)),
            false => ProgressBar::hidden(),
        };
        let template = match outlook.steps {
            Some(_) => "{wide_bar} {human_pos}/{human_len}\n{msg}",
            None => "{spinner} step {human_pos}\n{msg}",
        };
        bar.set_style(ProgressStyle::with_template(template).expect("the template is well formed"));
        bar.set_position(outlook.step);
        let &Outlook { step: first, steps, seconds, .. } = outlook;
        Self { context, bar, first, steps, seconds, begun: Instant::now(), last: None, means: None }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }

    /// A line that stays.
    fn line(&self, text: &str) {
        self.bar.suspend(|| self.context.note(text));
    }

    /// Seconds until the run is done or out of time.
    fn left(&self, step: u64) -> Option<f64> {
        let passed = self.begun.elapsed().as_secs_f64();
        let each = passed / (step - self.first).max(1) as f64;
        let by_steps = self.steps.map(|steps| steps.saturating_sub(step) as f64 * each);
        let by_time = self.seconds.map(|seconds| (seconds - passed).max(0.0));
        by_steps.into_iter().chain(by_time).min_by(f64::total_cmp)
    }

    fn message(&self, report: &StepReport, means: Means) -> String {
        let Means { loss, tokens, seconds, waited } = means;
        let (speed, waiting) = (grouped((tokens / seconds) as u64), 100.0 * waited / seconds);
        let left = self.left(report.step).map_or_else(String::new, |left| format!(", {} left", duration(left)));
        let (guess, rate) = (perplexity(loss), report.rate);
        format!(
            "loss {loss:.4}, perplexity {guess:.3}, rate {rate:.2e}, {speed} tokens/s, {waiting:.1} % waiting{left}"
        )
    }
}

impl Observer for Told<'_> {
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
        if let Some(loss) = report.score {
            let (step, best) = (grouped(report.step), if report.best { ", the best so far" } else { "" });
            let took = duration(report.seconds);
            let guess = perplexity(loss);
            self.line(&format!("step {step}: validation perplexity {guess:.4}{best} (took {took})"));
        }
    }

    fn saved(&mut self, step: u64, path: &Path) {
        self.context.detail(|| format!("step {}: checkpoint {}", grouped(step), path.display()));
    }
}
