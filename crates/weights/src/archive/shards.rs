//! A checkpoint in several files: `model.safetensors.index.json` or `pytorch_model.bin.index.json` names for each
//! tensor the file in the same folder that holds it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::Archive;
use crate::error::Error;
use crate::place;

/// No known model has more files.
const MOST_FILES: usize = 4096;

#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

/// Opens all files that an index names, as one archive of the tensors that it lists.
pub(crate) fn open(index: &Path) -> Result<Archive, Error> {
    let broken = |reason: String| Error::config(index, reason);
    let json = place::json(index)?.ok_or_else(|| broken("is not there".into()))?;
    let Index { weight_map } = serde_json::from_value(json).map_err(|error| broken(error.to_string()))?;
    let names: BTreeSet<&String> = weight_map.values().collect();
    if names.is_empty() || names.len() > MOST_FILES {
        return Err(broken(format!("names {} files, expected 1 to {MOST_FILES}", names.len())));
    }
    let mut whole = None::<Archive>;
    for name in names {
        let file =
            beside(index, name).ok_or_else(|| broken(format!("`{name}` is not the name of a file next to it")))?;
        if !file.is_file() {
            return Err(broken(format!("names `{name}`, which is not there; fetch all files of the model")));
        }
        let mut part = Archive::open(&file)?;
        part.tensors.retain(|tensor, _| weight_map.get(tensor) == Some(name));
        match &mut whole {
            None => whole = Some(part),
            Some(whole) => whole.append(part),
        }
    }
    let whole = whole.ok_or_else(|| broken("names no file".into()))?;
    match weight_map.iter().find(|(tensor, _)| !whole.tensors.contains_key(*tensor)) {
        Some((tensor, name)) => Err(broken(format!("`{name}` lacks tensor `{tensor}`, which the index places in it"))),
        None => Ok(whole),
    }
}

/// The file of this name in the same folder; an index must not name files elsewhere.
fn beside(index: &Path, name: &str) -> Option<PathBuf> {
    let plain = Path::new(name).file_name().is_some_and(|file| file == name) && !name.contains(['/', '\\']);
    plain.then(|| index.with_file_name(name))
}

impl Archive {
    /// Adds the tensors of another file of the same checkpoint.
    fn append(&mut self, part: Self) {
        self.tensors.extend(part.tensors);
        self.numbers.extend(part.numbers);
        self.files.extend(part.files);
        for (key, text) in part.metadata {
            self.metadata.entry(key).or_insert(text);
        }
    }
}
