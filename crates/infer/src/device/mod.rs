//! Devices: the processor that computes, chosen by name at run time among those built in.

mod name;
mod quiet;

use burn::tensor::{Device as BurnDevice, Tensor};

use crate::Error;
pub use name::DeviceName;
pub use quiet::expected as is_device_failure;

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
    /// now and not in the middle of a run. Backends panic if they have no driver; see
    /// [`crate::is_device_failure`] for how to keep the panic's message off the terminal.
    ///
    /// # Errors
    /// If the device is not built in ([`Error::DeviceNotBuilt`], naming the feature) or does not
    /// answer ([`Error::Device`]).
    pub fn open(name: DeviceName) -> Result<Self, Error> {
        if let Some((feature, false)) = name.feature() {
            return Err(Error::DeviceNotBuilt { device: name.to_string(), feature });
        }
        match name {
            DeviceName::Auto => Ok(Self::first_that_works(0)),
            name => try_open(name).map_err(|reason| Error::Device { device: name.to_string(), reason }),
        }
    }

    /// Opens the device of the n-th process on this machine: `auto`, `tch:cuda` and `cuda` are then the n-th GPU. If
    /// `CUDA_VISIBLE_DEVICES` shows fewer, counting starts again after the last. Other names keep their meaning.
    ///
    /// # Errors
    /// As [`Device::open`]; or no device has this name.
    pub fn open_nth(text: &str, number: usize) -> Result<Self, Error> {
        let name: DeviceName = text.parse()?;
        let number = number % visible_gpus(std::env::var("CUDA_VISIBLE_DEVICES").ok().as_deref());
        match text {
            "auto" => Ok(Self::first_that_works(number)),
            "tch:cuda" => Self::open(DeviceName::TchCuda(number)),
            "cuda" => Self::open(DeviceName::Cuda(number)),
            _ => Self::open(name),
        }
    }

    fn first_that_works(gpu: usize) -> Self {
        let names = [Some(DeviceName::TchCuda(gpu)), Some(DeviceName::Cuda(gpu)), first_wgpu_gpu()];
        names
            .into_iter()
            .flatten()
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

    /// Runs work that may take too much memory of a GPU. On the CPU, memory is counted in advance,
    /// so a panic stays a panic.
    ///
    /// # Errors
    /// The device failed: [`Error::DeviceFailed`].
    pub fn guarded<T>(&self, body: impl FnOnce() -> T) -> Result<T, Error> {
        Ok(self.guard(body)?)
    }

    /// The same, with an error that can be cloned for every record of a batch.
    pub(crate) fn guard<T>(&self, body: impl FnOnce() -> T) -> Result<T, Failed> {
        if self.is_cpu() {
            return Ok(body());
        }
        quiet::quietly(body).map_err(|reason| Failed { device: self.name.to_string(), reason })
    }

    /// The tensor framework's handle.
    pub fn burn(&self) -> &BurnDevice {
        &self.inner
    }
}

/// A device that failed in the middle of its work; [`Error::DeviceFailed`], for every record of a batch.
#[derive(Clone, Debug)]
pub(crate) struct Failed {
    device: String,
    reason: String,
}

impl From<Failed> for Error {
    fn from(Failed { device, reason }: Failed) -> Self {
        Self::DeviceFailed { device, reason }
    }
}

impl Default for Device {
    fn default() -> Self {
        Self::cpu()
    }
}

/// Opens a device and computes a small product on it.
fn try_open(name: DeviceName) -> Result<Device, String> {
    let (inner, sum) = quiet::quietly(|| {
        let inner = handle(name)?;
        let ones = Tensor::<2>::ones([2, 2], &inner);
        let sum = ones.clone().matmul(ones).sum().into_scalar::<f32>();
        Ok((inner, sum))
    })
    .flatten()?;
    match sum {
        8.0 => Ok(Device { name, inner }),
        sum => Err(format!("it computes 2 · 2 · 2 = {sum}")),
    }
}

#[allow(deprecated)] // We keep LibTorch for its flash attention on CUDA.
fn handle(name: DeviceName) -> Result<BurnDevice, String> {
    Ok(match name {
        #[cfg(feature = "wgpu")]
        DeviceName::Wgpu(number) => wgpu(number)?,
        #[cfg(feature = "tch")]
        DeviceName::TchCpu => BurnDevice::libtorch(),
        #[cfg(feature = "tch")]
        DeviceName::TchCuda(n) => BurnDevice::libtorch_cuda(n),
        #[cfg(feature = "tch")]
        DeviceName::TchMps => BurnDevice::libtorch_mps(),
        #[cfg(feature = "cuda")]
        DeviceName::Cuda(n) => BurnDevice::cuda(n),
        _ => BurnDevice::flex(),
    })
}

/// The n-th adapter, or the one wgpu prefers: a GPU before software.
#[cfg(feature = "wgpu")]
fn wgpu(number: Option<usize>) -> Result<BurnDevice, String> {
    use burn::tensor::{DeviceKind, DeviceType};
    let adapters = BurnDevice::enumerate(DeviceType::Wgpu);
    match (adapters.len(), number) {
        (0, _) => Err("no adapter found; is a Vulkan, Metal, DX12 or OpenGL driver installed?".to_owned()),
        (_, None) => Ok(BurnDevice::wgpu(DeviceKind::DefaultDevice)),
        (found, Some(n)) => adapters.get(n).cloned().ok_or_else(|| format!("the last adapter is number {}", found - 1)),
    }
}

/// How many GPUs the list of `CUDA_VISIBLE_DEVICES` shows; any number without a list.
fn visible_gpus(list: Option<&str>) -> usize {
    let shown = |list: &str| list.split(',').filter(|gpu| !gpu.trim().is_empty()).count();
    list.map(shown).filter(|count| *count > 0).unwrap_or(usize::MAX)
}

/// The first adapter that is not a software renderer: the CPU backend is faster than those.
fn first_wgpu_gpu() -> Option<DeviceName> {
    #[cfg(feature = "wgpu")]
    {
        use burn::tensor::{DeviceKind, DeviceType};
        let software = BurnDevice::wgpu(DeviceKind::Cpu);
        let first =
            quiet::quietly(|| BurnDevice::enumerate(DeviceType::Wgpu).iter().position(|found| *found != software));
        first.ok().flatten().map(|n| DeviceName::Wgpu(Some(n)))
    }
    #[cfg(not(feature = "wgpu"))]
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cpu_computes() {
        assert!(Device::open(DeviceName::Cpu).unwrap().is_cpu());
        assert!(Device::open(DeviceName::Auto).is_ok());
    }

    #[test]
    fn processes_share_the_gpus_that_are_shown() {
        assert_eq!(visible_gpus(None), usize::MAX);
        assert_eq!(visible_gpus(Some("")), usize::MAX);
        assert_eq!(visible_gpus(Some("3")), 1);
        assert_eq!(visible_gpus(Some("0,1,GPU-8932f937")), 3);
        assert!(Device::open_nth("cpu", 3).unwrap().is_cpu());
        assert!(matches!(Device::open_nth("gpu", 3), Err(Error::UnknownDevice { .. })));
    }

    #[cfg(not(feature = "wgpu"))]
    #[test]
    fn a_device_that_was_not_built_in_names_its_feature() {
        let error = Device::open(DeviceName::Wgpu(None)).unwrap_err().to_string();
        assert!(error.contains("--features wgpu"), "{error}");
    }
}
