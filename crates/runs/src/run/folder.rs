//! A run's folder: its files, its record, and the lock by which only one process works in it at a time.
//!
//! | file | what |
//! |---|---|
//! | `config.toml` | the config, nothing left out |
//! | `run.json` | name, seed, data, and every session: program, device, threads, from which step to which |
//! | `checkpoints/` | the last few and the best |
//! | `metrics.jsonl`, `events.out.tfevents.*`, `perplexity.svg` or `loss.svg` | what happened ([`crate::log`]) |
//! | `model.safetensors`, `model-official.safetensors` | the best model, when a session ends |

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use rinalmo_download::Lock;
use rinalmo_train::Checkpoints;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Error, FileError};

/// The config of a run, in its folder.
pub const CONFIG: &str = "config.toml";
/// The record of a run: what it started with, and its sessions.
pub const RECORD: &str = "run.json";
const LOCK: &str = ".lock";
/// The folder of checkpoints in a run's folder.
pub const CHECKPOINTS: &str = "checkpoints";
/// Our own form of the best model.
pub(crate) const MODEL: &str = "model.safetensors";
/// The same with the released code's names.
pub(crate) const OFFICIAL: &str = "model-official.safetensors";

/// A run's folder.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    _lock: Option<Lock>,
}

impl Folder {
    /// Makes a folder for a new run, or takes an existing one that holds no run. Only the first process of a run
    /// checks: it may already have written when the others arrive.
    pub(crate) fn create(path: &Path, leads: bool) -> Result<Self, Error> {
        if !leads {
            return Ok(Self { path: path.into(), _lock: None });
        }
        if let Some(found) = [CONFIG, RECORD, CHECKPOINTS, MODEL].into_iter().find(|name| path.join(name).exists()) {
            return Err(Error::HoldsRun { folder: path.into(), found });
        }
        fs::create_dir_all(path).map_err(FileError::of("made", path))?;
        Self::lock(path, leads)
    }

    /// Opens the folder of an existing run.
    pub(crate) fn open(path: &Path, leads: bool) -> Result<Self, Error> {
        Self::check(path)?;
        Self::lock(path, leads)
    }

    /// # Errors
    /// The folder holds no run.
    fn check(path: &Path) -> Result<(), Error> {
        match [CONFIG, RECORD].into_iter().find(|name| !path.join(name).is_file()) {
            Some(missing) => Err(Error::NoRun { folder: path.into(), missing }),
            None => Ok(()),
        }
    }

    /// The config of the run in a folder, and what it is for: `pretrain`, or a task of fine-tuning. The run may be going
    /// on.
    pub(super) fn read_config(path: &Path) -> Result<(toml::Table, String), Error> {
        Self::check(path)?;
        let file = path.join(CONFIG);
        let text = fs::read_to_string(&file).map_err(FileError::of("read", &file))?;
        let refuse = |what: String| Error::Config(format!("{}: {what}", file.display()));
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| refuse(error.to_string()))?;
        let task = table.get("task").and_then(toml::Value::as_str).map(str::to_owned);
        let task = task.ok_or_else(|| refuse("has no `task`, which every run writes".to_owned()))?;
        Ok((table, task))
    }

    fn lock(path: &Path, leads: bool) -> Result<Self, Error> {
        let path = path.to_owned();
        if !leads {
            return Ok(Self { path, _lock: None });
        }
        let file = path.join(LOCK);
        match Lock::take(Lock::open(&file).map_err(FileError::of("written", &file))?) {
            Err(TryLockError::WouldBlock) => {
                let message = "another process is working on this run\nhint: wait for it, or stop it".into();
                Err(Error::Folder { folder: path, message })
            }
            Ok(lock) => Ok(Self { path, _lock: Some(lock) }),
            Err(TryLockError::Error(_)) => Ok(Self { path, _lock: None }), // not every file system locks
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its checkpoints.
    pub fn checkpoints(&self, keep: usize) -> Checkpoints {
        Checkpoints::new(self.path.join(CHECKPOINTS)).keeping(keep)
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.path.join(CONFIG)
    }

    pub(crate) fn write_config(&self, text: &str) -> Result<(), Error> {
        write(&self.config(), text)
    }

    pub(crate) fn record<R: DeserializeOwned>(&self) -> Result<R, Error> {
        Self::read_record(&self.path.join(RECORD))
    }

    /// The record in this file, of a run that may be going on.
    pub(crate) fn read_record<R: DeserializeOwned>(path: &Path) -> Result<R, Error> {
        let text = fs::read_to_string(path).map_err(FileError::of("read", path))?;
        serde_json::from_str(&text).map_err(|error| Error::Folder {
            folder: path.to_owned(),
            message: format!("is not what a run writes: {error}"),
        })
    }

    pub(crate) fn write_record<R: Serialize>(&self, record: &R) -> Result<(), Error> {
        let text = serde_json::to_string_pretty(record).expect("a record is made of words and numbers");
        write(&self.path.join(RECORD), &(text + "\n"))
    }

    /// Writes the record when a session has ended. If it ended with an error, that error matters more than one in
    /// writing.
    pub(crate) fn close<R: Serialize, T>(&self, record: &R, outcome: &Result<T, Error>) -> Result<(), Error> {
        match (self.write_record(record), outcome) {
            (_, Err(_)) => Ok(()),
            (written, Ok(_)) => written,
        }
    }
}

/// Writes a file completely or not at all.
///
/// # Errors
/// The file cannot be written.
pub fn write(path: &Path, text: &str) -> Result<(), Error> {
    let part = part(path);
    let written = fs::write(&part, text).and_then(|()| File::open(&part)?.sync_all());
    written.and_then(|()| fs::rename(&part, path)).map_err(FileError::of("written", path))?;
    Ok(())
}

/// The name of a file that is not complete yet.
pub(crate) fn part(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_for_one_run_and_one_process() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("runs/nano");
        let complaint = |result: Result<Folder, Error>| result.unwrap_err().to_string();
        assert!(complaint(Folder::open(&path, true)).contains("holds no run to resume"));
        let first = Folder::create(&path, true).unwrap();
        assert!(complaint(Folder::create(&path, true)).contains("another process is working"));
        Folder::create(&path, false).unwrap();
        first.write_config("").unwrap();
        drop(first);
        let said = complaint(Folder::create(&path, true));
        assert!(said.ends_with("holds a run already (`config.toml`)"), "{said}");
    }
}
