//! How a program without libc begins and ends.

#![no_std]

use core::arch::{asm, global_asm};
use core::panic::PanicInfo;

// x86's stack is aligned where the program begins; a function expects it as a call leaves it.
#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
global_asm!(".globl _start", "_start: call main");

// Elsewhere a call leaves the stack unchanged, and the function itself is where the program begins.
#[cfg(any(target_arch = "aarch64", target_arch = "riscv64"))]
global_asm!(".globl _start", ".set _start, main");

pub fn exit(status: i32) -> ! {
    // SAFETY: it ends the program.
    unsafe {
        // Not `nostack`: at opt-level z, LLVM loads a small number with push and pop, in three bytes; in a function that
        // keeps its variables below the stack pointer it can't, and takes ten.
        #[cfg(target_arch = "x86_64")]
        asm!("syscall", in("rax") 60_usize, in("edi") status, options(noreturn));
        #[cfg(target_arch = "x86")]
        asm!("int 0x80", in("eax") 1, in("ebx") status, options(noreturn, nostack));
        #[cfg(target_arch = "aarch64")]
        asm!("svc 0", in("x8") 93_usize, in("w0") status, options(noreturn, nostack));
        #[cfg(target_arch = "riscv64")]
        asm!("ecall", in("a7") 93_usize, in("a0") status, options(noreturn, nostack));
    }
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    exit(101)
}
