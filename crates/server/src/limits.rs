//! What a server takes on, so that no client can exhaust the machine.

use std::time::Duration;

use crate::Error;

/// What a server takes on.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of a request's body.
    pub body: usize,
    /// Sequences in a request.
    pub sequences: usize,
    /// Bases in a sequence.
    pub length: usize,
    /// Jobs that are kept, those that have ended included; further ones are refused.
    pub jobs: usize,
    /// Bytes of the sequences and results of all jobs together.
    pub job_memory: u64,
    /// How long the results of a job are kept after it has ended.
    pub job_age: Duration,
    /// Requests that wait to be computed; further ones are refused.
    pub queue: usize,
    /// How long a request may take, waiting included. A sequence that is being computed is computed to its end.
    pub time: Duration,
    /// Bytes that work on sequences may take, of all workers together; by default most of the free memory.
    pub memory: Option<u64>,
    /// Calls that are computed at the same time, so that a long one does not hold up short ones.
    pub workers: usize,
    /// How long a request waits for others that ask the same, to be computed together. It does not wait if the
    /// one before it came longer ago than that.
    pub gather: Duration,
    /// Open connections; further ones wait.
    pub connections: usize,
    /// How long a client may take to send the head of a request, and how long a connection may be idle.
    pub head_time: Duration,
    /// How long a client may take to send the body of a request.
    pub body_time: Duration,
    /// How long a client may take nothing of an answer.
    pub write_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 4 << 20,
            sequences: 1000,
            length: 5000,
            jobs: 64,
            job_memory: 256 << 20,
            job_age: Duration::from_secs(3600),
            queue: 256,
            time: Duration::from_secs(60),
            memory: None,
            workers: 2,
            gather: Duration::from_millis(5), // short beside a call, which takes tens of milliseconds
            connections: 256,
            head_time: Duration::from_secs(15),
            body_time: Duration::from_secs(30),
            write_time: Duration::from_secs(30),
        }
    }
}

/// Most workers: each has a thread.
const MOST_WORKERS: usize = 64;
/// Fewest bytes for jobs: some small ones fit.
const LEAST_JOB_MEMORY: u64 = 1 << 20;
/// A job's request may take this part of the memory of all jobs.
const PART: u64 = 8;
/// Bytes that count for each sequence of a job.
const EACH: u64 = 1024;
/// A job's body may take so much longer than that of another request.
const LONGER: u32 = 4;

impl Limits {
    /// # Errors
    /// A limit is 0, or there are too many workers.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let counts = [
            ("body", self.body),
            ("sequences", self.sequences),
            ("length", self.length),
            ("jobs", self.jobs),
            ("queue", self.queue),
            ("workers", self.workers),
            ("connections", self.connections),
        ];
        if let Some((name, _)) = counts.iter().find(|(_, count)| *count == 0) {
            return Err(Error::Limit(format!("{name}: expected at least 1, found 0")));
        }
        if self.workers > MOST_WORKERS {
            return Err(Error::Limit(format!("workers: expected 1 to {MOST_WORKERS}, found {}", self.workers)));
        }
        if self.job_memory < LEAST_JOB_MEMORY {
            let found = self.job_memory;
            return Err(Error::Limit(format!("job memory: expected at least {LEAST_JOB_MEMORY} bytes, found {found}")));
        }
        if self.time.is_zero() {
            return Err(Error::Limit("time: expected more than 0 s".to_owned()));
        }
        Ok(())
    }

    /// The limits of the request of a job.
    pub(crate) fn of_jobs(&self) -> Self {
        Self {
            body: usize::try_from(self.job_memory / PART).unwrap_or(usize::MAX),
            sequences: usize::try_from(self.job_memory / EACH).unwrap_or(usize::MAX),
            body_time: self.body_time * LONGER,
            ..self.clone()
        }
    }

    /// Bytes that one call may take.
    pub(crate) fn memory_of_a_call(&self) -> u64 {
        self.memory.unwrap_or_else(rinalmo::default_budget) / self.workers.max(1) as u64
    }
}
