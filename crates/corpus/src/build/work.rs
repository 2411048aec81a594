//! The working folder of a build: the files of each stage, and how a later build finds them.
//!
//! `<output>.building/` holds the outcome of every finished stage and a manifest. A stage has a key, the hash of its
//! parameters and of the key before it; the first key is the hash of the inputs with their sizes and times. A stage
//! whose key and file checksums match the manifest is not done again. The manifest is replaced only after the files of
//! a stage are on disk, so whenever a build is killed, the next one resumes after the last finished stage.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Instant, UNIX_EPOCH};

use rinalmo_download::Lock;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Watch;
use crate::Error;
use crate::bank::{Output, with_ending};
use crate::fingerprint::Fingerprint;

const MANIFEST: &str = "manifest.json";

/// The folder, locked by one process.
pub(super) struct Work<'a> {
    folder: PathBuf,
    manifest: BTreeMap<String, Stage>,
    key: String,
    done: Vec<StageTime>,
    watch: &'a dyn Watch,
    _lock: Lock,
}

/// What the manifest says of a finished stage.
#[derive(Serialize, Deserialize)]
struct Stage {
    key: String,
    files: BTreeMap<String, Left>,
    seconds: f64,
    report: Value,
}

/// Size and checksum of a file of a stage, which show whether it was changed or truncated later.
#[derive(PartialEq, Serialize, Deserialize)]
struct Left {
    bytes: u64,
    xxh3: String,
}

impl Left {
    fn of(path: &Path) -> Result<Self, Error> {
        let xxh3 = Fingerprint::of_file(path).map_err(Error::file("be read", path))?;
        let bytes = fs::metadata(path).map_err(Error::file("be read", path))?.len();
        Ok(Self { bytes, xxh3 })
    }
}

/// How long a stage took.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StageTime {
    /// The stage.
    pub stage: String,
    /// Seconds of work, in an earlier run if it was resumed.
    pub seconds: f64,
    /// Whether an earlier run had done it.
    pub resumed: bool,
}

/// A stage to be done.
pub(super) struct Task<'a> {
    pub(super) name: &'static str,
    /// What its result depends on, apart from the stages before it.
    pub(super) parameters: Value,
    /// The files it writes to the folder.
    pub(super) files: &'a [&'a str],
}

impl<'a> Work<'a> {
    /// Creates or opens the folder next to `output`, and takes its lock.
    pub(super) fn begin(output: &Path, inputs: &[PathBuf], watch: &'a dyn Watch) -> Result<Self, Error> {
        let inputs = inputs.iter().map(|input| fingerprint(input)).collect::<Result<Vec<_>, _>>()?;
        let folder = with_ending(output, ".building");
        fs::create_dir_all(&folder).map_err(Error::file("be made", &folder))?;
        let lock_path = folder.join("lock");
        let lock = match Lock::take(Lock::open(&lock_path).map_err(Error::file("be made", &lock_path))?) {
            Ok(lock) => lock,
            Err(TryLockError::WouldBlock) => return Err(Error::Busy { path: folder }),
            Err(TryLockError::Error(source)) => return Err(Error::file("be locked", &lock_path)(source)),
        };
        // A manifest that cannot be read is ignored: everything is done again.
        let manifest = fs::read(folder.join(MANIFEST)).ok().and_then(|text| serde_json::from_slice(&text).ok());
        let key = hash(&json!([env!("CARGO_PKG_VERSION"), inputs]));
        Ok(Self { folder, manifest: manifest.unwrap_or_default(), key, done: Vec::new(), watch, _lock: lock })
    }

    pub(super) fn path(&self, file: &str) -> PathBuf {
        self.folder.join(file)
    }

    pub(super) fn times(&self) -> &[StageTime] {
        &self.done
    }

    /// Runs a stage, unless an earlier run has; returns its report.
    pub(super) fn stage<R: Serialize + DeserializeOwned>(
        &mut self,
        task: Task<'_>,
        work: impl FnOnce(&Path) -> Result<R, Error>,
    ) -> Result<R, Error> {
        if self.watch.stopped() {
            return Err(Error::Stopped);
        }
        let Task { name, parameters, files } = task;
        self.key = hash(&json!([self.key, name, parameters]));
        if let Some((seconds, report)) = self.finished(name, files) {
            self.note(name, seconds, true);
            return Ok(report);
        }
        self.manifest.remove(name);
        self.watch.begun(name);
        let begun = Instant::now();
        let report = work(&self.folder)?;
        let seconds = begun.elapsed().as_secs_f64();
        let left = |file: &&str| Ok((file.to_string(), Left::of(&self.folder.join(file))?));
        let files = files.iter().map(left).collect::<Result<_, Error>>()?;
        let value = serde_json::to_value(&report).expect("reports have text for keys");
        self.manifest.insert(name.to_owned(), Stage { key: self.key.clone(), files, seconds, report: value });
        self.save()?;
        self.note(name, seconds, false);
        Ok(report)
    }

    fn finished<R: DeserializeOwned>(&self, name: &str, files: &[&str]) -> Option<(f64, R)> {
        let stage = self.manifest.get(name).filter(|stage| stage.key == self.key)?;
        let intact = |file: &&str| {
            let Some(left) = stage.files.get(*file) else { return false };
            let path = self.folder.join(file);
            let is_long_enough = fs::metadata(&path).is_ok_and(|about| about.len() == left.bytes);
            is_long_enough && Left::of(&path).is_ok_and(|found| found == *left)
        };
        let report = serde_json::from_value(stage.report.clone()).ok()?;
        files.iter().all(intact).then_some((stage.seconds, report))
    }

    fn note(&mut self, stage: &str, seconds: f64, resumed: bool) {
        let time = StageTime { stage: stage.to_owned(), seconds, resumed };
        self.watch.ended(&time);
        self.done.push(time);
    }

    fn save(&self) -> Result<(), Error> {
        let (path, fresh) = (self.path(MANIFEST), self.path("manifest.new"));
        let text = serde_json::to_vec_pretty(&self.manifest).expect("its maps have text for keys");
        let mut output = Output::create(fresh.clone())?;
        output.write(&text)?;
        output.finish()?;
        fs::rename(&fresh, &path).map_err(Error::file("take its name", &path))?;
        sync_folder(&self.folder)
    }

    /// Removes the folder if it has no finished stage to resume from.
    pub(super) fn abandon(self) {
        if self.manifest.is_empty() {
            let _ = fs::remove_dir_all(&self.folder); // the build has failed already, and says why
        }
    }

    /// Moves the finished `file` to its place and removes the folder.
    pub(super) fn deliver(self, file: &str, output: &Path) -> Result<(), Error> {
        // LMDB gives access only to the owner; the store gets the permissions of any other new file.
        let open = fs::metadata(self.path("lock")).map_err(Error::file("be read", &self.folder))?.permissions();
        fs::set_permissions(self.path(file), open).map_err(Error::file("be made readable", output))?;
        fs::rename(self.path(file), output).map_err(Error::file("take its name", output))?;
        let parent = output.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        sync_folder(parent)?;
        fs::remove_dir_all(&self.folder).map_err(Error::file("be removed", &self.folder))
    }
}

/// A value that differs if an input was changed. Standard input is never the same twice.
pub(super) fn fingerprint(input: &Path) -> Result<Value, Error> {
    if input == Path::new("-") {
        return Ok(json!(["-", std::process::id(), UNIX_EPOCH.elapsed().map_or(0, |since| since.as_nanos() as u64)]));
    }
    let about = fs::metadata(input).map_err(Error::file("be opened", input))?;
    let path = input.canonicalize().map_err(Error::file("be opened", input))?;
    let changed = about.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    Ok(json!([path.to_string_lossy(), about.len(), changed.map_or(0, |since| since.as_nanos() as u64)]))
}

fn hash(value: &Value) -> String {
    Fingerprint::of(value.to_string().as_bytes())
}

/// Makes renames in a folder survive a power cut.
fn sync_folder(folder: &Path) -> Result<(), Error> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(Error::file("be written", folder))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn a_stage_is_done_again_only_if_something_before_it_changed() {
        let folder = tempfile::tempdir().unwrap();
        let (output, input) = (folder.path().join("out"), folder.path().join("in"));
        let runs = Cell::new(0);
        let build = |parameter: u32| {
            let mut work = Work::begin(&output, std::slice::from_ref(&input), &()).unwrap();
            let task = Task { name: "one", parameters: json!(parameter), files: &["left"] };
            let report = work.stage(task, |folder| {
                runs.set(runs.get() + 1);
                std::fs::write(folder.join("left"), "behind").unwrap();
                Ok(parameter)
            });
            assert_eq!(report.unwrap(), parameter);
            runs.get()
        };
        std::fs::write(&input, ">a\nA").unwrap();
        assert_eq!([build(1), build(1), build(2), build(2)], [1, 1, 2, 2]);
        std::fs::write(&input, ">a\nAC").unwrap();
        assert_eq!([build(2), build(2)], [3, 3]);
        std::fs::write(with_ending(&output, ".building").join("left"), "cut").unwrap();
        assert_eq!([build(2), build(2)], [4, 4]);
        std::fs::write(with_ending(&output, ".building").join("left"), "behinD").unwrap();
        assert_eq!([build(2), build(2)], [5, 5], "a file of the same length with other bytes");
        std::fs::write(with_ending(&output, ".building").join(MANIFEST), "{").unwrap();
        assert_eq!(build(2), 6);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_the_place_of_the_lock_is_refused_and_what_it_leads_to_stays() {
        let folder = tempfile::tempdir().unwrap();
        let (output, precious) = (folder.path().join("out"), folder.path().join("precious"));
        fs::write(&precious, "mine").unwrap();
        let work = with_ending(&output, ".building");
        fs::create_dir(&work).unwrap();
        for target in [&precious, &folder.path().join("nowhere")] {
            std::os::unix::fs::symlink(target, work.join("lock")).unwrap();
            let error = Work::begin(&output, &[], &()).map(drop).unwrap_err();
            let cause = std::error::Error::source(&error).unwrap().to_string();
            assert!(cause.starts_with("it is a link"), "{error}: {cause}");
            fs::remove_file(work.join("lock")).unwrap();
        }
        assert_eq!(fs::read(&precious).unwrap(), b"mine");
        assert!(!folder.path().join("nowhere").exists());
        Work::begin(&output, &[], &()).unwrap();
    }

    #[test]
    fn two_builds_of_one_store_are_not_let_in() {
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("out");
        let _first = Work::begin(&output, &[], &()).unwrap();
        assert!(matches!(Work::begin(&output, &[], &()), Err(Error::Busy { .. })));
    }
}
