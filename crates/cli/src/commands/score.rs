//! `rinalmo score`: pseudo-perplexity of sequences, effect of variants.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use rinalmo::batches::DEFAULT_BATCH_TOKENS;
use rinalmo::seq::SequenceRecord;
use rinalmo::{Marginal, Model, Variant};

use super::choose::{ENCODER_NOTE, ModelChoice};
use crate::context::{Context, Outcome};
use crate::io::{self, Field, InputArgs, Job, Rows, TableArgs, first_of, is_table, number, read_columns};

/// Score sequences, or the effect of variants
///
/// Without --variants gives for each record its length, loss (mean negative log-likelihood of a
/// base, in nats) and pseudo-perplexity, exp(loss). With --variants gives the log-likelihood
/// ratio (llr, in nats) of each variant over the sequence as it is: below 0 the model finds the
/// variant less probable. Every position is masked before it is asked for; --unmasked asks for
/// all in one pass instead, which is faster and less sharp.
#[derive(Args)]
pub struct ScoreArgs {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    table: TableArgs,
    /// Variants: a list as A23G,C45U (positions from 1; A23G+C45U occur together), tried on every
    /// sequence, or a .tsv or .csv with the columns id and variant
    #[arg(long, value_name = "LIST|FILE")]
    variants: Option<String>,
    /// One pass over the unmasked sequence (wild-type marginals) instead of masking each position
    #[arg(long)]
    unmasked: bool,
    #[command(flatten)]
    choice: ModelChoice,
}

/// Runs the command.
pub fn run(args: ScoreArgs, context: &Context) -> Result<Outcome> {
    let variants = args.variants.as_deref().map(Variants::open).transpose()?;
    let marginal = if args.unmasked { Marginal::Unmasked } else { Marginal::Masked };
    args.input.refuse_as_outputs([args.table.path()])?;
    let feed = args.input.open(context)?;
    let model = args.choice.load(context, "mlm", Some(ENCODER_NOTE))?;
    model.score_variants(b"A", &[], marginal)?; // says now, not later, if the model cannot score
    let rows = Rows::open(&args.table, &model)?;
    let mut job = Scoring { model, variants, marginal, rows };
    let ended = io::run(&mut job, feed, DEFAULT_BATCH_TOKENS, context)?;
    let unused = job.variants.filter(|_| ended.is_complete()).and_then(Variants::unused);
    let outcome = ended.into_result()?;
    Ok(unused.map_or(outcome, |unused| {
        eprintln!("error: {unused}");
        Outcome::Partial
    }))
}

struct Scoring {
    model: Model,
    variants: Option<Variants>,
    marginal: Marginal,
    rows: Rows,
}

impl Job for Scoring {
    type Result = Vec<Vec<Field>>;

    fn work(&mut self, batch: &[SequenceRecord]) -> Result<Vec<Result<Self::Result>>> {
        Ok(batch.iter().map(|record| self.score(record)).collect())
    }

    fn write(&mut self, _record: &SequenceRecord, rows: Self::Result) -> Result<()> {
        rows.iter().try_for_each(|row| self.rows.write(row))
    }

    fn flush(&mut self) -> Result<()> {
        self.rows.flush()
    }
}

impl Scoring {
    fn score(&mut self, record: &SequenceRecord) -> Result<Vec<Vec<Field>>> {
        let id = || ("id", record.id.as_str().into());
        let marginal = ("marginal", self.marginal.name().into());
        let Some(variants) = &mut self.variants else {
            let score = self.model.score(&record.sequence, self.marginal)?;
            let length = ("length", record.sequence.len().into());
            let (loss, perplexity) = (number(score.loss as f32), number(score.perplexity as f32));
            return Ok(vec![vec![id(), length, ("loss", loss), ("perplexity", perplexity), marginal]]);
        };
        let variants = variants.of(&record.id);
        if variants.is_empty() {
            return Ok(Vec::new());
        }
        let ratios = self.model.score_variants(&record.sequence, &variants, self.marginal)?;
        let row = |(variant, ratio): (&Variant, f32)| {
            vec![id(), ("variant", variant.to_string().into()), ("llr", number(ratio)), marginal.clone()]
        };
        Ok(variants.iter().zip(ratios).map(row).collect())
    }
}

/// What `--variants` said.
enum Variants {
    Every(Vec<Variant>),
    Table { path: PathBuf, by_id: HashMap<String, (Vec<Variant>, bool)> },
}

impl Variants {
    fn open(text: &str) -> Result<Self> {
        let path = Path::new(text);
        if is_table(path) || path.is_file() {
            return Self::read(path);
        }
        let parse = |text: &str| text.trim().parse::<Variant>();
        let list = text.split(',').map(parse).collect::<Result<_, _>>();
        Ok(Self::Every(list.context("--variants: neither a file nor a list of variants")?))
    }

    fn read(path: &Path) -> Result<Self> {
        let mut by_id: HashMap<String, (Vec<Variant>, bool)> = HashMap::new();
        let columns: [&[&str]; 2] = [&["variant", "variants", "mutation", "mutations", "mutant"], &["id", "name"]];
        read_columns(path, columns, |line, [variant, id]| {
            let place = || format!("{}:{line}", path.display());
            let Some(id) = id else {
                bail!("{}: no column `id`, expected `id` and `variant`", place());
            };
            let variant = variant.unwrap_or_default().parse().with_context(place)?;
            by_id.entry(id.to_owned()).or_default().0.push(variant);
            Ok(())
        })?;
        Ok(Self::Table { path: path.to_owned(), by_id })
    }

    /// The variants of a sequence.
    fn of(&mut self, id: &str) -> Vec<Variant> {
        match self {
            Self::Every(variants) => variants.clone(),
            Self::Table { by_id, .. } => by_id.get_mut(id).map_or_else(Vec::new, |(variants, used)| {
                *used = true;
                variants.clone()
            }),
        }
    }

    /// A variant whose sequence never came is a mistake worth telling.
    fn unused(self) -> Option<String> {
        let Self::Table { path, by_id } = self else { return None };
        let mut unused: Vec<&str> = by_id.iter().filter(|(_, (_, used))| !used).map(|(id, _)| id.as_str()).collect();
        unused.sort_unstable();
        Some(format!("{}: no sequence for {}", path.display(), first_of(&unused)?))
    }
}
