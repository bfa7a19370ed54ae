use core::arch::{asm, global_asm};

pub const CALL_SAVED: [&str; 16] = [
    "r6", "r7", "r8", "r9", "r10", "r11", "r12", "r13", "f8", "f9", "f10", "f11", "f12", "f13", "f14", "f15",
];

/// The content of a floating-point register.
pub type Vector = f64;

/// Returns the vector. The compiler knows only that it is in a register.
#[inline(always)]
pub fn hidden(mut vector: Vector) -> Vector {
    // SAFETY: the assembly is a comment.
    unsafe { asm!("/* {} */", inout(freg) vector, options(nomem, nostack, preserves_flags)) };
    vector
}

// The stack frame: 160 bytes for the function that is called, f8 to f15, `seen`.
global_asm!(
    ".macro floats operation, offset, base",
    r"\operation %f8, \offset(\base)",
    r"\operation %f9, \offset+8(\base)",
    r"\operation %f10, \offset+16(\base)",
    r"\operation %f11, \offset+24(\base)",
    r"\operation %f12, \offset+32(\base)",
    r"\operation %f13, \offset+40(\base)",
    r"\operation %f14, \offset+48(\base)",
    r"\operation %f15, \offset+56(\base)",
    ".endm",
    ".globl call_with_registers",
    "call_with_registers:",
    "stmg %r6, %r15, 48(%r15)",
    "aghi %r15, -240",
    "floats std, 160, %r15",
    "stg %r3, 224(%r15)",
    "lmg %r6, %r13, 0(%r2)",
    "floats ld, 64, %r2",
    "basr %r14, %r4",
    "lg %r1, 224(%r15)",
    "stmg %r6, %r13, 0(%r1)",
    "floats std, 64, %r1",
    "floats ld, 160, %r15",
    "lmg %r6, %r15, 288(%r15)",
    "br %r14",
);
