//! `rinalmo energy eval`.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow};
use clap::{Args, ValueEnum};
use rinalmo::energy::{BuiltIn, EnergyModel, Evaluation, Loop};
use rinalmo::seq::labelled::structures::{self, Entry, ReadOptions};
use rinalmo::seq::structure::with_nick;
use rinalmo::seq::table::tsv_cell;
use serde_json::json;

use crate::commands::thermodynamics::EnergyArgs;
use crate::context::{Context, Outcome};
use crate::io::{FailureArgs, Failures, Out, OutputArgs, OutputFailure, Progress, many};

/// Compute the free energy of given structures, loop by loop
///
/// Reads sequences with structures in any format: what `fold` writes, dot-bracket, CT, BPSEQ, .st,
/// Stockholm, tables with the columns id, sequence and structure, or a folder of such files. Every
/// structure of a sequence is evaluated. Prints for each its header, sequence, and structure with its
/// free energy in kcal/mol, as RNAeval does.
///
/// In dot-bracket, tables and JSON a record may be two strands, `GGGA&UCCC` and `((((&))))`.
///
/// Pairs of any letters are evaluated; those other than AU, GC and GU have rough energies, and are
/// reported. Pseudoknots have no energy in this model and are an error of that record only.
#[derive(Args)]
pub struct EvalArgs {
    /// Files of structures; `-` or nothing for standard input
    #[arg(value_name = "FILES")]
    structures: Vec<PathBuf>,
    /// Write the results in this format
    #[arg(short, long, value_enum, default_value = "text")]
    format: EvalFormat,
    /// Write every loop with its energy: in text after the structure, in tsv one row for each
    #[arg(short, long)]
    loops: bool,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    failures: FailureArgs,
    #[command(flatten)]
    energies: EnergyArgs,
}

/// `--format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum EvalFormat {
    /// Header, sequence, structure with its energy
    Text,
    /// id, length, energy, structure; with --loops: id, loop, i, j, branches, unpaired, energy
    Tsv,
    /// One object in each line: id, sequence, structure, energy, loops
    Json,
}

impl EvalArgs {
    pub fn run(self, context: &Context) -> Result<Outcome> {
        let model = self.energies.load(BuiltIn::Turner2004)?;
        let mut run = Run {
            model,
            context,
            out: self.output.open()?,
            progress: Progress::new(context),
            failures: Failures::default(),
            odd: Odd::default(),
        };
        if self.format == EvalFormat::Tsv {
            run.write(if self.loops { LOOP_COLUMNS } else { COLUMNS })?;
        }
        let input = [PathBuf::from("-")];
        let files = if self.structures.is_empty() { &input[..] } else { &self.structures };
        for path in files {
            run.evaluate_file(path, |entry, sequence, evaluation| self.render(entry, sequence, evaluation))?;
        }
        run.finish().map(|outcome| self.failures.judge(outcome))
    }

    fn render(&self, entry: &Entry, sequence: &[u8], evaluation: &Evaluation) -> Result<String> {
        let letters = String::from_utf8_lossy(sequence);
        let sequence = with_nick(letters.to_string(), entry.structure.nick());
        let structure = entry.structure.to_dot_bracket()?;
        let energy = evaluation.energy();
        let loops = evaluation.loops();
        Ok(match self.format {
            EvalFormat::Text => {
                let listed: String = loops.iter().filter(|_| self.loops).map(|part| line(part, &letters)).collect();
                let header = Some(&entry.header).filter(|header| !header.is_empty());
                let header = header.map(|header| format!(">{header}\n")).unwrap_or_default();
                format!("{header}{sequence}\n{structure} ({energy:6.2})\n{listed}")
            }
            EvalFormat::Tsv if self.loops => loops.iter().map(|part| row(&entry.id, part)).collect(),
            EvalFormat::Tsv => format!("{}\t{}\t{energy:.2}\t{structure}\n", tsv_cell(&entry.id), letters.len()),
            EvalFormat::Json => {
                let loops: Vec<_> = loops.iter().map(object).collect();
                let (id, model) = (&entry.id, self.energies.name(BuiltIn::Turner2004));
                let value = json!({
                    "id": id, "sequence": sequence, "structure": structure, "energy": energy, "loops": loops, "model": model
                });
                format!("{value}\n")
            }
        })
    }
}

/// A run over files.
struct Run<'c> {
    model: EnergyModel,
    context: &'c Context,
    out: Out,
    progress: Progress,
    failures: Failures,
    odd: Odd,
}

impl Run<'_> {
    fn evaluate_file(
        &mut self,
        path: &Path,
        render: impl Fn(&Entry, &[u8], &Evaluation) -> Result<String>,
    ) -> Result<()> {
        let found =
            structures::read(path, &ReadOptions { all_structures: true, strands: true, ..ReadOptions::default() })?;
        found.notes.iter().for_each(|note| self.context.note(format!("note: {note}")));
        for error in found.wrong {
            self.failures.unusable(&self.progress, &anyhow!(error));
        }
        for entry in &found.entries {
            if self.context.stopped() {
                break;
            }
            let evaluated = evaluate(&self.model, entry);
            let rendered = evaluated.and_then(|(sequence, evaluation)| {
                self.odd.add(entry, &evaluation);
                Ok((render(entry, sequence, &evaluation)?, sequence.len()))
            });
            match rendered {
                Ok((text, len)) => {
                    self.write(&text)?;
                    self.progress.add(len);
                }
                Err(error) => self.failures.failed(&self.progress, &entry.place, &error),
            }
        }
        self.out.flush().context(OutputFailure)
    }

    fn write(&mut self, text: &str) -> Result<()> {
        self.out.write_all(text.as_bytes()).context(OutputFailure)
    }

    fn finish(mut self) -> Result<Outcome> {
        self.out.finish()?;
        self.progress.finish();
        self.odd.report(self.context);
        Ok(self.failures.finish(self.context))
    }
}

const COLUMNS: &str = "id\tlength\tenergy\tstructure\n";
const LOOP_COLUMNS: &str = "id\tloop\ti\tj\tbranches\tunpaired\tenergy\n";

/// The sequence of a record, and the energy of its structure.
fn evaluate<'e>(model: &EnergyModel, entry: &'e Entry) -> Result<(&'e [u8], Evaluation)> {
    let sequence = entry.sequence.as_deref().filter(|sequence| !sequence.is_empty());
    let sequence = sequence.context("the structure has no sequence, which its energy depends on")?;
    let structure = &entry.structure;
    Ok((sequence, model.evaluate_strands(sequence, structure.nick(), structure.pairs())?))
}

/// A pair with positions from 1.
fn from_one((i, j): (usize, usize)) -> (usize, usize) {
    (i + 1, j + 1)
}

/// A line of text: the loop, its pairs with their letters, its energy.
fn line(part: &Loop, sequence: &str) -> String {
    let letters = sequence.as_bytes();
    let pair = |&(i, j): &(usize, usize)| {
        let [a, b] = [i, j].map(|base| letters.get(base).map_or('?', |&letter| char::from(letter)));
        format!("({:>4},{:>4}) {a}{b}", i + 1, j + 1)
    };
    let pairs: Vec<String> = part.closing.iter().chain(&part.branches).map(pair).collect();
    format!("{:<10}{:8.2}  {}\n", part.kind.name(), part.energy(), pairs.join("  ")).trim_end().to_owned() + "\n"
}

fn row(id: &str, part: &Loop) -> String {
    let (i, j) = part.closing.map(from_one).map_or_else(Default::default, |(i, j)| (i.to_string(), j.to_string()));
    let branches: Vec<String> = part.branches.iter().copied().map(from_one).map(|(i, j)| format!("{i}-{j}")).collect();
    let (kind, unpaired) = (part.kind.name(), part.unpaired);
    format!("{}\t{kind}\t{i}\t{j}\t{}\t{unpaired}\t{:.2}\n", tsv_cell(id), branches.join(","), part.energy())
}

fn object(part: &Loop) -> serde_json::Value {
    let branches: Vec<_> = part.branches.iter().copied().map(from_one).collect();
    json!({
        "loop": part.kind.name(),
        "closing": part.closing.map(from_one),
        "branches": branches,
        "unpaired": part.unpaired,
        "energy": part.energy(),
    })
}

/// Pairs of letters that the tables have only rough energies for.
#[derive(Default)]
struct Odd {
    pairs: usize,
    records: usize,
    first: String,
}

impl Odd {
    fn add(&mut self, entry: &Entry, evaluation: &Evaluation) {
        let pairs = evaluation.non_canonical().len();
        if pairs > 0 {
            if self.records == 0 {
                self.first = entry.place.clone();
            }
            self.records += 1;
            self.pairs += pairs;
        }
    }

    fn report(&self, context: &Context) {
        if self.records > 0 {
            let (pairs, records) = (many(self.pairs, "pair"), many(self.records, "structure"));
            let first = &self.first;
            context.note(format!(
                "note: {pairs} of {records}, first {first}: other than AU, GC and GU; their loops have rough energies"
            ));
        }
    }
}
