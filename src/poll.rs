//! Waiting.

use core::{fmt, marker::PhantomData, time::Duration};
use linux_raw_sys::general::{__kernel_timespec, pollfd};

use crate::descriptor::Descriptor;
use crate::errno::Errno;
use crate::syscalls;
use crate::types::{PollFlags, RawFd};

/// A descriptor to wait for, and what for. In memory it is the kernel's `pollfd`.
#[repr(transparent)]
pub struct PollFd<'a>(pollfd, PhantomData<&'a Descriptor>);

impl<'a> PollFd<'a> {
    /// Waits for `events` of a descriptor; errors and the end are always told.
    #[inline]
    #[must_use]
    pub fn new(descriptor: &'a impl AsRef<Descriptor>, events: PollFlags) -> Self {
        let fd = descriptor.as_ref().as_raw_fd();
        Self(
            pollfd {
                fd,
                events: events.bits() as i16,
                revents: 0,
            },
            PhantomData,
        )
    }

    /// What the descriptor is ready for, as the last [`poll`] found it.
    #[inline]
    #[must_use]
    pub const fn ready(&self) -> PollFlags {
        PollFlags::from_bits_retain(self.0.revents as u16)
    }

    /// The number of the descriptor.
    #[inline]
    #[must_use]
    pub const fn as_raw_fd(&self) -> RawFd {
        self.0.fd
    }
}

impl fmt::Debug for PollFd<'_> {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let events = PollFlags::from_bits_retain(self.0.events as u16);
        f.debug_struct("PollFd")
            .field("fd", &self.0.fd)
            .field("events", &events)
            .field("ready", &self.ready())
            .finish()
    }
}

/// Waits until a descriptor is ready, a signal comes or the time is over, and returns how many are ready.
///
/// Without a timeout it waits for ever; with none left it looks and returns. The time is exact to the nanosecond, as far
/// as the kernel's timers are, and on 32-bit machines as long as elsewhere since Linux 5.1.
///
/// # Errors
///
/// - `EINTR`: a signal came first
/// - `EINVAL`: more descriptors than `RLIMIT_NOFILE`
/// - `ENOMEM`: no memory
///
/// Manual page: [poll(2)](https://man7.org/linux/man-pages/man2/poll.2.html).
///
/// ```
/// use core::time::Duration;
/// use linux_socketpair::{Errno, MessageFlags, PollFd, PollFlags, Socket, poll};
///
/// let [a, b] = Socket::stream_pair()?;
/// a.send(b"!", MessageFlags::empty())?;
/// let mut fds = [PollFd::new(&a, PollFlags::IN), PollFd::new(&b, PollFlags::IN)];
/// assert_eq!(poll(&mut fds, Some(Duration::from_secs(1)))?, 1);
/// assert_eq!(fds[1].ready(), PollFlags::IN);
/// # Ok::<(), Errno>(())
/// ```
#[inline]
pub fn poll(fds: &mut [PollFd<'_>], timeout: Option<Duration>) -> Result<usize, Errno> {
    // SAFETY: a `PollFd` is a `pollfd` in memory.
    let fds = unsafe { core::slice::from_raw_parts_mut(fds.as_mut_ptr().cast::<pollfd>(), fds.len()) };
    let timeout = timeout.map(|timeout| __kernel_timespec {
        tv_sec: i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: timeout.subsec_nanos().into(),
    });
    syscalls::ppoll(fds, timeout)
}
