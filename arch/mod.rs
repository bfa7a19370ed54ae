//! System-call entry: one file per architecture, all with the same interface.
//!
//! Each file defines two families of functions, and `vfork`, which starts a child. `syscallN` makes the system call NUMBER with
//! N arguments; `socketcallN` makes a socket call, for which some architectures have two entries. Each returns what the kernel
//! returned, undecoded: -4095 to -1 is a negated errno, everything else a value. Where the kernel has another convention, the
//! file converts it.
//!
//! # Safety
//!
//! NUMBER and the arguments must form a system call that the caller may make. The kernel reads and writes the memory that the
//! arguments point to; it changes no registers but that of the return value and the clobbers, which each file lists.

// What is supported: build.rs reads these lines.
#[cfg_attr(all(target_arch = "aarch64", target_pointer_width = "64"), path = "aarch64.rs")]
#[cfg_attr(all(target_arch = "arm", target_pointer_width = "32"), path = "arm.rs")]
#[cfg_attr(
    all(target_arch = "loongarch64", target_pointer_width = "64"),
    path = "loongarch64.rs"
)]
#[cfg_attr(all(target_arch = "powerpc", target_pointer_width = "32"), path = "powerpc.rs")]
#[cfg_attr(all(target_arch = "powerpc64", target_pointer_width = "64"), path = "powerpc.rs")]
#[cfg_attr(all(target_arch = "riscv32", target_pointer_width = "32"), path = "riscv.rs")]
#[cfg_attr(all(target_arch = "riscv64", target_pointer_width = "64"), path = "riscv.rs")]
#[cfg_attr(all(target_arch = "s390x", target_pointer_width = "64"), path = "s390x.rs")]
#[cfg_attr(all(target_arch = "x86", target_pointer_width = "32"), path = "i386.rs")]
#[cfg_attr(all(target_arch = "x86_64", target_pointer_width = "64"), path = "x86_64.rs")]
mod selected;

pub(crate) use selected::*;

/// arch/powerpc/include/uapi/asm/errno.h defines it differently from all other supported architectures; linux-raw-sys
/// 0.12 doesn't.
pub(crate) const EDEADLOCK: u32 = if cfg!(any(target_arch = "powerpc", target_arch = "powerpc64")) {
    58
} else {
    linux_raw_sys::errno::EDEADLK
};

/// The number of ppoll with 32-bit time. riscv32, which is younger than 64-bit time, has none.
#[cfg(all(target_pointer_width = "32", not(target_arch = "riscv32")))]
pub(crate) const PPOLL_TIME32: Option<u32> = Some(linux_raw_sys::general::__NR_ppoll);
#[cfg(target_arch = "riscv32")]
pub(crate) const PPOLL_TIME32: Option<u32> = None;

#[cfg(not(any(target_arch = "arm", target_arch = "x86")))]
pub(crate) use linux_raw_sys::general::{
    __NR_geteuid as GETEUID, __NR_setgroups as SETGROUPS, __NR_setresgid as SETRESGID, __NR_setresuid as SETRESUID,
};
/// The calls that get and set user and group IDs of 32 bits. On i386 and arm the plain names are the older calls, with IDs of
/// 16 bits.
#[cfg(any(target_arch = "arm", target_arch = "x86"))]
pub(crate) use linux_raw_sys::general::{
    __NR_geteuid32 as GETEUID, __NR_setgroups32 as SETGROUPS, __NR_setresgid32 as SETRESGID,
    __NR_setresuid32 as SETRESUID,
};

/// The number of recvmmsg with 32-bit time, which riscv32 lacks too.
#[cfg(all(target_pointer_width = "32", not(target_arch = "riscv32")))]
pub(crate) const RECVMMSG_TIME32: Option<u32> = Some(linux_raw_sys::general::__NR_recvmmsg);
#[cfg(target_arch = "riscv32")]
pub(crate) const RECVMMSG_TIME32: Option<u32> = None;
