//! `rinalmo fold`: secondary structures of sequences.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;
use rinalmo::draw::rna::{Rna, Style, svg};
use rinalmo::results::{Folded, ModelName};
use rinalmo::seq::SequenceRecord;
use rinalmo::sink::{Array, ArrayKind, ArrayRecord, Layout, Leftover, Sink, SinkOptions};
use rinalmo::{Fold, FoldRequest};

use super::alternatives::AlternativesArgs;
use super::choose::ModelChoice;
use super::constraints::Constraints;
use super::folder::Folder;
use super::folding::FoldingArgs;
use super::limits::LimitArgs;
use super::reactivities::{Reactivities, ReactivityArgs};
use super::structures::{StructureFormat, Structures};
use super::thermodynamics::{EnergyArgs, built_in};
use crate::context::{Context, Outcome};
use crate::io::{self, Arrays, Asked, FailureArgs, InputArgs, Job, OutputArgs, RecordFiles, WhenStopped, many};

/// Predict secondary structures
///
/// Prints for each record its header, its sequence as given, and its structure in dot-bracket
/// notation. Pseudoknots use further kinds of brackets: []{}<>Aa...
///
/// A number from 0 to 1 follows the structure. Calibrated models, such as the bundled one, print
/// `expected_f1=`, the expected F1 of the structure. Other models print `score=`, the mean probability
/// of the chosen pairs (0.000 without pairs). So does every model with a flag that changes how pairs
/// are chosen (--decode, --threshold, --f1-share, --energy-share, --min-loop, --non-canonical,
/// --constraint) or the energies (--reactivities), as the expected F1 is then unknown.
///
/// `--model turner2004` folds by measured energies, `--model rinalmo2026` by energies that were learned
/// from known structures: without a network and without weights. They give the structure of minimum
/// free energy, or the one that --decode chooses from the ensemble. Its free energy in kcal/mol
/// follows the structure, as RNAfold prints it; json and tsv also have the minimum free energy, the
/// free energy of the ensemble and its diversity.
///
/// Energy models also fold two strands, `GGGA&UCCC`, which may pair with each other; json and tsv also
/// have what they gain by binding.
///
/// Models with an ensemble of structures, which are energy models and the bundled `nano`, also have other
/// structures than the best one: --samples, --alternatives and --band print these, each with its free
/// energy and its share of the ensemble. The energy of a network's structure includes what the network
/// adds. Drawings and --bpp stay as they are without them.
#[derive(Args)]
pub struct FoldArgs {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    output: OutputArgs,
    /// Write one file for each record into DIR, named after the record's id; names.list in DIR lists files with other
    /// names
    #[arg(long, value_name = "DIR", conflicts_with = "output")]
    out_dir: Option<PathBuf>,
    /// Write the results in this format; json is one object in each line
    #[arg(short, long, value_enum, default_value = "dbn")]
    format: StructureFormat,
    /// Also write the probabilities of pairs: .tsv (id, i, j, p above --bpp-cutoff) or .npz (one
    /// matrix for each record, named after its id)
    #[arg(long, value_name = "FILE")]
    bpp: Option<PathBuf>,
    /// List pairs of at least this probability in --bpp FILE.tsv
    #[arg(long, value_name = "P", default_value_t = 0.01)]
    bpp_cutoff: f32,
    /// Also draw each structure into DIR, as SVG, named after the record's id; `rinalmo draw` draws in other ways
    #[arg(long, value_name = "DIR")]
    draw: Option<PathBuf>,
    #[command(flatten)]
    choice: ModelChoice,
    /// Fold with constraints, in RNAfold's notation or from a file
    ///
    /// TEXT is a constraint for every sequence of its length: . any, | paired, x unpaired, < > paired
    /// downstream or upstream, ( ) paired with each other. FILE has the layout of `RNAfold -C`: header,
    /// sequence, constraint line; `#` starts a comment. Constraints are matched by headers, or by their
    /// first words, and must be for the same sequence. Without FILES, the sequences are read from that
    /// file too.
    #[arg(short = 'C', long, value_name = "TEXT|FILE", allow_hyphen_values = true)]
    constraint: Option<String>,
    #[command(flatten)]
    folding: FoldingArgs,
    #[command(flatten)]
    failures: FailureArgs,
    #[command(flatten)]
    energies: EnergyArgs,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    reactivities: ReactivityArgs,
    #[command(flatten)]
    alternatives: AlternativesArgs,
}

/// Runs the command.
pub fn run(mut args: FoldArgs, context: &Context) -> Result<Outcome> {
    args.check()?;
    args.input.strands = built_in(args.choice.model.as_deref()).is_some(); // networks fold one
    let constraints = Constraints::open(args.constraint.as_deref())?;
    let reactivities = args.reactivities.open()?;
    let feed = match &constraints {
        Constraints::File(file) if args.input.files.is_empty() => file.sequences(args.input.options())?,
        _ => args.input.open(context)?,
    };
    let folder = Folder::load(&args.choice, &args.energies, context)?;
    let options = folder.resolve(&args.folding, &args.alternatives, &args.limits)?;
    let options = args.reactivities.add_to(options)?.probabilities(args.bpp.is_some());
    if let Folder::Network(model) = &folder {
        args.reactivities.check(model, &options)?;
    }
    drop(folder.folds(std::iter::empty(), &options)?); // fails now, not later, if the model cannot fold
    let model = folder.description(args.format == StructureFormat::Json || args.bpp.is_some());
    let bpp = args.open_bpp(&model)?; // first, as opening the other output may replace a file
    let out = match &args.out_dir {
        Some(folder) => Structures::folder(folder, args.format)?,
        None => Structures::stream(args.output.open()?, args.format),
    };
    let drawings = args.draw.as_deref().map(|folder| RecordFiles::open(folder, "svg")).transpose()?;
    let job = Folding { model: &model, constraints, reactivities, out, bpp, drawings, knotted: Knotted::default() };
    let (job, ended) = io::run(job, feed, context, |items| folder.folds(items, &options));
    // Complete records are kept, also if the reader of the output stopped; an empty file is not.
    let nothing = |bpp: &Arrays| ended.is_err() && bpp.finished() == 0;
    let finished = job.bpp.filter(|bpp| !nothing(bpp)).map(|bpp| bpp.finish()).transpose();
    let ended = ended?;
    if let (Some(renamed), Some(path)) = (finished?, &args.bpp) {
        io::report_renamed(path, &renamed, context);
    }
    job.knotted.report(folder.has_ensemble(), context);
    job.out.finish(context)?;
    job.drawings.map_or(Ok(()), |files| files.finish(context))?;
    job.constraints.report(ended.is_complete(), context);
    job.reactivities.iter().for_each(|known| known.report(ended.is_complete(), context));
    ended.into_result().map(|outcome| args.failures.judge(outcome))
}

struct Folding<'m> {
    model: &'m ModelName,
    constraints: Constraints,
    reactivities: Option<Reactivities>,
    out: Structures,
    bpp: Option<Arrays>,
    drawings: Option<RecordFiles>,
    knotted: Knotted,
}

impl Job for Folding<'_> {
    type Item = FoldRequest<'static>;
    type Result = Fold;

    fn ask(&mut self, record: &SequenceRecord) -> Result<Asked<FoldRequest<'static>, Fold>> {
        // Both look for the record even if it fails, so that neither says that it is not there.
        let constraint = self.constraints.of(record);
        let reactivities = self.reactivities.as_mut().map(|known| known.of(record)).transpose();
        self.out.check(record)?;
        let (constraint, reactivities) = (constraint?, reactivities?.flatten());
        let request = FoldRequest::new(record.sequence.clone());
        Ok(Asked::Model(request.nick(record.nick).constraint(constraint).reactivities(reactivities)))
    }

    fn write(&mut self, record: &SequenceRecord, fold: Fold) -> Result<()> {
        let met = self.constraints.check_met(record, &fold.structure);
        let written = self.out.write(&Folded { record, fold: &fold, model: self.model }).and(met);
        if written.as_ref().is_err_and(io::is_output_failure) {
            return written;
        }
        self.knotted.add(record, &fold);
        self.draw(record, &fold)?;
        if let (Some(sink), Some(map)) = (&self.bpp, fold.probabilities) {
            let array = Array::new(ArrayKind::Pairs, vec![map.len, map.len], map.values);
            sink.write(&ArrayRecord::new(record.index as u64, &record.id, vec![array]))?;
        }
        written
    }

    fn flush(&mut self) -> Result<()> {
        self.out.flush()
    }

    fn finish(&mut self) -> Result<()> {
        self.out.put()
    }
}

impl Folding<'_> {
    /// Draws a structure, if drawings were asked for.
    fn draw(&mut self, record: &SequenceRecord, fold: &Fold) -> Result<()> {
        let Some(files) = &mut self.drawings else { return Ok(()) };
        let rna = Rna::new(record.sequence.clone(), fold.structure.clone());
        let style = Style { title: record.header.clone(), ..Style::default() };
        files.write(&record.id, &record.header, svg(&rna, &style).as_bytes())
    }
}

/// Records whose pseudoknots the decoder left out.
#[derive(Default)]
struct Knotted {
    records: usize,
    pairs: usize,
    first: String,
}

impl Knotted {
    fn add(&mut self, record: &SequenceRecord, fold: &Fold) {
        if fold.crossing_left_out == 0 {
            return;
        }
        if self.records == 0 {
            self.first = record.id.clone();
        }
        self.records += 1;
        self.pairs += fold.crossing_left_out;
    }

    fn report(&self, has_ensemble: bool, context: &Context) {
        let Self { records, pairs, first } = self;
        let whose = match records {
            0 => return,
            1 => format!("record `{first}`"),
            _ => format!("{records} records, first `{first}`"),
        };
        let pairs = many(*pairs, "pair");
        let flag = if has_ensemble { "--pseudoknots" } else { "--decode greedy" };
        context.note(format!(
            "note: {whose}: {pairs} with a probability above 0.5 left out, as they cross others (pseudoknots); \
             `{flag}` allows them"
        ));
    }
}

impl FoldArgs {
    fn check(&self) -> Result<()> {
        if !(0.0..=1.0).contains(&self.bpp_cutoff) {
            bail!("--bpp-cutoff: expected a probability from 0 to 1, found {}", self.bpp_cutoff);
        }
        Ok(())
    }

    fn open_bpp(&self, model: &ModelName) -> Result<Option<Arrays>> {
        let Some(path) = &self.bpp else { return Ok(None) };
        if io::is_standard(path) {
            bail!("--bpp: standard output is used for the structures; name a file");
        }
        let layout = Layout::Pairs { cutoff: self.bpp_cutoff };
        let options = SinkOptions::default().layout(layout).settings(model.settings()).leftover(Leftover::Discard);
        Ok(Some(Arrays::new(Sink::open(path, options)?, path, WhenStopped::Finish)))
    }
}
