//! The thread that talks MPI: only it ever calls the library, one job after the other.
//!
//! MPI moves bytes and adds nothing: every rank gets its part of the list from all others, adds them up in the order of
//! ranks, and sends the sum to all. So the bits of a sum depend on nothing but the ranks' numbers, and are the same
//! everywhere because they were made in one place. It moves as much as the best all-reduce.
//!
//! Whoever comes first waits for the others asleep: a library that looks for messages without a pause would take the
//! core from the threads that compute. When all have come, they call what blocks.

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

/// Numbers that travel at once, 16 MB: few enough for two buffers of them, and many enough for the network.
const WINDOW: usize = 4 << 20;
/// How long to sleep before looking again whether all have come, at first and at most.
const SLEEP: [Duration; 2] = [Duration::from_micros(20), Duration::from_micros(500)];
/// How long a rank that failed waits for others that fail of the same, so that each can say why.
const GRACE: Duration = Duration::from_secs(1);

/// What there is to do. All ranks are given the same in the same order, but for the last.
pub(super) enum Job {
    /// Sum over ranks.
    Numbers(Vec<f64>),
    /// Sum over ranks.
    Gradients(Vec<f32>),
    /// End all ranks with this exit code.
    Fail(i32),
}

/// Where answers go, in the order of the jobs.
pub(super) struct Answers {
    pub(super) numbers: Sender<Vec<f64>>,
    pub(super) gradients: Sender<Vec<f32>>,
}

/// What is known when all have come together.
#[derive(Debug, Clone, Copy)]
pub(super) struct Joined {
    /// Among all.
    pub(super) share: Share,
    /// Among those of this machine.
    pub(super) here: Share,
    /// Threads a process may have.
    pub(super) threads: usize,
}

/// The thread's own.
pub(super) struct Messenger {
    failing: Arc<AtomicBool>,
    world: SimpleCommunicator,
    farewell: SimpleCommunicator,
    ranks: usize,
    buffers: [Vec<f32>; 2],
    _universe: Universe, // the last to go: its end is MPI's
}

impl Messenger {
    /// Begins MPI in this thread; none where somebody did before. `failing` ends every wait for others.
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

    /// Does jobs until nobody has any, or nobody wants to know.
    pub(super) fn work(mut self, jobs: &Receiver<Job>, answers: &Answers) {
        for job in jobs {
            let heard = match job {
                Job::Fail(code) => self.fail(code),
                _ if !self.meet() => continue, // a job to fail comes next
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

    /// Waits for all others; says whether all came.
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
        self.world.all_to_all_into(&mine[..], &mut theirs[..]); // this rank's part, of each rank
        let (sum, others) = theirs.split_at_mut(part);
        for other in others.chunks_exact(part) {
            rinalmo_kernels::add(level(), sum, other).expect("parts are of one length");
        }
        self.world.all_gather_into(&*sum, &mut mine[..]); // the sum of each rank's part
        numbers.copy_from_slice(&mine[..numbers.len()]);
    }

    /// Ends all ranks, this one too.
    fn fail(&self, code: i32) -> ! {
        let begun = Instant::now();
        wait(&self.farewell, || begun.elapsed() < GRACE);
        self.world.abort(code)
    }
}

fn of(communicator: &SimpleCommunicator) -> Share {
    Share { rank: communicator.rank() as usize, ranks: communicator.size() as usize }
}

/// Sleeps until all of a group have come here, or `patient` says no; says whether all came.
fn wait(group: &SimpleCommunicator, patient: impl Fn() -> bool) -> bool {
    let mut coming = group.immediate_barrier();
    let [mut pause, longest] = SLEEP;
    loop {
        match coming.test() {
            Ok(_) => return true,
            Err(still) => coming = still,
        }
        if !patient() {
            std::mem::forget(coming); // nobody will complete it: the process ends by MPI's abort
            return false;
        }
        thread::sleep(pause);
        pause = (2 * pause).min(longest);
    }
}
