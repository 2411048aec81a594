//! Reads the files of a checkpoint.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use rinalmo_model::Model;
use rinalmo_weights::archive::Archive;
use rinalmo_weights::{Checkpoint, Document, Layout, OpenOptions, WriteOptions};
use serde::Deserialize;

use super::{CHECKSUMS, MODEL, OPTIMIZER, STATE, checksum};
use crate::optimizer::{Moments, Values};
use crate::{Error, Optimizer, OptimizerConfig, RunState, start};

/// A checkpoint whose checksums match.
#[derive(Debug, Clone, PartialEq)]
pub struct Saved {
    /// Its folder.
    pub path: PathBuf,
    /// State of the run.
    pub state: RunState,
    /// The run's config.
    pub run: serde_json::Value,
}

impl Saved {
    /// Opens a checkpoint's folder and verifies the checksums of its files.
    ///
    /// # Errors
    /// If a file is missing or damaged.
    pub fn open(path: &Path) -> Result<Self, Error> {
        #[derive(Deserialize)]
        struct State {
            state: RunState,
            run: serde_json::Value,
        }
        let list = path.join(CHECKSUMS);
        let sums = fs::read_to_string(&list).map_err(Error::file("be read", &list))?;
        let sums: HashMap<&str, &str> =
            sums.lines().filter_map(|line| line.split_once("  ")).map(|(a, b)| (b, a)).collect();
        for name in [MODEL, OPTIMIZER, STATE] {
            let (file, expected) = (path.join(name), sums.get(name).copied().unwrap_or("none"));
            let found = checksum(&file)?;
            if found != expected {
                return Err(Error::damaged(&file, format!("checksum {found}, {CHECKSUMS} says {expected}")));
            }
        }
        let file = path.join(STATE);
        let text = fs::read_to_string(&file).map_err(Error::file("be read", &file))?;
        let State { state, run } =
            serde_json::from_str(&text).map_err(|error| Error::damaged(&file, error.to_string()))?;
        Ok(Self { path: path.to_owned(), state, run })
    }

    /// Its weights, still in their file.
    ///
    /// # Errors
    /// If the file is not a model.
    pub fn weights(&self) -> Result<Checkpoint, Error> {
        Ok(Checkpoint::open(self.path.join(MODEL), &OpenOptions::default())?)
    }

    /// Its model, loaded to a device, and its description. Afterwards the file may be deleted.
    ///
    /// # Errors
    /// As [`Saved::weights`].
    pub fn model(&self, device: &Device) -> Result<(Model, Document), Error> {
        let weights = self.weights()?;
        let model = start::from_checkpoint(&weights, &weights.config, 0, device)?;
        Ok((model, weights.document()))
    }

    /// Its optimiser, loaded to a device.
    ///
    /// # Errors
    /// If the file does not contain moments.
    pub fn optimizer(&self, config: OptimizerConfig, device: &Device) -> Result<Optimizer, Error> {
        let path = self.path.join(OPTIMIZER);
        let wrong = |message: String| Error::damaged(&path, message);
        let archive = Archive::open(&path)?;
        let steps = archive.metadata.get("steps").ok_or_else(|| wrong("its header has no `steps`".into()))?;
        let steps: BTreeMap<String, u32> = serde_json::from_str(steps).map_err(|error| wrong(error.to_string()))?;
        let mut moments = BTreeMap::new();
        for (name, steps) in steps {
            let read = |kind: &str| {
                let name = format!("{name}.{kind}");
                let raw = archive.tensors.get(&name).ok_or_else(|| wrong(format!("tensor `{name}` is missing")))?;
                Ok::<_, Error>(Values::from_host(raw.to_f32(), device))
            };
            let (first, second) = (read("first")?, read("second")?);
            moments.insert(name, Moments { steps, first, second });
        }
        Ok(Optimizer::with_moments(config, moments))
    }

    /// Writes its weights with the released code's names, as one safetensors file.
    ///
    /// # Errors
    /// As [`Saved::weights`], or if the file cannot be written.
    pub fn export_official(&self, path: &Path) -> Result<(), Error> {
        Ok(self.weights()?.write(path, &WriteOptions::default().layout(Layout::Official))?)
    }
}
