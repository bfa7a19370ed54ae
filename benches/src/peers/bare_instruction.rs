//! The kernel's part, which is the same for all peers: the calls with the bare instruction, whose results are not checked.

use std::{arch::asm, convert::Infallible};

use syscalls::Sysno;

use super::raw_system_calls::Enter;

pub struct Kernel;

impl Enter for Kernel {
    type Error = Infallible;

    #[inline]
    unsafe fn enter<const N: usize>(number: Sysno, arguments: [usize; N]) -> Result<usize, Infallible> {
        let mut all = [0; 6];
        all[..N].copy_from_slice(&arguments);
        // SAFETY: as the caller guarantees.
        Ok(unsafe { enter(number, all) })
    }
}

/// # Safety
///
/// The number and the arguments must make a system call that the caller may make.
#[cfg(target_arch = "x86_64")]
#[inline]
unsafe fn enter(number: Sysno, [a, b, c, d, e, f]: [usize; 6]) -> usize {
    let ret;
    // SAFETY: as the caller guarantees; the kernel changes memory, rax, rcx and r11.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") number as usize => ret,
            in("rdi") a,
            in("rsi") b,
            in("rdx") c,
            in("r10") d,
            in("r8") e,
            in("r9") f,
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack, preserves_flags),
        );
    }
    ret
}

/// Through the vDSO's entry, the fastest one; glibc and musl keep its address at gs:16.
///
/// # Safety
///
/// The number and the arguments must make a system call that the caller may make.
#[cfg(target_arch = "x86")]
#[inline]
unsafe fn enter(number: Sysno, [a, b, c, d, e, f]: [usize; 6]) -> usize {
    // LLVM reserves esi and ebp.
    let block = [number as usize, d, f];
    let ret;
    // SAFETY: as the caller guarantees; memory, eax and the flags change, and esi and ebp are restored.
    unsafe {
        asm!(
            "push esi",
            "push ebp",
            "mov esi, [eax + 4]",
            "mov ebp, [eax + 8]",
            "mov eax, [eax]",
            "call gs:[16]",
            "pop ebp",
            "pop esi",
            inlateout("eax") &raw const block => ret,
            in("ebx") a,
            in("ecx") b,
            in("edx") c,
            in("edi") e,
        );
    }
    ret
}
