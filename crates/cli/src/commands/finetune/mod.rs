//! `rinalmo finetune`.

mod next;
mod repeats;

use std::fmt::Write;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use rinalmo::finetune::{
    Config, DryRun, Epoch, Files, Finished, Kind, Labelled, Outlook, Request, Resume, Run, RunConfig, Structure,
};
use rinalmo::pretrain::{Ended, Exchange, Processes, Share, Validation, duration, grouped};
use rinalmo::task::{TASKS, TaskSpec};

use crate::commands::reporter::{Pace, Terms};
use crate::commands::training::{
    self, End, LimitArgs, name, overrides, program, report_processes, report_resumed, together,
};
use crate::context::{Context, Outcome};
use crate::io::print;

/// Train a model for a task on labelled sequences
///
/// Trains the head for TASK, and as much of the encoder as the config says. The folder OUT holds the run: config,
/// metrics, curves, checkpoints, and at the end the best model by validation, which `--model OUT` opens.
///
/// Ctrl-C or SIGTERM writes a checkpoint and ends the run with exit code 130 or 143. `--resume` continues the run.
#[derive(Args)]
pub struct FinetuneArgs {
    /// Task to train for
    #[arg(value_name = "TASK", value_parser = tasks())]
    task: &'static TaskSpec,
    /// Recipe: a TOML file, or the name of a built-in one (`rinalmo config list`). --resume uses the run's own
    #[arg(long, value_name = "FILE|NAME", required_unless_present = "resume", conflicts_with = "resume")]
    config: Option<PathBuf>,
    #[command(flatten)]
    data: DataArgs,
    /// Start from this model, by name or path; the default is random weights of the config's `[model]`
    #[arg(long, value_name = "MODEL", conflicts_with = "resume")]
    from: Option<String>,
    /// Start with a new head, even if the model of --from has one for TASK
    #[arg(long, conflicts_with = "resume")]
    fresh_head: bool,
    /// Keep the run in this folder
    #[arg(long, value_name = "OUT")]
    out: Option<PathBuf>,
    /// Continue the run in OUT after its newest complete checkpoint
    #[arg(long)]
    resume: bool,
    /// Print what the run would be and what trains when, and exit; --from may then name a published size
    #[arg(long, conflicts_with = "resume")]
    dry_run: bool,
    /// Run N times with consecutive seeds, each in its own folder in OUT, and print mean and standard deviation
    #[arg(long, value_name = "N", conflicts_with_all = ["resume", "dry_run"])]
    repeats: Option<u64>,
    /// Change a key of the config; may be given several times. An empty VALUE removes the key,
    /// and `SECTION=` the section
    #[arg(long, value_name = "SECTION.KEY=VALUE")]
    set: Vec<String>,
    /// Use this random seed instead of the config's `train.seed`
    #[arg(long, value_name = "N", conflicts_with = "resume")]
    seed: Option<u64>,
    #[command(flatten)]
    limits: LimitArgs,
}

/// Where the data are.
#[derive(Args, Clone)]
#[command(next_help_heading = "Data, each of one or more files or folders")]
struct DataArgs {
    /// Train on these data
    #[arg(long, value_name = "PATH", num_args = 1.., required_unless_present_any = ["resume", "dry_run"])]
    data: Vec<PathBuf>,
    /// Choose the best model on these data; the default is to hold out a share of the training data
    #[arg(long, value_name = "PATH", num_args = 1..)]
    validation: Vec<PathBuf>,
    /// Evaluate the best model on these data once, at the end
    #[arg(long, value_name = "PATH", num_args = 1..)]
    test: Vec<PathBuf>,
    /// Split --data by a table of `fold`, `partition` (train, valid, test) and `id`; needs --fold
    #[arg(long, value_name = "FILE", requires = "fold")]
    splits: Option<PathBuf>,
    /// Use this fold of --splits
    #[arg(long, value_name = "NAME", requires = "splits")]
    fold: Option<String>,
}

impl From<&DataArgs> for Files {
    fn from(args: &DataArgs) -> Self {
        let DataArgs { data, validation, test, splits, fold } = args.clone();
        Self { train: data, validation, test, splits: splits.zip(fold) }
    }
}

/// Runs the command.
pub fn run(args: FinetuneArgs, context: &Context) -> Result<Outcome> {
    together(context, |processes| match Labelled::of(args.task) {
        Some(labelled) => train(labelled, &args, context, processes),
        None => train(Structure, &args, context, processes),
    })
}

/// The tasks that can be trained: those with a head.
fn tasks() -> impl TypedValueParser<Value = &'static TaskSpec> {
    let value = |task: &TaskSpec| {
        PossibleValue::new(task.name).aliases(task.aliases).help(format!("{}: {}", task.title(), task.data))
    };
    let values: Vec<PossibleValue> = TASKS.iter().filter(|task| task.head.is_some()).map(value).collect();
    PossibleValuesParser::new(values).map(|name| TaskSpec::find(&name).expect("a possible value is a task's name"))
}

fn train<K: Kind>(kind: K, args: &FinetuneArgs, context: &Context, processes: &mut Processes) -> Result<Outcome> {
    if args.dry_run {
        if !processes.leads() {
            return Ok(Outcome::Done);
        }
        let planned = DryRun::new(kind, args.read(kind)?, args.from.as_deref(), &Files::from(&args.data))?;
        print(with_flag(&planned.to_string(), planned.keeps_head))?;
        return Ok(Outcome::Done);
    }
    let Some(out) = &args.out else { bail!("--out is needed: the folder for the run") };
    if let Some(repeats) = args.repeats {
        return repeats::run(kind, args, out, repeats, context, processes);
    }
    let share = processes.share();
    let run = if args.resume {
        args.resume(kind, out, context, share)?
    } else {
        args.begin(kind, out, None, context, share)?
    };
    report_processes(processes, context);
    let finished = go(run, &mut *processes, context)?;
    if !processes.leads() {
        return Ok(Outcome::Done);
    }
    let outcome = report(&finished, out, context)?;
    if kind.spec() == Structure.spec() && finished.ended == Ended::Finished {
        context.note(next::after_structures(out, args.from.as_deref(), &args.data.validation));
    }
    Ok(outcome)
}

/// Trains, with progress on standard error.
pub(super) fn go<K: Kind, X: Exchange>(run: Run<K>, exchange: X, context: &Context) -> Result<Finished> {
    let outlook = run.outlook()?;
    run.data().iter().for_each(|about| context.note(with_flag(about, run.keeps_head())));
    context.note(describe(&outlook));
    training::go(run, Pace::from(&outlook), Terms::Parts, exchange, context)
}

/// Adds to the line on a head that is kept how to start with a new one.
fn with_flag(text: &str, keeps_head: bool) -> String {
    let about = |line: &str| {
        let flag = if keeps_head && line.starts_with("head") { "; --fresh-head starts with a new one" } else { "" };
        format!("{}{flag}{}", line.trim_end_matches('\n'), if line.ends_with('\n') { "\n" } else { "" })
    };
    text.split_inclusive('\n').map(about).collect()
}

/// A run in a line: what is to be done.
fn describe(outlook: &Outlook) -> String {
    let Epoch { items, tokens, steps } = outlook.epoch;
    let [items, tokens, steps] = [items as u64, tokens, steps].map(grouped);
    format!("{}, an epoch is {items} items of {tokens} tokens in {steps} steps", training::describe(outlook))
}

impl FinetuneArgs {
    fn begin<K: Kind>(
        &self,
        kind: K,
        out: &Path,
        seed: Option<u64>,
        context: &Context,
        share: Share,
    ) -> Result<Run<K>> {
        let mut config = self.read(kind)?;
        config.train.seed = seed.unwrap_or(config.train.seed);
        let name = name(self.config.as_deref());
        let (data, from, out) = (Files::from(&self.data), self.from.clone(), out.to_owned());
        let request = Request { name, config, data, out, from, program: program() };
        Ok(Run::begin(kind, request, &context.device()?, share)?)
    }

    fn resume<K: Kind>(&self, kind: K, out: &Path, context: &Context, share: Share) -> Result<Run<K>> {
        if !self.data.data.is_empty() || !self.data.validation.is_empty() || !self.data.test.is_empty() {
            bail!("--resume uses the data that the run started with; leave out --data, --validation and --test");
        }
        let (out, overrides, limits) = (out.to_owned(), self.set.clone(), self.limits.resolve());
        let resume = Resume { out, overrides, limits, program: program(), ..Resume::default() };
        let run = Run::resume(kind, resume, &context.device()?, share)?;
        report_resumed(run.skipped(), run.changed(), context);
        Ok(run)
    }

    /// The config with the changes of the flags.
    fn read<K: Kind>(&self, kind: K) -> Result<Config<K::Data>> {
        let Some(path) = &self.config else {
            bail!("--config is needed; `rinalmo config list` lists the built-in ones")
        };
        let mut config: Config<K::Data> = Config::open_for(kind.name(), path, &overrides(&self.set, self.seed))?;
        config.fresh_head |= self.fresh_head;
        self.limits.replace(&mut config.train.until);
        Ok(config)
    }
}

/// Prints the best validation and the test as a table on standard output, and where the model is on standard error.
fn report(finished: &Finished, folder: &Path, context: &Context) -> Result<Outcome> {
    let validation = finished.validation.as_ref().map(|report| &report.validation);
    table(&[("validation", validation), ("test", finished.test.as_ref())])?;
    let took = format!(", {} of training", duration(finished.state.seconds));
    let Finished { ended, exported, .. } = *finished;
    let end = End { ended, step: finished.state.step, exported, took: &took, how: "--resume continues" };
    Ok(end.report(folder, context))
}

/// Prints a line for each figure: its data, name, value, and how many items it is over.
fn table(found: &[(&str, Option<&Validation>)]) -> Result<()> {
    let mut out = String::new();
    if found.iter().any(|(_, validation)| validation.is_some_and(|validation| !validation.parts.is_empty())) {
        writeln!(out, "data\tfigure\tvalue\tover")?;
    }
    for (name, validation) in found {
        for part in validation.iter().flat_map(|validation| &validation.parts) {
            if let Some(mean) = part.mean() {
                writeln!(out, "{name}\t{}\t{mean:.4}\t{:.0}", part.name, part.weight)?;
            }
        }
    }
    print(out)
}
