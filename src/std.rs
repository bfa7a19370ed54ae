//! The feature `std`.

extern crate std;

use self::std::io::{self, IoSlice, IoSliceMut};
use self::std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use self::std::os::unix::net::{UnixDatagram, UnixStream};
use core::{ptr, slice};

use crate::descriptor::Descriptor;
use crate::errno::Errno;
use crate::socket::{Incomplete, Socket};
use crate::types::MessageFlags;

/// The same errno, as the standard library's error.
impl From<Errno> for io::Error {
    fn from(errno: Errno) -> Self {
        Self::from_raw_os_error(errno.raw_os_error())
    }
}

/// The errno, or `UnexpectedEof` if the end came.
impl From<Incomplete> for io::Error {
    fn from(incomplete: Incomplete) -> Self {
        incomplete
            .errno
            .map_or_else(|| io::ErrorKind::UnexpectedEof.into(), Self::from)
    }
}

macro_rules! descriptors {
    ($($Type:ident)+) => {$(
        impl AsFd for $Type {
            #[inline]
            fn as_fd(&self) -> BorrowedFd<'_> {
                // SAFETY: it is open as long as it is borrowed.
                unsafe { BorrowedFd::borrow_raw(self.as_raw_fd()) }
            }
        }

        impl AsRawFd for $Type {
            #[inline]
            fn as_raw_fd(&self) -> RawFd {
                self.as_raw_fd()
            }
        }

        impl IntoRawFd for $Type {
            #[inline]
            fn into_raw_fd(self) -> RawFd {
                self.into_raw_fd()
            }
        }

        impl FromRawFd for $Type {
            #[inline]
            unsafe fn from_raw_fd(fd: RawFd) -> Self {
                // SAFETY: as the caller says.
                unsafe { Self::from_raw_fd(fd) }
            }
        }

        impl From<OwnedFd> for $Type {
            #[inline]
            fn from(fd: OwnedFd) -> Self {
                // SAFETY: it was the caller's alone.
                unsafe { Self::from_raw_fd(fd.into_raw_fd()) }
            }
        }

        impl From<$Type> for OwnedFd {
            #[inline]
            fn from(descriptor: $Type) -> Self {
                // SAFETY: it was the caller's alone.
                unsafe { Self::from_raw_fd(descriptor.into_raw_fd()) }
            }
        }
    )+};
}

descriptors! { Descriptor Socket }

/// What the standard library lends, lent on: to be passed or polled.
impl<'a> From<&'a BorrowedFd<'_>> for &'a Descriptor {
    #[inline]
    fn from(fd: &'a BorrowedFd<'_>) -> Self {
        // SAFETY: both are a number in memory, and it stays open as long as it is borrowed.
        unsafe { &*ptr::from_ref(fd).cast::<Descriptor>() }
    }
}

/// Whatever the socket's type is; it should be `STREAM`.
impl From<Socket> for UnixStream {
    #[inline]
    fn from(socket: Socket) -> Self {
        OwnedFd::from(socket).into()
    }
}

/// Whatever the socket's type is; it should be `DGRAM`.
impl From<Socket> for UnixDatagram {
    #[inline]
    fn from(socket: Socket) -> Self {
        OwnedFd::from(socket).into()
    }
}

/// A message that is longer than the buffer is an error, `EMSGSIZE`, and not cut.
impl io::Read for &Socket {
    #[inline]
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        Ok(self.recv(buf, MessageFlags::empty())?)
    }

    #[inline]
    fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        // SAFETY: the standard library's and ours are the kernel's `iovec` in memory, of the same bytes.
        let bufs = unsafe { slice::from_raw_parts_mut(bufs.as_mut_ptr().cast(), bufs.len()) };
        Ok(self.recv_vectored(bufs, MessageFlags::empty())?)
    }
}

impl io::Write for &Socket {
    #[inline]
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        Ok(self.send(buf, MessageFlags::empty())?)
    }

    #[inline]
    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        // SAFETY: the standard library's and ours are the kernel's `iovec` in memory, of the same bytes.
        let bufs = unsafe { slice::from_raw_parts(bufs.as_ptr().cast(), bufs.len()) };
        Ok(self.send_vectored(bufs, MessageFlags::empty())?)
    }

    #[inline]
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl io::Read for Socket {
    #[inline]
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        (&*self).read(buf)
    }

    #[inline]
    fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        (&*self).read_vectored(bufs)
    }
}

impl io::Write for Socket {
    #[inline]
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        (&*self).write(buf)
    }

    #[inline]
    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        (&*self).write_vectored(bufs)
    }

    #[inline]
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
