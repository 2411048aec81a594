//! What a run begins with, or goes on behind.

use burn::tensor::Device as BurnDevice;
use rinalmo_train::{Exchange, Options, Saved, Task, Trainer, start};
use rinalmo_weights::{Checkpoint, Document, OpenOptions};

use super::Folder;
use crate::Error;

/// Where the weights come from that a session begins with.
pub(crate) enum Start {
    /// Nowhere yet.
    Fresh,
    /// Another model.
    From(Box<Checkpoint>),
    /// Another model's encoder.
    Encoder(Box<Checkpoint>),
    /// This run's own past.
    Saved(Box<Saved>),
}

/// Opens a model by name or path.
///
/// # Errors
/// Nothing of that name is here, or the file is not a model.
pub fn open(name_or_path: &str) -> Result<Checkpoint, Error> {
    Ok(rinalmo_infer::checkpoint::open(name_or_path, &OpenOptions::default())?)
}

impl Start {
    /// Of a run that begins.
    pub(crate) fn of(checkpoint: Option<Checkpoint>) -> Self {
        checkpoint.map_or(Self::Fresh, |checkpoint| Self::From(Box::new(checkpoint)))
    }

    /// The same with fresh heads.
    pub(crate) fn without_heads(self) -> Self {
        match self {
            Self::From(checkpoint) => Self::Encoder(checkpoint),
            other => other,
        }
    }

    /// Of a run that goes on: behind its newest whole checkpoint, or as it began where none was written yet. Told with it
    /// are the checkpoints that were passed over.
    ///
    /// # Errors
    /// There are checkpoints and none is whole, or the model it began with cannot be opened.
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
                let message = format!("no checkpoint is whole\n{}", why.join("\n"));
                return Err(Error::Folder { folder: folder.path().to_owned(), message });
            }
        };
        Ok((start, latest.skipped))
    }

    /// The step it is behind.
    pub(crate) fn step(&self) -> u64 {
        if let Self::Saved(saved) = self { saved.state.step } else { 0 }
    }

    /// A trainer with these weights; `document` says what a fresh or foreign model becomes.
    ///
    /// # Errors
    /// Weights cannot be read, or an option has no sense.
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
