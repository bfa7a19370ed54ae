//! One thin function a system call.

use core::{mem::MaybeUninit, ptr};
use linux_raw_sys::{
    general::*,
    net::{SOL_SOCKET, msghdr},
};

use crate::arch::*;
use crate::errno::{Errno, decode};
use crate::types::{Domain, RawFd, SocketFlags, SocketType};

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

/// # Safety
///
/// `fd` is the caller's to send to.
#[inline]
pub(crate) unsafe fn sendto(fd: RawFd, buf: &[u8], flags: u32) -> Result<usize, Errno> {
    // SAFETY: the kernel reads within `buf` alone, and is given no address.
    decode(unsafe { socketcall6::<__NR_sendto>(fd as usize, buf.as_ptr() as usize, buf.len(), flags as usize, 0, 0) })
}

/// # Safety
///
/// `fd` is the caller's to send to, and what `message` points to can be read.
#[inline]
pub(crate) unsafe fn sendmsg(fd: RawFd, message: &msghdr, flags: u32) -> Result<usize, Errno> {
    // SAFETY: as the caller says.
    decode(unsafe { socketcall3::<__NR_sendmsg>(fd as usize, ptr::from_ref(message) as usize, flags as usize) })
}

/// # Safety
///
/// `fd` is the caller's to receive from, and what `message` points to can be written.
#[inline]
pub(crate) unsafe fn recvmsg(fd: RawFd, message: &mut msghdr, flags: u32) -> Result<usize, Errno> {
    // SAFETY: as the caller says.
    decode(unsafe { socketcall3::<__NR_recvmsg>(fd as usize, ptr::from_mut(message) as usize, flags as usize) })
}

/// Returns also the length that the kernel left: of what it wrote, or with `ERANGE` of what it would have.
///
/// # Safety
///
/// `fd` is the caller's, and `value` may hold any bytes.
#[inline]
pub(crate) unsafe fn getsockopt<T: ?Sized>(fd: RawFd, name: u32, value: &mut T) -> (Result<usize, Errno>, usize) {
    let mut len = size_of_val(value) as u32;
    let at = ptr::from_mut(value).cast::<u8>() as usize;
    // SAFETY: the kernel writes within `value` and `len` alone.
    let answer = unsafe {
        socketcall5::<__NR_getsockopt>(
            fd as usize,
            SOL_SOCKET as usize,
            name as usize,
            at,
            &raw mut len as usize,
        )
    };
    (decode(answer), len as usize)
}

/// # Safety
///
/// `fd` is the caller's, and `T` is what the option takes.
#[inline]
pub(crate) unsafe fn setsockopt<T>(fd: RawFd, name: u32, value: &T) -> Result<(), Errno> {
    let at = ptr::from_ref(value) as usize;
    // SAFETY: the kernel reads `value` alone.
    let answer =
        unsafe { socketcall5::<__NR_setsockopt>(fd as usize, SOL_SOCKET as usize, name as usize, at, size_of::<T>()) };
    decode(answer).map(drop)
}

/// # Safety
///
/// `fd` is the caller's.
#[inline]
pub(crate) unsafe fn shutdown(fd: RawFd, how: u32) -> Result<(), Errno> {
    // SAFETY: no memory is involved.
    decode(unsafe { socketcall2::<__NR_shutdown>(fd as usize, how as usize) }).map(drop)
}

/// # Safety
///
/// `fd` is the caller's, and the command takes an int or nothing.
#[inline]
pub(crate) unsafe fn fcntl(fd: RawFd, command: u32, argument: u32) -> Result<usize, Errno> {
    // SAFETY: no memory is involved.
    decode(unsafe { syscall3::<__NR_fcntl>(fd as usize, command as usize, argument as usize) })
}

/// # Safety
///
/// `fd` is the caller's, and the request reads or writes an int.
#[inline]
pub(crate) unsafe fn ioctl(fd: RawFd, request: u32, argument: &mut i32) -> Result<(), Errno> {
    let at = ptr::from_mut(argument) as usize;
    // SAFETY: the kernel reads or writes `argument` alone.
    decode(unsafe { syscall3::<__NR_ioctl>(fd as usize, request as usize, at) }).map(drop)
}

/// Waits until one of `fds` is ready, for ever if there is no timeout.
#[inline]
pub(crate) fn ppoll(fds: &mut [pollfd], timeout: Option<__kernel_timespec>) -> Result<usize, Errno> {
    #[cfg(target_pointer_width = "64")]
    const NUMBER: u32 = __NR_ppoll;
    #[cfg(target_pointer_width = "32")]
    const NUMBER: u32 = __NR_ppoll_time64;

    // SAFETY: `NUMBER` takes 64-bit time everywhere.
    let answer = decode(unsafe { ppoll_of::<NUMBER, _>(fds, timeout) });
    // Before Linux 5.1, time on 32-bit machines was 32 bits wide; a timeout, being no date, is cut to fit.
    #[cfg(target_pointer_width = "32")]
    if answer == Err(Errno::ENOSYS) {
        let timeout = timeout.map(|timeout| __kernel_old_timespec {
            tv_sec: timeout.tv_sec.try_into().unwrap_or(i32::MAX),
            tv_nsec: timeout.tv_nsec as i32,
        });
        // SAFETY: this one takes 32-bit time.
        return decode(unsafe { ppoll_of::<__NR_ppoll, _>(fds, timeout) });
    }
    answer
}

/// # Safety
///
/// `NUMBER` is a ppoll that takes a `T`.
#[inline]
unsafe fn ppoll_of<const NUMBER: u32, T>(fds: &mut [pollfd], timeout: Option<T>) -> usize {
    let mut time = MaybeUninit::uninit();
    let timeout = timeout.map_or(ptr::null_mut(), |timeout| ptr::from_mut(time.write(timeout)));
    // SAFETY: the kernel writes within `fds`, and what is left of the time into `timeout`; there is no signal mask.
    unsafe { syscall5::<NUMBER>(fds.as_mut_ptr() as usize, fds.len(), timeout as usize, 0, 0) }
}
