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

pub const STACK_STEP: usize = 16;

pub unsafe fn syscall6(number: u32, [a, b, c, d, e, f]: [usize; 6]) -> isize {
    let ret;
    // SAFETY: as the caller guarantees.
    unsafe {
        asm!(
            "ecall",
            in("a7") number as usize,
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

pub unsafe fn call_on_stack(function: *const (), argument: usize, top: *mut usize) -> usize {
    let result;
    // SAFETY: as the caller guarantees; its stack is restored from a register that functions preserve.
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
