//! Socket options, and what ioctl(2) and fcntl(2) report and set.

use core::{ptr, time::Duration};
use linux_raw_sys::{general::*, ioctl::*, net::*};

use super::{Socket, control::Credentials, kind};
use crate::errno::{Errno, decode};
use crate::fd::{AsFd, FromRawFd, OwnedFd};
use crate::syscalls;
use crate::types::{Domain, SocketType};
use crate::uapi::SO_RIGHTS_NOTRUNC;
use kind::{Kind, Messages, Stream};

/// # Options
///
/// Each method makes one system call, for the option or request that it names. The manual pages are
/// [socket(7)](https://man7.org/linux/man-pages/man7/socket.7.html) and
/// [unix(7)](https://man7.org/linux/man-pages/man7/unix.7.html), unless another one is named.
///
/// ```
/// use core::time::Duration;
/// use linux_socketpair::{Errno, UnixStream};
///
/// let (a, b) = UnixStream::pair()?;
/// assert_eq!(b.peer_credentials()?.pid as u32, std::process::id());
/// b.set_recv_timeout(Some(Duration::from_millis(1)))?;
/// assert_eq!(b.recv(&mut [0; 8]), Err(Errno::EAGAIN));
/// a.set_nonblocking(true)?;
/// while a.send(&[0; 4096]) != Err(Errno::EAGAIN) {}
/// assert!(b.bytes_to_recv()? < a.memory_sent()?);
/// # Ok::<(), Errno>(())
/// ```
impl<T: Kind, Fd: AsFd> Socket<T, Fd> {
    /// The credentials of the process that made the pair, as they were then, `SO_PEERCRED`. Both ends report the same.
    ///
    /// # Errors
    ///
    /// None from the kernel.
    #[doc(alias = "SO_PEERCRED")]
    #[inline]
    pub fn peer_credentials(&self) -> Result<Credentials, Errno> {
        self.get_value(SO_PEERCRED, Credentials::NONE)
    }

    /// A pidfd of the process that made the pair, `SO_PEERPIDFD`, close-on-exec. Since Linux 6.5.
    ///
    /// # Errors
    ///
    /// - `EINVAL`: the process has been reaped; since Linux 6.16 there is a pidfd even then
    /// - `EMFILE`: no file descriptor is free under `RLIMIT_NOFILE`
    /// - `ENODATA`: the socket has no peer process
    /// - `ENOPROTOOPT`: an older kernel
    /// - `EPROTO`: an emulator or a filter reports success without a file descriptor
    #[doc(alias = "SO_PEERPIDFD")]
    #[inline]
    pub fn peer_pidfd(&self) -> Result<OwnedFd, Errno> {
        let fd = self.get_value(SO_PEERPIDFD, -Errno::EPROTO.raw_os_error())?;
        if fd < 0 {
            return Err(decode(fd as usize).err().unwrap_or(Errno::EPROTO));
        }
        // SAFETY: the kernel has just made the descriptor.
        Ok(unsafe { OwnedFd::from_raw_fd(fd) })
    }

    /// The supplementary group IDs of the process that made the pair, `SO_PEERGROUPS`: the part of `groups` that was written.
    /// Since Linux 4.13.
    ///
    /// # Errors
    ///
    /// - `ENODATA`: the socket has no peer process
    /// - `ENOPROTOOPT`: an older kernel
    /// - `EPROTO`: an emulator or a filter reports success without groups
    /// - `ERANGE`: there are more than fit into `groups`; [`peer_group_count`](Self::peer_group_count) returns how many
    #[doc(alias = "SO_PEERGROUPS")]
    #[inline]
    pub fn peer_groups<'a>(&self, groups: &'a mut [u32]) -> Result<&'a mut [u32], Errno> {
        // A length that is not a multiple makes no difference to the kernel, and shows whether it wrote one.
        let mut len = size_of_val(groups) as u32 + 1;
        // SAFETY: the kernel writes whole numbers only, so it stays within `groups`.
        unsafe { self.get(SO_PEERGROUPS, groups.as_mut_ptr().cast(), &mut len)? };
        // A length that is not a multiple becomes one that is too great.
        let count = len.rotate_right(size_of::<u32>().trailing_zeros());
        groups.get_mut(..count as usize).ok_or(Errno::EPROTO)
    }

    /// How many group IDs [`peer_groups`](Self::peer_groups) returns. Since Linux 4.13.
    ///
    /// # Errors
    ///
    /// - `ENODATA`: the socket has no peer process
    /// - `ENOPROTOOPT`: an older kernel
    #[doc(alias = "SO_PEERGROUPS")]
    #[inline]
    pub fn peer_group_count(&self) -> Result<usize, Errno> {
        Ok(self.len_of(SO_PEERGROUPS)? / size_of::<u32>())
    }

    /// The security label of the peer, `SO_PEERSEC`, as the security module writes it: the part of `label` that was written.
    ///
    /// # Errors
    ///
    /// - `ENOPROTOOPT`: no security module has labels
    /// - `EPROTO`: an emulator or a filter reports success without a label
    /// - `ERANGE`: it is longer than `label`; [`peer_security_len`](Self::peer_security_len) returns how long
    #[doc(alias = "SO_PEERSEC")]
    #[inline]
    pub fn peer_security<'a>(&self, label: &'a mut [u8]) -> Result<&'a mut [u8], Errno> {
        // No label begins with a zero.
        if let Some(first) = label.first_mut() {
            *first = 0;
        }
        let mut len = label.len() as u32;
        // SAFETY: the kernel writes `len` bytes at most.
        unsafe { self.get(SO_PEERSEC, label.as_mut_ptr(), &mut len)? };
        match label.get_mut(..len as usize) {
            Some([0, ..] | []) | None => Err(Errno::EPROTO),
            Some(label) => Ok(label),
        }
    }

    /// How many bytes [`peer_security`](Self::peer_security) returns.
    ///
    /// # Errors
    ///
    /// - `ENOPROTOOPT`: no security module has labels
    #[doc(alias = "SO_PEERSEC")]
    #[inline]
    pub fn peer_security_len(&self) -> Result<usize, Errno> {
        self.len_of(SO_PEERSEC)
    }

    /// The type, `SO_TYPE`.
    ///
    /// # Errors
    ///
    /// None from the kernel.
    #[doc(alias = "SO_TYPE")]
    #[inline]
    pub fn socket_type(&self) -> Result<SocketType, Errno> {
        self.get_value(SO_TYPE, 0).map(SocketType::from_bits_retain)
    }

    /// The domain, `SO_DOMAIN`. Since Linux 2.6.32.
    ///
    /// # Errors
    ///
    /// - `ENOPROTOOPT`: an older kernel
    #[doc(alias = "SO_DOMAIN")]
    #[inline]
    pub fn domain(&self) -> Result<Domain, Errno> {
        self.get_value(SO_DOMAIN, 0).map(Domain::from_bits_retain)
    }

    /// The protocol, `SO_PROTOCOL`: 0 on AF_UNIX. Since Linux 2.6.32.
    ///
    /// # Errors
    ///
    /// - `ENOPROTOOPT`: an older kernel
    #[doc(alias = "SO_PROTOCOL")]
    #[inline]
    pub fn protocol(&self) -> Result<i32, Errno> {
        self.get_value(SO_PROTOCOL, 0)
    }

    /// Returns the pending error, `SO_ERROR`, and clears it.
    ///
    /// # Errors
    ///
    /// None from the kernel.
    #[doc(alias = "SO_ERROR")]
    #[inline]
    pub fn take_error(&self) -> Result<Option<Errno>, Errno> {
        self.get_value(SO_ERROR, 0).map(Errno::from_raw_os_error)
    }

    /// Whether each received message comes with its sender's credentials, `SO_PASSCRED`.
    ///
    /// # Errors
    ///
    /// - `EOPNOTSUPP`: not an AF_UNIX socket, since Linux 6.16
    #[doc(alias = "SO_PASSCRED")]
    #[inline]
    pub fn pass_credentials(&self) -> Result<bool, Errno> {
        self.is_on(SO_PASSCRED)
    }

    /// Sets [`pass_credentials`](Self::pass_credentials). While it is on, the first send from a
    /// [`UnixDatagram`](crate::UnixDatagram) or [`UnixSeqpacket`](crate::UnixSeqpacket) binds it to an abstract address.
    ///
    /// A message that was sent before this call comes with the process ID 0 and the
    /// [overflow IDs](crate::Credentials#structfield.uid).
    ///
    /// # Errors
    ///
    /// - `EOPNOTSUPP`: not an AF_UNIX socket, since Linux 6.16
    #[doc(alias = "SO_PASSCRED")]
    #[inline]
    pub fn set_pass_credentials(&self, on: bool) -> Result<(), Errno> {
        self.set_value(SO_PASSCRED, i32::from(on))
    }

    /// Whether each received message comes with a pidfd of its sender, `SO_PASSPIDFD`. Since Linux 6.5.
    ///
    /// # Errors
    ///
    /// - `EOPNOTSUPP`: not an AF_UNIX socket, since Linux 6.16
    /// - `ENOPROTOOPT`: an older kernel
    #[doc(alias = "SO_PASSPIDFD")]
    #[inline]
    pub fn pass_pidfd(&self) -> Result<bool, Errno> {
        self.is_on(SO_PASSPIDFD)
    }

    /// Sets [`pass_pidfd`](Self::pass_pidfd).
    ///
    /// # Errors
    ///
    /// - `EOPNOTSUPP`: not an AF_UNIX socket, since Linux 6.16
    /// - `ENOPROTOOPT`: an older kernel
    #[doc(alias = "SO_PASSPIDFD")]
    #[inline]
    pub fn set_pass_pidfd(&self, on: bool) -> Result<(), Errno> {
        self.set_value(SO_PASSPIDFD, i32::from(on))
    }

    /// Whether file descriptors may be passed to this socket, `SO_PASSRIGHTS`, which is the default. Since Linux 6.16.
    ///
    /// # Errors
    ///
    /// - `ENOPROTOOPT`: an older kernel
    /// - `EOPNOTSUPP`: not an AF_UNIX socket
    #[doc(alias = "SO_PASSRIGHTS")]
    #[inline]
    pub fn pass_rights(&self) -> Result<bool, Errno> {
        self.is_on(SO_PASSRIGHTS)
    }

    /// Sets [`pass_rights`](Self::pass_rights). If it is off, sending a file descriptor to this socket fails with `EPERM`.
    ///
    /// # Errors
    ///
    /// - `ENOPROTOOPT`: an older kernel
    /// - `EOPNOTSUPP`: not an AF_UNIX socket
    #[doc(alias = "SO_PASSRIGHTS")]
    #[inline]
    pub fn set_pass_rights(&self, on: bool) -> Result<(), Errno> {
        self.set_value(SO_PASSRIGHTS, i32::from(on))
    }

    /// Sets whether a file descriptor that a security module denies leaves its errno in its place, `SO_RIGHTS_NOTRUNC`, so that
    /// [`Rights`](crate::Rights) and [`Descriptors`](crate::Descriptors) return it there. Since Linux 7.3.
    ///
    /// Without it, which is the default, and on older kernels, that descriptor and those after it are discarded.
    ///
    /// # Errors
    ///
    /// - `ENOPROTOOPT`: an older kernel, or not an AF_UNIX socket
    #[doc(alias = "SO_RIGHTS_NOTRUNC")]
    #[inline]
    pub fn set_rights_notrunc(&self, on: bool) -> Result<(), Errno> {
        self.set_value(SO_RIGHTS_NOTRUNC, i32::from(on))
    }

    /// Whether each received message comes with its sender's security label, `SO_PASSSEC`.
    ///
    /// # Errors
    ///
    /// - `EOPNOTSUPP`: a kernel that was built without labels, or not an AF_UNIX socket, since Linux 6.16
    #[doc(alias = "SO_PASSSEC")]
    #[inline]
    pub fn pass_security(&self) -> Result<bool, Errno> {
        self.is_on(SO_PASSSEC)
    }

    /// Sets [`pass_security`](Self::pass_security).
    ///
    /// # Errors
    ///
    /// - `EOPNOTSUPP`: a kernel that was built without labels, or not an AF_UNIX socket, since Linux 6.16
    #[doc(alias = "SO_PASSSEC")]
    #[inline]
    pub fn set_pass_security(&self, on: bool) -> Result<(), Errno> {
        self.set_value(SO_PASSSEC, i32::from(on))
    }

    /// The size of the send buffer in bytes, including the kernel's overhead, `SO_SNDBUF`.
    ///
    /// # Errors
    ///
    /// None from the kernel.
    #[doc(alias = "SO_SNDBUF")]
    #[inline]
    pub fn send_buffer_size(&self) -> Result<usize, Errno> {
        self.get_value(SO_SNDBUF, 0_u32).map(|size| size as usize)
    }

    /// Sets [`send_buffer_size`](Self::send_buffer_size). The kernel doubles `size`, for its overhead, and limits the result to a
    /// minimum and to twice `net.core.wmem_max`.
    ///
    /// # Errors
    ///
    /// None from the kernel.
    #[doc(alias = "SO_SNDBUF")]
    #[inline]
    pub fn set_send_buffer_size(&self, size: usize) -> Result<(), Errno> {
        self.set_value(SO_SNDBUF, i32::try_from(size).unwrap_or(i32::MAX))
    }

    /// Sets [`send_buffer_size`](Self::send_buffer_size) like [`set_send_buffer_size`](Self::set_send_buffer_size), but without
    /// the limit of `net.core.wmem_max`, `SO_SNDBUFFORCE`.
    ///
    /// # Errors
    ///
    /// - `EPERM`: the process lacks CAP_NET_ADMIN
    #[doc(alias = "SO_SNDBUFFORCE")]
    #[inline]
    pub fn force_send_buffer_size(&self, size: usize) -> Result<(), Errno> {
        self.set_value(SO_SNDBUFFORCE, i32::try_from(size).unwrap_or(i32::MAX))
    }

    /// The size of the receive buffer in bytes, `SO_RCVBUF`. AF_UNIX doesn't use it: the sender's buffer is the limit.
    ///
    /// # Errors
    ///
    /// None from the kernel.
    #[doc(alias = "SO_RCVBUF")]
    #[inline]
    pub fn recv_buffer_size(&self) -> Result<usize, Errno> {
        self.get_value(SO_RCVBUF, 0_u32).map(|size| size as usize)
    }

    /// Sets [`recv_buffer_size`](Self::recv_buffer_size). The kernel doubles `size`, for its overhead, and limits the result to a
    /// minimum and to twice `net.core.rmem_max`.
    ///
    /// # Errors
    ///
    /// None from the kernel.
    #[doc(alias = "SO_RCVBUF")]
    #[inline]
    pub fn set_recv_buffer_size(&self, size: usize) -> Result<(), Errno> {
        self.set_value(SO_RCVBUF, i32::try_from(size).unwrap_or(i32::MAX))
    }

    /// Sets [`recv_buffer_size`](Self::recv_buffer_size) like [`set_recv_buffer_size`](Self::set_recv_buffer_size), but without
    /// the limit of `net.core.rmem_max`, `SO_RCVBUFFORCE`.
    ///
    /// # Errors
    ///
    /// - `EPERM`: the process lacks CAP_NET_ADMIN
    #[doc(alias = "SO_RCVBUFFORCE")]
    #[inline]
    pub fn force_recv_buffer_size(&self, size: usize) -> Result<(), Errno> {
        self.set_value(SO_RCVBUFFORCE, i32::try_from(size).unwrap_or(i32::MAX))
    }

    /// How long sending waits before it fails with `EAGAIN`, `SO_SNDTIMEO`; `None` means indefinitely.
    ///
    /// # Errors
    ///
    /// None from the kernel.
    #[doc(alias = "SO_SNDTIMEO")]
    #[inline]
    pub fn send_timeout(&self) -> Result<Option<Duration>, Errno> {
        self.timeout(SNDTIMEO)
    }

    /// Sets [`send_timeout`](Self::send_timeout), rounded up to the kernel's clock tick. One that is too long for the kernel
    /// means indefinitely.
    ///
    /// # Errors
    ///
    /// - `EINVAL`: zero, which to the kernel means indefinitely
    #[doc(alias = "SO_SNDTIMEO")]
    #[inline]
    pub fn set_send_timeout(&self, timeout: Option<Duration>) -> Result<(), Errno> {
        self.set_timeout(SNDTIMEO, timeout)
    }

    /// How long receiving waits before it fails with `EAGAIN`, `SO_RCVTIMEO`; `None` means indefinitely.
    ///
    /// # Errors
    ///
    /// None from the kernel.
    #[doc(alias = "SO_RCVTIMEO")]
    #[inline]
    pub fn recv_timeout(&self) -> Result<Option<Duration>, Errno> {
        self.timeout(RCVTIMEO)
    }

    /// Sets [`recv_timeout`](Self::recv_timeout), rounded up to the kernel's clock tick. One that is too long for the kernel
    /// means indefinitely.
    ///
    /// # Errors
    ///
    /// - `EINVAL`: zero, which to the kernel means indefinitely
    #[doc(alias = "SO_RCVTIMEO")]
    #[inline]
    pub fn set_recv_timeout(&self, timeout: Option<Duration>) -> Result<(), Errno> {
        self.set_timeout(RCVTIMEO, timeout)
    }

    /// Where peeking begins, in bytes from what would be received next, `SO_PEEK_OFF`; with `None`, the default, always at 0.
    /// Peeking increases it, receiving decreases it. Since Linux 3.4.
    ///
    /// # Errors
    ///
    /// - `EOPNOTSUPP`: the protocol doesn't support it; AF_UNIX does
    /// - `ENOPROTOOPT`: an older kernel
    #[doc(alias = "SO_PEEK_OFF")]
    #[inline]
    pub fn peek_offset(&self) -> Result<Option<u32>, Errno> {
        self.get_value(SO_PEEK_OFF, -1_i32)
            .map(|offset| u32::try_from(offset).ok())
    }

    /// Sets [`peek_offset`](Self::peek_offset).
    ///
    /// # Errors
    ///
    /// - `EINVAL`: `offset` is over 2147483647
    /// - `EOPNOTSUPP`: the protocol doesn't support it; AF_UNIX does
    /// - `ENOPROTOOPT`: an older kernel
    #[doc(alias = "SO_PEEK_OFF")]
    #[inline]
    pub fn set_peek_offset(&self, offset: Option<u32>) -> Result<(), Errno> {
        let offset = match offset {
            None => -1,
            Some(offset) => i32::try_from(offset).map_err(|_| Errno::EINVAL)?,
        };
        self.set_value(SO_PEEK_OFF, offset)
    }

    /// How many bytes can be received, `SIOCINQ`: on a stream and on `SEQPACKET` all of them, on `DGRAM` those of the next
    /// message.
    ///
    /// # Errors
    ///
    /// - `EOVERFLOW`: there are more than 2147483647
    #[doc(alias = "SIOCINQ")]
    #[inline]
    pub fn bytes_to_recv(&self) -> Result<usize, Errno> {
        // SIOCINQ is FIONREAD by another name.
        self.request(FIONREAD, 0).and_then(count)
    }

    /// How much memory is used by what was sent and has not been received yet, `SIOCOUTQ`, in bytes including the kernel's
    /// overhead.
    ///
    /// # Errors
    ///
    /// None from the kernel.
    #[doc(alias = "SIOCOUTQ")]
    #[inline]
    pub fn memory_sent(&self) -> Result<usize, Errno> {
        // SIOCOUTQ is TIOCOUTQ by another name.
        self.request(TIOCOUTQ, 0).and_then(count)
    }

    /// Whether calls that would wait fail with `EAGAIN`, `O_NONBLOCK`.
    ///
    /// # Errors
    ///
    /// None from the kernel.
    ///
    /// Manual page: [fcntl(2)](https://man7.org/linux/man-pages/man2/fcntl.2.html).
    #[doc(alias = "O_NONBLOCK")]
    #[inline]
    pub fn is_nonblocking(&self) -> Result<bool, Errno> {
        syscalls::flags(self.as_fd(), F_GETFL).map(|flags| flags & O_NONBLOCK != 0)
    }

    /// Sets [`is_nonblocking`](Self::is_nonblocking), for all file descriptors of this end, `FIONBIO`.
    ///
    /// # Errors
    ///
    /// None from the kernel.
    #[doc(alias = "FIONBIO")]
    #[inline]
    pub fn set_nonblocking(&self, on: bool) -> Result<(), Errno> {
        self.request(FIONBIO, i32::from(on)).map(drop)
    }

    /// Whether this file descriptor is close-on-exec, `FD_CLOEXEC`.
    ///
    /// # Errors
    ///
    /// None from the kernel.
    #[doc(alias = "FD_CLOEXEC")]
    #[inline]
    pub fn is_close_on_exec(&self) -> Result<bool, Errno> {
        crate::fd::is_close_on_exec(self)
    }

    /// Makes this file descriptor close-on-exec, or, with `on` false, lets it stay open across execve(2).
    ///
    /// # Errors
    ///
    /// None from the kernel.
    #[inline]
    pub fn set_close_on_exec(&self, on: bool) -> Result<(), Errno> {
        crate::fd::set_close_on_exec(self, on)
    }

    /// Reads the value of any option into `value`, and returns the part of it that the kernel wrote.
    ///
    /// `level` and `name` are the C constants, such as `SOL_SOCKET` and `SO_MARK`; the value's layout is that of C.
    ///
    /// # Errors
    ///
    /// - `ENOPROTOOPT`: there is no such option
    /// - any other that the option defines
    ///
    /// # Safety
    ///
    /// The option must not make the kernel write anywhere but to `value`.
    ///
    /// ```
    /// use linux_raw_sys::net::{SO_ACCEPTCONN, SOL_SOCKET};
    /// use linux_socketpair::{Errno, UnixStream};
    ///
    /// let (a, _b) = UnixStream::pair()?;
    /// // SAFETY: SO_ACCEPTCONN writes an int.
    /// let value = unsafe { a.option(SOL_SOCKET as i32, SO_ACCEPTCONN as i32, &mut [0; 4])? == [0; 4] };
    /// assert!(value);
    /// # Ok::<(), Errno>(())
    /// ```
    ///
    /// Manual page: [getsockopt(2)](https://man7.org/linux/man-pages/man2/getsockopt.2.html).
    #[doc(alias = "getsockopt")]
    #[inline]
    pub unsafe fn option<'a>(&self, level: i32, name: i32, value: &'a mut [u8]) -> Result<&'a mut [u8], Errno> {
        let mut len = u32::try_from(value.len()).unwrap_or(u32::MAX);
        // SAFETY: as the caller vouches.
        unsafe { syscalls::getsockopt(self.as_fd(), level, name, value.as_mut_ptr(), &mut len)? };
        Ok(value.get_mut(..len as usize).unwrap_or_default())
    }

    /// Sets any option to `value`.
    ///
    /// `level` and `name` are the C constants, such as `SOL_SOCKET` and `SO_MARK`; the value's layout is that of C.
    ///
    /// # Errors
    ///
    /// - `ENOPROTOOPT`: there is no such option
    /// - any other that the option defines
    ///
    /// # Safety
    ///
    /// The option must not make the kernel access memory or file descriptors that the caller may not access.
    ///
    /// ```
    /// use linux_raw_sys::net::{SO_PRIORITY, SOL_SOCKET};
    /// use linux_socketpair::{Errno, UnixStream};
    ///
    /// let (a, _b) = UnixStream::pair()?;
    /// // SAFETY: SO_PRIORITY reads an int.
    /// unsafe { a.set_option(SOL_SOCKET as i32, SO_PRIORITY as i32, &3_i32.to_ne_bytes())? };
    /// # Ok::<(), Errno>(())
    /// ```
    ///
    /// Manual page: [setsockopt(2)](https://man7.org/linux/man-pages/man2/setsockopt.2.html).
    #[doc(alias = "setsockopt")]
    #[inline]
    pub unsafe fn set_option(&self, level: i32, name: i32, value: &[u8]) -> Result<(), Errno> {
        // SAFETY: as the caller vouches.
        unsafe { syscalls::setsockopt(self.as_fd(), level, name, value) }
    }

    /// The value of an option that is a `V` made of ints. `value` is what remains if nothing is written.
    #[inline]
    fn get_value<V>(&self, name: u32, mut value: V) -> Result<V, Errno> {
        let mut len = size_of::<V>() as u32;
        // SAFETY: the kernel writes only within `value`, and any bytes make a `V`.
        unsafe { self.get(name, ptr::from_mut(&mut value).cast(), &mut len)? };
        Ok(value)
    }

    /// How many bytes the value of an option has, which the kernel reports when it can't write them.
    #[inline]
    fn len_of(&self, name: u32) -> Result<usize, Errno> {
        let mut len = 0;
        // SAFETY: nothing can be written.
        match unsafe { self.get(name, ptr::dangling_mut(), &mut len) } {
            Ok(()) | Err(Errno::ERANGE) => Ok(len as usize),
            Err(errno) => Err(errno),
        }
    }

    /// # Safety
    ///
    /// `value` may be written for `len` bytes.
    #[inline]
    unsafe fn get(&self, name: u32, value: *mut u8, len: &mut u32) -> Result<(), Errno> {
        // SAFETY: the options of this file write only to `value`.
        unsafe { syscalls::getsockopt(self.as_fd(), SOL_SOCKET as i32, name as i32, value, len) }
    }

    #[inline]
    fn set_value<V>(&self, name: u32, value: V) -> Result<(), Errno> {
        // SAFETY: each option of this file reads a `V`.
        unsafe { syscalls::setsockopt(self.as_fd(), SOL_SOCKET as i32, name as i32, &value) }
    }

    #[inline]
    fn is_on(&self, name: u32) -> Result<bool, Errno> {
        self.get_value(name, 0_i32).map(|on| on != 0)
    }

    #[inline]
    fn timeout(&self, names: Names) -> Result<Option<Duration>, Errno> {
        let [seconds, micros] = self.get_time(names)?;
        // The kernel's value is below a second. That it is limited here too rules out a panic.
        let nanos = (micros as u32).min(999_999) * 1000;
        Ok(match [seconds, micros] {
            [0, 0] => None,
            _ => Some(Duration::new(seconds as u64, nanos)),
        })
    }

    #[inline]
    fn set_timeout(&self, names: Names, timeout: Option<Duration>) -> Result<(), Errno> {
        let time = match timeout {
            None => [0, 0],
            Some(Duration::ZERO) => return Err(Errno::EINVAL),
            Some(timeout) => {
                // A part of a microsecond is one more, or the shortest time would be indefinite.
                let micros = timeout.subsec_nanos().wrapping_add(999) / 1000;
                // A time that can't be expressed is indefinite.
                match i64::try_from(timeout.as_secs()) {
                    Ok(seconds) if micros < 1_000_000 => [seconds, micros.into()],
                    Ok(seconds) if seconds < i64::MAX => [seconds + 1, 0],
                    _ => [0, 0],
                }
            }
        };
        self.set_time(names, time)
    }

    #[cfg(target_pointer_width = "64")]
    #[inline]
    fn get_time(&self, Names { old, .. }: Names) -> Result<[i64; 2], Errno> {
        self.get_value(old, [0; 2])
    }

    #[cfg(target_pointer_width = "64")]
    #[inline]
    fn set_time(&self, Names { old, .. }: Names, time: [i64; 2]) -> Result<(), Errno> {
        self.set_value(old, time)
    }

    /// QEMU user mode doesn't know the new option, and writes no more than an int for it.
    #[cfg(target_pointer_width = "32")]
    #[inline]
    fn get_time(&self, Names { old, new }: Names) -> Result<[i64; 2], Errno> {
        let mut time = [0_i64; 2];
        let mut len = size_of_val(&time) as u32;
        // SAFETY: the kernel writes only within `time`.
        match unsafe { self.get(new, ptr::from_mut(&mut time).cast(), &mut len) } {
            Ok(()) if len as usize == size_of_val(&time) => Ok(time),
            Ok(()) | Err(Errno::ENOPROTOOPT) => Ok(self.get_value(old, [0_isize; 2])?.map(|word| word as i64)),
            Err(errno) => Err(errno),
        }
    }

    #[cfg(target_pointer_width = "32")]
    #[inline]
    fn set_time(&self, Names { old, new }: Names, time: [i64; 2]) -> Result<(), Errno> {
        match self.set_value(new, time) {
            Err(Errno::ENOPROTOOPT) => {
                let [seconds, micros] = time;
                // A time that can't be expressed is indefinite.
                let time = isize::try_from(seconds).map_or([0; 2], |seconds| [seconds, micros as isize]);
                self.set_value(old, time)
            }
            result => result,
        }
    }

    #[inline]
    fn request(&self, request: u32, mut value: i32) -> Result<i32, Errno> {
        // SAFETY: each request of this file reads or writes an int.
        unsafe { syscalls::ioctl(self.as_fd(), request, &mut value) }.map(|()| value)
    }
}

/// # Options of streams
impl<Fd: AsFd> Socket<Stream, Fd> {
    /// Sets whether bytes that are received come with the number of those that are left, `SO_INQ`:
    /// [`ControlMessage::BytesToRecv`](crate::ControlMessage::BytesToRecv). Since Linux 6.17.
    ///
    /// # Errors
    ///
    /// - `EINVAL`, `ENOPROTOOPT`: not an AF_UNIX stream
    /// - `ENOPROTOOPT`: an older kernel
    ///
    /// ```
    /// use linux_socketpair::{ControlMessage, Errno, IoSliceMut, RecvControl, UnixStream, space};
    /// use std::mem::MaybeUninit;
    ///
    /// let (a, b) = UnixStream::pair()?;
    /// match b.set_pass_bytes_to_recv(true) {
    ///     Err(Errno::ENOPROTOOPT) => return Ok(()), // before Linux 6.17
    ///     result => result?,
    /// }
    /// a.send(b"some bytes")?;
    /// let mut memory = [MaybeUninit::uninit(); space::BYTES_TO_RECV];
    /// let mut control = RecvControl::new(&mut memory);
    /// b.recv_message(&mut [IoSliceMut::new(&mut [0; 4])], &mut control)?;
    /// assert!(matches!(control.messages()?.next(), Some(ControlMessage::BytesToRecv(6))));
    /// # Ok::<(), Errno>(())
    /// ```
    #[doc(alias("SO_INQ", "SCM_INQ"))]
    #[inline]
    pub fn set_pass_bytes_to_recv(&self, on: bool) -> Result<(), Errno> {
        self.set_value(SO_INQ, i32::from(on))
    }

    /// How many bytes a receiving call waits for, unless its buffer is smaller, `SO_RCVLOWAT`; by default 1.
    ///
    /// Only the receiving call waits: [`poll`](crate::poll()) reports the first byte. A call that is nonblocking, or that
    /// reaches end of stream or the last byte sent with file descriptors, may receive fewer.
    ///
    /// # Errors
    ///
    /// None from the kernel.
    #[doc(alias = "SO_RCVLOWAT")]
    #[inline]
    pub fn recv_low_water_mark(&self) -> Result<usize, Errno> {
        self.get_value(SO_RCVLOWAT, 1_i32).and_then(count)
    }

    /// Sets [`recv_low_water_mark`](Self::recv_low_water_mark). 0 is the same as 1.
    ///
    /// # Errors
    ///
    /// None from the kernel.
    #[doc(alias = "SO_RCVLOWAT")]
    #[inline]
    pub fn set_recv_low_water_mark(&self, bytes: usize) -> Result<(), Errno> {
        self.set_value(SO_RCVLOWAT, i32::try_from(bytes).unwrap_or(i32::MAX))
    }
}

/// # Options of sockets that keep the boundaries of messages
impl<T: Messages, Fd: AsFd> Socket<T, Fd> {
    /// Whether each received message comes with the time at which it was sent, in nanoseconds, `SO_TIMESTAMPNS`.
    ///
    /// # Errors
    ///
    /// None from the kernel.
    #[doc(alias = "SO_TIMESTAMPNS")]
    #[inline]
    pub fn pass_timestamps(&self) -> Result<bool, Errno> {
        self.is_time_on(TIMESTAMPNS)
    }

    /// Sets [`pass_timestamps`](Self::pass_timestamps): [`ControlMessage::Timestamp`](crate::ControlMessage::Timestamp). Since
    /// Linux 2.6.37; before, no timestamps are received.
    ///
    /// A message that was sent before this call comes with the time at which it is received. The option that was set last, this
    /// one or [`set_pass_timestamps_micros`](Self::set_pass_timestamps_micros), is in effect; turning one off turns off both.
    ///
    /// # Errors
    ///
    /// None from the kernel.
    ///
    /// ```
    /// use linux_socketpair::{ControlMessage, Errno, IoSliceMut, RecvControl, UnixDatagram, space};
    /// use std::{mem::MaybeUninit, time::SystemTime};
    ///
    /// let (a, b) = UnixDatagram::pair()?;
    /// # if b.set_pass_timestamps(true) == Err(Errno::ENOPROTOOPT) {
    /// #     return Ok(()); // QEMU user mode
    /// # }
    /// b.set_pass_timestamps(true)?;
    /// a.send(b"now")?;
    /// let mut memory = [MaybeUninit::uninit(); space::TIMESTAMP];
    /// let mut control = RecvControl::new(&mut memory);
    /// b.recv_message(&mut [IoSliceMut::new(&mut [0; 4])], &mut control)?;
    /// if let Some(ControlMessage::Timestamp(since)) = control.messages()?.next() {
    ///     assert!(SystemTime::UNIX_EPOCH + since <= SystemTime::now());
    /// }
    /// # Ok::<(), Errno>(())
    /// ```
    #[doc(alias("SO_TIMESTAMPNS", "SCM_TIMESTAMPNS"))]
    #[inline]
    pub fn set_pass_timestamps(&self, on: bool) -> Result<(), Errno> {
        self.set_time_on(TIMESTAMPNS, on)
    }

    /// Whether each received message comes with the time at which it was sent, in microseconds, `SO_TIMESTAMP`. On 32-bit
    /// machines the kernel also reports it while [`pass_timestamps`](Self::pass_timestamps) is on.
    ///
    /// # Errors
    ///
    /// None from the kernel.
    #[doc(alias = "SO_TIMESTAMP")]
    #[inline]
    pub fn pass_timestamps_micros(&self) -> Result<bool, Errno> {
        self.is_time_on(TIMESTAMP)
    }

    /// Sets [`pass_timestamps_micros`](Self::pass_timestamps_micros), like [`set_pass_timestamps`](Self::set_pass_timestamps).
    ///
    /// # Errors
    ///
    /// None from the kernel.
    #[doc(alias("SO_TIMESTAMP", "SCM_TIMESTAMP"))]
    #[inline]
    pub fn set_pass_timestamps_micros(&self, on: bool) -> Result<(), Errno> {
        self.set_time_on(TIMESTAMP, on)
    }

    #[cfg(target_pointer_width = "64")]
    #[inline]
    fn is_time_on(&self, Names { old, .. }: Names) -> Result<bool, Errno> {
        self.is_on(old)
    }

    #[cfg(target_pointer_width = "64")]
    #[inline]
    fn set_time_on(&self, Names { old, .. }: Names, on: bool) -> Result<(), Errno> {
        self.set_value(old, i32::from(on))
    }

    #[cfg(target_pointer_width = "32")]
    #[inline]
    fn is_time_on(&self, Names { old, new }: Names) -> Result<bool, Errno> {
        match self.is_on(new) {
            Err(Errno::ENOPROTOOPT) => self.is_on(old),
            result => result,
        }
    }

    #[cfg(target_pointer_width = "32")]
    #[inline]
    fn set_time_on(&self, Names { old, new }: Names, on: bool) -> Result<(), Errno> {
        match self.set_value(new, i32::from(on)) {
            Err(Errno::ENOPROTOOPT) => self.set_value(old, i32::from(on)),
            result => result,
        }
    }
}

/// An option that has to do with time has two names. The old one uses machine words; the new one uses 64 bits everywhere, since
/// Linux 5.1. On 64-bit machines both do the same, except in gVisor, which ignores the new one.
#[derive(Clone, Copy)]
struct Names {
    old: u32,
    #[cfg(target_pointer_width = "32")]
    new: u32,
}

const SNDTIMEO: Names = Names {
    old: SO_SNDTIMEO_OLD,
    #[cfg(target_pointer_width = "32")]
    new: SO_SNDTIMEO_NEW,
};

const RCVTIMEO: Names = Names {
    old: SO_RCVTIMEO_OLD,
    #[cfg(target_pointer_width = "32")]
    new: SO_RCVTIMEO_NEW,
};

const TIMESTAMP: Names = Names {
    old: SO_TIMESTAMP_OLD,
    #[cfg(target_pointer_width = "32")]
    new: SO_TIMESTAMP_NEW,
};

const TIMESTAMPNS: Names = Names {
    old: SO_TIMESTAMPNS_OLD,
    #[cfg(target_pointer_width = "32")]
    new: SO_TIMESTAMPNS_NEW,
};

/// A count of bytes, which is an int in the kernel.
#[inline]
fn count(bytes: i32) -> Result<usize, Errno> {
    usize::try_from(bytes).map_err(|_| Errno::EOVERFLOW)
}
