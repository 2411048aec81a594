//! A job: what is asked, how far it is, and its results.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use serde::Serialize;
use tokio::sync::watch;

use super::room::Room;
use crate::failure::Failure;
use crate::sequences::{Found, Record};
use crate::verbs::plan::{Plan, Shown};

/// Where a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Others are before it.
    Waiting,
    /// It is being computed.
    Running,
    /// Each sequence has a result, or an error of its own.
    Done,
    /// It ended early.
    Failed,
    /// A client ended it.
    Cancelled,
}

impl State {
    /// Is nothing more to come?
    pub fn is_end(self) -> bool {
        !matches!(self, Self::Waiting | Self::Running)
    }

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// How far a job is.
#[derive(Clone, Debug, Serialize)]
pub struct Progress {
    /// Where it is.
    pub state: State,
    /// Sequences that have a result or an error.
    pub done: usize,
    /// Of these, sequences that have an error.
    pub failed: usize,
    /// Why the job ended early.
    #[serde(flatten)]
    pub why: Option<Failure>,
}

/// What clients see of a job.
#[derive(Serialize)]
pub struct Status<'a> {
    id: &'a str,
    verb: &'static str,
    model: &'a str,
    total: usize,
    #[serde(flatten)]
    progress: Progress,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    notes: &'a [String],
}

/// The records that are not computed yet.
type Records = Vec<Result<Record, Failure>>;

/// A job.
pub struct Job {
    pub id: String,
    verb: &'static str,
    model: String,
    total: usize,
    notes: Vec<String>,
    inner: Mutex<Inner>,
    /// Changed only while `inner` is locked.
    progress: watch::Sender<Progress>,
    room: Room,
}

struct Inner {
    /// Taken by the runner.
    work: Option<(Plan, Records)>,
    /// Bytes of the records.
    records: u64,
    /// Lines of results, as many at a time as were computed together.
    results: Vec<Bytes>,
    ended: Option<Instant>,
}

impl Job {
    /// A job that waits; the bytes of its records are in `room`.
    pub fn new(id: String, verb: &'static str, (plan, found): (Plan, Found), room: Room) -> Self {
        let progress = Progress { state: State::Waiting, done: 0, failed: 0, why: None };
        let (model, total, records) = (plan.model.name.clone(), found.records.len(), room.bytes());
        let work = Some((plan, found.records));
        let inner = Mutex::new(Inner { work, records, results: Vec::new(), ended: None });
        Self { id, verb, model, total, notes: found.notes, inner, progress: watch::Sender::new(progress), room }
    }

    /// Follows its progress.
    pub fn follow(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// Where it is.
    pub fn state(&self) -> State {
        self.progress.borrow().state
    }

    /// What clients see of it.
    pub fn status(&self, progress: Progress) -> Status<'_> {
        let Self { id, verb, model, total, notes, .. } = self;
        Status { id, verb, model, total: *total, progress, notes }
    }

    /// What clients see of it now.
    pub fn status_now(&self) -> Status<'_> {
        let progress = self.progress.borrow().clone();
        self.status(progress)
    }

    /// The `number`th results of those that were computed together, as lines of JSON.
    pub fn results(&self, number: usize) -> Option<Bytes> {
        self.lock().results.get(number).cloned()
    }

    /// Has it ended at least this long ago?
    pub fn is_older_than(&self, age: Duration) -> bool {
        self.lock().ended.is_some_and(|at| at.elapsed() >= age)
    }

    /// Begins it; `None` if it has ended.
    pub(super) fn begin(&self) -> Option<(Plan, Records)> {
        let work = self.lock().work.take()?;
        self.progress.send_modify(|progress| progress.state = State::Running);
        Some(work)
    }

    /// Adds results, unless the job has ended.
    ///
    /// # Errors
    /// There is no memory for them.
    pub(super) fn add(&self, shown: &[Shown]) -> Result<(), Failure> {
        let mut lines = String::with_capacity(shown.iter().map(|one| one.json.len() + 1).sum());
        for one in shown {
            lines.push_str(&one.json);
            lines.push('\n');
        }
        let mut inner = self.lock();
        if inner.ended.is_some() {
            return Ok(());
        }
        if !self.room.grow(lines.len() as u64) {
            let message = "the results of all jobs are larger than this server keeps; delete finished jobs, send less";
            return Err(Failure::too_large(message));
        }
        inner.results.push(Bytes::from(lines));
        self.progress.send_modify(|progress| {
            progress.done += shown.len();
            progress.failed += shown.iter().filter(|one| one.failure.is_some()).count();
        });
        Ok(())
    }

    /// Ends it, unless it has ended; says whether it did. Of a job that is not done, the results are deleted.
    pub(super) fn end(&self, state: State, why: Option<Failure>) -> bool {
        let mut inner = self.lock();
        if inner.ended.is_some() {
            return false;
        }
        inner.ended = Some(Instant::now());
        inner.work = None;
        self.room.shrink(inner.records);
        if state != State::Done {
            let results = std::mem::take(&mut inner.results);
            self.room.shrink(results.iter().map(|lines| lines.len() as u64).sum());
        }
        self.progress.send_modify(|progress| {
            progress.state = state;
            progress.why = why;
        });
        true
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
