//! Jobs: long work that a client does not wait for.
//!
//! A client posts a job and gets its id at once; it asks later how far the job is, and fetches the results. Jobs are
//! computed one after the other, in pieces that wait in the queue like any request, so that short requests are answered
//! meanwhile (`run.rs`). Jobs, their number, and the memory of their sequences and results are limited, and a job that has
//! ended is forgotten after a while. All of it is in memory: a server that stops forgets its jobs.

mod job;
mod room;
mod run;

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::Limits;
use crate::failure::Failure;
use crate::queue::stopping;
use crate::sequences::{Found, Record};
use crate::verbs::plan::Plan;
pub use job::{Job, Progress, State, Status};
use room::{Pool, Room};
pub use run::run;

/// Bytes of a record beside its letters and names, about.
const EACH: u64 = 400;

/// All jobs that are kept.
pub struct Jobs {
    kept: Mutex<Kept>,
    posted: Notify,
    pool: Pool,
    most: usize,
    age: Duration,
    number: AtomicU64,
    random: RandomState,
}

#[derive(Default)]
struct Kept {
    /// In the order in which they were posted.
    jobs: Vec<Arc<Job>>,
    is_closed: bool,
}

impl Jobs {
    /// No jobs.
    pub fn new(limits: &Limits) -> Self {
        Self {
            kept: Mutex::default(),
            posted: Notify::new(),
            pool: Pool::new(limits.job_memory),
            most: limits.jobs,
            age: limits.job_age,
            number: AtomicU64::new(0),
            random: RandomState::new(),
        }
    }

    /// Takes memory for a request of so many bytes that is about to be read.
    ///
    /// # Errors
    /// 429 if there is no place for another job, or no memory for its request; 503 if the server stops.
    pub fn admit(&self, bytes: u64) -> Result<Room, Failure> {
        self.check(&mut self.lock())?;
        self.pool.take(bytes).ok_or_else(full)
    }

    /// Keeps a job whose request was read; `room` is that of the request.
    ///
    /// # Errors
    /// As [`Jobs::admit`].
    pub fn post(&self, verb: &'static str, (plan, found): (Plan, Found), room: Room) -> Result<Arc<Job>, Failure> {
        let bytes = found.records.iter().map(bytes).sum();
        room.shrink(u64::MAX);
        if !room.grow(bytes) {
            return Err(full());
        }
        let mut kept = self.lock();
        self.check(&mut kept)?;
        let job = Arc::new(Job::new(self.id(), verb, (plan, found), room));
        kept.jobs.push(job.clone());
        drop(kept);
        self.posted.notify_one();
        Ok(job)
    }

    /// The job of this id.
    ///
    /// # Errors
    /// 404 if there is none.
    pub fn find(&self, id: &str) -> Result<Arc<Job>, Failure> {
        let mut kept = self.lock();
        self.forget_old(&mut kept);
        kept.jobs.iter().find(|job| job.id == id).cloned().ok_or_else(unknown)
    }

    /// All of them, in the order in which they were posted.
    pub fn all(&self) -> Vec<Arc<Job>> {
        let mut kept = self.lock();
        self.forget_old(&mut kept);
        kept.jobs.clone()
    }

    /// Ends the job of this id, if it has not ended, and forgets it.
    ///
    /// # Errors
    /// 404 if there is none.
    pub fn delete(&self, id: &str) -> Result<Arc<Job>, Failure> {
        let mut kept = self.lock();
        let at = kept.jobs.iter().position(|job| job.id == id).ok_or_else(unknown)?;
        let job = kept.jobs.remove(at);
        drop(kept);
        job.end(State::Cancelled, None);
        Ok(job)
    }

    /// Ends all jobs that have not ended, and refuses further ones. Returns how many it ended.
    pub fn close(&self) -> usize {
        let mut kept = self.lock();
        kept.is_closed = true;
        kept.jobs.iter().filter(|job| job.end(State::Failed, Some(stopping()))).count()
    }

    /// Bytes of sequences and results.
    pub fn bytes(&self) -> u64 {
        self.pool.taken()
    }

    /// Forgets jobs that ended a while ago.
    fn sweep(&self) {
        self.forget_old(&mut self.lock());
    }

    fn forget_old(&self, kept: &mut Kept) {
        kept.jobs.retain(|job| !job.is_older_than(self.age));
    }

    /// Is there a place for another job?
    fn check(&self, kept: &mut Kept) -> Result<(), Failure> {
        self.forget_old(kept);
        if kept.is_closed {
            return Err(stopping());
        }
        if kept.jobs.len() >= self.most {
            let most = self.most;
            return Err(Failure::overloaded(format!("{most} jobs are kept; delete one, or try again later")));
        }
        Ok(())
    }

    /// The first job that waits.
    async fn next(&self) -> Arc<Job> {
        loop {
            let waiting = self.lock().jobs.iter().find(|job| job.state() == State::Waiting).cloned();
            match waiting {
                Some(job) => return job,
                None => self.posted.notified().await,
            }
        }
    }

    /// A name that no other job has, also not one of the server before a restart. It is no secret.
    fn id(&self) -> String {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        format!("{:016x}", self.random.hash_one(number))
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Bytes that a record takes, about.
fn bytes(record: &Result<Record, Failure>) -> u64 {
    let own = match record {
        Ok(Record { record, constraint, reactivities }) => {
            let letters = record.sequence.len();
            let constraint = if constraint.is_some() { 16 * letters } else { 0 };
            let reactivities = reactivities.as_ref().map_or(0, |all| 8 * all.len());
            record.id.len() + record.header.len() + letters + constraint + reactivities
        }
        Err(failure) => failure.message.len(),
    };
    EACH + own as u64
}

fn unknown() -> Failure {
    Failure::not_found("no job has this id; it may have been deleted, or have ended long ago")
}

fn full() -> Failure {
    Failure::overloaded("the jobs that are kept leave no memory for this one; delete one, or try again later")
}
