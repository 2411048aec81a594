//! The files of a checkpoint: one file, or a folder with the tensors, in one file or several, and their description.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::error::Error;
use crate::family::Family;
use crate::family::document::{Document, FORMAT};
use crate::family::multimolecule;

/// File names of the tensors in a folder, best first; the last two are indexes of several files.
const TENSOR_FILES: [&str; 4] =
    ["model.safetensors", "pytorch_model.bin", "model.safetensors.index.json", "pytorch_model.bin.index.json"];
const INDEX: &str = ".index.json";
const DESCRIPTION: &str = "config.json";
/// The model types in descriptions of multimolecule and transformers.
const MODEL_TYPES: [&str; 7] = ["rinalmo", "rnafm", "splicebert", "rnabert", "ernierna", "utrlm", "bert"];
/// The largest description that is read: most have a few kB, the longest indexes a few MB.
const LONGEST_JSON: u64 = 64 << 20;

/// A checkpoint's files.
#[derive(Debug)]
pub(crate) struct Place {
    /// The file with the tensors, or the index of several.
    pub(crate) file: PathBuf,
    /// A name for the model, from the path.
    pub(crate) name: String,
    /// Our own description, if it is next to the tensors.
    pub(crate) document: Option<Document>,
    /// What multimolecule's description says, if there is one.
    pub(crate) side: multimolecule::Side,
    /// Whether the file has a usual name, so that a description next to it is certainly about it.
    generic: bool,
}

impl Place {
    /// A file on its own.
    pub(crate) fn bare(file: PathBuf, name: String) -> Self {
        Self { file, name, document: None, side: Default::default(), generic: false }
    }

    /// Finds the files at `path`, which may be a folder.
    pub(crate) fn find(path: &Path) -> Result<Self, Error> {
        let about = std::fs::metadata(path).map_err(|cause| Error::io(path, cause))?;
        if about.is_dir() {
            let file = TENSOR_FILES.iter().map(|name| path.join(name)).find(|file| file.is_file());
            let file = file.ok_or_else(|| Error::config(path, no_tensors()))?;
            return Self { generic: true, ..Self::bare(file, file_name(path)) }.described();
        }
        let generic = TENSOR_FILES.iter().any(|name| path.file_name().is_some_and(|file| file == *name));
        let stem = || path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let name = path.parent().filter(|_| generic).map_or_else(stem, file_name);
        Self { generic, ..Self::bare(path.into(), name) }.described()
    }

    /// Whether its file is an index of the files with the tensors.
    pub(crate) fn is_index(&self) -> bool {
        self.file.to_string_lossy().ends_with(INDEX)
    }

    /// Reads the description in the same folder. One of another kind of model is an error next to a file with a usual
    /// name, and is ignored next to any other file, which may have nothing to do with it.
    fn described(mut self) -> Result<Self, Error> {
        let description = self.file.with_file_name(DESCRIPTION);
        match self.read(&description) {
            Err(_) if !self.generic => {
                let Self { file, name, .. } = self;
                Ok(Self::bare(file, name))
            }
            read => read.map(|()| self),
        }
    }

    fn read(&mut self, description: &Path) -> Result<(), Error> {
        let broken = |reason: String| Error::config(description, reason);
        let Some(json) = json(description)? else { return Ok(()) };
        if json.get("format").and_then(Value::as_str) == Some(FORMAT) {
            self.document = Some(Document::parse(&json.to_string()).map_err(broken)?);
            return Ok(());
        }
        match json.get("model_type").and_then(Value::as_str) {
            Some(kind) if MODEL_TYPES.contains(&kind) => {}
            None if self.generic => {}
            None => return Err(broken("describes no model".into())),
            Some(kind) => {
                return Err(broken(format!("model type `{kind}`, expected one of {}", MODEL_TYPES.join(", "))));
            }
        }
        self.side.config = serde_json::from_value(json).map_err(|error| broken(error.to_string()))?;
        let listed = std::fs::read_to_string(description.with_file_name("vocab.txt")).ok();
        let lines = |text: String| unmarked(&text).lines().map(|line| line.trim().to_owned()).collect();
        self.side.vocabulary = listed.map(lines);
        Ok(())
    }

    /// Drops a description that is next to a file of another family by chance.
    pub(crate) fn keep_what_describes(&mut self, family: Family) {
        if !self.generic && family != Family::Own {
            self.document = None;
        }
        if !self.generic && family != Family::Multimolecule {
            self.side = Default::default();
        }
    }
}

/// A file of JSON, with or without a byte order mark; `None` if there is no such file.
pub(crate) fn json(path: &Path) -> Result<Option<Value>, Error> {
    match std::fs::metadata(path) {
        Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(None),
        Ok(about) if about.len() > LONGEST_JSON => {
            return Err(Error::config(path, format!("has {} bytes, too many for a description", about.len())));
        }
        _ => {}
    }
    let bytes = std::fs::read(path).map_err(|cause| Error::io(path, cause))?;
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(Error::config(path, "is UTF-16, expected UTF-8; save it as UTF-8"));
    }
    let text = String::from_utf8(bytes).map_err(|error| Error::config(path, error.to_string()))?;
    serde_json::from_str(unmarked(&text)).map(Some).map_err(|error| Error::config(path, error.to_string()))
}

/// The text without its byte order mark.
fn unmarked(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

fn file_name(path: &Path) -> String {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    let full = path.canonicalize().unwrap_or_else(|_| path.into());
    full.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn no_tensors() -> String {
    format!("the folder holds no {}", TENSOR_FILES.map(|name| format!("`{name}`")).join(" or "))
}
