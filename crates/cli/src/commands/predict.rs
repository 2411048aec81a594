//! `rinalmo predict`: splice sites, ribosome load, families, and predictions of your own models.

use anyhow::{Result, bail};
use clap::error::ErrorKind;
use clap::{ArgMatches, Args, Command, FromArgMatches, Subcommand};
use rinalmo::results::predicted;
use rinalmo::seq::SequenceRecord;
use rinalmo::task::{LabelSpec, Meaning, TaskSpec};
use rinalmo::{Answer, MRL_PADDING, PredictOptions};

use super::choose::{HEADS_NOTE, ModelChoice};
use crate::context::{Context, Outcome};
use crate::io::{self, FailureArgs, InputArgs, Job, Rows, TableArgs};

/// Predict splice sites, ribosome load, ncRNA families, or labels of your own
#[derive(Args)]
pub struct PredictArgs {
    #[command(subcommand)]
    asked: Asked,
}

/// Arguments of every task.
#[derive(Args)]
struct TaskArgs {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    table: TableArgs,
    #[command(flatten)]
    choice: ModelChoice,
    #[command(flatten)]
    failures: FailureArgs,
}

/// Arguments of heads that use padding.
#[derive(Args)]
struct PaddingArgs {
    /// Pad to N tokens: bases and two more; a convolutional network has its own window instead
    #[arg(long, value_name = "N", default_value_t = MRL_PADDING)]
    pad_to: usize,
}

/// Arguments of tasks with classes.
#[derive(Args)]
struct ClassesArgs {
    /// Add a column with the logits of all classes
    #[arg(long)]
    logits: bool,
}

/// A task with its arguments.
struct Asked {
    task: &'static TaskSpec,
    labels: &'static LabelSpec,
    args: TaskArgs,
    pad_to: Option<usize>,
    logits: bool,
}

impl Asked {
    fn find(name: &str) -> Option<(&'static TaskSpec, &'static LabelSpec)> {
        TaskSpec::of_labels().find(|(task, _)| task.answers_to(name))
    }

    /// `rinalmo predict TASK`.
    fn command(task: &'static TaskSpec, labels: &LabelSpec) -> Command {
        let about = format!("Predict {}", task.about);
        let long = format!("{about}\n\n{}", labels.gives);
        let command = TaskArgs::augment_args(Command::new(task.name).aliases(task.aliases));
        let command = if labels.pad_to.is_some() { PaddingArgs::augment_args(command) } else { command };
        let command = if has_logits(labels) { ClassesArgs::augment_args(command) } else { command };
        command.about(about).long_about(long) // last, as the arguments set a text too
    }
}

/// Whether there is a logit for each of several classes.
fn has_logits(labels: &LabelSpec) -> bool {
    labels.meaning == Some(Meaning::Classes)
}

impl FromArgMatches for Asked {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let found = matches.subcommand().and_then(|(name, matches)| Some((Self::find(name)?, matches)));
        let ((task, labels), matches) = found.ok_or_else(|| clap::Error::new(ErrorKind::MissingSubcommand))?;
        let pad_to = labels.pad_to.map(|_| PaddingArgs::from_arg_matches(matches)).transpose()?;
        let classes = has_logits(labels).then(|| ClassesArgs::from_arg_matches(matches)).transpose()?;
        Ok(Self {
            task,
            labels,
            args: TaskArgs::from_arg_matches(matches)?,
            pad_to: pad_to.map(|args| args.pad_to),
            logits: classes.is_some_and(|args| args.logits),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Subcommand for Asked {
    fn augment_subcommands(command: Command) -> Command {
        TaskSpec::of_labels().fold(command, |command, (task, labels)| command.subcommand(Self::command(task, labels)))
    }

    fn augment_subcommands_for_update(command: Command) -> Command {
        Self::augment_subcommands(command)
    }

    fn has_subcommand(name: &str) -> bool {
        Self::find(name).is_some()
    }
}

/// Runs the command; without --model it uses the bundled model for the task.
pub fn run(args: PredictArgs, context: &Context) -> Result<Outcome> {
    let Asked { task, labels, args, pad_to, logits } = args.asked;
    if pad_to.is_some_and(|tokens| tokens < 3) {
        bail!("--pad-to: expected at least 3, a base and two special tokens");
    }
    let feed = args.input.open(context)?;
    let model = args.choice.load(context, task.name, Some(HEADS_NOTE))?;
    let options = PredictOptions::default().pad_to(pad_to);
    model.predict(task, &[] as &[&str], &options)?; // fails now, not later, if the model lacks the head
    let rows = Rows::open(&args.table, &model)?;
    let job = Prediction { task, labels, logits, rows };
    let (_, ended) = io::run(job, feed, context, |items| model.predictions(task, items, &options));
    ended?.into_result().map(|outcome| args.failures.judge(outcome))
}

struct Prediction {
    task: &'static TaskSpec,
    labels: &'static LabelSpec,
    logits: bool,
    rows: Rows,
}

impl Job for Prediction {
    type Item = Vec<u8>;
    type Result = Answer;

    fn ask(&mut self, record: &SequenceRecord) -> Result<io::Asked<Vec<u8>, Answer>> {
        Ok(io::Asked::Model(record.sequence.clone()))
    }

    fn write(&mut self, record: &SequenceRecord, answer: Answer) -> Result<()> {
        self.rows.write(&predicted(&record.id, self.task, self.labels, answer, self.logits))
    }

    fn flush(&mut self) -> Result<()> {
        self.rows.flush()
    }

    fn finish(&mut self) -> Result<()> {
        self.rows.finish()
    }
}
