//! The beginning and the end of a program without libc, in as few bytes as possible.

#![no_std]

#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
use core::arch::{asm, global_asm};
use core::panic::PanicInfo;

// x86's stack is aligned where the program begins; a function expects it as a call leaves it. Elsewhere a call leaves the
// stack unchanged, and `link.ld` makes `main` itself the beginning of the program.
#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
global_asm!(".globl _start", "_start: call main");

#[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
#[path = "../../../arch/mod.rs"]
#[allow(dead_code, unused_imports, reason = "it is used for one call")]
mod arch;

pub fn exit(status: i32) -> ! {
    // SAFETY: it ends the program.
    unsafe {
        // Not `nostack`: at opt-level z, LLVM loads a small number with push and pop, in three bytes; in a function that
        // keeps its variables below the stack pointer it can't, and takes ten.
        #[cfg(target_arch = "x86_64")]
        asm!("syscall", in("rax") 60_usize, in("edi") status, options(noreturn));
        // Unlike the crate, which looks for the vDSO first.
        #[cfg(target_arch = "x86")]
        asm!("int 0x80", in("eax") 1, in("ebx") status, options(noreturn, nostack));
        #[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
        {
            arch::syscall1::<{ linux_raw_sys::general::__NR_exit }>(status as usize);
            core::hint::unreachable_unchecked()
        }
    }
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    exit(101)
}
