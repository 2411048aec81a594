//! The weights that a session starts with.

use burn::tensor::Device as BurnDevice;
use rinalmo_train::{Exchange, Options, Saved, Task, Trainer, start};
use rinalmo_weights::{Checkpoint, Document, OpenOptions};

use super::Folder;
use crate::Error;

/// Where the weights that a session starts with come from.
pub enum Start {
    /// Random initial weights.
    Fresh,
    /// Another model.
    From(Box<Checkpoint>),
    /// Another model's encoder.
    Encoder(Box<Checkpoint>),
    /// A checkpoint of this run.
    Saved(Box<Saved>),
}

/// Opens a model by name or path.
///
/// # Errors
/// No model of that name is on this machine, or the file is not a model.
pub fn open(name_or_path: &str) -> Result<Checkpoint, Error> {
    Ok(rinalmo_infer::checkpoint::open(name_or_path, &OpenOptions::default())?)
}

impl Start {
    /// The start of a new run.
    pub(crate) fn of(checkpoint: Option<Checkpoint>) -> Self {
        checkpoint.map_or(Self::Fresh, |checkpoint| Self::From(Box::new(checkpoint)))
    }

    /// The same, with fresh heads in place of the other model's unless `keep`.
    pub(crate) fn with_heads(self, keep: bool) -> Self {
        match self {
            Self::From(checkpoint) if !keep => Self::Encoder(checkpoint),
            other => other,
        }
    }

    /// The model that the weights come from, unless they are fresh or a checkpoint of this run.
    pub(crate) fn other_model(&self) -> Option<&Checkpoint> {
        match self {
            Self::From(checkpoint) | Self::Encoder(checkpoint) => Some(checkpoint),
            Self::Fresh | Self::Saved(_) => None,
        }
    }

    /// The start of a run that resumes: after its newest complete checkpoint, or as it started if none was written yet.
    /// Also returns why newer checkpoints are ignored.
    ///
    /// # Errors
    /// There are checkpoints and none is complete, or the model it started with cannot be opened.
    pub(crate) fn again(
        folder: &Folder,
        keep: usize,
        from: Option<&str>,
    ) -> Result<(Self, Vec<rinalmo_train::Error>), Error> {
        let latest = folder.checkpoints(keep).latest()?;
        let start = match latest.saved {
            Some(saved) => Self::Saved(Box::new(saved)),
            None if latest.skipped.is_empty() => Self::of(from.map(open).transpose()?),
            None => {
                let why: Vec<String> = latest.skipped.iter().map(ToString::to_string).collect();
                let message = format!("no checkpoint is complete\n{}", why.join("\n"));
                return Err(Error::Folder { folder: folder.path().to_owned(), message });
            }
        };
        Ok((start, latest.skipped))
    }

    /// The step after which the session starts.
    pub(crate) fn step(&self) -> u64 {
        if let Self::Saved(saved) = self { saved.state.step } else { 0 }
    }

    /// A trainer with these weights; `document` describes the model that is trained.
    ///
    /// # Errors
    /// Weights cannot be read, or an option is invalid.
    pub(crate) fn trainer<'t, T: Task, X: Exchange>(
        &self,
        task: &'t T,
        mut document: Document,
        options: Options,
        device: BurnDevice,
        exchange: X,
    ) -> Result<Trainer<'t, T, X>, Error> {
        let (config, seed) = (&document.config, options.seed);
        let model = match self {
            Self::Saved(saved) => return Ok(Trainer::resume(task, saved, options, device, exchange)?),
            Self::Fresh => start::fresh(config, seed, &device),
            Self::From(checkpoint) | Self::Encoder(checkpoint) => {
                document.license = checkpoint.meta.license.clone();
                match self {
                    Self::Encoder(_) => start::from_encoder(checkpoint, config, seed, &device)?,
                    _ => start::from_checkpoint(checkpoint, config, seed, &device)?,
                }
            }
        };
        Ok(Trainer::new(task, document, model, options, device, exchange)?)
    }
}
