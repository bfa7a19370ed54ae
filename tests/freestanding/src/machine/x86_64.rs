use core::arch::{asm, global_asm};

global_asm!(
    ".globl _start",
    "_start:",
    "xor ebp, ebp",
    "mov rdi, rsp",
    "and rsp, -16",
    "call {start}",
    start = sym crate::start,
);

pub const STACK_STEP: usize = 8;

pub unsafe fn syscall6(number: u32, [a, b, c, d, e, f]: [usize; 6]) -> isize {
    let ret;
    // SAFETY: as the caller guarantees.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") number as usize => ret,
            in("rdi") a,
            in("rsi") b,
            in("rdx") c,
            in("r10") d,
            in("r8") e,
            in("r9") f,
            out("rcx") _,
            out("r11") _,
        );
    }
    ret
}

pub unsafe fn call_on_stack(function: *const (), argument: usize, top: *mut usize) -> usize {
    let result;
    // SAFETY: as the caller guarantees; its stack is restored from a register that functions preserve.
    unsafe {
        asm!(
            "mov r12, rsp",
            "mov rsp, {top}",
            "call {function}",
            "mov rsp, r12",
            top = in(reg) top,
            function = in(reg) function,
            in("rdi") argument,
            lateout("rax") result,
            out("r12") _,
            clobber_abi("C"),
        );
    }
    result
}
