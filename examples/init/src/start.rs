//! Where the program starts. The kernel has left the arguments on the stack: `_start` passes the stack pointer to
//! `crate::start`, on a stack that is aligned as functions expect it. There is nothing to return to.

macro_rules! start_with {
    ($($(#[$cfg:meta])+ [$($line:literal)+])+) => {$(
        $(#[$cfg])+
        core::arch::global_asm!(".globl _start", "_start:", $($line,)+ start = sym crate::start);
    )+};
}

start_with! {
    #[cfg(target_arch = "x86_64")]
    ["xor ebp, ebp" "mov rdi, rsp" "and rsp, -16" "call {start}"]

    #[cfg(target_arch = "x86")]
    ["xor ebp, ebp" "mov eax, esp" "and esp, -16" "sub esp, 12" "push eax" "call {start}"]

    #[cfg(target_arch = "aarch64")]
    ["mov x29, xzr" "mov x30, xzr" "mov x0, sp" "b {start}"]

    // ARM code, also where the rest is Thumb code.
    #[cfg(target_arch = "arm")]
    [".arm" ".balign 4" ".type _start, %function" "mov fp, #0" "mov lr, #0" "mov r0, sp" "bl {start}"]

    // Linkers may use gp in what follows, but not in what sets it.
    #[cfg(any(target_arch = "riscv32", target_arch = "riscv64"))]
    [".option push" ".option norelax" "lla gp, __global_pointer$" ".option pop" "mv a0, sp" "tail {start}"]

    // A function may write to the 160 bytes above the stack pointer with which it is called.
    #[cfg(target_arch = "s390x")]
    ["lgr %r2, %r15" "aghi %r15, -160" "xc 0(8,%r15), 0(%r15)" "brasl %r14, {start}"]

    #[cfg(target_arch = "powerpc")]
    ["mr 3, 1" "clrrwi 1, 1, 4" "li 0, 0" "stwu 0, -16(1)" "mtlr 0" "bl {start}"]

    // r2 points to the program's table of contents.
    #[cfg(target_arch = "powerpc64")]
    [
        "bcl 20, 31, 2f" "2: mflr 2" "addis 2, 2, .TOC. - 2b@ha" "addi 2, 2, .TOC. - 2b@l"
        "mr 3, 1" "clrrdi 1, 1, 4" "li 0, 0" "stdu 0, -128(1)" "mtlr 0" "bl {start}" "nop"
    ]

    #[cfg(target_arch = "loongarch64")]
    ["move $fp, $zero" "move $ra, $zero" "move $a0, $sp" "b {start}"]
}
