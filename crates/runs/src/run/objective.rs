//! What a run trains for. Everything that pre-training and fine-tuning do alike is in [`Run`]; everything that only one
//! of them does is in its [`Objective`].

use rinalmo_model::ModelConfig;
use rinalmo_train::{Share, Task, Validation};
use rinalmo_weights::{Checkpoint, Document};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Folder, Run, RunConfig, Start, export};
use crate::Error;
use crate::log::Terms;
use rinalmo_infer::Device;

/// What a run trains for: masked letters of a corpus, or a task of fine-tuning.
pub trait Objective: Sized {
    /// The config of its runs.
    type Config: RunConfig;
    /// Where its data are.
    type Data;
    /// What a run's record holds on its data.
    type Known: Serialize + DeserializeOwned;
    /// The task for the training loop.
    type Task: Task;
    /// The task with all that its data decide.
    type Prepared;
    /// The size of an epoch.
    type Epoch;

    /// Whether the validation of the best model is reported; otherwise the last one is.
    const REPORTS_BEST: bool;

    /// Its name in configs.
    fn objective(&self) -> &'static str;

    /// What the log reports.
    fn terms() -> Terms;

    /// Reads the data of a new run, which starts with the weights of `from`, or with random ones.
    ///
    /// # Errors
    /// A file cannot be read, or does not fit the config or the model.
    fn begin(
        &self,
        config: Self::Config,
        data: Self::Data,
        from: Option<&Checkpoint>,
        device: &Device,
        share: Share,
    ) -> Result<Ready<Self>, Error>;

    /// Reads the data of a run that resumes. `known` is what its record holds on them, `moved` where they are now.
    ///
    /// # Errors
    /// The run is for something else, or the data changed since it began.
    fn again(&self, begun: Begun<'_, Self>, device: &Device, share: Share) -> Result<Ready<Self>, Error>;

    /// The task for the training loop.
    fn task(prepared: &Self::Prepared) -> &Self::Task;

    /// The size of an epoch, and its batches in this process.
    ///
    /// # Errors
    /// The data cannot be read.
    fn epoch(run: &Run<Self>) -> Result<(Self::Epoch, u64), Error>;

    /// Adds to the description of the trained model, first of all where its weights come from. The text depends only on
    /// what was trained.
    fn describe(run: &Run<Self>, document: &mut Document);

    /// Prepares what only training needs; may use a file at `scratch`, which is deleted afterwards.
    ///
    /// # Errors
    /// The file cannot be written, or the config is invalid for these data.
    fn before_training(run: Run<Self>, _scratch: &std::path::Path) -> Result<Run<Self>, Error> {
        Ok(run)
    }

    /// Writes the best model, and returns its step.
    ///
    /// # Errors
    /// A file cannot be read or written.
    fn export(run: &Run<Self>) -> Result<Option<u64>, Error> {
        export(&run.folder, run.config.keep())
    }

    /// Tests the best model of a finished run, if there are test data.
    ///
    /// # Errors
    /// The model cannot be read.
    fn test(_run: &mut Run<Self>) -> Result<Option<Validation>, Error> {
        Ok(None)
    }
}

/// Config, model and data of a run, checked and ready to train.
pub struct Ready<O: Objective> {
    /// The config with every key that the data and the model decide.
    pub config: O::Config,
    /// The sizes of the model.
    pub model: ModelConfig,
    /// The task with its data.
    pub prepared: O::Prepared,
    /// What the record holds on the data.
    pub known: O::Known,
}

/// A run as it is found in its folder.
pub struct Begun<'f, O: Objective> {
    /// The run's folder.
    pub folder: &'f Folder,
    /// The config to continue with.
    pub config: O::Config,
    /// What the record holds on the data.
    pub known: O::Known,
    /// Where the data are now, if they were moved.
    pub moved: Option<O::Data>,
    /// The weights that the session starts with.
    pub start: &'f Start,
}
