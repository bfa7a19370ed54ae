//! - Instruction: `syscall`
//! - Number: rax
//! - Arguments: rdi rsi rdx r10 r8 r9
//! - Return value: rax
//! - Clobbers: rcx (holds the return address), r11 (holds the flags, which the kernel restores)
//! - References: syscall(2); System V ABI, AMD64 supplement, A.2.1; Linux, arch/x86/entry/entry_64.S

use core::arch::asm;
use core::ffi::c_void;
use linux_raw_sys::general::__NR_clone;

/// The instruction with its clobbers, around the operands of a call.
macro_rules! syscall {
    ($($operands:tt)+) => {
        asm!(
            "syscall",
            $($operands)+
            lateout("rcx") _,
            lateout("r11") _,
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
            inlateout("rax") NUMBER as usize => ret,
            in("rdi") a,
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
            inlateout("rax") NUMBER as usize => ret,
            in("rdi") a,
            in("rsi") b,
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
            inlateout("rax") NUMBER as usize => ret,
            in("rdi") a,
            in("rsi") b,
            in("rdx") c,
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
            inlateout("rax") NUMBER as usize => ret,
            in("rdi") a,
            in("rsi") b,
            in("rdx") c,
            in("r10") d,
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
            inlateout("rax") NUMBER as usize => ret,
            in("rdi") a,
            in("rsi") b,
            in("rdx") c,
            in("r10") d,
            in("r8") e,
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
            inlateout("rax") NUMBER as usize => ret,
            in("rdi") a,
            in("rsi") b,
            in("rdx") c,
            in("r10") d,
            in("r8") e,
            in("r9") f,
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
            "syscall",
            "test rax, rax",
            "jnz 2f",
            "mov rdi, r9",
            "call r8",
            "2:",
            inlateout("rax") __NR_clone as usize => ret,
            in("rdi") flags,
            in("rsi") 0_usize,
            in("rdx") pidfd,
            in("r8") child,
            in("r9") data,
            lateout("rcx") _,
            lateout("r11") _,
        );
    }
    ret
}

// One entry: a socket call is a system call like any other.
pub(crate) use {
    syscall2 as socketcall2, syscall3 as socketcall3, syscall4 as socketcall4, syscall5 as socketcall5,
    syscall6 as socketcall6,
};
