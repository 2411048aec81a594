//! Where a run stands: all it needs to go on besides weights and moments.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rinalmo_corpus::sample::Position;
use serde::{Deserialize, Serialize};

/// Where a run stands. Dropout and batches depend on it and the seed alone, so there is no other random state.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunState {
    /// What everything random depends on.
    pub seed: u64,
    /// Steps taken.
    pub step: u64,
    /// The epoch of the last batch taken.
    pub epoch: u64,
    /// The next batch of each process; one past an epoch's last stands for the next epoch's first.
    pub position: Position,
    /// How many processes shared the epoch.
    pub ranks: usize,
    /// Tokens seen by all processes, padding not counted.
    pub tokens: u64,
    /// Seconds spent in steps.
    pub seconds: f64,
    /// Running mean of the loss.
    #[serde(default)]
    pub loss: Option<f64>,
    /// The validation score at this very step, lower is better.
    #[serde(default)]
    pub score: Option<f64>,
    /// The best score so far.
    #[serde(default)]
    pub best: Option<Best>,
    /// Validations since then.
    #[serde(default)]
    pub worse: u64,
}

/// The best validation so far.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Best {
    /// The step after which it was.
    pub step: u64,
    /// Its score, lower is better.
    pub score: f64,
}

/// Asks a run to end after the step at hand; clones ask the same run.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Asks. May be called from a signal handler.
    pub fn request(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Was it asked?
    pub fn requested(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

impl From<Arc<AtomicBool>> for Stop {
    /// A flag that somebody else raises, such as a handler of Ctrl-C.
    fn from(flag: Arc<AtomicBool>) -> Self {
        Self(flag)
    }
}

/// Why a run returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Its steps or epochs are done.
    Finished,
    /// It was asked to stop; a checkpoint is written.
    Stopped,
    /// Its time was up; a checkpoint is written.
    OutOfTime,
}
