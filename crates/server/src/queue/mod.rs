//! What waits to be computed, and the threads that compute it.
//!
//! A worker takes the request that has waited longest, and with it all that ask the same of the same model, up to a
//! number of bases. If these are few, and requests have come one soon after the other, it waits some milliseconds for
//! more; a client that asks again only when it has its answer would wait for nobody. The library packs sequences without
//! padding, so results do not depend on what is computed together.
//!
//! A request whose client is gone, or whose time is up, has dropped its receiver; it is not computed.

mod question;
mod worker;

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::Limits;
use crate::failure::Failure;
use crate::metrics::Metrics;
use crate::models::{Entry, Models};
use crate::options::Log;
pub use question::{Answer, FoldAnswer, Folding, Item, Question};

/// Bases of a call from which it does not wait for more: about what the library encodes at a time.
const FULL: usize = 4096;

/// What is asked of which model. Requests that agree in this are computed together.
#[derive(Clone)]
pub struct Ask {
    pub models: Arc<Models>,
    pub model: Arc<Entry>,
    pub question: Question,
}

impl Ask {
    fn is_like(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.model, &other.model) && self.question == other.question
    }
}

/// The answer for each sequence.
type Answers = Vec<Result<Answer, Failure>>;

/// Where answers arrive.
type Receiver = oneshot::Receiver<Result<Answers, Failure>>;

/// A question about sequences, and who waits for the answers.
struct Asked {
    ask: Ask,
    items: Vec<Item>,
    reply: oneshot::Sender<Result<Answers, Failure>>,
}

/// Work that waits.
enum Work {
    Asked(Box<Asked>),
    /// Work that has nothing to do with a model. It returns at once if nobody waits for it.
    Alone(Box<dyn FnOnce() + Send>),
}

struct Waiting {
    work: Work,
    bases: usize,
    since: Instant,
    /// Whether others came shortly before it, so that more may follow; of the first it is not known.
    among_others: bool,
}

impl Waiting {
    fn is_wanted(&self) -> bool {
        match &self.work {
            Work::Asked(asked) => !asked.reply.is_closed(),
            Work::Alone(_) => true,
        }
    }
}

/// A waiting queue with its workers. They end after [`Queue::close`].
pub struct Queue {
    shared: Arc<Shared>,
    most: usize,
    time: Duration,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    gather: Duration,
    metrics: Arc<Metrics>,
    log: Log,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Waiting>,
    /// When the latest request came.
    latest: Option<Instant>,
    is_closed: bool,
}

impl Queue {
    /// Starts the workers.
    ///
    /// # Errors
    /// The system has no threads.
    pub fn start(limits: &Limits, metrics: Arc<Metrics>, log: Log) -> io::Result<Self> {
        let state = Mutex::default();
        let shared = Arc::new(Shared { state, changed: Condvar::new(), gather: limits.gather, metrics, log });
        for number in 1..=limits.workers {
            let shared = shared.clone();
            std::thread::Builder::new().name(format!("worker {number}")).spawn(move || worker::work(&shared))?;
        }
        Ok(Self { shared, most: limits.queue, time: limits.time })
    }

    /// Asks something about sequences. There is an answer for each, in their order.
    ///
    /// # Errors
    /// 429 if too many requests wait, 503 if the time is up or the server stops, or an error of all sequences.
    pub async fn ask(&self, ask: Ask, items: Vec<Item>) -> Result<Answers, Failure> {
        let answers = self.asked(ask, items, self.most)?;
        self.within_time(self.wait(answers)).await?
    }

    /// Asks something that may wait and take as long as it does: a piece of a job, of which there is one at a time.
    ///
    /// # Errors
    /// 503 if the server stops, or an error of all sequences.
    pub async fn ask_patiently(&self, ask: Ask, items: Vec<Item>) -> Result<Answers, Failure> {
        let answers = self.asked(ask, items, usize::MAX)?;
        self.wait(answers).await?
    }

    fn asked(&self, ask: Ask, items: Vec<Item>, most: usize) -> Result<Receiver, Failure> {
        let (reply, answers) = oneshot::channel();
        let bases = items.iter().map(|item| item.sequence.len()).sum();
        self.push(Work::Asked(Box::new(Asked { ask, items, reply })), bases, most)?;
        Ok(answers)
    }

    /// Runs work that has nothing to do with a model.
    ///
    /// # Errors
    /// As [`Queue::ask`].
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
        let (reply, done) = oneshot::channel();
        let work = Box::new(move || {
            if !reply.is_closed() {
                let _ = reply.send(work()); // the client may be gone by now
            }
        });
        self.push(Work::Alone(work), 0, self.most)?;
        self.within_time(self.wait(done)).await
    }

    /// Requests that wait.
    pub fn waiting(&self) -> usize {
        self.shared.lock().waiting.iter().filter(|waiting| waiting.is_wanted()).count()
    }

    /// Refuses what waits and what comes. What is being computed is computed to its end.
    pub fn close(&self) {
        let mut state = self.shared.lock();
        state.is_closed = true;
        state.waiting.clear();
        drop(state);
        self.shared.changed.notify_all();
    }

    fn push(&self, work: Work, bases: usize, most: usize) -> Result<(), Failure> {
        let mut state = self.shared.lock();
        if state.is_closed {
            return Err(stopping());
        }
        if state.waiting.len() >= most {
            self.shared.forget(&mut state);
        }
        if state.waiting.len() >= most {
            let waiting = state.waiting.len();
            return Err(Failure::overloaded(format!("{waiting} requests are waiting; try again later")));
        }
        let since = Instant::now();
        let among_others = state.latest.is_none_or(|latest| since - latest < self.shared.gather);
        state.latest = Some(since);
        state.waiting.push_back(Waiting { work, bases, since, among_others });
        drop(state);
        self.shared.changed.notify_all(); // one that gathers, or one that is idle
        Ok(())
    }

    async fn wait<T>(&self, receiver: oneshot::Receiver<T>) -> Result<T, Failure> {
        receiver.await.map_err(|_| {
            if self.shared.lock().is_closed {
                return stopping();
            }
            Failure::backend("the computation failed; the server's log says why")
        })
    }

    async fn within_time<T>(&self, answer: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        tokio::time::timeout(self.time, answer).await.unwrap_or_else(|_| {
            let seconds = self.time.as_secs_f64();
            Err(Failure::unavailable(format!("no result within {seconds} s; send less at a time, or post a job")))
        })
    }
}

/// Why what waits is not computed.
pub fn stopping() -> Failure {
    Failure::unavailable("the server stops")
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Removes requests that nobody waits for.
    fn forget(&self, state: &mut State) {
        let before = state.waiting.len();
        state.waiting.retain(Waiting::is_wanted);
        self.metrics.dropped(before - state.waiting.len());
    }

    /// Waits for work, and gathers what can be computed together; `None` if the queue is closed.
    fn next(&self) -> Option<Vec<Waiting>> {
        let mut state = self.lock();
        loop {
            self.forget(&mut state);
            match state.waiting.pop_front() {
                Some(first) => return Some(self.gather(first, state)),
                None if state.is_closed => return None,
                None => state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    /// Adds what asks the same as the first, until the call is full or the time is up.
    fn gather(&self, first: Waiting, mut state: MutexGuard<'_, State>) -> Vec<Waiting> {
        let until = if first.among_others { first.since + self.gather } else { first.since };
        let mut bases = first.bases;
        let mut batch = vec![first];
        let Work::Asked(asked) = &batch[0].work else { return batch };
        let ask = asked.ask.clone();
        loop {
            for waiting in std::mem::take(&mut state.waiting) {
                let is_like = matches!(&waiting.work, Work::Asked(asked) if asked.ask.is_like(&ask));
                if is_like && bases < FULL {
                    bases += waiting.bases;
                    batch.push(waiting);
                } else {
                    state.waiting.push_back(waiting);
                }
            }
            let now = Instant::now();
            if bases >= FULL || now >= until || state.is_closed {
                return batch;
            }
            (state, _) = self.changed.wait_timeout(state, until - now).unwrap_or_else(PoisonError::into_inner);
        }
    }
}
