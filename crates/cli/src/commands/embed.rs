//! `rinalmo embed`: vectors of sequences.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use rinalmo::seq::{Gaps, InputOptions, OnInvalid, SequenceRecord};
use rinalmo::sink::{ArrayKind, ArrayRecord, Dtype, Format, Layout, Leftover, Sink, SinkOptions};
use rinalmo::{EmbedOptions, Model, TRAINED_LENGTH, Window};

use super::choose::{ENCODER_NOTE, LETTERS_NOTE, ModelChoice};
use crate::context::{Context, Outcome};
use crate::io::{self, Arrays, Asked, FailureArgs, ForceArgs, InputArgs, Job, WhenStopped, kept, many};

/// Write embeddings of sequences
///
/// The ending of the output's name chooses its layout. .npz and .safetensors hold one array for each
/// record and kind, named `<id>/<kind>`; .parquet and .tsv (or .tsv.gz) hold one row for each vector; .h5ad is AnnData's
/// (scanpy) and holds one row for each record, of --include mean or cls.
/// A second record of the same id is named `<id>_2`, and the file lists such names (names.tsv in .npz,
/// `names` in the metadata of .safetensors and .parquet).
///
/// Sequences of any length are computed in one piece unless --window is given; nothing is truncated.
#[derive(Args)]
pub struct EmbedArgs {
    #[command(flatten)]
    input: InputArgs,
    /// Write to FILE: .npz, .safetensors, .parquet, .h5ad, .tsv, .tsv.gz, or - for a table on standard
    /// output
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Write these kinds, one or several: tokens (one vector for each base), mean (of these), cls,
    /// logits (of the masked-language head), attentions (the maps of every block and head)
    #[arg(long, value_enum, value_delimiter = ',', default_value = "tokens", value_name = "KIND")]
    include: Vec<KindArg>,
    /// Store numbers of this type; .npz can hold f32 and f16, tables f32
    #[arg(long, value_enum, default_value = "f32", value_name = "TYPE")]
    store: StoreArg,
    /// Cut sequences longer than W nt into windows and average where they overlap
    #[arg(long, value_name = "W")]
    window: Option<usize>,
    /// Overlap neighbouring windows by O bases [default: half a window]
    #[arg(long, value_name = "O", requires = "window")]
    overlap: Option<usize>,
    #[command(flatten)]
    force: ForceArgs,
    /// Resume an interrupted run with the same settings
    #[arg(long, conflicts_with = "restart")]
    resume: bool,
    /// Delete the records of an interrupted run and start again
    #[arg(long)]
    restart: bool,
    #[command(flatten)]
    choice: ModelChoice,
    /// Encode N tokens at a time
    #[arg(long, value_name = "N", default_value_t = EmbedOptions::default().batch_tokens)]
    batch_tokens: usize,
    #[command(flatten)]
    failures: FailureArgs,
}

/// `--include`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum KindArg {
    Tokens,
    Mean,
    Cls,
    Logits,
    Attentions,
}

impl From<KindArg> for ArrayKind {
    fn from(kind: KindArg) -> Self {
        match kind {
            KindArg::Tokens => Self::Tokens,
            KindArg::Mean => Self::Mean,
            KindArg::Cls => Self::Cls,
            KindArg::Logits => Self::Logits,
            KindArg::Attentions => Self::Attentions,
        }
    }
}

/// `--store`.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum StoreArg {
    F32,
    F16,
    Bf16,
}

impl From<StoreArg> for Dtype {
    fn from(store: StoreArg) -> Self {
        match store {
            StoreArg::F32 => Self::F32,
            StoreArg::F16 => Self::F16,
            StoreArg::Bf16 => Self::Bf16,
        }
    }
}

/// Runs the command.
pub fn run(args: EmbedArgs, context: &Context) -> Result<Outcome> {
    let options = args.resolve()?;
    args.check_output(&options)?;
    args.force.check(&args.output)?;
    let feed = args.input.open(context)?;
    let (task, note) =
        if options.include.contains(&ArrayKind::Logits) { ("mlm", LETTERS_NOTE) } else { ("structure", ENCODER_NOTE) };
    let model = args.choice.load(context, task, Some(note))?;
    model.embed(&[] as &[&str], &options)?; // fails now, not later, if the model cannot do this
    let sink = Sink::open(&args.output, args.sink_options(&model, &options))?;
    let sink = Arrays::new(sink, &args.output, WhenStopped::Keep);
    let before = sink.finished();
    if before > 0 {
        context.note(format!("resuming after {}", many(before, "finished record")));
    }
    let (job, ended) = io::run(Embedding { sink, long: 0 }, feed, context, |items| model.embeddings(items, &options));
    let ended = ended?;
    report_long(job.long, &options, context);
    if ended.is_complete() {
        let renamed = job.sink.finish()?;
        io::report_renamed(&args.output, &renamed, context);
    } else if let Some(path) = job.sink.suspend()? {
        context.note(kept(&path));
    }
    ended.into_result().map(|outcome| args.failures.judge(outcome))
}

struct Embedding {
    sink: Arrays,
    long: usize,
}

impl Job for Embedding {
    type Item = Vec<u8>;
    type Result = rinalmo::Embedding;

    fn wants(&self, record: &SequenceRecord) -> Result<bool> {
        Ok(!self.sink.is_finished(record.index as u64, &record.id)?)
    }

    fn ask(&mut self, record: &SequenceRecord) -> Result<Asked<Vec<u8>, rinalmo::Embedding>> {
        Ok(Asked::Model(record.sequence.clone()))
    }

    fn write(&mut self, record: &SequenceRecord, embedding: rinalmo::Embedding) -> Result<()> {
        self.sink.write(&ArrayRecord::new(record.index as u64, &record.id, embedding.arrays))?;
        self.long += usize::from(record.sequence.len() > TRAINED_LENGTH);
        Ok(())
    }

    /// The sink syncs on its own.
    fn flush(&mut self) -> Result<()> {
        Ok(())
    }

    /// `run` finishes the sink, as that depends on how the loop ended.
    fn finish(&mut self) -> Result<()> {
        Ok(())
    }
}

/// Prints how long sequences were computed, as none is truncated.
fn report_long(long: usize, options: &EmbedOptions, context: &Context) {
    if long == 0 {
        return;
    }
    let what = match options.window {
        Some(Window { len, overlap }) => format!("in windows of {len} nt overlapping by {overlap}"),
        None => format!("in one piece, beyond the {TRAINED_LENGTH} nt of pre-training (--window averages windows)"),
    };
    context.note(format!("{} longer than {TRAINED_LENGTH} nt ran {what}", many(long, "sequence")));
}

impl EmbedArgs {
    fn resolve(&self) -> Result<EmbedOptions> {
        let mut include: Vec<ArrayKind> = Vec::new();
        for kind in self.include.iter().map(|&kind| ArrayKind::from(kind)) {
            if !include.contains(&kind) {
                include.push(kind);
            }
        }
        let window = match self.window {
            Some(0) => bail!("--window: expected at least 1 nt"),
            Some(len) => Some(Window { len, overlap: self.overlap.unwrap_or(len / 2) }),
            None => None,
        };
        Ok(EmbedOptions::default().include(include).window(window).batch_tokens(self.batch_tokens.max(1)))
    }

    fn check_output(&self, options: &EmbedOptions) -> Result<()> {
        let format = if io::is_standard(&self.output) { Format::Tsv } else { Format::of(&self.output)? };
        Ok(options.include.iter().try_for_each(|&kind| format.check_kind(Layout::Vectors, kind))?)
    }

    fn sink_options(&self, model: &Model, options: &EmbedOptions) -> SinkOptions {
        let include: Vec<&str> = options.include.iter().map(|kind| kind.name()).collect();
        let window = options.window.map_or("none".into(), |window| format!("{}/{}", window.len, window.overlap));
        let leftover = if self.resume {
            Leftover::Resume
        } else if self.restart {
            Leftover::Discard
        } else {
            Leftover::Refuse
        };
        let settings = format!(
            "model={} sha256={} dtype={} include={} window={window}{}",
            model.name(),
            model.sha256(),
            model.precision().name(),
            include.join("+"),
            reading(self.input.options())
        );
        SinkOptions::default().dtype(self.store.into()).layout(Layout::Vectors).leftover(leftover).settings(settings)
    }
}

/// How letters and gaps become positions, if not in the default way: a run can only be resumed with the same choice.
/// Choices that refuse a record are left out, as they do not change the others.
fn reading(options: InputOptions) -> String {
    let letters = if options.on_invalid == OnInvalid::Unk { " letters=unk" } else { "" };
    let gaps = if options.gaps == Gaps::Keep { " gaps=keep" } else { "" };
    format!("{letters}{gaps}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_may_stand_in_a_list_with_blanks() {
        let kinds = KindArg::value_variants().iter().filter_map(ValueEnum::to_possible_value);
        let names: Vec<String> = kinds.map(|kind| kind.get_name().to_owned()).collect();
        assert_eq!(names, crate::arguments::INCLUDED);
    }
}
