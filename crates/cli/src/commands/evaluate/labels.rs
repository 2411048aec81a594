//! `rinalmo evaluate splice`, `mrl` and `family`: tables of answers, or models that are asked.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;
use rinalmo::evaluate::{Answers, Labels, Question, labels};

use super::summary::{OpenArgs, SummaryArgs};
use super::{Watching, left_out, named, numbered, write};
use crate::context::{Context, Outcome};
use crate::io::{Progress, print};

/// Tables in, figures out.
#[derive(Args)]
pub struct LabelArgs {
    /// The known answers: .csv or .tsv, or FASTA (`>id answer`); rows without an id are seq1, seq2, …
    #[arg(short, long, value_name = "FILE")]
    reference: PathBuf,
    /// A predictor's answers, by the same ids, as `rinalmo predict` writes them; NAME=FILE says how to call it
    #[arg(short, long, value_name = "[NAME=]FILE", num_args = 1.., required_unless_present = "models")]
    predictions: Vec<String>,
    /// A model to ask, by name or path; several times for several
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

/// What splice sites add.
#[derive(Args)]
pub struct SpliceArgs {
    #[command(flatten)]
    labels: LabelArgs,
    /// The label of a splice site
    #[arg(long, value_name = "LABEL", default_value = "1")]
    positive: String,
    /// The labels of no splice site; rows of other labels are left out [default: all but --positive]
    #[arg(long, value_name = "LABEL,LABEL", value_delimiter = ',')]
    negative: Vec<String>,
    /// From which probability on a site counts as predicted
    #[arg(short, long, value_name = "P", default_value_t = 0.5)]
    threshold: f64,
    /// The predictions in tables are logits: a sigmoid makes probabilities of them
    #[arg(long)]
    logits: bool,
}

impl SpliceArgs {
    pub(super) fn run(&self, context: &Context) -> Result<Outcome> {
        if !(0.0..=1.0).contains(&self.threshold) {
            bail!("--threshold: expected a probability from 0 to 1, found {}", self.threshold);
        }
        let (positive, negative) = (self.positive.clone(), self.negative.clone());
        self.labels
            .run(Question::Splice { positive, negative, threshold: self.threshold, logits: self.logits }, context)
    }
}

impl LabelArgs {
    pub(super) fn run(&self, question: Question, context: &Context) -> Result<Outcome> {
        let known = Labels::open(&self.reference, question, self.by.as_deref())?;
        left_out::tell(&known.name, &known.problems, context);
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
            let mut watch = Watching { progress: Progress::new(context), context };
            predictors.push(Answers::from_model(model, &known, &mut watch)?);
            watch.progress.finish();
            if context.stopped() {
                return Ok(Outcome::Interrupted);
            }
        }
        numbered(predictors.iter_mut().map(|predictor| &mut predictor.name));
        for predictor in &predictors {
            left_out::tell(&predictor.name, &predictor.problems, context);
            warn_of_logits(predictor, &known);
        }
        let evaluation = labels(&known, &predictors, &self.summary.bootstrap())?;
        write(&self.summary.json, || format!("{:#}\n", evaluation.to_json()))?;
        write(&self.summary.markdown, || evaluation.markdown())?;
        print(evaluation.text())?;
        Ok(self.summary.judge(&evaluation.left_out))
    }
}

/// Labels that a message lists.
const SHOWN: usize = 10;

/// No row says that there is a site: perhaps it is called otherwise.
fn warn_of_labels(known: &Labels) {
    let labels = known.answers();
    let mut shown: Vec<String> = labels.iter().take(SHOWN).map(|(label, rows)| format!("`{label}` ({rows})")).collect();
    if labels.len() > SHOWN {
        shown.push(format!("{} more", labels.len() - SHOWN));
    }
    let (name, shown) = (&known.name, shown.join(", "));
    eprintln!(
        "warning: {name}: no row is a splice site, so f1, precision, recall and mcc have no value; its labels are {shown}"
    );
    eprintln!("hint: --positive names the label of a site");
}

/// Numbers that are no probabilities have an order, but no threshold.
fn warn_of_logits(predictor: &Answers, known: &Labels) {
    if let Some((count, first)) = predictor.not_probabilities(known) {
        let name = &predictor.name;
        eprintln!(
            "warning: {name}: {count} predictions are not from 0 to 1, such as {first}: only auroc and auprc are given"
        );
        eprintln!("hint: --logits, if they are logits, makes probabilities of them");
    }
}
