//! What can go wrong between a path and a model, worded so that the reader knows what to do next.

use std::fmt;
use std::path::PathBuf;

use rinalmo_model::TensorSpec;

/// Why a checkpoint could not be read, loaded or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An error of the file system.
    #[error("{}: {cause}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// The file is damaged, of an unknown format, or asks for something a checkpoint never needs.
    #[error("{}: {fault}", path.display())]
    Archive {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        fault: Fault,
    },
    /// The file holds tensors, but not those of a RiNALMo model.
    #[error("{}: not a RiNALMo checkpoint: {reason}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What was expected and what was found.
        reason: String,
    },
    /// The tensors do not form one model.
    #[error("{}: {mismatch}", path.display())]
    Mismatch {
        /// The file.
        path: PathBuf,
        /// Everything that does not fit.
        mismatch: Box<Mismatch>,
    },
    /// No model has these sizes.
    #[error("{}: not a sound model: {reason}", path.display())]
    Sizes {
        /// The file.
        path: PathBuf,
        /// Which size, what was expected and what was found.
        reason: String,
    },
    /// The number of attention heads is unknown or invalid.
    #[error("{}: {reason}", path.display())]
    Heads {
        /// The file.
        path: PathBuf,
        /// Which sizes contradict each other.
        reason: String,
    },
    /// The description next to the file or in it cannot be used.
    #[error("{}: {reason}", path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// What was expected and what was found.
        reason: String,
    },
    /// A value does not fit into the requested type.
    #[error("tensor `{tensor}` holds {value}, more than f16 can (65504)\nhint: write bf16 or f32")]
    Overflow {
        /// The tensor.
        tensor: String,
        /// The value.
        value: f32,
    },
}

impl Error {
    pub(crate) fn io(path: impl Into<PathBuf>, cause: std::io::Error) -> Self {
        Self::Io { path: path.into(), cause }
    }

    pub(crate) fn config(path: impl Into<PathBuf>, reason: impl Into<String>) -> Self {
        Self::Config { path: path.into(), reason: reason.into() }
    }
}

/// What is wrong with a file, apart from the model it holds.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Bytes contradict each other or end too early.
    #[error("damaged {format}: {reason}")]
    Damaged {
        /// The format that the file claims to have.
        format: &'static str,
        /// The contradiction.
        reason: String,
    },
    /// A pickle asks for something other than tensors and plain containers.
    #[error("refused: byte {offset} of {place} asks for `{what}`, which no checkpoint needs; nothing was executed")]
    Refused {
        /// The name that was requested.
        what: String,
        /// Where in the pickle.
        offset: usize,
        /// The name of the pickle.
        place: &'static str,
    },
    /// The file would become far too large when unpacked.
    #[error("refused: {what} would unpack to {size} bytes from a file of {file} bytes; this looks like a zip bomb")]
    Bomb {
        /// The entry.
        what: String,
        /// Its size unpacked.
        size: u64,
        /// Size of the whole file.
        file: u64,
    },
    /// Tensors claim more than their file holds: many are views of the same bytes.
    #[error(
        "refused: its tensors come to {claimed} bytes, the file holds {held} for them\n\
         hint: many of them are views of the same bytes; save contiguous copies (`tensor.clone()`)"
    )]
    Shared {
        /// Bytes of all tensors.
        claimed: u64,
        /// Bytes of all storages.
        held: u64,
    },
    /// A known format that is not supported.
    #[error("{0}")]
    Unsupported(String),
}

impl Fault {
    pub(crate) fn damaged(format: &'static str, reason: impl Into<String>) -> Self {
        Self::Damaged { format, reason: reason.into() }
    }
}

/// A tensor that does not fit the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// Its name in the file.
    pub name: String,
    /// What is wrong, in words: `has shape [1440, 480], … expects [1920, 640]`.
    pub reason: String,
}

/// Everything that keeps a file's tensors from forming a model, at once.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The model they were compared with.
    pub model: String,
    /// Tensors that the model needs and the file lacks.
    pub missing: Vec<TensorSpec>,
    /// Tensors of the file that the model does not use.
    pub unused: Vec<String>,
    /// Tensors of another shape or type.
    pub misfits: Vec<Misfit>,
    /// The preset that the tensors would fit.
    pub fits: Option<&'static str>,
}

impl Mismatch {
    /// Whether everything fits.
    pub fn is_empty(&self) -> bool {
        self.missing.is_empty() && self.unused.is_empty() && self.misfits.is_empty()
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { model, missing, unused, misfits, fits } = self;
        let (m, u, s) = (missing.len(), unused.len(), misfits.len());
        write!(f, "does not fit {model}: {m} tensors missing, {u} unused, {s} of another shape or type")?;
        list(f, missing, |f, TensorSpec { name, shape }| write!(f, "missing: `{name}` {shape:?}"))?;
        list(f, unused, |f, name| write!(f, "unused: `{name}`"))?;
        list(f, misfits, |f, Misfit { name, reason }| write!(f, "tensor `{name}` {reason}"))?;
        match fits {
            Some(preset) => write!(f, "\nhint: this file matches preset `{preset}`"),
            None => Ok(()),
        }
    }
}

/// Lines of a list that are printed; a model of thousands of blocks may lack tens of thousands of tensors.
const LINES: usize = 1000;

/// A line for each item, and how many more there are.
fn list<T>(
    f: &mut fmt::Formatter<'_>,
    items: &[T],
    line: impl Fn(&mut fmt::Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    for item in items.iter().take(LINES) {
        f.write_str("\n  ")?;
        line(f, item)?;
    }
    match items.len().saturating_sub(LINES) {
        0 => Ok(()),
        more => write!(f, "\n  … and {more} more"),
    }
}
