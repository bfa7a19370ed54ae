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

/// # Safety
///
/// As the system call that it makes.
pub unsafe fn syscall6(number: u32, [a, b, c, d, e, f]: [usize; 6]) -> isize {
    let answer;
    // SAFETY: the caller answers for the call.
    unsafe {
        asm!(
            "svc 0",
            in("r1") number as usize,
            inlateout("r2") a => answer,
            in("r3") b,
            in("r4") c,
            in("r5") d,
            in("r6") e,
            in("r7") f,
        );
    }
    answer
}
