//! A pair, by raw descriptors.

use core::mem::MaybeUninit;

use crate::errno::Errno;
use crate::syscalls::socketpair_into;
use crate::types::{Domain, RawFd, SocketFlags, SocketType};

/// Makes a pair of connected sockets and returns their descriptors, `sv[0]` and `sv[1]`, which are alike.
///
/// - `domain`: [`Domain::UNIX`]; since Linux 4.12 also [`Domain::TIPC`]
/// - `ty`: in AF_UNIX [`SocketType::STREAM`], [`DGRAM`](SocketType::DGRAM), [`SEQPACKET`](SocketType::SEQPACKET)
/// - `flags`: [`SocketFlags::CLOEXEC`], [`NONBLOCK`](SocketFlags::NONBLOCK), both or none, for both ends
/// - `protocol`: 0; AF_UNIX takes 1 (`PF_UNIX`) for the same
///
/// All bits go to the kernel as they are, type and flags joined in one number, and its answer comes back as it is. The
/// descriptors belong to the caller and nothing closes them by itself.
///
/// # Errors
///
/// In the order in which the kernel checks. Those marked * the manual page doesn't name.
///
/// - `EINVAL` *: a flag that the kernel doesn't know
/// - `EMFILE`: fewer than two descriptors are free under `RLIMIT_NOFILE`
/// - `EAFNOSUPPORT`: no such domain, or it is neither built in nor loaded
/// - `EINVAL` *: a type from 11 to 15
/// - `EPROTONOSUPPORT`: the domain has no such protocol
/// - `ESOCKTNOSUPPORT` *: the domain has no such type; AF_UNIX says so of 0, `RDM` and 6 to 10
/// - `EOPNOTSUPP`: the domain makes no pairs, as most don't
/// - `ENFILE`: the system's limit of open files, `fs.file-max`, or twice as many AF_UNIX sockets, or no memory for an inode
/// - `ENOMEM` *: no memory
/// - `EACCES`, `EPERM` *: a security module or a seccomp filter refuses
/// - `ENOSYS` *: a seccomp filter refuses, or the kernel was built without sockets
///
/// ```
/// use linux_socketpair::{Domain, Errno, SocketFlags, SocketType, close, socketpair};
///
/// let [a, b] = socketpair(Domain::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, 0)?;
/// // SAFETY: both descriptors are ours.
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
    let mut sv = MaybeUninit::<[RawFd; 2]>::uninit();
    // SAFETY: `sv` is ours to write.
    unsafe { socketpair_into(domain, ty, flags, protocol, sv.as_mut_ptr())? };
    let sv = sv.as_ptr().cast::<RawFd>();
    // SAFETY: the call succeeded, so the kernel wrote both. Read as one word, they would have to be taken apart again.
    Ok(unsafe { [sv.read(), sv.add(1).read()] })
}
