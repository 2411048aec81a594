//! The output of a run with adapters: a file of a few megabytes with adapters and head, and the merged model.

use std::fs;
use std::path::Path;

use burn::tensor::Device;
use rinalmo_model::{HeadConfig, Model};
use rinalmo_train::checkpoint::write_model;
use rinalmo_train::start;
use rinalmo_weights::{Checkpoint, Document, Layout, OpenOptions, WriteOptions};

use crate::run::folder::{MODEL, OFFICIAL, part};
use crate::run::{Folder, best};
use crate::{Error, FileError};

/// The file with only adapters and head.
pub(super) const ADAPTER: &str = "adapter.safetensors";

/// Writes the best model of a run in all formats.
pub(super) fn export(folder: &Folder, keep: usize) -> Result<Option<u64>, Error> {
    let Some(best) = best(folder, keep)? else { return Ok(None) };
    let (model, document) = best.model(&Device::flex())?;
    let adapter = folder.path().join(ADAPTER);
    write_atomically(&model, &document, &adapter, start::own)?;
    let path = folder.path().join(MODEL);
    write_merged(model, document, &path)?;
    let merged = Checkpoint::open(&path, &OpenOptions::default())?;
    if merged.config.head.as_ref().is_none_or(HeadConfig::is_published) {
        merged.write(folder.path().join(OFFICIAL), &WriteOptions::default().layout(Layout::Official))?;
    }
    Ok(Some(best.state.step))
}

/// Writes a model with its adapters merged into its weights, in our format.
fn write_merged(model: Model, mut document: Document, path: &Path) -> Result<(), Error> {
    document.config.encoder.lora = None;
    let merged = Model { encoder: model.encoder.merged(), ..model };
    write_atomically(&merged, &document, path, |_| true)
}

/// Writes a model to a temporary file, syncs it to disk and renames it: the old file stays readable until then.
fn write_atomically(model: &Model, document: &Document, path: &Path, keep: impl Fn(&str) -> bool) -> Result<(), Error> {
    let part = part(path);
    write_model(model, document, &part, keep).inspect_err(|_| drop(fs::remove_file(&part)))?;
    let written = fs::File::open(&part).and_then(|file| file.sync_all());
    written.and_then(|()| fs::rename(&part, path)).map_err(FileError::of("written", path))?;
    Ok(())
}

/// Merges adapters into the weights of the model that they were trained with, and writes that model with their head to
/// `to`, in our format.
///
/// # Errors
/// The file holds no adapters or those of another model, or cannot be written.
pub fn merge(base: &Checkpoint, adapters: &Path, to: &Path) -> Result<(), Error> {
    let Some(both) = Checkpoint::open_beside(adapters, base)? else {
        let what = "holds no adapters, expected the `adapter.safetensors` of a run with `[lora]`";
        return Err(Error::Options(format!("{}: {what}", adapters.display())));
    };
    let model = start::from_checkpoint(&both, &both.config, 0, &Device::flex())?;
    write_merged(model, both.document(), to)
}
