//! Output of folded records, in every layout.

mod alternatives;

use std::io::Write;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use clap::ValueEnum;
use rinalmo::results::{BindingColumn, EnergyColumns, Folded, round};
use rinalmo::seq::structure::{PAGES, WUSS_PAGES};
use rinalmo::seq::{SequenceRecord, Structure, bpseq, ct, dot_bracket, stockholm};
use serde::Serialize;

use crate::context::Context;
use crate::io::{Out, OutputFailure, RecordFiles};
use alternatives::render_alternatives;

/// `--format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StructureFormat {
    /// Header, sequence, dot-bracket and `expected_f1=0.812`, or `score=0.713` if that is unknown, or the energy `( -5.40)`
    /// of an energy model
    Dbn,
    /// Connectivity table
    Ct,
    /// Index, base, partner
    Bpseq,
    /// One Stockholm alignment for each record, with SS_cons
    Stockholm,
    /// One object in each line: id, header if it is longer, sequence, structure, score, expected_f1, pairs, threshold,
    /// crossing_left_out, model; of an energy model also energy, mfe, ensemble_energy, diversity; binding of two strands;
    /// alternatives if they are asked for: structure, energy, share
    Json,
    /// id, length, score, sequence, structure, expected_f1, crossing_left_out, header; of an energy model also energy, mfe,
    /// ensemble_energy, diversity, binding. Of alternatives: id, length, number, energy, share, sequence, structure, header
    Tsv,
}

impl StructureFormat {
    /// The extension of its files.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Dbn => "dbn",
            Self::Ct => "ct",
            Self::Bpseq => "bpseq",
            Self::Stockholm => "sto",
            Self::Json => "json",
            Self::Tsv => "tsv",
        }
    }

    /// Can it hold two strands?
    fn has_strands(self) -> bool {
        matches!(self, Self::Dbn | Self::Json | Self::Tsv)
    }

    /// How many layers of crossing pairs it can hold, if there is a limit.
    fn pages(self) -> Option<usize> {
        match self {
            Self::Dbn | Self::Tsv => Some(PAGES.len()),
            Self::Stockholm => Some(WUSS_PAGES),
            Self::Ct | Self::Bpseq | Self::Json => None,
        }
    }
}

/// The results' destination.
pub struct Structures {
    format: StructureFormat,
    target: Target,
}

enum Target {
    Stream { out: Out, empty: bool },
    Folder(RecordFiles),
}

impl Structures {
    /// All records into one stream.
    pub fn stream(out: Out, format: StructureFormat) -> Self {
        Self { format, target: Target::Stream { out, empty: true } }
    }

    /// One file for each record.
    pub fn folder(folder: &Path, format: StructureFormat) -> Result<Self> {
        Ok(Self { format, target: Target::Folder(RecordFiles::open(folder, format.extension())?) })
    }

    /// # Errors
    /// The layout cannot hold two strands, and the record is two.
    pub fn check(&self, record: &SequenceRecord) -> Result<()> {
        if record.nick.is_some() && !self.format.has_strands() {
            bail!("the files of this --format have one strand; dbn, json and tsv can hold two");
        }
        Ok(())
    }

    /// Writes one record completely or not at all, except for pairs without a bracket in the layout.
    ///
    /// # Errors
    /// There were such pairs; all others are written.
    pub fn write(&mut self, folded: &Folded<'_>) -> Result<()> {
        let (format, mut text) = (self.format, Vec::new());
        let structure = &folded.fold.structure;
        let written = format.pages().map_or_else(|| structure.clone(), |pages| structure.within_pages(pages));
        let all = structure.pairs().len();
        let left_out = all - written.pairs().len();
        match &mut self.target {
            Target::Stream { out, empty } => {
                render(format, folded, written, *empty, &mut text)?;
                *empty = false;
                out.write_all(&text).context(OutputFailure)?;
            }
            Target::Folder(files) => {
                render(format, folded, written, true, &mut text)?;
                files.write(&folded.record.id, &folded.record.header, &text)?;
            }
        }
        if left_out > 0 {
            bail!(
                "{left_out} of {all} pairs cross the others in more layers than there are brackets and are left out; \
                 ct, bpseq and json can hold all pairs"
            );
        }
        Ok(())
    }

    /// Lists the files of a folder with other names than their records.
    ///
    /// # Errors
    /// The list cannot be written.
    pub fn finish(self, context: &Context) -> Result<()> {
        match self.target {
            Target::Folder(files) => files.finish(context),
            Target::Stream { .. } => Ok(()),
        }
    }

    /// Flushes everything written so far.
    pub fn flush(&mut self) -> Result<()> {
        match &mut self.target {
            Target::Stream { out, .. } => out.flush().context(OutputFailure),
            Target::Folder(_) => Ok(()),
        }
    }

    /// Finishes a file and gives it its name.
    pub fn put(&mut self) -> Result<()> {
        match &mut self.target {
            Target::Stream { out, .. } => out.finish(),
            Target::Folder(_) => Ok(()),
        }
    }
}

/// Appends a record's text; `structure` is the part of the fold that the layout can hold.
fn render(
    format: StructureFormat,
    folded: &Folded<'_>,
    structure: Structure,
    first: bool,
    out: &mut Vec<u8>,
) -> Result<()> {
    let Folded { record, fold, .. } = *folded;
    if let Some(alternatives) = fold.alternatives.as_deref().filter(|_| format != StructureFormat::Json) {
        return render_alternatives(format, record, alternatives, first, out);
    }
    let header = record.header.clone();
    let sequence = record.sequence.clone();
    match format {
        StructureFormat::Dbn => {
            let score = Some(fold.remark());
            dot_bracket::Writer::new(out).write(&dot_bracket::Record { header, sequence, structure, score })?;
        }
        StructureFormat::Ct => ct::Writer::new(out).write(&ct::Record { header, sequence, structure })?,
        StructureFormat::Bpseq => bpseq::Writer::new(out).write(&bpseq::Record { header, sequence, structure })?,
        StructureFormat::Stockholm => {
            let header = stockholm_header(record);
            stockholm::Writer::new(out).write(&stockholm::Record { header, sequence, structure })?;
        }
        StructureFormat::Json => {
            serde_json::to_writer(&mut *out, folded)?;
            out.push(b'\n');
        }
        StructureFormat::Tsv => {
            let mut writer = csv::WriterBuilder::new().delimiter(b'\t').has_headers(first).from_writer(out);
            let row = Row {
                id: &record.id,
                length: sequence.len(),
                score: round(fold.score, 1000.0),
                sequence: &record.text(),
                structure: &structure.to_dot_bracket()?,
                expected_f1: fold.expected_f1.map(|f1| round(f1, 1000.0)),
                crossing_left_out: fold.crossing_left_out,
                header: &record.header,
            };
            match fold.energies {
                None => writer.serialize(row)?,
                Some(energies) => {
                    writer.serialize((row, EnergyColumns::from(energies), BindingColumn::from(energies)))?
                }
            }
            writer.flush()?;
        }
    }
    Ok(())
}

/// Stockholm needs a name.
fn stockholm_header(record: &SequenceRecord) -> String {
    let header = &record.header;
    if header.trim().is_empty() { format!("record_{}", record.index + 1) } else { header.clone() }
}

#[derive(Serialize)]
struct Row<'a> {
    id: &'a str,
    length: usize,
    score: f64,
    sequence: &'a str,
    structure: &'a str,
    expected_f1: Option<f64>,
    crossing_left_out: usize,
    header: &'a str,
}

#[cfg(all(test, feature = "bundled"))]
mod tests {
    use super::*;

    #[test]
    fn pairs_without_a_bracket_are_reported_and_the_others_written() {
        let model = rinalmo::Model::bundled(&rinalmo::Device::cpu()).unwrap();
        let pairs: Vec<(usize, usize, f32)> = (0..31).map(|i| (i, i + 31, 0.5)).collect(); // each crosses all others
        let structure = Structure::new(62, pairs.iter().map(|&(i, j, _)| (i, j)).collect()).unwrap();
        let mut fold = model.fold(&["A".repeat(62)], &rinalmo::FoldOptions::default()).unwrap().remove(0);
        (fold.structure, fold.pairs, fold.expected_f1) = (structure, pairs, None);
        let input = std::io::Cursor::new(format!(">x\n{}\n", "A".repeat(62)));
        let record = rinalmo::seq::Sequences::from_reader("x.fa", input, Default::default()).next().unwrap().unwrap();
        let name = rinalmo::results::ModelName::from(&model);
        let folded = Folded { record: &record, fold: &fold, model: &name };
        let folder = tempfile::tempdir().unwrap();
        let write = |format: StructureFormat| {
            let result = Structures::folder(folder.path(), format).unwrap().write(&folded);
            let text = std::fs::read_to_string(folder.path().join(format!("x.{}", format.extension()))).unwrap();
            (result, text)
        };
        for (format, left_out) in [
            (StructureFormat::Dbn, "1 of 31"),
            (StructureFormat::Tsv, "1 of 31"),
            (StructureFormat::Stockholm, "4 of 31"),
        ] {
            let (result, text) = write(format);
            assert!(text.contains("AAAAAA"), "{text}");
            let error = result.unwrap_err().to_string();
            assert!(error.starts_with(left_out), "{error}");
        }
        for format in [StructureFormat::Json, StructureFormat::Ct, StructureFormat::Bpseq] {
            assert!(write(format).0.is_ok());
        }
        assert!(write(StructureFormat::Json).1.contains("[31,62,0.5]]"), "JSON lists every pair");
    }
}
