//! Numbers on the device of a parameter: gradients and moments.
//!
//! On the CPU they are plain vectors that the kernels change in place. Elsewhere they are tensors that only leave their
//! device for a checkpoint or another process.

use burn::tensor::{DType, Device, Tensor, TensorData};
use rinalmo_kernels::{Level, add};

/// A flat list of f32.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant, reason = "there are a few for each parameter, and their values are larger")]
pub enum Values {
    /// In this process's memory.
    Host(Vec<f32>),
    /// On a device, without autodiff.
    Device(Tensor<1>),
}

/// The processor's best instructions, or those that the environment variable selects, if the processor has them.
pub(crate) fn level() -> Level {
    Level::current().unwrap_or_else(|_| Level::best())
}

/// Whether a device's memory is this process's memory.
fn is_host(device: &Device) -> bool {
    *device == Device::flex()
}

/// A tensor's values in row-major order.
pub(crate) fn read<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.try_into_vec_as::<f32>().expect("a float tensor reads back as f32")
}

impl Values {
    /// A tensor's values; not copied if no other reference to them exists.
    pub(crate) fn of<const D: usize>(tensor: Tensor<D>) -> Self {
        let tensor = tensor.inner();
        if is_host(&tensor.device()) {
            return Self::Host(read(tensor));
        }
        let count = tensor.dims().iter().product::<usize>();
        Self::Device(tensor.reshape([count]))
    }

    /// Zeros on a device.
    pub(crate) fn zeros(count: usize, device: &Device) -> Self {
        if is_host(device) {
            return Self::Host(vec![0.0; count]);
        }
        Self::Device(Tensor::zeros([count], (&device.clone().inner(), DType::F32)))
    }

    /// The same number of zeros on the same device.
    pub(crate) fn zeros_like(&self) -> Self {
        match self {
            Self::Host(values) => Self::Host(vec![0.0; values.len()]),
            Self::Device(tensor) => Self::Device(tensor.zeros_like()),
        }
    }

    /// Moves a list to `device`.
    pub(crate) fn from_host(values: Vec<f32>, device: &Device) -> Self {
        if is_host(device) {
            return Self::Host(values);
        }
        let count = values.len();
        Self::Device(Tensor::from_data(TensorData::new(values, [count]), (&device.clone().inner(), DType::F32)))
    }

    /// Number of values.
    #[allow(clippy::len_without_is_empty, reason = "no parameter is empty")]
    pub fn len(&self) -> usize {
        match self {
            Self::Host(values) => values.len(),
            Self::Device(tensor) => tensor.dims()[0],
        }
    }

    /// A copy in this process's memory.
    pub fn to_vec(&self) -> Vec<f32> {
        match self {
            Self::Host(values) => values.clone(),
            Self::Device(tensor) => read(tensor.clone()),
        }
    }

    /// Adds another list of the same length, on the same device.
    pub(crate) fn add(&mut self, other: Self) {
        match (self, other) {
            (Self::Host(sum), Self::Host(other)) => {
                add(level(), sum, &other).expect("gradients of one parameter have one length");
            }
            (Self::Device(sum), Self::Device(other)) => *sum = sum.clone() + other,
            _ => unreachable!("gradients of one parameter are on its device"),
        }
    }

    /// The values as a parameter's tensor.
    pub(crate) fn into_tensor<const D: usize>(self, shape: [usize; D], device: &Device) -> Tensor<D> {
        match self {
            Self::Host(values) => Tensor::from_data(TensorData::new(values, shape), (device, DType::F32)),
            Self::Device(tensor) => {
                let tensor = tensor.reshape(shape);
                if device.is_autodiff() { tensor.autodiff() } else { tensor }
            }
        }
    }
}
