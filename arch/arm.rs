//! - Instruction: `svc 0`
//! - Number: r7
//! - Arguments: r0 r1 r2 r3 r4 r5
//! - Return value: r0
//! - Clobbers: nothing
//! - References: syscall(2); Linux, arch/arm/kernel/entry-common.S, which restores r1 to r14 and the CPSR
//!
//! In Thumb code r7 is the frame pointer and can't be an operand. Stable Rust has no `cfg` for Thumb, so ARM code also
//! saves and restores r7 around the instruction.

use core::arch::asm;
use core::ffi::c_void;
use linux_raw_sys::general::__NR_clone;

/// The instruction with its clobbers, around the operands of a call.
macro_rules! syscall {
    ($($operands:tt)+) => {
        asm!(
            "mov {saved}, r7",
            "mov r7, {number}",
            "svc 0",
            "mov r7, {saved}",
            saved = out(reg) _,
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
            number = in(reg) NUMBER,
            inlateout("r0") a => ret,
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
            number = in(reg) NUMBER,
            inlateout("r0") a => ret,
            in("r1") b,
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
            number = in(reg) NUMBER,
            inlateout("r0") a => ret,
            in("r1") b,
            in("r2") c,
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
            number = in(reg) NUMBER,
            inlateout("r0") a => ret,
            in("r1") b,
            in("r2") c,
            in("r3") d,
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
            number = in(reg) NUMBER,
            inlateout("r0") a => ret,
            in("r1") b,
            in("r2") c,
            in("r3") d,
            in("r4") e,
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
            number = in(reg) NUMBER,
            inlateout("r0") a => ret,
            in("r1") b,
            in("r2") c,
            in("r3") d,
            in("r4") e,
            in("r5") f,
        );
    }
    ret
}

/// clone(2). With CLONE_VM and CLONE_VFORK, never one of them alone, the parent continues when the child has executed a
/// program or ended. The child calls `child` on this stack, below this frame, and never returns here.
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
            "mov {saved}, r7",
            "mov r7, {number}",
            "svc 0",
            "mov r7, {saved}",
            "cmp r0, #0",
            "bne 2f",
            "mov r0, {data}",
            "bx {child}", // ARMv4T has no `blx`, and nothing returns
            "2:",
            saved = out(reg) _,
            number = in(reg) __NR_clone,
            child = in(reg) child,
            data = in(reg) data,
            inlateout("r0") flags => ret,
            in("r1") 0_usize,
            in("r2") pidfd,
        );
    }
    ret
}

// One entry: a socket call is a system call like any other.
pub(crate) use {
    syscall2 as socketcall2, syscall3 as socketcall3, syscall4 as socketcall4, syscall5 as socketcall5,
    syscall6 as socketcall6,
};
