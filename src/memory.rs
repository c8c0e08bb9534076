//! How much memory there is: the machine's, or a container's where that is less.

/// Bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    pub total: u64,
    /// What can be taken without swapping.
    pub available: u64,
}

/// `None` where the system does not say.
pub fn of_this_machine() -> Option<Memory> {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let limit = read("/sys/fs/cgroup/memory.max").trim().parse().ok();
    let used = read("/sys/fs/cgroup/memory.current").trim().parse().ok();
    Some(within_limit(meminfo(&read("/proc/meminfo"))?, limit, used))
}

/// From the kernel's table, which counts in units of 1024 bytes.
fn meminfo(text: &str) -> Option<Memory> {
    let field = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
    };
    Some(Memory { total: field("MemTotal")?, available: field("MemAvailable")? })
}

fn within_limit(host: Memory, limit: Option<u64>, used: Option<u64>) -> Memory {
    match limit {
        Some(limit) if limit < host.total => {
            Memory { total: limit, available: host.available.min(limit.saturating_sub(used.unwrap_or(0))) }
        }
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_the_lower_of_machine_and_container() {
        let text = "MemTotal:       24576000 kB\nMemFree: 1 kB\nMemAvailable:   23068672 kB\n";
        let host = meminfo(text).expect("both fields");
        assert_eq!(host, Memory { total: 24_576_000 * 1024, available: 23_068_672 * 1024 });
        assert_eq!(within_limit(host, None, None), host);
        assert_eq!(within_limit(host, Some(u64::MAX), Some(5)), host);
        let limited = Memory { total: 8 << 30, available: 5 << 30 };
        assert_eq!(within_limit(host, Some(8 << 30), Some(3 << 30)), limited);
        assert_eq!(meminfo("MemTotal: many kB"), None);
    }
}
