//! Progress on standard error, when a person is looking.

use std::cell::Cell;
use std::io::{IsTerminal, stderr};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::context::Context;

/// Counts records and bases.
pub struct Progress {
    bar: ProgressBar,
    records: Cell<usize>,
}

impl Progress {
    /// Drawn if standard error is a terminal and nobody asked for quiet.
    pub fn new(context: &Context) -> Self {
        let bar = match stderr().is_terminal() && !context.quiet() {
            true => ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(8)),
            false => ProgressBar::hidden(),
        };
        let style = ProgressStyle::with_template("{spinner} {msg}, {human_pos} nt, {elapsed}");
        bar.set_style(style.expect("the template is well formed"));
        bar.set_message("0 records");
        if !bar.is_hidden() {
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        Self { bar, records: Cell::new(0) }
    }

    /// One more record, of so many bases, is done.
    pub fn add(&self, bases: usize) {
        self.records.set(self.records.get() + 1);
        self.bar.set_message(format!("{} records", self.records.get()));
        self.bar.inc(bases as u64);
    }

    /// A line that stays, above the bar.
    pub fn line(&self, text: &str) {
        self.bar.suspend(|| eprintln!("{text}"));
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
