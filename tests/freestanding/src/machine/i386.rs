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

/// # Safety
///
/// As the system call that it makes.
pub unsafe fn syscall6(number: u32, arguments: [usize; 6]) -> isize {
    let answer;
    // SAFETY: the caller answers for the call; every register but eax is put back.
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
            inlateout("eax") number => answer,
            in("ecx") &raw const arguments,
        );
    }
    answer
}
