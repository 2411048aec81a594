//! The state of a run: all it needs to continue, besides weights and moments.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rinalmo_corpus::sample::Position;
use serde::{Deserialize, Serialize};

/// The state of a run. Dropout and batches depend only on it and the seed, so there is no other random state.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunState {
    /// The seed of everything random.
    pub seed: u64,
    /// Steps made.
    pub step: u64,
    /// The epoch of the last batch.
    pub epoch: u64,
    /// The next batch of each process; one past an epoch's last batch means the first batch of the next epoch.
    pub position: Position,
    /// How many processes the epoch is divided among.
    pub ranks: usize,
    /// Tokens seen by all processes, padding not counted.
    pub tokens: u64,
    /// Seconds spent in steps.
    pub seconds: f64,
    /// Running mean of the loss.
    #[serde(default)]
    pub loss: Option<f64>,
    /// Running mean of what the loss is below that of guessing, if the task knows how one would guess.
    #[serde(default)]
    pub gain: Option<f64>,
    /// The largest it was.
    #[serde(default)]
    pub most: Option<f64>,
    /// How often the run went back to a checkpoint; each time the rate was halved.
    #[serde(default)]
    pub returns: u64,
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

/// Requests that a run ends after the current step; clones refer to the same run.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Requests the stop. May be called from a signal handler.
    pub fn request(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether a stop was requested.
    pub fn requested(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

impl From<Arc<AtomicBool>> for Stop {
    /// A flag that other code sets, such as a handler of Ctrl-C.
    fn from(flag: Arc<AtomicBool>) -> Self {
        Self(flag)
    }
}

/// Why a run returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Its steps or epochs are done.
    Finished,
    /// A stop was requested; a checkpoint is written.
    Stopped,
    /// The time limit was reached; a checkpoint is written.
    OutOfTime,
}
