//! Devices as users name them, and the execution provider that really runs.

use std::fmt;
use std::str::FromStr;

use crate::error::Error;

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Device {
    /// The best that works; falling back is said.
    Auto,
    Cpu,
    /// GPU number.
    Cuda(u32),
    TensorRt(u32),
}

impl FromStr for Device {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let (name, number) = text.split_once(':').map_or((text, None), |(name, number)| (name, Some(number)));
        let index = number.map_or(Ok(0), str::parse::<u32>);
        match (name, index, number) {
            ("auto", Ok(_), None) => Ok(Device::Auto),
            ("cpu", Ok(_), None) => Ok(Device::Cpu),
            ("cuda", Ok(index), _) => Ok(Device::Cuda(index)),
            ("tensorrt", Ok(index), _) => Ok(Device::TensorRt(index)),
            _ => Err(Error::usage(format!(
                "--device {text}: expected auto, cpu, cuda, cuda:N, tensorrt or tensorrt:N"
            ))),
        }
    }
}

/// What runs the model. Displayed as in results and keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    Cpu,
    Cuda(u32),
    TensorRt(u32),
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Provider::Cpu => f.write_str("cpu"),
            Provider::Cuda(index) => write!(f, "cuda:{index}"),
            Provider::TensorRt(index) => write!(f, "tensorrt:{index}"),
        }
    }
}

/// The device that gives the provider again.
impl From<Provider> for Device {
    fn from(provider: Provider) -> Self {
        match provider {
            Provider::Cpu => Device::Cpu,
            Provider::Cuda(index) => Device::Cuda(index),
            Provider::TensorRt(index) => Device::TensorRt(index),
        }
    }
}

impl Provider {
    /// Provider and arithmetic, as part of the observation key. Which GPU of a machine it was does not
    /// change what was seen.
    pub fn precision(self) -> &'static str {
        match self {
            Provider::Cpu => "cpu/f32",
            Provider::Cuda(_) => "cuda/f32",
            Provider::TensorRt(_) => "tensorrt/f16",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert_eq!("cuda:1".parse::<Device>().unwrap(), Device::Cuda(1));
        assert_eq!("cuda".parse::<Device>().unwrap(), Device::Cuda(0));
        assert_eq!("auto".parse::<Device>().unwrap(), Device::Auto);
        for bad in ["gpu", "cuda:x", "cpu:1", "cuda:", "auto:0", ""] {
            assert!(bad.parse::<Device>().is_err(), "{bad}");
        }
    }
}
