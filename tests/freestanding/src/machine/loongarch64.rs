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

pub const STACK_STEP: usize = 16;

pub unsafe fn syscall6(number: u32, [a, b, c, d, e, f]: [usize; 6]) -> isize {
    let ret;
    // SAFETY: as the caller guarantees.
    unsafe {
        asm!(
            "syscall 0",
            in("$a7") number as usize,
            inlateout("$a0") a => ret,
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
    ret
}

pub unsafe fn call_on_stack(function: *const (), argument: usize, top: *mut usize) -> usize {
    let result;
    // SAFETY: as the caller guarantees; its stack is restored from a register that functions preserve.
    unsafe {
        asm!(
            "move $s2, $sp",
            "move $sp, {top}",
            "jirl $ra, {function}, 0",
            "move $sp, $s2",
            top = in(reg) top,
            function = in(reg) function,
            inlateout("$a0") argument => result,
            out("$s2") _,
            clobber_abi("C"),
        );
    }
    result
}
