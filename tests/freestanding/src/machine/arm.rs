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

pub const STACK_STEP: usize = 8;

pub unsafe fn syscall6(number: u32, [a, b, c, d, e, f]: [usize; 6]) -> isize {
    let ret;
    // SAFETY: as the caller guarantees, and r7 is restored: in Thumb code it can't be an operand.
    unsafe {
        asm!(
            "mov {r7}, r7",
            "mov r7, {number}",
            "svc 0",
            "mov r7, {r7}",
            r7 = out(reg) _,
            number = in(reg) number,
            inlateout("r0") a => ret,
            in("r1") b,
            in("r2") c,
            in("r3") d,
            in("r4") e,
            in("r5") f,
        );
    }
    ret
}

pub unsafe fn call_on_stack(function: *const (), argument: usize, top: *mut usize) -> usize {
    let result;
    // SAFETY: as the caller guarantees; its stack is restored from a register that functions preserve.
    unsafe {
        asm!(
            "mov r8, sp",
            "mov sp, {top}",
            "blx {function}",
            "mov sp, r8",
            top = in(reg) top,
            function = in(reg) function,
            inlateout("r0") argument => result,
            out("r8") _,
            clobber_abi("C"),
        );
    }
    result
}
