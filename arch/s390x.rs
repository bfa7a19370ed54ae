//! - Instruction: `svc 0`
//! - Number: r1
//! - Arguments: r2 r3 r4 r5 r6 r7
//! - Return value: r2
//! - Clobbers: nothing
//! - References: syscall(2); Linux, arch/s390/kernel/entry.S, which restores r0 to r15 and the condition code

use core::arch::asm;
use core::ffi::c_void;
use linux_raw_sys::general::__NR_clone;

/// The instruction with its clobbers, around the operands of a call.
macro_rules! syscall {
    ($($operands:tt)+) => {
        asm!(
            "svc 0",
            $($operands)+
            options(nostack, preserves_flags),
        )
    };
}

#[inline]
pub(crate) unsafe fn syscall1<const NUMBER: u32>(a: usize) -> usize {
    let ret;
    // SAFETY: the caller vouches for the call.
    unsafe {
        syscall!(
            in("r1") NUMBER as usize,
            inlateout("r2") a => ret,
        );
    }
    ret
}

#[inline]
pub(crate) unsafe fn syscall2<const NUMBER: u32>(a: usize, b: usize) -> usize {
    let ret;
    // SAFETY: the caller vouches for the call.
    unsafe {
        syscall!(
            in("r1") NUMBER as usize,
            inlateout("r2") a => ret,
            in("r3") b,
        );
    }
    ret
}

#[inline]
pub(crate) unsafe fn syscall3<const NUMBER: u32>(a: usize, b: usize, c: usize) -> usize {
    let ret;
    // SAFETY: the caller vouches for the call.
    unsafe {
        syscall!(
            in("r1") NUMBER as usize,
            inlateout("r2") a => ret,
            in("r3") b,
            in("r4") c,
        );
    }
    ret
}

#[inline]
pub(crate) unsafe fn syscall4<const NUMBER: u32>(a: usize, b: usize, c: usize, d: usize) -> usize {
    let ret;
    // SAFETY: the caller vouches for the call.
    unsafe {
        syscall!(
            in("r1") NUMBER as usize,
            inlateout("r2") a => ret,
            in("r3") b,
            in("r4") c,
            in("r5") d,
        );
    }
    ret
}

#[inline]
pub(crate) unsafe fn syscall5<const NUMBER: u32>(a: usize, b: usize, c: usize, d: usize, e: usize) -> usize {
    let ret;
    // SAFETY: the caller vouches for the call.
    unsafe {
        syscall!(
            in("r1") NUMBER as usize,
            inlateout("r2") a => ret,
            in("r3") b,
            in("r4") c,
            in("r5") d,
            in("r6") e,
        );
    }
    ret
}

#[inline]
pub(crate) unsafe fn syscall6<const NUMBER: u32>(a: usize, b: usize, c: usize, d: usize, e: usize, f: usize) -> usize {
    let ret;
    // SAFETY: the caller vouches for the call.
    unsafe {
        syscall!(
            in("r1") NUMBER as usize,
            inlateout("r2") a => ret,
            in("r3") b,
            in("r4") c,
            in("r5") d,
            in("r6") e,
            in("r7") f,
        );
    }
    ret
}

/// clone(2). With CLONE_VM and CLONE_VFORK, never one of them alone, the parent continues when the child has executed a
/// program or ended. The child calls `child` on this stack, below this frame, and never returns here.
///
/// On s390x clone(2) expects the stack before the flags.
#[inline(never)]
pub(crate) unsafe fn vfork(
    flags: usize,
    pidfd: *mut i32,
    child: unsafe extern "C" fn(*mut c_void) -> !,
    data: *mut c_void,
) -> usize {
    let ret;
    // SAFETY: the caller vouches for the call. The child has its own registers and writes only below this frame.
    unsafe {
        asm!(
            "svc 0",
            "ltgr %r2, %r2",
            "jne 2f",
            "lgr %r2, %r7",
            "aghi %r15, -160", // space in which a function saves its caller's registers
            "basr %r14, %r6",
            "2:",
            in("r1") __NR_clone as usize,
            inlateout("r2") 0_usize => ret,
            in("r3") flags,
            in("r4") pidfd,
            in("r6") child,
            in("r7") data,
        );
    }
    ret
}

// Two entries: the direct call, then `socketcall`.
mod socketcall;

pub(crate) use socketcall::{socketcall2, socketcall3, socketcall4, socketcall5, socketcall6};
