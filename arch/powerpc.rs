//! - Instruction: `sc`
//! - Number: r0
//! - Arguments: r3 r4 r5 r6 r7 r8
//! - Return value: r3, a positive errno if the summary overflow bit of cr0 is set
//! - Clobbers: r0, r4 to r12, cr0, ctr, xer
//! - Rust: 1.95
//! - References: syscall(2); Linux, Documentation/arch/powerpc/syscall64-abi.rst, arch/powerpc/kernel/entry_32.S
//!
//! 64 and 32 bits, and both byte orders, have the same registers.

use core::arch::asm;

/// The instruction with its clobbers, around the operands of a call.
macro_rules! syscall {
    ($($operands:tt)+) => {
        asm!(
            "sc",
            "bns+ 2f",
            "neg 3, 3",
            "2:",
            $($operands)+
            lateout("r9") _,
            lateout("r10") _,
            lateout("r11") _,
            lateout("r12") _,
            lateout("cr0") _,
            lateout("ctr") _,
            lateout("xer") _,
            options(nostack),
        )
    };
}

#[inline]
pub(crate) unsafe fn syscall1<const NUMBER: u32>(a: usize) -> usize {
    let ret;
    // SAFETY: the caller vouches for the call.
    unsafe {
        syscall!(
            inlateout("r0") NUMBER as usize => _,
            inlateout("r3") a => ret,
            lateout("r4") _,
            lateout("r5") _,
            lateout("r6") _,
            lateout("r7") _,
            lateout("r8") _,
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
            inlateout("r0") NUMBER as usize => _,
            inlateout("r3") a => ret,
            inlateout("r4") b => _,
            lateout("r5") _,
            lateout("r6") _,
            lateout("r7") _,
            lateout("r8") _,
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
            inlateout("r0") NUMBER as usize => _,
            inlateout("r3") a => ret,
            inlateout("r4") b => _,
            inlateout("r5") c => _,
            lateout("r6") _,
            lateout("r7") _,
            lateout("r8") _,
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
            inlateout("r0") NUMBER as usize => _,
            inlateout("r3") a => ret,
            inlateout("r4") b => _,
            inlateout("r5") c => _,
            inlateout("r6") d => _,
            lateout("r7") _,
            lateout("r8") _,
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
            inlateout("r0") NUMBER as usize => _,
            inlateout("r3") a => ret,
            inlateout("r4") b => _,
            inlateout("r5") c => _,
            inlateout("r6") d => _,
            inlateout("r7") e => _,
            lateout("r8") _,
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
            inlateout("r0") NUMBER as usize => _,
            inlateout("r3") a => ret,
            inlateout("r4") b => _,
            inlateout("r5") c => _,
            inlateout("r6") d => _,
            inlateout("r7") e => _,
            inlateout("r8") f => _,
        );
    }
    ret
}

// Two entries: the direct call, then `socketcall`.
mod socketcall;

pub(crate) use socketcall::{socketcall2, socketcall3, socketcall4, socketcall5, socketcall6};
