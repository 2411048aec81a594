//! Batches prepared ahead on threads, in the order in which one thread would give them.
//!
//! Worker `t` of `n` prepares every `n`-th batch into a queue of its own, and the queues are read in turn. A full
//! queue holds its worker back, so memory is that of the batches ahead.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use super::plan::Plan;
use super::{Batch, Sampler};
use crate::Error;

/// A step of a run. What a run needs to go on, besides the sampler's options.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Position {
    /// The epoch, from 0.
    pub epoch: u64,
    /// The step in it, from 0.
    pub step: usize,
}

/// An endless iterator of batches, epoch after epoch.
///
/// After an error it ends.
pub struct Loader {
    queues: Vec<Receiver<Result<Batch, Error>>>,
    workers: Vec<JoinHandle<()>>,
    given: usize,
}

impl Loader {
    /// Begins to prepare batches from `position` on with so many threads, each at most `ahead` batches ahead.
    pub fn start(sampler: Sampler, position: Position, threads: usize, ahead: usize) -> Self {
        let shared = Arc::new(Shared { sampler, plans: Mutex::new(Vec::new()) });
        let threads = threads.max(1);
        let begin = |first: usize| {
            let (to, queue) = sync_channel(ahead.max(1));
            let shared = shared.clone();
            (queue, std::thread::spawn(move || shared.work(position, first, threads, &to)))
        };
        let (queues, workers) = (0..threads).map(begin).unzip();
        Self { queues, workers, given: 0 }
    }
}

impl Iterator for Loader {
    type Item = Result<Batch, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let queue = self.given % self.queues.len().max(1);
        let batch = self.queues.get(queue)?.recv().ok()?;
        self.given += 1;
        if batch.is_err() {
            self.queues.clear();
        }
        Some(batch)
    }
}

impl Drop for Loader {
    fn drop(&mut self) {
        self.queues.clear(); // a worker whose queue is gone ends
        for worker in self.workers.drain(..) {
            let _ = worker.join();
        }
    }
}

struct Shared {
    sampler: Sampler,
    plans: Mutex<Vec<(u64, Arc<Plan>)>>,
}

impl Shared {
    /// Prepares batches `first`, `first + stride`, … counted from `position`.
    fn work(&self, position: Position, first: usize, stride: usize, to: &SyncSender<Result<Batch, Error>>) {
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
                        return; // nobody wants more
                    }
                    step += stride;
                }
                Err(error) => {
                    let _ = to.send(Err(error)); // and if nobody wants it, that is the end too
                    return;
                }
            }
        }
    }

    /// The plan of an epoch, made once; those two epochs back are forgotten.
    fn plan(&self, epoch: u64) -> Result<Arc<Plan>, Error> {
        let mut plans = self.plans.lock().expect("no worker panics while it plans");
        if let Some((_, plan)) = plans.iter().find(|(of, _)| *of == epoch) {
            return Ok(plan.clone());
        }
        let plan = Arc::new(self.sampler.plan(epoch)?);
        plans.retain(|(of, _)| of + 1 >= epoch);
        plans.push((epoch, plan.clone()));
        Ok(plan)
    }
}
