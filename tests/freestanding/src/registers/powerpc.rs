use core::arch::{asm, global_asm};

/// In 32-bit words, of the integer registers alone: a floating-point register has 64 bits.
#[cfg(target_pointer_width = "32")]
pub const CALL_SAVED: [&str; 18] = [
    "r14", "r15", "r16", "r17", "r18", "r19", "r20", "r21", "r22", "r23", "r24", "r25", "r26", "r27", "r28", "r29",
    "r30", "r31",
];
#[cfg(target_pointer_width = "64")]
pub const CALL_SAVED: [&str; 36] = [
    "r14", "r15", "r16", "r17", "r18", "r19", "r20", "r21", "r22", "r23", "r24", "r25", "r26", "r27", "r28", "r29",
    "r30", "r31", "f14", "f15", "f16", "f17", "f18", "f19", "f20", "f21", "f22", "f23", "f24", "f25", "f26", "f27",
    "f28", "f29", "f30", "f31",
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
    ".macro call_saved operation, at, base",
    ".irp register, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31",
    r"\operation \register, \at + {word} * (\register - 14)(\base)",
    ".endr",
    ".endm",
    word = const size_of::<usize>(),
);

// The stack frame: 32 bytes that the ABI describes, the registers, `seen`.
#[cfg(target_pointer_width = "64")]
global_asm!(
    ".globl call_with_registers",
    "call_with_registers:",
    "mflr 0",
    "std 0, 16(1)",
    "stdu 1, -336(1)",
    "call_saved std, 32, 1",
    "call_saved stfd, 176, 1",
    "std 4, 320(1)",
    "call_saved ld, 0, 3",
    "call_saved lfd, 144, 3",
    "mr 12, 5",
    "mtctr 12",
    "bctrl",
    "ld 4, 320(1)",
    "call_saved std, 0, 4",
    "call_saved stfd, 144, 4",
    "call_saved ld, 32, 1",
    "call_saved lfd, 176, 1",
    "addi 1, 1, 336",
    "ld 0, 16(1)",
    "mtlr 0",
    "blr",
);

// The stack frame: 8 bytes that the ABI describes, the registers, `seen`.
#[cfg(target_pointer_width = "32")]
global_asm!(
    ".globl call_with_registers",
    "call_with_registers:",
    "mflr 0",
    "stw 0, 4(1)",
    "stwu 1, -96(1)",
    "call_saved stw, 8, 1",
    "stw 4, 80(1)",
    "call_saved lwz, 0, 3",
    "mtctr 5",
    "bctrl",
    "lwz 4, 80(1)",
    "call_saved stw, 0, 4",
    "call_saved lwz, 8, 1",
    "addi 1, 1, 96",
    "lwz 0, 4(1)",
    "mtlr 0",
    "blr",
);
