//! What every command that trains shares: limits, several processes, the record of the program, messages at the end.

use std::fmt::Display;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use rinalmo::pretrain::{Ended, Exchange, Limits, Processes, Program, Share, Stop, duration, grouped};
use rinalmo::run::{Finished, Objective, Outlook, Run};

use crate::commands::reporter::{Pace, Reporter, Terms};
use crate::context::{Context, Outcome};
use crate::io::say;
use crate::stop::Patience;

/// When the run is done, or is interrupted.
#[derive(Args)]
#[command(next_help_heading = "Limits, instead of the config's (the first to be reached counts)")]
pub struct LimitArgs {
    /// Train for N steps, counted from the start of the run
    #[arg(long, value_name = "N")]
    pub steps: Option<u64>,
    /// Train for N epochs, counted from the start of the run
    #[arg(long, value_name = "N")]
    pub epochs: Option<u64>,
    /// Stop after TIME, such as 1h30m; --resume continues the run
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub time: Option<Duration>,
}

impl LimitArgs {
    /// As the library takes them.
    pub fn resolve(&self) -> Limits {
        Limits { steps: self.steps, epochs: self.epochs, seconds: self.time.map(|time| time.as_secs_f64()) }
    }

    /// Puts them in place of a config's, if there are any.
    pub fn replace(&self, until: &mut Limits) {
        *until = self.resolve().replacing(*until);
    }
}

/// Runs `work` as one of several processes, if `mpirun` started them. An error in one ends all.
pub fn together(context: &Context, work: impl FnOnce(&mut Processes) -> Result<Outcome>) -> Result<Outcome> {
    let mut processes = Processes::join()?;
    let outcome = context.join(&processes).and_then(|()| work(&mut processes));
    let Share { rank, ranks } = processes.share();
    match outcome {
        Err(error) if ranks > 1 => {
            say(format_args!("error: process {rank} of {ranks}: {}", crate::io::chain(&error)));
            processes.fail(2)
        }
        Ok(_) if rank > 0 => Ok(Outcome::Done), // the first reports how it ended
        outcome => outcome,
    }
}

/// Prints how many processes there are, if there are several.
pub fn report_processes(processes: &Processes, context: &Context) {
    let ranks = processes.share().ranks;
    if ranks > 1 {
        let (threads, here) = (rayon::current_num_threads(), processes.here().ranks);
        context.note(format!("{ranks} processes, {here} of them on this machine, {threads} threads each"));
    }
}

/// This program, for the record.
pub fn program() -> Program {
    let name = concat!("rinalmo ", env!("CARGO_PKG_VERSION")).to_owned();
    Program { name, revision: option_env!("RINALMO_REVISION").map(str::to_owned) }
}

/// Changes to a config by `--set` and `--seed`.
pub fn overrides(set: &[String], seed: Option<u64>) -> Vec<String> {
    let seed = seed.map(|seed| format!("train.seed={seed}"));
    set.iter().cloned().chain(seed).collect()
}

/// The name of a model: that of its config file.
pub fn name(config: Option<&Path>) -> String {
    let stem = config.and_then(Path::file_stem);
    stem.map_or_else(|| "model".into(), |stem| stem.to_string_lossy().into_owned())
}

/// Prints which checkpoints a resumed run ignored, and which settings changed.
pub fn report_resumed<E: Display>(skipped: &[E], changed: &[String], context: &Context) {
    skipped.iter().for_each(|error| context.note(format!("warning: ignored: {error}")));
    if !changed.is_empty() {
        context.note(format!("changed: {}", changed.join(", ")));
    }
}

/// What is to be done, in the words that every run has in common: `continues after step 10, 7,508,824 parameters, 100
/// steps or 1 h`.
pub fn describe<E>(outlook: &Outlook<E>) -> String {
    let Outlook { parameters, step, steps, seconds, .. } = *outlook;
    let from = if step > 0 { format!("continues after step {}, ", grouped(step)) } else { String::new() };
    let steps = steps.map_or_else(|| "unlimited steps".into(), |steps| format!("{} steps", grouped(steps)));
    let limit = seconds.map_or_else(String::new, |limit| format!(" or {}", duration(limit)));
    format!("{from}{} parameters, {steps}{limit}", grouped(parameters as u64))
}

/// Trains, with progress on standard error.
pub fn go<O: Objective, X: Exchange>(
    run: Run<O>,
    pace: Pace,
    terms: Terms,
    exchange: X,
    context: &Context,
) -> Result<Finished> {
    let mut reporter = Reporter::new(context, pace, terms);
    let _patience = Patience::begin();
    let finished = run.go(exchange, &Stop::from(context.stop_flag()), &mut reporter);
    reporter.finish();
    Ok(finished?)
}

/// How a session ended.
pub struct End<'a> {
    /// Why.
    pub ended: Ended,
    /// After which step.
    pub step: u64,
    /// The step whose model was written.
    pub exported: Option<u64>,
    /// The text after the steps of a finished run.
    pub took: &'a str,
    /// How to continue an unfinished run.
    pub how: &'a str,
}

impl End<'_> {
    /// Prints where the model is and how to continue; returns the outcome for the exit code.
    pub fn report(&self, folder: &Path, context: &Context) -> Outcome {
        let (place, step, Self { took, how, .. }) = (folder.display(), grouped(self.step), self);
        if let Some(best) = self.exported {
            let best = grouped(best);
            context
                .note(format!("the model of step {best} is in {place}/model.safetensors; `--model {place}` opens it"));
        }
        match self.ended {
            Ended::Finished => context.note(format!("done after {step} steps{took}")),
            Ended::OutOfTime => context.note(format!("time is up after {step} steps; {how}")),
            Ended::Stopped => say(format_args!("stopped after {step} steps; {how}")),
        }
        if self.ended == Ended::Stopped { Outcome::Interrupted } else { Outcome::Done }
    }
}
