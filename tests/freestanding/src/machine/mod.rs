//! What differs by architecture: where a program starts, how it makes a system call without the crate, and what is unusual.
//!
//! A file of this folder defines `_start`, which passes the stack to `crate::start`, and the first three items below.

#[cfg_attr(target_arch = "aarch64", path = "aarch64.rs")]
#[cfg_attr(target_arch = "arm", path = "arm.rs")]
#[cfg_attr(target_arch = "loongarch64", path = "loongarch64.rs")]
#[cfg_attr(target_arch = "powerpc", path = "powerpc.rs")]
#[cfg_attr(target_arch = "powerpc64", path = "powerpc.rs")]
#[cfg_attr(target_arch = "riscv32", path = "riscv.rs")]
#[cfg_attr(target_arch = "riscv64", path = "riscv.rs")]
#[cfg_attr(target_arch = "s390x", path = "s390x.rs")]
#[cfg_attr(target_arch = "x86", path = "i386.rs")]
#[cfg_attr(target_arch = "x86_64", path = "x86_64.rs")]
mod selected;

use core::mem;
use linux_raw_sys::general::*;

/// The stack pointer moves only by multiples of this.
pub const STACK_STEP: usize = selected::STACK_STEP;

/// Returns what the system call returns: a negative result is a negated errno.
///
/// # Safety
///
/// As the system call that it makes.
pub unsafe fn syscall6(number: u32, [a, b, c, d, e, f]: [usize; 6]) -> isize {
    // Passed on as an array, unoptimized code would call `memcpy`, which `smallest` lacks.
    // SAFETY: as the caller guarantees.
    unsafe { selected::syscall6(number, [a, b, c, d, e, f]) }
}

/// Calls a function on another stack, which grows down from `top`, and returns the word that it returns.
///
/// # Safety
///
/// As calling the function. `top` is a multiple of 16; below is as much unused memory as the function needs, above are some words.
pub unsafe fn call_on_stack(function: *const (), argument: usize, top: *mut usize) -> usize {
    // SAFETY: as the caller guarantees.
    unsafe { selected::call_on_stack(function, argument, top) }
}

/// The second entry for socket calls, where there is one. Little-endian powerpc64 has it, and never needs it.
#[cfg(any(
    target_arch = "x86",
    target_arch = "s390x",
    all(any(target_arch = "powerpc", target_arch = "powerpc64"), target_endian = "big")
))]
pub const SOCKETCALL: Option<u32> = Some(__NR_socketcall);
#[cfg(not(any(
    target_arch = "x86",
    target_arch = "s390x",
    all(any(target_arch = "powerpc", target_arch = "powerpc64"), target_endian = "big")
)))]
pub const SOCKETCALL: Option<u32> = None;

/// ppoll, clock_gettime and recvmmsg whose time is a pair of words. riscv32 is younger than 64-bit time, and lacks them.
#[cfg(not(target_arch = "riscv32"))]
pub const CALLS_WITH_TIME_IN_WORDS: Option<[u32; 3]> = Some([__NR_ppoll, __NR_clock_gettime, __NR_recvmmsg]);
#[cfg(target_arch = "riscv32")]
pub const CALLS_WITH_TIME_IN_WORDS: Option<[u32; 3]> = None;

/// setrlimit and getrlimit, where there are kernels without prlimit64, before 2.6.36.
#[cfg(any(target_arch = "x86_64", target_arch = "x86"))]
pub const CALLS_BEFORE_PRLIMIT64: Option<[u32; 2]> = Some([__NR_setrlimit, __NR_getrlimit]);
#[cfg(not(any(target_arch = "x86_64", target_arch = "x86")))]
pub const CALLS_BEFORE_PRLIMIT64: Option<[u32; 2]> = None;

/// setgroups, setresgid, setresuid and geteuid with 32-bit IDs; two architectures also have calls with 16-bit IDs.
#[cfg(any(target_arch = "x86", target_arch = "arm"))]
pub const IDS: [u32; 4] = [__NR_setgroups32, __NR_setresgid32, __NR_setresuid32, __NR_geteuid32];
#[cfg(not(any(target_arch = "x86", target_arch = "arm")))]
pub const IDS: [u32; 4] = [__NR_setgroups, __NR_setresgid, __NR_setresuid, __NR_geteuid];

/// Whether mmap reads its arguments from memory.
pub const MMAP_READS_MEMORY: bool = cfg!(target_arch = "s390x");

/// Returns the process ID of a child that has a copy of all memory, 0 in that child, or a negated errno.
///
/// # Safety
///
/// The child must not wait for another thread of its parent: it has none.
pub unsafe fn fork() -> isize {
    const STACK_OF_THE_PARENT: usize = 0;
    let [first, second] = if cfg!(target_arch = "s390x") {
        [STACK_OF_THE_PARENT, SIGCHLD as usize]
    } else {
        [SIGCHLD as usize, STACK_OF_THE_PARENT]
    };
    // SAFETY: as the caller guarantees; without flags, clone is fork.
    unsafe { syscall6(__NR_clone, [first, second, 0, 0, 0, 0]) }
}

/// Waits for a child to end and returns its process ID and wait status; a negated errno on failure. `pid` -1 means any
/// child. With `WNOHANG` in `options` the process ID is 0 if none has ended. This is wait4, which riscv32 lacks.
pub fn wait(pid: isize, options: u32) -> (isize, i32) {
    let which = if pid == -1 { P_ALL } else { P_PID };
    // SAFETY: all zeros is a valid `siginfo`.
    let mut info: siginfo = unsafe { mem::zeroed() };
    let arguments = [
        which as usize,
        pid as usize,
        &raw mut info as usize,
        (WEXITED | options) as usize,
        0,
        0,
    ];
    // SAFETY: the kernel writes `info` alone.
    let ret = unsafe { syscall6(__NR_waitid, arguments) };
    if ret < 0 {
        return (ret, 0);
    }
    // SAFETY: the kernel wrote these fields for a child, and where there is none they are zeros.
    let (code, child) = unsafe {
        let info = info.__bindgen_anon_1.__bindgen_anon_1;
        (info.si_code as u32, info._sifields._sigchld)
    };
    let status = match code {
        CLD_EXITED => child._status << 8,
        CLD_DUMPED => child._status | 0x80,
        _ => child._status,
    };
    (child._pid as isize, status)
}
