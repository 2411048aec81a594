//! Transfers a file: one attempt after another until the part is complete.

use std::io::Read;
use std::time::{Duration, Instant};

use ureq::http::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, ETAG, IF_RANGE, LAST_MODIFIED, RANGE,
    TRANSFER_ENCODING,
};
use ureq::http::{HeaderMap, Response, StatusCode};
use ureq::{Agent, Body};

use super::digest::check_size;
use super::http::{Failure, agent, broken_off, content_range, declared_sha256, md5_in, network, refusal, text};
use super::part::{Origin, Part};
use super::{Error, Job, Options, Progress, Wanted, content, safe};

// Bytes per read; progress is reported after each.
const CHUNK: usize = 128 << 10;

// Bytes that are written between two checks of the free space of the disk.
const LOOK: u64 = 64 << 20;

// Half a minute, as `Options::backoff` says.
const LONGEST_BACKOFF: Duration = Duration::from_secs(30);

// The longest pause, even if the server asks for a longer one.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(60);

/// What the server declares about the content.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub sha256: Option<String>,
    pub md5: Option<String>,
}

/// Completes the part; `wanted` are the files to copy by hand without a network, `checked` says whether a checksum will
/// be compared at the end.
pub(super) fn download(
    job: &Job,
    part: &mut Part,
    checked: bool,
    wanted: &[Wanted],
    options: &Options,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Answer, Error> {
    let agent = agent(&job.url, options);
    let sha256 = if job.declares { declared_sha256(&agent, &job.url) } else { None };
    let mut patience = Patience { reached: sha256.is_some(), ..Patience::new(&job.url, options) };
    let checked = checked || sha256.is_some();
    let transfer = Transfer { agent, job, options, checked };
    let mut most = part.len();
    while !part.is_complete() {
        let Err(failure) = transfer.attempt(part, progress) else { break };
        let advanced = part.len() > most;
        most = most.max(part.len());
        patience.after(failure, advanced, wanted, (part.len(), part.total()))?.wait(&job.file, progress);
    }
    Ok(Answer { sha256, md5: part.etag().and_then(md5_in) })
}

/// How often an address was tried without success, and how often it may be.
#[derive(Debug)]
pub(super) struct Patience<'a> {
    url: &'a str,
    options: &'a Options,
    /// Attempts in a row without new bytes.
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

    /// Decides what follows a failed attempt. `advanced` says whether new bytes arrived; `arrived` are the bytes in
    /// place and those expected.
    pub fn after(
        &mut self,
        failure: Failure,
        advanced: bool,
        wanted: &[Wanted],
        arrived: (u64, Option<u64>),
    ) -> Result<Retry, Error> {
        let url = self.url.to_owned();
        let advanced = advanced && !matches!(failure, Failure::Slow(_));
        let (cause, asked) = match failure {
            Failure::Fatal(error) => return Err(error),
            Failure::Garbled(cause) if !self.reached => return Err(Error::Protocol { url, cause }),
            Failure::Unreachable(cause) if !self.reached => {
                return Err(Error::Offline { url, cause, wanted: wanted.to_vec() });
            }
            Failure::Unreachable(cause) | Failure::Garbled(cause) | Failure::Slow(cause) => (cause, None),
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

/// What every attempt has in common.
struct Transfer<'a> {
    agent: Agent,
    job: &'a Job,
    options: &'a Options,
    checked: bool,
}

impl Transfer<'_> {
    /// One request, for the missing rest of the part.
    fn attempt(&self, part: &mut Part, progress: &mut dyn FnMut(Progress<'_>)) -> Result<(), Failure> {
        let url = &self.job.url;
        if part.len() > 0 && !self.checked && part.validator().is_none() {
            self.empty(part)?; // nothing would show whether the rest is of the same version
        }
        // Ranges count the bytes of the file itself, so the transfer must not be compressed.
        let mut request = self.agent.get(url).header(ACCEPT_ENCODING, "identity");
        if part.len() > 0 {
            request = request.header(RANGE, format!("bytes={}-", part.len()));
            if let Some(validator) = part.validator() {
                request = request.header(IF_RANGE, validator);
            }
        }
        let mut response = request.call().map_err(|error| network(error, url))?;
        match response.status() {
            StatusCode::OK => self.start_over(part, &response)?,
            StatusCode::PARTIAL_CONTENT => self.go_on(part, &response)?,
            StatusCode::RANGE_NOT_SATISFIABLE => return self.nothing_left(part, response.headers()),
            status => return Err(refusal(url, status, response.headers())),
        }
        self.check_space(part, part.total().map(|total| total.saturating_sub(part.len())))?;
        let total = part.total().or(self.job.expected.size);
        progress(Progress::Fetching { file: &self.job.file, done: part.len(), total });
        self.receive(part, &mut response, progress)
    }

    /// The server sends the complete file: this is the first request, or it knows no ranges, or the file has changed.
    fn start_over(&self, part: &mut Part, response: &Response<Body>) -> Result<(), Failure> {
        let (headers, total) = (response.headers(), response.body().content_length());
        self.check_framing(headers)?;
        self.check_total(total)?;
        let [etag, modified] = [ETAG, LAST_MODIFIED].map(|name| text(headers, &name));
        part.restart(Origin { url: self.job.url.clone(), etag, modified, total }).map_err(Failure::Fatal)
    }

    /// The server sends the rest; it must join exactly, and be of the same version.
    fn go_on(&self, part: &mut Part, response: &Response<Body>) -> Result<(), Failure> {
        let headers = response.headers();
        let range = text(headers, &CONTENT_RANGE).as_deref().and_then(content_range);
        let (first, total) = range.unwrap_or((None, None));
        self.check_framing(headers)?;
        self.check_total(total)?;
        let [etag, modified] = [ETAG, LAST_MODIFIED].map(|name| text(headers, &name));
        let versions = [(part.etag(), etag.as_deref()), (part.modified(), modified.as_deref())];
        let joins = first == Some(part.len()) && agree(part.total(), total);
        // A version that a later answer does not name is no contradiction, but without one only a checksum shows a
        // change.
        let same = versions.iter().all(|&(here, there)| agree(here, there));
        let named = versions.iter().any(|(here, there)| here.is_some() && there.is_some());
        if joins && same && (named || self.checked) {
            return Ok(());
        }
        self.empty(part)?;
        Err(Failure::Passing("the rest does not join what is here, starting over".into(), None))
    }

    /// The server has nothing after our last byte: either we have it all, or another version.
    fn nothing_left(&self, part: &mut Part, headers: &HeaderMap) -> Result<(), Failure> {
        let total = text(headers, &CONTENT_RANGE).as_deref().and_then(content_range).and_then(|(_, total)| total);
        if part.len() > 0 && total == Some(part.len()) {
            return Ok(());
        }
        self.empty(part)?;
        Err(Failure::Passing("the file on the server is shorter than what is here, starting over".into(), None))
    }

    /// Writes the body; more than was announced or allowed is rejected before it fills the disk.
    fn receive(
        &self,
        part: &mut Part,
        response: &mut Response<Body>,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<(), Failure> {
        let (job, total) = (self.job, part.total().or(self.job.expected.size));
        let mut body = response.body_mut().as_reader();
        let mut buffer = vec![0; CHUNK];
        let mut start = Start::of(part);
        let mut pace = Pace::new(self.options);
        let mut unchecked = 0; // bytes since the disk was checked
        loop {
            let count = body.read(&mut buffer).map_err(broken_off)?;
            if count == 0 {
                break;
            }
            let done = part.len() + count as u64;
            if let Some(expected) = total.filter(|total| done > *total) {
                self.empty(part)?;
                return Err(Failure::Fatal(Error::Size { origin: job.url.clone(), expected, found: done }));
            }
            if let Err(error) = self.check_total(Some(done).filter(|_| total.is_none())) {
                self.empty(part)?;
                return Err(error);
            }
            unchecked += count as u64;
            if unchecked > LOOK {
                self.check_space(part, None)?;
                unchecked = 0;
            }
            self.check_start(&mut start, &buffer[..count], part)?;
            part.append(&buffer[..count]).map_err(Failure::Fatal)?;
            progress(Progress::Fetching { file: &job.file, done: part.len(), total });
            pace.moved(count)?;
        }
        match total {
            Some(total) if part.len() < total => {
                Err(Failure::Passing(format!("the connection ended at byte {} of {total}", part.len()), None))
            }
            _ => Ok(()),
        }
    }

    fn empty(&self, part: &mut Part) -> Result<(), Failure> {
        part.restart(Origin { url: self.job.url.clone(), ..Origin::default() }).map_err(Failure::Fatal)
    }

    /// Rejects a size other than the registry's, which means another file, and one that is too large.
    fn check_total(&self, announced: Option<u64>) -> Result<(), Failure> {
        let Some(found) = announced else { return Ok(()) };
        check_size(self.job.expected.size, found, &self.job.url).map_err(Failure::Fatal)?;
        match self.options.max_size.filter(|limit| found > *limit) {
            None => Ok(()),
            Some(limit) => {
                let url = self.job.url.clone();
                Err(Failure::Fatal(Error::TooLarge { url, limit, found: announced }))
            }
        }
    }

    /// Rejects a body that is not the bytes of the file, or whose length is given in two ways.
    fn check_framing(&self, headers: &HeaderMap) -> Result<(), Failure> {
        let wrong = |cause: String| Err(Failure::Fatal(Error::Protocol { url: self.job.url.clone(), cause }));
        if headers.contains_key(TRANSFER_ENCODING) && headers.contains_key(CONTENT_LENGTH) {
            return wrong(
                "the server announces the length of its answer in two ways that contradict each other".into(),
            );
        }
        let encoding = text(headers, &CONTENT_ENCODING).unwrap_or_default().to_ascii_lowercase();
        // Some servers call the compression of a compressed file an encoding of what is in it; the bytes are the
        // file's.
        let own = encoding.ends_with("gzip") && self.job.file.ends_with(".gz");
        match encoding.as_str() {
            "" | "identity" => Ok(()),
            _ if own => Ok(()),
            _ => {
                wrong(format!("the server sends it in encoding `{encoding}`, though it was asked for the file itself"))
            }
        }
    }

    /// Rejects a file that does not fit on the disk.
    fn check_space(&self, part: &Part, needed: Option<u64>) -> Result<(), Failure> {
        let reserve = self.options.reserve;
        let folder = self.job.path.parent().unwrap_or(&self.job.path);
        let Some(free) = safe::free(folder) else { return Ok(()) };
        let needed = needed.unwrap_or(LOOK);
        if needed.saturating_add(reserve) <= free {
            Ok(())
        } else {
            Err(Failure::Fatal(Error::NoSpace { path: part.path().to_path_buf(), free, needed, reserve }))
        }
    }

    /// Stops a transfer whose first bytes are not those of such a file, unless a checksum will be compared.
    fn check_start(&self, start: &mut Start, bytes: &[u8], part: &mut Part) -> Result<(), Failure> {
        let Some(start) = start.add(bytes).filter(|_| !self.checked) else { return Ok(()) };
        let verdict = content::check_start(&self.job.file, &start, false, &self.job.url);
        verdict.or_else(|error| self.empty(part).and(Err(Failure::Fatal(error))))
    }
}

/// The first bytes of a file, collected as they arrive.
struct Start(Option<Vec<u8>>);

impl Start {
    /// The start of a resumed part was checked before.
    fn of(part: &Part) -> Self {
        Self((part.len() == 0).then(Vec::new))
    }

    /// Adds bytes; returns the start once, when it is complete.
    fn add(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        let start = self.0.as_mut()?;
        start.extend(bytes.iter().take(content::START - start.len()));
        if start.len() < content::START { None } else { self.0.take() }
    }
}

/// How fast bytes arrive.
struct Pace<'a> {
    options: &'a Options,
    since: Instant,
    bytes: u64,
}

impl<'a> Pace<'a> {
    fn new(options: &'a Options) -> Self {
        Self { options, since: Instant::now(), bytes: 0 }
    }

    /// Records that bytes arrived; fails if too few did for too long.
    fn moved(&mut self, count: usize) -> Result<(), Failure> {
        let &Options { min_speed, speed_window, .. } = self.options;
        self.bytes += count as u64;
        if self.since.elapsed() < speed_window {
            return Ok(());
        }
        let speed = self.bytes as f64 / self.since.elapsed().as_secs_f64();
        if speed < min_speed as f64 {
            let cause = format!("only {speed:.0} bytes per second arrive, expected at least {min_speed}");
            return Err(Failure::Slow(cause));
        }
        *self = Self::new(self.options);
        Ok(())
    }
}

fn agree<T: PartialEq>(one: Option<T>, other: Option<T>) -> bool {
    one.zip(other).is_none_or(|(one, other)| one == other)
}
