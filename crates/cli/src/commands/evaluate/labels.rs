//! `rinalmo evaluate splice`, `mrl` and `family`: tables of answers, or models that predict them.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use clap::error::ErrorKind;
use clap::{ArgMatches, Args, Command, FromArgMatches, Subcommand};
use rinalmo::evaluate::{Answers, Labels, Question, labels};
use rinalmo::task::{LabelSpec, Meaning, TaskSpec};

use super::summary::{OpenArgs, SummaryArgs};
use super::{Watching, left_out, named, numbered};
use crate::context::{Context, Outcome};
use crate::io::{one_for_standard_output, print_table, say, write_text};

/// Arguments of every task with labels.
#[derive(Args)]
pub struct LabelArgs {
    /// Known answers: .csv or .tsv, or FASTA (`>id answer`); rows without an id are seq1, seq2, …
    #[arg(short, long, value_name = "FILE")]
    reference: PathBuf,
    /// Score a predictor's answers, by the same ids, as `rinalmo predict` writes them; NAME=FILE names the predictor
    #[arg(short, long, value_name = "[NAME=]FILE", num_args = 1.., required_unless_present = "models")]
    predictions: Vec<String>,
    /// Score the answers of a model, by name or path. May be given several times
    #[arg(short, long = "model", value_name = "NAME|PATH")]
    models: Vec<String>,
    /// Also score the rows of each value of this column of the known answers
    #[arg(long, value_name = "COLUMN")]
    by: Option<String>,
    #[command(flatten)]
    summary: SummaryArgs,
    #[command(flatten)]
    open: OpenArgs,
}

/// Arguments of yes-or-no questions.
#[derive(Args)]
pub struct YesNoArgs {
    /// Take this label as yes, such as the label of splice sites
    #[arg(long, value_name = "LABEL", default_value = "1")]
    positive: String,
    /// Take these labels as no; rows with other labels are left out [default: all but --positive]
    #[arg(long, value_name = "LABEL,LABEL", value_delimiter = ',')]
    negative: Vec<String>,
    /// Count yes as predicted from this probability
    #[arg(short, long, value_name = "P", default_value_t = 0.5)]
    threshold: f64,
    /// Turn the predictions of tables into probabilities by a sigmoid, as they are logits
    #[arg(long)]
    logits: bool,
}

/// A task with its arguments.
pub struct Asked {
    task: &'static TaskSpec,
    args: LabelArgs,
    yes_no: Option<YesNoArgs>,
}

impl Asked {
    pub(super) fn run(&self, context: &Context) -> Result<Outcome> {
        let task = self.task;
        let question = match &self.yes_no {
            None => Question::of(task).context("the command line takes only tasks with known answers")?,
            Some(YesNoArgs { threshold, .. }) if !(0.0..=1.0).contains(threshold) => {
                bail!("--threshold: expected a probability from 0 to 1, found {threshold}")
            }
            Some(YesNoArgs { positive, negative, threshold, logits }) => {
                let (positive, negative) = (positive.clone(), negative.clone());
                Question::YesNo { task, positive, negative, threshold: *threshold, logits: *logits }
            }
        };
        self.args.run(question, context)
    }

    /// The tasks with known answers, and the meaning of those.
    fn tasks() -> impl Iterator<Item = (&'static TaskSpec, &'static LabelSpec, Meaning)> {
        let scored = |(task, labels): (_, &'static LabelSpec)| Some((task, labels, labels.meaning?));
        TaskSpec::of_labels().filter(|(_, labels)| !labels.known.is_empty()).filter_map(scored)
    }

    /// `rinalmo evaluate TASK`.
    fn command(task: &'static TaskSpec, labels: &LabelSpec, meaning: Meaning) -> Command {
        let figures = match meaning {
            Meaning::YesNo => "F1, accuracy, precision, recall, specificity, areas under curves, calibration",
            Meaning::Number => "R², squared Pearson correlation, mean absolute and mean squared error",
            Meaning::Classes => "accuracy, weighted and macro F1, each class",
        };
        let about = format!("Score {}: {figures}", task.about);
        let columns = |names: &[&str]| match names {
            [first, others @ ..] if !others.is_empty() => format!("{first} (or {})", others.join(", ")),
            names => names.concat(),
        };
        let long = format!(
            "{about}\n\nKnown answers have a column {} and, for --model, sequence, or are FASTA (`>id answer`); predictions \
             a column {}.",
            columns(labels.known),
            columns(labels.predicted)
        );
        let command = LabelArgs::augment_args(Command::new(task.name).aliases(task.aliases));
        let command = if meaning == Meaning::YesNo { YesNoArgs::augment_args(command) } else { command };
        command.about(about).long_about(long) // last, as the arguments set a text too
    }
}

impl FromArgMatches for Asked {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let found = matches.subcommand().and_then(|(name, matches)| Some((TaskSpec::find(name)?, matches)));
        let (task, matches) = found.ok_or_else(|| clap::Error::new(ErrorKind::MissingSubcommand))?;
        let is_yes_no = task.labels.is_some_and(|labels| labels.meaning == Some(Meaning::YesNo));
        let yes_no = is_yes_no.then(|| YesNoArgs::from_arg_matches(matches)).transpose()?;
        Ok(Self { task, args: LabelArgs::from_arg_matches(matches)?, yes_no })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Subcommand for Asked {
    fn augment_subcommands(command: Command) -> Command {
        Self::tasks()
            .fold(command, |command, (task, labels, meaning)| command.subcommand(Self::command(task, labels, meaning)))
    }

    fn augment_subcommands_for_update(command: Command) -> Command {
        Self::augment_subcommands(command)
    }

    fn has_subcommand(name: &str) -> bool {
        Self::tasks().any(|(task, ..)| task.answers_to(name))
    }
}

impl LabelArgs {
    pub(super) fn run(&self, question: Question, context: &Context) -> Result<Outcome> {
        one_for_standard_output(&self.summary.texts())?;
        let known = Labels::open(&self.reference, question, self.by.as_deref())?;
        left_out::report(&known.name, &known.problems, context);
        if !known.has_positive() {
            warn_of_labels(&known);
        }
        let mut predictors = Vec::new();
        for text in &self.predictions {
            let (name, path) = named(text);
            let mut found = Answers::open(path, &known)?;
            name.inspect(|name| found.name = (*name).to_owned());
            predictors.push(found);
        }
        let models = self.models.iter().map(|name| self.open.open(name, context)).collect::<Result<Vec<_>>>()?;
        for model in &models {
            let mut watch = Watching::new(context);
            predictors.push(Answers::from_model(model, &known, &mut watch)?);
            watch.progress.finish();
            if context.stopped() {
                return Ok(Outcome::Interrupted);
            }
        }
        numbered(predictors.iter_mut().map(|predictor| &mut predictor.name));
        for predictor in &predictors {
            left_out::report(&predictor.name, &predictor.problems, context);
            warn_of_logits(predictor, &known);
        }
        let evaluation = labels(&known, &predictors, &self.summary.bootstrap())?;
        write_text(self.summary.json.as_deref(), || format!("{:#}\n", evaluation.to_json()))?;
        write_text(self.summary.markdown.as_deref(), || evaluation.markdown())?;
        let [(_, json), (_, markdown)] = self.summary.texts();
        print_table(evaluation.text(), [json, markdown])?;
        Ok(self.summary.judge(&evaluation.left_out))
    }
}

/// Labels that a message lists.
const SHOWN: usize = 10;

/// Warns that no row has the positive label: it may have another name.
fn warn_of_labels(known: &Labels) {
    let labels = known.answers();
    let mut shown: Vec<String> = labels.iter().take(SHOWN).map(|(label, rows)| format!("`{label}` ({rows})")).collect();
    if labels.len() > SHOWN {
        shown.push(format!("{} more", labels.len() - SHOWN));
    }
    let (name, shown) = (&known.name, shown.join(", "));
    say(format_args!(
        "warning: {name}: no row has a label that means yes, so f1, precision, recall and mcc have no value; its labels are {shown}"
    ));
    say("hint: name the label that means yes with --positive");
}

/// Warns of predictions that are no probabilities: they have an order, but no threshold.
fn warn_of_logits(predictor: &Answers, known: &Labels) {
    if let Some((count, first)) = predictor.not_probabilities(known) {
        let name = &predictor.name;
        say(format_args!(
            "warning: {name}: {count} predictions are not from 0 to 1, such as {first}: only auroc and auprc are computed"
        ));
        say("hint: if they are logits, --logits turns them into probabilities");
    }
}
