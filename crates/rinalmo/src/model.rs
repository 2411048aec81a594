//! A model ready to use: weights on a device, and what is known about them.

use std::fmt;

use rinalmo_model::ModelConfig;
use rinalmo_weights::{Checkpoint, Metadata, OpenOptions};

use crate::{Device, Error};

/// Threshold of structure models whose file says none, as multimolecule folds.
const NEUTRAL_THRESHOLD: f32 = 0.5;

/// An encoder with its heads, loaded onto a device.
///
/// ```
/// use rinalmo::{Device, FoldOptions, Model};
///
/// # #[cfg(feature = "bundled")] {
/// let model = Model::bundled(&Device::cpu())?;
/// let folds = model.fold(&["GGGGAAACCCC"], &FoldOptions::default())?;
/// println!("{}", folds[0].dot_bracket());
/// # }
/// # Ok::<(), rinalmo::Error>(())
/// ```
pub struct Model {
    pub(crate) network: rinalmo_model::Model,
    pub(crate) config: ModelConfig,
    pub(crate) meta: Metadata,
    pub(crate) device: Device,
    checkpoint: Checkpoint,
}

impl Model {
    /// Loads a model by name (of the one in the box, or of a downloaded one: see
    /// [`crate::checkpoint`]) or from a path: an official `.pt`, a multimolecule directory, or
    /// our own form.
    ///
    /// # Errors
    /// Where nothing of that name is here, or the file is not a model.
    pub fn load(name_or_path: &str, device: &Device) -> Result<Self, Error> {
        Self::load_with(name_or_path, &OpenOptions::default(), device)
    }

    /// The same with options: the number of heads where a file cannot tell it.
    ///
    /// # Errors
    /// As [`Model::load`].
    pub fn load_with(name_or_path: &str, options: &OpenOptions, device: &Device) -> Result<Self, Error> {
        Self::from_checkpoint(crate::checkpoint::open(name_or_path, options)?, device)
    }

    /// Loads the model in the box.
    ///
    /// # Errors
    /// Never in a sound build.
    #[cfg(feature = "bundled")]
    pub fn bundled(device: &Device) -> Result<Self, Error> {
        Self::from_checkpoint(crate::bundled::checkpoint()?, device)
    }

    /// Puts an opened checkpoint's weights onto a device.
    ///
    /// # Errors
    /// If its tensors cannot be read.
    pub fn from_checkpoint(checkpoint: Checkpoint, device: &Device) -> Result<Self, Error> {
        let network = rinalmo_weights::load(&checkpoint, device.burn())?;
        let (config, meta) = (checkpoint.config.clone(), checkpoint.meta.clone());
        Ok(Self { network, config, meta, device: device.clone(), checkpoint })
    }

    /// Its sizes.
    pub fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// Its name, threshold, scaler, labels, provenance, licence.
    pub fn metadata(&self) -> &Metadata {
        &self.meta
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.meta.name
    }

    /// SHA-256 of the file its weights came from, in hex; computed when first asked for.
    pub fn sha256(&self) -> &str {
        self.checkpoint.sha256()
    }

    /// The device it is on.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The threshold its structures are decoded with by default.
    pub fn threshold(&self) -> f32 {
        self.meta.threshold.unwrap_or(NEUTRAL_THRESHOLD)
    }

    /// The error of a verb that needs a head this model has not.
    pub(crate) fn lacks(&self, head: &'static str) -> Error {
        let mut found = Vec::from_iter(self.config.mlm.then_some("masked-language"));
        found.extend(self.config.head.as_ref().map(|head| head.task()));
        let found = if found.is_empty() { "none".to_owned() } else { found.join(", ") };
        Error::NoHead { model: self.meta.name.clone(), head, found }
    }

    /// Is a sequence of `len` bases one that the encoder can take?
    pub(crate) fn check_len(&self, len: usize) -> Result<(), Error> {
        match self.config.encoder.max_len() {
            _ if len == 0 => Err(Error::EmptySequence),
            Some(max) if len + 2 > max => Err(Error::TooLongForPositions { len, max: max.saturating_sub(2) }),
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Model").field("name", &self.meta.name).field("config", &self.config).finish_non_exhaustive()
    }
}
