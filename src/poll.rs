//! Waiting for file descriptors.

use core::{fmt, marker::PhantomData, slice, time::Duration};
use linux_raw_sys::general::{__kernel_timespec, pollfd};

use crate::errno::Errno;
use crate::fd::{AsFd, AsRawFd, BorrowedFd};
use crate::syscalls;
use crate::types::PollFlags;

/// A file descriptor to wait for, and the events. In memory it is the kernel's `pollfd`.
///
/// ```
/// use core::time::Duration;
/// use linux_socketpair::{Errno, PollFd, PollFlags, UnixStream, poll};
///
/// let (a, b) = UnixStream::pair()?;
/// let ends = [a, b];
/// let mut fds = ends.each_ref().map(|end| PollFd::new(end, PollFlags::IN));
/// ends[0].send(b"!")?;
/// assert_eq!(poll(&mut fds, Some(Duration::from_secs(1)))?, 1);
/// assert_eq!(fds[1].ready(), PollFlags::IN);
///
/// // In place of an end that is no longer waited for:
/// fds[1] = PollFd::ignored();
/// assert_eq!(poll(&mut fds, Some(Duration::ZERO))?, 0);
/// # Ok::<(), Errno>(())
/// ```
#[doc(alias = "pollfd")]
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct PollFd<'fd>(pollfd, PhantomData<BorrowedFd<'fd>>);

impl<'fd> PollFd<'fd> {
    /// Waits for `events` on a file descriptor. Errors and hangups are always reported.
    #[inline]
    #[must_use]
    pub fn new(fd: &'fd impl AsFd, events: PollFlags) -> Self {
        Self::from_borrowed_fd(fd.as_fd(), events)
    }

    /// Waits for `events` on a file descriptor that is borrowed already.
    #[inline]
    #[must_use]
    pub fn from_borrowed_fd(fd: BorrowedFd<'fd>, events: PollFlags) -> Self {
        let fd = fd.as_raw_fd();
        let events = events.bits() as i16;
        Self(pollfd { fd, events, revents: 0 }, PhantomData)
    }

    /// An entry that waits for nothing, and is never ready.
    #[inline]
    #[must_use]
    pub const fn ignored() -> Self {
        let (fd, events, revents) = (-1, 0, 0);
        Self(pollfd { fd, events, revents }, PhantomData)
    }

    /// The file descriptor; `None` if the entry is [`ignored`](Self::ignored).
    #[inline]
    #[must_use]
    pub fn fd(&self) -> Option<BorrowedFd<'fd>> {
        // SAFETY: it was made from one that is borrowed for as long.
        (self.0.fd >= 0).then(|| unsafe { BorrowedFd::borrow_raw(self.0.fd) })
    }

    /// The events that are waited for.
    #[inline]
    #[must_use]
    pub const fn events(&self) -> PollFlags {
        PollFlags::from_bits_retain(self.0.events as u16)
    }

    /// Sets the events to wait for from now on.
    #[inline]
    pub const fn set_events(&mut self, events: PollFlags) {
        self.0.events = events.bits() as i16;
    }

    /// The events that the last [`poll`] found; empty before the first.
    #[doc(alias = "revents")]
    #[inline]
    #[must_use]
    pub const fn ready(&self) -> PollFlags {
        PollFlags::from_bits_retain(self.0.revents as u16)
    }
}

impl fmt::Debug for PollFd<'_> {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PollFd")
            .field("fd", &self.0.fd)
            .field("events", &self.events())
            .field("ready", &self.ready())
            .finish()
    }
}

/// Waits until at least one file descriptor is ready, or the timeout expires, and returns how many are ready.
///
/// Without a timeout it waits indefinitely; with a timeout of zero it returns at once. The kernel receives the timeout in
/// nanoseconds, and rounds it up to the resolution of its timers. Before Linux 5.1, 32-bit machines wait at most 68 years. On arm
/// since Linux 2.6.32.
///
/// # Errors
///
/// - `EINTR`: interrupted by a signal
/// - `EINVAL`: more file descriptors than `RLIMIT_NOFILE`
/// - `ENOMEM`: out of memory
///
/// The example of [`PollFd`] shows it.
///
/// Manual page: [poll(2)](https://man7.org/linux/man-pages/man2/poll.2.html).
#[doc(alias = "ppoll")]
#[inline]
pub fn poll(fds: &mut [PollFd<'_>], timeout: Option<Duration>) -> Result<usize, Errno> {
    // SAFETY: a `PollFd` is a `pollfd` in memory.
    let fds = unsafe { slice::from_raw_parts_mut(fds.as_mut_ptr().cast::<pollfd>(), fds.len()) };
    let timeout = timeout.map(|timeout| __kernel_timespec {
        tv_sec: i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: timeout.subsec_nanos().into(),
    });
    syscalls::ppoll(fds, timeout)
}
