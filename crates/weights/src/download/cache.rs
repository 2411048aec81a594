//! Models in the cache: finding them, adopting files that were copied from elsewhere, checking them again.

use std::fs;
use std::path::{Path, PathBuf};

use rinalmo_download::{Digests, Error as TransferError, Expected, Job, Progress, Record, digests, take};

use super::{Error, FetchOptions, Fetched, job};
use crate::registry::{self, Entry};

/// Path of a published model that was downloaded or adopted, every file with its record and of the recorded size;
/// contents are not read again (that is [`verify`]). `None` for unknown names too.
pub fn cached(name: &str, options: &FetchOptions) -> Option<PathBuf> {
    let plan = job::of_entry(registry::find(name)?, options).ok()?;
    plan.jobs.iter().all(is_recorded).then(|| job::path(&plan))
}

fn is_recorded(job: &Job) -> bool {
    let record = Record::load(&job.path).ok().flatten();
    let size = fs::metadata(&job.path).map(|data| data.len()).ok();
    record.is_some_and(|record| Some(record.size) == size)
}

/// Path of a published model, for loading. A file that was written to since it was last compared with its record is
/// read again and compared; one that was copied into its place by hand is checked against the registry the first time,
/// and recorded.
///
/// # Errors
/// The name is unknown, a file is missing (the message says which, where to get it and where to put it), or it differs
/// from its record.
pub fn locate(name: &str, options: &FetchOptions) -> Result<PathBuf, Error> {
    let entry = registry::find(name)
        .ok_or_else(|| Error::UnknownModel { name: name.to_owned(), nearest: registry::nearest(name) })?;
    let plan = job::of_entry(entry, options)?;
    let wanted = plan.wanted(|_| false);
    if !wanted.is_empty() {
        return Err(Error::Missing { name: entry.name.to_owned(), wanted });
    }
    for job in &plan.jobs {
        if Record::confirm(&job.path)?.is_some() {
            continue;
        }
        let origin = job.path.display().to_string();
        let found = Digests::read(&job.path, &mut |_| ())?;
        job.expected.check(&found, &origin)?;
        // In a shared folder that we may not write to, the check is repeated next time.
        let _ = Record::new(&origin, found, &job.expected, job.license).save(&job.path);
    }
    Ok(job::path(&plan))
}

/// Copies files from elsewhere into the cache: `from` is the model's file, or a folder that has all of them.
///
/// # Errors
/// A file is missing in `from`, differs from the registry or `options.sha256`, or cannot be copied.
pub fn adopt(
    entry: &Entry,
    from: &Path,
    options: &FetchOptions,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Fetched, Error> {
    let plan = job::plan(entry.into(), options)?;
    let sources = plan.jobs.iter().map(|job| source(entry, job, from)).collect::<Result<Vec<_>, _>>()?;
    let files = take(&plan, &sources, progress)?;
    Ok(Fetched { path: job::path(&plan), files })
}

/// A single file may have any name; in a folder, names count.
fn source(entry: &Entry, job: &Job, from: &Path) -> Result<PathBuf, Error> {
    let path = if from.is_dir() { from.join(&job.file) } else { from.to_path_buf() };
    let fits = path.is_file() && (from.is_dir() || !entry.is_folder());
    let (expected, name) = (job.file.clone(), entry.name.to_owned());
    if fits { Ok(path) } else { Err(Error::NotThere { path, expected, name }) }
}

/// A file that was read again and is correct.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The file.
    pub path: PathBuf,
    /// Its size and checksums.
    pub digests: Digests,
    /// Whether there was a record, or a checksum in the registry, to compare with.
    pub compared: bool,
}

/// Reads a model again, a file or a folder, and compares it with its records and with the registry's facts of `entry`.
///
/// # Errors
/// A file is missing, cannot be read, or has another size or checksum than recorded or published.
pub fn verify(
    path: &Path,
    entry: Option<&Entry>,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Vec<Verified>, Error> {
    let files = if path.is_dir() { members(path, entry)? } else { vec![path.to_path_buf()] };
    files.into_iter().map(|file| verify_file(file, entry, progress)).collect()
}

/// Files of a folder: those of the entry, or all that have a record.
fn members(folder: &Path, entry: Option<&Entry>) -> Result<Vec<PathBuf>, Error> {
    if let Some(entry) = entry {
        return Ok(entry.files.iter().map(|file| folder.join(file.name)).collect());
    }
    let mut files = Vec::new();
    for item in fs::read_dir(folder).map_err(TransferError::io("read", folder))? {
        let path = item.map_err(TransferError::io("read", folder))?.path();
        if Record::path_of(&path).is_file() && path.extension().is_none_or(|extension| extension != "part") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn verify_file(
    path: PathBuf,
    entry: Option<&Entry>,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Verified, Error> {
    let origin = path.display().to_string();
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let found = digests(&path, &name, progress)?;
    let record = Record::load(&path)?;
    let published = entry.and_then(|entry| entry.files.iter().find(|file| file.name == name));
    let known = published.map(registry::File::expected).filter(|known| *known != Expected::default());
    for expected in known.iter().cloned().chain(record.as_ref().map(Record::expected)) {
        expected.check(&found, &origin)?;
    }
    Ok(Verified { path, digests: found, compared: known.is_some() || record.is_some() })
}
