//! Fetches files: once, complete and checked.
//!
//! A file grows as `<file>.part` and takes its name only after its size and checksums are right, so a file under its
//! own name is always complete. A cut connection, or a run that was stopped, continues where it ended (HTTP `Range`,
//! guarded by `If-Range` and by the checksum). If no checksum is known, a file must at least be of the kind that its
//! name says. `<file>.json` records what was fetched. A lock in the folder lets one process fetch while others
//! wait. Without a network the same folders work: put the file there, or [`take`] it.
//!
//! ```no_run
//! use rinalmo_download::{Job, Options, Plan, fetch};
//!
//! let folder = std::path::PathBuf::from("data");
//! let plan = Plan { jobs: vec![Job::new("https://example.org/rfam.fa.gz", &folder)?], folder };
//! for file in fetch(&plan, &Options::default(), &mut |_| ())? {
//!     println!("{} {}", file.path.display(), file.record.sha256);
//! }
//! # Ok::<(), rinalmo_download::Error>(())
//! ```

// Without a client, the code that only it needs is unused.
#![cfg_attr(not(feature = "http"), allow(dead_code))]

mod content;
mod digest;
mod error;
#[cfg(feature = "http")]
mod http;
mod lock;
#[cfg(not(feature = "http"))]
mod offline;
mod options;
mod part;
mod plan;
mod record;
mod safe;
mod sums;
mod take;
#[cfg(feature = "http")]
mod text;
#[cfg(feature = "http")]
mod transfer;

use std::fs;
use std::path::{Path, PathBuf};

pub use digest::{Digests, Expected, Sum, check_size, parse_sha256, sha256_of};
pub use error::{Error, Wanted};
pub use lock::Lock;
#[cfg(not(feature = "http"))]
pub use offline::{read_text, size};
pub use options::{Options, Progress};
pub use plan::{Job, Plan};
pub use record::{Record, now};
pub use sums::{Sums, expected_in};
pub use take::take;
#[cfg(feature = "http")]
pub use text::{read_text, size};

#[cfg(not(feature = "http"))]
use offline as transfer;
use part::Part;

/// One file that is in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchedFile {
    /// Where it is.
    pub path: PathBuf,
    /// Its origin, size and checksums.
    pub record: Record,
    /// Whether it was in place already, so that nothing was fetched.
    pub present: bool,
}

/// Fetches the files of a plan into their folder, in its order; existing files that verify are kept.
///
/// # Errors
/// The server cannot be reached or refuses, the connection keeps failing, size or checksum are wrong, or the disk
/// cannot be written. The final name then has the previous file, or none.
pub fn fetch(
    plan: &Plan,
    options: &Options,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Vec<FetchedFile>, Error> {
    plan.check()?;
    let _lock = Lock::hold(&plan.folder, || progress(Progress::Waiting { file: plan.name() }))?;
    plan.jobs.iter().map(|job| fetch_file(plan, job, options, progress)).collect()
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

/// The record of an existing valid file; a file put there by hand gets one.
fn in_place(job: &Job, progress: &mut dyn FnMut(Progress<'_>)) -> Result<Option<Record>, Error> {
    if !job.path.is_file() {
        return Ok(None);
    }
    let found = digests(&job.path, &job.file, progress)?;
    let origin = job.path.display().to_string();
    // A record that cannot be read is ignored; the checksums decide.
    let recorded = Record::load(&job.path).unwrap_or_default();
    let good = job.expected.check(&found, &origin).is_ok()
        && recorded.as_ref().is_none_or(|record| record.expected().check(&found, &origin).is_ok());
    match recorded {
        _ if !good => Ok(None),
        Some(record) => Ok(Some(record)),
        None => {
            job.expected.check_sum(&job.path, &origin)?;
            let mut record = Record::new(&origin, found, &job.expected, job.license);
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
    let wanted = plan.wanted(|other| other.file == job.file);
    let published = match &job.sums {
        Some(url) => sums::published(url, &job.file, &wanted, options, progress)?,
        None => Expected::default(),
    };
    let mut part = Part::open(&job.path, &job.url)?;
    let known = job.expected.clone().or(published);
    let answer = transfer::download(job, &mut part, known.names_content(), &wanted, options, progress)?;
    let declared = Expected { size: part.total(), sha256: answer.sha256, md5: answer.md5, sum: None };
    let expected = known.or(declared);
    let etag = part.etag().map(Into::into);
    let mut record = settle(part, job, &job.url, &expected, progress)?;
    record.etag = etag;
    record.save(&job.path)?;
    Ok(record)
}

/// Checks a complete part and renames it; a wrong one is deleted, so that the next attempt starts from scratch.
fn settle(
    part: Part,
    job: &Job,
    origin: &str,
    expected: &Expected,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Record, Error> {
    part.sync()?;
    let found = digests(part.path(), &job.file, progress)?;
    let content = || if expected.names_content() { Ok(()) } else { content::check(&job.file, part.path(), origin) };
    let checked = expected.check(&found, origin).and_then(|()| expected.check_sum(part.path(), origin));
    if let Err(error) = checked.and_then(|()| content()) {
        part.discard();
        return Err(error);
    }
    part.finish(&job.path)?;
    Ok(Record::new(origin, found, expected, job.license))
}

/// Size and checksums of a file, with progress reported under this name.
///
/// # Errors
/// The file cannot be opened or read.
pub fn digests(path: &Path, file: &str, progress: &mut dyn FnMut(Progress<'_>)) -> Result<Digests, Error> {
    let total = fs::metadata(path).map_err(Error::io("read", path))?.len();
    Digests::read(path, &mut |done| progress(Progress::Checking { file, done, total }))
}
