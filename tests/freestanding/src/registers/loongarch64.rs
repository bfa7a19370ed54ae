use core::arch::{asm, global_asm};

pub const CALL_SAVED: [&str; 18] = [
    "fp", "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "fs0", "fs1", "fs2", "fs3", "fs4", "fs5", "fs6", "fs7",
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

global_asm!(
    ".macro call_saved integer, float, base",
    r"\integer $fp, \base, 0",
    r"\integer $s0, \base, 8",
    r"\integer $s1, \base, 16",
    r"\integer $s2, \base, 24",
    r"\integer $s3, \base, 32",
    r"\integer $s4, \base, 40",
    r"\integer $s5, \base, 48",
    r"\integer $s6, \base, 56",
    r"\integer $s7, \base, 64",
    r"\integer $s8, \base, 72",
    r"\float $fs0, \base, 80",
    r"\float $fs1, \base, 88",
    r"\float $fs2, \base, 96",
    r"\float $fs3, \base, 104",
    r"\float $fs4, \base, 112",
    r"\float $fs5, \base, 120",
    r"\float $fs6, \base, 128",
    r"\float $fs7, \base, 136",
    ".endm",
    ".globl call_with_registers",
    "call_with_registers:",
    "addi.d $sp, $sp, -160",
    "call_saved st.d, fst.d, $sp",
    "st.d $a1, $sp, 144",
    "st.d $ra, $sp, 152",
    "call_saved ld.d, fld.d, $a0",
    "jirl $ra, $a2, 0",
    "ld.d $a1, $sp, 144",
    "ld.d $ra, $sp, 152",
    "call_saved st.d, fst.d, $a1",
    "call_saved ld.d, fld.d, $sp",
    "addi.d $sp, $sp, 160",
    "ret",
);
