//! Files that did not come over the network: copied into place, checked and recorded like fetched ones.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::digest::check_size;
use super::lock::Lock;
use super::part::{Origin, Part};
use super::{Error, FetchedFile, Job, Plan, Progress, Record, settle};

// Bytes per copy step.
const CHUNK: usize = 1 << 20;

/// Copies files into the places of a plan; `sources[i]` becomes its file `i`.
///
/// # Errors
/// A file is not what the plan expects, or cannot be copied.
pub fn take(
    plan: &Plan,
    sources: &[PathBuf],
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Vec<FetchedFile>, Error> {
    plan.check()?;
    let _lock = Lock::hold(&plan.folder, || progress(Progress::Waiting { file: plan.name() }))?;
    let mut files = Vec::with_capacity(plan.jobs.len());
    for (job, source) in plan.jobs.iter().zip(sources) {
        let record = copy(job, source, progress)?;
        progress(Progress::Done { file: &job.file, present: false });
        files.push(FetchedFile { path: job.path.clone(), record, present: false });
    }
    Ok(files)
}

fn copy(job: &Job, source: &Path, progress: &mut dyn FnMut(Progress<'_>)) -> Result<Record, Error> {
    let origin = source.display().to_string();
    let mut input = File::open(source).map_err(Error::io("open", source))?;
    let total = input.metadata().map_err(Error::io("read", source))?.len();
    check_size(job.expected.size, total, &origin)?;
    let mut part = Part::open(&job.path, &origin)?;
    part.restart(Origin { url: origin.clone(), total: Some(total), ..Origin::default() })?;
    let mut buffer = vec![0; CHUNK];
    loop {
        let count = input.read(&mut buffer).map_err(Error::io("read", source))?;
        if count == 0 {
            break;
        }
        part.append(&buffer[..count])?;
        progress(Progress::Fetching { file: &job.file, done: part.len(), total: Some(total) });
    }
    let mut record = settle(part, job, &origin, &job.expected, progress)?;
    record.save(&job.path)?;
    Ok(record)
}
