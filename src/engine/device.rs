//! Devices as users name them, and the execution provider that really runs.

use std::fmt;
use std::str::FromStr;

use super::Gpus;
use crate::error::Error;

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Device {
    /// The best that works; falling back is said.
    Auto,
    Cpu,
    Cuda(Gpus),
    TensorRt(Gpus),
}

impl FromStr for Device {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let (name, number) = text.split_once(':').map_or((text, None), |(name, number)| (name, Some(number)));
        let gpus = number.map_or(Ok(Gpus::FIRST), str::parse);
        match (name, gpus, number) {
            ("auto", _, None) => Ok(Device::Auto),
            ("cpu", _, None) => Ok(Device::Cpu),
            ("cuda", Ok(gpus), _) => Ok(Device::Cuda(gpus)),
            ("tensorrt", Ok(gpus), _) => Ok(Device::TensorRt(gpus)),
            _ => Err(Error::usage(format!(
                "--device {text}: expected auto, cpu, cuda, cuda:N, tensorrt or tensorrt:N; several GPUs as \
                 cuda:0,1 or cuda:all"
            ))),
        }
    }
}

/// What runs the model. Displayed as in results and keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    Cpu,
    Cuda(Gpus),
    TensorRt(Gpus),
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Provider::Cpu => f.write_str("cpu"),
            Provider::Cuda(gpus) => write!(f, "cuda:{gpus}"),
            Provider::TensorRt(gpus) => write!(f, "tensorrt:{gpus}"),
        }
    }
}

/// The device that gives the provider again.
impl From<Provider> for Device {
    fn from(provider: Provider) -> Self {
        match provider {
            Provider::Cpu => Device::Cpu,
            Provider::Cuda(gpus) => Device::Cuda(gpus),
            Provider::TensorRt(gpus) => Device::TensorRt(gpus),
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
        let gpus = |text: &str| text.parse::<Gpus>().unwrap();
        assert_eq!("cuda:1".parse::<Device>().unwrap(), Device::Cuda(gpus("1")));
        assert_eq!("cuda".parse::<Device>().unwrap(), Device::Cuda(Gpus::FIRST));
        let several = "tensorrt:0,3".parse::<Device>().unwrap();
        assert_eq!(several, Device::TensorRt(gpus("3,0")));
        assert_eq!(Provider::TensorRt(gpus("3,0")).to_string(), "tensorrt:0,3");
        assert_eq!("auto".parse::<Device>().unwrap(), Device::Auto);
        for bad in ["gpu", "cuda:x", "cpu:1", "cuda:", "auto:0", "cuda:64", "cuda:0,,1", ""] {
            assert!(bad.parse::<Device>().is_err(), "{bad}");
        }
    }
}
