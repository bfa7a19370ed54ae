//! A descriptor with an owner.

use core::{mem, ptr};
use linux_raw_sys::general::{F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, FD_CLOEXEC};

use crate::errno::Errno;
use crate::syscalls;
use crate::types::RawFd;

/// An open descriptor of any kind of file, closed when it is dropped: what a message carries.
///
/// Where the standard library has `BorrowedFd`, this crate has `&Descriptor`.
///
/// ```
/// use linux_socketpair::{Descriptor, Errno, Socket};
///
/// let [a, _b] = Socket::stream_pair()?;
/// let descriptor = Descriptor::from(a);
/// assert!(descriptor.is_close_on_exec()?);
/// descriptor.close()?;
/// # Ok::<(), Errno>(())
/// ```
#[derive(Debug, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct Descriptor(RawFd);

impl Descriptor {
    /// The number, which stays owned here.
    #[inline]
    #[must_use]
    pub const fn as_raw_fd(&self) -> RawFd {
        self.0
    }

    /// The number, which the caller owns from now on.
    #[inline]
    #[must_use]
    pub const fn into_raw_fd(self) -> RawFd {
        let fd = self.0;
        mem::forget(self);
        fd
    }

    /// Takes a number over.
    ///
    /// # Safety
    ///
    /// `fd` must be open, and nobody else may own or close it.
    #[inline]
    #[must_use]
    pub const unsafe fn from_raw_fd(fd: RawFd) -> Self {
        Self(fd)
    }

    /// Lends a number that somebody else owns.
    ///
    /// # Safety
    ///
    /// `fd` must stay open as long as it is lent.
    #[inline]
    #[must_use]
    pub const unsafe fn borrow_raw(fd: &RawFd) -> &Self {
        // SAFETY: a `Descriptor` is a number in memory, and behind a reference nothing closes it.
        unsafe { &*ptr::from_ref(fd).cast() }
    }

    /// Another descriptor of the same open file, the lowest that is free, closed on exec.
    ///
    /// # Errors
    ///
    /// - `EMFILE`: no descriptor is free under `RLIMIT_NOFILE`
    ///
    /// Manual page: [fcntl(2)](https://man7.org/linux/man-pages/man2/fcntl.2.html).
    #[inline]
    pub fn duplicate(&self) -> Result<Self, Errno> {
        // SAFETY: the descriptor is ours.
        unsafe { syscalls::fcntl(self.0, F_DUPFD_CLOEXEC, 0) }.map(|fd| Self(fd as RawFd))
    }

    /// Whether the descriptor is closed on exec.
    ///
    /// # Errors
    ///
    /// None that the kernel gives; a filter may.
    ///
    /// Manual page: [fcntl(2)](https://man7.org/linux/man-pages/man2/fcntl.2.html).
    #[inline]
    pub fn is_close_on_exec(&self) -> Result<bool, Errno> {
        // SAFETY: the descriptor is ours.
        unsafe { syscalls::fcntl(self.0, F_GETFD, 0) }.map(|flags| flags as u32 & FD_CLOEXEC != 0)
    }

    /// Has the descriptor closed on exec, or kept.
    ///
    /// # Errors
    ///
    /// None that the kernel gives; a filter may.
    ///
    /// Manual page: [fcntl(2)](https://man7.org/linux/man-pages/man2/fcntl.2.html).
    #[inline]
    pub fn set_close_on_exec(&self, on: bool) -> Result<(), Errno> {
        // SAFETY: the descriptor is ours.
        unsafe { syscalls::fcntl(self.0, F_SETFD, if on { FD_CLOEXEC } else { 0 }) }.map(drop)
    }

    /// Closes it, as dropping does, and tells what dropping can't: the error. It is closed even then.
    ///
    /// # Errors
    ///
    /// - `EIO`, `ENOSPC`, `EDQUOT`: of other files than sockets, what was written before is lost
    /// - `EINTR`: of other files than sockets, a signal came
    ///
    /// Manual page: [close(2)](https://man7.org/linux/man-pages/man2/close.2.html).
    #[inline]
    pub fn close(self) -> Result<(), Errno> {
        // SAFETY: the descriptor was ours, and is forgotten.
        unsafe { syscalls::close(self.into_raw_fd()) }
    }
}

impl Drop for Descriptor {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the descriptor is ours, and not used again. There is nobody to tell of an error; `close` tells.
        let _ = unsafe { syscalls::close(self.0) };
    }
}

impl AsRef<Descriptor> for Descriptor {
    #[inline]
    fn as_ref(&self) -> &Descriptor {
        self
    }
}
