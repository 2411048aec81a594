//! The conversation with the server: one attempt after another until the part is complete.

use std::io::Read;
use std::time::Duration;

use ureq::http::header::{ACCEPT_ENCODING, CONTENT_RANGE, ETAG, IF_RANGE, RANGE};
use ureq::http::{HeaderMap, Response, StatusCode};
use ureq::{Agent, Body};

use super::digest::check_size;
use super::http::{Failure, agent, broken_off, content_range, declared_sha256, md5_in, network, refusal, text};
use super::part::{Origin, Part};
use super::{Error, Job, Options, Progress, Wanted};

// Bytes per read; progress is reported as often.
const CHUNK: usize = 128 << 10;

const LONGEST_BACKOFF: Duration = Duration::from_secs(30);

// However long a server asks us to stay away.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(60);

/// What the server declares about the content, where it does.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub sha256: Option<String>,
    pub md5: Option<String>,
}

/// Brings the part to its full length; `wanted` is what to ask for by hand where there is no network.
pub(super) fn download(
    job: &Job,
    part: &mut Part,
    wanted: &[Wanted],
    options: &Options,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Answer, Error> {
    let agent = agent(&job.url, options);
    let sha256 = if job.declares { declared_sha256(&agent, &job.url) } else { None };
    let mut patience = Patience { reached: sha256.is_some(), ..Patience::new(&job.url, options) };
    let mut most = part.len();
    while !part.is_complete() {
        let Err(failure) = attempt(&agent, job, part, progress) else { break };
        let advanced = part.len() > most;
        most = most.max(part.len());
        patience.after(failure, advanced, wanted, (part.len(), part.total()))?.wait(&job.file, progress);
    }
    Ok(Answer { sha256, md5: part.etag().and_then(md5_in) })
}

/// How often an address was tried in vain, and how often it may be.
#[derive(Debug)]
pub(super) struct Patience<'a> {
    url: &'a str,
    options: &'a Options,
    /// Attempts in a row that brought nothing new.
    failures: u32,
    /// Whether the server has answered at all.
    pub reached: bool,
}

/// Another attempt is due, after a pause.
#[derive(Debug)]
pub(super) struct Retry {
    attempt: u32,
    wait: Duration,
    cause: String,
}

impl<'a> Patience<'a> {
    pub fn new(url: &'a str, options: &'a Options) -> Self {
        Self { url, options, failures: 0, reached: false }
    }

    /// Judges a failed attempt, of which `advanced` says whether it brought anything new; `arrived` are the bytes in
    /// place and those expected.
    pub fn after(
        &mut self,
        failure: Failure,
        advanced: bool,
        wanted: &[Wanted],
        arrived: (u64, Option<u64>),
    ) -> Result<Retry, Error> {
        let url = self.url.to_owned();
        let (cause, asked) = match failure {
            Failure::Fatal(error) => return Err(error),
            Failure::Unreachable(cause) if !self.reached => {
                return Err(Error::Offline { url, cause, wanted: wanted.to_vec() });
            }
            Failure::Unreachable(cause) => (cause, None),
            Failure::Passing(cause, asked) => (cause, asked),
        };
        self.reached = true;
        self.failures = if advanced { 1 } else { self.failures + 1 };
        if self.failures > self.options.retries {
            let (done, total) = arrived;
            return Err(Error::GaveUp { url, attempts: self.failures, done, total, cause });
        }
        let backoff = (self.options.backoff * 2u32.saturating_pow(self.failures - 1)).min(LONGEST_BACKOFF);
        let wait = backoff.max(asked.unwrap_or_default().min(LONGEST_RETRY_AFTER));
        Ok(Retry { attempt: self.failures + 1, wait, cause })
    }
}

impl Retry {
    pub fn wait(self, file: &str, progress: &mut dyn FnMut(Progress<'_>)) {
        progress(Progress::Retrying { file, attempt: self.attempt, wait: self.wait, cause: &self.cause });
        std::thread::sleep(self.wait);
    }
}

/// One request, for what the part still lacks.
fn attempt(agent: &Agent, job: &Job, part: &mut Part, progress: &mut dyn FnMut(Progress<'_>)) -> Result<(), Failure> {
    // Ranges count the bytes of the file itself, so nothing may be compressed on the way.
    let mut request = agent.get(&job.url).header(ACCEPT_ENCODING, "identity");
    if part.len() > 0 {
        request = request.header(RANGE, format!("bytes={}-", part.len()));
        if let Some(etag) = part.etag().filter(|etag| !etag.starts_with("W/")) {
            request = request.header(IF_RANGE, etag);
        }
    }
    let mut response = request.call().map_err(|error| network(error, &job.url))?;
    match response.status() {
        StatusCode::OK => start_over(job, part, &response)?,
        StatusCode::PARTIAL_CONTENT => go_on(job, part, &response)?,
        StatusCode::RANGE_NOT_SATISFIABLE => return nothing_left(job, part, response.headers()),
        status => return Err(refusal(&job.url, status, response.headers())),
    }
    let total = part.total().or(job.expected.size);
    progress(Progress::Fetching { file: &job.file, done: part.len(), total });
    receive(job, part, &mut response, progress)
}

/// The server sends the whole: this is the first request, or it knows no ranges, or the file has changed.
fn start_over(job: &Job, part: &mut Part, response: &Response<Body>) -> Result<(), Failure> {
    let total = response.body().content_length();
    expect_size(job, total)?;
    part.restart(Origin { url: job.url.clone(), etag: text(response.headers(), &ETAG), total }).map_err(Failure::Fatal)
}

/// The server sends the rest; it must join exactly, and be of the same version.
fn go_on(job: &Job, part: &mut Part, response: &Response<Body>) -> Result<(), Failure> {
    let range = text(response.headers(), &CONTENT_RANGE).as_deref().and_then(content_range);
    let (first, total) = range.unwrap_or((None, None));
    expect_size(job, total)?;
    let etag = text(response.headers(), &ETAG);
    let joins = first == Some(part.len());
    // What a server leaves unsaid on a later answer contradicts nothing.
    let same = agree(part.etag(), etag.as_deref()) && agree(part.total(), total);
    if joins && same {
        return Ok(());
    }
    empty(job, part)?;
    Err(Failure::Passing("the rest does not join what is here, starting over".into(), None))
}

/// The server has nothing after our last byte: either we have it all, or another version.
fn nothing_left(job: &Job, part: &mut Part, headers: &HeaderMap) -> Result<(), Failure> {
    let total = text(headers, &CONTENT_RANGE).as_deref().and_then(content_range).and_then(|(_, total)| total);
    if part.len() > 0 && total == Some(part.len()) {
        return Ok(());
    }
    empty(job, part)?;
    Err(Failure::Passing("the file on the server is shorter than what is here, starting over".into(), None))
}

fn agree<T: PartialEq>(one: Option<T>, other: Option<T>) -> bool {
    one.zip(other).is_none_or(|(one, other)| one == other)
}

/// Takes in the body; more than was announced is refused before it fills the disk.
fn receive(
    job: &Job,
    part: &mut Part,
    response: &mut Response<Body>,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<(), Failure> {
    let total = part.total().or(job.expected.size);
    let mut body = response.body_mut().as_reader();
    let mut buffer = vec![0; CHUNK];
    loop {
        let count = body.read(&mut buffer).map_err(broken_off)?;
        if count == 0 {
            break;
        }
        let done = part.len() + count as u64;
        if let Some(expected) = total.filter(|total| done > *total) {
            empty(job, part)?;
            return Err(Failure::Fatal(Error::Size { origin: job.url.clone(), expected, found: done }));
        }
        part.append(&buffer[..count]).map_err(Failure::Fatal)?;
        progress(Progress::Fetching { file: &job.file, done: part.len(), total });
    }
    match total {
        Some(total) if part.len() < total => {
            Err(Failure::Passing(format!("the connection ended at byte {} of {total}", part.len()), None))
        }
        _ => Ok(()),
    }
}

fn empty(job: &Job, part: &mut Part) -> Result<(), Failure> {
    part.restart(Origin { url: job.url.clone(), ..Origin::default() }).map_err(Failure::Fatal)
}

/// A server that announces another size than the registry knows has another file.
fn expect_size(job: &Job, announced: Option<u64>) -> Result<(), Failure> {
    announced.map_or(Ok(()), |found| check_size(job.expected.size, found, &job.url).map_err(Failure::Fatal))
}
