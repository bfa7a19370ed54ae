//! No peer, but the basis of all: the same calls with the bare instruction, whose results are not checked.

use std::{arch::asm, convert::Infallible, os::fd::RawFd, ptr};

use libc::c_int;
use syscalls::Sysno;

use super::{FullPeer, Peer, message};
use crate::workloads::{Opened, Type};

pub struct Kernel;

pub struct End(RawFd);

impl Drop for End {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the descriptor is owned here, and not used again.
        unsafe { enter(Sysno::close, [self.0 as usize, 0, 0, 0, 0, 0]) };
    }
}

/// # Safety
///
/// The number and the arguments must make a system call that the caller may make.
#[cfg(target_arch = "x86_64")]
#[inline]
unsafe fn enter(number: Sysno, [a, b, c, d, e, f]: [usize; 6]) -> usize {
    let ret;
    // SAFETY: the caller vouches for the call; the kernel changes memory, rax, rcx and r11.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") number as usize => ret,
            in("rdi") a,
            in("rsi") b,
            in("rdx") c,
            in("r10") d,
            in("r8") e,
            in("r9") f,
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack, preserves_flags),
        );
    }
    ret
}

/// Through the vDSO's entry, the fastest there is; both libcs keep its address at gs:16.
///
/// # Safety
///
/// The number and the arguments must make a system call that the caller may make.
#[cfg(target_arch = "x86")]
#[inline]
unsafe fn enter(number: Sysno, [a, b, c, d, e, f]: [usize; 6]) -> usize {
    // LLVM reserves esi and ebp.
    let block = [number as usize, d, f];
    let ret;
    // SAFETY: the caller vouches for the call; memory, eax and the flags change, and esi and ebp are restored.
    unsafe {
        asm!(
            "push esi",
            "push ebp",
            "mov esi, [eax + 4]",
            "mov ebp, [eax + 8]",
            "mov eax, [eax]",
            "call gs:[16]",
            "pop ebp",
            "pop esi",
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
fn option<const INTS: usize>(end: &End, name: c_int) -> Result<i32, Infallible> {
    let mut value = [0; INTS];
    let mut len = size_of_val(&value) as u32;
    let (fd, value_at, len_at) = (end.0 as usize, value.as_mut_ptr() as usize, &raw mut len as usize);
    // SAFETY: the kernel writes within `value` and `len` alone.
    unsafe {
        enter(
            Sysno::getsockopt,
            [fd, libc::SOL_SOCKET as usize, name as usize, value_at, len_at, 0],
        )
    };
    Ok(value[0])
}

impl Peer for Kernel {
    type End = End;
    type Error = Infallible;

    #[inline]
    fn pair(ty: Type) -> Result<[End; 2], Infallible> {
        let mut sv = [0; 2];
        let ty = ty as usize | libc::SOCK_CLOEXEC as usize;
        let at = sv.as_mut_ptr() as usize;
        // SAFETY: the kernel writes `sv` alone.
        unsafe { enter(Sysno::socketpair, [libc::AF_UNIX as usize, ty, 0, at, 0, 0]) };
        Ok(sv.map(End))
    }

    #[inline]
    fn write(end: &End, bytes: &[u8]) -> Result<usize, Infallible> {
        // SAFETY: the kernel reads within `bytes` alone.
        Ok(unsafe {
            enter(
                Sysno::write,
                [end.0 as usize, bytes.as_ptr() as usize, bytes.len(), 0, 0, 0],
            )
        })
    }

    #[inline]
    fn read(end: &End, bytes: &mut [u8]) -> Result<usize, Infallible> {
        // SAFETY: the kernel writes within `bytes` alone.
        Ok(unsafe {
            enter(
                Sysno::read,
                [end.0 as usize, bytes.as_mut_ptr() as usize, bytes.len(), 0, 0, 0],
            )
        })
    }

    #[inline]
    fn so_error(end: &End) -> Result<i32, Infallible> {
        option::<1>(end, libc::SO_ERROR)
    }
}

impl FullPeer for Kernel {
    type Borrowed<'a> = RawFd;

    #[inline]
    fn send(end: &End, bytes: &[u8]) -> Result<usize, Infallible> {
        let (fd, flags) = (end.0 as usize, libc::MSG_NOSIGNAL as usize);
        // SAFETY: the kernel reads within `bytes` alone.
        Ok(unsafe { enter(Sysno::sendto, [fd, bytes.as_ptr() as usize, bytes.len(), flags, 0, 0]) })
    }

    #[inline]
    fn recv(end: &End, bytes: &mut [u8]) -> Result<usize, Infallible> {
        let fd = end.0 as usize;
        // SAFETY: the kernel writes within `bytes` alone.
        Ok(unsafe { enter(Sysno::recvfrom, [fd, bytes.as_mut_ptr() as usize, bytes.len(), 0, 0, 0]) })
    }

    fn borrow(opened: &Opened) -> RawFd {
        *opened.fd()
    }

    #[inline]
    fn pass<const N: usize>(end: &End, descriptors: &[RawFd; N]) -> Result<usize, Infallible> {
        let (fd, flags) = (end.0 as usize, libc::MSG_NOSIGNAL as usize);
        message::pass(descriptors, |message| {
            // SAFETY: the message is complete, and only read.
            Ok(unsafe { enter(Sysno::sendmsg, [fd, ptr::from_ref(message) as usize, flags, 0, 0, 0]) })
        })
    }

    #[inline]
    fn take<const N: usize>(end: &End) -> Result<usize, Infallible> {
        let (fd, flags) = (end.0 as usize, libc::MSG_CMSG_CLOEXEC as usize);
        message::take::<_, N>(
            // SAFETY: the message is complete, and what it points to may be written.
            |message| Ok(unsafe { enter(Sysno::recvmsg, [fd, ptr::from_mut(message) as usize, flags, 0, 0, 0]) }),
            // SAFETY: the kernel installed it for this process.
            |fd| Ok(unsafe { enter(Sysno::close, [fd as usize, 0, 0, 0, 0, 0]) }),
        )
    }

    #[inline]
    fn so_type(end: &End) -> Result<i32, Infallible> {
        option::<1>(end, libc::SO_TYPE)
    }

    #[inline]
    fn so_peercred(end: &End) -> Result<i32, Infallible> {
        option::<3>(end, libc::SO_PEERCRED)
    }

    #[inline]
    fn so_sndbuf(end: &End) -> Result<i32, Infallible> {
        option::<1>(end, libc::SO_SNDBUF)
    }
}
