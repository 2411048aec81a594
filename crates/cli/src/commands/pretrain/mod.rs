//! `rinalmo pretrain`.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::Args;
use rinalmo::pretrain::{
    Config, DryRun, Exchange, Finished, Masked, Memory, Outlook, Part, Processes, Request, Resume, Run, RunConfig,
    Share, Stop, bytes, perplexity,
};

use crate::commands::corpus::note_unchecked;
use crate::commands::reporter::{Pace, Terms};
use crate::commands::training::{
    self, End, LimitArgs, go, name, overrides, program, report_processes, report_resumed, together,
};
use crate::context::{Context, Outcome};
use crate::io::print;

/// Train a model to predict masked letters of a corpus
///
/// Trains the model that CONFIG describes on a store made by `rinalmo corpus build`. The folder OUT holds the run:
/// config, metrics, curves, checkpoints, and at the end the best model, which `--model OUT` opens.
///
/// Ctrl-C or SIGTERM writes a checkpoint and ends the run with exit code 130 or 143. `--resume` continues the run, also
/// after a crash, and ends with the same weights, to the bit, as a run that never stopped.
#[derive(Args)]
pub struct PretrainArgs {
    /// Recipe: a TOML file, or the name of a built-in one (`rinalmo config list`). Optional with --resume
    #[arg(value_name = "CONFIG", required_unless_present = "resume")]
    config: Option<PathBuf>,
    /// Train on this store
    #[arg(long, value_name = "STORE")]
    corpus: Option<PathBuf>,
    /// Keep the run in this folder
    #[arg(long, value_name = "OUT")]
    out: Option<PathBuf>,
    /// Continue the run in OUT after its newest complete checkpoint
    #[arg(long)]
    resume: bool,
    /// Start from the weights of a model, by name or path, instead of random ones
    #[arg(long, value_name = "MODEL")]
    from: Option<String>,
    /// Print what the run would be and exit; with --corpus a few steps are timed
    #[arg(long, conflicts_with = "resume")]
    dry_run: bool,
    /// Change a key of the config; may be given several times. An empty VALUE removes the key
    #[arg(long, value_name = "SECTION.KEY=VALUE")]
    set: Vec<String>,
    /// Use this random seed instead of the config's `train.seed`
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    #[command(flatten)]
    limits: LimitArgs,
}

/// Runs the command.
pub fn run(args: PretrainArgs, context: &Context) -> Result<Outcome> {
    together(context, |processes| run_in(&args, context, processes))
}

fn run_in(args: &PretrainArgs, context: &Context, processes: &mut Processes) -> Result<Outcome> {
    let share = processes.share();
    if args.dry_run {
        if share.ranks > 1 {
            context.note(format!("the following is for one process; {} were started", share.ranks));
        }
        return if processes.leads() { dry_run(args, context) } else { Ok(Outcome::Done) };
    }
    let run = if args.resume { resume(args, context, share)? } else { begin(args, context, share)? };
    note_unchecked(run.corpus(), context);
    let outlook = run.outlook()?;
    let memory = run.memory(&outlook.epoch);
    report_processes(processes, context);
    context.note(describe(&outlook, &memory));
    let needed = memory.total() * processes.here().ranks as u64;
    if needed > rinalmo::default_budget() {
        let (needed, free) = (bytes(needed), bytes(rinalmo::default_budget()));
        context
            .note(format!("warning: the run needs about {needed}, {free} are free; see data.tokens, train.accumulate"));
    }
    let folder = run.folder().to_owned();
    let finished = go(run, Pace::from(&outlook), Terms::Perplexity, &mut *processes, context)?;
    if processes.leads() { report(&finished, &folder, context) } else { Ok(Outcome::Done) }
}

/// A run in a line: what is to be done.
fn describe(outlook: &Outlook, memory: &Memory) -> String {
    let (epoch, memory) = (&outlook.epoch, bytes(memory.total()));
    format!("{}, an epoch is {epoch}, about {memory} of memory", training::describe(outlook))
}

fn begin(args: &PretrainArgs, context: &Context, share: Share) -> Result<Run> {
    let Some(path) = &args.config else { bail!("a CONFIG is needed") };
    let config = args.config(path)?;
    let Some(data) = args.corpus.clone() else {
        bail!("--corpus is needed: a store made by `rinalmo corpus build`");
    };
    let Some(out) = args.out.clone() else { bail!("--out is needed: the folder for the run") };
    let request = Request { name: name(Some(path)), config, data, out, from: args.from.clone(), program: program() };
    Ok(Run::begin(Masked, request, &context.device()?, share)?)
}

fn resume(args: &PretrainArgs, context: &Context, share: Share) -> Result<Run> {
    let Some(out) = args.out.clone() else { bail!("--out is needed: the folder of the run to resume") };
    let overrides = overrides(&args.set, args.seed);
    let config = args.config.as_deref().map(|path| Config::open(path, &overrides)).transpose()?;
    let (limits, data, from) = (args.limits.resolve(), args.corpus.clone(), args.from.clone());
    let resume = Resume { out, config, overrides, limits, data, from, program: program() };
    let run = Run::resume(Masked, resume, &context.device()?, share)?;
    report_resumed(run.skipped(), run.changed(), context);
    Ok(run)
}

fn dry_run(args: &PretrainArgs, context: &Context) -> Result<Outcome> {
    let Some(path) = &args.config else { bail!("a CONFIG is needed") };
    let config = args.config(path)?;
    if args.corpus.is_some() {
        context.note("timing a few steps …");
    }
    let device = context.device()?;
    let stop = Stop::from(context.stop_flag());
    let planned = DryRun::new(config, args.from.as_deref(), args.corpus.as_deref(), &device, &stop)?;
    planned.corpus.iter().for_each(|corpus| note_unchecked(&corpus.store, context));
    print(planned)?;
    Ok(if context.stopped() { Outcome::Interrupted } else { Outcome::Done })
}

impl PretrainArgs {
    /// The config with the changes of the flags.
    fn config(&self, path: &Path) -> Result<Config> {
        let mut config = Config::open(path, &overrides(&self.set, self.seed))?;
        self.limits.replace(&mut config.train.until);
        Ok(config)
    }
}

/// Prints the validation as a table on standard output, and where the model is on standard error.
fn report(finished: &Finished, folder: &Path, context: &Context) -> Result<Outcome> {
    if let Some(report) = &finished.validation {
        let mut out = String::new();
        writeln!(out, "part\tletters\tloss\tperplexity")?;
        for part in &report.validation.parts {
            if let Some(loss) = part.mean() {
                let Part { name, weight, .. } = part;
                writeln!(out, "{name}\t{weight:.0}\t{loss:.4}\t{:.4}", perplexity(loss))?;
            }
        }
        print(out)?;
    }
    let how = format!("`rinalmo pretrain --resume --out {}` continues", folder.display());
    let Finished { ended, exported, .. } = *finished;
    Ok(End { ended, step: finished.state.step, exported, took: "", how: &how }.report(folder, context))
}
