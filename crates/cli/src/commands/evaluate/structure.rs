//! `rinalmo evaluate structure`.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use clap::{Args, ValueEnum};
use rinalmo::corpus::build::peak_memory;
use rinalmo::evaluate::{self, Cost, EvaluateOptions, FamilyFrom, Leakage, Predictions, ProblemKind, References};
use rinalmo::{FoldOptions, Model};

use super::summary::{OpenArgs, SummaryArgs};
use super::{Watching, draw, left_out, named, numbered, programs};
use crate::commands::folding::FoldingArgs;
use crate::context::{Context, Outcome};
use crate::io::{one_for_standard_output, print, print_table, say, write_text};

/// Score secondary structures of models, files or any folding program
///
/// Prints precision, recall, F1 and Matthews' correlation of exact pairs (strict) and with a shift of one position
/// (relaxed, as in the RiNALMo paper): means over records, by family and by length, with intervals from resampled
/// records. Several predictors are compared on the records that all of them have a prediction for.
///
/// Structures come as dot-bracket, CT, BPSEQ, .st or Stockholm, folders of such files, or tables (.csv, .tsv) with the
/// columns id and structure or base_pairs (a list [[1, 9], [2, 8]] from 1, in which a base may occur twice); they may
/// be compressed. Of several structures of a sequence, as RNAfold -p and RNAsubopt print them, the first is used.
/// Records are matched by their complete headers, or by the first words of those if they are unique; in a folder, a
/// single record of a file is matched by the file's name first.
#[derive(Args)]
pub struct StructureArgs {
    /// Known structures; sequences are needed for --model, --run, --trained-on and to recognise canonical pairs
    #[arg(short, long, value_name = "FILE|DIR", required_unless_present = "list_programs")]
    reference: Option<PathBuf>,
    /// Score predicted structures, by the references' ids; NAME=FILE names the predictor
    #[arg(short, long, value_name = "[NAME=]FILE|DIR", num_args = 1..)]
    predictions: Vec<String>,
    /// Fold with a model, by name or path. May be given several times
    #[arg(short, long = "model", value_name = "NAME|PATH")]
    models: Vec<String>,
    /// Fold with another program. May be given several times
    ///
    /// A name of --list-programs, such as mxfold2; NAME=COMMAND, if that program is elsewhere or to name any other; or a
    /// command that reads FASTA from standard input and prints dot-bracket, such as "RNAfold --noPS". In a command,
    /// {input} stands for a FASTA file of all sequences, {record} for one of a single sequence (the program is started
    /// for each), {output} for a folder that it writes structures to, as dot-bracket, CT or BPSEQ.
    #[arg(long = "run", value_name = "[NAME=]COMMAND")]
    programs: Vec<String>,
    /// List the programs that --run knows by name, and exit
    #[arg(long)]
    list_programs: bool,
    /// Take families from this source: column (`family` of the references), prefix (the id before its first `_`),
    /// prefix:N (before the Nth), or a table of id and family
    #[arg(long, value_name = "FROM", default_value = "column")]
    family_from: FamilyFrom,
    /// Skip references without a prediction, or score them as empty
    #[arg(long, value_enum, default_value = "skip", value_name = "POLICY")]
    missing: Missing,
    /// Leave out longer references
    #[arg(long, value_name = "NT")]
    max_length: Option<usize>,
    /// End bands of length at these lengths
    #[arg(long, value_name = "NT,NT", value_delimiter = ',', default_value = "50,100,200,500")]
    bands: Vec<usize>,
    /// Search the data that a predictor was trained on (files of sequences or structures in any format) for the
    /// references: the same sequences, sequences at 80 % identity or more over 80 % of the reference (without gaps of
    /// alignments), and the same families
    #[arg(long, value_name = "FILE", num_args = 1..)]
    trained_on: Vec<PathBuf>,
    #[command(flatten)]
    summary: SummaryArgs,
    /// Write a row for every record and predictor to FILE
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Draw every record's F1 by family, as violins with boxes, to FILE.svg or FILE.png: strict and relaxed of one
    /// predictor, relaxed of several
    #[arg(long, value_name = "FILE")]
    figure: Option<PathBuf>,
    /// Draw mean F1 by family with its intervals, as bars, to FILE.svg or FILE.png
    #[arg(long, value_name = "FILE")]
    figure_bars: Option<PathBuf>,
    /// Draw how well a model's probabilities of pairs are calibrated, to FILE.svg or FILE.png
    #[arg(long, value_name = "FILE")]
    figure_calibration: Option<PathBuf>,
    #[command(flatten)]
    open: OpenArgs,
    #[command(flatten)]
    folding: FoldingArgs,
}

/// `--missing`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Missing {
    /// Leave it out of all figures, for every predictor (exit code 1)
    Skip,
    /// Score it as predicted without pairs
    Empty,
}

impl StructureArgs {
    pub(super) fn run(&self, context: &Context) -> Result<Outcome> {
        let Some(reference) = self.reference.as_ref().filter(|_| !self.list_programs) else {
            print(programs::list())?;
            return Ok(Outcome::Done);
        };
        let options = self.resolve()?;
        let folding = self.folding.resolve()?;
        let references = References::open(reference, &self.family_from, self.max_length)?;
        references.notes.iter().for_each(|note| context.note(note));
        left_out::report(&references.name, &references.problems, context);
        if references.too_long > 0 {
            context
                .note(format!("{}: {} references are left out for their length", references.name, references.too_long));
        }
        if references.items.is_empty() {
            let why = match self.max_length.filter(|_| references.too_long > 0) {
                Some(longest) => format!("\nhint: they are longer than --max-length {longest}"),
                None => String::new(),
            };
            bail!("{}: no reference is left{why}", references.name);
        }
        let mut predictors = self.predict(&references, &folding, context)?;
        if context.stopped() {
            return Ok(Outcome::Interrupted);
        }
        if self.missing == Missing::Empty {
            for predictor in &mut predictors {
                let filled = predictor.fill_with_empty(&references);
                if filled > 0 {
                    let name = &predictor.name;
                    context.note(format!("{name}: {filled} references without a prediction are taken as unpaired"));
                }
            }
        }
        predictors.iter().for_each(|predictor| left_out::report(&predictor.name, &predictor.problems, context));
        let problems = || predictors.iter().flat_map(|predictor| &predictor.problems);
        if problems().any(|problem| problem.kind == ProblemKind::NoPrediction) {
            context.note("hint: --missing empty scores references without a prediction as predicted without pairs");
        }
        let leakage = if self.trained_on.is_empty() {
            None
        } else {
            Some(Leakage::search(&self.trained_on, &references, &self.family_from)?)
        };
        leakage.as_ref().filter(|leakage| !leakage.is_clean()).inspect(|leakage| warn(leakage));
        let evaluation = evaluate::structure(&references, &predictors, leakage, &options)?;
        let csv = || evaluation.csv(&references);
        write_text(self.summary.json.as_deref(), || format!("{:#}\n", evaluation.to_json()))?;
        write_text(self.csv.as_deref(), csv)?;
        write_text(self.summary.markdown.as_deref(), || evaluation.markdown())?;
        draw(&self.figure, || evaluation.boxes(&references))?;
        draw(&self.figure_bars, || evaluation.bars())?;
        draw(&self.figure_calibration, || evaluation.reliability().unwrap_or_default())?;
        let [(_, json), (_, markdown), (_, csv)] = self.texts();
        print_table(evaluation.text(), [json, markdown, csv])?;
        Ok(self.summary.judge(&evaluation.left_out))
    }

    /// The files of text, by their flags.
    fn texts(&self) -> [(&'static str, Option<&Path>); 3] {
        let [json, markdown] = self.summary.texts();
        [json, markdown, ("--csv", self.csv.as_deref())]
    }

    /// Checks what can be checked before the work.
    fn resolve(&self) -> Result<EvaluateOptions> {
        one_for_standard_output(&self.texts())?;
        if self.predictions.is_empty() && self.models.is_empty() && self.programs.is_empty() {
            bail!("nothing to evaluate: give --predictions, --model or --run");
        }
        if !self.bands.is_sorted_by(|a, b| a < b) {
            bail!("--bands: expected rising lengths, found {:?}", self.bands);
        }
        let figures = [&self.figure, &self.figure_bars, &self.figure_calibration];
        let is_other = |figure: &&PathBuf| figure.extension().is_none_or(|found| found != "svg" && found != "png");
        if let Some(figure) = figures.into_iter().flatten().find(is_other) {
            bail!("{}: figures are written as .svg or .png", figure.display());
        }
        if self.figure_calibration.is_some() && self.models.is_empty() {
            bail!("--figure-calibration: only a model (--model) gives probabilities of pairs");
        }
        for input in self.predictions.iter().map(|text| named(text).1).chain(self.trained_on.iter().map(|path| &**path))
        {
            std::fs::metadata(input).with_context(|| input.display().to_string())?;
        }
        Ok(EvaluateOptions { bootstrap: self.summary.bootstrap(), bands: self.bands.clone() })
    }

    /// Every predictor's structures; models are loaded before anything is folded.
    fn predict(&self, references: &References, folding: &FoldOptions, context: &Context) -> Result<Vec<Predictions>> {
        let load = |name: &String| -> Result<(Model, Duration)> {
            let start = Instant::now();
            let model = self.open.open(name, context)?;
            model.fold(&[] as &[&str], folding)?; // fails now, not later, if the model cannot fold
            Ok((model, start.elapsed()))
        };
        let models = self.models.iter().map(load).collect::<Result<Vec<_>>>()?;
        let mut predictors = Vec::new();
        for text in &self.predictions {
            let (name, path) = named(text);
            let found = Predictions::open(path, references)?;
            found.notes.iter().for_each(|note| context.note(note));
            predictors.push(Predictions { name: name.map_or(found.name, str::to_owned), ..found });
        }
        for (model, loading) in &models {
            let mut watch = Watching::new(context);
            let start = Instant::now();
            let found = Predictions::from_model(model, references, folding, true, &mut watch)?;
            watch.progress.finish();
            let seconds = (*loading + start.elapsed()).as_secs_f64();
            // The memory is that of this process, so with several models it is not that of one.
            let peak_memory = Some(peak_memory()).filter(|bytes| models.len() == 1 && *bytes > 0);
            predictors.push(Predictions { cost: Some(Cost { seconds, peak_memory }), ..found });
        }
        for command in &self.programs {
            let mut watch = Watching::new(context);
            let found = Predictions::from_program(command, references, &mut watch);
            watch.progress.finish();
            let found = found?;
            found.notes.iter().for_each(|note| context.note(note));
            if !found.said.is_empty() && found.problems.is_empty() {
                context.note(format!("{} printed: {}", found.name, found.said));
            }
            predictors.push(found);
        }
        numbered(predictors.iter_mut().map(|predictor| &mut predictor.name));
        Ok(predictors)
    }
}

fn warn(leakage: &Leakage) {
    let Leakage { identical, alike, identity, families, marked, .. } = leakage;
    let (all, percent) = (marked.len(), 100.0 * identity);
    if *alike > 0 {
        say(format_args!(
            "warning: leakage: of {all} references {identical} were trained on, {alike} are similar to a training sequence \
             ({percent:.0} % identity or more); `unlike training` are the others"
        ));
    }
    if !families.is_empty() {
        let names: Vec<&str> = families.keys().map(String::as_str).collect();
        say(format_args!("warning: leakage: families in both: {}", names.join(", ")));
    }
}
