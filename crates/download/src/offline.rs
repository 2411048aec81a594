//! Replaces the client in a build without feature `http`: the same functions, whose errors say what to do by hand.

use super::part::Part;
use super::{Error, Job, Options, Progress, Wanted};

const CAUSE: &str = "this program was built without feature `http` and cannot fetch files";

fn offline<T>(url: &str, wanted: &[Wanted]) -> Result<T, Error> {
    Err(Error::Offline { url: url.to_owned(), cause: CAUSE.to_owned(), wanted: wanted.to_vec() })
}

/// What a server declared about a file.
pub(super) struct Answer {
    pub sha256: Option<String>,
    pub md5: Option<String>,
}

pub(super) fn download(
    job: &Job,
    _: &mut Part,
    _: bool,
    wanted: &[Wanted],
    _: &Options,
    _: &mut dyn FnMut(Progress<'_>),
) -> Result<Answer, Error> {
    offline(&job.url, wanted)
}

/// The text at an address, which this build cannot fetch.
///
/// # Errors
/// Always, with the files to copy by hand.
pub fn read_text(url: &str, wanted: &[Wanted], _: &Options, _: &mut dyn FnMut(Progress<'_>)) -> Result<String, Error> {
    offline(url, wanted)
}

/// The size of a file, which this build cannot request.
///
/// # Errors
/// Always, with the files to copy by hand.
pub fn size(url: &str, wanted: &[Wanted], _: &Options) -> Result<Option<u64>, Error> {
    offline(url, wanted)
}
