//! Shared by the peers whose users make system calls by number.

use std::{fmt::Debug, marker::PhantomData, mem::MaybeUninit, os::fd::RawFd, ptr};

use libc::c_int;
use syscalls::Sysno;

use super::{FullPeer, Peer, message};
use crate::workloads::{Opened, Type};

pub trait Enter: 'static {
    type Error: Debug;

    /// # Safety
    ///
    /// The number and the arguments must make a system call that the caller may make.
    unsafe fn enter<const N: usize>(number: Sysno, arguments: [usize; N]) -> Result<usize, Self::Error>;
}

pub struct End<P: Enter>(RawFd, PhantomData<P>);

impl<P: Enter> Drop for End<P> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the descriptor is owned here, and not used again.
        let _ = unsafe { P::enter(Sysno::close, [self.0 as usize]) };
    }
}

/// # Safety
///
/// Any bytes must make a `T`.
#[inline]
unsafe fn option<P: Enter, T>(end: &End<P>, name: c_int) -> Result<T, P::Error> {
    let mut value = MaybeUninit::<T>::zeroed();
    let mut len = size_of::<T>() as libc::socklen_t;
    let at = [value.as_mut_ptr() as usize, &raw mut len as usize];
    // SAFETY: the kernel writes within `value` and `len` alone; whatever it writes makes a `T`.
    unsafe {
        P::enter(
            Sysno::getsockopt,
            [end.0 as usize, libc::SOL_SOCKET as usize, name as usize, at[0], at[1]],
        )?;
        Ok(value.assume_init())
    }
}

impl<P: Enter> Peer for P {
    type End = End<P>;
    type Error = P::Error;

    #[inline]
    fn pair(ty: Type) -> Result<[End<P>; 2], P::Error> {
        let mut sv = [0; 2];
        let ty = ty as usize | libc::SOCK_CLOEXEC as usize;
        let at = sv.as_mut_ptr() as usize;
        // SAFETY: the kernel writes `sv` alone.
        unsafe { P::enter(Sysno::socketpair, [libc::AF_UNIX as usize, ty, 0, at])? };
        Ok(sv.map(|fd| End(fd, PhantomData)))
    }

    #[inline]
    fn write(end: &End<P>, bytes: &[u8]) -> Result<usize, P::Error> {
        // SAFETY: the kernel reads within `bytes` alone.
        unsafe { P::enter(Sysno::write, [end.0 as usize, bytes.as_ptr() as usize, bytes.len()]) }
    }

    #[inline]
    fn read(end: &End<P>, bytes: &mut [u8]) -> Result<usize, P::Error> {
        // SAFETY: the kernel writes within `bytes` alone.
        unsafe { P::enter(Sysno::read, [end.0 as usize, bytes.as_mut_ptr() as usize, bytes.len()]) }
    }

    #[inline]
    fn so_error(end: &End<P>) -> Result<i32, P::Error> {
        // SAFETY: any bytes make an int.
        unsafe { option(end, libc::SO_ERROR) }
    }
}

impl<P: Enter> FullPeer for P {
    type Borrowed<'a> = RawFd;

    #[inline]
    fn send(end: &End<P>, bytes: &[u8]) -> Result<usize, P::Error> {
        let (fd, flags) = (end.0 as usize, libc::MSG_NOSIGNAL as usize);
        // SAFETY: the kernel reads within `bytes` alone.
        unsafe { P::enter(Sysno::sendto, [fd, bytes.as_ptr() as usize, bytes.len(), flags, 0, 0]) }
    }

    #[inline]
    fn recv(end: &End<P>, bytes: &mut [u8]) -> Result<usize, P::Error> {
        let fd = end.0 as usize;
        // SAFETY: the kernel writes within `bytes` alone.
        unsafe { P::enter(Sysno::recvfrom, [fd, bytes.as_mut_ptr() as usize, bytes.len(), 0, 0, 0]) }
    }

    fn borrow(opened: &Opened) -> RawFd {
        *opened.fd()
    }

    #[inline]
    fn pass<const N: usize>(end: &End<P>, descriptors: &[RawFd; N]) -> Result<usize, P::Error> {
        let (fd, flags) = (end.0 as usize, libc::MSG_NOSIGNAL as usize);
        message::pass(descriptors, |message| {
            // SAFETY: the message is complete, and only read.
            unsafe { P::enter(Sysno::sendmsg, [fd, ptr::from_ref(message) as usize, flags]) }
        })
    }

    #[inline]
    fn take<const N: usize>(end: &End<P>) -> Result<usize, P::Error> {
        let (fd, flags) = (end.0 as usize, libc::MSG_CMSG_CLOEXEC as usize);
        message::take::<_, N>(
            // SAFETY: the message is complete, and what it points to may be written.
            |message| unsafe { P::enter(Sysno::recvmsg, [fd, ptr::from_mut(message) as usize, flags]) },
            // SAFETY: the kernel installed it for this process.
            |fd| unsafe { P::enter(Sysno::close, [fd as usize]) },
        )
    }

    #[inline]
    fn so_type(end: &End<P>) -> Result<i32, P::Error> {
        // SAFETY: any bytes make an int.
        unsafe { option(end, libc::SO_TYPE) }
    }

    #[inline]
    fn so_peercred(end: &End<P>) -> Result<i32, P::Error> {
        // SAFETY: it is made of ints.
        Ok(unsafe { option::<_, libc::ucred>(end, libc::SO_PEERCRED) }?.pid)
    }

    #[inline]
    fn so_sndbuf(end: &End<P>) -> Result<i32, P::Error> {
        // SAFETY: any bytes make an int.
        unsafe { option(end, libc::SO_SNDBUF) }
    }
}
