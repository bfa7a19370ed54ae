//! Helpers for the tests of this package and of `hosted`.

use std::{fs, io::Write};

/// Whether QEMU user mode runs this program: it deviates from the kernel in places.
pub fn in_qemu() -> bool {
    fs::read_to_string("/proc/self/comm").is_ok_and(|name| name.starts_with("qemu-"))
}

/// Names what can't be tested here. libtest doesn't capture this output.
pub fn skip(name: &str, reason: impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr(), "skip  {name} ({reason})");
}
