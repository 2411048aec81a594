//! Fetches model files, once, whole and checked.
//!
//! A file grows as `<file>.part` and takes its name only after its size and checksums are right, so a file under its
//! own name is always complete. A cut connection, or a run that was stopped, continues where it ended (HTTP `Range`,
//! guarded by `If-Range`). `<file>.json` records what was got. A lock in the model's folder lets one process fetch
//! while others wait. Without a network the same folders work: put the file there, or [`adopt`] it.
//!
//! ```no_run
//! use rinalmo_weights::{download, registry};
//!
//! let entry = registry::find("micro").expect("it is in the table");
//! let fetched = download::fetch(entry, &download::Options::default(), &mut |_| ())?;
//! println!("{}", fetched.path.display());
//! # Ok::<(), download::Error>(())
//! ```

mod cache;
mod digest;
mod error;
mod http;
mod job;
mod lock;
mod options;
mod part;
mod record;
mod transfer;

use std::fs;
use std::path::{Path, PathBuf};

pub use cache::{Verified, adopt, cached, locate, verify};
pub use digest::Digests;
pub use error::{Error, Wanted};
pub use job::What;
pub use options::{Options, Progress};
pub use record::Record;

use job::{Job, Plan};
use lock::Lock;
use part::Part;

/// A model that is in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// What to load: the file, or the folder of a model that has several.
    pub path: PathBuf,
    /// Its files, the weights first.
    pub files: Vec<FetchedFile>,
}

/// One file of a model that is in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchedFile {
    /// Where it is.
    pub path: PathBuf,
    /// Where it came from and what it weighs.
    pub record: Record,
    /// Whether it was in place already, so that nothing was fetched.
    pub present: bool,
}

/// Brings a published model, or the file at an address, into the cache; what is already there and verifies is kept.
///
/// # Errors
/// The address or checksum is malformed, the server cannot be reached or refuses, the connection keeps failing, size or
/// checksum are wrong, or the disk cannot be written. Under its own name there is then the file that was there before,
/// or none.
pub fn fetch<'a>(
    what: impl Into<What<'a>>,
    options: &Options,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Fetched, Error> {
    let plan = Plan::new(what.into(), options)?;
    let _lock = Lock::hold(&plan.folder, || progress(Progress::Waiting { file: plan.name() }))?;
    let files = plan.jobs.iter().map(|job| fetch_file(&plan, job, options, progress)).collect::<Result<_, _>>()?;
    Ok(Fetched { path: plan.path(), files })
}

fn fetch_file(
    plan: &Plan,
    job: &Job,
    options: &Options,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<FetchedFile, Error> {
    let kept = if options.force { None } else { in_place(job, progress)? };
    let present = kept.is_some();
    let record = match kept {
        Some(record) => record,
        None => fetch_anew(plan, job, options, progress)?,
    };
    progress(Progress::Done { file: &job.file, present });
    Ok(FetchedFile { path: job.path.clone(), record, present })
}

/// The record of a good file that is there already; a file put there by hand is given one.
fn in_place(job: &Job, progress: &mut dyn FnMut(Progress<'_>)) -> Result<Option<Record>, Error> {
    if !job.path.is_file() {
        return Ok(None);
    }
    let found = digests(&job.path, &job.file, progress)?;
    let origin = job.path.display().to_string();
    // A record that cannot be read is worth no more than none; the checksums decide.
    let recorded = Record::load(&job.path).unwrap_or_default();
    let good = job.expected.check(&found, &origin).is_ok()
        && recorded.as_ref().is_none_or(|record| record.expected().check(&found, &origin).is_ok());
    match recorded {
        _ if !good => Ok(None),
        Some(record) => Ok(Some(record)),
        None => {
            let record = Record::new(&origin, found, &job.expected, job.license);
            record.save(&job.path)?;
            Ok(Some(record))
        }
    }
}

fn fetch_anew(
    plan: &Plan,
    job: &Job,
    options: &Options,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Record, Error> {
    let mut part = Part::open(&job.path, &job.url)?;
    let answer = transfer::download(job, &mut part, &plan.wanted(|other| other.file == job.file), options, progress)?;
    let mut expected = job.expected.clone();
    expected.size = expected.size.or(part.total());
    expected.sha256 = expected.sha256.or(answer.sha256);
    expected.md5 = expected.md5.or(answer.md5);
    let etag = part.etag().map(Into::into);
    let mut record = settle(part, job, &job.url, &expected, progress)?;
    record.etag = etag;
    record.save(&job.path)?;
    Ok(record)
}

/// Checks a complete part and gives it its name; a wrong one is deleted, so that the next try starts afresh.
fn settle(
    part: Part,
    job: &Job,
    origin: &str,
    expected: &digest::Expected,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Record, Error> {
    part.sync()?;
    let found = digests(part.path(), &job.file, progress)?;
    if let Err(error) = expected.check(&found, origin) {
        part.discard();
        return Err(error);
    }
    part.finish(&job.path)?;
    Ok(Record::new(origin, found, expected, job.license))
}

fn digests(path: &Path, file: &str, progress: &mut dyn FnMut(Progress<'_>)) -> Result<Digests, Error> {
    let total = fs::metadata(path).map_err(Error::io("read", path))?.len();
    Digests::read(path, &mut |done| progress(Progress::Checking { file, done, total }))
}
