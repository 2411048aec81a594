//! Where a checkpoint lies: one file, or a folder that holds the tensors and a description of them.

use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::family::document::{Document, FORMAT};
use crate::family::multimolecule;

/// Names under which a folder holds its tensors, best first.
const TENSOR_FILES: [&str; 2] = ["model.safetensors", "pytorch_model.bin"];
const DESCRIPTION: &str = "config.json";

/// A checkpoint's files.
#[derive(Debug)]
pub(crate) struct Place {
    /// The file with the tensors.
    pub(crate) file: PathBuf,
    /// A name for the model, from the path.
    pub(crate) name: String,
    /// Our own description, if it lies beside the tensors.
    pub(crate) document: Option<Document>,
    /// What multimolecule's description says, if there is one.
    pub(crate) side: multimolecule::Side,
}

impl Place {
    /// Looks at `path`, and where it is a folder, into it.
    pub(crate) fn find(path: &Path) -> Result<Self, Error> {
        let about = std::fs::metadata(path).map_err(|cause| Error::io(path, cause))?;
        if about.is_dir() {
            let file = TENSOR_FILES.iter().map(|name| path.join(name)).find(|file| file.is_file());
            let file = file.ok_or_else(|| Error::config(path, no_tensors(path)))?;
            return Self::beside(file, &path.join(DESCRIPTION), file_name(path));
        }
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let generic = TENSOR_FILES.iter().any(|name| path.file_name().is_some_and(|file| file == *name));
        match path.parent() {
            Some(folder) if generic => Self::beside(path.into(), &folder.join(DESCRIPTION), file_name(folder)),
            _ => Ok(Self { file: path.into(), name: stem, document: None, side: Default::default() }),
        }
    }

    fn beside(file: PathBuf, description: &Path, name: String) -> Result<Self, Error> {
        let mut place = Self { file, name, document: None, side: Default::default() };
        let text = match std::fs::read_to_string(description) {
            Ok(text) => text,
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(place),
            Err(cause) => return Err(Error::io(description, cause)),
        };
        let json: serde_json::Value =
            serde_json::from_str(&text).map_err(|error| Error::config(description, error.to_string()))?;
        if json.get("format").and_then(|format| format.as_str()) == Some(FORMAT) {
            place.document = Some(Document::parse(&text).map_err(|reason| Error::config(description, reason))?);
        } else {
            place.side.config =
                serde_json::from_value(json).map_err(|error| Error::config(description, error.to_string()))?;
            if let Some(kind) = &place.side.config.model_type
                && kind != "rinalmo"
            {
                return Err(Error::config(description, format!("model type `{kind}`, expected `rinalmo`")));
            }
            let listed = std::fs::read_to_string(description.with_file_name("vocab.txt")).ok();
            place.side.vocabulary = listed.map(|text| text.lines().map(|line| line.trim().to_owned()).collect());
        }
        Ok(place)
    }
}

fn file_name(path: &Path) -> String {
    let full = path.canonicalize().unwrap_or_else(|_| path.into());
    full.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn no_tensors(folder: &Path) -> String {
    if folder.join("model.safetensors.index.json").is_file() {
        return "the tensors are spread over several files, which is not read; save them as one file".into();
    }
    format!("the folder holds no {}", TENSOR_FILES.map(|name| format!("`{name}`")).join(" or "))
}
