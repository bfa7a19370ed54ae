#![no_std]
#![no_main]

use core::mem::ManuallyDrop;
use rustix::fd::BorrowedFd;
use rustix::io::{Errno, read, write};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};

// Where rustix reads the vDSO, it needs these two functions of libc.
#[cfg(target_arch = "x86")]
core::arch::global_asm!(
    ".globl strlen, bcmp",
    "strlen:",
    "mov edx, [esp + 4]",
    "mov eax, edx",
    "2: cmp byte ptr [eax], 0",
    "je 3f",
    "inc eax",
    "jmp 2b",
    "3: sub eax, edx",
    "ret",
    "bcmp:",
    "push esi",
    "push edi",
    "mov esi, [esp + 12]",
    "mov edi, [esp + 16]",
    "mov ecx, [esp + 20]",
    "xor eax, eax",
    "repe cmpsb",
    "setne al",
    "pop edi",
    "pop esi",
    "ret",
);

fn use_pair() -> Result<(), Errno> {
    let (a, b) = socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    let (a, b) = (ManuallyDrop::new(a), ManuallyDrop::new(b)); // the others don't close them either
    let mut buf = 0_u64.to_ne_bytes();
    write(&*a, b"hello")?;
    let len = read(&*b, &mut buf)?;
    // SAFETY: 1 is open as long as the program runs, and the kernel reads no more than `buf` holds.
    unsafe { write(BorrowedFd::borrow_raw(1), buf.get_unchecked(..len))? };
    Ok(())
}

#[unsafe(no_mangle)]
extern "C" fn main() -> ! {
    size::exit(match use_pair() {
        Ok(()) => 0,
        Err(errno) => errno.raw_os_error(),
    })
}
