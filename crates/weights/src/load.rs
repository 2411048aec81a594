//! From a checkpoint to a model on a device, one tensor at a time.
//!
//! f32 tensors that are stored as the model needs them are used in place, without a copy: the CPU computes on the
//! mapped file. Everything else is converted, and its pages of the file are released at once: when the model is loaded
//! ([`load`]), so that there is one copy of the weights in memory, plus at most one tensor; or when a tensor is first
//! used ([`load_lazily`]), so that who packs a model block by block has only some tensors at a time.

use std::collections::BTreeSet;

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{AllocationProperty, Bytes, DType, Device, Tensor, TensorData};
use rinalmo_model::{Model, TensorSpec};

use crate::checkpoint::Checkpoint;
use crate::error::{Error, Misfit, Mismatch};

/// Loads a checkpoint's model to `device`, in f32.
///
/// # Errors
/// [`Error::Mismatch`] when model and checkpoint differ, which an opened [`Checkpoint`] rules out.
pub fn load(checkpoint: &Checkpoint, device: &Device) -> Result<Model, Error> {
    fill(checkpoint.config.init(device), checkpoint)
}

/// The same, but a tensor is read from its file when it is first used.
///
/// # Errors
/// As [`load`].
pub fn load_lazily(checkpoint: &Checkpoint, device: &Device) -> Result<Model, Error> {
    Filler::new(checkpoint, When::FirstUsed).fill(checkpoint.config.init(device))
}

/// Replaces every float parameter of `module` by the tensor of its path. Parameters keep their device, and those not
/// yet initialised are not initialised first.
///
/// # Errors
/// [`Error::Mismatch`], listing every parameter without a tensor, every tensor without a parameter, and every pair
/// whose shapes differ; [`Error::Io`] if the file was truncated meanwhile.
pub fn fill<M: Module>(module: M, checkpoint: &Checkpoint) -> Result<M, Error> {
    Filler::new(checkpoint, When::Now).fill(module)
}

/// When tensors are read from their file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    Now,
    FirstUsed,
}

struct Filler<'a> {
    checkpoint: &'a Checkpoint,
    when: When,
    path: Vec<String>,
    met: BTreeSet<String>,
    mismatch: Mismatch,
    /// An error if the file was truncated meanwhile.
    gone: Option<std::io::Error>,
}

impl<'a> Filler<'a> {
    fn new(checkpoint: &'a Checkpoint, when: When) -> Self {
        let (met, mismatch) = (BTreeSet::new(), Mismatch::default());
        Self { checkpoint, when, path: Vec::new(), met, mismatch, gone: None }
    }

    fn fill<M: Module>(mut self, module: M) -> Result<M, Error> {
        let module = module.map(&mut self);
        let Self { checkpoint, met, mut mismatch, gone, .. } = self;
        if let Some(cause) = gone {
            return Err(Error::io(checkpoint.path(), cause));
        }
        let unused = checkpoint.tensors().filter(|(name, _)| !met.contains(*name));
        mismatch.unused = unused.map(|(_, tensor)| tensor.key().to_owned()).collect();
        if mismatch.is_empty() {
            return Ok(module);
        }
        mismatch.model = "the module to fill".into();
        mismatch.fits = checkpoint.config.preset().map(|preset| preset.name);
        Err(checkpoint.mismatch(mismatch))
    }
}

/// A tensor's values in f32. If they had to be converted, its pages of the file are released.
fn read(tensor: &crate::Tensor) -> TensorData {
    let shape = tensor.shape.clone();
    match tensor.shared_f32() {
        Some(bytes) => TensorData::from_bytes(Bytes::from_shared(bytes, AllocationProperty::File), shape, DType::F32),
        None => {
            let data = TensorData::new(tensor.to_f32(), shape);
            tensor.release();
            data
        }
    }
}

/// An enum's variant is a level of the module tree, but not of our names.
fn is_variant(container: &str) -> bool {
    container.starts_with("Enum:")
}

impl ModuleMapper for Filler<'_> {
    fn enter_module(&mut self, name: &str, container: &str) {
        if !is_variant(container) {
            self.path.push(name.to_owned());
        }
    }

    fn exit_module(&mut self, _name: &str, container: &str) {
        if !is_variant(container) {
            self.path.pop();
        }
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (name, shape) = (self.path.join("."), param.lazy_shape().to_vec());
        let Some(tensor) = self.checkpoint.tensor(&name) else {
            self.mismatch.missing.push(TensorSpec { name, shape });
            return param;
        };
        self.met.insert(name);
        self.gone = self.gone.take().or_else(|| tensor.check_there().err());
        if self.gone.is_some() {
            return param;
        }
        if tensor.shape != shape {
            let reason = format!("has shape {:?}, the module expects {shape:?}", tensor.shape);
            self.mismatch.misfits.push(Misfit { name: tensor.key().to_owned(), reason });
            return param;
        }
        let (id, device) = (param.id, param.lazy_device());
        match self.when {
            When::Now => param.transform_for_load(Tensor::from_data(read(tensor), (&device, DType::F32)), id),
            When::FirstUsed => {
                let (tensor, shape) = (tensor.clone(), param.lazy_shape());
                let init = move |device: &Device, _| Tensor::from_data(read(&tensor), (device, DType::F32));
                Param::uninitialized(id, init, device, false, shape)
            }
        }
    }
}
