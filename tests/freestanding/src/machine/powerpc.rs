use core::arch::{asm, global_asm};

// r2 points to the program's table of contents.
#[cfg(target_pointer_width = "64")]
global_asm!(
    ".globl _start",
    "_start:",
    "bcl 20, 31, 2f",
    "2: mflr 2",
    "addis 2, 2, .TOC. - 2b@ha",
    "addi 2, 2, .TOC. - 2b@l",
    "mr 3, 1",
    "clrrdi 1, 1, 4",
    "li 0, 0",
    "stdu 0, -128(1)",
    "mtlr 0",
    "bl {start}",
    "nop",
    start = sym crate::start,
);
#[cfg(target_pointer_width = "32")]
global_asm!(
    ".globl _start",
    "_start:",
    "mr 3, 1",
    "clrrwi 1, 1, 4",
    "li 0, 0",
    "stwu 0, -16(1)",
    "mtlr 0",
    "bl {start}",
    start = sym crate::start,
);

pub const STACK_STEP: usize = 16;

pub unsafe fn syscall6(number: u32, [a, b, c, d, e, f]: [usize; 6]) -> isize {
    let ret;
    // SAFETY: as the caller guarantees.
    unsafe {
        asm!(
            "sc",
            "bns+ 2f",
            "neg 3, 3",
            "2:",
            inlateout("r0") number as usize => _,
            inlateout("r3") a => ret,
            inlateout("r4") b => _,
            inlateout("r5") c => _,
            inlateout("r6") d => _,
            inlateout("r7") e => _,
            inlateout("r8") f => _,
            out("r9") _,
            out("r10") _,
            out("r11") _,
            out("r12") _,
            out("cr0") _,
            out("ctr") _,
            out("xer") _,
        );
    }
    ret
}

pub unsafe fn call_on_stack(function: *const (), argument: usize, top: *mut usize) -> usize {
    let result;
    // SAFETY: as the caller guarantees; its stack is restored from a register that functions preserve.
    unsafe {
        // A function saves its return address above its stack pointer.
        asm!(
            "mr 14, 1",
            "addi 1, {top}, -32",
            "mr 12, {function}",
            "mtctr 12",
            "bctrl",
            "mr 1, 14",
            top = in(reg_nonzero) top,
            function = in(reg) function,
            inlateout("r3") argument => result,
            out("r14") _,
            clobber_abi("C"),
        );
    }
    result
}
