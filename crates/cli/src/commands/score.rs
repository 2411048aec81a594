//! `rinalmo score`: pseudo-perplexity of sequences, effect of variants.

mod variants;

use anyhow::{Result, anyhow};
use clap::Args;
use rinalmo::results::{scored, variant_scored};
use rinalmo::seq::SequenceRecord;
use rinalmo::{Marginal, ScoreOptions, SequenceScore, Variant, VariantRequest};

use self::variants::Variants;
use super::choose::{LETTERS_NOTE, ModelChoice};
use crate::context::{Context, Outcome};
use crate::io::say;
use crate::io::{self, Asked, FailureArgs, InputArgs, Job, Rows, TableArgs, chain};

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
    let options = ScoreOptions::default().marginal(if args.unmasked { Marginal::Unmasked } else { Marginal::Masked });
    let feed = args.input.open(context)?;
    let model = args.choice.load(context, "mlm", Some(LETTERS_NOTE))?;
    model.score(&[] as &[&str], &options)?; // fails now, not later, if the model cannot score
    let rows = Rows::open(&args.table, &model)?;
    let marginal = options.marginal;
    let Some(variants) = variants else {
        let (_, ended) = io::run(Scores { marginal, rows }, feed, context, |items| model.scores(items, &options));
        return ended?.into_result().map(|outcome| args.failures.judge(outcome));
    };
    let job = Effects { variants, marginal, rows };
    let (job, ended) = io::run(job, feed, context, |items| model.variant_scores(items, &options));
    let ended = ended?;
    let problems = job.variants.problems(ended.is_complete());
    problems.iter().for_each(|problem| say(format_args!("error: {problem}")));
    let outcome = ended.into_result()?;
    let faulty = !problems.is_empty() && outcome != Outcome::Interrupted;
    Ok(args.failures.judge(if faulty { Outcome::Partial } else { outcome }))
}

/// Without `--variants`: the score of each sequence.
struct Scores {
    marginal: Marginal,
    rows: Rows,
}

impl Job for Scores {
    type Item = Vec<u8>;
    type Result = SequenceScore;

    fn ask(&mut self, record: &SequenceRecord) -> Result<Asked<Vec<u8>, SequenceScore>> {
        Ok(Asked::Model(record.sequence.clone()))
    }

    fn write(&mut self, record: &SequenceRecord, score: SequenceScore) -> Result<()> {
        self.rows.write(&scored(record, &score, self.marginal))
    }

    fn flush(&mut self) -> Result<()> {
        self.rows.flush()
    }

    fn finish(&mut self) -> Result<()> {
        self.rows.finish()
    }
}

/// With `--variants`: the effect of each variant.
struct Effects {
    variants: Variants,
    marginal: Marginal,
    rows: Rows,
}

impl Effects {
    /// The variants of a record that can be scored, and what is wrong with the others.
    fn fitting(&mut self, record: &SequenceRecord) -> (Vec<Variant>, Vec<anyhow::Error>) {
        let (mut fitting, mut failures) = (Vec::new(), Vec::new());
        for variant in self.variants.of(&record.id) {
            let fits = variant.and_then(|variant| Ok(variant.check(&record.sequence).map(|()| variant)?));
            match fits {
                Ok(variant) => fitting.push(variant),
                Err(error) => failures.push(error),
            }
        }
        (fitting, failures)
    }
}

impl Job for Effects {
    type Item = VariantRequest<'static>;
    /// The ratio of each variant that can be scored.
    type Result = Vec<f32>;

    fn ask(&mut self, record: &SequenceRecord) -> Result<Asked<VariantRequest<'static>, Vec<f32>>> {
        let (fitting, _) = self.fitting(record);
        if fitting.is_empty() {
            return Ok(Asked::Known(Vec::new()));
        }
        Ok(Asked::Model(VariantRequest::new(&record.sequence, fitting).into_owned()))
    }

    fn write(&mut self, record: &SequenceRecord, ratios: Vec<f32>) -> Result<()> {
        let (fitting, failures) = self.fitting(record);
        for (variant, ratio) in fitting.iter().zip(ratios) {
            self.rows.write(&variant_scored(&record.id, variant, ratio, self.marginal, self.variants.differ()))?;
        }
        failed(failures)
    }

    fn flush(&mut self) -> Result<()> {
        self.rows.flush()
    }

    fn finish(&mut self) -> Result<()> {
        self.rows.finish()
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
