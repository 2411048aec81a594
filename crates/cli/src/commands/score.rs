//! `rinalmo score`: pseudo-perplexity of sequences, effect of variants.

mod variants;

use anyhow::{Result, anyhow};
use clap::Args;
use rinalmo::batches::DEFAULT_BATCH_TOKENS;
use rinalmo::seq::SequenceRecord;
use rinalmo::{Marginal, Model, Variant};

use self::variants::Variants;
use super::choose::{ENCODER_NOTE, ModelChoice};
use crate::context::{Context, Outcome};
use crate::io::{self, FailureArgs, Field, InputArgs, Job, Rows, TableArgs, chain, number};

/// Score sequences, or the effect of variants
///
/// Without --variants, prints for each record its length, loss (mean negative log-likelihood of a
/// base, in nats) and pseudo-perplexity, exp(loss). With --variants, prints the log-likelihood ratio
/// (llr, in nats) of each variant and the given sequence: below 0, the variant is less probable. Each
/// position is masked to predict it; --unmasked predicts all in one pass, which is faster and less
/// accurate.
#[derive(Args)]
pub struct ScoreArgs {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    table: TableArgs,
    /// Score these variants: a list such as A23G,C45U for every sequence, or a table with the columns
    /// id and variant, or pos, ref and alt as in VCF
    ///
    /// Positions count from 1, the first base of the sequence. A23G+C45U occur together. HGVS is also
    /// read (n.23A>G, r.23a>g, c., g., m.; ID:n.23A>G for one sequence); the results have its normal
    /// form. Insertions and deletions are reported but not scored (exit code 1), and so are variants
    /// whose first base differs from the sequence.
    #[arg(long, value_name = "LIST|FILE")]
    variants: Option<String>,
    /// Compute one pass over the unmasked sequence (wild-type marginals) instead of masking each position
    #[arg(long)]
    unmasked: bool,
    #[command(flatten)]
    choice: ModelChoice,
    #[command(flatten)]
    failures: FailureArgs,
}

/// Runs the command.
pub fn run(args: ScoreArgs, context: &Context) -> Result<Outcome> {
    let variants = args.variants.as_deref().map(Variants::open).transpose()?;
    let marginal = if args.unmasked { Marginal::Unmasked } else { Marginal::Masked };
    let feed = args.input.open(context)?;
    let model = args.choice.load(context, "mlm", Some(ENCODER_NOTE))?;
    model.score_variants(b"A", &[], marginal)?; // fails now, not later, if the model cannot score
    let rows = Rows::open(&args.table, &model)?;
    let mut job = Scoring { model, variants, marginal, rows };
    let ended = io::run(&mut job, feed, DEFAULT_BATCH_TOKENS, context)?;
    let problems = job.variants.map_or_else(Vec::new, |variants| variants.problems(ended.is_complete()));
    problems.iter().for_each(|problem| eprintln!("error: {problem}"));
    let outcome = ended.into_result()?;
    let faulty = !problems.is_empty() && outcome != Outcome::Interrupted;
    Ok(args.failures.judge(if faulty { Outcome::Partial } else { outcome }))
}

struct Scoring {
    model: Model,
    variants: Option<Variants>,
    marginal: Marginal,
    rows: Rows,
}

/// The rows of a record, and what could not be scored.
struct Scored {
    rows: Vec<Vec<Field>>,
    failures: Vec<anyhow::Error>,
}

impl Job for Scoring {
    type Result = Scored;

    fn work(&mut self, batch: &[SequenceRecord]) -> Result<Vec<Result<Self::Result>>> {
        Ok(batch.iter().map(|record| self.score(record)).collect())
    }

    fn write(&mut self, _record: &SequenceRecord, scored: Self::Result) -> Result<()> {
        scored.rows.iter().try_for_each(|row| self.rows.write(row))?;
        failed(scored.failures)
    }

    fn flush(&mut self) -> Result<()> {
        self.rows.flush()
    }

    fn finish(&mut self) -> Result<()> {
        self.rows.finish()
    }
}

impl Scoring {
    fn score(&mut self, record: &SequenceRecord) -> Result<Scored> {
        let id = || ("id", record.id.as_str().into());
        let marginal = ("marginal", self.marginal.name().into());
        let Some(variants) = &mut self.variants else {
            let score = self.model.score(&record.sequence, self.marginal)?;
            let length = ("length", record.sequence.len().into());
            let (loss, perplexity) = (number(score.loss as f32), number(score.perplexity as f32));
            let row = vec![id(), length, ("loss", loss), ("perplexity", perplexity), marginal];
            return Ok(Scored { rows: vec![row], failures: Vec::new() });
        };
        let with_written = variants.differ();
        let (mut fitting, mut failures) = (Vec::new(), Vec::new());
        for variant in variants.of(&record.id) {
            let fits = variant.and_then(|variant| Ok(variant.check(&record.sequence).map(|()| variant)?));
            match fits {
                Ok(variant) => fitting.push(variant),
                Err(error) => failures.push(error),
            }
        }
        if fitting.is_empty() {
            return Ok(Scored { rows: Vec::new(), failures });
        }
        let ratios = self.model.score_variants(&record.sequence, &fitting, self.marginal)?;
        let row = |(variant, ratio): (&Variant, f32)| {
            let mut row = vec![id(), ("variant", variant.to_string().into()), ("llr", number(ratio)), marginal.clone()];
            if with_written {
                row.push(("written", variant.written().into()));
            }
            row
        };
        Ok(Scored { rows: fitting.iter().zip(ratios).map(row).collect(), failures })
    }
}

/// One error for all variants of a record that were not scored; the others are written.
fn failed(failures: Vec<anyhow::Error>) -> Result<()> {
    match &failures[..] {
        [] => Ok(()),
        [only] => Err(anyhow!("{}", chain(only))),
        several => {
            let lines: Vec<String> = several.iter().map(|error| format!("\n  {}", chain(error))).collect();
            Err(anyhow!("{} variants are not scored{}", several.len(), lines.concat()))
        }
    }
}
