use core::arch::{asm, global_asm};

// A function may write to the 160 bytes above the stack pointer with which it is called.
global_asm!(
    ".globl _start",
    "_start:",
    "lgr %r2, %r15",
    "aghi %r15, -160",
    "xc 0(8,%r15), 0(%r15)",
    "brasl %r14, {start}",
    start = sym crate::start,
);

pub const STACK_STEP: usize = 8;

pub unsafe fn syscall6(number: u32, [a, b, c, d, e, f]: [usize; 6]) -> isize {
    let ret;
    // SAFETY: as the caller guarantees.
    unsafe {
        asm!(
            "svc 0",
            in("r1") number as usize,
            inlateout("r2") a => ret,
            in("r3") b,
            in("r4") c,
            in("r5") d,
            in("r6") e,
            in("r7") f,
        );
    }
    ret
}

pub unsafe fn call_on_stack(function: *const (), argument: usize, top: *mut usize) -> usize {
    let result;
    // SAFETY: as the caller guarantees; its stack is restored from a register that functions preserve.
    unsafe {
        // A function may write to the 160 bytes above its stack pointer.
        asm!(
            "lgr %r8, %r15",
            "lgr %r15, {top}",
            "aghi %r15, -160",
            "basr %r14, {function}",
            "lgr %r15, %r8",
            top = in(reg_addr) top,
            function = in(reg_addr) function,
            inlateout("r2") argument => result,
            out("r8") _,
            clobber_abi("C"),
        );
    }
    result
}
