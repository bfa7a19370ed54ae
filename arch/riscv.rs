//! - Instruction: `ecall`
//! - Number: a7
//! - Arguments: a0 a1 a2 a3 a4 a5
//! - Return value: a0
//! - Clobbers: with V, v0 to v31, vl, vtype, vxrm and vxsat
//! - References: syscall(2); Linux, Documentation/arch/riscv/vector.rst, "Vector Register State Across System Calls"
//!
//! 64 and 32 bits have the same registers.

use core::arch::asm;
use core::ffi::c_void;
use linux_raw_sys::general::__NR_clone;

/// Instructions with the clobbers of a system call, around the operands.
macro_rules! clobbering {
    ([$($instruction:literal),+] $($operands:tt)+) => {
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
        )
    };
}

/// The instruction with its clobbers, around the operands of a call.
macro_rules! syscall {
    ($($operands:tt)+) => {
        // Without preserves_flags, vl, vtype, vxrm and vxsat are clobbered too.
        clobbering!(["ecall"] $($operands)+ options(nostack),)
    };
}

#[inline]
pub(crate) unsafe fn syscall1<const NUMBER: u32>(a: usize) -> usize {
    let ret;
    // SAFETY: the caller vouches for the call.
    unsafe {
        syscall!(
            in("a7") NUMBER as usize,
            inlateout("a0") a => ret,
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
            in("a7") NUMBER as usize,
            inlateout("a0") a => ret,
            in("a1") b,
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
            in("a7") NUMBER as usize,
            inlateout("a0") a => ret,
            in("a1") b,
            in("a2") c,
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
            in("a7") NUMBER as usize,
            inlateout("a0") a => ret,
            in("a1") b,
            in("a2") c,
            in("a3") d,
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
            in("a7") NUMBER as usize,
            inlateout("a0") a => ret,
            in("a1") b,
            in("a2") c,
            in("a3") d,
            in("a4") e,
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
            in("a7") NUMBER as usize,
            inlateout("a0") a => ret,
            in("a1") b,
            in("a2") c,
            in("a3") d,
            in("a4") e,
            in("a5") f,
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
                "ecall",
                "bnez a0, 2f",
                "mv a0, a6",
                "jalr a5",
                "2:"
            ]
            in("a7") __NR_clone as usize,
            inlateout("a0") flags => ret,
            in("a1") 0_usize,
            in("a2") pidfd,
            in("a5") child,
            in("a6") data,
        );
    }
    ret
}

// One entry: a socket call is a system call like any other.
pub(crate) use {
    syscall2 as socketcall2, syscall3 as socketcall3, syscall4 as socketcall4, syscall5 as socketcall5,
    syscall6 as socketcall6,
};
