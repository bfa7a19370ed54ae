use core::arch::{asm, global_asm};

// The kernel enters Thumb code where the lowest bit of the address is set; this is ARM code, whatever the rest is.
global_asm!(
    ".pushsection .text",
    ".arm",
    ".balign 4",
    ".globl _start",
    ".type _start, %function",
    "_start:",
    "mov fp, #0",
    "mov lr, #0",
    "mov r0, sp",
    "bl {start}",
    ".popsection",
    start = sym crate::start,
);

/// # Safety
///
/// As the system call that it makes.
pub unsafe fn syscall6(number: u32, [a, b, c, d, e, f]: [usize; 6]) -> isize {
    let answer;
    // SAFETY: the caller answers for the call, and r7 is restored: in Thumb code it can't be an operand.
    unsafe {
        asm!(
            "mov {r7}, r7",
            "mov r7, {number}",
            "svc 0",
            "mov r7, {r7}",
            r7 = out(reg) _,
            number = in(reg) number,
            inlateout("r0") a => answer,
            in("r1") b,
            in("r2") c,
            in("r3") d,
            in("r4") e,
            in("r5") f,
        );
    }
    answer
}
