//! What the tests of both packages use.

use std::{fs, io::Write};

/// Whether QEMU user mode runs this program, which deviates from the kernel here and there.
pub fn in_qemu() -> bool {
    fs::read_to_string("/proc/self/comm").is_ok_and(|name| name.starts_with("qemu-"))
}

/// Names what can't be tested here, also where the output of tests that pass is captured.
pub fn skip(name: &str, reason: impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr(), "skip  {name} ({reason})");
}
