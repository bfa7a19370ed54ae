//! System-call entry: one file per architecture, all with the same interface; build.rs selects the one for the target.
//!
//! A file of this folder defines two families of functions. `syscallN` makes the system call NUMBER with N arguments;
//! `socketcallN` makes a socket call, for which some architectures have two entries. Each returns what the kernel returned,
//! undecoded: -4095 to -1 is a negated errno, everything else a value.

// Contains `#[path = "…/arch/ARCHITECTURE.rs"] mod selected;`.
include!(concat!(env!("OUT_DIR"), "/arch.rs"));

pub(crate) use selected::*;

/// arch/powerpc/include/uapi/asm/errno.h defines it differently from all other architectures; linux-raw-sys 0.12 doesn't.
pub(crate) const EDEADLOCK: u32 = if cfg!(any(target_arch = "powerpc", target_arch = "powerpc64")) {
    58
} else {
    linux_raw_sys::errno::EDEADLK
};
