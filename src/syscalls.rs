//! One thin function per system call.

use core::ffi::{CStr, c_char};
use core::{mem::MaybeUninit, ptr};
use linux_raw_sys::net::{mmsghdr, msghdr};
use linux_raw_sys::prctl::{PR_GET_SECCOMP, PR_SET_PDEATHSIG};
use linux_raw_sys::{general::*, system::new_utsname};

use crate::arch::*;
use crate::errno::{Errno, decode};
use crate::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use crate::process::SignalSet;
use crate::types::{Domain, SocketFlags, SocketType};
use crate::uapi::{PIDFD_GET_INFO, pidfd_info};

/// Makes a pair of connected sockets and has the kernel write their raw file descriptors to `sv`.
///
/// The arguments are those of [`socketpair`](crate::socketpair). `sv[0]` and `sv[1]` are the new file descriptors if, and only
/// if, the call succeeds. Linux 5.10 and later write `sv` before they make the sockets, so after most errors it contains two
/// numbers that are not open, or that another thread has opened since.
///
/// # Errors
///
/// Those of [`socketpair`](crate::socketpair), and:
///
/// - `EFAULT`: `sv` can't be written; checked after the flags and `EMFILE`, before everything else
///
/// # Safety
///
/// `sv` need be neither aligned nor valid. If it can be written, nothing else may rely on what it contains.
///
/// ```
/// use linux_socketpair::{Domain, Errno, SocketFlags, SocketType, close, socketpair_into};
///
/// let mut sv = [-1; 2];
/// // SAFETY: `sv` may be written, and this code owns the file descriptors in it.
/// unsafe {
///     socketpair_into(Domain::UNIX, SocketType::DGRAM, SocketFlags::CLOEXEC, 0, &mut sv)?;
///     close(sv[0])?;
///     close(sv[1])?;
/// }
/// # Ok::<(), Errno>(())
/// ```
///
/// Manual page: [socketpair(2)](https://man7.org/linux/man-pages/man2/socketpair.2.html).
#[inline(always)]
pub unsafe fn socketpair_into(
    domain: Domain,
    ty: SocketType,
    flags: SocketFlags,
    protocol: i32,
    sv: *mut [RawFd; 2],
) -> Result<(), Errno> {
    let ty = ty.bits() | flags.bits();
    // SAFETY: the kernel writes only `sv`, as the caller permits.
    decode(unsafe {
        socketcall4::<__NR_socketpair>(domain.bits() as usize, ty as usize, protocol as usize, sv as usize)
    })
    .map(drop)
}

/// Reads up to `buf.len()` bytes from a raw file descriptor and returns how many; 0 means end of stream (EOF), an empty
/// message, or that `buf` is empty.
///
/// On a stream these are the bytes that have arrived, as many as fit. From other sockets it reads one message; what doesn't fit
/// is discarded without an error.
///
/// # Errors
///
/// - `EAGAIN`: there is nothing to read, and the file is nonblocking, or its receive timeout has expired
/// - `EBADF`: `fd` is not open, or not open for reading
/// - `ECONNRESET`: the peer was closed before it had read everything; reported once
/// - `EFAULT`: `buf` can't be written
/// - `EINTR`: interrupted by a signal before anything was read
/// - `EINVAL`: the file can't be read
/// - any other that the kind of file defines
///
/// # Safety
///
/// `fd` must be open, and the caller must own or borrow it.
///
/// Manual page: [read(2)](https://man7.org/linux/man-pages/man2/read.2.html).
///
/// ```
/// use linux_socketpair::{Domain, Errno, SocketFlags, SocketType, close, read, socketpair, write};
///
/// let [a, b] = socketpair(Domain::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, 0)?;
/// let mut buf = [0; 8];
/// // SAFETY: this code owns both file descriptors.
/// unsafe {
///     write(a, b"ping")?;
///     assert_eq!(read(b, &mut buf)?, 4);
///     close(a)?;
///     assert_eq!(read(b, &mut buf)?, 0);
///     close(b)?;
/// }
/// # Ok::<(), Errno>(())
/// ```
#[inline(always)]
pub unsafe fn read(fd: RawFd, buf: &mut [u8]) -> Result<usize, Errno> {
    // SAFETY: the kernel writes only within `buf`; the caller owns or borrows `fd`.
    decode(unsafe { syscall3::<__NR_read>(fd as usize, buf.as_mut_ptr() as usize, buf.len()) })
}

/// Writes up to `buf.len()` bytes to a raw file descriptor and returns how many, which on a stream may be fewer.
///
/// **It raises SIGPIPE** on a stream whose peer is closed, which terminates a program that neither handles nor ignores it.
///
/// # Errors
///
/// - `EAGAIN`: nothing can be written now, and the file is nonblocking, or its send timeout has expired
/// - `EBADF`: `fd` is not open, or not open for writing
/// - `ECONNREFUSED`: the peer of a `DGRAM` socket is closed
/// - `ECONNRESET`: the peer was closed before it had read everything; reported once
/// - `EFAULT`: `buf` can't be read
/// - `EINTR`: interrupted by a signal before anything was written
/// - `EINVAL`: the file can't be written
/// - `EMSGSIZE`: the message is larger than the send buffer
/// - `ENOBUFS`, `ENOMEM`: out of memory
/// - `EPIPE`: the peer of a `STREAM` (together with SIGPIPE) or `SEQPACKET` socket is closed
/// - any other that the kind of file defines
///
/// # Safety
///
/// `fd` must be open, and the caller must own or borrow it.
///
/// Manual page: [write(2)](https://man7.org/linux/man-pages/man2/write.2.html).
///
/// The example of [`read`] shows it.
#[inline(always)]
pub unsafe fn write(fd: RawFd, buf: &[u8]) -> Result<usize, Errno> {
    // SAFETY: the kernel reads only within `buf`; the caller owns or borrows `fd`.
    decode(unsafe { syscall3::<__NR_write>(fd as usize, buf.as_ptr() as usize, buf.len()) })
}

/// Closes a raw file descriptor. Unless this returns `EBADF`, the file descriptor is closed, even after another error: never
/// close it again.
///
/// # Errors
///
/// - `EBADF`: `fd` is not open
/// - `EINTR`, `EIO`, `ENOSPC`, `EDQUOT`: only for files that are not sockets; the file descriptor is closed nevertheless
///
/// # Safety
///
/// The caller must own `fd`, and must not use it afterwards. [`fd::close`](crate::fd::close) is the safe form.
///
/// Manual page: [close(2)](https://man7.org/linux/man-pages/man2/close.2.html).
///
/// The example of [`read`] shows it.
#[inline(always)]
pub unsafe fn close(fd: RawFd) -> Result<(), Errno> {
    // SAFETY: the caller owns `fd`.
    decode(unsafe { syscall1::<__NR_close>(fd as usize) }).map(drop)
}

#[inline]
pub(crate) fn sendto(fd: BorrowedFd<'_>, buf: &[u8], flags: u32) -> Result<usize, Errno> {
    let fd = fd.as_raw_fd() as usize;
    // SAFETY: the kernel reads only within `buf`; there is no address.
    decode(unsafe { socketcall6::<__NR_sendto>(fd, buf.as_ptr() as usize, buf.len(), flags as usize, 0, 0) })
}

#[inline]
pub(crate) fn recvfrom(fd: BorrowedFd<'_>, buf: &mut [u8], flags: u32) -> Result<usize, Errno> {
    let fd = fd.as_raw_fd() as usize;
    // SAFETY: the kernel writes only within `buf`; there is no memory for an address.
    decode(unsafe { socketcall6::<__NR_recvfrom>(fd, buf.as_mut_ptr() as usize, buf.len(), flags as usize, 0, 0) })
}

/// # Safety
///
/// What `message` points to can be read.
#[inline]
pub(crate) unsafe fn sendmsg(fd: BorrowedFd<'_>, message: &msghdr, flags: u32) -> Result<usize, Errno> {
    let at = ptr::from_ref(message) as usize;
    // SAFETY: as the caller vouches.
    decode(unsafe { socketcall3::<__NR_sendmsg>(fd.as_raw_fd() as usize, at, flags as usize) })
}

/// # Safety
///
/// What `message` points to can be written.
#[inline]
pub(crate) unsafe fn recvmsg(fd: BorrowedFd<'_>, message: &mut msghdr, flags: u32) -> Result<usize, Errno> {
    let at = ptr::from_mut(message) as usize;
    // SAFETY: as the caller vouches.
    decode(unsafe { socketcall3::<__NR_recvmsg>(fd.as_raw_fd() as usize, at, flags as usize) })
}

/// Sends up to 1024 messages, and writes to each one that was sent how many bytes it had.
///
/// # Safety
///
/// What `messages` point to can be read.
#[inline]
pub(crate) unsafe fn sendmmsg(fd: BorrowedFd<'_>, messages: &mut [mmsghdr], flags: u32) -> Result<usize, Errno> {
    let (fd, at) = (fd.as_raw_fd() as usize, messages.as_mut_ptr() as usize);
    // SAFETY: as the caller vouches; the kernel writes only within `messages`.
    decode(unsafe { socketcall4::<__NR_sendmmsg>(fd, at, messages.len(), flags as usize) })
}

/// Receives without a timeout.
///
/// # Safety
///
/// What `messages` point to can be written.
#[inline]
pub(crate) unsafe fn recvmmsg(fd: BorrowedFd<'_>, messages: &mut [mmsghdr], flags: u32) -> Result<usize, Errno> {
    let (fd, at) = (fd.as_raw_fd() as usize, messages.as_mut_ptr() as usize);
    // SAFETY: as the caller vouches.
    #[cfg(target_pointer_width = "64")]
    return decode(unsafe { socketcall5::<__NR_recvmmsg>(fd, at, messages.len(), flags as usize, 0) });
    #[cfg(target_pointer_width = "32")]
    {
        // SAFETY: as the caller vouches.
        let result = decode(unsafe { syscall5::<__NR_recvmmsg_time64>(fd, at, messages.len(), flags as usize, 0) });
        // Before Linux 5.1 there is only the call whose timeout, which isn't used here, has 32 bits.
        if RECVMMSG_TIME32.is_some() && result == Err(Errno::ENOSYS) {
            const TIME32: u32 = match RECVMMSG_TIME32 {
                Some(number) => number,
                None => __NR_recvmmsg_time64, // never reached
            };
            // SAFETY: as the caller vouches.
            return decode(unsafe { socketcall5::<TIME32>(fd, at, messages.len(), flags as usize, 0) });
        }
        result
    }
}

/// Writes up to `len` bytes of the value, and to `len` the number of bytes written; with `ERANGE`, the size of the value.
///
/// # Safety
///
/// `len` bytes at `value` may be written, and neither the option nor the bytes that are there make the kernel write elsewhere.
#[inline]
pub(crate) unsafe fn getsockopt(
    fd: BorrowedFd<'_>,
    level: i32,
    name: i32,
    value: *mut u8,
    len: &mut u32,
) -> Result<(), Errno> {
    let (fd, len) = (fd.as_raw_fd() as usize, ptr::from_mut(len) as usize);
    // SAFETY: as the caller vouches.
    decode(unsafe { socketcall5::<__NR_getsockopt>(fd, level as usize, name as usize, value as usize, len) }).map(drop)
}

/// # Safety
///
/// Neither the option nor `value` makes the kernel access other memory.
#[inline]
pub(crate) unsafe fn setsockopt<T: ?Sized>(fd: BorrowedFd<'_>, level: i32, name: i32, value: &T) -> Result<(), Errno> {
    let (at, len) = (ptr::from_ref(value).cast::<u8>() as usize, size_of_val(value));
    let fd = fd.as_raw_fd() as usize;
    // SAFETY: the kernel reads `value`; otherwise as the caller vouches.
    decode(unsafe { socketcall5::<__NR_setsockopt>(fd, level as usize, name as usize, at, len) }).map(drop)
}

#[inline]
pub(crate) fn shutdown(fd: BorrowedFd<'_>, how: u32) -> Result<(), Errno> {
    // SAFETY: no memory is involved.
    decode(unsafe { socketcall2::<__NR_shutdown>(fd.as_raw_fd() as usize, how as usize) }).map(drop)
}

/// `command` accepts an int or nothing.
#[inline]
pub(crate) fn fcntl(fd: BorrowedFd<'_>, command: u32, argument: u32) -> Result<usize, Errno> {
    #[cfg(target_pointer_width = "64")]
    const NUMBER: u32 = __NR_fcntl;
    #[cfg(target_pointer_width = "32")]
    const NUMBER: u32 = __NR_fcntl64;

    // SAFETY: no memory is involved.
    decode(unsafe { syscall3::<NUMBER>(fd.as_raw_fd() as usize, command as usize, argument as usize) })
}

/// The flags that `command` reads.
#[inline]
pub(crate) fn flags(fd: BorrowedFd<'_>, command: u32) -> Result<u32, Errno> {
    fcntl(fd, command, 0).map(|flags| flags as u32).map_err(unlikely)
}

/// Without this hint, the callers of [`flags`] compute both results and select one.
#[cold]
fn unlikely(errno: Errno) -> Errno {
    errno
}

/// # Safety
///
/// `request` reads or writes an int.
#[inline]
pub(crate) unsafe fn ioctl(fd: BorrowedFd<'_>, request: u32, argument: &mut i32) -> Result<(), Errno> {
    let at = ptr::from_mut(argument) as usize;
    // SAFETY: the kernel reads or writes only `argument`.
    decode(unsafe { syscall3::<__NR_ioctl>(fd.as_raw_fd() as usize, request as usize, at) }).map(drop)
}

/// Waits until one of `fds` is ready, indefinitely if there is no timeout.
#[inline]
pub(crate) fn ppoll(fds: &mut [pollfd], timeout: Option<__kernel_timespec>) -> Result<usize, Errno> {
    #[cfg(target_pointer_width = "64")]
    const NUMBER: u32 = __NR_ppoll;
    #[cfg(target_pointer_width = "32")]
    const NUMBER: u32 = __NR_ppoll_time64;

    // SAFETY: `NUMBER` accepts 64-bit time everywhere.
    let result = decode(unsafe { ppoll_of::<NUMBER, _>(fds, timeout) });
    // Before Linux 5.1, time on 32-bit machines was 32 bits wide; a longer timeout is shortened to fit.
    #[cfg(target_pointer_width = "32")]
    if PPOLL_TIME32.is_some() && result == Err(Errno::ENOSYS) {
        const TIME32: u32 = match PPOLL_TIME32 {
            Some(number) => number,
            None => __NR_ppoll_time64, // never reached
        };
        let timeout = timeout.map(|timeout| __kernel_old_timespec {
            tv_sec: timeout.tv_sec.try_into().unwrap_or(i32::MAX),
            tv_nsec: timeout.tv_nsec as i32,
        });
        // SAFETY: this one accepts 32-bit time.
        return decode(unsafe { ppoll_of::<TIME32, _>(fds, timeout) });
    }
    result
}

/// # Safety
///
/// `NUMBER` is a ppoll that accepts a `T`.
#[inline]
unsafe fn ppoll_of<const NUMBER: u32, T>(fds: &mut [pollfd], timeout: Option<T>) -> usize {
    let mut time = MaybeUninit::uninit();
    let timeout = timeout.map_or(ptr::null_mut(), |timeout| ptr::from_mut(time.write(timeout)));
    // SAFETY: the kernel writes within `fds`, and the remaining time to `timeout`. There is no signal mask, so the kernel ignores
    // the fifth argument, the size of one.
    unsafe { syscall4::<NUMBER>(fds.as_mut_ptr() as usize, fds.len(), timeout as usize, 0) }
}

/// Opens a file, close-on-exec; a relative path starts at `directory`, or at the current one.
#[inline]
pub(crate) fn open(directory: Option<BorrowedFd<'_>>, path: &CStr, flags: u32) -> Result<OwnedFd, Errno> {
    let directory = directory.map_or(AT_FDCWD, |directory| directory.as_raw_fd());
    let (path, flags) = (path.as_ptr() as usize, (flags | O_CLOEXEC) as usize);
    // SAFETY: the kernel reads only the path.
    let fd = decode(unsafe { syscall4::<__NR_openat>(directory as usize, path, flags, 0) })? as RawFd;
    // SAFETY: the descriptor is new, and nothing else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// `f_type` of the file system that the file is on.
#[inline]
pub(crate) fn file_system(path: &CStr) -> Result<u32, Errno> {
    #[cfg(target_pointer_width = "64")]
    type Statfs = statfs;
    #[cfg(target_pointer_width = "32")]
    type Statfs = statfs64;

    let mut status = MaybeUninit::<Statfs>::uninit();
    let status = status.as_mut_ptr();
    // SAFETY: the kernel writes only `status`; an emulator may write nothing.
    unsafe {
        (&raw mut (*status).f_type).write(0);
        #[cfg(target_pointer_width = "64")]
        decode(syscall2::<__NR_statfs>(path.as_ptr() as usize, status as usize))?;
        #[cfg(target_pointer_width = "32")]
        decode(syscall3::<__NR_statfs64>(
            path.as_ptr() as usize,
            size_of::<Statfs>(),
            status as usize,
        ))?;
        Ok((*status).f_type as u32)
    }
}

/// The size of a file.
#[inline]
pub(crate) fn size(path: &CStr) -> Result<u64, Errno> {
    let mut status = MaybeUninit::<statx>::uninit();
    let status = status.as_mut_ptr();
    let path = path.as_ptr() as usize;
    // SAFETY: the kernel writes only `status`; an emulator may write nothing.
    unsafe {
        (&raw mut (*status).stx_size).write(0);
        decode(syscall5::<__NR_statx>(
            AT_FDCWD as usize,
            path,
            0,
            STATX_SIZE as usize,
            status as usize,
        ))?;
        Ok((*status).stx_size)
    }
}

/// The soft and the hard limit `RLIMIT_NOFILE` of this process.
#[inline]
pub(crate) fn open_files_limit() -> Result<(u64, u64), Errno> {
    let mut limit = rlimit64 {
        rlim_cur: 0,
        rlim_max: 0,
    };
    let at = &raw mut limit as usize;
    // SAFETY: the kernel writes only `limit`.
    decode(unsafe { syscall4::<__NR_prlimit64>(0, RLIMIT_NOFILE as usize, 0, at) })?;
    Ok((limit.rlim_cur, limit.rlim_max))
}

/// 0 without a filter, 2 with one.
#[inline]
pub(crate) fn seccomp_mode() -> Result<usize, Errno> {
    // SAFETY: no memory is involved.
    decode(unsafe { syscall5::<__NR_prctl>(PR_GET_SECCOMP as usize, 0, 0, 0, 0) })
}

/// The kernel's release, as far as it fits; NUL where nothing was written.
#[inline]
pub(crate) fn kernel_release() -> Result<[u8; 16], Errno> {
    let mut names = MaybeUninit::<new_utsname>::uninit();
    let names = names.as_mut_ptr();
    let mut text = [0; 16];
    // SAFETY: the kernel writes only `names`; what is read of it was initialized before, as an emulator may write nothing.
    // Volatile, or the compiler would call `memcpy`: the release is not aligned.
    unsafe {
        let release = (&raw mut (*names).release).cast::<u8>();
        for at in 0..text.len() {
            release.add(at).write_volatile(0);
        }
        decode(syscall1::<__NR_uname>(names as usize))?;
        for (at, byte) in text.iter_mut().enumerate() {
            *byte = release.add(at).read_volatile();
        }
    }
    Ok(text)
}

/// Makes any system call that the architecture has, for programs without libc: mount(2), reboot(2) …
///
/// - `NUMBER`: the number of the call on this architecture, such as [`linux_raw_sys::general::__NR_sync`]
/// - `arguments`: those of the call, in their order; the kernel ignores the rest
///
/// The result is what the kernel returned. On 32-bit machines a 64-bit argument occupies two words, in the order and alignment
/// that syscall(2) describes.
///
/// [`linux_raw_sys::general::__NR_sync`]: https://docs.rs/linux-raw-sys/latest/linux_raw_sys/general/constant.__NR_sync.html
///
/// # Errors
///
/// Those of the call, and:
///
/// - `ENOSYS`: the kernel has no such call, or a seccomp filter rejects it
///
/// # Safety
///
/// The call's own requirements. It must not return twice on one stack, as vfork(2) does, nor unmap or overwrite memory that is
/// in use.
///
/// ```
/// use linux_raw_sys::general::__NR_getppid;
/// use linux_socketpair::{Errno, syscall};
///
/// // SAFETY: getppid(2) has no arguments and accesses no memory.
/// let parent = unsafe { syscall::<__NR_getppid>([0; 6])? };
/// assert_eq!(parent as u32, std::os::unix::process::parent_id());
/// # Ok::<(), Errno>(())
/// ```
///
/// Manual page: [syscall(2)](https://man7.org/linux/man-pages/man2/syscall.2.html).
#[inline]
pub unsafe fn syscall<const NUMBER: u32>(arguments: [usize; 6]) -> Result<usize, Errno> {
    let [a, b, c, d, e, f] = arguments;
    // SAFETY: as the caller vouches.
    decode(unsafe { syscall6::<NUMBER>(a, b, c, d, e, f) })
}

/// Changes the signal mask of this thread, and returns what it was.
#[inline]
pub(crate) fn rt_sigprocmask(how: u32, set: &SignalSet) -> Result<SignalSet, Errno> {
    let mut old = SignalSet::EMPTY;
    let (set, at) = (ptr::from_ref(set) as usize, &raw mut old as usize);
    // SAFETY: the kernel reads one set and writes the other.
    decode(unsafe { syscall4::<__NR_rt_sigprocmask>(how as usize, set, at, size_of::<SignalSet>()) })?;
    Ok(old)
}

/// The handler, flags, restorer (on some architectures) and mask, which has one word of 64 bits or two of 32.
type SigAction = [usize; 5];

/// The handler of a signal; 0 means the default action, 1 that the signal is ignored.
#[inline]
pub(crate) fn signal_handler(signal: i32) -> Result<usize, Errno> {
    let mut action: SigAction = Default::default();
    let at = action.as_mut_ptr() as usize;
    // SAFETY: the kernel writes within `action`.
    decode(unsafe { syscall4::<__NR_rt_sigaction>(signal as usize, 0, at, size_of::<SignalSet>()) })?;
    Ok(action[0])
}

/// # Safety
///
/// Nothing relies on the handler of the signal.
#[inline]
pub(crate) unsafe fn set_default_handler(signal: i32) -> Result<(), Errno> {
    let action: SigAction = Default::default();
    let at = action.as_ptr() as usize;
    // SAFETY: the kernel reads within `action`; the effect is as the caller vouches.
    decode(unsafe { syscall4::<__NR_rt_sigaction>(signal as usize, at, 0, size_of::<SignalSet>()) }).map(drop)
}

#[inline]
pub(crate) fn signalfd4(set: &SignalSet, flags: u32) -> Result<OwnedFd, Errno> {
    let at = ptr::from_ref(set) as usize;
    // SAFETY: the kernel reads the set.
    let fd = decode(unsafe { syscall4::<__NR_signalfd4>(usize::MAX, at, size_of::<SignalSet>(), flags as usize) })?;
    // SAFETY: the kernel has just made the file descriptor.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as RawFd) })
}

/// Reads one `signalfd_siginfo`, in words of 32 bits.
#[inline]
pub(crate) fn read_signal(fd: BorrowedFd<'_>) -> Result<[u32; 32], Errno> {
    let mut info = MaybeUninit::<[u32; 32]>::uninit();
    // Volatile, or the compiler would call `memset`.
    for word in 0..32 {
        // SAFETY: it is one of the words.
        unsafe { info.as_mut_ptr().cast::<u32>().add(word).write_volatile(0) };
    }
    let at = info.as_mut_ptr() as usize;
    // SAFETY: the kernel writes within `info`.
    match decode(unsafe { syscall3::<__NR_read>(fd.as_raw_fd() as usize, at, size_of::<[u32; 32]>()) })? {
        // SAFETY: all words were initialized.
        128 => Ok(unsafe { info.assume_init() }),
        _ => Err(Errno::EPROTO),
    }
}

#[inline]
pub(crate) fn dup3(fd: BorrowedFd<'_>, to: RawFd, flags: u32) -> Result<(), Errno> {
    // SAFETY: no memory is involved. Only the child calls this, to replace a file descriptor that its caller named.
    decode(unsafe { syscall3::<__NR_dup3>(fd.as_raw_fd() as usize, to as usize, flags as usize) }).map(drop)
}

#[inline]
pub(crate) fn setsid() -> Result<(), Errno> {
    // SAFETY: no memory is involved.
    decode(unsafe { syscall1::<__NR_setsid>(0) }).map(drop)
}

#[inline]
pub(crate) fn chdir(path: &CStr) -> Result<(), Errno> {
    // SAFETY: the kernel reads the string.
    decode(unsafe { syscall1::<__NR_chdir>(path.as_ptr() as usize) }).map(drop)
}

#[inline]
pub(crate) fn geteuid() -> u32 {
    // SAFETY: no memory is involved.
    unsafe { syscall1::<GETEUID>(0) as u32 }
}

/// For this thread alone.
#[inline]
pub(crate) fn setgroups(groups: &[u32]) -> Result<(), Errno> {
    // SAFETY: the kernel reads within `groups`.
    decode(unsafe { syscall2::<SETGROUPS>(groups.len(), groups.as_ptr() as usize) }).map(drop)
}

/// For this thread alone.
#[inline]
pub(crate) fn setresgid(group: u32) -> Result<(), Errno> {
    let group = group as usize;
    // SAFETY: no memory is involved.
    decode(unsafe { syscall3::<SETRESGID>(group, group, group) }).map(drop)
}

/// For this thread alone.
#[inline]
pub(crate) fn setresuid(user: u32) -> Result<(), Errno> {
    let user = user as usize;
    // SAFETY: no memory is involved.
    decode(unsafe { syscall3::<SETRESUID>(user, user, user) }).map(drop)
}

#[inline]
pub(crate) fn set_parent_death_signal(signal: i32) -> Result<(), Errno> {
    // SAFETY: no memory is involved.
    decode(unsafe { syscall5::<__NR_prctl>(PR_SET_PDEATHSIG as usize, signal as usize, 0, 0, 0) }).map(drop)
}

#[inline]
pub(crate) fn getpid() -> i32 {
    // SAFETY: no memory is involved.
    unsafe { syscall1::<__NR_getpid>(0) as i32 }
}

#[inline]
pub(crate) fn getppid() -> i32 {
    // SAFETY: no memory is involved.
    unsafe { syscall1::<__NR_getppid>(0) as i32 }
}

/// Returns only if it fails.
///
/// # Safety
///
/// The lists end with a null pointer, and the program may inherit the file descriptors that are not close-on-exec.
#[inline]
pub(crate) unsafe fn execve(path: &CStr, args: *const *const c_char, env: *const *const c_char) -> Errno {
    // SAFETY: as the caller vouches.
    match decode(unsafe { syscall3::<__NR_execve>(path.as_ptr() as usize, args as usize, env as usize) }) {
        Err(errno) => errno,
        Ok(_) => Errno::EPROTO,
    }
}

#[inline]
pub(crate) fn exit_group(status: i32) -> ! {
    loop {
        // SAFETY: no memory is involved.
        unsafe { syscall1::<__NR_exit_group>(status as usize) };
    }
}

/// Waits for a child, or checks for one, and returns `si_code`, `si_pid` and `si_status`.
#[inline]
pub(crate) fn waitid(which: u32, id: i32, options: u32) -> Result<(i32, i32, i32), Errno> {
    /// The ints before `si_pid`: three, and one of padding where pointers have 64 bits.
    const PID: usize = if size_of::<usize>() == 8 { 4 } else { 3 };

    let mut info = MaybeUninit::<[u64; 16]>::uninit();
    let words = info.as_mut_ptr().cast::<i32>();
    // Volatile, or the compiler would call `memset`.
    for word in 0..PID + 3 {
        // SAFETY: it is one of the words.
        unsafe { words.add(word).write_volatile(0) };
    }
    let (id, at) = (id as usize, words as usize);
    // SAFETY: the kernel writes within `info`, and no resource usage.
    decode(unsafe { syscall5::<__NR_waitid>(which as usize, id, at, options as usize, 0) })?;
    // SAFETY: these words were initialized. si_code is the third on all supported architectures.
    Ok(unsafe { (words.add(2).read(), words.add(PID).read(), words.add(PID + 2).read()) })
}

#[inline]
pub(crate) fn kill(pid: i32, signal: i32) -> Result<(), Errno> {
    // SAFETY: no memory is involved.
    decode(unsafe { syscall2::<__NR_kill>(pid as usize, signal as usize) }).map(drop)
}

#[inline]
pub(crate) fn pidfd_send_signal(pidfd: BorrowedFd<'_>, signal: i32) -> Result<(), Errno> {
    let pidfd = pidfd.as_raw_fd() as usize;
    // SAFETY: no memory is involved: there is no siginfo.
    decode(unsafe { syscall4::<__NR_pidfd_send_signal>(pidfd, signal as usize, 0, 0) }).map(drop)
}

/// Requests what `mask` selects, and returns the mask of what the kernel wrote, and the wait status: -1 if none was written.
#[inline]
pub(crate) fn pidfd_get_info(pidfd: BorrowedFd<'_>, mask: u64) -> Result<(u64, i32), Errno> {
    let mut info = MaybeUninit::<pidfd_info>::uninit();
    let (fd, at) = (pidfd.as_raw_fd() as usize, info.as_mut_ptr());
    // SAFETY: the kernel writes within `info`, whose size is part of the request; the fields that are read were initialized.
    unsafe {
        (&raw mut (*at).mask).write(mask);
        (&raw mut (*at).cgroupid).write(0);
        (&raw mut (*at).exit_code).write(-1);
        decode(syscall3::<__NR_ioctl>(fd, PIDFD_GET_INFO as usize, at as usize))?;
        Ok(((*at).mask, (*at).exit_code))
    }
}
