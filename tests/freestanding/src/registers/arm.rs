use core::arch::global_asm;

/// A word each: d8 to d15 by their halves.
#[cfg(target_abi = "eabihf")]
pub const CALL_SAVED: [&str; 24] = [
    "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "s16", "s17", "s18", "s19", "s20", "s21", "s22", "s23", "s24",
    "s25", "s26", "s27", "s28", "s29", "s30", "s31",
];
/// Without hardware floating point.
#[cfg(not(target_abi = "eabihf"))]
pub const CALL_SAVED: [&str; 8] = ["r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11"];

/// The content of a floating-point register.
pub type Vector = f64;

/// Returns the vector. The compiler knows only that it is in a register.
#[cfg(target_abi = "eabihf")]
#[inline(always)]
pub fn hidden(mut vector: Vector) -> Vector {
    // SAFETY: the assembly is a comment.
    unsafe { core::arch::asm!("/* {} */", inout(dreg_low16) vector, options(nomem, nostack, preserves_flags)) };
    vector
}
#[cfg(not(target_abi = "eabihf"))]
pub use core::hint::black_box as hidden;

// ARM code, whatever the rest is: calls and returns switch between that and Thumb code.
#[cfg(target_abi = "eabihf")]
global_asm!(
    ".arm",
    ".fpu vfpv3-d16",
    ".balign 4",
    ".globl call_with_registers",
    ".type call_with_registers, %function",
    "call_with_registers:",
    "push {{r1, r4-r11, lr}}",
    "vpush {{d8-d15}}",
    "ldmia r0!, {{r4-r11}}",
    "vldmia r0, {{s16-s31}}",
    "blx r2",
    "ldr r1, [sp, #64]",
    "stmia r1!, {{r4-r11}}",
    "vstmia r1, {{s16-s31}}",
    "vpop {{d8-d15}}",
    "pop {{r1, r4-r11, pc}}",
);
#[cfg(not(target_abi = "eabihf"))]
global_asm!(
    ".arm",
    ".balign 4",
    ".globl call_with_registers",
    ".type call_with_registers, %function",
    "call_with_registers:",
    "push {{r1, r4-r11, lr}}",
    "ldmia r0, {{r4-r11}}",
    "mov lr, pc", // which is two instructions ahead
    "mov pc, r2",
    "ldr r1, [sp]",
    "stmia r1, {{r4-r11}}",
    "pop {{r1, r4-r11, pc}}",
);
