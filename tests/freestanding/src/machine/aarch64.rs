use core::arch::{asm, global_asm};

global_asm!(
    ".globl _start",
    "_start:",
    "mov x29, xzr",
    "mov x30, xzr",
    "mov x0, sp",
    "b {start}",
    start = sym crate::start,
);

pub const STACK_STEP: usize = 16;

pub unsafe fn syscall6(number: u32, [a, b, c, d, e, f]: [usize; 6]) -> isize {
    let ret;
    // SAFETY: as the caller guarantees.
    unsafe {
        asm!(
            "svc 0",
            in("x8") number as usize,
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

pub unsafe fn call_on_stack(function: *const (), argument: usize, top: *mut usize) -> usize {
    let result;
    // SAFETY: as the caller guarantees; its stack is restored from a register that functions preserve.
    unsafe {
        asm!(
            "mov x20, sp",
            "mov sp, {top}",
            "blr {function}",
            "mov sp, x20",
            top = in(reg) top,
            function = in(reg) function,
            inlateout("x0") argument => result,
            out("x20") _,
            clobber_abi("C"),
        );
    }
    result
}
