//! `rinalmo finetune`.

mod next;
mod repeats;

use std::fmt::Write;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use rinalmo::finetune::{Config, DryRun, Files, Finished, Kind, Labelled, Outlook, Request, Resume, Run, Structure};
use rinalmo::pretrain::{Ended, Exchange, Processes, Share, Stop, Validation, duration, grouped};
use rinalmo::task::{TASKS, TaskSpec};

use crate::commands::told::{Pace, Terms, Told};
use crate::commands::training::{End, LimitArgs, name, overrides, program, tell_processes, tell_resumed, together};
use crate::context::{Context, Outcome};
use crate::io::print;
use crate::stop::Patience;

/// Fit a model to a task by labelled sequences
///
/// Trains the head for TASK, and as much of the encoder as the config says, on the data given, and keeps everything about
/// the run in the folder OUT: config, metrics, curves, checkpoints, and in the end the best model by validation, which
/// `--model OUT` opens. Ctrl-C or SIGTERM writes a checkpoint and ends the run with exit code 130 or 143; `--resume` goes on.
#[derive(Args)]
pub struct FinetuneArgs {
    /// What to learn
    #[arg(value_name = "TASK", value_parser = tasks())]
    task: &'static TaskSpec,
    /// Recipe: a TOML file, or the name of one that is built in (`rinalmo config list`). With --resume the run's own
    #[arg(long, value_name = "FILE|NAME", required_unless_present = "resume", conflicts_with = "resume")]
    config: Option<PathBuf>,
    #[command(flatten)]
    data: DataArgs,
    /// The model to begin with, by name or path; without it the config's `[model]` begins from nothing
    #[arg(long, value_name = "MODEL", conflicts_with = "resume")]
    from: Option<String>,
    /// Begin with a new head, even where the model of --from has one for TASK
    #[arg(long, conflicts_with = "resume")]
    fresh_head: bool,
    /// The run's folder
    #[arg(long, value_name = "OUT")]
    out: Option<PathBuf>,
    /// Go on with the run in OUT, behind its newest whole checkpoint
    #[arg(long)]
    resume: bool,
    /// Tell what the run would be and what trains when, and do nothing else; --from may name a published size then
    #[arg(long, conflicts_with = "resume")]
    dry_run: bool,
    /// Run so many times with seeds one after the other, each in a folder of its own in OUT, and tell mean and deviation
    #[arg(long, value_name = "N", conflicts_with_all = ["resume", "dry_run"])]
    repeats: Option<u64>,
    /// Change a key of the config; may be given several times. An empty VALUE takes the key
    /// away, and `SECTION=` the section
    #[arg(long, value_name = "SECTION.KEY=VALUE")]
    set: Vec<String>,
    /// What everything random depends on, instead of the config's `train.seed`
    #[arg(long, value_name = "N", conflicts_with = "resume")]
    seed: Option<u64>,
    #[command(flatten)]
    limits: LimitArgs,
}

/// Where data lie.
#[derive(Args, Clone)]
#[command(next_help_heading = "Data, each of one or more files or folders")]
struct DataArgs {
    /// What is trained on
    #[arg(long, value_name = "PATH", num_args = 1.., required_unless_present_any = ["resume", "dry_run"])]
    data: Vec<PathBuf>,
    /// What models are chosen by; a share of the training data is held out without it
    #[arg(long, value_name = "PATH", num_args = 1..)]
    validation: Vec<PathBuf>,
    /// What the best model is tried on in the end, once
    #[arg(long, value_name = "PATH", num_args = 1..)]
    test: Vec<PathBuf>,
    /// A table of `fold`, `partition` (train, valid, test) and `id` that shares --data out; with --fold
    #[arg(long, value_name = "FILE", requires = "fold")]
    splits: Option<PathBuf>,
    /// The fold of --splits
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

/// What can be learned: the rows of the table of tasks that have a head to train.
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
        let told = DryRun::new(kind, args.read(kind)?, args.from.as_deref(), &Files::from(&args.data))?;
        print(told)?;
        return Ok(Outcome::Done);
    }
    let Some(out) = &args.out else { bail!("--out is needed: the folder that the run is to live in") };
    if let Some(repeats) = args.repeats {
        return repeats::run(kind, args, out, repeats, context, processes);
    }
    let share = processes.share();
    let run = match args.resume {
        true => args.resume(kind, out, context, share)?,
        false => args.begin(kind, out, None, context, share)?,
    };
    tell_processes(processes, context);
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

/// Trains, telling on standard error.
pub(super) fn go<K: Kind, X: Exchange>(run: Run<K>, exchange: X, context: &Context) -> Result<Finished> {
    let outlook = run.outlook();
    run.data().iter().for_each(|about| context.note(about));
    context.note(tell(&outlook));
    let pace = Pace { first: outlook.step, steps: outlook.steps, seconds: outlook.seconds };
    let mut told = Told::new(context, pace, Terms::Parts);
    let _patience = Patience::begin();
    let finished = run.go(exchange, &Stop::from(context.stop_flag()), &mut told);
    told.finish();
    Ok(finished?)
}

/// What lies before a run, in a line.
fn tell(outlook: &Outlook) -> String {
    let Outlook { parameters, items, tokens, steps_an_epoch, step, steps, seconds } = *outlook;
    let from = if step > 0 { format!("goes on behind step {}, ", grouped(step)) } else { String::new() };
    let steps = steps.map_or_else(|| "no end of steps".into(), |steps| format!("{} steps", grouped(steps)));
    let limit = seconds.map_or_else(String::new, |limit| format!(" or {}", duration(limit)));
    let [parameters, items, tokens, epoch] = [parameters as u64, items as u64, tokens, steps_an_epoch].map(grouped);
    format!(
        "{from}{parameters} parameters, {steps}{limit}, an epoch is {items} items of {tokens} tokens in {epoch} steps"
    )
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
        let (files, from, out) = (Files::from(&self.data), self.from.clone(), out.to_owned());
        let request = Request { name, config, files, out, from, program: program() };
        Ok(Run::begin(kind, request, &context.device()?, share)?)
    }

    fn resume<K: Kind>(&self, kind: K, out: &Path, context: &Context, share: Share) -> Result<Run<K>> {
        if !self.data.data.is_empty() || !self.data.validation.is_empty() || !self.data.test.is_empty() {
            bail!("--resume goes on with the data the run began with; leave --data, --validation and --test out");
        }
        let (out, overrides, limits) = (out.to_owned(), self.set.clone(), self.limits.resolve());
        let resume = Resume { out, overrides, limits, program: program() };
        let run = Run::resume(kind, resume, &context.device()?, share)?;
        tell_resumed(run.skipped(), run.changed(), context);
        Ok(run)
    }

    /// The config with everything that flags change in it.
    fn read<K: Kind>(&self, kind: K) -> Result<Config<K::Data>> {
        let Some(path) = &self.config else {
            bail!("--config is needed; `rinalmo config list` names those that are built in")
        };
        let mut config: Config<K::Data> = Config::open_for(kind.name(), path, &overrides(&self.set, self.seed))?;
        config.fresh_head |= self.fresh_head;
        self.limits.replace(&mut config.train.until);
        Ok(config)
    }
}

/// The best validation and the test as a table on standard output, what is where on standard error.
fn report(finished: &Finished, folder: &Path, context: &Context) -> Result<Outcome> {
    let validation = finished.validation.as_ref().map(|report| &report.validation);
    table(&[("validation", validation), ("test", finished.test.as_ref())])?;
    let took = format!(", {} of training", duration(finished.state.seconds));
    let Finished { ended, exported, .. } = *finished;
    let end = End { ended, step: finished.state.step, exported, took: &took, how: "--resume goes on" };
    Ok(end.tell(folder, context))
}

/// A line for each figure: what it is of, its name, its value, how many it is over.
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
