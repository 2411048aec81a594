//! What can go wrong while arrays are written.

use std::io;
use std::path::{Path, PathBuf};

use super::{Dtype, Format, Kind};

/// An error of a sink.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The ending of the output names no known format.
    #[error(
        "output `{}`: the ending does not name a format\n\
         hint: use `.npz`, `.safetensors`, `.parquet` or `.tsv` (also `.tsv.gz`), or `-` for a table on standard output", path.display()
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
        /// The cargo feature that brings the format.
        feature: &'static str,
    },
    /// The format has no such number type.
    #[error(
        "`{format}` files cannot hold {dtype}\n\
         hint: `.safetensors` holds f32, f16 and bf16; `.npz` holds f32 and f16; `.parquet` and `.tsv` hold f32"
    )]
    NoSuchDtype {
        /// The format of the output.
        format: Format,
        /// The type asked for.
        dtype: Dtype,
    },
    /// Base-pair probabilities have no form in this format.
    #[error(
        "base-pair probabilities cannot be written as `{format}`\nhint: use `.tsv` (pairs above a cutoff) or `.npz` (whole matrices)"
    )]
    NoPairs {
        /// The format of the output.
        format: Format,
    },
    /// A cutoff that is no probability.
    #[error("the cutoff for pairs is {cutoff}, expected a number from 0 to 1")]
    Cutoff {
        /// The cutoff given.
        cutoff: f32,
    },
    /// The format or layout does not hold arrays of this kind.
    #[error(
        "`{kind}` cannot be written into this `{format}` file\nhint: attentions need `.npz` or `.safetensors`; pairs have a file of their own"
    )]
    NoSuchKind {
        /// The format of the output.
        format: Format,
        /// The kind sent.
        kind: Kind,
    },
    /// An array does not have the shape of its kind.
    #[error("record `{id}`: `{kind}` has shape {shape:?} and {values} values, expected {} dimensions that multiply to the number of values", kind.rank())]
    Shape {
        /// The record.
        id: String,
        /// The kind of the array.
        kind: Kind,
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
        kind: Kind,
    },
    /// A number is too large for the chosen type.
    #[error("record `{id}`: the value {value} in `{kind}` is too large for {dtype}\nhint: store as f32 or bf16")]
    Overflow {
        /// The record.
        id: String,
        /// The kind of the array.
        kind: Kind,
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
        kind: Kind,
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
    /// A resumed run meets another record at a place already done.
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
    /// An earlier run left records behind, and nobody said what to do with them.
    #[error("`{}` holds {records} records of an unfinished run", spool.display())]
    Unfinished {
        /// The records so far.
        spool: PathBuf,
        /// How many there are.
        records: usize,
    },
    /// The records left behind were made with other settings.
    #[error(
        "`{}` was begun with other settings, so it cannot be resumed\n  then: {found}\n  now:  {expected}",
        spool.display()
    )]
    Settings {
        /// The records so far.
        spool: PathBuf,
        /// The settings it was begun with.
        found: String,
        /// The settings of this run.
        expected: String,
    },
    /// The file at the place of the spool is something else.
    #[error("`{}` stands where the records of an unfinished run belong, but is something else\nhint: move it away, or choose another output", path.display())]
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
    /// The system refused to read or write.
    #[error("{action} `{}`", output(path).display())]
    Io {
        /// What was being done.
        action: &'static str,
        /// To which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// The output that a file belongs to: records are gathered beside it in a file of ours, which no user named.
fn output(path: &Path) -> PathBuf {
    let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(".part"));
    name.map_or_else(|| path.to_owned(), |name| path.with_file_name(name))
}

impl Error {
    /// Makes the closure for `map_err` that says what was being done to which file.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Error::Io { action, path: path.to_owned(), source }
    }

    /// Whether the output is sound and only this record cannot go into it.
    pub fn is_of_one_record(&self) -> bool {
        matches!(self, Error::NoSuchKind { .. } | Error::Shape { .. } | Error::Overflow { .. } | Error::Width { .. })
    }

    /// Whether the reader of a pipe went away, which is a normal end.
    pub fn is_closed_pipe(&self) -> bool {
        matches!(self, Error::Io { source, .. } if source.kind() == io::ErrorKind::BrokenPipe)
    }
}
