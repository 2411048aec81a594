//! A folder of checkpoints, each of them complete.
//!
//! ```text
//! checkpoints/step-0001000/model.safetensors      our own format, which every command reads
//!                          optimizer.safetensors  moments, under the parameters' names
//!                          state.json             step, epoch, position, seed, the run's config
//!                          checksums.txt          XXH3-128 of the other three
//! ```
//!
//! A checkpoint is written under a temporary name, synced to disk, and renamed, so a run that is killed at any moment
//! leaves only complete ones. The last few and the best are kept; older ones are deleted after a newer one is complete.

mod read;
mod write;

use std::fs::{self, File};
use std::path::{Path, PathBuf};

pub use read::Saved;
pub use write::{Contents, write_model};

use rinalmo_corpus::fingerprint::Fingerprint;

use crate::Error;

/// Files of a checkpoint.
const MODEL: &str = "model.safetensors";
const OPTIMIZER: &str = "optimizer.safetensors";
const STATE: &str = "state.json";
const CHECKSUMS: &str = "checksums.txt";

/// Suffix of a checkpoint that is not complete yet.
const PART: &str = ".part";

/// A folder of checkpoints.
#[derive(Debug, Clone)]
pub struct Checkpoints {
    folder: PathBuf,
    keep: usize,
}

/// The newest complete checkpoint, and newer ones that are damaged.
#[derive(Debug)]
pub struct Latest {
    /// `None` if there is none.
    pub saved: Option<Saved>,
    /// Why newer ones were skipped, newest first.
    pub skipped: Vec<Error>,
}

impl Checkpoints {
    /// A folder of checkpoints, created with the first one; keeps the last three and the best.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), keep: 3 }
    }

    /// Keeps the last `keep`, at least one, and the best.
    pub fn keeping(self, keep: usize) -> Self {
        Self { keep: keep.max(1), ..self }
    }

    /// The path of the folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The path of the checkpoint of this step.
    pub fn path(&self, step: u64) -> PathBuf {
        self.folder.join(format!("step-{step:07}"))
    }

    /// Steps of all checkpoints, ascending. Their checksums are not verified.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn steps(&self) -> Result<Vec<u64>, Error> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(Error::file("be read", &self.folder)(error)),
        };
        let mut steps = Vec::new();
        for entry in entries {
            let name = entry.map_err(Error::file("be read", &self.folder))?.file_name();
            steps.extend(name.to_str().and_then(|name| name.strip_prefix("step-")?.parse::<u64>().ok()));
        }
        steps.sort_unstable();
        Ok(steps)
    }

    /// The newest checkpoint whose checksums match.
    ///
    /// # Errors
    /// If the folder cannot be read. A damaged checkpoint is reported, and is not an error.
    pub fn latest(&self) -> Result<Latest, Error> {
        let mut skipped = Vec::new();
        for step in self.steps()?.into_iter().rev() {
            match Saved::open(&self.path(step)) {
                Ok(saved) => return Ok(Latest { saved: Some(saved), skipped }),
                Err(error) => skipped.push(error),
            }
        }
        Ok(Latest { saved: None, skipped })
    }

    /// The checkpoint of the best validation, as recorded in the newest complete one.
    ///
    /// # Errors
    /// As [`Checkpoints::latest`], or if it is damaged.
    pub fn best(&self) -> Result<Option<Saved>, Error> {
        let best = self.latest()?.saved.and_then(|saved| saved.state.best);
        best.map(|best| Saved::open(&self.path(best.step))).transpose()
    }

    /// Writes a checkpoint, then deletes those that are no longer kept. Returns its path.
    ///
    /// # Errors
    /// [`Error::DiskFull`] or [`Error::File`]; existing checkpoints are then complete and kept.
    pub fn save(&self, contents: &Contents<'_>) -> Result<PathBuf, Error> {
        fs::create_dir_all(&self.folder).map_err(Error::file("be created", &self.folder))?;
        let path = self.path(contents.state.step);
        let part = self.folder.join(format!(".step-{:07}{PART}", contents.state.step));
        let old = part.with_extension(format!("old{PART}"));
        remove(&part)?;
        remove(&old)?;
        let written = contents.write(&part).and_then(|()| {
            if path.exists() {
                fs::rename(&path, &old).map_err(Error::file("be renamed", &path))?; // of the same step
            }
            fs::rename(&part, &path).map_err(Error::file("be renamed", &part))?;
            sync(&self.folder)
        });
        if let Err(error) = written {
            let _ = fs::remove_dir_all(&part); // the first error is the one to report
            return Err(error);
        }
        self.prune(contents)?;
        Ok(path)
    }

    /// Deletes the checkpoints of later steps than this one.
    ///
    /// # Errors
    /// If the folder cannot be read or changed.
    pub(crate) fn forget_after(&self, step: u64) -> Result<(), Error> {
        self.steps()?.into_iter().filter(|later| *later > step).try_for_each(|later| remove(&self.path(later)))
    }

    /// Deletes checkpoints that are no longer kept, and incomplete ones of a run that was killed.
    fn prune(&self, contents: &Contents<'_>) -> Result<(), Error> {
        let steps = self.steps()?;
        let best = contents.state.best.map(|best| best.step);
        let old = steps.len().saturating_sub(self.keep);
        for &step in steps[..old].iter().filter(|step| Some(**step) != best && **step != contents.state.step) {
            remove(&self.path(step))?;
        }
        for entry in fs::read_dir(&self.folder).map_err(Error::file("be read", &self.folder))? {
            let entry = entry.map_err(Error::file("be read", &self.folder))?;
            if entry.file_name().to_string_lossy().ends_with(PART) {
                remove(&entry.path())?;
            }
        }
        Ok(())
    }
}

fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::file("be removed", path)(error)),
        _ => Ok(()),
    }
}

/// Syncs a file, or the names in a folder, to disk.
fn sync(path: &Path) -> Result<(), Error> {
    if path.is_dir() && !cfg!(unix) {
        return Ok(());
    }
    File::open(path).and_then(|file| file.sync_all()).map_err(Error::file("be synced to disk", path))
}

/// XXH3-128 of a file.
fn checksum(path: &Path) -> Result<String, Error> {
    Fingerprint::of_file(path).map_err(Error::file("be read", path))
}
