//! What all training runs share: a [`Run`] from start to end, its folder and record, sessions, keys of the config.

pub(crate) mod config;
pub(crate) mod folder;
mod keys;
mod lifecycle;
mod objective;
mod outlook;
mod record;
mod session;
mod start;
mod summary;
mod training;

use std::fs;
use std::path::{Path, PathBuf};

use rinalmo_infer::checkpoint::is_bundled;
use rinalmo_train::Saved;
use rinalmo_weights::{Layout, WriteOptions};

use crate::{Error, FileError};
pub use folder::{CHECKPOINTS, CONFIG, RECORD, write};
use folder::{MODEL, OFFICIAL};

pub use config::{Keep, RunConfig};
pub use folder::Folder;
pub use lifecycle::{Finished, Request, Resume, Run};
pub use objective::{Begun, Objective, Ready};
pub use outlook::Outlook;
pub(crate) use outlook::steps;
pub use record::Record;
pub use session::{Program, Session};
pub use start::{Start, open};
pub(crate) use summary::Settings;
pub use summary::Summary;
pub(crate) use training::{Trained, Training};

/// The absolute path, so that a run can be resumed from any folder.
pub(crate) fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// A model's name, path or `PATH#NAME` in a form that means the same in every folder.
pub fn model_from_anywhere(name_or_path: &str) -> String {
    let (path, member) = match name_or_path.rsplit_once('#') {
        Some((path, member)) if !Path::new(name_or_path).exists() => (path, format!("#{member}")),
        _ => (name_or_path, String::new()),
    };
    if Path::new(path).exists() && !is_bundled(name_or_path) {
        format!("{}{member}", absolute(Path::new(path)).display())
    } else {
        name_or_path.to_owned()
    }
}

/// What the run in a folder is for: `pretrain`, or the name of a task of fine-tuning.
///
/// # Errors
/// The folder holds no run, or its config cannot be read.
pub fn task_of(folder: &Path) -> Result<String, Error> {
    Folder::read_config(folder).map(|(_, task)| task)
}

/// The best checkpoint by validation, or the last if there was no validation.
pub(crate) fn best(folder: &Folder, keep: usize) -> Result<Option<Saved>, Error> {
    let checkpoints = folder.checkpoints(keep);
    Ok(match checkpoints.best()? {
        Some(best) => Some(best),
        None => checkpoints.latest()?.saved,
    })
}

/// Writes the best model by validation, or the last if there was no validation: in our format, and also in that of the
/// released code if that has such a model.
pub(crate) fn export(folder: &Folder, keep: usize) -> Result<Option<u64>, Error> {
    let Some(best) = best(folder, keep)? else { return Ok(None) };
    let place = |name: &str| (folder.path().join(name), folder::part(&folder.path().join(name)));
    let found = best.weights()?;
    if found.config.is_published() {
        let (official, part) = place(OFFICIAL);
        found.write(&part, &WriteOptions::default().layout(Layout::Official))?;
        fs::rename(&part, &official).map_err(FileError::of("written", &official))?;
    }
    let (model, part) = place(MODEL);
    let _ = fs::remove_file(&part); // of a run that was killed here
    let weights = best.path.join(MODEL);
    let linked = fs::hard_link(&weights, &part).or_else(|_| fs::copy(&weights, &part).map(drop));
    linked.and_then(|()| fs::rename(&part, &model)).map_err(FileError::of("written", &model))?;
    let _ = fs::remove_file(&part); // it stays if both are one file already, as in a run that was done before
    Ok(Some(best.state.step))
}

/// The error of a run that would resume with another setting than it started with.
pub(crate) fn contradiction<T>(folder: &Folder, path: &str, was: &str, is: &str) -> Result<T, Error> {
    let folder = folder.path().to_owned();
    Err(Error::Changed { folder, key: path.to_owned(), was: was.to_owned(), is: is.to_owned() })
}

/// The changes to the config of a run that resumes, as `key=value`.
///
/// # Errors
/// A key changed that may not: only those of `[checkpoints]` and of `[train]` may, without `train.seed`.
pub(crate) fn changes(folder: &Folder, begun: &toml::Table, now: &toml::Table) -> Result<Vec<String>, Error> {
    let mut changed = Vec::new();
    for (path, was, is) in differences(begun, now) {
        let free = path.starts_with("checkpoints.") || path.starts_with("train.") && path != "train.seed";
        if !free {
            return contradiction(folder, &path, &was, &is);
        }
        changed.push(format!("{path}={is}"));
    }
    Ok(changed)
}

/// Keys in which two configs differ, with both values.
pub fn differences(one: &toml::Table, other: &toml::Table) -> Vec<(String, String, String)> {
    let (one, other) = (keys::leaves(one), keys::leaves(other));
    let find = |list: &[(String, toml::Value)], path: &str| {
        list.iter()
            .find(|(known, _)| known == path)
            .map_or_else(|| "left out".to_owned(), |(_, value)| value.to_string())
    };
    let mut paths: Vec<&String> = one.iter().chain(&other).map(|(path, _)| path).collect();
    paths.sort_unstable();
    paths.dedup();
    let both = paths.into_iter().map(|path| (path.clone(), find(&one, path), find(&other, path)));
    // The task is checked when the folder is opened; older runs do not have it in their config.
    both.filter(|(path, was, is)| path != "task" && was != is).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_name_what_is_left_out_too() {
        let parse = |text: &str| toml::from_str::<toml::Table>(text).unwrap();
        let one = parse("train.seed = 1\ntrain.save = \"epoch\"");
        let found = differences(&one, &parse("train.seed = 2\ntrain.save = { steps = 3 }"));
        let pair = |path: &str, was: &str, is: &str| (path.to_owned(), was.to_owned(), is.to_owned());
        let expected = [
            pair("train.save", "\"epoch\"", "left out"),
            pair("train.save.steps", "left out", "3"),
            pair("train.seed", "1", "2"),
        ];
        assert_eq!(found, expected);
        assert!(differences(&one, &one).is_empty());
    }
}
