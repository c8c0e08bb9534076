//! Which GPUs of a machine.

use std::fmt;
use std::str::FromStr;

/// GPUs by number, 0 to 63; at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gpus(u64);

impl Gpus {
    pub const FIRST: Gpus = Gpus(1);

    pub fn iter(self) -> impl Iterator<Item = u32> {
        (0..u64::BITS).filter(move |n| self.0 >> n & 1 == 1)
    }

    /// Those that the driver has made device files for.
    fn of_this_machine() -> Option<Self> {
        let numbers = std::fs::read_dir("/dev").ok()?.filter_map(|entry| {
            entry.ok()?.file_name().to_str()?.strip_prefix("nvidia")?.parse::<u32>().ok()
        });
        let bits = numbers.filter(|n| *n < u64::BITS).fold(0, |bits, n| bits | 1 << n);
        (bits != 0).then_some(Self(bits))
    }
}

/// `0`, `0,2` or `all`.
impl FromStr for Gpus {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if text == "all" {
            // Without any, the first is asked for, and what is missing is said.
            return Ok(Self::of_this_machine().unwrap_or(Self::FIRST));
        }
        let mut bits = 0;
        for number in text.split(',') {
            let number = number.parse::<u32>().ok().filter(|n| *n < u64::BITS).ok_or(())?;
            bits |= 1 << number;
        }
        Ok(Self(bits))
    }
}

impl fmt::Display for Gpus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers: Vec<String> = self.iter().map(|n| n.to_string()).collect();
        f.write_str(&numbers.join(","))
    }
}
