use core::arch::{asm, global_asm};

pub const CALL_SAVED: [&str; 24] = [
    "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "fs0", "fs1", "fs2", "fs3", "fs4", "fs5",
    "fs6", "fs7", "fs8", "fs9", "fs10", "fs11",
];

/// What a floating-point register holds. A call preserves no vector register.
pub type Vector = f64;

/// The same value. The compiler knows only that it is in a register.
#[inline(always)]
pub fn hidden(mut vector: Vector) -> Vector {
    // SAFETY: it is a comment.
    unsafe { asm!("/* {} */", inout(freg) vector, options(nomem, nostack, preserves_flags)) };
    vector
}

global_asm!(
    ".option push",
    ".option arch, +d",
    ".macro call_saved integer, float, base",
    r"\integer s0, 0(\base)",
    r"\integer s1, 8(\base)",
    r"\integer s2, 16(\base)",
    r"\integer s3, 24(\base)",
    r"\integer s4, 32(\base)",
    r"\integer s5, 40(\base)",
    r"\integer s6, 48(\base)",
    r"\integer s7, 56(\base)",
    r"\integer s8, 64(\base)",
    r"\integer s9, 72(\base)",
    r"\integer s10, 80(\base)",
    r"\integer s11, 88(\base)",
    r"\float fs0, 96(\base)",
    r"\float fs1, 104(\base)",
    r"\float fs2, 112(\base)",
    r"\float fs3, 120(\base)",
    r"\float fs4, 128(\base)",
    r"\float fs5, 136(\base)",
    r"\float fs6, 144(\base)",
    r"\float fs7, 152(\base)",
    r"\float fs8, 160(\base)",
    r"\float fs9, 168(\base)",
    r"\float fs10, 176(\base)",
    r"\float fs11, 184(\base)",
    ".endm",
    ".globl call_with_registers",
    "call_with_registers:",
    "addi sp, sp, -208",
    "call_saved sd, fsd, sp",
    "sd a1, 192(sp)",
    "sd ra, 200(sp)",
    "call_saved ld, fld, a0",
    "jalr a2",
    "ld a1, 192(sp)",
    "ld ra, 200(sp)",
    "call_saved sd, fsd, a1",
    "call_saved ld, fld, sp",
    "addi sp, sp, 208",
    "ret",
    ".option pop",
);
