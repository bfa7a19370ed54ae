//! - Instruction: `int 0x80`
//! - Number: eax
//! - Arguments: ebx ecx edx esi edi ebp
//! - Return: eax
//! - Lost: nothing
//! - Written down in: syscall(2); Linux, arch/x86/entry/entry_64_compat.S
//!
//! The socket calls have two doors. Linux 4.3 gave each a number of its own; before that they all went through
//! `socketcall`, which takes an operation and a block of arguments. The first is tried first: a sandbox can see its
//! arguments, and refuses `socketcall` because it can't see those. ENOSYS alone leads to the second: it is the answer of
//! an older kernel, and of a filter older than the numbers; any other answer is the call's own.

use core::arch::asm;
use linux_raw_sys::{errno, general, net};

macro_rules! syscalls {
    ($($name:ident($($argument:ident: $register:tt),+) $($instruction:literal)+;)+) => {$(
        /// # Safety
        ///
        /// `NUMBER` and the arguments must make a system call that the caller may make.
        #[inline]
        pub(crate) unsafe fn $name<const NUMBER: u32>($($argument: usize),+) -> usize {
            let answer;
            // SAFETY: the caller answers for the call; what the kernel changes is memory and eax.
            unsafe {
                asm!(
                    $($instruction,)+
                    inlateout("eax") NUMBER => answer,
                    $(in($register) $argument,)+
                    options(nostack, preserves_flags),
                );
            }
            answer
        }
    )+};
}

syscalls! {
    syscall1(a: "ebx") "int 0x80";
    syscall2(a: "ebx", b: "ecx") "int 0x80";
    syscall3(a: "ebx", b: "ecx", c: "edx") "int 0x80";
    // LLVM keeps esi to itself, so the fourth argument is brought in edi and swapped in and out.
    syscall4(a: "ebx", b: "ecx", c: "edx", d: "edi") "xchg esi, edi" "int 0x80" "xchg esi, edi";
}

/// With edi taken as well, the fourth argument is brought in eax and makes room for the number.
///
/// # Safety
///
/// `NUMBER` and the arguments must make a system call that the caller may make.
#[inline]
pub(crate) unsafe fn syscall5<const NUMBER: u32>(a: usize, b: usize, c: usize, d: usize, e: usize) -> usize {
    let answer;
    // SAFETY: the caller answers for the call; what the kernel changes is memory and eax, and esi is put back.
    unsafe {
        asm!(
            "push esi",
            "mov esi, eax",
            "mov eax, {number}",
            "int 0x80",
            "pop esi",
            number = const NUMBER,
            inlateout("eax") d => answer,
            in("ebx") a,
            in("ecx") b,
            in("edx") c,
            in("edi") e,
            options(preserves_flags),
        );
    }
    answer
}

/// LLVM keeps ebp too, so the fourth and the sixth argument are brought in memory, to which eax points.
///
/// # Safety
///
/// `NUMBER` and the arguments must make a system call that the caller may make.
#[inline]
pub(crate) unsafe fn syscall6<const NUMBER: u32>(a: usize, b: usize, c: usize, d: usize, e: usize, f: usize) -> usize {
    let block = [d, f];
    let answer;
    // SAFETY: the caller answers for the call; what the kernel changes is memory and eax, and esi and ebp are put back.
    unsafe {
        asm!(
            "push esi",
            "push ebp",
            "mov esi, [eax]",
            "mov ebp, [eax + 4]",
            "mov eax, {number}",
            "int 0x80",
            "pop ebp",
            "pop esi",
            number = const NUMBER,
            inlateout("eax") &raw const block => answer,
            in("ebx") a,
            in("ecx") b,
            in("edx") c,
            in("edi") e,
            options(preserves_flags),
        );
    }
    answer
}

macro_rules! socketcalls {
    ($($name:ident = $direct:ident($($argument:ident),+);)+) => {$(
        /// # Safety
        ///
        /// `NUMBER` and the arguments must make a socket call that the caller may make.
        #[inline]
        pub(crate) unsafe fn $name<const NUMBER: u32>($($argument: usize),+) -> usize {
            const ENOSYS: usize = (errno::ENOSYS as usize).wrapping_neg();
            // SAFETY: the caller answers for the call.
            let answer = unsafe { $direct::<NUMBER>($($argument),+) };
            if answer != ENOSYS {
                return answer;
            }
            let block = [$($argument),+];
            // SAFETY: it is the same call; the operation reads only as many words as the call has arguments.
            unsafe { syscall2::<{ general::__NR_socketcall }>(const { operation(NUMBER) }, &raw const block as usize) }
        }
    )+};
}

socketcalls! {
    socketcall2 = syscall2(a, b);
    socketcall3 = syscall3(a, b, c);
    socketcall4 = syscall4(a, b, c, d);
    socketcall5 = syscall5(a, b, c, d, e);
    socketcall6 = syscall6(a, b, c, d, e, f);
}

/// What `socketcall` calls the system call `number`.
const fn operation(number: u32) -> usize {
    (match number {
        general::__NR_socketpair => net::SYS_SOCKETPAIR,
        general::__NR_sendto => net::SYS_SENDTO,
        general::__NR_sendmsg => net::SYS_SENDMSG,
        general::__NR_recvmsg => net::SYS_RECVMSG,
        general::__NR_getsockopt => net::SYS_GETSOCKOPT,
        general::__NR_setsockopt => net::SYS_SETSOCKOPT,
        general::__NR_shutdown => net::SYS_SHUTDOWN,
        _ => panic!("not a socket call"),
    }) as usize
}
