use core::arch::{asm, global_asm};

global_asm!(
    ".globl _start",
    "_start:",
    ".option push",
    ".option norelax",
    "lla gp, __global_pointer$",
    ".option pop",
    "mv a0, sp",
    "tail {start}",
    start = sym crate::start,
);

/// The stack pointer only moves by multiples of this.
pub const STACK_STEP: usize = 16;

/// # Safety
///
/// As the system call that it makes.
pub unsafe fn syscall6(number: u32, [a, b, c, d, e, f]: [usize; 6]) -> isize {
    let answer;
    // SAFETY: the caller vouches for the call.
    unsafe {
        asm!(
            "ecall",
            in("a7") number as usize,
            inlateout("a0") a => answer,
            in("a1") b,
            in("a2") c,
            in("a3") d,
            in("a4") e,
            in("a5") f,
        );
    }
    answer
}

/// # Safety
///
/// As the function's, which returns a word. Below `top`, a multiple of 16, is as much unused memory as it needs; above are
/// some words.
pub unsafe fn call_on_stack(function: *const (), argument: usize, top: *mut usize) -> usize {
    let result;
    // SAFETY: the caller vouches for the stack; its own is restored from a register that functions preserve.
    unsafe {
        asm!(
            "mv s2, sp",
            "mv sp, {top}",
            "jalr {function}",
            "mv sp, s2",
            top = in(reg) top,
            function = in(reg) function,
            inlateout("a0") argument => result,
            out("s2") _,
            clobber_abi("C"),
        );
    }
    result
}
