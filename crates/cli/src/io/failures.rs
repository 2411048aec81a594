//! Records that failed: reported at once, counted for the end.

use std::fmt;
use std::io::ErrorKind;

use clap::Args;

use crate::context::{Context, Outcome};
use crate::io::Progress;
use crate::io::hints::{hint, message};
use crate::io::plain::plain;

/// `--allow-failures`.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct FailureArgs {
    /// Exit with code 0 even if records failed or were left out; they are still reported on standard error
    #[arg(long)]
    allow_failures: bool,
}

impl FailureArgs {
    /// The outcome that the exit code reports.
    pub fn judge(self, outcome: Outcome) -> Outcome {
        if self.allow_failures && outcome == Outcome::Partial { Outcome::Done } else { outcome }
    }
}

/// Failures and skips of one run.
#[derive(Default)]
pub struct Failures {
    failed: usize,
    skipped: usize,
}

impl Failures {
    /// A record failed; the run continues.
    pub fn failed(&mut self, progress: &Progress, record: &str, error: &anyhow::Error) {
        self.failed += 1;
        progress.line(&format!("error: {record}: {}", chain(error)));
    }

    /// A record cannot be read; the run continues.
    pub fn unusable(&mut self, progress: &Progress, error: &anyhow::Error) {
        self.failed += 1;
        progress.line(&format!("error: {}", chain(error)));
    }

    /// A record was left out as the user asked.
    pub fn skipped(&mut self, progress: &Progress, error: &anyhow::Error, quiet: bool) {
        self.skipped += 1;
        if !quiet {
            progress.line(&format!("skipped: {}", chain(error)));
        }
    }

    /// Prints the counts on standard error and returns how the run ended.
    pub fn finish(self, context: &Context) -> Outcome {
        let Self { failed, skipped } = self;
        if failed + skipped > 0 {
            let part = |n: usize, what: &str| (n > 0).then(|| format!("{n} {what}"));
            let parts: Vec<String> = [part(failed, "failed"), part(skipped, "skipped")].into_iter().flatten().collect();
            context.note(format!("records: {}", parts.join(", ")));
        }
        if context.stopped() {
            Outcome::Interrupted
        } else if failed + skipped > 0 {
            Outcome::Partial
        } else {
            Outcome::Done
        }
    }
}

/// Marks an error of the output itself, after which nothing more can be written.
#[derive(Debug)]
pub struct OutputFailure;

impl fmt::Display for OutputFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("results cannot be written")
    }
}

/// Is this an error of the output itself rather than of one record?
pub fn is_output_failure(error: &anyhow::Error) -> bool {
    error.is::<OutputFailure>()
        || error.downcast_ref::<rinalmo::sink::Error>().is_some_and(|error| !error.is_of_one_record())
}

/// The first of some ids, and how many more there are: "`a`", or "`a` and 2 more".
pub fn first_of(ids: &[&str]) -> Option<String> {
    let first = ids.first()?;
    Some(match ids.len() - 1 {
        0 => format!("`{first}`"),
        more => format!("`{first}` and {more} more"),
    })
}

/// An error and its causes, each once, in plain words, with a hint.
pub fn chain(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain() {
        let part = message(cause);
        if text.ends_with(&part) {
            continue;
        }
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&part);
    }
    if let Some(hint) = hint(error) {
        text.push_str("\nhint: ");
        text.push_str(&hint);
    }
    plain(&text)
}

/// Did the reader of the output stop reading?
pub fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let broken = |error: &std::io::Error| error.kind() == ErrorKind::BrokenPipe;
    error.chain().any(|cause| {
        if let Some(error) = cause.downcast_ref::<std::io::Error>() {
            return broken(error);
        }
        if let Some(error) = cause.downcast_ref::<rinalmo::sink::Error>() {
            return error.is_closed_pipe();
        }
        // Errors that show a system error as their own message leave it out of the chain.
        if let Some(rinalmo::seq::Error::Io(error)) = cause.downcast_ref() {
            return broken(error);
        }
        if let Some(rinalmo::corpus::Error::Input(rinalmo::seq::Error::Io(error))) = cause.downcast_ref() {
            return broken(error);
        }
        match cause.downcast_ref::<csv::Error>().map(csv::Error::kind) {
            Some(csv::ErrorKind::Io(error)) => broken(error),
            _ => false,
        }
    })
}
