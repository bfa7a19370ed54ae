//! What `std::os::fd` defines, for programs without it.

use core::{ffi::c_int, fmt, hint, marker::PhantomData, mem};
use linux_raw_sys::general::F_DUPFD_CLOEXEC;

use crate::errno::Errno;
use crate::syscalls;

/// A raw file descriptor: the kernel's number for it, without an owner.
pub type RawFd = c_int;

/// A file descriptor that is borrowed for as long as `'fd`, during which it stays open.
///
/// With the feature `std` it is the standard library's type. Without it, it is a type of this crate, and the standard library's
/// can't be passed in its place.
///
/// In memory it is the [`RawFd`]. It is never negative, so `Option<BorrowedFd<'_>>` is no larger.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct BorrowedFd<'fd>(Number, PhantomData<&'fd OwnedFd>);

/// A file descriptor that is closed when it is dropped.
///
/// With the feature `std` it is the standard library's type. Without it, it is a type of this crate, and the standard library's
/// can't be passed in its place.
///
/// In memory it is the [`RawFd`]. It is never negative, so `Option<OwnedFd>` is no larger.
///
/// ```
/// use linux_socketpair::OwnedFd;
///
/// assert_eq!(size_of::<Option<OwnedFd>>(), 4);
/// ```
#[repr(transparent)]
pub struct OwnedFd(Number);

/// Borrows a file descriptor from its owner.
///
/// The standard library's types implement it with the feature `std`, which makes it [`std::os::fd::AsFd`].
///
/// [`std::os::fd::AsFd`]: https://doc.rust-lang.org/std/os/fd/trait.AsFd.html
#[diagnostic::on_unimplemented(
    message = "`{Self}` doesn't implement the `AsFd` of linux-socketpair",
    note = "enable the feature `std` of linux-socketpair to use the standard library's types"
)]
pub trait AsFd {
    /// Borrows the file descriptor.
    fn as_fd(&self) -> BorrowedFd<'_>;
}

/// Reads the raw file descriptor.
#[diagnostic::on_unimplemented(
    message = "`{Self}` doesn't implement the `AsRawFd` of linux-socketpair",
    note = "enable the feature `std` of linux-socketpair to use the standard library's types"
)]
pub trait AsRawFd {
    /// The raw file descriptor, which `self` continues to own or borrow.
    fn as_raw_fd(&self) -> RawFd;
}

/// Makes an owner of a raw file descriptor.
#[diagnostic::on_unimplemented(
    message = "`{Self}` doesn't implement the `FromRawFd` of linux-socketpair",
    note = "enable the feature `std` of linux-socketpair to use the standard library's types"
)]
pub trait FromRawFd {
    /// Takes ownership of `fd`.
    ///
    /// # Safety
    ///
    /// `fd` must be open, and the caller must be its only owner. The result owns it from now on.
    #[must_use]
    unsafe fn from_raw_fd(fd: RawFd) -> Self;
}

/// Releases the ownership of a file descriptor.
#[diagnostic::on_unimplemented(
    message = "`{Self}` doesn't implement the `IntoRawFd` of linux-socketpair",
    note = "enable the feature `std` of linux-socketpair to use the standard library's types"
)]
pub trait IntoRawFd {
    /// The raw file descriptor, which the caller owns from now on.
    #[must_use]
    fn into_raw_fd(self) -> RawFd;
}

impl<'fd> BorrowedFd<'fd> {
    /// Borrows `fd`.
    ///
    /// # Safety
    ///
    /// `fd` must be open, and stay open for as long as `'fd`.
    #[inline]
    #[must_use]
    pub const unsafe fn borrow_raw(fd: RawFd) -> Self {
        // SAFETY: the number of an open descriptor is not negative.
        Self(unsafe { Number::new(fd) }, PhantomData)
    }

    /// Duplicates the file descriptor: the new one refers to the same open file, has the lowest number that is free, and is
    /// close-on-exec.
    ///
    /// # Errors
    ///
    /// - `EMFILE`: no file descriptor is free under `RLIMIT_NOFILE`
    ///
    /// Manual page: [F_DUPFD_CLOEXEC(2const)](https://man7.org/linux/man-pages/man2/F_DUPFD_CLOEXEC.2const.html).
    #[doc(alias("dup", "fcntl", "F_DUPFD_CLOEXEC"))]
    #[inline]
    pub fn try_clone_to_owned(&self) -> Result<OwnedFd, Errno> {
        // SAFETY: the kernel has just made the descriptor.
        syscalls::fcntl(*self, F_DUPFD_CLOEXEC, 0).map(|fd| unsafe { OwnedFd::from_raw_fd(fd as RawFd) })
    }
}

impl OwnedFd {
    /// Duplicates the file descriptor: the new one refers to the same open file, has the lowest number that is free, and is
    /// close-on-exec.
    ///
    /// # Errors
    ///
    /// - `EMFILE`: no file descriptor is free under `RLIMIT_NOFILE`
    ///
    /// Manual page: [F_DUPFD_CLOEXEC(2const)](https://man7.org/linux/man-pages/man2/F_DUPFD_CLOEXEC.2const.html).
    #[doc(alias("dup", "fcntl", "F_DUPFD_CLOEXEC"))]
    #[inline]
    pub fn try_clone(&self) -> Result<Self, Errno> {
        self.as_fd().try_clone_to_owned()
    }
}

impl Drop for OwnedFd {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the descriptor is owned here, and not used again. `fd::close` returns the error instead.
        let _ = unsafe { syscalls::close(self.0.get()) };
    }
}

impl AsFd for OwnedFd {
    #[inline]
    fn as_fd(&self) -> BorrowedFd<'_> {
        // SAFETY: the owner has an open descriptor.
        unsafe { BorrowedFd::borrow_raw(self.0.get()) }
    }
}

impl AsFd for BorrowedFd<'_> {
    #[inline]
    fn as_fd(&self) -> BorrowedFd<'_> {
        *self
    }
}

impl<T: AsFd + ?Sized> AsFd for &T {
    #[inline]
    fn as_fd(&self) -> BorrowedFd<'_> {
        T::as_fd(self)
    }
}

impl<T: AsFd + ?Sized> AsFd for &mut T {
    #[inline]
    fn as_fd(&self) -> BorrowedFd<'_> {
        T::as_fd(self)
    }
}

impl AsRawFd for OwnedFd {
    #[inline]
    fn as_raw_fd(&self) -> RawFd {
        self.0.get()
    }
}

impl AsRawFd for BorrowedFd<'_> {
    #[inline]
    fn as_raw_fd(&self) -> RawFd {
        self.0.get()
    }
}

impl AsRawFd for RawFd {
    #[inline]
    fn as_raw_fd(&self) -> RawFd {
        *self
    }
}

impl FromRawFd for OwnedFd {
    #[inline]
    unsafe fn from_raw_fd(fd: RawFd) -> Self {
        // SAFETY: the number of an open descriptor is not negative.
        Self(unsafe { Number::new(fd) })
    }
}

impl FromRawFd for RawFd {
    #[inline]
    unsafe fn from_raw_fd(fd: RawFd) -> Self {
        fd
    }
}

impl IntoRawFd for OwnedFd {
    #[inline]
    fn into_raw_fd(self) -> RawFd {
        mem::ManuallyDrop::new(self).0.get()
    }
}

impl IntoRawFd for RawFd {
    #[inline]
    fn into_raw_fd(self) -> RawFd {
        self
    }
}

impl fmt::Debug for OwnedFd {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedFd").field("fd", &self.0.get()).finish()
    }
}

impl fmt::Debug for BorrowedFd<'_> {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BorrowedFd").field("fd", &self.0.get()).finish()
    }
}

/// A number from 0 to `RawFd::MAX`, and in memory a `RawFd`. The bytes of negative numbers are the niche, which stable Rust
/// offers for enums alone.
#[derive(Clone, Copy)]
#[repr(C, align(4))]
struct Number {
    #[cfg(target_endian = "big")]
    high: High,
    low: [u8; 3],
    #[cfg(target_endian = "little")]
    high: High,
}

impl Number {
    /// # Safety
    ///
    /// `fd` is not negative.
    #[inline]
    const unsafe fn new(fd: RawFd) -> Self {
        // SAFETY: the number is not negative, so its high byte is one of `High`; both types have the same size.
        unsafe {
            hint::assert_unchecked(fd >= 0);
            mem::transmute(fd)
        }
    }

    #[inline]
    const fn get(self) -> RawFd {
        // SAFETY: both have the same size, and any bytes make a number.
        unsafe { mem::transmute(self) }
    }
}

/// A byte from 0 to 127.
#[derive(Clone, Copy)]
#[repr(u8)]
#[rustfmt::skip]
#[allow(dead_code, reason = "values come from memory")]
enum High {
    X00, X01, X02, X03, X04, X05, X06, X07, X08, X09, X0A, X0B, X0C, X0D, X0E, X0F,
    X10, X11, X12, X13, X14, X15, X16, X17, X18, X19, X1A, X1B, X1C, X1D, X1E, X1F,
    X20, X21, X22, X23, X24, X25, X26, X27, X28, X29, X2A, X2B, X2C, X2D, X2E, X2F,
    X30, X31, X32, X33, X34, X35, X36, X37, X38, X39, X3A, X3B, X3C, X3D, X3E, X3F,
    X40, X41, X42, X43, X44, X45, X46, X47, X48, X49, X4A, X4B, X4C, X4D, X4E, X4F,
    X50, X51, X52, X53, X54, X55, X56, X57, X58, X59, X5A, X5B, X5C, X5D, X5E, X5F,
    X60, X61, X62, X63, X64, X65, X66, X67, X68, X69, X6A, X6B, X6C, X6D, X6E, X6F,
    X70, X71, X72, X73, X74, X75, X76, X77, X78, X79, X7A, X7B, X7C, X7D, X7E, X7F,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_of_a_descriptor_is_its_number_and_negative_numbers_are_the_niche() {
        for fd in [
            0,
            1,
            127,
            128,
            255,
            256,
            0x00ff_ffff,
            0x0100_0000,
            0x7f00_0000,
            RawFd::MAX,
        ] {
            // SAFETY: the number is not negative, and nothing uses it as a descriptor.
            let (number, option) = unsafe {
                let number = Number::new(fd);
                (number, mem::transmute::<Option<Number>, RawFd>(Some(number)))
            };
            assert_eq!((number.get(), option), (fd, fd));
        }
        assert_eq!(size_of::<Option<OwnedFd>>(), 4);
        assert_eq!(size_of::<Option<BorrowedFd<'_>>>(), 4);
        assert_eq!((align_of::<OwnedFd>(), align_of::<BorrowedFd<'_>>()), (4, 4));
    }
}
