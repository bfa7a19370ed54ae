//! Children: how they end, waiting for them, signals to them.

use core::fmt;
use linux_raw_sys::general::{CLD_DUMPED, CLD_EXITED, P_ALL, P_PID, P_PIDFD, WEXITED, WNOHANG, WNOWAIT};

use crate::errno::Errno;
use crate::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use crate::process::signal::Signal;
use crate::syscalls;
use crate::uapi::PIDFD_INFO_EXIT;

/// How a process ended.
///
/// `Display` writes what the standard library's does: `exit status: 1`, `signal: 9 (SIGKILL)`,
/// `signal: 6 (SIGABRT) (core dumped)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExitStatus {
    /// It exited with a code.
    Exited(u8),
    /// A signal ended it.
    Signaled {
        /// The signal.
        signal: Signal,
        /// Whether a core dump was written.
        core_dumped: bool,
    },
}

impl ExitStatus {
    /// Whether it exited with 0.
    #[inline]
    #[must_use]
    pub const fn success(self) -> bool {
        matches!(self, Self::Exited(0))
    }

    /// The exit code; `None` if a signal ended it.
    #[inline]
    #[must_use]
    pub const fn code(self) -> Option<u8> {
        match self {
            Self::Exited(code) => Some(code),
            Self::Signaled { .. } => None,
        }
    }

    /// The signal that ended it.
    #[inline]
    #[must_use]
    pub const fn signal(self) -> Option<Signal> {
        match self {
            Self::Exited(_) => None,
            Self::Signaled { signal, .. } => Some(signal),
        }
    }

    /// From `si_code` and `si_status`.
    const fn from_info(code: i32, status: i32) -> Self {
        if code == CLD_EXITED as i32 {
            return Self::Exited(status as u8);
        }
        Self::Signaled {
            signal: Signal::from_kernel(status),
            core_dumped: code == CLD_DUMPED as i32,
        }
    }

    /// From the status that wait(2) returns.
    const fn from_wait(status: i32) -> Self {
        match status & 0x7f {
            0 => Self::Exited((status >> 8) as u8),
            signal => Self::Signaled {
                signal: Signal::from_kernel(signal),
                core_dumped: status & 0x80 != 0,
            },
        }
    }

    /// The status that wait(2) returns.
    #[cfg(feature = "std")]
    pub(crate) const fn to_wait(self) -> i32 {
        match self {
            Self::Exited(code) => (code as i32) << 8,
            Self::Signaled { signal, core_dumped } => signal.as_raw() | if core_dumped { 0x80 } else { 0 },
        }
    }
}

impl fmt::Display for ExitStatus {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Exited(code) => write!(f, "exit status: {code}"),
            Self::Signaled { signal, core_dumped } => {
                write!(f, "signal: {} ({signal})", signal.as_raw())?;
                f.write_str(if core_dumped { " (core dumped)" } else { "" })
            }
        }
    }
}

/// A child that [`Command::spawn`](super::Command::spawn) started.
///
/// Dropping it neither ends the child nor waits for it. A child that has ended and is not waited for remains a zombie until
/// this process ends; [`reap`] removes it too.
///
/// ```
/// use linux_socketpair::process::{ArgArray, Command, Signal};
///
/// let args = ArgArray::new([c"sleep", c"1000"]);
/// let mut child = Command::new(c"/bin/sleep", args.as_args()).spawn()?;
/// assert_eq!(child.try_wait()?, None);
/// child.signal(Signal::TERM)?;
/// assert_eq!(child.wait()?.signal(), Some(Signal::TERM));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use = "a child that is not waited for remains a zombie"]
pub struct Child {
    pid: i32,
    pidfd: Option<OwnedFd>,
    status: Option<ExitStatus>,
}

impl Child {
    pub(super) const fn new(pid: i32, pidfd: Option<OwnedFd>) -> Self {
        let status = None;
        Self { pid, pidfd, status }
    }

    /// The process ID. After the child has been waited for, the kernel can give it to another process.
    #[doc(alias = "pid")]
    #[inline]
    #[must_use]
    pub const fn id(&self) -> i32 {
        self.pid
    }

    /// The pidfd; `None` before Linux 5.2. Since Linux 5.3 it is readable for [`poll`](crate::poll) when the child has ended.
    ///
    /// An entry of [`poll`](crate::poll) borrows the child, so it is made again for each call:
    ///
    /// ```
    /// use linux_socketpair::process::{ArgArray, Command};
    /// use linux_socketpair::{PollFd, PollFlags, UnixStream, poll};
    ///
    /// let args = ArgArray::new([c"sh", c"-c", c"echo hello; exit 3"]);
    /// let mut command = Command::new(c"/bin/sh", args.as_args());
    /// let (socket, mut child): (UnixStream, _) = command.spawn_with_socket(&[1])?;
    /// let (mut text, mut buf, mut open) = (Vec::new(), [0; 64], true);
    /// let status = loop {
    ///     let Some(pidfd) = child.pidfd() else {
    ///         break child.wait()?; // before Linux 5.2
    ///     };
    ///     let mut fds = [PollFd::from_borrowed_fd(pidfd, PollFlags::IN), PollFd::ignored()];
    ///     if open {
    ///         fds[1] = PollFd::new(&socket, PollFlags::IN);
    ///     }
    ///     poll(&mut fds, None)?;
    ///     let [ended, readable] = fds.map(|fd| !fd.ready().is_empty());
    ///     if readable {
    ///         let len = socket.recv(&mut buf)?;
    ///         text.extend_from_slice(&buf[..len]);
    ///         open = len > 0;
    ///     } else if ended {
    ///         break child.wait()?;
    ///     }
    /// };
    /// assert_eq!(status.code(), Some(3));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    #[must_use]
    pub fn pidfd(&self) -> Option<BorrowedFd<'_>> {
        self.pidfd.as_ref().map(AsFd::as_fd)
    }

    /// The pidfd, owned. The child can still be waited for with [`reap`].
    #[inline]
    #[must_use]
    pub fn into_pidfd(self) -> Option<OwnedFd> {
        self.pidfd
    }

    /// Waits until the child has ended, removes it from the process table, and returns how it ended; further calls return the
    /// same.
    ///
    /// It does not return when the child is stopped.
    ///
    /// # Errors
    ///
    /// - `EINTR`: interrupted by a signal before the child ended
    /// - `ECHILD`: something else has waited for it, or SIGCHLD is ignored, so that the kernel discarded its status
    /// - `EPROTO`: an emulator or a filter reports success without a child
    ///
    /// Manual page: [waitid(2)](https://man7.org/linux/man-pages/man2/waitid.2.html).
    #[doc(alias("waitid", "waitpid"))]
    #[inline]
    pub fn wait(&mut self) -> Result<ExitStatus, Errno> {
        match self.wait_with(0)? {
            Some(status) => Ok(status),
            None => Err(Errno::EPROTO),
        }
    }

    /// Returns how the child ended, like [`wait`](Self::wait), or `None` if it has not ended.
    ///
    /// # Errors
    ///
    /// Those of [`wait`](Self::wait), without `EINTR` and `EPROTO`.
    ///
    /// Manual page: [waitid(2)](https://man7.org/linux/man-pages/man2/waitid.2.html).
    #[doc(alias = "WNOHANG")]
    #[inline]
    pub fn try_wait(&mut self) -> Result<Option<ExitStatus>, Errno> {
        self.wait_with(WNOHANG)
    }

    fn wait_with(&mut self, options: u32) -> Result<Option<ExitStatus>, Errno> {
        if self.status.is_none() {
            let by_pidfd = match &self.pidfd {
                Some(pidfd) => wait(P_PIDFD, pidfd.as_raw_fd(), options),
                None => Err(Errno::EINVAL),
            };
            self.status = match by_pidfd {
                // Linux 5.2 and 5.3 have pidfds, but can't wait for them.
                Err(Errno::EINVAL) => wait(P_PID, self.pid, options)?,
                ended => ended?,
            }
            .map(|ended| ended.status);
        }
        Ok(self.status)
    }

    /// Sends a signal to the child, through its pidfd if it has one.
    ///
    /// # Errors
    ///
    /// - `ESRCH`: the child has been waited for
    /// - `EPERM`: it runs as another user, and this process lacks CAP_KILL
    ///
    /// Manual page: [pidfd_send_signal(2)](https://man7.org/linux/man-pages/man2/pidfd_send_signal.2.html).
    #[doc(alias("kill", "pidfd_send_signal"))]
    #[inline]
    pub fn signal(&self, signal: Signal) -> Result<(), Errno> {
        let signal = signal.as_raw();
        match &self.pidfd {
            _ if self.status.is_some() => Err(Errno::ESRCH),
            Some(pidfd) => match syscalls::pidfd_send_signal(pidfd.as_fd(), signal) {
                Err(Errno::ENOSYS) => syscalls::kill(self.pid, signal),
                sent => sent,
            },
            None => syscalls::kill(self.pid, signal),
        }
    }
}

/// A child that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Its process ID.
    pub pid: i32,
    /// How it ended.
    pub status: ExitStatus,
}

/// Returns any child that has ended and has not been waited for, without removing it; `None` if there is none.
///
/// This is for PID 1, which becomes the parent of all orphans, and for programs that wait for SIGCHLD: find the [`Child`] with
/// this ID and call its [`wait`](Child::wait); if there is none, [`reap`] it. Until then the same child is returned again.
///
/// # Errors
///
/// - `ECHILD`: this process has no children
///
/// ```standalone_crate
/// use linux_socketpair::Errno;
/// use linux_socketpair::process::{any_ended, reap};
///
/// // What an init does on each SIGCHLD:
/// loop {
///     match any_ended() {
///         Ok(Some(ended)) => _ = reap(ended.pid)?,
///         Ok(None) | Err(Errno::ECHILD) => break,
///         Err(errno) => return Err(errno),
///     }
/// }
/// # Ok::<(), Errno>(())
/// ```
///
/// Manual page: [waitid(2)](https://man7.org/linux/man-pages/man2/waitid.2.html).
#[doc(alias("waitid", "WNOWAIT", "P_ALL"))]
#[inline]
pub fn any_ended() -> Result<Option<Ended>, Errno> {
    wait(P_ALL, 0, WNOHANG | WNOWAIT)
}

/// Removes a child that has ended from the process table and returns how it ended; `None` if it has not ended.
///
/// This is for orphans, which have no [`Child`]. If there is a [`Child`] with this ID, its `wait` fails with `ECHILD` afterwards.
///
/// # Errors
///
/// - `ECHILD`: this process has no such child
/// - `EINVAL`: `pid` is not positive
///
/// The example of [`any_ended`] shows it.
///
/// Manual page: [waitid(2)](https://man7.org/linux/man-pages/man2/waitid.2.html).
#[doc(alias("waitid", "P_PID"))]
#[inline]
pub fn reap(pid: i32) -> Result<Option<ExitStatus>, Errno> {
    Ok(wait(P_PID, pid, WNOHANG)?.map(|ended| ended.status))
}

fn wait(which: u32, id: i32, options: u32) -> Result<Option<Ended>, Errno> {
    let (code, pid, status) = syscalls::waitid(which, id, WEXITED | options)?;
    let status = ExitStatus::from_info(code, status);
    Ok((pid != 0).then_some(Ended { pid, status }))
}

/// Returns how the process of a pidfd ended, even if it is not a child of this process: for pidfds that were received
/// ([`ControlMessage::Pidfd`](crate::ControlMessage::Pidfd)). It is `None` if the process has not ended, or its parent has not
/// waited for it.
///
/// Since Linux 6.15. A pidfd is readable for [`poll`](crate::poll) as soon as the process has ended.
///
/// # Errors
///
/// - `ENOTTY`, `EINVAL`: before Linux 6.13, or the file descriptor is not a pidfd
/// - `ESRCH`: the process has been waited for, and the kernel has no record of how it ended: before Linux 6.15
/// - `EPROTO`: an emulator or a filter reports success without a status
///
/// ```
/// use linux_socketpair::process::{ArgArray, Command, ExitStatus, exit_status};
///
/// let args = ArgArray::new([c"sh", c"-c", c"exit 3"]);
/// let mut child = Command::new(c"/bin/sh", args.as_args()).spawn()?;
/// child.wait()?;
/// match child.pidfd().map(exit_status) {
///     Some(Ok(status)) => assert_eq!(status, Some(ExitStatus::Exited(3))),
///     Some(Err(errno)) => println!("before Linux 6.15: {errno}"),
///     None => println!("before Linux 5.2"),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Manual page: [pidfd_open(2)](https://man7.org/linux/man-pages/man2/pidfd_open.2.html), which describes pidfds; the request
/// itself is documented in the header linux/pidfd.h.
#[doc(alias("PIDFD_GET_INFO", "PIDFD_INFO_EXIT", "pidfd_info"))]
#[inline]
pub fn exit_status(pidfd: impl AsFd) -> Result<Option<ExitStatus>, Errno> {
    match syscalls::pidfd_get_info(pidfd.as_fd(), PIDFD_INFO_EXIT)? {
        (mask, _) if mask & PIDFD_INFO_EXIT == 0 => Ok(None),
        (_, ..0) => Err(Errno::EPROTO),
        (_, status) => Ok(Some(ExitStatus::from_wait(status))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_status_is_decoded() {
        let signaled = |number, core_dumped| {
            let signal = Signal::from_kernel(number);
            ExitStatus::Signaled { signal, core_dumped }
        };
        for (wait, status) in [
            (0, ExitStatus::Exited(0)),
            (0x300, ExitStatus::Exited(3)),
            (0xff00, ExitStatus::Exited(255)),
            (9, signaled(9, false)),
            (0x80 | 6, signaled(6, true)),
            (64, signaled(64, false)),
        ] {
            assert_eq!(ExitStatus::from_wait(wait), status);
            #[cfg(feature = "std")]
            assert_eq!(status.to_wait(), wait);
        }
    }
}
