use std::{io, mem::MaybeUninit, os::fd::RawFd};

use libc::{c_int, socklen_t};

use super::{FullPeer, Peer, message};
use crate::workloads::{Opened, Type};

pub struct Libc;

pub struct End(RawFd);

impl Drop for End {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the descriptor is owned here, and not used again.
        let _ = unsafe { close(self.0) };
    }
}

/// # Safety
///
/// `fd` must be the caller's to close.
#[inline]
unsafe fn close(fd: RawFd) -> io::Result<usize> {
    // SAFETY: as the caller guarantees.
    check(unsafe { libc::close(fd) } as isize)
}

#[inline]
fn check(ret: isize) -> io::Result<usize> {
    usize::try_from(ret).map_err(|_| io::Error::last_os_error())
}

/// # Safety
///
/// Any bytes must make a `T`.
#[inline]
unsafe fn option<T>(end: &End, name: c_int) -> io::Result<T> {
    let mut value = MaybeUninit::<T>::zeroed();
    let mut len = size_of::<T>() as socklen_t;
    // SAFETY: the kernel writes within `value` and `len` alone; whatever it writes makes a `T`.
    unsafe {
        check(libc::getsockopt(end.0, libc::SOL_SOCKET, name, value.as_mut_ptr().cast(), &mut len) as isize)?;
        Ok(value.assume_init())
    }
}

impl Peer for Libc {
    type End = End;
    type Error = io::Error;

    #[inline]
    fn pair(ty: Type) -> io::Result<[End; 2]> {
        let mut sv = [0; 2];
        let ty = ty as c_int | libc::SOCK_CLOEXEC;
        // SAFETY: the kernel writes `sv` alone.
        check(unsafe { libc::socketpair(libc::AF_UNIX, ty, 0, sv.as_mut_ptr()) } as isize)?;
        Ok(sv.map(End))
    }

    #[inline]
    fn write(end: &End, bytes: &[u8]) -> io::Result<usize> {
        // SAFETY: the kernel reads within `bytes` alone.
        check(unsafe { libc::write(end.0, bytes.as_ptr().cast(), bytes.len()) })
    }

    #[inline]
    fn read(end: &End, bytes: &mut [u8]) -> io::Result<usize> {
        // SAFETY: the kernel writes within `bytes` alone.
        check(unsafe { libc::read(end.0, bytes.as_mut_ptr().cast(), bytes.len()) })
    }

    #[inline]
    fn so_error(end: &End) -> io::Result<i32> {
        // SAFETY: any bytes make an int.
        unsafe { option(end, libc::SO_ERROR) }
    }
}

impl FullPeer for Libc {
    type Borrowed<'a> = RawFd;

    #[inline]
    fn send(end: &End, bytes: &[u8]) -> io::Result<usize> {
        // SAFETY: the kernel reads within `bytes` alone.
        check(unsafe { libc::send(end.0, bytes.as_ptr().cast(), bytes.len(), libc::MSG_NOSIGNAL) })
    }

    #[inline]
    fn recv(end: &End, bytes: &mut [u8]) -> io::Result<usize> {
        // SAFETY: the kernel writes within `bytes` alone.
        check(unsafe { libc::recv(end.0, bytes.as_mut_ptr().cast(), bytes.len(), 0) })
    }

    fn borrow(opened: &Opened) -> RawFd {
        *opened.fd()
    }

    #[inline]
    fn pass<const N: usize>(end: &End, descriptors: &[RawFd; N]) -> io::Result<usize> {
        message::pass(descriptors, |message| {
            // SAFETY: the message is complete, and only read.
            check(unsafe { libc::sendmsg(end.0, message, libc::MSG_NOSIGNAL) })
        })
    }

    #[inline]
    fn take<const N: usize>(end: &End) -> io::Result<usize> {
        message::take::<_, N>(
            // SAFETY: the message is complete, and what it points to may be written.
            |message| check(unsafe { libc::recvmsg(end.0, message, libc::MSG_CMSG_CLOEXEC) }),
            // SAFETY: the kernel installed it for this process.
            |fd| unsafe { close(fd) },
        )
    }

    #[inline]
    fn so_type(end: &End) -> io::Result<i32> {
        // SAFETY: any bytes make an int.
        unsafe { option(end, libc::SO_TYPE) }
    }

    #[inline]
    fn so_peercred(end: &End) -> io::Result<i32> {
        // SAFETY: it is made of ints.
        Ok(unsafe { option::<libc::ucred>(end, libc::SO_PEERCRED) }?.pid)
    }

    #[inline]
    fn so_sndbuf(end: &End) -> io::Result<i32> {
        // SAFETY: any bytes make an int.
        unsafe { option(end, libc::SO_SNDBUF) }
    }
}
