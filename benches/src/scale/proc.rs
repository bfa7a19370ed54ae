//! Figures from /proc.

use std::{collections::BTreeMap, fs, thread, time::Duration};

/// The number that follows a name, in bytes where it is in kB.
fn number(path: &str, name: &str) -> Option<u64> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let mut words = line.split_whitespace();
    let number: u64 = words.next()?.parse().ok()?;
    Some(if words.next() == Some("kB") {
        number << 10
    } else {
        number
    })
}

/// A setting, unless it exceeds 64 bits.
pub fn setting(path: &str) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// How many files are open in the whole system.
pub fn open_files() -> u64 {
    number("/proc/sys/fs/file-nr", "").unwrap_or(0)
}

pub fn memory_available() -> u64 {
    number("/proc/meminfo", "MemAvailable:").unwrap_or(u64::MAX)
}

/// The memory of the kernel itself: its objects, and arrays too large for one.
pub fn memory() -> u64 {
    // Each CPU has its own count; reading this, where it is allowed, makes the sum exact.
    let _ = fs::read("/proc/sys/vm/stat_refresh");
    let parts = ["Slab:", "VmallocUsed:"].map(|name| number("/proc/meminfo", name).unwrap_or(0));
    parts.iter().sum()
}

/// Waits, since what was closed is freed a little later.
pub fn settle() {
    thread::sleep(Duration::from_millis(300));
}

/// The memory of this program.
pub fn user_memory() -> u64 {
    number("/proc/self/smaps_rollup", "Rss:").unwrap_or(0)
}

/// The size of this thread's file descriptor table.
pub fn table_size() -> u64 {
    number("/proc/thread-self/status", "FDSize:").unwrap_or(0)
}

/// The kernel's caches: how many objects each has, and how large one is. Only root can read it.
pub fn caches() -> BTreeMap<String, [u64; 2]> {
    let text = fs::read_to_string("/proc/slabinfo").unwrap_or_default();
    // name, objects that are used, objects, size of one, …
    let cache = |line: &str| {
        let mut words = line.split_whitespace();
        let name = words.next()?.to_owned();
        let used = words.next()?.parse().ok()?;
        let size = words.nth(1)?.parse().ok()?;
        Some((name, [used, size]))
    };
    text.lines().filter_map(cache).collect()
}
