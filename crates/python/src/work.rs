//! Runs work without Python's lock, and stops it for Ctrl-C.
//!
//! The work runs on a pool. The calling thread waits for it, and looks often whether a signal has come. If so, its
//! exception is raised at once. The work that was begun sees that it is to stop at its next item; what it still computes
//! is dropped. Training is waited for, as it writes a checkpoint first.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use pyo3::prelude::*;

use crate::{error, pool};

/// How often the calling thread looks for signals.
const TICK: Duration = Duration::from_millis(50);

const ENDED: &str = "the work ended without a result";

/// Is the work to stop?
#[derive(Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Nobody needs the result any more.
    pub fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn ask(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// The flag itself, for code that looks at one.
    pub fn flag(&self) -> Arc<AtomicBool> {
        self.0.clone()
    }
}

/// Runs `work` on a pool of so many threads.
///
/// # Errors
/// The exception of a signal that came meanwhile, or an error of the pool or of a panic.
pub fn run<T: Send + 'static>(
    py: Python<'_>,
    threads: Option<usize>,
    work: impl FnOnce(&Stop) -> T + Send + 'static,
) -> PyResult<T> {
    let pool = pool::of(threads).map_err(|message| error::input(py, message))?;
    let (stop, (sender, mut receiver)) = (Stop::default(), channel());
    let seen = stop.clone();
    pool.spawn(move || {
        let result = catch_unwind(AssertUnwindSafe(|| work(&seen)));
        let _ = sender.send(result); // nobody listens after a signal
    });
    loop {
        let receiver = &mut receiver;
        match py.detach(move || receiver.recv_timeout(TICK)) {
            Ok(Ok(result)) => return Ok(result),
            Ok(Err(panic)) => return Err(error::failure(py, of_panic(&*panic))),
            Err(RecvTimeoutError::Timeout) => py.check_signals().inspect_err(|_| stop.ask())?,
            Err(RecvTimeoutError::Disconnected) => return Err(error::failure(py, ENDED)),
        }
    }
}

/// Hands reports of work to the thread that called it.
pub struct Reports<E>(Box<dyn Fn(E) + Send + Sync>);

impl<E> Reports<E> {
    /// Returns when the report was heard.
    pub fn give(&self, report: E) {
        (self.0)(report);
    }
}

enum Message<T, E> {
    /// Whoever waits for the sender's end goes on when the report was heard.
    Report(E, Sender<()>),
    Done(thread::Result<T>),
}

/// Runs `work` on a pool of so many threads, and hands its reports to `hear` on the calling thread, which returns
/// whether the work goes on.
///
/// The pool is the work's own: a thread of it waits while a report is heard, and `hear` may run other work, for which
/// that thread might be the only one.
///
/// If it does not, or raises an exception, or a signal comes, the work is asked to stop and then waited for, as it has
/// something to save. A second signal ends the wait.
///
/// # Errors
/// The exception of `hear` or of a signal, when the work has ended; an error of the pool or of a panic.
pub fn reporting<T: Send + 'static, E: Send + 'static>(
    py: Python<'_>,
    threads: Option<usize>,
    mut hear: impl FnMut(E) -> PyResult<bool>,
    work: impl FnOnce(&Stop, &Reports<E>) -> T + Send + 'static,
) -> PyResult<T> {
    let pool = pool::own(threads).map_err(|message| error::input(py, message))?;
    let (stop, (sender, mut receiver)) = (Stop::default(), channel());
    let (seen, teller) = (stop.clone(), sender.clone());
    let reports = Reports(Box::new(move |report| {
        let (heard, wait) = channel();
        if teller.send(Message::Report(report, heard)).is_ok() {
            let _ = wait.recv(); // the other end is dropped when the report was heard
        }
    }));
    pool.spawn(move || {
        let result = catch_unwind(AssertUnwindSafe(|| work(&seen, &reports)));
        let _ = sender.send(Message::Done(result)); // nobody listens after a second signal
    });
    let mut raised = None;
    loop {
        let receiver = &mut receiver;
        let message = py.detach(move || receiver.recv_timeout(TICK));
        let mut wrong = match py.check_signals() {
            Err(second) if raised.is_some() => return Err(second),
            checked => checked.err(),
        };
        match message {
            Ok(Message::Report(report, heard)) => {
                if raised.is_none() && wrong.is_none() {
                    match hear(report) {
                        Ok(true) => (),
                        Ok(false) => stop.ask(),
                        Err(exception) => wrong = Some(exception),
                    }
                }
                drop(heard);
            }
            Ok(Message::Done(result)) => {
                return match wrong.or(raised) {
                    Some(exception) => Err(exception),
                    None => result.map_err(|panic| error::failure(py, of_panic(&*panic))),
                };
            }
            Err(RecvTimeoutError::Timeout) => (),
            Err(RecvTimeoutError::Disconnected) => return Err(error::failure(py, ENDED)),
        }
        if wrong.is_some() {
            stop.ask();
            raised = wrong;
        }
    }
}

fn of_panic(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
    format!("a mistake in rinalmo, please report it: {text}")
}

/// All results, in order: until one is an error unless `all` are asked for, or until the work is to stop.
pub fn gathered<R, E>(mut results: impl Iterator<Item = Result<R, E>>, all: bool, stop: &Stop) -> Vec<Result<R, E>> {
    let mut gathered = Vec::new();
    while !stop.is_asked() {
        let Some(result) = results.next() else { break };
        let is_last = result.is_err() && !all;
        gathered.push(result);
        if is_last {
            break;
        }
    }
    gathered
}
