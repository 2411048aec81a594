//! Writes arrays to `.npz`, `.safetensors`, `.parquet`, `.h5ad`, `.tsv`, or a table on standard output; [`read`] reads vectors back.
//!
//! Only one record is in memory at a time. Each finished record is appended to `<output>.part`, the [spool].
//! [`Sink::finish`] makes the output from it in input order, renames it into place, and deletes the spool. So a killed
//! run loses at most the record it was writing, and a resumed run writes the same file as one without interruption.
//! While finishing, the disk must have space for the numbers twice.
//!
//! ```no_run
//! use rinalmo_sink::{Array, ArrayKind, Leftover, SinkOptions, ArrayRecord, Sink};
//! # fn main() -> Result<(), rinalmo_sink::Error> {
//! let options = SinkOptions::default().leftover(Leftover::Resume).settings("model=giga");
//! let mut sink = Sink::open("embeddings.npz".as_ref(), options)?;
//! for (index, id) in (0..).zip(["tRNA-Phe", "TAR"]) {
//!     if !sink.is_finished(index, id)? {
//!         let mean = Array::new(ArrayKind::Mean, vec![2], vec![0.5, -0.5]);
//!         sink.write(&ArrayRecord::new(index, id, vec![mean]))?;
//!     }
//! }
//! for renamed in sink.finish()? {
//!     println!("{} is named {}", renamed.id, renamed.name);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! [spool]: Sink::open

#[cfg(feature = "h5ad")]
pub mod anndata;
mod array;
mod error;
mod format;
#[cfg(feature = "h5ad")]
mod h5ad;
mod head;
mod names;
mod npz;
mod output;
mod pairs;
#[cfg(feature = "parquet")]
mod parquet;
pub mod read;
mod rows;
mod safetensors;
mod settings;
mod spool;
mod stream;
mod tsv;

#[cfg(all(test, feature = "parquet", feature = "h5ad"))]
mod tests;

use std::{
    borrow::Cow,
    ffi::OsString,
    io::Write,
    path::{Path, PathBuf},
};

pub use self::{
    array::{Array, ArrayKind, ArrayRecord, Dtype},
    error::Error,
    format::{Format, Layout},
    names::Renamed,
};
use self::{
    head::Head,
    names::{Names, Use},
    spool::Spool,
    stream::Stream,
};

/// What to do with the records that an unfinished run left for the same output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Leftover {
    /// Stop with an error that names them, so that no work is lost by accident.
    #[default]
    Refuse,
    /// Keep them and add to them; without any, start from scratch.
    Resume,
    /// Delete them.
    Discard,
}

/// How an output is written.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct SinkOptions {
    /// How numbers are stored.
    pub dtype: Dtype,
    /// What the output holds.
    pub layout: Layout,
    /// What to do with the records of an unfinished run.
    pub leftover: Leftover,
    /// Everything else that decides the numbers: model and its sha256, input files, options. Records made with other
    /// settings are not resumed. Stored as provenance in `.safetensors`, `.parquet` and
    /// `.h5ad`.
    pub settings: String,
}

impl SinkOptions {
    /// Sets [`SinkOptions::dtype`].
    #[must_use]
    pub fn dtype(mut self, dtype: Dtype) -> Self {
        self.dtype = dtype;
        self
    }

    /// Sets [`SinkOptions::layout`].
    #[must_use]
    pub fn layout(mut self, layout: Layout) -> Self {
        self.layout = layout;
        self
    }

    /// Sets [`SinkOptions::leftover`].
    #[must_use]
    pub fn leftover(mut self, leftover: Leftover) -> Self {
        self.leftover = leftover;
        self
    }

    /// Sets [`SinkOptions::settings`].
    #[must_use]
    pub fn settings(mut self, settings: impl Into<String>) -> Self {
        self.settings = settings.into();
        self
    }
}

/// An open output.
pub struct Sink {
    format: Format,
    layout: Layout,
    dtype: Dtype,
    settings: String,
    target: Target,
}

enum Target {
    File { output: PathBuf, spool: Spool, header_bytes: usize },
    Stream(Stream),
}

impl Sink {
    /// Opens the output at `path`, in the format of its ending; `-` is a table on standard output.
    ///
    /// An existing file at `path` stays until [`finish`](Self::finish), and a new one appears only then.
    ///
    /// # Errors
    /// Before any work is done: if the ending is unknown, the format cannot hold such an output, the folder cannot be
    /// written, another run writes there, or an unfinished run left records that `options` refuses or that do not fit.
    pub fn open(path: &Path, options: SinkOptions) -> Result<Self, Error> {
        if path == Path::new("-") {
            return Self::to_writer(Box::new(std::io::stdout()), options);
        }
        let format = Format::of(path)?;
        let SinkOptions { dtype, layout, leftover, settings } = options;
        format.check(layout, dtype)?;
        output::check(path)?;
        let fingerprint = format!("layout={} dtype={dtype} {settings}", layout_word(format, layout));
        let spool = Spool::open(&with_suffix(path, ".part"), &fingerprint, dtype, leftover)?;
        let target = Target::File { output: path.to_owned(), spool, header_bytes: settings.len() };
        let mut sink = Self { format, layout, dtype, settings, target };
        sink.check_leftover()?;
        Ok(sink)
    }

    /// Opens a text table on a stream: records are written as they come, and cannot be resumed.
    ///
    /// # Errors
    /// If a table cannot hold such an output, or `options` asks to resume.
    pub fn to_writer(out: Box<dyn Write + Send>, options: SinkOptions) -> Result<Self, Error> {
        let SinkOptions { dtype, layout, leftover, settings } = options;
        Format::Tsv.check(layout, dtype)?;
        if leftover == Leftover::Resume {
            return Err(Error::CannotResume);
        }
        Ok(Self { format: Format::Tsv, layout, dtype, settings, target: Target::Stream(Stream::new(out, layout)) })
    }

    /// A renamed spool may come from a format that can hold more than this one.
    fn check_leftover(&mut self) -> Result<(), Error> {
        let Target::File { spool, header_bytes, .. } = &mut self.target else { return Ok(()) };
        for head in spool.heads() {
            let head = head.map_err(Error::io("cannot read", spool.path()))?;
            head.arrays.iter().try_for_each(|array| self.format.check_kind(self.layout, array.kind))?;
            *header_bytes += safetensors::header_bytes(&head);
        }
        Ok(())
    }

    /// Was the record at this index of the input already written by the run that is resumed?
    ///
    /// # Errors
    /// If the record at this index has another id: the input has changed.
    pub fn is_finished(&self, index: u64, id: &str) -> Result<bool, Error> {
        let Target::File { spool, .. } = &self.target else { return Ok(false) };
        match spool.id(index) {
            Some(found) if found != id => {
                Err(Error::InputChanged { index, found: id.to_owned(), expected: found.to_owned() })
            }
            found => Ok(found.is_some()),
        }
    }

    /// Indices and ids of the records so far, including those of a resumed run, in input order; empty for a stream.
    pub fn finished(&self) -> Vec<(u64, &str)> {
        match &self.target {
            Target::File { spool, .. } => spool.finished().collect(),
            Target::Stream(_) => Vec::new(),
        }
    }

    /// Writes one record with all its arrays, in any order; files have records in input order.
    ///
    /// # Errors
    /// If an array does not fit its shape, the format or the number type, if the record was written before, or if the
    /// system refuses; the record is then not part of the output, and others may follow.
    pub fn write(&mut self, record: &ArrayRecord) -> Result<(), Error> {
        record.check()?;
        for array in &record.arrays {
            self.format.check_kind(self.layout, array.kind)?;
            if let Some(value) = self.dtype.overflow(&array.data) {
                return Err(Error::Overflow { id: record.id.clone(), kind: array.kind, value, dtype: self.dtype });
            }
        }
        let record = match self.layout {
            Layout::Pairs { cutoff } if self.format.is_table() => Cow::Owned(pairs::listed(record, cutoff)),
            _ => Cow::Borrowed(record),
        };
        let (spool, header_bytes) = match &mut self.target {
            Target::Stream(stream) => return stream.write(&record),
            Target::File { spool, header_bytes, .. } => (spool, header_bytes),
        };
        let bytes = *header_bytes + safetensors::header_bytes(&Head::of(&record));
        if self.format == Format::Safetensors && bytes > safetensors::HEADER_LIMIT {
            let (limit, records) = (safetensors::HEADER_LIMIT, spool.finished().len());
            return Err(Error::HeaderFull { limit, records, spool: spool.path().to_owned() });
        }
        spool.append(&record)?;
        *header_bytes = bytes;
        Ok(())
    }

    /// Makes the output from the records so far and deletes the spool. Returns the records whose names differ from
    /// their ids.
    ///
    /// # Errors
    /// If the system refuses. An existing output is then unchanged, and the spool stays and can be resumed.
    pub fn finish(self) -> Result<Vec<Renamed>, Error> {
        match self.target {
            Target::Stream(stream) => stream.finish(),
            Target::File { output, mut spool, .. } => {
                spool.sync()?;
                let fit = if self.format.is_table() { Use::Table } else { Use::Archive };
                let names = Names::plan(fit, spool.finished());
                let (format, layout, settings) = (self.format, self.layout, &self.settings);
                output::replace(&output, |out| output::encode(&spool, format, layout, settings, &names, out))?;
                spool.remove()?;
                Ok(names.changed)
            }
        }
    }

    /// Stops without an output. The records so far stay on the disk, in the returned file, for a run that resumes;
    /// `None` if there are no records or this is a stream.
    ///
    /// # Errors
    /// If the system refuses to write buffered data.
    pub fn suspend(self) -> Result<Option<PathBuf>, Error> {
        match self.target {
            Target::Stream(stream) => stream.finish().map(|_| None),
            Target::File { mut spool, .. } => {
                spool.sync()?;
                Ok((spool.finished().len() > 0).then(|| spool.path().to_owned()))
            }
        }
    }
}

/// What the records of these ids, in the order of the input, are called in a table that a [`Sink`] writes: by their ids, but
/// the second of an id `x` is `x_2`.
///
/// ```
/// assert_eq!(rinalmo_sink::names_in_table(&["a", "a", "b"]), ["a", "a_2", "b"]);
/// ```
pub fn names_in_table(ids: &[&str]) -> Vec<String> {
    let names = Names::plan(Use::Table, (0..).zip(ids.iter().copied()));
    (0..).zip(ids).map(|(index, _)| names.of(index).to_owned()).collect()
}

/// The layout of the spool's records. It is the same for all formats, except that tables list pairs above a cutoff.
fn layout_word(format: Format, layout: Layout) -> String {
    match layout {
        Layout::Vectors => "vectors".into(),
        Layout::Pairs { cutoff } if format.is_table() => format!("pairs>{cutoff}"),
        Layout::Pairs { .. } => "pairs".into(),
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}
