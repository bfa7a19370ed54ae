use core::arch::{asm, global_asm};

global_asm!(
    ".globl _start",
    "_start:",
    "move $fp, $zero",
    "move $ra, $zero",
    "move $a0, $sp",
    "b {start}",
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
            "syscall 0",
            in("$a7") number as usize,
            inlateout("$a0") a => answer,
            in("$a1") b,
            in("$a2") c,
            in("$a3") d,
            in("$a4") e,
            in("$a5") f,
            out("$t0") _,
            out("$t1") _,
            out("$t2") _,
            out("$t3") _,
            out("$t4") _,
            out("$t5") _,
            out("$t6") _,
            out("$t7") _,
            out("$t8") _,
        );
    }
    answer
}
