//! What every command that trains takes and tells: when to end, who runs for the record, how it went on and ended.

use std::fmt::Display;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use rinalmo::pretrain::{Ended, Exchange, Limits, Processes, Program, Share, grouped};

use crate::context::{Context, Outcome};

/// When the run is done, or is to be interrupted.
#[derive(Args)]
#[command(next_help_heading = "Limits, instead of the config's (the first to be reached counts)")]
pub struct LimitArgs {
    /// Steps, counted from the run's very beginning
    #[arg(long, value_name = "N")]
    pub steps: Option<u64>,
    /// Epochs, counted likewise
    #[arg(long, value_name = "N")]
    pub epochs: Option<u64>,
    /// Time of this session such as 1h30m; --resume goes on then
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
        let told = self.resolve();
        if told != Limits::default() {
            *until = told;
        }
    }
}

/// Works as one of the processes that `mpirun` started, where it did. What one cannot do ends them all.
pub fn together(context: &Context, work: impl FnOnce(&mut Processes) -> Result<Outcome>) -> Result<Outcome> {
    let mut processes = Processes::join()?;
    let outcome = context.join(&processes).and_then(|()| work(&mut processes));
    let Share { rank, ranks } = processes.share();
    match outcome {
        Err(error) if ranks > 1 => {
            eprintln!("error: process {rank} of {ranks}: {}", crate::io::chain(&error));
            processes.fail(2)
        }
        Ok(_) if rank > 0 => Ok(Outcome::Done), // the first says how it ended
        outcome => outcome,
    }
}

/// Says how many processes there are, where there are several.
pub fn tell_processes(processes: &Processes, context: &Context) {
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

/// What a model is called: as its config file is.
pub fn name(config: Option<&Path>) -> String {
    let stem = config.and_then(Path::file_stem);
    stem.map_or_else(|| "model".into(), |stem| stem.to_string_lossy().into_owned())
}

/// Says what a resumed run passed over, and what was changed for it.
pub fn tell_resumed<E: Display>(skipped: &[E], changed: &[String], context: &Context) {
    skipped.iter().for_each(|error| context.note(format!("warning: passed over: {error}")));
    if !changed.is_empty() {
        context.note(format!("changed: {}", changed.join(", ")));
    }
}

/// How a session ended.
pub struct End<'a> {
    /// Why.
    pub ended: Ended,
    /// Behind which step.
    pub step: u64,
    /// The step whose model was written.
    pub exported: Option<u64>,
    /// What is said behind the steps of a run that is done.
    pub took: &'a str,
    /// What goes on with one that is not.
    pub how: &'a str,
}

impl End<'_> {
    /// Says what is where in the run's folder, and how to go on; what the program's exit code is to be.
    pub fn tell(&self, folder: &Path, context: &Context) -> Outcome {
        let (place, step, Self { took, how, .. }) = (folder.display(), grouped(self.step), self);
        if let Some(best) = self.exported {
            let best = grouped(best);
            context
                .note(format!("the model of step {best} is in {place}/model.safetensors; `--model {place}` opens it"));
        }
        match self.ended {
            Ended::Finished => context.note(format!("done after {step} steps{took}")),
            Ended::OutOfTime => context.note(format!("time is up after {step} steps; {how}")),
            Ended::Stopped => eprintln!("stopped after {step} steps; {how}"),
        }
        if self.ended == Ended::Stopped { Outcome::Interrupted } else { Outcome::Done }
    }
}
