//! `rinalmo draw`: pictures of secondary structures.

mod looks;
mod probabilities;
mod records;
mod reference;
mod values;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use clap::{Args, ValueEnum};
use rinalmo::draw::rna::{Rna, svg};
use rinalmo::draw::{pdf, png};
use rinalmo::seq::labelled::structures::{Entry, Found, ReadOptions, read};
use rinalmo::seq::{InputOptions, Sequences, table};

use self::looks::{ColorBy, Looks};
use self::probabilities::Probabilities;
use self::records::Record;
use self::reference::References;
use self::values::Values;
use crate::context::{Context, Outcome};
use crate::io::{FailureArgs, Failures, OutputArgs, OutputFailure, Progress, RecordFiles, is_standard};

/// Draw secondary structures
///
/// Reads structures in any format: dot-bracket, CT, BPSEQ, ST, Stockholm, JSON lines of `fold -f json`, tables with a
/// column of structures, and ViennaRNA's PostScript (`dot.ps`, `rna.ps`); compressed or not. Without --layout, a
/// structure is drawn in the plane, and nothing in the drawing crosses. Pairs that make a pseudoknot are curves in
/// another colour.
///
/// A single record goes to standard output or to the file of --output, several go to --out-dir. Drawings are SVG, or PNG
/// or PDF if the file's ending or --format says so. In an SVG, the group with the id `b17` is base 17. `rinalmo fold --draw
/// DIR` folds and draws sequences.
#[derive(Args)]
pub struct DrawArgs {
    /// Files of structures, or folders of them; standard input if there are none, or for -
    #[arg(value_name = "FILES")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    output: OutputArgs,
    /// Write one drawing for each record into DIR, named after the record's id; names.list in DIR lists files with other
    /// names
    #[arg(long, value_name = "DIR", conflicts_with = "output")]
    out_dir: Option<PathBuf>,
    /// Write drawings in this format [default: by the ending of --output, otherwise svg]
    #[arg(short, long, value_enum, value_name = "FORMAT")]
    format: Option<DrawingFormat>,
    #[command(flatten)]
    looks: Looks,
    /// Numbers to colour bases by: a table with a column of positions and columns of numbers, with a column of ids if there
    /// are several records; or two columns without a header, position and number, as SHAPE files have them
    #[arg(long, value_name = "FILE")]
    values: Option<PathBuf>,
    /// Probabilities of pairs, as `fold --bpp FILE.tsv` writes them, or a dot plot of `RNAfold -p` (.ps)
    #[arg(long, value_name = "FILE")]
    probabilities: Option<PathBuf>,
    /// Compare with the structures of FILE: pairs are coloured as right, wrong or missed. Records are matched by id; a
    /// single record is compared with a single one
    #[arg(short, long, value_name = "FILE")]
    reference: Option<PathBuf>,
    #[command(flatten)]
    failures: FailureArgs,
}

/// `--format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DrawingFormat {
    /// Scalable, text stays text; for browsers, Inkscape and office programs
    Svg,
    /// Pixels, two for each of the SVG's
    Png,
    /// Scalable, for papers; letters are outlines
    Pdf,
}

impl DrawingFormat {
    /// The extension of its files.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Svg => "svg",
            Self::Png => "png",
            Self::Pdf => "pdf",
        }
    }

    /// The format of a file's ending.
    pub fn of(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?.to_lowercase();
        Self::value_variants().iter().copied().find(|format| format.extension() == ending)
    }

    /// A drawing in this format.
    pub fn bytes(self, svg: String) -> Result<Vec<u8>> {
        Ok(match self {
            Self::Svg => svg.into_bytes(),
            Self::Png => png(&svg).context("the drawing is too large for PNG; SVG can hold it")?,
            Self::Pdf => pdf(&svg)?,
        })
    }
}

/// Runs the command.
pub fn run(args: DrawArgs, context: &Context) -> Result<Outcome> {
    let format = args.format()?;
    args.looks.check(args.values.is_some())?;
    let mut drawer = Drawer {
        values: args.values.as_deref().map(|path| Values::open(path, args.looks.column())).transpose()?,
        probabilities: args.probabilities.as_deref().map(Probabilities::open).transpose()?,
        references: args.reference.as_deref().map(References::open).transpose()?,
        looks: args.looks.clone(),
        format,
    };
    let found = args.read(context)?;
    if args.probabilities.is_none() && !found.entries.iter().all(|entry| entry.all_probable) {
        args.looks.check_without_probabilities()?;
    }
    let records = Record::all(&found.entries);
    let of_folder = args.probabilities.is_some() && args.files.iter().any(|file| file.is_dir());
    if let Some(record) = records.iter().find(|record| of_folder && record.shared) {
        bail!(
            "several records are called `{}`, and in a folder their order is not that of --probabilities\n\
             hint: give the file of structures that `fold` wrote",
            record.entry.id
        );
    }
    if let Some(excess) = drawer.probabilities.as_ref().and_then(Probabilities::excess) {
        context.note(format!("warning: {excess}"));
    }
    let mut failures = Failures::default();
    let progress = Progress::new(context);
    found.wrong.into_iter().for_each(|error| failures.unusable(&progress, &error.into()));
    match &args.out_dir {
        Some(folder) => {
            let mut files = RecordFiles::open(folder, format.extension())?;
            for record in &records {
                if context.stopped() {
                    break;
                }
                let entry = record.entry;
                let bases = entry.structure.len();
                match drawer.draw(record) {
                    Ok(bytes) => files.write(&entry.id, &entry.header, &bytes)?,
                    Err(error) => failures.failed(&progress, &entry.place, &error),
                }
                progress.add(bases);
            }
            progress.finish();
            files.finish(context)?;
        }
        None => {
            let [record] = &records[..] else {
                bail!("{} records, expected one\nhint: --out-dir DIR writes a file for each", records.len());
            };
            let bytes = drawer.draw(record).with_context(|| record.entry.place.clone())?;
            let mut out = args.output.open()?;
            out.write_all(&bytes).context(OutputFailure)?;
            out.finish()?;
        }
    }
    drawer.values.iter().for_each(|values| values.report(!context.stopped(), context));
    drawer.references.iter().for_each(|references| references.report(context));
    Ok(args.failures.judge(failures.finish(context)))
}

impl DrawArgs {
    fn format(&self) -> Result<DrawingFormat> {
        let output = self.output.output.as_deref().filter(|path| !is_standard(path));
        match (self.format, output) {
            (Some(format), _) => Ok(format),
            (None, None) => Ok(DrawingFormat::Svg),
            (None, Some(path)) => DrawingFormat::of(path).with_context(|| {
                format!(
                    "{}: expected a file that ends in .svg, .png or .pdf\nhint: --format says it too",
                    path.display()
                )
            }),
        }
    }

    /// All records of all files.
    fn read(&self, context: &Context) -> Result<Found> {
        let standard_input = [PathBuf::from("-")];
        let files = if self.files.is_empty() { &standard_input[..] } else { &self.files };
        let mut all = Found::default();
        for file in files {
            let found = read(file, &ReadOptions { strands: true, ..ReadOptions::default() });
            let found = found.map_err(|error| with_hint(error, file))?;
            found.notes.iter().for_each(|note| context.note(format!("note: {note}")));
            all.entries.extend(found.entries);
            all.wrong.extend(found.wrong);
        }
        Ok(all)
    }
}

/// Everything that a drawing is made with.
struct Drawer {
    looks: Looks,
    format: DrawingFormat,
    values: Option<Values>,
    probabilities: Option<Probabilities>,
    references: Option<References>,
}

impl Drawer {
    /// The drawing of a record.
    fn draw(&mut self, record: &Record<'_>) -> Result<Vec<u8>> {
        let entry = record.entry;
        let mut rna = Rna::new(entry.sequence.clone().unwrap_or_default(), entry.structure.clone());
        rna.probabilities.clone_from(&entry.probabilities);
        if let Some(probabilities) = &mut self.probabilities {
            rna.probabilities = probabilities.of(record)?;
        }
        if let Some(references) = &mut self.references {
            rna.reference = Some(references.of(record)?);
        }
        rna.highlights = self.looks.highlights(rna.len())?;
        self.looks.check_turns(&rna)?;
        rna.track = match self.looks.color_by(self.values.is_some()) {
            ColorBy::PairProbability if rna.probabilities.is_empty() && !rna.structure.pairs().is_empty() => {
                bail!("there are no probabilities\nhint: `fold -f json` writes them, and --probabilities reads them")
            }
            ColorBy::PairProbability => Some(rna.pair_probability()),
            ColorBy::Paired => Some(rna.paired()),
            ColorBy::Confidence => Some(rna.confidence()),
            ColorBy::Entropy => Some(rna.entropy()),
            ColorBy::Value => self.values.as_mut().map(|values| values.of(record)).transpose()?,
            ColorBy::Letter | ColorBy::Part | ColorBy::None => None,
        };
        if let (Some(track), Some(range)) = (&mut rna.track, self.looks.range()) {
            track.range = Some(range);
        }
        let name = if entry.header == "-" { "" } else { &entry.header };
        let name = if name.is_empty() { entry.id.trim_matches('-') } else { name };
        self.format.bytes(svg(&rna, &self.looks.style(name, self.values.is_some())))
    }
}

/// All structures of a file, none of which may be damaged.
fn entries(path: &Path) -> Result<Vec<Entry>> {
    let found = read(path, &ReadOptions { strands: true, ..ReadOptions::default() })?;
    match found.wrong.into_iter().next() {
        Some(first) => Err(first.into()),
        None => Ok(found.entries),
    }
}

/// Says how sequences are folded and drawn, if the file has only these.
fn with_hint(error: table::Error, file: &Path) -> anyhow::Error {
    let holds_sequences =
        || Sequences::open(&[file], InputOptions::default()).next().is_some_and(|record| record.is_ok());
    if is_standard(file) || !holds_sequences() {
        return error.into();
    }
    anyhow!("{error}\nhint: `rinalmo fold {} --draw DIR` folds and draws sequences", file.display())
}
