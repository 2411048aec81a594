//! A run in trouble goes back to its last good checkpoint and continues at a lower rate, with the batches after those of
//! the trouble.

use rinalmo_corpus::sample::Position;

use super::{Observer, ReturnReport, RunState, Trainer};
use crate::checkpoint::{Checkpoints, Saved};
use crate::{Divergence, Error, Exchange, Task};

/// The rate is multiplied by this with each return.
const SLOWER: f64 = 0.5;

/// What the schedule's rate is multiplied by after so many returns.
pub(super) fn factor(returns: u64) -> f64 {
    SLOWER.powi(i32::try_from(returns).unwrap_or(i32::MAX))
}

impl<T: Task, X: Exchange> Trainer<'_, T, X> {
    /// Goes back, if there is a checkpoint to go back to and the run has not done so too often. All processes of a run
    /// meet the same trouble and read the same checkpoint.
    pub(super) fn go_back(
        &mut self,
        trouble: &Divergence,
        checkpoints: Option<&Checkpoints>,
        observer: &mut dyn Observer,
    ) -> Result<bool, Error> {
        let Some(checkpoints) = checkpoints.filter(|_| self.state.returns < self.options.retries) else {
            return Ok(false);
        };
        let Some(saved) = last_good(checkpoints, trouble.well)? else { return Ok(false) };
        let (model, document) = saved.model(&self.device)?;
        self.optimizer = saved.optimizer(self.options.optimizer, &self.device)?;
        (self.model, self.document) = (Some(model), document);
        let (returns, ranks) = (self.state.returns + 1, self.state.ranks);
        let Position { epoch, step } = trouble.at.last().copied().unwrap_or(self.state.position);
        let position = Position { epoch, step: step + 1 };
        self.state = RunState { returns, ranks, position, ..saved.state };
        (self.saved, self.validated) = (None, None);
        self.exchange.sum(&mut [0.0])?; // until every process has read it
        if self.leads() {
            checkpoints.forget_after(self.state.step)?;
            let (step, from, what) = (self.state.step, trouble.step, trouble.what.clone());
            observer.returned(&ReturnReport { step, from, what, factor: factor(returns) });
        }
        self.save(Some(checkpoints), observer)?; // so that a run that is resumed knows the lower rate
        Ok(true)
    }
}

/// The newest checkpoint of a step up to `well`, or else the oldest that there is. Damaged ones are passed over.
fn last_good(checkpoints: &Checkpoints, well: u64) -> Result<Option<Saved>, Error> {
    let (before, after): (Vec<u64>, Vec<u64>) = checkpoints.steps()?.into_iter().partition(|step| *step <= well);
    let steps = before.into_iter().rev().chain(after);
    Ok(steps.map(|step| Saved::open(&checkpoints.path(step))).find_map(Result::ok))
}
