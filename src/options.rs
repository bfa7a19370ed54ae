//! What one may ask of a socket, and set.

use core::time::Duration;
use linux_raw_sys::{general::*, ioctl::*, net::*};

use crate::control::Credentials;
use crate::descriptor::Descriptor;
use crate::errno::Errno;
use crate::socket::Socket;
use crate::syscalls;
use crate::types::{Domain, RawFd, SocketType};

/// Each is one system call: the option or request of the same name. What a manual page says of it is in
/// [socket(7)](https://man7.org/linux/man-pages/man7/socket.7.html) or
/// [unix(7)](https://man7.org/linux/man-pages/man7/unix.7.html).
impl Socket {
    /// Who made the pair, `SO_PEERCRED`: both ends tell of the process that called `socketpair`, as it was then.
    ///
    /// # Errors
    ///
    /// None that the kernel gives of an AF_UNIX socket; a filter may.
    #[inline]
    pub fn peer_credentials(&self) -> Result<Credentials, Errno> {
        self.option(SO_PEERCRED, Credentials { pid: 0, uid: 0, gid: 0 })
    }

    /// A descriptor of the process that made the pair, `SO_PEERPIDFD`, closed on exec. Since Linux 6.5.
    ///
    /// # Errors
    ///
    /// - `EINVAL`: the process has ended and was waited for; since Linux 6.16 there is a pidfd even of such a one
    /// - `EMFILE`: no descriptor is free under `RLIMIT_NOFILE`
    /// - `ENODATA`: the socket has no peer that is a process
    /// - `ENOPROTOOPT`: an older kernel
    #[inline]
    pub fn peer_pidfd(&self) -> Result<Descriptor, Errno> {
        let fd: RawFd = self.option(SO_PEERPIDFD, -1)?;
        // SAFETY: the kernel made the descriptor for us.
        Ok(unsafe { Descriptor::from_raw_fd(fd) })
    }

    /// The supplementary groups of the process that made the pair, `SO_PEERGROUPS`: the part of `groups` that they take.
    /// Since Linux 4.13.
    ///
    /// # Errors
    ///
    /// - `ENODATA`: the socket has no peer that is a process
    /// - `ERANGE`: there are more than `groups` takes: [`peer_group_count`](Self::peer_group_count) tells how many
    #[inline]
    pub fn peer_groups<'a>(&self, groups: &'a mut [u32]) -> Result<&'a mut [u32], Errno> {
        let len = self.list(SO_PEERGROUPS, groups)?;
        Ok(groups.get_mut(..len / size_of::<u32>()).unwrap_or_default())
    }

    /// How many supplementary groups [`peer_groups`](Self::peer_groups) gives.
    ///
    /// # Errors
    ///
    /// - `ENODATA`: the socket has no peer that is a process
    #[inline]
    pub fn peer_group_count(&self) -> Result<usize, Errno> {
        Ok(self.list_len::<u32>(SO_PEERGROUPS)? / size_of::<u32>())
    }

    /// The security label of the peer, `SO_PEERSEC`, as the security module writes it: the part of `label` that it takes.
    ///
    /// # Errors
    ///
    /// - `ENOPROTOOPT`: no security module has labels
    /// - `ERANGE`: it is longer than `label`: [`peer_security_len`](Self::peer_security_len) tells how long
    #[inline]
    pub fn peer_security<'a>(&self, label: &'a mut [u8]) -> Result<&'a mut [u8], Errno> {
        let len = self.list(SO_PEERSEC, label)?;
        Ok(label.get_mut(..len).unwrap_or_default())
    }

    /// How many bytes [`peer_security`](Self::peer_security) gives.
    ///
    /// # Errors
    ///
    /// - `ENOPROTOOPT`: no security module has labels
    #[inline]
    pub fn peer_security_len(&self) -> Result<usize, Errno> {
        self.list_len::<u8>(SO_PEERSEC)
    }

    /// The type, `SO_TYPE`.
    ///
    /// # Errors
    ///
    /// None that the kernel gives; a filter may.
    #[inline]
    pub fn socket_type(&self) -> Result<SocketType, Errno> {
        self.option(SO_TYPE, 0).map(SocketType::from_bits_retain)
    }

    /// The domain, `SO_DOMAIN`.
    ///
    /// # Errors
    ///
    /// None that the kernel gives; a filter may.
    #[inline]
    pub fn domain(&self) -> Result<Domain, Errno> {
        self.option(SO_DOMAIN, 0).map(Domain::from_bits_retain)
    }

    /// The protocol, `SO_PROTOCOL`: in AF_UNIX 0.
    ///
    /// # Errors
    ///
    /// None that the kernel gives; a filter may.
    #[inline]
    pub fn protocol(&self) -> Result<i32, Errno> {
        self.option(SO_PROTOCOL, 0)
    }

    /// The error that is pending, `SO_ERROR`, which is none after this.
    ///
    /// # Errors
    ///
    /// None that the kernel gives; a filter may.
    #[inline]
    pub fn take_error(&self) -> Result<Option<Errno>, Errno> {
        self.option(SO_ERROR, 0).map(Errno::from_raw_os_error)
    }

    /// Whether each received message comes with its sender's credentials, `SO_PASSCRED`.
    ///
    /// # Errors
    ///
    /// - `EOPNOTSUPP`: not an AF_UNIX socket, since Linux 6.16
    #[inline]
    pub fn pass_credentials(&self) -> Result<bool, Errno> {
        self.switch(SO_PASSCRED)
    }

    /// Sets [`pass_credentials`](Self::pass_credentials).
    ///
    /// # Errors
    ///
    /// - `EOPNOTSUPP`: not an AF_UNIX socket, since Linux 6.16
    #[inline]
    pub fn set_pass_credentials(&self, on: bool) -> Result<(), Errno> {
        self.set_option(SO_PASSCRED, i32::from(on))
    }

    /// Whether each received message comes with a descriptor of its sender's process, `SO_PASSPIDFD`. Since Linux 6.5.
    ///
    /// # Errors
    ///
    /// - `EOPNOTSUPP`: not an AF_UNIX socket, since Linux 6.16
    /// - `ENOPROTOOPT`: an older kernel
    #[inline]
    pub fn pass_pidfd(&self) -> Result<bool, Errno> {
        self.switch(SO_PASSPIDFD)
    }

    /// Sets [`pass_pidfd`](Self::pass_pidfd).
    ///
    /// # Errors
    ///
    /// - `EOPNOTSUPP`: not an AF_UNIX socket, since Linux 6.16
    /// - `ENOPROTOOPT`: an older kernel
    #[inline]
    pub fn set_pass_pidfd(&self, on: bool) -> Result<(), Errno> {
        self.set_option(SO_PASSPIDFD, i32::from(on))
    }

    /// Whether descriptors may be passed to this socket, `SO_PASSRIGHTS`, as they may at first. Since Linux 6.16.
    ///
    /// # Errors
    ///
    /// - `ENOPROTOOPT`: an older kernel
    /// - `EOPNOTSUPP`: not an AF_UNIX socket
    #[inline]
    pub fn pass_rights(&self) -> Result<bool, Errno> {
        self.switch(SO_PASSRIGHTS)
    }

    /// Sets [`pass_rights`](Self::pass_rights). Off, whoever sends a descriptor to this socket gets `EPERM`.
    ///
    /// # Errors
    ///
    /// - `ENOPROTOOPT`: an older kernel
    /// - `EOPNOTSUPP`: not an AF_UNIX socket
    #[inline]
    pub fn set_pass_rights(&self, on: bool) -> Result<(), Errno> {
        self.set_option(SO_PASSRIGHTS, i32::from(on))
    }

    /// Whether each received message comes with its sender's security label, `SO_PASSSEC`.
    ///
    /// # Errors
    ///
    /// - `EOPNOTSUPP`: a kernel that was built without labels, or not an AF_UNIX socket, since Linux 6.16
    #[inline]
    pub fn pass_security(&self) -> Result<bool, Errno> {
        self.switch(SO_PASSSEC)
    }

    /// Sets [`pass_security`](Self::pass_security).
    ///
    /// # Errors
    ///
    /// - `EOPNOTSUPP`: a kernel that was built without labels, or not an AF_UNIX socket, since Linux 6.16
    #[inline]
    pub fn set_pass_security(&self, on: bool) -> Result<(), Errno> {
        self.set_option(SO_PASSSEC, i32::from(on))
    }

    /// The size of the send buffer in bytes, `SO_SNDBUF`, in which the kernel counts its own overhead too.
    ///
    /// # Errors
    ///
    /// None that the kernel gives; a filter may.
    #[inline]
    pub fn send_buffer_size(&self) -> Result<usize, Errno> {
        self.option(SO_SNDBUF, 0_u32).map(|size| size as usize)
    }

    /// Sets [`send_buffer_size`](Self::send_buffer_size): the kernel doubles it, for its overhead, and keeps it between a
    /// minimum and twice `net.core.wmem_max`.
    ///
    /// # Errors
    ///
    /// None that the kernel gives; a filter may.
    #[inline]
    pub fn set_send_buffer_size(&self, size: usize) -> Result<(), Errno> {
        self.set_option(SO_SNDBUF, i32::try_from(size).unwrap_or(i32::MAX))
    }

    /// The size of the receive buffer in bytes, `SO_RCVBUF`. In AF_UNIX the sender's buffer is what counts.
    ///
    /// # Errors
    ///
    /// None that the kernel gives; a filter may.
    #[inline]
    pub fn recv_buffer_size(&self) -> Result<usize, Errno> {
        self.option(SO_RCVBUF, 0_u32).map(|size| size as usize)
    }

    /// Sets [`recv_buffer_size`](Self::recv_buffer_size): the kernel doubles it, for its overhead, and keeps it between a
    /// minimum and twice `net.core.rmem_max`.
    ///
    /// # Errors
    ///
    /// None that the kernel gives; a filter may.
    #[inline]
    pub fn set_recv_buffer_size(&self, size: usize) -> Result<(), Errno> {
        self.set_option(SO_RCVBUF, i32::try_from(size).unwrap_or(i32::MAX))
    }

    /// How long sending waits for room before it gives `EAGAIN`, `SO_SNDTIMEO`; `None` is for ever.
    ///
    /// # Errors
    ///
    /// None that the kernel gives; a filter may.
    #[inline]
    pub fn send_timeout(&self) -> Result<Option<Duration>, Errno> {
        self.timeout(SO_SNDTIMEO_NEW, SO_SNDTIMEO_OLD)
    }

    /// Sets [`send_timeout`](Self::send_timeout), rounded up to the kernel's clock tick.
    ///
    /// # Errors
    ///
    /// - `EINVAL`: no time at all, which to the kernel would be for ever
    #[inline]
    pub fn set_send_timeout(&self, timeout: Option<Duration>) -> Result<(), Errno> {
        self.set_timeout(SO_SNDTIMEO_NEW, SO_SNDTIMEO_OLD, timeout)
    }

    /// How long receiving waits before it gives `EAGAIN`, `SO_RCVTIMEO`; `None` is for ever.
    ///
    /// # Errors
    ///
    /// None that the kernel gives; a filter may.
    #[inline]
    pub fn recv_timeout(&self) -> Result<Option<Duration>, Errno> {
        self.timeout(SO_RCVTIMEO_NEW, SO_RCVTIMEO_OLD)
    }

    /// Sets [`recv_timeout`](Self::recv_timeout), rounded up to the kernel's clock tick.
    ///
    /// # Errors
    ///
    /// - `EINVAL`: no time at all, which to the kernel would be for ever
    #[inline]
    pub fn set_recv_timeout(&self, timeout: Option<Duration>) -> Result<(), Errno> {
        self.set_timeout(SO_RCVTIMEO_NEW, SO_RCVTIMEO_OLD, timeout)
    }

    /// Where peeking begins, in bytes from what would be received next, `SO_PEEK_OFF`; `None`, as at first, is always 0.
    /// Peeking moves it on, receiving back.
    ///
    /// # Errors
    ///
    /// - `EOPNOTSUPP`: not an AF_UNIX or UDP socket
    #[inline]
    pub fn peek_offset(&self) -> Result<Option<u32>, Errno> {
        self.option(SO_PEEK_OFF, -1_i32)
            .map(|offset| u32::try_from(offset).ok())
    }

    /// Sets [`peek_offset`](Self::peek_offset).
    ///
    /// # Errors
    ///
    /// - `EINVAL`: over 2147483647
    /// - `EOPNOTSUPP`: not an AF_UNIX or UDP socket
    #[inline]
    pub fn set_peek_offset(&self, offset: Option<u32>) -> Result<(), Errno> {
        let offset = match offset {
            None => -1,
            Some(offset) => i32::try_from(offset).map_err(|_| Errno::EINVAL)?,
        };
        self.set_option(SO_PEEK_OFF, offset)
    }

    /// How many bytes wait to be received, `SIOCINQ`: of a stream or of `SEQPACKET` all, of `DGRAM` the next message's.
    ///
    /// # Errors
    ///
    /// - `EINVAL`: a listening socket
    #[inline]
    pub fn bytes_to_recv(&self) -> Result<usize, Errno> {
        // SIOCINQ is FIONREAD by another name.
        self.request(FIONREAD, 0).map(|bytes| bytes as usize)
    }

    /// How much memory is taken by what was sent and not yet received, `SIOCOUTQ`: bytes and the kernel's overhead.
    ///
    /// # Errors
    ///
    /// None that the kernel gives of an AF_UNIX socket; a filter may.
    #[inline]
    pub fn memory_sent(&self) -> Result<usize, Errno> {
        // SIOCOUTQ is TIOCOUTQ by another name.
        self.request(TIOCOUTQ, 0).map(|bytes| bytes as usize)
    }

    /// Whether calls that would wait give `EAGAIN` instead, `O_NONBLOCK`.
    ///
    /// # Errors
    ///
    /// None that the kernel gives; a filter may.
    ///
    /// Manual page: [fcntl(2)](https://man7.org/linux/man-pages/man2/fcntl.2.html).
    #[inline]
    pub fn is_nonblocking(&self) -> Result<bool, Errno> {
        // SAFETY: the descriptor is ours.
        unsafe { syscalls::fcntl(self.as_raw_fd(), F_GETFL, 0) }.map(|flags| flags as u32 & O_NONBLOCK != 0)
    }

    /// Sets [`is_nonblocking`](Self::is_nonblocking), for all descriptors of this end, `FIONBIO`.
    ///
    /// # Errors
    ///
    /// None that the kernel gives; a filter may.
    #[inline]
    pub fn set_nonblocking(&self, on: bool) -> Result<(), Errno> {
        self.request(FIONBIO, i32::from(on)).map(drop)
    }

    /// Whether this descriptor is closed on exec.
    ///
    /// # Errors
    ///
    /// None that the kernel gives; a filter may.
    #[inline]
    pub fn is_close_on_exec(&self) -> Result<bool, Errno> {
        self.as_ref().is_close_on_exec()
    }

    /// Has this descriptor closed on exec, or kept.
    ///
    /// # Errors
    ///
    /// None that the kernel gives; a filter may.
    #[inline]
    pub fn set_close_on_exec(&self, on: bool) -> Result<(), Errno> {
        self.as_ref().set_close_on_exec(on)
    }

    /// `value` is what the option's value is before the kernel writes it; any bytes make a `T`.
    #[inline]
    fn option<T>(&self, name: u32, mut value: T) -> Result<T, Errno> {
        // SAFETY: the descriptor is ours, and every `T` used here is made of ints.
        let (answer, _) = unsafe { syscalls::getsockopt(self.as_raw_fd(), name, &mut value) };
        answer.map(|_| value)
    }

    #[inline]
    fn set_option<T>(&self, name: u32, value: T) -> Result<(), Errno> {
        // SAFETY: the descriptor is ours, and each option here is given the type that it takes.
        unsafe { syscalls::setsockopt(self.as_raw_fd(), name, &value) }
    }

    #[inline]
    fn switch(&self, name: u32) -> Result<bool, Errno> {
        self.option(name, 0_i32).map(|on| on != 0)
    }

    /// Returns how many bytes of `list` the option takes.
    #[inline]
    fn list<T>(&self, name: u32, list: &mut [T]) -> Result<usize, Errno> {
        // SAFETY: the descriptor is ours, and the lists are of numbers.
        let (answer, len) = unsafe { syscalls::getsockopt(self.as_raw_fd(), name, list) };
        answer.map(|_| len)
    }

    /// How many bytes [`list`](Self::list) would take, as the kernel says when there is room for none.
    #[inline]
    fn list_len<T>(&self, name: u32) -> Result<usize, Errno> {
        // SAFETY: the descriptor is ours, and nothing can be written.
        match unsafe { syscalls::getsockopt::<[T]>(self.as_raw_fd(), name, &mut []) } {
            (Ok(_) | Err(Errno::ERANGE), len) => Ok(len),
            (Err(errno), _) => Err(errno),
        }
    }

    /// The options of Linux 5.1 take 64-bit time everywhere, those of before a machine word. QEMU user-mode, which doesn't
    /// know the new ones either, takes them for an int, and no more than an int comes back.
    #[inline]
    fn timeout(&self, name: u32, old: u32) -> Result<Option<Duration>, Errno> {
        let mut time = [0_i64; 2];
        // SAFETY: the descriptor is ours, and time is made of ints.
        let [seconds, micros] = match unsafe { syscalls::getsockopt(self.as_raw_fd(), name, &mut time) } {
            (Ok(_), len) if len == size_of_val(&time) => time,
            (Ok(_) | Err(Errno::ENOPROTOOPT), _) => self.old_timeout(old)?,
            (Err(errno), _) => return Err(errno),
        };
        // The kernel keeps the micros under a second; that they are held to it here, rules a panic out.
        let nanos = (micros as u32).min(999_999) * 1000;
        Ok(match [seconds, micros] {
            [0, 0] => None,
            _ => Some(Duration::new(seconds as u64, nanos)),
        })
    }

    #[inline]
    fn set_timeout(&self, name: u32, old: u32, timeout: Option<Duration>) -> Result<(), Errno> {
        let time = match timeout {
            None => [0, 0],
            Some(Duration::ZERO) => return Err(Errno::EINVAL),
            Some(timeout) => {
                // A part of a microsecond is one more, or the shortest time would be for ever.
                let micros = timeout.subsec_nanos().wrapping_add(999) / 1000;
                // What can't be counted is for ever.
                match i64::try_from(timeout.as_secs()) {
                    Ok(seconds) if micros < 1_000_000 => [seconds, micros.into()],
                    Ok(seconds) if seconds < i64::MAX => [seconds + 1, 0],
                    _ => [0, 0],
                }
            }
        };
        // Not by `set_option`, which would copy it. SAFETY: the descriptor is ours, and this takes two numbers of 64 bits.
        match unsafe { syscalls::setsockopt(self.as_raw_fd(), name, &time) } {
            Err(Errno::ENOPROTOOPT) => self.set_old_timeout(old, time),
            answer => answer,
        }
    }

    #[cold]
    #[inline(always)]
    fn old_timeout(&self, old: u32) -> Result<[i64; 2], Errno> {
        Ok(self.option(old, [0_isize; 2])?.map(|word| word as i64))
    }

    #[cold]
    #[inline(always)]
    fn set_old_timeout(&self, old: u32, [seconds, micros]: [i64; 2]) -> Result<(), Errno> {
        let time = isize::try_from(seconds).map_or([0; 2], |seconds| [seconds, micros as isize]);
        self.set_option(old, time)
    }

    #[inline]
    fn request(&self, request: u32, mut value: i32) -> Result<i32, Errno> {
        // SAFETY: the descriptor is ours, and each request here takes an int.
        unsafe { syscalls::ioctl(self.as_raw_fd(), request, &mut value) }.map(|()| value)
    }
}
