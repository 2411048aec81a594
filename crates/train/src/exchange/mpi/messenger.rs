//! The thread that calls MPI: only it uses the library, for one job after the other.
//!
//! MPI only moves bytes: every rank receives its part of the list from all others, adds the parts in the order of
//! ranks, and sends the sum to all. So the bits of a sum depend only on the numbers of the ranks, and are the same
//! everywhere because they are computed in one place. This moves as many bytes as the best all-reduce.
//!
//! A rank that is ready waits for the others asleep: a library that polls for messages would take the core from the
//! threads that compute. When all are ready, they make the blocking calls.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use mpi::Threading;
use mpi::environment::Universe;
use mpi::topology::SimpleCommunicator;
use mpi::traits::{Communicator, CommunicatorCollectives};

use crate::Share;
use crate::exchange::cores;
use crate::optimizer::values::level;

/// Numbers that are sent at once, 16 MB: few enough for two buffers of them, and enough for the network's full speed.
const WINDOW: usize = 4 << 20;
/// Time to sleep before checking again whether all ranks are ready: at first, and at most.
const SLEEP: [Duration; 2] = [Duration::from_micros(20), Duration::from_micros(500)];
/// How long a failed rank waits for others that fail for the same reason, so that each can report it.
const GRACE: Duration = Duration::from_secs(1);

/// A job for the thread. All ranks pass the same jobs in the same order, except the last.
pub(super) enum Job {
    /// Sum over ranks.
    Numbers(Vec<f64>),
    /// Sum over ranks.
    Gradients(Vec<f32>),
    /// End all ranks with this exit code.
    Fail(i32),
}

/// Channels for results, in the order of the jobs.
pub(super) struct Answers {
    pub(super) numbers: Sender<Vec<f64>>,
    pub(super) gradients: Sender<Vec<f32>>,
}

/// What is known when all ranks have joined.
#[derive(Debug, Clone, Copy)]
pub(super) struct Joined {
    /// Rank among all processes.
    pub(super) share: Share,
    /// Rank among those of this machine.
    pub(super) here: Share,
    /// Threads this process may use.
    pub(super) threads: usize,
}

/// The state of the thread.
pub(super) struct Messenger {
    failing: Arc<AtomicBool>,
    world: SimpleCommunicator,
    farewell: SimpleCommunicator,
    ranks: usize,
    buffers: [Vec<f32>; 2],
    _universe: Universe, // dropped last: this finalises MPI
}

impl Messenger {
    /// Starts MPI in this thread; `None` if it was started before. `failing` ends every wait for others.
    pub(super) fn begin(failing: Arc<AtomicBool>) -> Option<(Self, Joined)> {
        let (universe, _) = mpi::initialize_with_threading(Threading::Funneled)?;
        let world = universe.world();
        let share = of(&world);
        let machine = world.split_shared(world.rank());
        let own = cores::own();
        let mut all = vec![own; machine.size() as usize];
        machine.all_gather_into(&own[..], all.as_flattened_mut());
        let available = thread::available_parallelism().map_or(1, usize::from);
        let joined = Joined { share, here: of(&machine), threads: cores::threads(&own, &all, available) };
        let farewell = world.duplicate();
        let (ranks, buffers) = (share.ranks, [Vec::new(), Vec::new()]);
        Some((Self { failing, world, farewell, ranks, buffers, _universe: universe }, joined))
    }

    /// Runs jobs until the channel of jobs or that of results is closed.
    pub(super) fn work(mut self, jobs: &Receiver<Job>, answers: &Answers) {
        for job in jobs {
            let heard = match job {
                Job::Fail(code) => self.fail(code),
                _ if !self.meet() => continue, // a `Fail` job is next
                Job::Numbers(numbers) => answers.numbers.send(self.sum(&numbers)).is_ok(),
                Job::Gradients(mut flat) => {
                    flat.chunks_mut(WINDOW).for_each(|window| self.add(window));
                    answers.gradients.send(flat).is_ok()
                }
            };
            if !heard {
                return;
            }
        }
    }

    /// Waits for all others; returns whether all are ready.
    fn meet(&self) -> bool {
        wait(&self.world, || !self.failing.load(Ordering::Relaxed))
    }

    fn sum(&self, numbers: &[f64]) -> Vec<f64> {
        if numbers.is_empty() {
            return Vec::new();
        }
        let mut all = vec![0.0; numbers.len() * self.ranks];
        self.world.all_gather_into(numbers, &mut all[..]);
        let of_rank = |at: usize| all[at..].iter().step_by(numbers.len());
        (0..numbers.len()).map(|at| of_rank(at).sum()).collect()
    }

    /// Replaces numbers by their sums.
    fn add(&mut self, numbers: &mut [f32]) {
        let part = numbers.len().div_ceil(self.ranks);
        let [mine, theirs] = &mut self.buffers;
        mine.clear();
        mine.extend_from_slice(numbers);
        mine.resize(part * self.ranks, 0.0);
        theirs.resize(part * self.ranks, 0.0);
        self.world.all_to_all_into(&mine[..], &mut theirs[..]); // this rank's part, from each rank
        let (sum, others) = theirs.split_at_mut(part);
        for other in others.chunks_exact(part) {
            rinalmo_kernels::add(level(), sum, other).expect("parts have one length");
        }
        self.world.all_gather_into(&*sum, &mut mine[..]); // the sum of each rank's part
        numbers.copy_from_slice(&mine[..numbers.len()]);
    }

    /// Ends all ranks, including this one.
    fn fail(&self, code: i32) -> ! {
        let begun = Instant::now();
        wait(&self.farewell, || begun.elapsed() < GRACE);
        self.world.abort(code)
    }
}

fn of(communicator: &SimpleCommunicator) -> Share {
    Share { rank: communicator.rank() as usize, ranks: communicator.size() as usize }
}

/// Sleeps until all ranks of a group are here, or `patient` returns false; returns whether all are here.
fn wait(group: &SimpleCommunicator, patient: impl Fn() -> bool) -> bool {
    let mut coming = group.immediate_barrier();
    let [mut pause, longest] = SLEEP;
    loop {
        match coming.test() {
            Ok(_) => return true,
            Err(still) => coming = still,
        }
        if !patient() {
            std::mem::forget(coming); // it is never completed: MPI's abort ends the process
            return false;
        }
        thread::sleep(pause);
        pause = (2 * pause).min(longest);
    }
}
