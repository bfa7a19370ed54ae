use core::arch::{asm, global_asm};

global_asm!(
    ".globl _start",
    "_start:",
    "xor ebp, ebp",
    "mov eax, esp",
    "and esp, -16",
    "sub esp, 12",
    "push eax",
    "call {start}",
    start = sym crate::start,
);

pub const STACK_STEP: usize = 4;

pub unsafe fn syscall6(number: u32, arguments: [usize; 6]) -> isize {
    let ret;
    // SAFETY: as the caller guarantees; every register but eax is restored.
    unsafe {
        asm!(
            "pushad",
            "mov ebx, [ecx]",
            "mov edx, [ecx + 8]",
            "mov esi, [ecx + 12]",
            "mov edi, [ecx + 16]",
            "mov ebp, [ecx + 20]",
            "mov ecx, [ecx + 4]",
            "int 0x80",
            "mov [esp + 28], eax", // where popad finds eax
            "popad",
            inlateout("eax") number => ret,
            in("ecx") &raw const arguments,
        );
    }
    ret
}

pub unsafe fn call_on_stack(function: *const (), argument: usize, top: *mut usize) -> usize {
    let result;
    // SAFETY: as the caller guarantees; its stack is restored from a register that functions preserve.
    unsafe {
        asm!(
            "mov edi, esp",
            "mov esp, {top}",
            "mov [esp], {argument}",
            "call {function}",
            "mov esp, edi",
            top = in(reg) top,
            argument = in(reg) argument,
            function = in(reg) function,
            lateout("eax") result,
            out("edi") _,
            clobber_abi("C"),
        );
    }
    result
}
