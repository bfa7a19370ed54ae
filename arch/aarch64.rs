//! - Instruction: `svc 0`
//! - Number: x8
//! - Arguments: x0 x1 x2 x3 x4 x5
//! - Return value: x0
//! - Clobbers: with SVE, the bits of z0 to z31 above the lowest 128, p0 to p15 and ffr
//! - References: syscall(2); Linux, Documentation/arch/arm64/sve.rst, "System call behaviour"
//!
//! Both byte orders have the same registers.

use core::arch::asm;
use core::ffi::c_void;
use linux_raw_sys::general::__NR_clone;

/// Instructions with the clobbers of a system call, around the operands.
macro_rules! clobbering {
    ([$($instruction:literal),+] $($operands:tt)+) => {
        // Any function may be compiled for SVE, even if the rest of the program isn't. Naming z8 to z15 costs each function
        // eight instructions, since it must preserve their lowest 64 bits. The compiler never uses ffr, and warns if it is named.
        asm!(
            $($instruction,)+
            $($operands)+
            lateout("v0") _, lateout("v1") _, lateout("v2") _, lateout("v3") _,
            lateout("v4") _, lateout("v5") _, lateout("v6") _, lateout("v7") _,
            lateout("v8") _, lateout("v9") _, lateout("v10") _, lateout("v11") _,
            lateout("v12") _, lateout("v13") _, lateout("v14") _, lateout("v15") _,
            lateout("v16") _, lateout("v17") _, lateout("v18") _, lateout("v19") _,
            lateout("v20") _, lateout("v21") _, lateout("v22") _, lateout("v23") _,
            lateout("v24") _, lateout("v25") _, lateout("v26") _, lateout("v27") _,
            lateout("v28") _, lateout("v29") _, lateout("v30") _, lateout("v31") _,
            lateout("p0") _, lateout("p1") _, lateout("p2") _, lateout("p3") _,
            lateout("p4") _, lateout("p5") _, lateout("p6") _, lateout("p7") _,
            lateout("p8") _, lateout("p9") _, lateout("p10") _, lateout("p11") _,
            lateout("p12") _, lateout("p13") _, lateout("p14") _, lateout("p15") _,
        )
    };
}

/// The instruction with its clobbers, around the operands of a call.
macro_rules! syscall {
    ($($operands:tt)+) => {
        clobbering!(["svc 0"] $($operands)+ options(nostack, preserves_flags),)
    };
}

#[inline]
pub(crate) unsafe fn syscall1<const NUMBER: u32>(a: usize) -> usize {
    let ret;
    // SAFETY: the caller vouches for the call.
    unsafe {
        syscall!(
            in("x8") NUMBER as usize,
            inlateout("x0") a => ret,
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
            in("x8") NUMBER as usize,
            inlateout("x0") a => ret,
            in("x1") b,
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
            in("x8") NUMBER as usize,
            inlateout("x0") a => ret,
            in("x1") b,
            in("x2") c,
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
            in("x8") NUMBER as usize,
            inlateout("x0") a => ret,
            in("x1") b,
            in("x2") c,
            in("x3") d,
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
            in("x8") NUMBER as usize,
            inlateout("x0") a => ret,
            in("x1") b,
            in("x2") c,
            in("x3") d,
            in("x4") e,
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
            in("x8") NUMBER as usize,
            inlateout("x0") a => ret,
            in("x1") b,
            in("x2") c,
            in("x3") d,
            in("x4") e,
            in("x5") f,
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
        clobbering!(
            [
                "svc 0",
                "cbnz x0, 2f",
                "mov x0, x6",
                "blr x5",
                "2:"
            ]
            in("x8") __NR_clone as usize,
            inlateout("x0") flags => ret,
            in("x1") 0_usize,
            in("x2") pidfd,
            in("x5") child,
            in("x6") data,
        );
    }
    ret
}

// One entry: a socket call is a system call like any other.
pub(crate) use {
    syscall2 as socketcall2, syscall3 as socketcall3, syscall4 as socketcall4, syscall5 as socketcall5,
    syscall6 as socketcall6,
};
