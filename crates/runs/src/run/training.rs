//! A session's training: in a run's folder, logged, with checkpoints.

use rinalmo_train::{Ended, Exchange, Observer, Options, RunState, Stop, Task, ValidationReport};
use rinalmo_weights::Document;

use super::{Folder, Start};
use crate::Error;
use crate::log::{About, RunLog};
use rinalmo_infer::Device;

/// What is trained, and where it is saved.
pub(crate) struct Training<'a, T> {
    /// The run's folder.
    pub(crate) folder: &'a Folder,
    /// What its log says of it.
    pub(crate) about: About,
    /// The weights that the session starts with.
    pub(crate) start: &'a Start,
    /// The task.
    pub(crate) task: &'a T,
    /// The description of the model that is trained.
    pub(crate) document: Document,
    /// How it is trained.
    pub(crate) options: Options,
    /// The run's config, for its checkpoints.
    pub(crate) config: toml::Table,
    /// So many of the last checkpoints are kept.
    pub(crate) keep: usize,
    /// Where it is trained.
    pub(crate) device: &'a Device,
}

/// The result of a session's training.
pub(crate) struct Trained {
    /// Why it ended, and its last validation.
    pub(crate) outcome: Result<(Ended, Option<ValidationReport>), Error>,
    /// Where the run stands.
    pub(crate) state: RunState,
}

impl<T: Task> Training<'_, T> {
    /// Trains until it is done or asked to stop. Only the first process calls the observer and writes.
    ///
    /// # Errors
    /// Training could not start. Later errors are the outcome.
    pub(crate) fn go<X: Exchange>(
        self,
        exchange: X,
        stop: &Stop,
        observer: &mut dyn Observer,
    ) -> Result<Trained, Error> {
        let mut silent = ();
        let mut log = match exchange.share().rank {
            0 => Some(RunLog::open(self.folder.path(), &self.about, self.start.step(), stop, observer)?),
            _ => None,
        };
        let observer = log.as_mut().map_or(&mut silent as &mut dyn Observer, |log| log);
        let device = self.device.burn().clone().autodiff();
        let (ended, state) = {
            let mut trainer = self.start.trainer(self.task, self.document, self.options, device, exchange)?;
            trainer.describe(serde_json::to_value(self.config).expect("a table is made of values"));
            let ended = trainer.run(Some(&self.folder.checkpoints(self.keep)), stop, observer);
            (ended, trainer.state().clone())
        };
        let done = ended.as_ref().is_ok_and(|ended| *ended == Ended::Finished);
        let logged = log.map(|log| log.finish(done)).transpose();
        let outcome = ended.map_err(Error::from).and_then(|ended| Ok((ended, logged?.flatten())));
        Ok(Trained { outcome, state })
    }
}
