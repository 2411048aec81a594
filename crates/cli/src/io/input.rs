//! Sequences from files, tables and standard input.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use rinalmo::seq::{Error, InputOptions, OnInvalid, SequenceRecord, Sequences, Stranger, alphabet, input};

use crate::context::Context;
use crate::io::literal::{missing, sequence_in_place_of};
use crate::io::{is_table, read_columns};

/// Where sequences come from.
#[derive(Args, Clone, Debug)]
pub struct InputArgs {
    /// FASTA, FASTQ, or one sequence a line, or a .csv or .tsv with a column `sequence`; plain or
    /// gzip, bgzip, zstd, xz, bzip2 (told by content); `-` or nothing for standard input; or a
    /// sequence itself
    #[arg(value_name = "FILES")]
    pub files: Vec<PathBuf>,
    /// What to do with a letter that is no base
    #[arg(long, value_enum, default_value = "error", value_name = "POLICY")]
    pub on_invalid: OnInvalidArg,
}

/// `--on-invalid`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum OnInvalidArg {
    /// Stop there; what is finished stays written (exit code 2)
    Error,
    /// Leave the record out (exit code 1)
    Skip,
    /// Read the letter as unknown
    Unk,
}

impl From<OnInvalidArg> for OnInvalid {
    fn from(arg: OnInvalidArg) -> Self {
        match arg {
            OnInvalidArg::Error => Self::Error,
            OnInvalidArg::Skip => Self::Skip,
            OnInvalidArg::Unk => Self::Unk,
        }
    }
}

/// What the input gives next.
pub enum Read {
    /// A sequence.
    Record(SequenceRecord),
    /// A record left out on the user's wish, and why.
    Skipped(anyhow::Error),
}

/// All inputs in order.
pub type Feed = Box<dyn Iterator<Item = anyhow::Result<Read>>>;

impl InputArgs {
    /// Checks that every file is there and opens the stream of records.
    pub fn open(&self, context: &Context) -> anyhow::Result<Feed> {
        check_files(&self.files, context)?;
        if self.files.is_empty() && std::io::stdin().is_terminal() {
            context.note("reading sequences from the terminal; Ctrl-D ends them, `--help` explains");
        }
        let options = InputOptions { on_invalid: self.on_invalid.into() };
        if !self.files.iter().any(|file| is_table(file) || sequence_in_place_of(file).is_some()) {
            return Ok(feed(Sequences::open(&self.files, options)));
        }
        let mut parts: Vec<Feed> = Vec::new();
        for (number, file) in self.files.iter().enumerate() {
            parts.push(match sequence_in_place_of(file) {
                Some(sequence) => feed(argument(number, sequence, options)),
                None if is_table(file) => Box::new(read_table(file, options.on_invalid)?.into_iter()),
                None => feed(Sequences::open(std::slice::from_ref(file), options)),
            });
        }
        let numbered = parts.into_iter().flatten().enumerate().map(|(index, read)| match read? {
            Read::Record(record) => Ok(Read::Record(SequenceRecord { index, ..record })),
            skipped => Ok(skipped),
        });
        Ok(Box::new(numbered))
    }

    /// Refuses outputs that would overwrite an input, perhaps before it is read.
    pub fn refuse_as_outputs<const N: usize>(&self, outputs: [&Option<PathBuf>; N]) -> anyhow::Result<()> {
        for output in outputs.into_iter().flatten().filter(|output| output.is_file()) {
            let place = output.canonicalize().ok();
            if self.files.iter().any(|file| file.canonicalize().ok() == place) {
                bail!("{}: is an input too; write to another file", output.display());
            }
        }
        Ok(())
    }
}

/// Sequences as a feed.
pub fn feed(sequences: Sequences) -> Feed {
    Box::new(sequences.map(told))
}

/// An error of a record left out on the user's wish is no error of the stream.
fn told(read: Result<SequenceRecord, Error>) -> anyhow::Result<Read> {
    match read {
        Ok(record) => Ok(Read::Record(record)),
        Err(error) if error.is_skipped() => Ok(Read::Skipped(error.into())),
        Err(error) => Err(error.into()),
    }
}

/// A sequence that was given in the place of a file.
fn argument(number: usize, sequence: &str, options: InputOptions) -> Sequences {
    let fasta = format!(">seq{}\n{sequence}\n", number + 1);
    Sequences::from_reader("<argument>", std::io::Cursor::new(fasta), options)
}

/// Fails in the first second rather than after an hour.
fn check_files(files: &[PathBuf], context: &Context) -> anyhow::Result<()> {
    for file in files.iter().filter(|file| *file != Path::new("-")) {
        if let Some(sequence) = sequence_in_place_of(file) {
            context.note(format!("note: no file `{sequence}`: taken as a sequence"));
            continue;
        }
        let meta = match std::fs::metadata(file) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => bail!("{}", missing(file)),
            read => read.with_context(|| file.display().to_string())?,
        };
        if meta.is_dir() {
            bail!("{}: is a folder, expected a sequence file", file.display());
        }
    }
    Ok(())
}

/// The rows of a table as records; without an id column they are seq1, seq2, ...
fn read_table(path: &Path, on_invalid: OnInvalid) -> anyhow::Result<Vec<anyhow::Result<Read>>> {
    let source: Arc<str> = input::name_of(path);
    let mut records = Vec::new();
    read_columns(path, [&["sequence", "seq", "utr"], &["id", "name", "seq_id"]], |line, [sequence, id]| {
        let id = id.filter(|id| !id.is_empty()).map_or_else(|| format!("seq{}", records.len() + 1), str::to_owned);
        let sequence = sequence.unwrap_or_default().as_bytes().to_vec();
        let line = line as usize;
        let strangers: Vec<Stranger> = (1..)
            .zip(&sequence)
            .filter(|&(_, &letter)| !alphabet::is_base(letter))
            .map(|(column, &letter)| Stranger { letter, line, column })
            .collect();
        let record = SequenceRecord {
            id: id.clone(),
            header: id,
            sequence,
            unknown: strangers.len(),
            source: source.clone(),
            line,
            index: 0,
        };
        records.push(told(record.admit(strangers.first().copied(), on_invalid)));
        Ok(())
    })?;
    Ok(records)
}
