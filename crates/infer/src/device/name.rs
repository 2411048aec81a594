//! Names of devices, as people write them.

use std::fmt;
use std::str::FromStr;

use crate::Error;

/// A device's name, as `--device` takes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceName {
    /// The first that works: CUDA, a GPU through wgpu, the CPU.
    #[default]
    Auto,
    /// The CPU, always available.
    Cpu,
    /// The n-th adapter of wgpu (Vulkan, Metal, DX12 or OpenGL), counted from 0 as the system
    /// lists them; wgpu chooses if no number is given.
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
    /// Whether it is one of LibTorch's devices.
    pub(crate) fn is_torch(self) -> bool {
        matches!(self, Self::TchCpu | Self::TchCuda(_) | Self::TchMps)
    }

    /// The cargo feature that builds this device in, if it needs one, and whether it is enabled.
    pub(super) fn feature(self) -> Option<(&'static str, bool)> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_as_written() {
        for text in ["auto", "cpu", "wgpu", "wgpu:1", "tch:cpu", "tch:cuda:2", "tch:mps", "cuda:0"] {
            assert_eq!(text.parse::<DeviceName>().unwrap().to_string(), text);
        }
        assert_eq!("tch:cuda".parse::<DeviceName>().unwrap(), DeviceName::TchCuda(0));
    }

    #[test]
    fn other_names_are_refused() {
        for text in ["gpu", "", "cpu:0", "wgpu:", "wgpu:x", "tch", "tch:cuda:-1", "cuda:0:1"] {
            assert!(text.parse::<DeviceName>().is_err(), "{text:?}");
        }
    }
}
