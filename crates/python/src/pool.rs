//! Pools of threads.
//!
//! There is one for each number of threads that is asked for, apart from rayon's own, which the command uses. A process
//! that was forked has none of its parent's threads, so it gets new pools. Work that waits for Python has a pool to
//! itself.

use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use rayon::{ThreadPool, ThreadPoolBuilder};

/// More than any machine has cores, and each takes memory.
const MOST: usize = 1024;

static POOLS: Mutex<Pools> = Mutex::new(Pools { process: 0, pools: Vec::new() });

struct Pools {
    /// The process that the threads are in.
    process: u32,
    pools: Vec<(usize, Arc<ThreadPool>)>,
}

/// A pool of so many threads; by default as many as `RAYON_NUM_THREADS` says, or as the machine has cores.
///
/// # Errors
/// No pool can have so many threads, or the system gives none.
pub fn of(threads: Option<usize>) -> Result<Arc<ThreadPool>, String> {
    let threads = number(threads)?;
    let mut all = POOLS.lock().unwrap_or_else(PoisonError::into_inner);
    if all.process != std::process::id() {
        all.process = std::process::id();
        mem::forget(mem::take(&mut all.pools)); // their threads are in another process, so they cannot be ended
    }
    if let Some((_, pool)) = all.pools.iter().find(|(number, _)| *number == threads) {
        return Ok(pool.clone());
    }
    let pool = Arc::new(new(threads)?);
    all.pools.push((threads, pool.clone()));
    Ok(pool)
}

/// A pool for one piece of work alone. Its threads end with the work, even if the pool is dropped before.
///
/// # Errors
/// As of [`of`].
pub fn own(threads: Option<usize>) -> Result<ThreadPool, String> {
    new(number(threads)?)
}

/// Rayon's number of threads, where 0 is its default.
fn number(threads: Option<usize>) -> Result<usize, String> {
    match threads {
        Some(found) if !(1..=MOST).contains(&found) => Err(format!("threads: expected 1 to {MOST}, found {found}")),
        threads => Ok(threads.unwrap_or(0)),
    }
}

fn new(threads: usize) -> Result<ThreadPool, String> {
    ThreadPoolBuilder::new().num_threads(threads).build().map_err(|error| format!("threads: {error}"))
}
