//! `rinalmo predict`: splice sites, ribosome load, families, and what models of one's own say.

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use rinalmo::batches::DEFAULT_BATCH_TOKENS;
use rinalmo::seq::SequenceRecord;
use rinalmo::{Error, MRL_PADDING, Model, Said};
use serde_json::Value;

use super::choose::{HEADS_NOTE, ModelChoice};
use crate::context::{Context, Outcome};
use crate::io::{self, FailureArgs, Field, InputArgs, Job, Rows, TableArgs, number};

/// Predict splice sites, ribosome load, ncRNA families, or what a model was fine-tuned for
#[derive(Args)]
pub struct PredictArgs {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Is there a splice site in the middle of each window?
    ///
    /// Gives id, probability and logit. The published weights are separate models for donors and
    /// acceptors and expect windows of 400 nt.
    Splice(TaskArgs),
    /// Mean ribosome load of 5' UTRs
    ///
    /// Gives id and mrl, in the units of the training set. The published head sees its padding,
    /// so every sequence is padded to the length it was trained with: 100 nt and two more tokens.
    #[command(alias = "ribosome")]
    Mrl(MrlArgs),
    /// Family of non-coding RNAs
    ///
    /// Gives id, family and its probability.
    Family(FamilyArgs),
    /// Whatever a model was fine-tuned to say of whole sequences
    ///
    /// Gives id and value, or probability (of yes), or class and its probability.
    Sequence(TaskArgs),
    /// Whatever a model was fine-tuned to say of each base
    ///
    /// Gives id and a list as long as the sequence: values, probabilities (of yes), or classes.
    Token(TaskArgs),
}

/// What the three share.
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

#[derive(Args)]
struct MrlArgs {
    #[command(flatten)]
    task: TaskArgs,
    /// Tokens to pad to: bases and two more
    #[arg(long, value_name = "N", default_value_t = MRL_PADDING)]
    pad_to: usize,
}

#[derive(Args)]
struct FamilyArgs {
    #[command(flatten)]
    task: TaskArgs,
    /// Add a column with the logits of all families
    #[arg(long)]
    logits: bool,
}

/// Runs the command.
pub fn run(args: PredictArgs, context: &Context) -> Result<Outcome> {
    match args.task {
        Task::Splice(task) => predict(
            &task,
            "splice",
            context,
            |model, sequences| model.predict_splice(sequences),
            |site| vec![("probability", number(site.probability)), ("logit", number(site.logit))],
        ),
        Task::Mrl(MrlArgs { task, pad_to }) => {
            if pad_to < 3 {
                bail!("--pad-to: expected at least 3, a base and two special tokens");
            }
            let run = |model: &Model, sequences: &[&[u8]]| model.predict_mrl(sequences, pad_to);
            predict(&task, "mrl", context, run, |mrl| vec![("mrl", number(mrl))])
        }
        Task::Sequence(task) => {
            predict(&task, "sequence", context, |model, sequences| model.predict_sequence(sequences), said)
        }
        Task::Token(task) => {
            predict(&task, "token", context, |model, sequences| model.predict_token(sequences), said_of_each)
        }
        Task::Family(FamilyArgs { task, logits }) => predict(
            &task,
            "family",
            context,
            |model, sequences| model.predict_family(sequences),
            |family| {
                let mut row = vec![("family", family.label.into()), ("probability", number(family.probability))];
                if logits {
                    row.push(("logits", Value::Array(family.logits.into_iter().map(number).collect())));
                }
                row
            },
        ),
    }
}

/// What is said of a sequence, in columns.
fn said(said: Said) -> Vec<Field> {
    match said {
        Said::Number(value) => vec![("value", number(value))],
        Said::Yes(probability) => vec![("probability", number(probability))],
        Said::Class { label, probability } => vec![("class", label.into()), ("probability", number(probability))],
    }
}

/// What is said of all bases, in one column.
fn said_of_each(bases: Vec<Said>) -> Vec<Field> {
    let name = match bases.first() {
        Some(Said::Yes(_)) => "probabilities",
        Some(Said::Class { .. }) => "classes",
        Some(Said::Number(_)) | None => "values",
    };
    let each = bases.into_iter().map(|said| match said {
        Said::Number(value) | Said::Yes(value) => number(value),
        Said::Class { label, .. } => label.into(),
    });
    vec![(name, Value::Array(each.collect()))]
}

/// Predicts with `run`, by the bundled model that does `task` where the user names none, and writes what `row` makes of each prediction.
fn predict<P>(
    args: &TaskArgs,
    task: &str,
    context: &Context,
    run: impl Fn(&Model, &[&[u8]]) -> Result<Vec<Result<P, Error>>, Error>,
    row: impl Fn(P) -> Vec<Field>,
) -> Result<Outcome> {
    let feed = args.input.open(context)?;
    let model = args.choice.load(context, task, Some(HEADS_NOTE))?;
    run(&model, &[])?; // says now, not later, if the model lacks the head
    let rows = Rows::open(&args.table, &model)?;
    let mut job = Prediction { model, run, row, rows };
    let outcome = io::run(&mut job, feed, DEFAULT_BATCH_TOKENS, context)?.into_result()?;
    Ok(args.failures.judge(outcome))
}

struct Prediction<F, R> {
    model: Model,
    run: F,
    row: R,
    rows: Rows,
}

impl<P, F, R> Job for Prediction<F, R>
where
    F: Fn(&Model, &[&[u8]]) -> Result<Vec<Result<P, Error>>, Error>,
    R: Fn(P) -> Vec<Field>,
{
    type Result = P;

    fn work(&mut self, batch: &[SequenceRecord]) -> Result<Vec<Result<P>>> {
        let sequences: Vec<&[u8]> = batch.iter().map(|record| record.sequence.as_slice()).collect();
        let results = (self.run)(&self.model, &sequences)?;
        Ok(results.into_iter().map(|result| result.map_err(anyhow::Error::from)).collect())
    }

    fn write(&mut self, record: &SequenceRecord, result: P) -> Result<()> {
        let mut row = vec![("id", record.id.as_str().into())];
        row.extend((self.row)(result));
        self.rows.write(&row)
    }

    fn flush(&mut self) -> Result<()> {
        self.rows.flush()
    }

    fn finish(&mut self) -> Result<()> {
        self.rows.finish()
    }
}
