//! File descriptors, owned and borrowed.
//!
//! With the feature `std` the types and traits are those of [`std::os::fd`]. Without it they are this crate's, with the same
//! names, methods and guarantees, so the same code compiles either way. The functions of this module do what the types have no
//! methods for.
//!
//! [`std::os::fd`]: https://doc.rust-lang.org/std/os/fd/index.html

use linux_raw_sys::general::{F_GETFD, F_SETFD, FD_CLOEXEC};

use crate::errno::Errno;
use crate::syscalls;

#[cfg(not(feature = "std"))]
mod without_std;

#[cfg(feature = "std")]
pub use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
#[cfg(not(feature = "std"))]
pub use without_std::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};

/// Closes a file descriptor and returns the error, which dropping the owner discards. After an error it is closed too.
///
/// # Errors
///
/// Sockets have none. Other files have:
///
/// - `EIO`, `ENOSPC`, `EDQUOT`: data that was written earlier could not be stored
/// - `EINTR`: a signal interrupted the call
///
/// ```
/// use linux_socketpair::{Errno, OwnedFd, UnixStream, fd};
///
/// let (a, _b) = UnixStream::pair()?;
/// let owned: OwnedFd = a.into();
/// fd::close(owned)?;
/// # Ok::<(), Errno>(())
/// ```
///
/// Manual page: [close(2)](https://man7.org/linux/man-pages/man2/close.2.html).
#[inline]
pub fn close(fd: impl Into<OwnedFd>) -> Result<(), Errno> {
    // SAFETY: the descriptor is owned here, and not used again.
    unsafe { syscalls::close(fd.into().into_raw_fd()) }
}

/// Whether a file descriptor is close-on-exec, `FD_CLOEXEC`.
///
/// # Errors
///
/// None from the kernel.
///
/// ```
/// use linux_socketpair::{Errno, UnixStream, fd};
///
/// let (a, _b) = UnixStream::pair()?;
/// assert!(fd::is_close_on_exec(&a)?);
/// fd::set_close_on_exec(&a, false)?;
/// assert!(!fd::is_close_on_exec(&a)?);
/// # Ok::<(), Errno>(())
/// ```
///
/// Manual page: [F_GETFD(2const)](https://man7.org/linux/man-pages/man2/F_GETFD.2const.html).
#[doc(alias("fcntl", "F_GETFD", "FD_CLOEXEC"))]
#[inline]
pub fn is_close_on_exec(fd: impl AsFd) -> Result<bool, Errno> {
    syscalls::flags(fd.as_fd(), F_GETFD).map(|flags| flags & FD_CLOEXEC != 0)
}

/// Makes a file descriptor close-on-exec, or, with `on` false, lets it stay open across execve(2).
///
/// # Errors
///
/// None from the kernel.
///
/// The example of [`is_close_on_exec`] shows it.
///
/// Manual page: [F_SETFD(2const)](https://man7.org/linux/man-pages/man2/F_SETFD.2const.html).
#[doc(alias("fcntl", "F_SETFD", "FD_CLOEXEC"))]
#[inline]
pub fn set_close_on_exec(fd: impl AsFd, on: bool) -> Result<(), Errno> {
    syscalls::fcntl(fd.as_fd(), F_SETFD, if on { FD_CLOEXEC } else { 0 }).map(drop)
}
