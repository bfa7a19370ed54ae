use core::arch::{asm, global_asm};

#[cfg(target_pointer_width = "64")]
pub const CALL_SAVED: [&str; 24] = [
    "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "fs0", "fs1", "fs2", "fs3", "fs4", "fs5",
    "fs6", "fs7", "fs8", "fs9", "fs10", "fs11",
];
/// A word each: fs0 to fs11 by their halves.
#[cfg(target_pointer_width = "32")]
pub const CALL_SAVED: [&str; 36] = [
    "s0",
    "s1",
    "s2",
    "s3",
    "s4",
    "s5",
    "s6",
    "s7",
    "s8",
    "s9",
    "s10",
    "s11",
    "fs0 low",
    "fs0 high",
    "fs1 low",
    "fs1 high",
    "fs2 low",
    "fs2 high",
    "fs3 low",
    "fs3 high",
    "fs4 low",
    "fs4 high",
    "fs5 low",
    "fs5 high",
    "fs6 low",
    "fs6 high",
    "fs7 low",
    "fs7 high",
    "fs8 low",
    "fs8 high",
    "fs9 low",
    "fs9 high",
    "fs10 low",
    "fs10 high",
    "fs11 low",
    "fs11 high",
];

/// What a floating-point register holds. A call preserves no vector register.
pub type Vector = f64;

/// Returns the vector. The compiler knows only that it is in a register.
#[inline(always)]
pub fn hidden(mut vector: Vector) -> Vector {
    // SAFETY: the assembly is a comment.
    unsafe { asm!("/* {} */", inout(freg) vector, options(nomem, nostack, preserves_flags)) };
    vector
}

#[cfg(target_pointer_width = "64")]
global_asm!(".macro load register, address", r"ld \register, \address", ".endm");
#[cfg(target_pointer_width = "64")]
global_asm!(".macro store register, address", r"sd \register, \address", ".endm");
#[cfg(target_pointer_width = "32")]
global_asm!(".macro load register, address", r"lw \register, \address", ".endm");
#[cfg(target_pointer_width = "32")]
global_asm!(".macro store register, address", r"sw \register, \address", ".endm");

// The stack frame: s0 to s11, fs0 to fs11, `seen`, the return address.
global_asm!(
    ".option push",
    ".option arch, +d",
    ".macro call_saved integer, float, base",
    r"\integer s0, 0*{word}(\base)",
    r"\integer s1, 1*{word}(\base)",
    r"\integer s2, 2*{word}(\base)",
    r"\integer s3, 3*{word}(\base)",
    r"\integer s4, 4*{word}(\base)",
    r"\integer s5, 5*{word}(\base)",
    r"\integer s6, 6*{word}(\base)",
    r"\integer s7, 7*{word}(\base)",
    r"\integer s8, 8*{word}(\base)",
    r"\integer s9, 9*{word}(\base)",
    r"\integer s10, 10*{word}(\base)",
    r"\integer s11, 11*{word}(\base)",
    r"\float fs0, 12*{word}+0(\base)",
    r"\float fs1, 12*{word}+8(\base)",
    r"\float fs2, 12*{word}+16(\base)",
    r"\float fs3, 12*{word}+24(\base)",
    r"\float fs4, 12*{word}+32(\base)",
    r"\float fs5, 12*{word}+40(\base)",
    r"\float fs6, 12*{word}+48(\base)",
    r"\float fs7, 12*{word}+56(\base)",
    r"\float fs8, 12*{word}+64(\base)",
    r"\float fs9, 12*{word}+72(\base)",
    r"\float fs10, 12*{word}+80(\base)",
    r"\float fs11, 12*{word}+88(\base)",
    ".endm",
    ".globl call_with_registers",
    "call_with_registers:",
    "addi sp, sp, -208",
    "call_saved store, fsd, sp",
    "store a1, 192(sp)",
    "store ra, 200(sp)",
    "call_saved load, fld, a0",
    "jalr a2",
    "load a1, 192(sp)",
    "load ra, 200(sp)",
    "call_saved store, fsd, a1",
    "call_saved load, fld, sp",
    "addi sp, sp, 208",
    "ret",
    ".option pop",
    word = const size_of::<usize>(),
);
