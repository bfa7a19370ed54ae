//! - Instruction: `call` of the entry that the kernel offers in its vDSO, or `int 0x80`
//! - Number: eax
//! - Arguments: ebx ecx edx esi edi ebp
//! - Return: eax
//! - Lost: the flags, and what lies below the stack pointer
//! - Written down in: syscall(2), vdso(7); Linux, arch/x86/entry: vdso/vdso32/system_call.S, entry_64_compat.S
//!
//! The vDSO's entry knows the fastest instruction of the machine. `int 0x80` works everywhere, and takes from two to
//! thirty times as long on today's 64-bit kernels in a virtual machine. Which one it is, the first call of the process
//! finds out.
//!
//! The socket calls have two doors. Linux 4.3 gave each a number of its own; before that they all went through
//! `socketcall`, which takes an operation and a block of arguments. The first is tried first: a sandbox can see its
//! arguments, and refuses `socketcall` because it can't see those. ENOSYS alone leads to the second: it is the answer of
//! an older kernel, and of a filter older than the numbers; any other answer is the call's own.

use core::arch::asm;
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use linux_raw_sys::{auxvec, errno, general, net, prctl};

/// Where the kernel is entered, or 0 before the first call.
///
/// Whoever comes while another thread looks for it finds 0, and looks too, or `int 0x80`, which works.
static ENTRY: AtomicUsize = AtomicUsize::new(0);

#[inline]
fn entry() -> usize {
    match ENTRY.load(Relaxed) {
        0 => find_entry(),
        entry => entry,
    }
}

#[cold]
#[inline(never)]
fn find_entry() -> usize {
    let int_0x80: usize;
    // SAFETY: what `call` pushes is popped again: the address of the two instructions that are jumped over.
    unsafe {
        asm!("call 2f", "int 0x80", "ret", "2:", "pop {}", out(reg) int_0x80, options(preserves_flags));
    }
    // It serves the search too, and stays where that finds nothing.
    ENTRY.store(int_0x80, Relaxed);
    if let Some(vdso) = find_vdso() {
        ENTRY.store(vdso, Relaxed);
    }
    ENTRY.load(Relaxed)
}

/// The vDSO's entry, which the kernel names in the auxiliary vector of the process.
///
/// /proc comes first: valgrind, which can't run a vDSO, leaves it out there, and knows nothing of the prctl. That has been
/// there since Linux 6.4, and serves where /proc is not mounted.
fn find_vdso() -> Option<usize> {
    type Entry = [usize; 2];
    let mut auxv = MaybeUninit::<[Entry; 64]>::uninit(); // today's kernels keep 448 bytes
    let (at, size) = (auxv.as_mut_ptr() as usize, size_of_val(&auxv));
    let path = c"/proc/self/auxv".as_ptr() as usize;
    // SAFETY: the kernel reads `path` and writes within `auxv` alone, and the descriptor is this function's own.
    let len = unsafe {
        let file = syscall3::<{ general::__NR_openat }>(general::AT_FDCWD as usize, path, general::O_CLOEXEC as usize);
        let mut len = file as isize;
        if len >= 0 {
            len = syscall3::<{ general::__NR_read }>(file, at, size) as isize;
            syscall1::<{ general::__NR_close }>(file);
        }
        if len <= 0 {
            len = syscall5::<{ general::__NR_prctl }>(prctl::PR_GET_AUXV as usize, at, size, 0, 0) as isize;
        }
        // The prctl answers with the length of all that there is.
        len.clamp(0, size as isize) as usize
    };
    (0..len / size_of::<Entry>())
        // SAFETY: the kernel wrote so many.
        .map(|i| unsafe { auxv.as_ptr().cast::<Entry>().add(i).read() })
        .take_while(|[key, _]| *key != auxvec::AT_NULL as usize)
        .find(|[key, _]| *key == auxvec::AT_SYSINFO as usize)
        .map(|[_, value]| value)
}

macro_rules! syscalls {
    ($($name:ident($($argument:ident: $register:tt),+);)+) => {$(
        /// # Safety
        ///
        /// `NUMBER` and the arguments must make a system call that the caller may make.
        #[inline]
        pub(crate) unsafe fn $name<const NUMBER: u32>($($argument: usize),+) -> usize {
            let answer;
            // SAFETY: the caller answers for the call; what the kernel changes is memory, eax and the flags.
            unsafe {
                asm!(
                    "call {entry}",
                    entry = in(reg) entry(),
                    inlateout("eax") NUMBER => answer,
                    $(in($register) $argument,)+
                );
            }
            answer
        }
    )+};
}

syscalls! {
    syscall1(a: "ebx");
    syscall2(a: "ebx", b: "ecx");
    syscall3(a: "ebx", b: "ecx", c: "edx");
}

/// LLVM keeps esi to itself, so the fourth argument is brought in edi, and the entry in eax until edi is free for it.
///
/// # Safety
///
/// `NUMBER` and the arguments must make a system call that the caller may make.
#[inline]
pub(crate) unsafe fn syscall4<const NUMBER: u32>(a: usize, b: usize, c: usize, d: usize) -> usize {
    let answer;
    // SAFETY: the caller answers for the call; what the kernel changes is memory, eax and the flags, and esi is put back.
    unsafe {
        asm!(
            "push esi",
            "mov esi, edi",
            "mov edi, eax",
            "mov eax, {number}",
            "call edi",
            "pop esi",
            number = const NUMBER,
            inlateout("eax") entry() => answer,
            in("ebx") a,
            in("ecx") b,
            in("edx") c,
            inlateout("edi") d => _,
        );
    }
    answer
}

/// With edi taken too, the fourth argument and the entry are brought in memory, to which eax points.
///
/// # Safety
///
/// `NUMBER` and the arguments must make a system call that the caller may make.
#[inline]
pub(crate) unsafe fn syscall5<const NUMBER: u32>(a: usize, b: usize, c: usize, d: usize, e: usize) -> usize {
    let block = [d, entry()];
    let answer;
    // SAFETY: the caller answers for the call; what the kernel changes is memory, eax and the flags, and esi is put back.
    unsafe {
        asm!(
            "push esi",
            "push [eax + 4]",
            "mov esi, [eax]",
            "mov eax, {number}",
            "call [esp]",
            "add esp, 4",
            "pop esi",
            number = const NUMBER,
            inlateout("eax") &raw const block => answer,
            in("ebx") a,
            in("ecx") b,
            in("edx") c,
            in("edi") e,
        );
    }
    answer
}

/// LLVM keeps ebp too: the sixth argument is brought in the same way.
///
/// # Safety
///
/// `NUMBER` and the arguments must make a system call that the caller may make.
#[inline]
pub(crate) unsafe fn syscall6<const NUMBER: u32>(a: usize, b: usize, c: usize, d: usize, e: usize, f: usize) -> usize {
    let block = [d, f, entry()];
    let answer;
    // SAFETY: the caller answers for the call; what the kernel changes is memory, eax and the flags, and esi and ebp are put back.
    unsafe {
        asm!(
            "push esi",
            "push ebp",
            "push [eax + 8]",
            "mov esi, [eax]",
            "mov ebp, [eax + 4]",
            "mov eax, {number}",
            "call [esp]",
            "add esp, 4",
            "pop ebp",
            "pop esi",
            number = const NUMBER,
            inlateout("eax") &raw const block => answer,
            in("ebx") a,
            in("ecx") b,
            in("edx") c,
            in("edi") e,
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
