//! Which processor computes: chosen by name at run time among those built in.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::str::FromStr;

use burn::tensor::{Device as BurnDevice, Tensor};

use crate::Error;

/// A device's name, as `--device` takes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceName {
    /// The first that works: CUDA, a GPU through wgpu, the CPU.
    #[default]
    Auto,
    /// The CPU, always there.
    Cpu,
    /// The n-th GPU through wgpu (Vulkan, Metal or DX12); the system's choice without a number.
    Wgpu(Option<usize>),
    /// The CPU through LibTorch.
    TchCpu,
    /// The n-th CUDA GPU through LibTorch.
    TchCuda(usize),
    /// Apple's GPU through LibTorch.
    TchMps,
    /// The n-th CUDA GPU through Burn's own kernels.
    Cuda(usize),
}

impl DeviceName {
    /// The cargo feature that builds this device in, where it needs one.
    fn feature(self) -> Option<(&'static str, bool)> {
        match self {
            Self::Auto | Self::Cpu => None,
            Self::Wgpu(_) => Some(("wgpu", cfg!(feature = "wgpu"))),
            Self::TchCpu | Self::TchCuda(_) | Self::TchMps => Some(("tch", cfg!(feature = "tch"))),
            Self::Cuda(_) => Some(("cuda", cfg!(feature = "cuda"))),
        }
    }
}

impl fmt::Display for DeviceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => write!(f, "auto"),
            Self::Cpu => write!(f, "cpu"),
            Self::Wgpu(None) => write!(f, "wgpu"),
            Self::Wgpu(Some(n)) => write!(f, "wgpu:{n}"),
            Self::TchCpu => write!(f, "tch:cpu"),
            Self::TchCuda(n) => write!(f, "tch:cuda:{n}"),
            Self::TchMps => write!(f, "tch:mps"),
            Self::Cuda(n) => write!(f, "cuda:{n}"),
        }
    }
}

impl FromStr for DeviceName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let unknown = || Error::UnknownDevice { found: text.to_owned() };
        let number = |n: &str| n.parse::<usize>().map_err(|_| unknown());
        Ok(match text.split(':').collect::<Vec<_>>()[..] {
            ["auto"] => Self::Auto,
            ["cpu"] => Self::Cpu,
            ["wgpu"] => Self::Wgpu(None),
            ["wgpu", n] => Self::Wgpu(Some(number(n)?)),
            ["tch", "cpu"] => Self::TchCpu,
            ["tch", "cuda"] => Self::TchCuda(0),
            ["tch", "cuda", n] => Self::TchCuda(number(n)?),
            ["tch", "mps"] => Self::TchMps,
            ["cuda"] => Self::Cuda(0),
            ["cuda", n] => Self::Cuda(number(n)?),
            _ => return Err(unknown()),
        })
    }
}

/// An opened device.
#[derive(Clone, Debug)]
pub struct Device {
    name: DeviceName,
    inner: BurnDevice,
}

impl Device {
    /// The CPU.
    pub fn cpu() -> Self {
        Self { name: DeviceName::Cpu, inner: BurnDevice::flex() }
    }

    /// Opens a device by name and runs one operation on it, so that a missing driver is an error
    /// now and not in the middle of a run.
    ///
    /// # Errors
    /// If the device is not built in ([`Error::DeviceNotBuilt`], naming the feature) or does not
    /// answer ([`Error::Device`]).
    pub fn open(name: DeviceName) -> Result<Self, Error> {
        if let Some((feature, false)) = name.feature() {
            return Err(Error::DeviceNotBuilt { device: name.to_string(), feature });
        }
        match name {
            DeviceName::Auto => Ok(Self::first_that_works()),
            name => try_open(name).map_err(|reason| Error::Device { device: name.to_string(), reason }),
        }
    }

    fn first_that_works() -> Self {
        [DeviceName::TchCuda(0), DeviceName::Cuda(0), DeviceName::Wgpu(Some(0))]
            .into_iter()
            .filter(|name| matches!(name.feature(), Some((_, true))))
            .find_map(|name| try_open(name).ok())
            .unwrap_or_else(Self::cpu)
    }

    /// The name it was opened by; never [`DeviceName::Auto`].
    pub fn name(&self) -> DeviceName {
        self.name
    }

    /// Is it the CPU through Burn's own backend?
    pub fn is_cpu(&self) -> bool {
        self.name == DeviceName::Cpu
    }

    /// The tensor framework's handle.
    pub fn burn(&self) -> &BurnDevice {
        &self.inner
    }
}

impl Default for Device {
    fn default() -> Self {
        Self::cpu()
    }
}

/// Opens a device and adds two numbers on it. Backends report a missing driver by panicking;
/// their message becomes the reason.
fn try_open(name: DeviceName) -> Result<Device, String> {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| ()));
    let result = catch_unwind(AssertUnwindSafe(|| {
        let inner = handle(name);
        let sum = (Tensor::<1>::ones([2], &inner) + 1.0).sum().into_scalar::<f32>();
        (inner, sum)
    }));
    std::panic::set_hook(hook);
    match result {
        Ok((inner, 4.0)) => Ok(Device { name, inner }),
        Ok((_, sum)) => Err(format!("it computes 2 + 2 = {sum}")),
        Err(payload) => {
            let text = payload.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
            Err(text.unwrap_or("no reason given").lines().next().unwrap_or_default().to_owned())
        }
    }
}

#[allow(deprecated)] // LibTorch stays wanted for its flash attention on CUDA.
fn handle(name: DeviceName) -> BurnDevice {
    match name {
        #[cfg(feature = "wgpu")]
        DeviceName::Wgpu(None) => BurnDevice::wgpu(burn::tensor::DeviceKind::DefaultDevice),
        #[cfg(feature = "wgpu")]
        DeviceName::Wgpu(Some(n)) => BurnDevice::wgpu(burn::tensor::DeviceKind::DiscreteGpu(n)),
        #[cfg(feature = "tch")]
        DeviceName::TchCpu => BurnDevice::libtorch(),
        #[cfg(feature = "tch")]
        DeviceName::TchCuda(n) => BurnDevice::libtorch_cuda(n),
        #[cfg(feature = "tch")]
        DeviceName::TchMps => BurnDevice::libtorch_mps(),
        #[cfg(feature = "cuda")]
        DeviceName::Cuda(n) => BurnDevice::cuda(n),
        _ => BurnDevice::flex(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_as_written() {
        for text in ["auto", "cpu", "wgpu", "wgpu:1", "tch:cpu", "tch:cuda:2", "tch:mps", "cuda:0"] {
            assert_eq!(text.parse::<DeviceName>().unwrap().to_string(), text);
        }
        assert_eq!("tch:cuda".parse::<DeviceName>().unwrap(), DeviceName::TchCuda(0));
        assert!("gpu".parse::<DeviceName>().is_err());
    }

    #[test]
    fn the_cpu_computes() {
        assert!(Device::open(DeviceName::Cpu).unwrap().is_cpu());
        assert!(Device::open(DeviceName::Auto).is_ok());
    }

    #[cfg(not(feature = "wgpu"))]
    #[test]
    fn a_device_that_was_not_built_in_names_its_feature() {
        let error = Device::open(DeviceName::Wgpu(None)).unwrap_err().to_string();
        assert!(error.contains("--features wgpu"), "{error}");
    }
}
