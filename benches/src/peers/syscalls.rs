use std::{mem::MaybeUninit, os::fd::RawFd, ptr};

use libc::{c_int, socklen_t};
use syscalls::{Errno, Sysno, syscall};

use super::{FullPeer, Peer, message};
use crate::workloads::{Opened, Type};

pub struct Syscalls;

pub struct End(RawFd);

impl Drop for End {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the descriptor is owned here, and not used again.
        let _ = unsafe { syscall!(Sysno::close, self.0) };
    }
}

/// # Safety
///
/// Any bytes must make a `T`.
#[inline]
unsafe fn option<T>(end: &End, name: c_int) -> Result<T, Errno> {
    let mut value = MaybeUninit::<T>::zeroed();
    let mut len = size_of::<T>() as socklen_t;
    // SAFETY: the kernel writes within `value` and `len` alone; whatever it writes makes a `T`.
    unsafe {
        syscall!(
            Sysno::getsockopt,
            end.0,
            libc::SOL_SOCKET,
            name,
            value.as_mut_ptr(),
            &raw mut len
        )?;
        Ok(value.assume_init())
    }
}

impl Peer for Syscalls {
    type End = End;
    type Error = Errno;

    #[inline]
    fn pair(ty: Type) -> Result<[End; 2], Errno> {
        let mut sv = [0; 2];
        let ty = ty as c_int | libc::SOCK_CLOEXEC;
        // SAFETY: the kernel writes `sv` alone.
        unsafe { syscall!(Sysno::socketpair, libc::AF_UNIX, ty, 0, sv.as_mut_ptr()) }?;
        Ok(sv.map(End))
    }

    #[inline]
    fn write(end: &End, bytes: &[u8]) -> Result<usize, Errno> {
        // SAFETY: the kernel reads within `bytes` alone.
        unsafe { syscall!(Sysno::write, end.0, bytes.as_ptr(), bytes.len()) }
    }

    #[inline]
    fn read(end: &End, bytes: &mut [u8]) -> Result<usize, Errno> {
        // SAFETY: the kernel writes within `bytes` alone.
        unsafe { syscall!(Sysno::read, end.0, bytes.as_mut_ptr(), bytes.len()) }
    }

    #[inline]
    fn so_error(end: &End) -> Result<i32, Errno> {
        // SAFETY: any bytes make an int.
        unsafe { option(end, libc::SO_ERROR) }
    }
}

impl FullPeer for Syscalls {
    type Borrowed<'a> = RawFd;

    #[inline]
    fn send(end: &End, bytes: &[u8]) -> Result<usize, Errno> {
        // SAFETY: the kernel reads within `bytes` alone.
        unsafe {
            syscall!(
                Sysno::sendto,
                end.0,
                bytes.as_ptr(),
                bytes.len(),
                libc::MSG_NOSIGNAL,
                0,
                0
            )
        }
    }

    #[inline]
    fn recv(end: &End, bytes: &mut [u8]) -> Result<usize, Errno> {
        // SAFETY: the kernel writes within `bytes` alone.
        unsafe { syscall!(Sysno::recvfrom, end.0, bytes.as_mut_ptr(), bytes.len(), 0, 0, 0) }
    }

    fn borrow(opened: &Opened) -> RawFd {
        *opened.fd()
    }

    #[inline]
    fn pass<const N: usize>(end: &End, descriptors: &[RawFd; N]) -> Result<usize, Errno> {
        message::pass(descriptors, |message| {
            // SAFETY: the message is complete, and only read.
            unsafe { syscall!(Sysno::sendmsg, end.0, ptr::from_ref(message), libc::MSG_NOSIGNAL) }
        })
    }

    #[inline]
    fn take<const N: usize>(end: &End) -> Result<usize, Errno> {
        message::take::<_, N>(
            // SAFETY: the message is complete, and what it points to may be written.
            |message| unsafe { syscall!(Sysno::recvmsg, end.0, ptr::from_mut(message), libc::MSG_CMSG_CLOEXEC) },
            // SAFETY: the kernel installed it for this process.
            |fd| unsafe { syscall!(Sysno::close, fd) },
        )
    }

    #[inline]
    fn so_type(end: &End) -> Result<i32, Errno> {
        // SAFETY: any bytes make an int.
        unsafe { option(end, libc::SO_TYPE) }
    }

    #[inline]
    fn so_peercred(end: &End) -> Result<i32, Errno> {
        // SAFETY: it is made of ints.
        Ok(unsafe { option::<libc::ucred>(end, libc::SO_PEERCRED) }?.pid)
    }

    #[inline]
    fn so_sndbuf(end: &End) -> Result<i32, Errno> {
        // SAFETY: any bytes make an int.
        unsafe { option(end, libc::SO_SNDBUF) }
    }
}
