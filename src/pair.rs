//! The system call socketpair(2), with raw file descriptors.

use crate::errno::Errno;
use crate::fd::RawFd;
use crate::syscalls::socketpair_into;
use crate::types::{Domain, SocketFlags, SocketType};

/// Makes a pair of connected sockets and returns their raw file descriptors, which are indistinguishable.
///
/// - `domain`: [`Domain::UNIX`]; since Linux 4.12 also [`Domain::TIPC`]
/// - `ty`: on AF_UNIX [`SocketType::STREAM`], [`DGRAM`](SocketType::DGRAM) or [`SEQPACKET`](SocketType::SEQPACKET)
/// - `flags`: [`SocketFlags::CLOEXEC`], [`NONBLOCK`](SocketFlags::NONBLOCK), both or none, for both sockets
/// - `protocol`: 0; AF_UNIX also accepts 1 (`PF_UNIX`), which means the same
///
/// All bits reach the kernel unchanged, type and flags combined to one number, and its result is returned unchanged. The
/// caller owns the file descriptors; nothing closes them automatically. Since Linux 2.6.27.
///
/// # Errors
///
/// In the order in which Linux 5.10 and later check. Those marked * are not in the manual page.
///
/// - `EINVAL` *: a flag that the kernel doesn't know
/// - `EMFILE`: fewer than two file descriptors are free under `RLIMIT_NOFILE`
/// - `EAFNOSUPPORT`: there is no such domain, or it is neither built into the kernel nor loaded as a module
/// - `EINVAL` *: a type from 11 to 15
/// - `EPROTONOSUPPORT`: the domain has no such protocol
/// - `ESOCKTNOSUPPORT` *: the domain has no such type; on AF_UNIX these are 0, `RDM` and 6 to 10
/// - `EOPNOTSUPP`: the domain doesn't support pairs
/// - `ENFILE`: `fs.file-max` is reached (CAP_SYS_ADMIN is exempt), or, since Linux 5.15, there are twice as many AF_UNIX
///   sockets; or there is not enough memory for an inode
/// - `ENOMEM` *: out of memory; before Linux 5.15 also too many AF_UNIX sockets
/// - `EACCES`, `EPERM` *: a security module or a seccomp filter rejects the call
/// - `ENOSYS` *: a seccomp filter rejects the call, or the kernel was built without sockets
///
/// ```
/// use linux_socketpair::{Domain, Errno, SocketFlags, SocketType, close, socketpair};
///
/// let [a, b] = socketpair(Domain::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, 0)?;
/// // SAFETY: this code owns both file descriptors.
/// unsafe {
///     close(a)?;
///     close(b)?;
/// }
/// assert_eq!(socketpair(Domain::INET, SocketType::STREAM, SocketFlags::CLOEXEC, 0), Err(Errno::EOPNOTSUPP));
/// # Ok::<(), Errno>(())
/// ```
///
/// Manual page: [socketpair(2)](https://man7.org/linux/man-pages/man2/socketpair.2.html).
#[inline]
pub fn socketpair(domain: Domain, ty: SocketType, flags: SocketFlags, protocol: i32) -> Result<[RawFd; 2], Errno> {
    // -1 twice, which remains there if a filter or an emulator reports success and makes no pair. One u64, so that one
    // instruction writes it.
    let mut sv = u64::MAX;
    let at = (&raw mut sv).cast::<[RawFd; 2]>();
    // SAFETY: `sv` may be written, and has the size of two descriptors.
    unsafe { socketpair_into(domain, ty, flags, protocol, at)? };
    let at = at.cast::<RawFd>();
    // SAFETY: both are initialized. Read as one u64, they would have to be separated again.
    Ok(unsafe { [at.read(), at.add(1).read()] })
}
