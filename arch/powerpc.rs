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
use core::ffi::c_void;
use linux_raw_sys::general::__NR_clone;

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

/// Allocates a frame without a back chain, and puts the address of the function in r14 into r12.
#[cfg(target_pointer_width = "32")]
macro_rules! enter {
    () => {
        "li 0, 0
         stwu 0, -16(1)
         mr 12, 14"
    };
}
#[cfg(all(target_pointer_width = "64", not(all(target_endian = "big", target_env = "gnu"))))]
macro_rules! enter {
    () => {
        "li 0, 0
         stdu 0, -32(1)
         mr 12, 14"
    };
}
/// In version 1 of the ELF ABI a function pointer points to the address, the TOC and the environment.
#[cfg(all(target_pointer_width = "64", target_endian = "big", target_env = "gnu"))]
macro_rules! enter {
    () => {
        "li 0, 0
         stdu 0, -112(1)
         ld 12, 0(14)
         ld 2, 8(14)
         ld 11, 16(14)"
    };
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
            "sc",
            "bns+ 2f",
            "neg 3, 3",
            "2:",
            "cmpwi 3, 0",
            "bne 3f",
            enter!(),
            "mr 3, 15",
            "mtctr 12",
            "bctrl",
            "3:",
            inlateout("r0") __NR_clone as usize => _,
            inlateout("r3") flags => ret,
            inlateout("r4") 0_usize => _,
            inlateout("r5") pidfd => _,
            lateout("r6") _,
            lateout("r7") _,
            lateout("r8") _,
            lateout("r9") _,
            lateout("r10") _,
            lateout("r11") _,
            lateout("r12") _,
            in("r14") child,
            in("r15") data,
            lateout("cr0") _,
            lateout("ctr") _,
            lateout("xer") _,
        );
    }
    ret
}

// Two entries: the direct call, then `socketcall`.
#[cfg(target_endian = "big")]
mod socketcall;
#[cfg(target_endian = "big")]
pub(crate) use socketcall::{socketcall2, socketcall3, socketcall4, socketcall5, socketcall6};

// Little-endian kernels came years after the direct calls of Linux 2.6.37.
#[cfg(target_endian = "little")]
pub(crate) use {
    syscall2 as socketcall2, syscall3 as socketcall3, syscall4 as socketcall4, syscall5 as socketcall5,
    syscall6 as socketcall6,
};
