//! One end of a pair, owned.

use core::{error, fmt, mem::MaybeUninit, ptr, slice};
use linux_raw_sys::net::{MSG_CMSG_CLOEXEC, MSG_NOSIGNAL, SHUT_RD, SHUT_RDWR, SHUT_WR, msghdr};

use crate::buffers::{IoSlice, IoSliceMut};
use crate::control::{RecvControl, SendControl};
use crate::descriptor::Descriptor;
use crate::errno::Errno;
use crate::pair::socketpair;
use crate::syscalls;
use crate::types::{Domain, MessageFlags, RawFd, SocketFlags, SocketType};

/// One end of a pair, closed when it is dropped.
///
/// No call on it raises SIGPIPE.
///
/// ```
/// use linux_socketpair::{Errno, MessageFlags, Socket};
///
/// let [a, b] = Socket::seqpacket_pair()?;
/// a.send(b"hello", MessageFlags::empty())?;
/// let mut buf = [0; 16];
/// assert_eq!(b.recv(&mut buf, MessageFlags::empty())?, 5);
/// # Ok::<(), Errno>(())
/// ```
#[derive(Debug, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct Socket(Descriptor);

/// Which side [`Socket::shutdown`] ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum Shutdown {
    /// Nothing is received any more.
    Read = SHUT_RD,
    /// Nothing is sent any more: when the peer has read what was sent, it meets the end.
    Write = SHUT_WR,
    /// Both.
    Both = SHUT_RDWR,
}

/// What [`Socket::recv_message`] received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    /// How many bytes; with [`MessageFlags::TRUNC`] the length of the message, of which the buffers may hold the beginning.
    pub len: usize,
    /// What the kernel says of the message.
    pub flags: MessageFlags,
}

/// The job of [`Socket::send_all`] or [`Socket::recv_exact`] was ended halfway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Incomplete {
    /// How many bytes were sent or received.
    pub done: usize,
    /// Why no more were; `None` if the end came.
    pub errno: Option<Errno>,
}

impl fmt::Display for Incomplete {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.errno {
            Some(errno) => write!(f, "after {} bytes: {errno}", self.done),
            None => write!(f, "the end came after {} bytes", self.done),
        }
    }
}

impl error::Error for Incomplete {}

/// For `?` where only an errno can be returned; the end is `ENODATA`.
impl From<Incomplete> for Errno {
    #[inline]
    fn from(incomplete: Incomplete) -> Self {
        incomplete.errno.unwrap_or(Self::ENODATA)
    }
}

impl Received {
    /// A message whose end was lost is an error, unless the caller `asked` for its length.
    #[inline]
    fn unless_cut(self, asked: MessageFlags) -> Result<Self, Errno> {
        let cut = self.flags.contains(MessageFlags::TRUNC) && !asked.contains(MessageFlags::TRUNC);
        if cut { Err(Errno::EMSGSIZE) } else { Ok(self) }
    }
}

impl Socket {
    /// Makes a pair, as [`socketpair`] does, whose ends are owned.
    ///
    /// # Errors
    ///
    /// Those of [`socketpair`].
    ///
    /// Manual page: [socketpair(2)](https://man7.org/linux/man-pages/man2/socketpair.2.html).
    #[inline]
    pub fn pair(domain: Domain, ty: SocketType, flags: SocketFlags, protocol: i32) -> Result<[Self; 2], Errno> {
        let [a, b] = socketpair(domain, ty, flags, protocol)?;
        // SAFETY: the descriptors are new, and nobody else's.
        Ok(unsafe { [Self::from_raw_fd(a), Self::from_raw_fd(b)] })
    }

    /// Makes an AF_UNIX pair of type [`STREAM`](SocketType::STREAM), closed on exec.
    ///
    /// # Errors
    ///
    /// `EMFILE`, `ENFILE`, `ENOMEM`, and what a filter says: see [`socketpair`].
    #[inline]
    pub fn stream_pair() -> Result<[Self; 2], Errno> {
        Self::pair(Domain::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, 0)
    }

    /// Makes an AF_UNIX pair of type [`DGRAM`](SocketType::DGRAM), closed on exec.
    ///
    /// # Errors
    ///
    /// `EMFILE`, `ENFILE`, `ENOMEM`, and what a filter says: see [`socketpair`].
    #[inline]
    pub fn dgram_pair() -> Result<[Self; 2], Errno> {
        Self::pair(Domain::UNIX, SocketType::DGRAM, SocketFlags::CLOEXEC, 0)
    }

    /// Makes an AF_UNIX pair of type [`SEQPACKET`](SocketType::SEQPACKET), closed on exec.
    ///
    /// # Errors
    ///
    /// `EMFILE`, `ENFILE`, `ENOMEM`, and what a filter says: see [`socketpair`].
    #[inline]
    pub fn seqpacket_pair() -> Result<[Self; 2], Errno> {
        Self::pair(Domain::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, 0)
    }

    /// The number, which stays owned here.
    #[inline]
    #[must_use]
    pub const fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }

    /// The number, which the caller owns from now on.
    #[inline]
    #[must_use]
    pub fn into_raw_fd(self) -> RawFd {
        self.0.into_raw_fd()
    }

    /// Takes a number over.
    ///
    /// # Safety
    ///
    /// `fd` must be open, and nobody else may own or close it.
    #[inline]
    #[must_use]
    pub const unsafe fn from_raw_fd(fd: RawFd) -> Self {
        // SAFETY: as the caller says.
        Self(unsafe { Descriptor::from_raw_fd(fd) })
    }

    /// Another descriptor of the same end, the lowest that is free, closed on exec.
    ///
    /// # Errors
    ///
    /// - `EMFILE`: no descriptor is free under `RLIMIT_NOFILE`
    ///
    /// Manual page: [fcntl(2)](https://man7.org/linux/man-pages/man2/fcntl.2.html).
    #[inline]
    pub fn duplicate(&self) -> Result<Self, Errno> {
        self.0.duplicate().map(Self)
    }

    /// Sends up to `buf.len()` bytes and returns how many it sent: of a stream perhaps fewer, of a message all.
    ///
    /// Where a `DGRAM` peer is closed, `ECONNREFUSED` is also the end of what it had sent and was not received yet.
    ///
    /// # Errors
    ///
    /// - `EAGAIN`: no room now, and waiting is not wanted, or the send timeout is over
    /// - `ECONNREFUSED`: the peer of a `DGRAM` socket is closed
    /// - `ECONNRESET`: the peer was closed with something in it that it hadn't read; told once
    /// - `EINTR`: a signal came before anything was sent
    /// - `EINVAL`, `EOPNOTSUPP`: a flag that the domain or the type doesn't know
    /// - `EMSGSIZE`: the message is larger than the send buffer
    /// - `ENOBUFS`, `ENOMEM`: no memory
    /// - `ENOTCONN`: a `DGRAM` socket whose peer is gone for good
    /// - `EPIPE`: the peer is closed or doesn't receive any more, or this side was shut down; without SIGPIPE
    ///
    /// Manual page: [send(2)](https://man7.org/linux/man-pages/man2/send.2.html).
    #[inline]
    pub fn send(&self, buf: &[u8], flags: MessageFlags) -> Result<usize, Errno> {
        // SAFETY: the descriptor is ours.
        unsafe { syscalls::sendto(self.as_raw_fd(), buf, flags.bits() | MSG_NOSIGNAL) }
    }

    /// Sends the buffers as one, in their order, as [`send`](Self::send) does.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send), and:
    ///
    /// - `EMSGSIZE`: more than 1024 buffers
    #[inline]
    pub fn send_vectored(&self, bufs: &[IoSlice<'_>], flags: MessageFlags) -> Result<usize, Errno> {
        self.sendmsg(bufs, &[], flags)
    }

    /// Sends the buffers as one, and control messages with them: descriptors, credentials.
    ///
    /// A stream carries control messages only beside at least one byte, and they arrive with the first. A passed descriptor
    /// keeps its file open while it is on its way: an end that is passed to itself is not closed by being dropped.
    ///
    /// # Errors
    ///
    /// Those of [`send_vectored`](Self::send_vectored), and:
    ///
    /// - `EBADF`: a descriptor that was lent is not open
    /// - `EINVAL`: more than 253 descriptors
    /// - `EPERM`: credentials that are not the sender's, without the capability
    /// - `ESRCH`: credentials of a process that doesn't exist
    /// - `ETOOMANYREFS`: more descriptors in flight than `RLIMIT_NOFILE` allows the user; or sockets in each other, too deep
    ///
    /// Manual pages: [sendmsg(2)](https://man7.org/linux/man-pages/man2/sendmsg.2.html),
    /// [unix(7)](https://man7.org/linux/man-pages/man7/unix.7.html).
    ///
    /// ```
    /// use linux_socketpair::{Errno, IoSlice, MessageFlags, SendControl, Socket, space};
    ///
    /// let [a, _b] = Socket::stream_pair()?;
    /// let descriptors = Socket::dgram_pair()?;
    /// let mut control = SendControl::<{ space::rights(2) }>::new();
    /// control.rights(&descriptors)?;
    /// a.send_message(&[IoSlice::new(b"a pair for you")], &control, MessageFlags::empty())?;
    /// # Ok::<(), Errno>(())
    /// ```
    #[inline]
    pub fn send_message<const WORDS: usize>(
        &self,
        bufs: &[IoSlice<'_>],
        control: &SendControl<'_, WORDS>,
        flags: MessageFlags,
    ) -> Result<usize, Errno> {
        self.sendmsg(bufs, control.as_words(), flags)
    }

    #[inline]
    fn sendmsg(
        &self,
        bufs: &[IoSlice<'_>],
        control: &[MaybeUninit<usize>],
        flags: MessageFlags,
    ) -> Result<usize, Errno> {
        let message = msghdr {
            msg_name: ptr::null_mut(),
            msg_namelen: 0,
            msg_iov: bufs.as_ptr().cast_mut().cast(),
            msg_iovlen: bufs.len() as _,
            msg_control: control.as_ptr().cast_mut().cast(),
            msg_controllen: size_of_val(control) as _,
            msg_flags: 0,
        };
        // SAFETY: the descriptor is ours; the kernel only reads what the buffers and the control messages hold.
        unsafe { syscalls::sendmsg(self.as_raw_fd(), &message, flags.bits() | MSG_NOSIGNAL) }
    }

    /// Sends all of `buf`, however often the kernel takes only a part of it or a signal interrupts.
    ///
    /// # Errors
    ///
    /// [`Incomplete`] with the errno that [`send`](Self::send) gave, and how much had been sent.
    #[inline]
    pub fn send_all(&self, buf: &[u8], flags: MessageFlags) -> Result<(), Incomplete> {
        let mut rest = buf;
        // At least once: an empty message is one too.
        loop {
            match self.send(rest, flags) {
                Ok(0) if !rest.is_empty() => {
                    return Err(Incomplete {
                        done: buf.len() - rest.len(),
                        errno: None,
                    });
                }
                Ok(sent) => rest = rest.get(sent..).unwrap_or_default(),
                Err(Errno::EINTR) => continue,
                Err(errno) => {
                    return Err(Incomplete {
                        done: buf.len() - rest.len(),
                        errno: Some(errno),
                    });
                }
            }
            if rest.is_empty() {
                return Ok(());
            }
        }
    }

    /// Receives up to `buf.len()` bytes and returns how many; 0 is the end, or an empty message, or an empty `buf`.
    ///
    /// A stream gives what is there, as much as fits. A message is received by itself. Descriptors that come along are
    /// closed by the kernel: [`recv_message`](Self::recv_message) is for those.
    ///
    /// # Errors
    ///
    /// - `EAGAIN`: nothing is there, and waiting is not wanted, or the receive timeout is over
    /// - `ECONNRESET`: the peer was closed with something in it that it hadn't read; told once
    /// - `EINTR`: a signal came first
    /// - `EINVAL`: a flag that doesn't fit, as OOB where nothing is out of band
    /// - `EMSGSIZE`: the message is longer than `buf`, which holds its beginning; the rest is lost unless it was only
    ///   peeked at. With [`MessageFlags::TRUNC`] it is no error, and the length is the message's.
    /// - `ENOMEM`: no memory
    /// - `ENOTCONN`: a `SEQPACKET` or `STREAM` socket that was never connected
    /// - `EOPNOTSUPP`: OOB, of a type that has none
    ///
    /// Manual page: [recv(2)](https://man7.org/linux/man-pages/man2/recv.2.html).
    #[inline]
    pub fn recv(&self, buf: &mut [u8], flags: MessageFlags) -> Result<usize, Errno> {
        self.recv_vectored(&mut [IoSliceMut::new(buf)], flags)
    }

    /// Receives into memory that holds nothing yet, as [`recv`](Self::recv) does, and returns the part that now does.
    ///
    /// # Errors
    ///
    /// Those of [`recv`](Self::recv).
    #[inline]
    pub fn recv_uninit<'b>(&self, buf: &'b mut [MaybeUninit<u8>], flags: MessageFlags) -> Result<&'b mut [u8], Errno> {
        // SAFETY: the slice is handed to the kernel alone, which writes and doesn't read.
        let bytes = unsafe { slice::from_raw_parts_mut(buf.as_mut_ptr().cast::<u8>(), buf.len()) };
        let len = self.recv(bytes, flags)?.min(bytes.len());
        Ok(bytes.get_mut(..len).unwrap_or_default())
    }

    /// Receives into the buffers, filling one after the other, as [`recv`](Self::recv) does.
    ///
    /// # Errors
    ///
    /// Those of [`recv`](Self::recv), and:
    ///
    /// - `EMSGSIZE`: more than 1024 buffers
    #[inline]
    pub fn recv_vectored(&self, bufs: &mut [IoSliceMut<'_>], flags: MessageFlags) -> Result<usize, Errno> {
        let (received, _) = self.recvmsg(bufs, &mut [], flags.bits())?;
        received.unless_cut(flags).map(|received| received.len)
    }

    /// Receives into the buffers, and the control messages that come along into `control`, from which the descriptors of
    /// an earlier call are closed first. Received descriptors are closed on exec.
    ///
    /// # Errors
    ///
    /// Those of [`recv_vectored`](Self::recv_vectored). With `EMSGSIZE`, `control` holds what came with the message.
    ///
    /// Control messages for which there was too little space, or too few free descriptors, are no error here;
    /// [`RecvControl::messages`] tells.
    ///
    /// Manual pages: [recvmsg(2)](https://man7.org/linux/man-pages/man2/recvmsg.2.html),
    /// [unix(7)](https://man7.org/linux/man-pages/man7/unix.7.html).
    ///
    /// ```
    /// use linux_socketpair::{
    ///     ControlMessage, Errno, IoSlice, IoSliceMut, MessageFlags, RecvControl, SendControl, Socket, space,
    /// };
    ///
    /// let [a, b] = Socket::seqpacket_pair()?;
    /// let mut sent = SendControl::<{ space::rights(2) }>::new();
    /// let descriptors = [&a, &b];
    /// sent.rights(&descriptors)?;
    /// a.send_message(&[IoSlice::new(b"two")], &sent, MessageFlags::empty())?;
    ///
    /// let mut buf = [0; 16];
    /// let mut control = RecvControl::<{ space::rights(2) }>::new();
    /// let received = b.recv_message(&mut [IoSliceMut::new(&mut buf)], &mut control, MessageFlags::empty())?;
    /// assert_eq!(&buf[..received.len], b"two");
    /// for message in control.messages()? {
    ///     if let ControlMessage::Rights(rights) = message {
    ///         assert_eq!(rights.map(Socket::from).count(), 2);
    ///     }
    /// }
    /// # Ok::<(), Errno>(())
    /// ```
    #[inline]
    pub fn recv_message<const WORDS: usize>(
        &self,
        bufs: &mut [IoSliceMut<'_>],
        control: &mut RecvControl<WORDS>,
        flags: MessageFlags,
    ) -> Result<Received, Errno> {
        let space = control.as_space();
        let (received, len) = self.recvmsg(bufs, space, flags.bits() | MSG_CMSG_CLOEXEC)?;
        // SAFETY: the kernel wrote so much to the space.
        unsafe { control.set_received(len, received.flags) };
        received.unless_cut(flags)
    }

    /// Returns also how many bytes of control messages there are in `space`.
    #[inline]
    fn recvmsg(
        &self,
        bufs: &mut [IoSliceMut<'_>],
        space: &mut [MaybeUninit<usize>],
        flags: u32,
    ) -> Result<(Received, usize), Errno> {
        let mut message = msghdr {
            msg_name: ptr::null_mut(),
            msg_namelen: 0,
            msg_iov: bufs.as_mut_ptr().cast(),
            msg_iovlen: bufs.len() as _,
            msg_control: space.as_mut_ptr().cast(),
            msg_controllen: size_of_val(space) as _,
            msg_flags: 0,
        };
        // SAFETY: the descriptor is ours; the kernel writes within the buffers and the space alone.
        let len = unsafe { syscalls::recvmsg(self.as_raw_fd(), &mut message, flags)? };
        let flags = MessageFlags::from_bits_retain(message.msg_flags);
        Ok((Received { len, flags }, message.msg_controllen as usize))
    }

    /// Receives as much as `buf` takes, however often the kernel gives only a part of it or a signal interrupts.
    ///
    /// # Errors
    ///
    /// [`Incomplete`] with the errno that [`recv`](Self::recv) gave, or none if the end came, and how much was received.
    #[inline]
    pub fn recv_exact(&self, buf: &mut [u8], flags: MessageFlags) -> Result<(), Incomplete> {
        let mut done = 0;
        while let Some(rest) = buf.get_mut(done..).filter(|rest| !rest.is_empty()) {
            match self.recv(rest, flags) {
                Ok(0) => return Err(Incomplete { done, errno: None }),
                Ok(len) => done += len,
                Err(Errno::EINTR) => {}
                Err(errno) => {
                    return Err(Incomplete {
                        done,
                        errno: Some(errno),
                    });
                }
            }
        }
        Ok(())
    }

    /// Ends one direction, or both, for every descriptor of this end.
    ///
    /// # Errors
    ///
    /// None that the kernel gives of a connected AF_UNIX socket; a filter may.
    ///
    /// - `ENOTCONN`: not connected
    ///
    /// Manual page: [shutdown(2)](https://man7.org/linux/man-pages/man2/shutdown.2.html).
    #[inline]
    pub fn shutdown(&self, how: Shutdown) -> Result<(), Errno> {
        // SAFETY: the descriptor is ours.
        unsafe { syscalls::shutdown(self.as_raw_fd(), how as u32) }
    }
}

impl AsRef<Descriptor> for Socket {
    #[inline]
    fn as_ref(&self) -> &Descriptor {
        &self.0
    }
}

impl From<Socket> for Descriptor {
    #[inline]
    fn from(socket: Socket) -> Self {
        socket.0
    }
}

/// Whatever the descriptor is of: a call that doesn't fit it fails with `ENOTSOCK` or another errno.
impl From<Descriptor> for Socket {
    #[inline]
    fn from(descriptor: Descriptor) -> Self {
        Self(descriptor)
    }
}
