//! Processes started by `mpirun` or `srun`.
//!
//! A thread of its own makes all calls of MPI, so that gradients are sent while the backward pass runs; this side
//! passes it jobs and waits for results. `messenger.rs` explains why all ranks get the same bits.

mod messenger;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};

use messenger::{Answers, Job, Joined, Messenger};

use super::{Exchange, Share};
use crate::optimizer::gradients::Outline;
use crate::{Error, Gradients};

/// The processes of an MPI job. MPI is finalised once this was dropped in all processes, so it should live as long as
/// the program. There is one per process.
#[derive(Debug)]
pub struct Mpi {
    joined: Joined,
    jobs: Option<Sender<Job>>,
    numbers: Receiver<Vec<f64>>,
    gradients: Receiver<Vec<f32>>,
    started: VecDeque<Outline>,
    failing: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Mpi {
    /// Starts MPI and waits for the other processes. Without a launcher there is one process.
    ///
    /// # Errors
    /// If MPI was started before in this process, or does not work.
    pub fn begin() -> Result<Self, Error> {
        let (jobs, to_do) = channel();
        let (of_numbers, numbers) = channel();
        let (of_gradients, gradients) = channel();
        let (ready, joined) = channel();
        let failing = Arc::new(AtomicBool::new(false));
        let seen = failing.clone();
        let work = move || {
            if let Some((messenger, joined)) = Messenger::begin(seen) {
                let _ = ready.send(joined); // the caller waits for it
                messenger.work(&to_do, &Answers { numbers: of_numbers, gradients: of_gradients });
            }
        };
        let failed = |what: String| Error::Exchange(format!("MPI does not start: {what}"));
        let thread =
            thread::Builder::new().name("mpi".into()).spawn(work).map_err(|error| failed(error.to_string()))?;
        let joined = joined.recv().map_err(|_| failed("it was started before in this process".into()))?;
        let (jobs, thread, started) = (Some(jobs), Some(thread), VecDeque::new());
        Ok(Self { joined, jobs, numbers, gradients, started, failing, thread })
    }

    /// This process's rank among those on the same machine.
    pub fn here(&self) -> Share {
        self.joined.here
    }

    /// Threads this process may use so that the processes of its machine do not compete for cores.
    pub fn threads(&self) -> usize {
        self.joined.threads
    }

    /// Ends all processes with this exit code. Others that fail at the same time get a second to report their error.
    pub fn fail(&mut self, code: i32) -> ! {
        self.failing.store(true, Ordering::Relaxed);
        let _ = self.give(Job::Fail(code)); // without the thread only this process ends, and the launcher notices
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        std::process::exit(code)
    }

    fn give(&self, job: Job) -> Result<(), Error> {
        let jobs = self.jobs.as_ref().expect("only `drop` takes it");
        jobs.send(job).map_err(|_| gone())
    }
}

fn gone() -> Error {
    Error::Exchange("the thread that exchanges data with the other processes has ended".into())
}

impl Exchange for Mpi {
    fn share(&self) -> Share {
        self.joined.share
    }

    fn sum(&mut self, numbers: &mut [f64]) -> Result<(), Error> {
        self.give(Job::Numbers(numbers.to_vec()))?;
        numbers.copy_from_slice(&self.numbers.recv().map_err(|_| gone())?);
        Ok(())
    }

    fn start(&mut self, piece: Gradients) -> Result<(), Error> {
        let (flat, outline) = piece.flatten();
        self.started.push_back(outline);
        self.give(Job::Gradients(flat))
    }

    fn collect(&mut self) -> Result<Gradients, Error> {
        let mut all = Gradients::default();
        while let Some(outline) = self.started.pop_front() {
            let sums = self.gradients.recv().map_err(|_| gone())?;
            all.tensors.extend(outline.restore(&sums).tensors);
        }
        Ok(all)
    }
}

impl Drop for Mpi {
    fn drop(&mut self) {
        if thread::panicking() {
            self.fail(101); // as Rust ends a program that panics
        }
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
