//! The way into the kernel: one file an architecture, all of one shape; build.rs picks the one that serves the target.
//!
//! A file of this folder offers two families of functions. `syscallN` makes the system call NUMBER with N
//! arguments; `socketcallN` makes a socket call, for which some architectures have two doors. Each returns what the
//! kernel answered, undecoded: -4095 to -1 is a negated errno, everything else a value.

// Holds `#[path = "…/arch/ARCHITECTURE.rs"] mod door;`.
include!(concat!(env!("OUT_DIR"), "/arch.rs"));

pub(crate) use door::*;
