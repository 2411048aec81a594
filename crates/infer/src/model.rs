//! A loaded model: weights on a device, with their metadata.

use std::fmt;
use std::sync::OnceLock;

use rinalmo_kernels::Level;
use rinalmo_model::cpu::{CpuModel, Precision};
use rinalmo_model::{ModelConfig, Network, OnDevice};
use rinalmo_weights::{Checkpoint, Metadata, NotFinite, OpenOptions};

use crate::device::Failed;
use crate::{Device, Error, Method};

/// Threshold of structure models whose file has none; multimolecule uses the same.
const NEUTRAL_THRESHOLD: f32 = 0.5;

/// How a model is loaded.
///
/// ```
/// use rinalmo_infer::{LoadOptions, Precision};
///
/// let options = LoadOptions::default().precision(Precision::F32).max_memory(4 << 30);
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct LoadOptions {
    /// Attention heads, if neither the file nor its description says; models of a published size have 20.
    pub heads: Option<usize>,
    /// What products are computed in. By default bf16 on a CPU that has dot products for it, else f32; other devices
    /// compute in f32.
    pub precision: Option<Precision>,
    /// Bytes that work on sequences may take, without the weights; by default most of the free memory.
    pub max_memory: Option<u64>,
}

impl LoadOptions {
    /// Sets [`LoadOptions::heads`].
    #[must_use]
    pub fn heads(mut self, heads: impl Into<Option<usize>>) -> Self {
        self.heads = heads.into();
        self
    }

    /// Sets [`LoadOptions::precision`].
    #[must_use]
    pub fn precision(mut self, precision: impl Into<Option<Precision>>) -> Self {
        self.precision = precision.into();
        self
    }

    /// Sets [`LoadOptions::max_memory`], in bytes.
    #[must_use]
    pub fn max_memory(mut self, max_memory: impl Into<Option<u64>>) -> Self {
        self.max_memory = max_memory.into();
        self
    }
}

/// An encoder with its heads, loaded onto a device.
///
/// ```
/// use rinalmo_infer::{Device, FoldOptions, Model};
///
/// # #[cfg(feature = "bundled")] {
/// let model = Model::bundled(&Device::cpu())?;
/// let folds = model.fold(&["GGGGAAACCCC"], &FoldOptions::default())?;
/// println!("{}", folds[0].dot_bracket());
/// # }
/// # Ok::<(), rinalmo_infer::Error>(())
/// ```
pub struct Model {
    pub(crate) network: Box<dyn Network>,
    pub(crate) config: ModelConfig,
    pub(crate) meta: Metadata,
    pub(crate) device: Device,
    pub(crate) precision: Precision,
    pub(crate) checkpoint: Checkpoint,
    /// Bytes that work may take, if limited.
    pub(crate) max_memory: Option<u64>,
    /// A weight that is not finite; searched for only after a result was not finite.
    pub(crate) broken: OnceLock<Option<NotFinite>>,
}

/// The instructions that the CPU kernels use: the fastest of this processor, or those that `RINALMO_KERNELS` names, such
/// as `avx512bf16`.
///
/// # Errors
/// If the variable names instructions that are unknown or that this processor does not have.
pub fn kernel_level() -> Result<&'static str, Error> {
    Ok(Level::current()?.name())
}

impl Model {
    /// Loads a model by name (of a bundled or a downloaded model, see [`crate::checkpoint`]) or
    /// from a path: an official `.pt`, a multimolecule directory, or a `.safetensors` file of
    /// this program.
    ///
    /// # Errors
    /// No model of that name is on this machine, or the file is not a model.
    pub fn load(name_or_path: &str, device: &Device) -> Result<Self, Error> {
        Self::load_with(name_or_path, &LoadOptions::default(), device)
    }

    /// The same with options.
    ///
    /// # Errors
    /// As [`Model::load`].
    pub fn load_with(name_or_path: &str, options: &LoadOptions, device: &Device) -> Result<Self, Error> {
        let checkpoint = crate::checkpoint::open(name_or_path, &OpenOptions::default().heads(options.heads))?;
        let model = Self::from_checkpoint(checkpoint, options.precision, device)?;
        Ok(Self { max_memory: options.max_memory, ..model })
    }

    /// Loads the bundled model.
    ///
    /// # Errors
    /// Only if the program was built with a damaged model.
    #[cfg(feature = "bundled")]
    pub fn bundled(device: &Device) -> Result<Self, Error> {
        Self::from_checkpoint(crate::bundled::first()?, None, device)
    }

    /// Puts an opened checkpoint's weights onto a device, with the precision of [`LoadOptions`].
    ///
    /// # Errors
    /// If its tensors cannot be read, or the device does not compute in that precision.
    pub fn from_checkpoint(
        checkpoint: Checkpoint,
        precision: Option<Precision>,
        device: &Device,
    ) -> Result<Self, Error> {
        let level = Level::current()?;
        let precision = match (device.is_cpu(), precision) {
            (true, precision) => precision.unwrap_or_else(|| Precision::auto(level)),
            (false, None | Some(Precision::F32)) => Precision::F32,
            (false, Some(Precision::Bf16)) if device.name().is_torch() => Precision::Bf16,
            (false, Some(other)) => {
                let (name, device) = (other.name(), device.name());
                let fits = if device.is_torch() { "f32 and bf16" } else { "f32" };
                return Err(Error::Options(format!("device {device} computes in {fits}, {name} is for the CPU")));
            }
        };
        let network: Box<dyn Network> = if device.is_cpu() {
            Box::new(CpuModel::new(rinalmo_weights::load_lazily(&checkpoint, device.burn())?, precision, level))
        } else {
            let network = OnDevice::new(rinalmo_weights::load(&checkpoint, device.burn())?, device.burn().clone());
            Box::new(if precision == Precision::Bf16 { network.in_bf16() } else { network })
        };
        Ok(Self {
            network,
            config: checkpoint.config.clone(),
            meta: checkpoint.meta.clone(),
            device: device.clone(),
            precision,
            checkpoint,
            max_memory: None,
            broken: OnceLock::new(),
        })
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

    /// The precision of its matrix products.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// A line on what computes: the device, the precision and, on the CPU, the kernels and threads.
    pub fn computes_with(&self) -> String {
        let (device, precision) = (self.device.name(), self.precision.name());
        match (self.device.is_cpu(), Level::current()) {
            (true, Ok(level)) => {
                format!("{device}, {precision}, {level} kernels, {} threads", rayon::current_num_threads())
            }
            _ => format!("{device}, {precision}"),
        }
    }

    /// The threshold its structures are decoded with by default.
    pub fn threshold(&self) -> f32 {
        self.meta.threshold.unwrap_or(NEUTRAL_THRESHOLD)
    }

    /// How its structures are decoded by default.
    ///
    /// # Errors
    /// Its description names an unknown method.
    pub fn method(&self) -> Result<Method, Error> {
        let Some(name) = &self.meta.decode else { return Ok(Method::Greedy) };
        let unknown = || {
            format!("model `{}` decodes by `{name}`, known are greedy, nested and f1; update the program", self.name())
        };
        Method::find(name).ok_or_else(|| Error::Options(unknown()))
    }

    /// The error of a verb whose head this model lacks.
    pub(crate) fn lacks(&self, head: &'static str) -> Error {
        let mut found = Vec::from_iter(self.config.mlm.then_some("masked-language"));
        found.extend(self.config.head.as_ref().map(|head| head.task()));
        let found = if found.is_empty() { "none".to_owned() } else { found.join(", ") };
        Error::NoHead { model: self.meta.name.clone(), head, found }
    }

    /// Runs the network. A device that fails in the middle of its work is an error.
    pub(crate) fn ask<T>(&self, question: impl FnOnce(&dyn Network) -> T) -> Result<T, Failed> {
        self.device.guard(|| question(&*self.network))
    }

    /// Checks that the encoder can take a sequence of `len` bases.
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
