//! Batches prepared ahead on threads, in the order in which one thread would return them.
//!
//! Worker `t` of `n` prepares every `n`-th batch into its own queue, and the queues are read in turn. A full
//! queue holds its worker back, so memory is that of the batches ahead. A worker ends with an error or a panic, and
//! either is the loader's last item: batches never end without a reason.

use std::any::Any;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use super::plan::Plan;
use super::{Batch, Sampler};
use crate::Error;

/// A step of a run: with the sampler's options, all that a run needs to resume.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Position {
    /// The epoch, from 0.
    pub epoch: u64,
    /// The step in it, from 0.
    pub step: usize,
}

/// An endless iterator of batches, epoch after epoch.
///
/// It ends only after an error.
pub struct Loader {
    workers: Vec<Worker>,
    given: usize,
}

type Queue = SyncSender<Result<Batch, Error>>;

struct Worker {
    queue: Receiver<Result<Batch, Error>>,
    thread: JoinHandle<()>,
}

impl Worker {
    fn start(ahead: usize, work: impl FnOnce(&Queue) + Send + 'static) -> Self {
        let (to, queue) = sync_channel(ahead.max(1));
        Self { queue, thread: std::thread::spawn(move || work(&to)) }
    }

    /// The next batch, or why there is none.
    fn next(&mut self) -> Result<Batch, Option<Error>> {
        self.queue.recv().map_err(|_| None)?.map_err(Some)
    }

    /// Why the worker ended without an error.
    fn why(self) -> Error {
        let said = match self.thread.join() {
            Ok(()) => "it ended without an error".to_owned(),
            Err(panic) => said(&*panic),
        };
        Error::Worker { said }
    }
}

/// The message of a panic.
fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "it panicked".to_owned())
}

impl Loader {
    /// Starts to prepare batches from `position` on with `threads` threads, each at most `ahead` batches ahead.
    pub fn start(sampler: Sampler, position: Position, threads: usize, ahead: usize) -> Self {
        let shared = Arc::new(Shared { sampler, plans: Mutex::new(Vec::new()) });
        let threads = threads.max(1);
        let begin = |first: usize| {
            let shared = shared.clone();
            Worker::start(ahead, move |to| shared.work(position, first, threads, to))
        };
        Self { workers: (0..threads).map(begin).collect(), given: 0 }
    }

    /// Ends all workers but the one whose turn it is, which is returned.
    fn end(&mut self) -> Option<Worker> {
        let turn = self.given % self.workers.len().max(1);
        let mut workers = std::mem::take(&mut self.workers);
        let last = (turn < workers.len()).then(|| workers.swap_remove(turn));
        let threads: Vec<JoinHandle<()>> = workers.into_iter().map(|worker| worker.thread).collect(); // queues are gone
        threads.into_iter().for_each(|thread| drop(thread.join())); // so they end
        last
    }
}

impl Iterator for Loader {
    type Item = Result<Batch, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let turn = self.given % self.workers.len().max(1);
        match self.workers.get_mut(turn)?.next() {
            Ok(batch) => {
                self.given += 1;
                Some(Ok(batch))
            }
            Err(error) => {
                let worker = self.end()?;
                Some(Err(error.unwrap_or_else(|| worker.why())))
            }
        }
    }
}

impl Drop for Loader {
    fn drop(&mut self) {
        if let Some(Worker { queue, thread }) = self.end() {
            drop(queue); // a worker whose queue is gone ends
            let _ = thread.join(); // its result is not needed
        }
    }
}

struct Shared {
    sampler: Sampler,
    plans: Mutex<Vec<(u64, Arc<Plan>)>>,
}

impl Shared {
    /// Prepares batches `first`, `first + stride`, … counted from `position`.
    fn work(&self, position: Position, first: usize, stride: usize, to: &Queue) {
        let Position { mut epoch, step } = position;
        let mut step = step + first;
        loop {
            let batch = self.plan(epoch).and_then(|plan| {
                if step >= plan.len() {
                    step -= plan.len();
                    epoch += 1;
                    return Ok(None);
                }
                self.sampler.batch(&plan, epoch, step).map(Some)
            });
            match batch {
                Ok(None) => continue,
                Ok(Some(batch)) => {
                    if to.send(Ok(batch)).is_err() {
                        return; // the loader is gone
                    }
                    step += stride;
                }
                Err(error) => {
                    let _ = to.send(Err(error)); // if the loader is gone, the worker also ends
                    return;
                }
            }
        }
    }

    /// The plan of an epoch, made once; plans from two epochs ago are dropped.
    fn plan(&self, epoch: u64) -> Result<Arc<Plan>, Error> {
        // A worker that panicked here left the list as it was.
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, plan)) = plans.iter().find(|(of, _)| *of == epoch) {
            return Ok(plan.clone());
        }
        let plan = Arc::new(self.sampler.plan(epoch)?);
        plans.retain(|(of, _)| of + 1 >= epoch);
        plans.push((epoch, plan.clone()));
        Ok(plan)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(step: usize) -> Batch {
        Batch { epoch: 0, step, len: 0, tokens: Vec::new(), targets: Vec::new(), rows: Vec::new() }
    }

    /// Two workers; the second one returns two batches and then runs `last`.
    fn loader(last: impl FnOnce(&Queue) + Send + 'static) -> Loader {
        let endless = Worker::start(1, |to| while to.send(Ok(batch(0))).is_ok() {});
        let ending = Worker::start(1, |to| {
            (0..2).for_each(|_| to.send(Ok(batch(1))).unwrap());
            last(to);
        });
        Loader { workers: vec![endless, ending], given: 0 }
    }

    fn last(mut loader: Loader) -> String {
        let given: Vec<usize> = loader.by_ref().take(5).map(|batch| batch.unwrap().step).collect();
        assert_eq!(given, [0, 1, 0, 1, 0]);
        let error = loader.next().unwrap().unwrap_err().to_string();
        assert!(loader.next().is_none() && loader.next().is_none());
        error
    }

    #[test]
    fn a_worker_that_panics_or_vanishes_ends_in_an_error() {
        let panics = last(loader(|_| panic!("index out of bounds")));
        assert!(panics.contains("index out of bounds"), "{panics}");
        let formatted = last(loader(|_| panic!("row {} of {}", 3, 2)));
        assert!(formatted.contains("row 3 of 2"), "{formatted}");
        assert!(last(loader(|_| {})).contains("ended without an error"));
    }

    #[test]
    fn an_error_of_a_worker_is_the_last_item() {
        let error = last(loader(|to| drop(to.send(Err(Error::Options("no more".into()))))));
        assert_eq!(error, "no more");
    }
}
