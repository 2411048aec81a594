//! Checkpoints: open them by name or path, convert, download and list them.

use std::path::Path;

pub use rinalmo_weights::{
    Calibration, Checkpoint, Curve, Document, Dtype, Error as CheckpointError, Family, HEADER_KEY, Layout, Metadata,
    OpenOptions, Scaler, WriteOptions, download, multimolecule, registry, unfinished,
};

use rinalmo_model::TaskSpec;
use rinalmo_seq::words::nearest;

use crate::Error;

/// The name of the bundled model, if there is one.
#[cfg(feature = "bundled")]
pub const BUNDLED: Option<&str> = Some(crate::bundled::NAME);
/// The name of the bundled model, if there is one.
#[cfg(not(feature = "bundled"))]
pub const BUNDLED: Option<&str> = None;

/// The name of the bundled model that does a task of [`TASKS`](rinalmo_model::TASKS), if there is one.
/// For splice sites that is the model for donors; the one for acceptors is `nano-splice-acceptor`.
pub fn bundled_for(task: &str) -> Option<String> {
    let task = TaskSpec::find(task)?;
    let first = open(BUNDLED?, &OpenOptions::default()).ok()?;
    if first.meta.task == task.name {
        return Some(first.meta.name.clone());
    }
    let name = format!("{}-{}", first.meta.name, task.bundled());
    all_bundled().contains(&name).then_some(name)
}

/// The names of all bundled models. The default of `--model` comes first.
#[cfg(feature = "bundled")]
pub fn all_bundled() -> Vec<String> {
    crate::bundled::names().unwrap_or_default()
}

/// The names of all bundled models: there are none.
#[cfg(not(feature = "bundled"))]
pub fn all_bundled() -> Vec<String> {
    Vec::new()
}

/// Is this exactly the name of a bundled model? Files may have names that begin alike.
pub fn is_bundled(name: &str) -> bool {
    // Their names are read from their files, which takes longer than this look.
    BUNDLED.is_some_and(|first| name.starts_with(first)) && all_bundled().iter().any(|bundled| bundled == name)
}

/// What users of the bundled model should know, in a line.
pub const BUNDLED_NOTE: &str = "model: nano (bundled); `rinalmo model list` names larger ones";

/// Opens a checkpoint by name (of a bundled or a downloaded model) or by path. `PATH#NAME` is the model `NAME` in the
/// file at `PATH`.
///
/// # Errors
/// No model of that name is on this machine (the message says how to get it), or the file is not a model.
pub fn open(name_or_path: &str, options: &OpenOptions) -> Result<Checkpoint, Error> {
    #[cfg(feature = "bundled")]
    if name_or_path.starts_with(crate::bundled::NAME)
        && let Some(bundled) = crate::bundled::checkpoint(name_or_path)?
    {
        return Ok(bundled);
    }
    let path = Path::new(name_or_path);
    if path.exists() {
        return Ok(Checkpoint::open(path, options)?);
    }
    if let Some((path, member)) = name_or_path.rsplit_once('#').filter(|(path, _)| Path::new(path).exists()) {
        return Ok(Checkpoint::open(path, &options.clone().member(member.to_owned()))?);
    }
    if let Some(entry) = registry::find(name_or_path) {
        let path = download::locate(entry.name, &download::FetchOptions::default())?;
        let mut checkpoint = Checkpoint::open(&path, options)?;
        checkpoint.meta.name = entry.name.to_owned();
        return Ok(checkpoint);
    }
    Err(unknown(name_or_path))
}

fn unknown(name: &str) -> Error {
    let bundled = all_bundled();
    let known = bundled.iter().map(String::as_str).chain(registry::all().iter().map(|entry| entry.name));
    Error::UnknownModel { name: name.to_owned(), nearest: nearest(name, known).map(str::to_owned) }
}
