//! Sequences from files, tables and standard input.

use std::collections::VecDeque;
use std::io::IsTerminal;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use rinalmo::seq::input::FileRemarks;
use rinalmo::seq::{Error, Gaps, InputOptions, OnInvalid, SequenceRecord, Sequences, Symbol};

use crate::context::Context;
use crate::io::literal::{missing, sequence_in_place_of};
use crate::io::{Total, Totals, is_standard};

/// Sources of sequences.
#[derive(Args, Clone, Debug)]
pub struct InputArgs {
    /// Sequence files, tables, or sequences themselves; `-` or nothing for standard input
    ///
    /// FASTA, FASTQ or one sequence a line; IG and RNAstructure's .seq, GenBank, EMBL, Stockholm; CT,
    /// BPSEQ and dot-bracket, whose structures are ignored; or a table with a column `sequence` and one
    /// such as `id` or `accession` (cells separated by tabs, commas or semicolons). Plain or gzip, bgzip,
    /// zstd, xz, bzip2; UTF-8 or UTF-16. The format is recognised by content.
    #[arg(value_name = "FILES")]
    pub files: Vec<PathBuf>,
    /// Handle letters that are no bases in this way. White space and the numbers of GenBank's layout are
    /// always left out
    #[arg(long, value_enum, default_value = "replace", value_name = "POLICY")]
    pub on_invalid: OnInvalidArg,
    /// Handle the gaps - . ~ _ of an alignment in this way
    #[arg(long, value_enum, default_value = "drop", value_name = "POLICY")]
    pub gaps: GapsArg,
    /// May a record be two strands, joined by `&`?
    #[arg(skip)]
    pub strands: bool,
}

/// `--on-invalid`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum OnInvalidArg {
    /// Read letters that are no IUPAC code (X, P, Ψ, a * at the end) as N, with one warning for each file;
    /// any other character is an error of that record only (exit code 1)
    Replace,
    /// Stop there; finished records are kept (exit code 2)
    Error,
    /// Leave the record out (exit code 1)
    Skip,
    /// Read any character as an unknown base, which the model does not treat as N; a character that
    /// is no ASCII letter is printed as X
    Unk,
}

impl From<OnInvalidArg> for OnInvalid {
    fn from(arg: OnInvalidArg) -> Self {
        match arg {
            OnInvalidArg::Replace => Self::Replace,
            OnInvalidArg::Error => Self::Error,
            OnInvalidArg::Skip => Self::Skip,
            OnInvalidArg::Unk => Self::Unk,
        }
    }
}

/// `--gaps`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum GapsArg {
    /// Leave them out, with one warning for each file; results and positions count only bases
    Drop,
    /// Keep them as positions, as the model's gap token
    Keep,
    /// Report a record with gaps as an error of that record only (exit code 1)
    Error,
}

impl From<GapsArg> for Gaps {
    fn from(arg: GapsArg) -> Self {
        match arg {
            GapsArg::Drop => Self::Drop,
            GapsArg::Keep => Self::Keep,
            GapsArg::Error => Self::Error,
        }
    }
}

/// The next item of the input.
#[expect(clippy::large_enum_variant, reason = "nearly every value is a record")]
pub enum Read {
    /// A sequence.
    Record(SequenceRecord),
    /// A record that is left out as the user asked, and why.
    Skipped(anyhow::Error),
    /// A record that cannot be used, and why; the others are still read.
    Failed(anyhow::Error),
    /// A message for the user: a warning about a file, or a hint.
    Note(String),
}

/// All inputs in order.
pub type Feed = Box<dyn Iterator<Item = anyhow::Result<Read>>>;

impl InputArgs {
    /// Checks that every file exists and opens the stream of records.
    pub fn open(&self, context: &Context) -> anyhow::Result<Feed> {
        check_files(&self.files, context)?;
        if self.files.is_empty() && std::io::stdin().is_terminal() {
            context.note("reading sequences from the terminal; Ctrl-D ends the input, `--help` explains");
        }
        context.expect(self.count(context));
        self.feed()
    }

    /// The stream of records.
    fn feed(&self) -> anyhow::Result<Feed> {
        let options = self.options();
        if !self.files.iter().any(|file| sequence_in_place_of(file).is_some()) {
            return Ok(feed(Sequences::open(&self.files, options), options));
        }
        let mut parts: Vec<Feed> = Vec::new();
        for (number, file) in self.files.iter().enumerate() {
            parts.push(match sequence_in_place_of(file) {
                Some(sequence) => feed(argument(number, sequence, options), options),
                None => feed(Sequences::open(std::slice::from_ref(file), options), options),
            });
        }
        let numbered = parts.into_iter().flatten().enumerate().map(|(index, read)| match read? {
            Read::Record(record) => Ok(Read::Record(SequenceRecord { index, ..record })),
            other => Ok(other),
        });
        Ok(Box::new(numbered))
    }

    /// How letters and gaps are read.
    pub fn options(&self) -> InputOptions {
        InputOptions { on_invalid: self.on_invalid.into(), gaps: self.gaps.into(), strands: self.strands }
    }

    /// Counts the records of the files in the background, for the progress; reading is fast compared to the work.
    fn count(&self, context: &Context) -> Totals {
        let totals = Totals::default();
        let is_file = |file: &PathBuf| std::fs::metadata(file).is_ok_and(|about| about.is_file());
        if self.files.is_empty() || !self.files.iter().all(is_file) || context.quiet() {
            return totals; // a pipe is read only once
        }
        let (input, counted) = (self.clone(), totals.clone());
        std::thread::spawn(move || {
            let mut total = Total::default();
            for read in input.feed().into_iter().flatten() {
                if let Ok(Read::Record(record)) = read {
                    total.records += 1;
                    total.bases += record.sequence.len() as u64;
                }
            }
            counted.set(total)
        });
        totals
    }
}

/// Sequences as a feed with one report for each file of what was unusual in it.
pub fn feed(sequences: Sequences, options: InputOptions) -> Feed {
    watched(sequences.map(sorted), options)
}

fn watched(inner: impl Iterator<Item = anyhow::Result<Read>> + 'static, options: InputOptions) -> Feed {
    Box::new(Watched { inner, options, file: None, ready: VecDeque::new(), hinted: false })
}

/// An error of one record is no error of the stream.
fn sorted(read: Result<SequenceRecord, Error>) -> anyhow::Result<Read> {
    match read {
        Ok(record) => Ok(Read::Record(record)),
        Err(error) if error.is_skipped() => Ok(Read::Skipped(error.into())),
        Err(error) if error.is_of_one_record() => Ok(Read::Failed(error.into())),
        Err(error) => Err(error.into()),
    }
}

/// A sequence that was given in place of a file.
fn argument(number: usize, sequence: &str, options: InputOptions) -> Sequences {
    let fasta = format!(">seq{}\n{sequence}\n", number + 1);
    Sequences::from_reader("<argument>", std::io::Cursor::new(fasta), options)
}

/// The records with notes between them: after the last record of each file, what was unusual in it.
struct Watched<I> {
    inner: I,
    options: InputOptions,
    file: Option<FileRemarks>,
    ready: VecDeque<anyhow::Result<Read>>,
    hinted: bool,
}

impl<I: Iterator<Item = anyhow::Result<Read>>> Iterator for Watched<I> {
    type Item = anyhow::Result<Read>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(ready) = self.ready.pop_front() {
            return Some(ready);
        }
        let next = self.inner.next();
        match &next {
            Some(Ok(Read::Record(record))) => {
                if self.file.as_ref().is_none_or(|file| *file.source() != record.source) {
                    self.end_file();
                }
                let new = || FileRemarks::new(record.source.clone(), self.options);
                self.file.get_or_insert_with(new).add(record);
            }
            Some(Ok(_)) => {}
            Some(Err(_)) | None => self.end_file(),
        }
        let hint = next.as_ref().and_then(|next| self.hint(next));
        self.ready.extend(next);
        self.ready.extend(hint.map(|hint| Ok(Read::Note(hint))));
        self.ready.pop_front()
    }
}

impl<I> Watched<I> {
    fn end_file(&mut self) {
        let lines = self.file.take().map(|file| file.lines()).unwrap_or_default();
        self.ready.extend(lines.into_iter().map(|line| Ok(Read::Note(format!("warning: {line}")))));
    }

    /// A hint on invalid characters, or on strands, the first time that one makes a record fail.
    fn hint(&mut self, read: &anyhow::Result<Read>) -> Option<String> {
        let Ok(Read::Failed(error)) = read else { return None };
        let Some(Error::InvalidBase { letter, .. }) = error.downcast_ref() else { return None };
        let hint = match letter {
            Symbol::Char('&') => "hint: `rinalmo fold --model turner2004` folds two strands",
            _ => "hint: --on-invalid unk reads such characters as unknown bases, skip leaves their records out",
        };
        (!std::mem::replace(&mut self.hinted, true)).then(|| hint.into())
    }
}

/// Checks all files in advance, so that an error does not come after an hour of work.
fn check_files(files: &[PathBuf], context: &Context) -> anyhow::Result<()> {
    for file in files.iter().filter(|file| !is_standard(file)) {
        if let Some(sequence) = sequence_in_place_of(file) {
            context.note(format!("note: no file `{sequence}`: taken as a sequence"));
            continue;
        }
        let meta = match std::fs::metadata(file) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => bail!("{}", missing(file, context.command())),
            read => read.with_context(|| file.display().to_string())?,
        };
        if meta.is_dir() {
            bail!("{}: is a folder, expected a sequence file", file.display());
        }
    }
    Ok(())
}
