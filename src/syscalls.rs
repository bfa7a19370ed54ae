//! One thin function a system call.

use linux_raw_sys::general::*;

use crate::arch::{socketcall4, syscall1, syscall3};
use crate::errno::decode;
use crate::{Domain, Errno, RawFd, SocketFlags, SocketType};

/// Makes a pair as the system call does, into memory that the caller names.
///
/// [`socketpair`](crate::socketpair) tells what the arguments mean and lists the errors; this adds one of them:
///
/// - `EFAULT`: `sv` can't be written. Of the kernel's checks it comes after the flags and `EMFILE`, before all others.
///
/// `sv[0]` and `sv[1]` are the new descriptors if, and only if, the call succeeds. The kernel writes `sv` before it makes
/// the sockets, so after most failures it holds two numbers that are not open, or that another thread owns by now.
///
/// # Safety
///
/// `sv` need not be aligned, nor be valid at all, but where it can be written nothing else may rely on what is there.
///
/// ```
/// use linux_socketpair::{Domain, Errno, SocketFlags, SocketType, close, socketpair_into};
///
/// let mut sv = [-1; 2];
/// // SAFETY: `sv` is ours to write, and so are the descriptors that it then holds.
/// unsafe {
///     socketpair_into(Domain::UNIX, SocketType::DGRAM, SocketFlags::CLOEXEC, 0, &mut sv)?;
///     close(sv[0])?;
///     close(sv[1])?;
/// }
/// # Ok::<(), Errno>(())
/// ```
///
/// Manual page: [socketpair(2)](https://man7.org/linux/man-pages/man2/socketpair.2.html).
#[inline]
pub unsafe fn socketpair_into(
    domain: Domain,
    ty: SocketType,
    flags: SocketFlags,
    protocol: i32,
    sv: *mut [RawFd; 2],
) -> Result<(), Errno> {
    let ty = ty.bits() | flags.bits();
    // SAFETY: the kernel writes `sv` alone, which the caller gives up to it.
    decode(unsafe {
        socketcall4::<__NR_socketpair>(domain.bits() as usize, ty as usize, protocol as usize, sv as usize)
    })
    .map(drop)
}

/// Reads up to `buf.len()` bytes from a descriptor and returns how many it read; 0 is the end, or an empty message, or an
/// empty `buf`.
///
/// A stream gives what is there, as much as fits. Each message is read by itself, and what doesn't fit is lost.
///
/// # Errors
///
/// - `EAGAIN`: nothing is there, and the descriptor is nonblocking, or its receive timeout is over
/// - `EBADF`: `fd` is not an open descriptor, or not open for reading
/// - `ECONNRESET`: the peer was closed with bytes in it that it hadn't read
/// - `EFAULT`: `buf` can't be written
/// - `EINTR`: a signal came first
/// - `EINVAL`: what `fd` refers to can't be read
/// - any other that the kind of file gives: a descriptor may be of any kind
///
/// # Safety
///
/// `fd` must be the caller's to read from: what another part of the program owns is its own.
///
/// Manual page: [read(2)](https://man7.org/linux/man-pages/man2/read.2.html).
///
/// ```
/// use linux_socketpair::{Domain, Errno, SocketFlags, SocketType, close, read, socketpair, write};
///
/// let [a, b] = socketpair(Domain::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, 0)?;
/// let mut buf = [0; 8];
/// // SAFETY: both descriptors are ours.
/// unsafe {
///     write(a, b"ping")?;
///     assert_eq!(read(b, &mut buf)?, 4);
///     close(a)?;
///     assert_eq!(read(b, &mut buf)?, 0);
///     close(b)?;
/// }
/// # Ok::<(), Errno>(())
/// ```
#[inline]
pub unsafe fn read(fd: RawFd, buf: &mut [u8]) -> Result<usize, Errno> {
    // SAFETY: the kernel writes within `buf` alone; the caller may read from `fd`.
    decode(unsafe { syscall3::<__NR_read>(fd as usize, buf.as_mut_ptr() as usize, buf.len()) })
}

/// Writes up to `buf.len()` bytes to a descriptor and returns how many it wrote, which on a stream may be fewer.
///
/// **It can raise SIGPIPE**, which ends a program that doesn't handle it: on a stream whose peer is closed.
///
/// # Errors
///
/// - `EAGAIN`: no room now, and the descriptor is nonblocking, or its send timeout is over
/// - `EBADF`: `fd` is not an open descriptor, or not open for writing
/// - `ECONNREFUSED`: the peer of a `DGRAM` socket is closed
/// - `ECONNRESET`: the peer was closed with bytes in it that it hadn't read
/// - `EFAULT`: `buf` can't be read
/// - `EINTR`: a signal came first
/// - `EINVAL`: what `fd` refers to can't be written
/// - `EMSGSIZE`: the message is larger than the send buffer
/// - `ENOBUFS`, `ENOMEM`: no memory
/// - `EPIPE`: the peer of a `STREAM` (SIGPIPE comes with it) or `SEQPACKET` socket is closed
/// - any other that the kind of file gives: a descriptor may be of any kind
///
/// # Safety
///
/// `fd` must be the caller's to write to: what another part of the program owns is its own.
///
/// Manual page: [write(2)](https://man7.org/linux/man-pages/man2/write.2.html).
///
/// The example of [`read`] shows both.
#[inline]
pub unsafe fn write(fd: RawFd, buf: &[u8]) -> Result<usize, Errno> {
    // SAFETY: the kernel reads within `buf` alone; the caller may write to `fd`.
    decode(unsafe { syscall3::<__NR_write>(fd as usize, buf.as_ptr() as usize, buf.len()) })
}

/// Closes a descriptor. Whatever it answers other than `EBADF`, the number is free afterwards: never close it again.
///
/// # Errors
///
/// - `EBADF`: `fd` is not an open descriptor
/// - `EINTR`, `EIO`, `ENOSPC`, `EDQUOT`: from other kinds of file; the descriptor is closed all the same
///
/// # Safety
///
/// `fd` must be the caller's to close: whoever uses the number later may meet another file.
///
/// Manual page: [close(2)](https://man7.org/linux/man-pages/man2/close.2.html).
///
/// The example of [`read`] shows it.
#[inline]
pub unsafe fn close(fd: RawFd) -> Result<(), Errno> {
    // SAFETY: the caller owns `fd`.
    decode(unsafe { syscall1::<__NR_close>(fd as usize) }).map(drop)
}
