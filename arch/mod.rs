//! System-call entry: one file per architecture, all with the same interface.
//!
//! A file of this folder defines two families of functions. `syscallN` makes the system call NUMBER with N arguments;
//! `socketcallN` makes a socket call, for which some architectures have two entries. Each returns what the kernel
//! returned, undecoded: -4095 to -1 is a negated errno, everything else a value. Where the kernel has another
//! convention, the file converts it.
//!
//! # Safety
//!
//! NUMBER and the arguments must make a system call that the caller may make. The kernel reads and writes the memory
//! that they point to; of the registers it changes the return value's and the clobbers, which each file lists.

#[cfg_attr(target_arch = "aarch64", path = "aarch64.rs")]
#[cfg_attr(target_arch = "riscv64", path = "riscv.rs")]
#[cfg_attr(target_arch = "x86", path = "i386.rs")]
#[cfg_attr(target_arch = "x86_64", path = "x86_64.rs")]
mod selected;

pub(crate) use selected::*;

/// arch/powerpc/include/uapi/asm/errno.h defines it differently from all other supported architectures; linux-raw-sys
/// 0.12 doesn't.
pub(crate) const EDEADLOCK: u32 = if cfg!(any(target_arch = "powerpc", target_arch = "powerpc64")) {
    58
} else {
    linux_raw_sys::errno::EDEADLK
};
