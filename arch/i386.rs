//! - Instruction: `call` to the vDSO's `__kernel_vsyscall`, or `int 0x80`
//! - Number: eax
//! - Arguments: ebx ecx edx esi edi ebp
//! - Return value: eax
//! - Clobbers: the flags, and the stack below the stack pointer
//! - References: syscall(2), vdso(7), PR_GET_AUXV(2const); Linux, arch/x86/entry/vdso/vdso32/system_call.S
//!
//! `__kernel_vsyscall` executes the fastest instruction that the machine has. `int 0x80` works everywhere, but takes two to
//! thirty times as long on today's 64-bit kernels in a virtual machine. The first system call of a process selects one of
//! the two.
//!
//! LLVM reserves esi and ebp, so neither can be an operand: both are saved and restored around the call. Where code here
//! moves the stack pointer, unwind information describes it.

use core::arch::{asm, global_asm};
use core::ffi::c_void;
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use linux_raw_sys::{auxvec, errno, general, prctl};
use socketcall::negated;

/// The address at which the kernel is entered, relative to that of `first_call`; 0 before the first call. So the static
/// needs no relocation, and no call has to test it.
///
/// A thread that finds 0 while another one searches also searches; a thread that finds `int 0x80` uses it.
static ENTRY: AtomicUsize = AtomicUsize::new(0);

#[inline]
fn entry() -> usize {
    (first_call as *const () as usize).wrapping_add(ENTRY.load(Relaxed))
}

fn set_entry(entry: usize) {
    ENTRY.store(entry.wrapping_sub(first_call as *const () as usize), Relaxed);
}

extern "C" fn find_entry() -> usize {
    // The search itself uses it, and it remains the entry if nothing is found.
    set_entry(int_0x80 as *const () as usize);
    if let Some(vdso) = find_vdso() {
        set_entry(vdso);
    }
    entry()
}

/// The address of `__kernel_vsyscall`, where PR_GET_AUXV reports it (Linux 6.4) and it can be called.
///
/// No file descriptor is opened, no path is looked up, and no memory is read before the kernel has confirmed that it
/// can be.
fn find_vdso() -> Option<usize> {
    type Pair = [usize; 2];
    const NULL: usize = auxvec::AT_NULL as usize;
    const SYSINFO: usize = auxvec::AT_SYSINFO as usize;
    const SYSINFO_EHDR: usize = auxvec::AT_SYSINFO_EHDR as usize;
    const PAIRS: usize = 64; // Linux 6.18 keeps 56
    /// The vDSO has two pages of code and data, in some configurations three.
    const VDSO_SIZE: usize = 4 * 4096;

    if runs_under_valgrind() {
        return None;
    }
    let mut auxv = MaybeUninit::<[Pair; PAIRS]>::uninit();
    for i in 0..PAIRS {
        // Volatile, or the compiler would call `memset`, which a program without libc may lack.
        // SAFETY: it is one of the pairs.
        unsafe { auxv.as_mut_ptr().cast::<Pair>().add(i).write_volatile([0, 0]) };
    }
    // SAFETY: all of them were initialized.
    let auxv = unsafe { auxv.assume_init_mut() };
    // SAFETY: the kernel writes only within `auxv`.
    let len = unsafe {
        let (at, size) = (auxv.as_mut_ptr() as usize, size_of_val(auxv));
        syscall5::<{ general::__NR_prctl }>(prctl::PR_GET_AUXV as usize, at, size, 0, 0)
    };
    if len as isize <= 0 {
        return None;
    }
    let (mut image, mut entry) = (0, 0);
    for pair in auxv {
        match *pair {
            [NULL, _] => break,
            [SYSINFO, value] => entry = value,
            [SYSINFO_EHDR, value] => image = value,
            _ => {}
        }
    }
    // The kernel reports the auxiliary vector as it made it, even if the vDSO has been unmapped or a loader has replaced it.
    let is_vdso = entry != 0
        && entry.wrapping_sub(image) < VDSO_SIZE
        && is_readable(image)
        // SAFETY: the kernel has just read more bytes there.
        && unsafe { (image as *const [u8; 4]).read_volatile() } == *b"\x7fELF";
    is_vdso.then_some(entry)
}

/// Whether eight bytes at `address` can be read: the kernel reads them before it rejects the first argument.
fn is_readable(address: usize) -> bool {
    const NEVER_MAPPED: usize = 0_usize.wrapping_sub(4096);
    let probe = |address| {
        // SAFETY: with an unknown `how` the call only reads the signal set, and changes nothing.
        unsafe { syscall4::<{ general::__NR_rt_sigprocmask }>(usize::MAX, address, 0, 8) }
    };
    // A filter that returns a result in place of the kernel returns the same one twice.
    probe(address) == negated(errno::EINVAL) && probe(NEVER_MAPPED) == negated(errno::EFAULT)
}

/// Whether valgrind interprets this program. It can't run the vDSO's instructions, and hides the vDSO from the
/// program's stack, but not from PR_GET_AUXV.
fn runs_under_valgrind() -> bool {
    /// RUNNING_ON_VALGRIND in valgrind/valgrind.h
    static REQUEST: [usize; 6] = [0x1001, 0, 0, 0, 0, 0];
    let depth: usize;
    // SAFETY: outside valgrind the rotations cancel out, and `xchg` exchanges nothing.
    unsafe {
        asm!(
            "rol edi, 3",
            "rol edi, 13",
            "rol edi, 29",
            "rol edi, 19",
            "xchg ebx, ebx",
            in("eax") &raw const REQUEST,
            inlateout("edx") 0_usize => depth,
            options(nostack, readonly),
        );
    }
    depth != 0
}

macro_rules! symbol {
    ($name:literal) => {
        // Two versions of this crate can be linked into one program.
        concat!("linux_socketpair_", env!("CARGO_PKG_VERSION"), "_", $name)
    };
}

unsafe extern "C" {
    #[link_name = symbol!("int_0x80")]
    fn int_0x80();
    #[link_name = symbol!("first_call")]
    fn first_call();
    #[link_name = symbol!("call_with_5")]
    fn call_with_5();
    #[link_name = symbol!("call_with_6")]
    fn call_with_6();
}

// The instruction as a function, called like `__kernel_vsyscall`.
global_asm!(
    ".pushsection .text.{name},\"ax\",@progbits",
    ".hidden {name}",
    ".globl {name}",
    ".type {name},@function",
    "{name}:",
    ".cfi_startproc",
    "int 0x80",
    "ret",
    ".cfi_endproc",
    ".size {name}, . - {name}",
    ".popsection",
    name = sym int_0x80,
);

// Called like `__kernel_vsyscall`: finds the entry and continues there, with all registers as they were.
global_asm!(
    ".pushsection .text.{name},\"ax\",@progbits",
    ".hidden {name}",
    ".globl {name}",
    ".type {name},@function",
    "{name}:",
    ".cfi_startproc",
    "push ebp",
    ".cfi_def_cfa_offset 8",
    ".cfi_offset ebp, -8",
    "mov ebp, esp",
    ".cfi_def_cfa_register ebp",
    "push eax",
    "push ecx",
    "push edx",
    "and esp, -16",
    "call {find_entry}",
    "mov edx, [ebp - 12]",
    "mov ecx, [ebp - 8]",
    "xchg eax, [ebp - 4]",
    "lea esp, [ebp - 4]", // the entry, the saved ebp, the return address
    "mov ebp, [ebp]",
    ".cfi_def_cfa esp, 12",
    ".cfi_restore ebp",
    "ret 4",
    ".cfi_endproc",
    ".size {name}, . - {name}",
    ".popsection",
    name = sym first_call,
    find_entry = sym find_entry,
);

// Makes a system call with five arguments. eax points to the block [esi, number, entry]; the other arguments are in
// their registers. A function of its own, because only a function can describe to unwinders how it moves the stack pointer.
global_asm!(
    ".pushsection .text.{name},\"ax\",@progbits",
    ".hidden {name}",
    ".globl {name}",
    ".type {name},@function",
    "{name}:",
    ".cfi_startproc",
    "push esi",
    ".cfi_adjust_cfa_offset 4",
    ".cfi_rel_offset esi, 0",
    "push [eax + 8]",
    ".cfi_adjust_cfa_offset 4",
    "mov esi, [eax]",
    "mov eax, [eax + 4]",
    "call [esp]",
    "add esp, 4",
    ".cfi_adjust_cfa_offset -4",
    "pop esi",
    ".cfi_adjust_cfa_offset -4",
    ".cfi_restore esi",
    "ret",
    ".cfi_endproc",
    ".size {name}, . - {name}",
    ".popsection",
    name = sym call_with_5,
);

// The same with six arguments: the block is [esi, number, entry, ebp].
global_asm!(
    ".pushsection .text.{name},\"ax\",@progbits",
    ".hidden {name}",
    ".globl {name}",
    ".type {name},@function",
    "{name}:",
    ".cfi_startproc",
    "push esi",
    ".cfi_adjust_cfa_offset 4",
    ".cfi_rel_offset esi, 0",
    "push ebp",
    ".cfi_adjust_cfa_offset 4",
    ".cfi_rel_offset ebp, 0",
    "push [eax + 8]",
    ".cfi_adjust_cfa_offset 4",
    "mov esi, [eax]",
    "mov ebp, [eax + 12]",
    "mov eax, [eax + 4]",
    "call [esp]",
    "add esp, 4",
    ".cfi_adjust_cfa_offset -4",
    "pop ebp",
    ".cfi_adjust_cfa_offset -4",
    ".cfi_restore ebp",
    "pop esi",
    ".cfi_adjust_cfa_offset -4",
    ".cfi_restore esi",
    "ret",
    ".cfi_endproc",
    ".size {name}, . - {name}",
    ".popsection",
    name = sym call_with_6,
);

/// The instruction with its clobbers, around the operands of a call.
macro_rules! syscall {
    ($($operands:tt)+) => {
        asm!(
            "call {entry}",
            $($operands)+
        )
    };
}

#[inline]
pub(crate) unsafe fn syscall1<const NUMBER: u32>(a: usize) -> usize {
    let ret;
    // SAFETY: the caller vouches for the call.
    unsafe {
        syscall!(
            entry = in(reg) entry(),
            inlateout("eax") NUMBER => ret,
            in("ebx") a,
        );
    }
    ret
}

#[inline]
pub(crate) unsafe fn syscall2<const NUMBER: u32>(a: usize, b: usize) -> usize {
    let ret;
    // SAFETY: the caller vouches for the call.
    unsafe {
        syscall!(
            entry = in(reg) entry(),
            inlateout("eax") NUMBER => ret,
            in("ebx") a,
            in("ecx") b,
        );
    }
    ret
}

#[inline]
pub(crate) unsafe fn syscall3<const NUMBER: u32>(a: usize, b: usize, c: usize) -> usize {
    let ret;
    // SAFETY: the caller vouches for the call.
    unsafe {
        syscall!(
            entry = in(reg) entry(),
            inlateout("eax") NUMBER => ret,
            in("ebx") a,
            in("ecx") b,
            in("edx") c,
        );
    }
    ret
}

/// The kernel ignores edi in a call with four arguments, so edi points to a block [entry, argument, saved esi].
#[inline]
pub(crate) unsafe fn syscall4<const NUMBER: u32>(a: usize, b: usize, c: usize, d: usize) -> usize {
    let mut block = [
        MaybeUninit::new(entry()),
        MaybeUninit::new(d),
        MaybeUninit::<usize>::uninit(),
    ];
    let ret;
    // SAFETY: the caller vouches for the call; the kernel changes memory, eax and the flags, and esi is restored.
    unsafe {
        asm!(
            "mov [edi + 8], esi",
            "mov esi, [edi + 4]",
            "call [edi]",
            "mov esi, [edi + 8]",
            inlateout("eax") NUMBER => ret,
            in("ebx") a,
            in("ecx") b,
            in("edx") c,
            in("edi") block.as_mut_ptr(),
        );
    }
    ret
}

#[inline]
pub(crate) unsafe fn syscall5<const NUMBER: u32>(a: usize, b: usize, c: usize, d: usize, e: usize) -> usize {
    let block = [d, NUMBER as usize, entry()];
    let ret;
    // SAFETY: the caller vouches for the call; the kernel changes memory, eax and the flags, and esi is restored.
    unsafe {
        asm!(
            "call {call_with_5}",
            call_with_5 = sym call_with_5,
            inlateout("eax") &raw const block => ret,
            in("ebx") a,
            in("ecx") b,
            in("edx") c,
            in("edi") e,
        );
    }
    ret
}

#[inline]
pub(crate) unsafe fn syscall6<const NUMBER: u32>(a: usize, b: usize, c: usize, d: usize, e: usize, f: usize) -> usize {
    let block = [d, NUMBER as usize, entry(), f];
    let ret;
    // SAFETY: the caller vouches for the call; the kernel changes memory, eax and the flags, and esi and ebp are
    // restored.
    unsafe {
        asm!(
            "call {call_with_6}",
            call_with_6 = sym call_with_6,
            inlateout("eax") &raw const block => ret,
            in("ebx") a,
            in("ecx") b,
            in("edx") c,
            in("edi") e,
        );
    }
    ret
}

/// clone(2). With CLONE_VM and CLONE_VFORK, never one of them alone, the parent continues when the child has executed a
/// program or ended. The child calls `child` on this stack, below this frame, and never returns here.
///
/// Always through `int 0x80`: on the shared stack the child would overwrite the address to which the vDSO returns in the
/// parent.
#[inline(never)]
pub(crate) unsafe fn vfork(
    flags: usize,
    pidfd: *mut i32,
    child: unsafe extern "C" fn(*mut c_void) -> !,
    data: *mut c_void,
) -> usize {
    let block = [child as *const () as usize, data as usize];
    let ret;
    // SAFETY: the caller vouches for the call. The child has its own registers and writes only below this frame.
    unsafe {
        asm!(
            "int 0x80",
            "test eax, eax",
            "jnz 2f",
            "sub esp, 12", // with the argument, a multiple of 16
            "push [edi + 4]",
            "call [edi]",
            "2:",
            inlateout("eax") general::__NR_clone => ret,
            in("ebx") flags,
            in("ecx") 0_usize,
            in("edx") pidfd,
            in("edi") &raw const block,
        );
    }
    ret
}

// Two entries: the direct call, then `socketcall`.
mod socketcall;

pub(crate) use socketcall::{socketcall2, socketcall3, socketcall4, socketcall5, socketcall6};
