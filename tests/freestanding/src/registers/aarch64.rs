use core::arch::{aarch64::uint64x2_t, asm, global_asm};

/// A function preserves only the low 64 bits of v8 to v15.
pub const CALL_SAVED: [&str; 19] = [
    "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x29", "d8", "d9", "d10", "d11", "d12",
    "d13", "d14", "d15",
];

/// The content of a vector register.
pub type Vector = uint64x2_t;

/// Returns the vector. The compiler knows only that it is in a register.
#[inline(always)]
pub fn hidden(mut vector: Vector) -> Vector {
    // SAFETY: the assembly is a comment.
    unsafe { asm!("/* {:v} */", inout(vreg) vector, options(nomem, nostack, preserves_flags)) };
    vector
}

global_asm!(
    ".macro call_saved one, two, base",
    r"\two x19, x20, [\base]",
    r"\two x21, x22, [\base, 16]",
    r"\two x23, x24, [\base, 32]",
    r"\two x25, x26, [\base, 48]",
    r"\two x27, x28, [\base, 64]",
    r"\one x29, [\base, 80]",
    r"\two d8, d9, [\base, 88]",
    r"\two d10, d11, [\base, 104]",
    r"\two d12, d13, [\base, 120]",
    r"\two d14, d15, [\base, 136]",
    ".endm",
    ".globl call_with_registers",
    "call_with_registers:",
    "sub sp, sp, 176",
    "call_saved str, stp, sp",
    "stp x1, x30, [sp, 152]",
    "call_saved ldr, ldp, x0",
    "blr x2",
    "ldp x1, x30, [sp, 152]",
    "call_saved str, stp, x1",
    "call_saved ldr, ldp, sp",
    "add sp, sp, 176",
    "ret",
);
