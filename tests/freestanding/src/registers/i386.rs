use core::arch::{asm, global_asm, x86::__m128i};

pub const CALL_SAVED: [&str; 4] = ["ebx", "ebp", "esi", "edi"];

/// The content of a vector register.
pub type Vector = __m128i;

/// Returns the vector. The compiler knows only that it is in a register.
#[inline(always)]
pub fn hidden(mut vector: Vector) -> Vector {
    // SAFETY: the assembly is a comment.
    unsafe { asm!("/* {} */", inout(xmm_reg) vector, options(nomem, nostack, preserves_flags)) };
    vector
}

// The arguments lie behind the return address, the four registers and what aligns the stack.
global_asm!(
    ".globl call_with_registers",
    "call_with_registers:",
    "push ebx",
    "push ebp",
    "push esi",
    "push edi",
    "sub esp, 12",
    "mov eax, [esp + 32]",
    "mov ebx, [eax]",
    "mov ebp, [eax + 4]",
    "mov esi, [eax + 8]",
    "mov edi, [eax + 12]",
    "call dword ptr [esp + 40]",
    "mov eax, [esp + 36]",
    "mov [eax], ebx",
    "mov [eax + 4], ebp",
    "mov [eax + 8], esi",
    "mov [eax + 12], edi",
    "add esp, 12",
    "pop edi",
    "pop esi",
    "pop ebp",
    "pop ebx",
    "ret",
);
