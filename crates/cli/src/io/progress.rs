//! Progress on standard error: a bar on a terminal, otherwise a line every ten seconds.

use std::io::{IsTerminal, stderr};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rinalmo::pretrain::{duration, grouped};

use crate::context::Context;
use crate::io::say::say;

/// Seconds between lines.
const BETWEEN: u64 = 10;
/// The variable for another number of seconds, for batch systems.
const BETWEEN_VARIABLE: &str = "RINALMO_PROGRESS_SECONDS";

/// The total amount of work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    /// Records.
    pub records: u64,
    /// Bases in them.
    pub bases: u64,
}

/// The total, once it is counted.
pub type Totals = Arc<OnceLock<Total>>;

/// Counts records and bases.
pub struct Progress {
    bar: ProgressBar,
    state: Arc<Mutex<State>>,
    /// Ends the thread that prints lines when it is dropped.
    _lines: Option<Sender<()>>,
}

/// How far the work is.
struct State {
    /// Who works, if there are several.
    name: Option<String>,
    begun: Instant,
    done: Total,
    /// The part of `done` that an earlier run did; it does not count for the speed.
    before: Total,
    totals: Totals,
}

impl Progress {
    /// Drawn as a bar if standard error is a terminal, printed as lines if not; nothing with `-q`.
    pub fn new(context: &Context) -> Self {
        Self::of(context.totals(), context)
    }

    /// The same for work of a known size.
    pub fn of(totals: Totals, context: &Context) -> Self {
        let (done, before) = (Total::default(), Total::default());
        let state = Arc::new(Mutex::new(State { name: None, begun: Instant::now(), done, before, totals }));
        let is_terminal = stderr().is_terminal();
        let bar = if is_terminal && !context.quiet() {
            ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(8))
        } else {
            ProgressBar::hidden()
        };
        bar.set_style(ProgressStyle::with_template("{spinner} {msg}").expect("the template is well formed"));
        if !bar.is_hidden() {
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        let lines = (!is_terminal && !context.quiet()).then(|| print_lines(state.clone()));
        Self { bar, state, _lines: lines }
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut state);
        if !self.bar.is_hidden() {
            self.bar.set_message(state.describe(state.begun.elapsed()));
        }
    }

    /// The work, of this size, is that of `name`.
    pub fn begin(&self, name: &str, total: Total) {
        self.change(|state| {
            state.name = Some(name.to_owned());
            state.totals = Arc::new(OnceLock::from(total));
        });
    }

    /// One more record, of so many bases, is done.
    pub fn add(&self, bases: usize) {
        self.change(|state| state.done.add(bases));
    }

    /// One more record was done by an earlier run.
    pub fn pass(&self, bases: usize) {
        self.change(|state| {
            state.done.add(bases);
            state.before.add(bases);
        });
    }

    /// A line that stays, above the bar.
    pub fn line(&self, text: &str) {
        self.bar.suspend(|| say(text));
    }

    /// Removes the bar.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Total {
    fn add(&mut self, bases: usize) {
        self.records += 1;
        self.bases += bases as u64;
    }
}

impl State {
    /// `nano: 120 of 1,000 records, 12 %, 3,400 nt/s, 4 min left`, without the parts that are not known.
    fn describe(&self, elapsed: Duration) -> String {
        let total = self.totals.get().filter(|total| total.bases >= self.done.bases);
        let mut text = self.name.as_ref().map_or_else(String::new, |name| format!("{name}: "));
        text += &grouped(self.done.records);
        if let Some(total) = total {
            text += &format!(" of {}", grouped(total.records));
        }
        text += if self.done.records == 1 && total.is_none() { " record" } else { " records" };
        let bases = (self.done.bases - self.before.bases) as f64;
        let speed = bases / elapsed.as_secs_f64().max(1e-3);
        if let Some(total) = total.filter(|total| total.bases > 0) {
            text += &format!(", {} %", 100 * self.done.bases / total.bases);
        }
        text += &format!(", {} nt/s", grouped(speed as u64));
        if let Some(total) = total.filter(|_| bases > 0.0) {
            text += &format!(", {} left", duration((total.bases - self.done.bases) as f64 / speed));
        }
        text
    }
}

/// Prints a line at intervals until the sender is dropped.
fn print_lines(state: Arc<Mutex<State>>) -> Sender<()> {
    let between = std::env::var(BETWEEN_VARIABLE).ok().and_then(|text| text.parse::<f64>().ok());
    let between = between.filter(|seconds| seconds.is_finite() && *seconds > 0.0);
    let between = between.map_or(Duration::from_secs(BETWEEN), Duration::from_secs_f64);
    let (sender, receiver) = channel::<()>();
    thread::spawn(move || {
        let mut last = Total::default();
        while receiver.recv_timeout(between) == Err(RecvTimeoutError::Timeout) {
            let state = state.lock().unwrap_or_else(PoisonError::into_inner);
            // Nothing new to print while waiting for input.
            if state.done != last || state.totals.get().is_some() {
                say(state.describe(state.begun.elapsed()));
            }
            last = state.done;
        }
    });
    sender
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(done: Total, before: Total, total: Option<Total>) -> State {
        let totals = total.map_or_else(Totals::default, |total| Arc::new(OnceLock::from(total)));
        State { name: None, begun: Instant::now(), done, before, totals }
    }

    #[test]
    fn what_is_known_is_printed() {
        let total = |records, bases| Total { records, bases };
        let ten = Duration::from_secs(10);
        let text = |done, before, all| state(done, before, all).describe(ten);
        assert_eq!(text(total(120, 30_000), total(0, 0), None), "120 records, 3,000 nt/s");
        assert_eq!(
            text(total(120, 30_000), total(0, 0), Some(total(1000, 300_000))),
            "120 of 1,000 records, 10 %, 3,000 nt/s, 1 min 30 s left"
        );
        let resumed = text(total(120, 30_000), total(20, 20_000), Some(total(1000, 300_000)));
        assert_eq!(resumed, "120 of 1,000 records, 10 %, 1,000 nt/s, 4 min 30 s left");
        assert_eq!(text(total(0, 0), total(0, 0), Some(total(5, 50))), "0 of 5 records, 0 %, 0 nt/s");
        assert_eq!(text(total(1, 9), total(0, 0), None), "1 record, 0 nt/s");
        assert_eq!(text(total(2, 90), total(0, 0), Some(total(1, 50))), "2 records, 9 nt/s", "the file grew");
    }
}
