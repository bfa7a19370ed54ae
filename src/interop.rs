//! The feature `std`: conversions from and to the standard library's types, and its traits.

use std::fs::File;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net;
use std::os::unix::process::ExitStatusExt;
use std::process::{self, Stdio};

use crate::errno::Errno;
use crate::explain::Cause;
use crate::process::{ExitStatus, SpawnError};
use crate::socket::control::Truncated;
use crate::socket::kind::Stream;
use crate::socket::{FromFdError, Incomplete, Socket, UnixDatagram, UnixStream};

impl From<Errno> for io::Error {
    #[inline]
    fn from(errno: Errno) -> Self {
        Self::from_raw_os_error(errno.raw_os_error())
    }
}

/// So that `?` accepts the errors of the standard library's methods, such as `OwnedFd::try_clone`.
impl From<io::Error> for Errno {
    /// The errno; for an error that has none, `ENODATA` if it is [`UnexpectedEof`](io::ErrorKind::UnexpectedEof), otherwise
    /// `EIO`.
    #[inline]
    fn from(error: io::Error) -> Self {
        match error.raw_os_error().and_then(Self::from_raw_os_error) {
            Some(errno) => errno,
            None if error.kind() == io::ErrorKind::UnexpectedEof => Self::ENODATA,
            None => Self::EIO,
        }
    }
}

impl From<Incomplete> for io::Error {
    /// The errno, or [`UnexpectedEof`](io::ErrorKind::UnexpectedEof) for end of stream.
    #[inline]
    fn from(incomplete: Incomplete) -> Self {
        match incomplete.errno {
            Some(errno) => errno.into(),
            None => io::ErrorKind::UnexpectedEof.into(),
        }
    }
}

impl From<Truncated> for io::Error {
    #[inline]
    fn from(truncated: Truncated) -> Self {
        Errno::from(truncated).into()
    }
}

impl From<Cause> for io::Error {
    #[inline]
    fn from(cause: Cause) -> Self {
        cause.errno().into()
    }
}

impl From<SpawnError> for io::Error {
    /// The errno, without the step.
    #[inline]
    fn from(error: SpawnError) -> Self {
        error.errno().into()
    }
}

impl From<ExitStatus> for process::ExitStatus {
    #[inline]
    fn from(status: ExitStatus) -> Self {
        Self::from_raw(status.to_wait())
    }
}

impl<Fd> From<FromFdError<Fd>> for io::Error {
    #[inline]
    fn from(error: FromFdError<Fd>) -> Self {
        error.errno().into()
    }
}

impl<T> From<Socket<T>> for File {
    #[inline]
    fn from(socket: Socket<T>) -> Self {
        OwnedFd::from(socket).into()
    }
}

/// For the standard input, output or error of a child process.
impl<T> From<Socket<T>> for Stdio {
    #[inline]
    fn from(socket: Socket<T>) -> Self {
        OwnedFd::from(socket).into()
    }
}

impl From<UnixStream> for net::UnixStream {
    #[inline]
    fn from(socket: UnixStream) -> Self {
        OwnedFd::from(socket).into()
    }
}

impl From<UnixDatagram> for net::UnixDatagram {
    #[inline]
    fn from(socket: UnixDatagram) -> Self {
        OwnedFd::from(socket).into()
    }
}

/// The standard library converts any file descriptor to its `UnixStream`, so it is checked here.
impl TryFrom<net::UnixStream> for UnixStream {
    type Error = FromFdError<net::UnixStream>;

    #[inline]
    fn try_from(socket: net::UnixStream) -> Result<Self, Self::Error> {
        Self::try_from(OwnedFd::from(socket)).map_err(|error| error.map(net::UnixStream::from))
    }
}

/// The standard library converts any file descriptor to its `UnixDatagram`, so it is checked here.
impl TryFrom<net::UnixDatagram> for UnixDatagram {
    type Error = FromFdError<net::UnixDatagram>;

    #[inline]
    fn try_from(socket: net::UnixDatagram) -> Result<Self, Self::Error> {
        Self::try_from(OwnedFd::from(socket)).map_err(|error| error.map(net::UnixDatagram::from))
    }
}

/// How many buffers the kernel accepts. The standard library's `UnixStream` also ignores those beyond it.
const MAX_BUFS: usize = 1024;

impl<Fd: AsFd> Read for &Socket<Stream, Fd> {
    #[inline]
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        Ok(self.recv(buf)?)
    }

    #[inline]
    fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        let count = bufs.len().min(MAX_BUFS);
        Ok(self.recv_vectored(&mut bufs[..count])?)
    }
}

impl<Fd: AsFd> Write for &Socket<Stream, Fd> {
    #[inline]
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        Ok(self.send(buf)?)
    }

    #[inline]
    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        Ok(self.send_vectored(&bufs[..bufs.len().min(MAX_BUFS)])?)
    }

    #[inline]
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<Fd: AsFd> Read for Socket<Stream, Fd> {
    #[inline]
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        (&*self).read(buf)
    }

    #[inline]
    fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        (&*self).read_vectored(bufs)
    }
}

impl<Fd: AsFd> Write for Socket<Stream, Fd> {
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
