//! - Instruction: `syscall`
//! - Number: rax
//! - Arguments: rdi rsi rdx r10 r8 r9
//! - Return value: rax
//! - Clobbered: rcx (takes the return address), r11 (takes the flags, which the kernel restores)
//! - References: syscall(2); System V ABI, AMD64 supplement, A.2.1; Linux, arch/x86/entry/entry_64.S

use core::arch::asm;

macro_rules! syscalls {
    ($($name:ident($($argument:ident: $register:tt),+);)+) => {$(
        /// # Safety
        ///
        /// `NUMBER` and the arguments must make a system call that the caller may make.
        #[inline]
        pub(crate) unsafe fn $name<const NUMBER: u32>($($argument: usize),+) -> usize {
            let ret;
            // SAFETY: the caller vouches for the call; the kernel changes memory, rax, rcx and r11.
            unsafe {
                asm!(
                    "syscall",
                    inlateout("rax") NUMBER as usize => ret,
                    $(in($register) $argument,)+
                    lateout("rcx") _,
                    lateout("r11") _,
                    options(nostack, preserves_flags),
                );
            }
            ret
        }
    )+};
}

syscalls! {
    syscall1(a: "rdi");
    syscall2(a: "rdi", b: "rsi");
    syscall3(a: "rdi", b: "rsi", c: "rdx");
    syscall4(a: "rdi", b: "rsi", c: "rdx", d: "r10");
    syscall5(a: "rdi", b: "rsi", c: "rdx", d: "r10", e: "r8");
    syscall6(a: "rdi", b: "rsi", c: "rdx", d: "r10", e: "r8", f: "r9");
}

// One entry: a socket call is a system call like any other.
pub(crate) use {
    syscall2 as socketcall2, syscall3 as socketcall3, syscall4 as socketcall4, syscall5 as socketcall5,
    syscall6 as socketcall6,
};
