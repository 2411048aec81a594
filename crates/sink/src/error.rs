//! Errors of writing and reading arrays.

use std::io;
use std::path::{Path, PathBuf};

use super::{ArrayKind, Dtype, Format};

/// An error of a file of arrays.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The ending of the output names no known format.
    #[error(
        "output `{}`: the ending does not name a format\n\
         hint: use `.npz`, `.safetensors`, `.parquet`, `.h5ad` or `.tsv` (also `.tsv.gz`), or `-` for a table on standard output", path.display()
    )]
    UnknownExtension {
        /// The output asked for.
        path: PathBuf,
    },
    /// The format was left out of this build.
    #[error("{}: this program was built without feature `{feature}`", path.display())]
    NotBuilt {
        /// The output.
        path: PathBuf,
        /// The cargo feature that adds the format.
        feature: &'static str,
    },
    /// The format has no such number type.
    #[error(
        "`{format}` files cannot hold {dtype}\n\
         hint: `.safetensors` holds f32, f16 and bf16; `.npz` holds f32 and f16; `.parquet`, `.h5ad` and `.tsv` hold f32"
    )]
    NoSuchDtype {
        /// The format of the output.
        format: Format,
        /// The type asked for.
        dtype: Dtype,
    },
    /// This format cannot hold base-pair probabilities.
    #[error(
        "base-pair probabilities cannot be written as `{format}`\nhint: use `.tsv` (pairs above a cutoff) or `.npz` (whole matrices)"
    )]
    NoPairs {
        /// The format of the output.
        format: Format,
    },
    /// The cutoff is not a probability.
    #[error("the cutoff for pairs is {cutoff}, expected a number from 0 to 1")]
    Cutoff {
        /// The cutoff given.
        cutoff: f32,
    },
    /// The format or layout cannot hold arrays of this kind.
    #[error(
        "`{kind}` cannot be written into this `{format}` file\nhint: attentions need `.npz` or `.safetensors`; `.h5ad` holds mean and cls; pairs have a file of their own"
    )]
    NoSuchKind {
        /// The format of the output.
        format: Format,
        /// The kind sent.
        kind: ArrayKind,
    },
    /// An array does not have the shape of its kind.
    #[error("record `{id}`: `{kind}` has shape {shape:?} and {values} values, expected {} dimensions that multiply to the number of values", kind.rank())]
    Shape {
        /// The record.
        id: String,
        /// The kind of the array.
        kind: ArrayKind,
        /// Its shape.
        shape: Vec<usize>,
        /// How many numbers came with it.
        values: usize,
    },
    /// A record came with two arrays of one kind.
    #[error("record `{id}` has more than one array `{kind}`")]
    KindTwice {
        /// The record.
        id: String,
        /// The kind.
        kind: ArrayKind,
    },
    /// A number is too large for the chosen type.
    #[error("record `{id}`: the value {value} in `{kind}` is too large for {dtype}\nhint: store as f32 or bf16")]
    Overflow {
        /// The record.
        id: String,
        /// The kind of the array.
        kind: ArrayKind,
        /// The value.
        value: f32,
        /// The storage type.
        dtype: Dtype,
    },
    /// A record of a table is wider than the table.
    #[error("record `{id}`: `{kind}` has {found} values in a row, but the table has {expected} columns for them")]
    Width {
        /// The record.
        id: String,
        /// The kind of the array.
        kind: ArrayKind,
        /// Values per row of this array.
        found: usize,
        /// Value columns of the table.
        expected: usize,
    },
    /// The same record was written twice.
    #[error("record {} of the input (`{id}`) was written twice", index + 1)]
    RecordTwice {
        /// Its place, from 0.
        index: u64,
        /// Its id.
        id: String,
    },
    /// A resumed run has another record at an index that is already written.
    #[error("record {} of the input is `{found}`, but the unfinished output has `{expected}` there", index + 1)]
    InputChanged {
        /// Its place, from 0.
        index: u64,
        /// The id of the input now.
        found: String,
        /// The id in the spool.
        expected: String,
    },
    /// The header of a safetensors file would grow past what readers accept.
    #[error(
        "`.safetensors` files stop at {limit} bytes of header: this output is full after {records} records\n\
         hint: rename `{}` to end in `.npz.part`, and resume with that `.npz` as output; or split the input", spool.display()
    )]
    HeaderFull {
        /// The limit on the header.
        limit: usize,
        /// How many records fit.
        records: usize,
        /// The records so far.
        spool: PathBuf,
    },
    /// An earlier run left records, and the options do not say what to do with them.
    #[error("`{}` holds {records} records of an unfinished run", spool.display())]
    Unfinished {
        /// The records so far.
        spool: PathBuf,
        /// How many there are.
        records: usize,
    },
    /// The records of an earlier run were made with other settings.
    #[error(
        "`{}` was started with other settings, so it cannot be resumed\n  then: {found}\n  now:  {expected}",
        spool.display()
    )]
    Settings {
        /// The records so far.
        spool: PathBuf,
        /// The settings it was started with.
        found: String,
        /// The settings of this run.
        expected: String,
    },
    /// The file at the path of the spool is something else.
    #[error("`{}` is not a file of records of an unfinished run, which belong at this path\nhint: move it away, or choose another output", path.display())]
    NotASpool {
        /// The file.
        path: PathBuf,
    },
    /// Another process writes the same output.
    #[error("`{}` is in use: another run writes this output", spool.display())]
    Busy {
        /// The records so far.
        spool: PathBuf,
    },
    /// Standard output cannot be resumed.
    #[error("a table on standard output cannot be resumed\nhint: name an output file")]
    CannotResume,
    /// A file of arrays cannot be read.
    #[error("{}: {message}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What was expected and what was found.
        message: String,
    },
    /// The system refused to read or write.
    #[error("{action} `{}`", output(path).display())]
    Io {
        /// What was being done.
        action: &'static str,
        /// To which file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
}

/// The output that a file belongs to. Records are collected in a `.part` file next to the output, which the user did
/// not name.
fn output(path: &Path) -> PathBuf {
    let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(".part"));
    name.map_or_else(|| path.to_owned(), |name| path.with_file_name(name))
}

impl Error {
    /// A closure for `map_err` that adds the action and the file.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Error::Io { action, path: path.to_owned(), source }
    }

    /// Is this an error of one record only, after which others can be written?
    pub fn is_of_one_record(&self) -> bool {
        matches!(self, Error::NoSuchKind { .. } | Error::Shape { .. } | Error::Overflow { .. } | Error::Width { .. })
    }

    /// Did the reader of a pipe close it, which is a normal end?
    pub fn is_closed_pipe(&self) -> bool {
        matches!(self, Error::Io { source, .. } if source.kind() == io::ErrorKind::BrokenPipe)
    }
}
