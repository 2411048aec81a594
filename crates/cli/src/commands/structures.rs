//! Output of folded records, in every layout.

use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::ValueEnum;
use rinalmo::seq::structure::{PAGES, WUSS_PAGES};
use rinalmo::seq::{SequenceRecord, Structure, bpseq, ct, dot_bracket, stockholm};
use rinalmo::structures::NAMES_LIST;
use rinalmo::{Fold, Model};
use serde::Serialize;

use crate::context::Context;
use crate::io::{Out, OutputFailure, report, write_file};

/// `--format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StructureFormat {
    /// Header, sequence, dot-bracket and `expected_f1=0.812`, or `score=0.713` if that is unknown
    Dbn,
    /// Connectivity table
    Ct,
    /// Index, base, partner
    Bpseq,
    /// One Stockholm alignment for each record, with SS_cons
    Stockholm,
    /// One object in each line: id, header if it is longer, sequence, structure, score, expected_f1, pairs, threshold,
    /// crossing_left_out, model
    Json,
    /// id, length, score, sequence, structure, expected_f1, crossing_left_out, header
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

    /// How many layers of crossing pairs it can hold, if there is a limit.
    fn pages(self) -> Option<usize> {
        match self {
            Self::Dbn | Self::Tsv => Some(PAGES.len()),
            Self::Stockholm => Some(WUSS_PAGES),
            Self::Ct | Self::Bpseq | Self::Json => None,
        }
    }
}

/// A record with its fold.
pub struct Folded<'a> {
    /// The record that was read.
    pub record: &'a SequenceRecord,
    /// Its fold.
    pub fold: &'a Fold,
    /// The model that folded it.
    pub model: &'a Model,
}

/// The results' destination.
pub struct Structures {
    format: StructureFormat,
    target: Target,
}

enum Target {
    Stream { out: Out, empty: bool },
    Folder { folder: PathBuf, names: HashMap<String, usize>, changed: Vec<Changed> },
}

/// A file with another name than its record.
struct Changed {
    file: String,
    id: String,
    header: String,
}

impl Structures {
    /// All records into one stream.
    pub fn stream(out: Out, format: StructureFormat) -> Self {
        Self { format, target: Target::Stream { out, empty: true } }
    }

    /// One file for each record.
    pub fn folder(folder: &Path, format: StructureFormat) -> Result<Self> {
        std::fs::create_dir_all(folder).with_context(|| format!("{}: cannot be created", folder.display()))?;
        Ok(Self {
            format,
            target: Target::Folder { folder: folder.to_owned(), names: HashMap::new(), changed: Vec::new() },
        })
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
            Target::Folder { folder, names, changed } => {
                render(format, folded, written, true, &mut text)?;
                let SequenceRecord { id, header, .. } = folded.record;
                let name = unused_name(names, id);
                let file = format!("{name}.{}", format.extension());
                write_file(&folder.join(&file), &text).context(OutputFailure)?;
                if name != *id {
                    changed.push(Changed { file, id: id.clone(), header: header.clone() });
                }
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

    /// Lists the files of a folder with other names than their records. Rows of an earlier run's list are kept if their
    /// files are still those of that run.
    ///
    /// # Errors
    /// The list cannot be written.
    pub fn finish(self, context: &Context) -> Result<()> {
        let Target::Folder { folder, names, changed } = self.target else { return Ok(()) };
        let ending = format!(".{}", self.format.extension());
        let is_written = |file: &str| file.strip_suffix(&ending).is_some_and(|n| names.contains_key(&n.to_lowercase()));
        let path = folder.join(NAMES_LIST);
        let earlier = std::fs::read_to_string(&path).ok().filter(|text| text.starts_with(LIST_HEADER));
        let plain = |text: &str| text.replace(char::is_control, " ");
        let row = |Changed { file, id, header }: &Changed| format!("{file}\t{}\t{}\n", plain(id), plain(header));
        let rows: String = still_true(earlier.as_deref(), &folder, is_written).chain(changed.iter().map(row)).collect();
        if !rows.is_empty() {
            write_file(&path, format!("{LIST_HEADER}{rows}").as_bytes()).context(OutputFailure)?;
        } else if earlier.is_some() {
            let removed = std::fs::remove_file(&path);
            removed.with_context(|| format!("{}: cannot be removed", path.display())).context(OutputFailure)?;
        }
        let Some(first) = changed.first() else { return Ok(()) };
        let (output, first) = (folder.display().to_string(), Some((first.id.as_str(), first.file.as_str())));
        report(&output, first, changed.len(), &format!("; {NAMES_LIST} in that folder lists them"), context);
        Ok(())
    }

    /// Flushes everything written so far.
    pub fn flush(&mut self) -> Result<()> {
        match &mut self.target {
            Target::Stream { out, .. } => out.flush().context(OutputFailure),
            Target::Folder { .. } => Ok(()),
        }
    }

    /// Finishes a file and gives it its name.
    pub fn put(&mut self) -> Result<()> {
        match &mut self.target {
            Target::Stream { out, .. } => out.finish(),
            Target::Folder { .. } => Ok(()),
        }
    }
}

/// The first line of a list of names.
const LIST_HEADER: &str = "file\tid\theader\n";

/// The rows of an earlier list for files that still exist and that this run has not written.
fn still_true<'t>(
    earlier: Option<&'t str>,
    folder: &'t Path,
    is_written: impl Fn(&str) -> bool + 't,
) -> impl Iterator<Item = String> + 't {
    let rows = earlier.unwrap_or_default().lines().skip(1);
    let of_earlier_run = move |row: &&str| {
        let file = row.split('\t').next().unwrap_or_default();
        !is_written(file) && folder.join(file).is_file()
    };
    rows.filter(of_earlier_run).map(|row| format!("{row}\n"))
}

/// A file name for a record: its id without characters that file systems do not allow, numbered from
/// the second of the same name.
fn unused_name(names: &mut HashMap<String, usize>, id: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || "._-+".contains(c) { c } else { '_' };
    let name: String = id.chars().map(plain).take(100).collect();
    let name = if name.trim_matches(['.', '_']).is_empty() { "record".to_owned() } else { name };
    // Some file systems treat `a` and `A` as the same name.
    let mut candidate = name.clone();
    let count = names.entry(name.to_lowercase()).or_insert(0);
    *count += 1;
    let mut number = *count;
    while number > 1 {
        candidate = format!("{name}_{number}");
        if !names.contains_key(&candidate.to_lowercase()) {
            break;
        }
        number += 1;
    }
    names.entry(candidate.to_lowercase()).or_insert(1);
    candidate
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
    let header = record.header.clone();
    let sequence = record.sequence.clone();
    match format {
        StructureFormat::Dbn => {
            let score = Some(match fold.expected_f1 {
                Some(f1) => format!("expected_f1={f1:.3}"),
                None => format!("score={:.3}", fold.score),
            });
            dot_bracket::Writer::new(out).write(&dot_bracket::Record { header, sequence, structure, score })?;
        }
        StructureFormat::Ct => ct::Writer::new(out).write(&ct::Record { header, sequence, structure })?,
        StructureFormat::Bpseq => bpseq::Writer::new(out).write(&bpseq::Record { header, sequence, structure })?,
        StructureFormat::Stockholm => {
            let header = if header.trim().is_empty() { format!("record_{}", record.index + 1) } else { header };
            stockholm::Writer::new(out).write(&stockholm::Record { header, sequence, structure })?;
        }
        StructureFormat::Json => {
            serde_json::to_writer(&mut *out, &Json::new(folded))?;
            out.push(b'\n');
        }
        StructureFormat::Tsv => {
            let mut writer = csv::WriterBuilder::new().delimiter(b'\t').has_headers(first).from_writer(out);
            writer.serialize(Row {
                id: &record.id,
                length: sequence.len(),
                score: round(fold.score, 1000.0),
                sequence: &String::from_utf8_lossy(&sequence),
                structure: &structure.to_dot_bracket()?,
                expected_f1: fold.expected_f1.map(|f1| round(f1, 1000.0)),
                crossing_left_out: fold.crossing_left_out,
                header: &record.header,
            })?;
            writer.flush()?;
        }
    }
    Ok(())
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

#[derive(Serialize)]
struct Json<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    header: Option<&'a str>,
    sequence: std::borrow::Cow<'a, str>,
    structure: String,
    score: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected_f1: Option<f64>,
    pairs: Vec<(usize, usize, f64)>,
    threshold: f64,
    crossing_left_out: usize,
    model: ModelName<'a>,
}

#[derive(Serialize)]
struct ModelName<'a> {
    name: &'a str,
    sha256: &'a str,
}

impl<'a> Json<'a> {
    fn new(folded: &Folded<'a>) -> Self {
        let Folded { record, fold, model } = *folded;
        Self {
            id: &record.id,
            header: (record.header != record.id).then_some(&*record.header),
            sequence: String::from_utf8_lossy(&record.sequence),
            structure: fold.dot_bracket(),
            score: round(fold.score, 1e6),
            expected_f1: fold.expected_f1.map(|f1| round(f1, 1e6)),
            pairs: fold.pairs.iter().map(|&(i, j, p)| (i + 1, j + 1, round(p, 1e6))).collect(),
            threshold: round(fold.threshold, 1e6),
            crossing_left_out: fold.crossing_left_out,
            model: ModelName { name: model.name(), sha256: model.sha256() },
        }
    }
}

/// An f32 as a short decimal.
fn round(value: f32, scale: f64) -> f64 {
    (f64::from(value) * scale).round() / scale
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(feature = "bundled")]
    fn pairs_without_a_bracket_are_reported_and_the_others_written() {
        let model = Model::bundled(&rinalmo::Device::cpu()).unwrap();
        let pairs: Vec<(usize, usize, f32)> = (0..31).map(|i| (i, i + 31, 0.5)).collect(); // each crosses all others
        let structure = Structure::new(62, pairs.iter().map(|&(i, j, _)| (i, j)).collect()).unwrap();
        let mut fold = model.fold(&["A".repeat(62)], &rinalmo::FoldOptions::default()).unwrap().remove(0);
        (fold.structure, fold.pairs, fold.expected_f1) = (structure, pairs, None);
        let input = std::io::Cursor::new(format!(">x\n{}\n", "A".repeat(62)));
        let record = rinalmo::seq::Sequences::from_reader("x.fa", input, Default::default()).next().unwrap().unwrap();
        let folded = Folded { record: &record, fold: &fold, model: &model };
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

    #[test]
    fn file_names_are_safe_and_never_repeat() {
        let mut names = HashMap::new();
        let given: Vec<String> =
            ["a", "a", "A", "a_2", "../x", "", ".."].iter().map(|id| unused_name(&mut names, id)).collect();
        assert_eq!(given, ["a", "a_2", "A_3", "a_2_2", ".._x", "record", "record_2"]);
    }
}
