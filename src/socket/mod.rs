//! One end of a pair: its kind, how it is made and converted, and what all kinds can do.

use core::{error, fmt, marker::PhantomData, mem::MaybeUninit, ptr, slice};
use linux_raw_sys::general::{F_DUPFD_CLOEXEC, iovec};
use linux_raw_sys::net::{MSG_NOSIGNAL, SHUT_RD, SHUT_RDWR, SHUT_WR, msghdr};

use crate::buffers::{IoSlice, IoSliceMut};
use crate::errno::Errno;
use crate::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use crate::pair::socketpair;
use crate::syscalls;
use crate::types::{Domain, MessageFlags, SocketFlags, SocketType};
use control::{RecvControl, SendControl};
use kind::Kind;

mod cmsg;
pub mod control;
pub mod many_messages;
mod messages;
mod options;
mod stream;

pub use stream::Incomplete;

/// What distinguishes the three kinds of sockets.
pub mod kind {
    use crate::types::SocketType;

    /// A kind of AF_UNIX socket: [`Stream`], [`Datagram`] or [`Seqpacket`].
    ///
    /// ```
    /// use linux_socketpair::{Errno, Socket, kind::Kind};
    ///
    /// fn round_trip<T: Kind>() -> Result<usize, Errno> {
    ///     let (a, b) = Socket::<T>::pair()?;
    ///     a.send(b"any kind")?;
    ///     b.recv(&mut [0; 16])
    /// }
    /// assert_eq!(round_trip::<linux_socketpair::kind::Datagram>()?, 8);
    /// # Ok::<(), Errno>(())
    /// ```
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is not a kind of socket",
        note = "the kinds are `kind::Stream`, `kind::Datagram` and `kind::Seqpacket`; no other can be added"
    )]
    pub trait Kind: sealed::Kind {
        /// The type that [`socketpair`](crate::socketpair) accepts and `SO_TYPE` reports.
        const TYPE: SocketType;
    }

    /// A kind that keeps the boundaries of messages: [`Datagram`] or [`Seqpacket`].
    #[diagnostic::on_unimplemented(
        message = "a socket of kind `{Self}` has no messages",
        note = "`UnixDatagram` and `UnixSeqpacket` keep the boundaries of messages"
    )]
    pub trait Messages: Kind {}

    /// `SOCK_STREAM`: bytes in order, without boundaries.
    #[derive(Clone, Copy, Debug)]
    pub struct Stream;

    /// `SOCK_DGRAM`: messages. On AF_UNIX none is dropped or reordered.
    #[derive(Clone, Copy, Debug)]
    pub struct Datagram;

    /// `SOCK_SEQPACKET`: messages in order, over a connection.
    #[derive(Clone, Copy, Debug)]
    pub struct Seqpacket;

    impl Kind for Stream {
        const TYPE: SocketType = SocketType::STREAM;
    }

    impl Kind for Datagram {
        const TYPE: SocketType = SocketType::DGRAM;
    }

    impl Kind for Seqpacket {
        const TYPE: SocketType = SocketType::SEQPACKET;
    }

    impl Messages for Datagram {}
    impl Messages for Seqpacket {}

    mod sealed {
        #[diagnostic::on_unimplemented(
            message = "`{Self}` is not a kind of socket",
            note = "the kinds are `kind::Stream`, `kind::Datagram` and `kind::Seqpacket`; no other can be added"
        )]
        pub trait Kind {}

        impl Kind for super::Stream {}
        impl Kind for super::Datagram {}
        impl Kind for super::Seqpacket {}
    }
}

/// One end of an AF_UNIX pair of the kind `T`; [`UnixStream`], [`UnixDatagram`] and [`UnixSeqpacket`] name the three kinds.
///
/// `Fd` is [`OwnedFd`] for an end that is closed when it is dropped, and [`BorrowedFd`] for one that is only used.
///
/// No method raises SIGPIPE. Where the errors of a method are "None from the kernel", a seccomp filter can still return any errno.
///
/// ```
/// use linux_socketpair::{Errno, UnixSeqpacket};
///
/// let (a, b) = UnixSeqpacket::pair()?;
/// a.send(b"hello")?;
/// let mut buf = [0; 16];
/// assert_eq!(b.recv(&mut buf)?, 5);
/// # Ok::<(), Errno>(())
/// ```
///
/// # Any file descriptor
///
/// A file descriptor of unknown origin is checked when it is converted, which needs Linux 2.6.32. If it doesn't fit, the error
/// returns it.
///
/// ```
/// use linux_socketpair::{BorrowedFd, Errno, OwnedFd, UnixDatagram, UnixStream};
///
/// let (a, b) = UnixStream::pair()?;
/// let inherited: OwnedFd = a.into();
/// let error = UnixDatagram::try_from(inherited).unwrap_err();
/// assert_eq!(error.errno(), Errno::EPROTOTYPE);
/// let a = UnixStream::try_from(error.into_fd()).expect("a stream");
///
/// // To use a file descriptor and leave it open:
/// let borrowed: UnixStream<BorrowedFd<'_>> = UnixStream::borrow_fd(&a)?;
/// borrowed.send_all(b"through a file descriptor that is borrowed")?;
/// # Ok::<(), Errno>(())
/// ```
#[repr(transparent)]
pub struct Socket<T, Fd = OwnedFd>(Fd, PhantomData<T>);

/// One end of a pair of type [`STREAM`](SocketType::STREAM): bytes in order, without boundaries.
///
/// Receiving 0 bytes means end of stream (EOF), or that the buffer is empty. With the feature `std` it implements
/// [`std::io::Read`] and [`std::io::Write`].
///
/// [`std::io::Read`]: https://doc.rust-lang.org/std/io/trait.Read.html
/// [`std::io::Write`]: https://doc.rust-lang.org/std/io/trait.Write.html
pub type UnixStream<Fd = OwnedFd> = Socket<kind::Stream, Fd>;

/// One end of a pair of type [`DGRAM`](SocketType::DGRAM): messages.
///
/// Receiving 0 bytes means an empty message, or that this end was shut down. The kernel doesn't report to a receiver that its
/// peer was closed; to a sender it does, with `ECONNREFUSED`.
pub type UnixDatagram<Fd = OwnedFd> = Socket<kind::Datagram, Fd>;

/// One end of a pair of type [`SEQPACKET`](SocketType::SEQPACKET): messages in order, over a connection.
///
/// Receiving 0 bytes means an empty message, or end of stream (EOF). [`recv_or_eof`](Socket::recv_or_eof) distinguishes them.
pub type UnixSeqpacket<Fd = OwnedFd> = Socket<kind::Seqpacket, Fd>;

/// Which direction [`Socket::shutdown`] shuts down. With the feature `std` it is [`std::net::Shutdown`].
///
/// [`std::net::Shutdown`]: https://doc.rust-lang.org/std/net/enum.Shutdown.html
#[cfg(not(feature = "std"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shutdown {
    /// Nothing more is received.
    Read,
    /// Nothing more is sent. When the peer has received what was sent, it reaches end of stream (EOF).
    Write,
    /// Both.
    Both,
}

#[cfg(feature = "std")]
pub use std::net::Shutdown;

/// The result of receiving a message, besides its bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// How many bytes were received; with [`MessageFlags::TRUNC`] the length of the message, which may be more.
    pub len: usize,
    /// What the kernel reports about the message, `msg_flags`. They contain `CMSG_CLOEXEC` if the call had it.
    pub flags: MessageFlags,
}

/// A file descriptor could not be converted, because it is not a socket of that kind. [`into_fd`](Self::into_fd) returns it.
///
/// As an [`Errno`] it is [`errno`](Self::errno).
pub struct FromFdError<Fd = OwnedFd> {
    fd: Fd,
    errno: Errno,
}

impl<T: Kind> Socket<T> {
    /// Makes a pair of this kind, close-on-exec.
    ///
    /// # Errors
    ///
    /// - `EMFILE`: fewer than two file descriptors are free under `RLIMIT_NOFILE`
    /// - `ENFILE`, `ENOMEM`: a system-wide limit; see [`socketpair`]
    /// - `EACCES`, `EPERM`, `ENOSYS`: a security module or a seccomp filter rejects the call
    /// - `EPROTO`: a seccomp filter or an emulator reports success without a pair
    ///
    /// The example of [`Socket`] shows it.
    ///
    /// Manual page: [socketpair(2)](https://man7.org/linux/man-pages/man2/socketpair.2.html).
    #[doc(alias = "socketpair")]
    #[inline]
    pub fn pair() -> Result<(Self, Self), Errno> {
        Self::pair_with(SocketFlags::CLOEXEC)
    }

    /// Makes a pair of this kind with `flags` for both ends.
    ///
    /// # Errors
    ///
    /// Those of [`pair`](Self::pair), and:
    ///
    /// - `EINVAL`: a flag that the kernel doesn't know
    ///
    /// ```
    /// use linux_socketpair::{Errno, SocketFlags, UnixDatagram};
    ///
    /// let (a, _b) = UnixDatagram::pair_with(SocketFlags::CLOEXEC | SocketFlags::NONBLOCK)?;
    /// assert_eq!(a.recv(&mut [0; 8]), Err(Errno::EAGAIN));
    /// # Ok::<(), Errno>(())
    /// ```
    ///
    /// Manual page: [socketpair(2)](https://man7.org/linux/man-pages/man2/socketpair.2.html).
    #[doc(alias = "socketpair")]
    #[inline]
    pub fn pair_with(flags: SocketFlags) -> Result<(Self, Self), Errno> {
        let [a, b] = socketpair(Domain::UNIX, T::TYPE, flags, 0)?;
        if a < 0 {
            return Err(Errno::EPROTO);
        }
        // SAFETY: the descriptors are new, and nothing else owns them.
        Ok(unsafe { (Self::from_raw_fd(a), Self::from_raw_fd(b)) })
    }

    /// Closes this end and returns the error, which dropping would discard. After an error it is closed too.
    ///
    /// # Errors
    ///
    /// None from the kernel.
    ///
    /// Manual page: [close(2)](https://man7.org/linux/man-pages/man2/close.2.html).
    #[inline]
    pub fn close(self) -> Result<(), Errno> {
        crate::fd::close(self)
    }
}

impl<'fd, T: Kind> Socket<T, BorrowedFd<'fd>> {
    /// Borrows a file descriptor from any owner, after checking it with two getsockopt(2). Since Linux 2.6.32.
    ///
    /// # Errors
    ///
    /// - `ENOTSOCK`: it is not a socket
    /// - `EAFNOSUPPORT`: it is a socket of another domain than AF_UNIX
    /// - `EPROTOTYPE`: it is a socket of another type
    /// - `EBADF`: it was opened with `O_PATH`
    /// - `ENOPROTOOPT`: an older kernel
    ///
    /// The example of [`Socket`](Socket#any-file-descriptor) shows it.
    #[inline]
    pub fn borrow_fd(fd: &'fd impl AsFd) -> Result<Self, Errno> {
        Self::try_from(fd.as_fd()).map_err(Errno::from)
    }
}

impl<T: Kind, Fd: AsFd> Socket<T, Fd> {
    const IS_STREAM: bool = matches!(T::TYPE, SocketType::STREAM);

    /// Wraps a file descriptor that is known to fit, without checking it.
    ///
    /// # Safety
    ///
    /// `fd` must refer to an AF_UNIX socket of the type of `T`: code that uses the result may rely on that.
    #[inline]
    #[must_use]
    pub const unsafe fn from_fd_unchecked(fd: Fd) -> Self {
        Self(fd, PhantomData)
    }

    /// Duplicates the file descriptor of this end: the new one has the lowest number that is free, and is close-on-exec.
    ///
    /// # Errors
    ///
    /// - `EMFILE`: no file descriptor is free under `RLIMIT_NOFILE`
    ///
    /// Manual page: [F_DUPFD_CLOEXEC(2const)](https://man7.org/linux/man-pages/man2/F_DUPFD_CLOEXEC.2const.html).
    #[doc(alias("dup", "F_DUPFD_CLOEXEC"))]
    #[inline]
    pub fn try_clone(&self) -> Result<Socket<T>, Errno> {
        let fd = syscalls::fcntl(self.as_fd(), F_DUPFD_CLOEXEC, 0)?;
        // SAFETY: the descriptor is new, and nothing else owns it.
        Ok(unsafe { Socket::from_raw_fd(fd as RawFd) })
    }

    /// Sends up to `buf.len()` bytes and returns how many were sent: on a stream perhaps fewer; a message is sent whole.
    ///
    /// # Errors
    ///
    /// - `EAGAIN`: the send buffer is full, and the socket is nonblocking, or its send timeout has expired
    /// - `ECONNREFUSED`: the peer of a [`UnixDatagram`] is closed; messages from it that were not received yet are discarded
    /// - `ECONNRESET`: the peer was closed before it had received everything; reported once
    /// - `EINTR`: interrupted by a signal before anything was sent
    /// - `EMSGSIZE`: the message is larger than the send buffer
    /// - `ENOBUFS`, `ENOMEM`: out of memory
    /// - `ENOTCONN`: the peer of a [`UnixDatagram`] is closed, and `ECONNREFUSED` was returned before
    /// - `EPIPE`: the peer is closed or shut down, or this end is shut down; without SIGPIPE
    ///
    /// The example of [`Socket`] shows it.
    ///
    /// Manual page: [send(2)](https://man7.org/linux/man-pages/man2/send.2.html).
    #[inline]
    pub fn send(&self, buf: &[u8]) -> Result<usize, Errno> {
        self.send_with_flags(buf, MessageFlags::empty())
    }

    /// Sends like [`send`](Self::send), with flags.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send), and:
    ///
    /// - `EAGAIN`: the send buffer is full, and `flags` has [`DONTWAIT`](MessageFlags::DONTWAIT)
    /// - `EOPNOTSUPP`: a flag that the type doesn't support, such as [`OOB`](MessageFlags::OOB) for messages
    #[doc(alias = "sendto")]
    #[inline]
    pub fn send_with_flags(&self, buf: &[u8], flags: MessageFlags) -> Result<usize, Errno> {
        syscalls::sendto(self.as_fd(), buf, flags.bits() | MSG_NOSIGNAL)
    }

    /// Sends several buffers as one, in their order, like [`send`](Self::send).
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send), and:
    ///
    /// - `EMSGSIZE`: more than 1024 buffers
    ///
    /// ```
    /// use linux_socketpair::{Errno, IoSlice, IoSliceMut, UnixStream};
    ///
    /// let (a, b) = UnixStream::pair()?;
    /// a.send_vectored(&[IoSlice::new(b"head"), IoSlice::new(b"body")])?;
    /// let (mut head, mut body) = ([0; 4], [0; 16]);
    /// let len = b.recv_vectored(&mut [IoSliceMut::new(&mut head), IoSliceMut::new(&mut body)])?;
    /// assert_eq!((&head, &body[..len - 4]), (b"head", &b"body"[..]));
    /// # Ok::<(), Errno>(())
    /// ```
    ///
    /// Manual page: [sendmsg(2)](https://man7.org/linux/man-pages/man2/sendmsg.2.html).
    #[inline]
    pub fn send_vectored(&self, bufs: &[IoSlice<'_>]) -> Result<usize, Errno> {
        self.send_vectored_with_flags(bufs, MessageFlags::empty())
    }

    /// Sends like [`send_vectored`](Self::send_vectored), with flags.
    ///
    /// # Errors
    ///
    /// Those of [`send_vectored`](Self::send_vectored) and [`send_with_flags`](Self::send_with_flags).
    #[doc(alias("sendmsg", "writev"))]
    #[inline]
    pub fn send_vectored_with_flags(&self, bufs: &[IoSlice<'_>], flags: MessageFlags) -> Result<usize, Errno> {
        self.sendmsg(bufs, &[], flags)
    }

    /// Sends several buffers as one, together with control messages (ancillary data): file descriptors, credentials.
    ///
    /// On a stream they arrive with the first of the bytes. A file that is passed stays open while it is in flight, so an end
    /// that is passed through its own pair stays open even after it is dropped.
    ///
    /// # Errors
    ///
    /// Those of [`send_vectored`](Self::send_vectored), and:
    ///
    /// - `EINVAL`: more than 253 file descriptors in a control message; a file descriptor of io_uring, since Linux 6.7; a control
    ///   message of a type that only the kernel sends; on a stream, no bytes, without which the kernel would discard the control
    ///   messages
    /// - `EPERM`: credentials that are not the sender's; file descriptors to a peer that has
    ///   [`set_pass_rights`](Self::set_pass_rights) off
    /// - `ESRCH`: credentials of a process that doesn't exist
    /// - `ETOOMANYREFS`: more file descriptors in flight than `RLIMIT_NOFILE` allows the user
    ///
    /// Manual pages: [sendmsg(2)](https://man7.org/linux/man-pages/man2/sendmsg.2.html),
    /// [unix(7)](https://man7.org/linux/man-pages/man7/unix.7.html).
    ///
    /// ```
    /// use linux_socketpair::{AsFd, Errno, IoSlice, SendControl, UnixStream, space};
    /// use std::mem::MaybeUninit;
    ///
    /// let (a, _b) = UnixStream::pair()?;
    /// let (c, d) = UnixStream::pair()?;
    /// let mut memory = [MaybeUninit::uninit(); space::rights(2)];
    /// let mut control = SendControl::new(&mut memory);
    /// control.push_rights([c.as_fd(), d.as_fd()])?;
    /// a.send_message(&[IoSlice::new(b"a pair for you")], &control)?;
    /// # Ok::<(), Errno>(())
    /// ```
    #[inline]
    pub fn send_message(&self, bufs: &[IoSlice<'_>], control: &SendControl<'_>) -> Result<usize, Errno> {
        self.send_message_with_flags(bufs, control, MessageFlags::empty())
    }

    /// Sends like [`send_message`](Self::send_message), with flags.
    ///
    /// # Errors
    ///
    /// Those of [`send_message`](Self::send_message) and [`send_with_flags`](Self::send_with_flags).
    #[doc(alias = "sendmsg")]
    #[inline]
    pub fn send_message_with_flags(
        &self,
        bufs: &[IoSlice<'_>],
        control: &SendControl<'_>,
        flags: MessageFlags,
    ) -> Result<usize, Errno> {
        let control = control.as_bytes();
        if Self::IS_STREAM && !control.is_empty() && bufs.iter().all(|buf| buf.is_empty()) {
            return Err(Errno::EINVAL);
        }
        self.sendmsg(bufs, control, flags)
    }

    /// Receives up to `buf.len()` bytes and returns how many.
    ///
    /// On a stream these are the bytes that have arrived, as many as fit; 0 means end of stream (EOF), or that `buf` is empty.
    /// Other sockets receive one message; [`UnixDatagram`] and [`UnixSeqpacket`] describe what 0 means. File descriptors that
    /// come along are closed by the kernel: [`recv_message`](Self::recv_message) receives them.
    ///
    /// # Errors
    ///
    /// - `EAGAIN`: nothing has arrived, and the socket is nonblocking, or its receive timeout has expired
    /// - `ECONNRESET`: the peer was closed before it had received everything; reported once
    /// - `EINTR`: interrupted by a signal before anything was received
    /// - `EMSGSIZE`: the message is longer than `buf`, which holds its beginning; the rest is discarded. Before Linux 3.4 only
    ///   the calls that use recvmsg(2) report it, such as [`recv_vectored`](Self::recv_vectored).
    /// - `ENOMEM`: out of memory
    ///
    /// The example of [`Socket`] shows it.
    ///
    /// Manual page: [recv(2)](https://man7.org/linux/man-pages/man2/recv.2.html).
    #[inline]
    pub fn recv(&self, buf: &mut [u8]) -> Result<usize, Errno> {
        self.recv_with_flags(buf, MessageFlags::empty())
    }

    /// Receives like [`recv`](Self::recv), with flags.
    ///
    /// With [`TRUNC`](MessageFlags::TRUNC) a message that is longer than `buf` is not an error, and the result is its length.
    /// With [`PEEK`](MessageFlags::PEEK) it is not an error either, since nothing is discarded.
    ///
    /// # Errors
    ///
    /// Those of [`recv`](Self::recv), and:
    ///
    /// - `EAGAIN`: nothing has arrived, and `flags` has [`DONTWAIT`](MessageFlags::DONTWAIT)
    /// - `EINVAL`: a flag that doesn't apply, such as [`OOB`](MessageFlags::OOB) when there is no out-of-band data
    /// - `EOPNOTSUPP`: a flag that the type doesn't support, such as [`OOB`](MessageFlags::OOB) for messages
    #[doc(alias = "recvfrom")]
    #[inline]
    pub fn recv_with_flags(&self, buf: &mut [u8], flags: MessageFlags) -> Result<usize, Errno> {
        if Self::IS_STREAM {
            // The kernel would discard descriptors that came with the next byte.
            if buf.is_empty() {
                return Ok(0);
            }
            return syscalls::recvfrom(self.as_fd(), buf, flags.bits());
        }
        let len = syscalls::recvfrom(self.as_fd(), buf, (flags | MessageFlags::TRUNC).bits())?;
        if len <= buf.len() || flags.contains(MessageFlags::TRUNC) {
            Ok(len)
        } else if flags.contains(MessageFlags::PEEK) {
            Ok(buf.len())
        } else {
            Err(Errno::EMSGSIZE)
        }
    }

    /// Receives like [`recv`](Self::recv) into uninitialized memory, and returns the part of it that was written.
    ///
    /// # Errors
    ///
    /// Those of [`recv`](Self::recv).
    ///
    /// ```
    /// use linux_socketpair::{Errno, UnixDatagram};
    /// use std::mem::MaybeUninit;
    ///
    /// let (a, b) = UnixDatagram::pair()?;
    /// a.send(b"hello")?;
    /// let mut memory = [MaybeUninit::uninit(); 65536];
    /// assert_eq!(b.recv_uninit(&mut memory)?, b"hello");
    /// # Ok::<(), Errno>(())
    /// ```
    ///
    /// Manual page: [recvmsg(2)](https://man7.org/linux/man-pages/man2/recvmsg.2.html).
    #[inline]
    pub fn recv_uninit<'b>(&self, buf: &'b mut [MaybeUninit<u8>]) -> Result<&'b mut [u8], Errno> {
        self.recv_uninit_with_flags(buf, MessageFlags::empty())
    }

    /// Receives like [`recv_uninit`](Self::recv_uninit), with flags.
    ///
    /// # Errors
    ///
    /// Those of [`recv_with_flags`](Self::recv_with_flags).
    #[inline]
    pub fn recv_uninit_with_flags<'b>(
        &self,
        buf: &'b mut [MaybeUninit<u8>],
        flags: MessageFlags,
    ) -> Result<&'b mut [u8], Errno> {
        // SAFETY: the memory may be written.
        let len = unsafe { self.recvmsg(slice::from_mut(&mut writable(buf, flags)), flags)? };
        // SAFETY: either the kernel wrote this many bytes, or all of them were initialized before.
        Ok(unsafe { written(buf, len) })
    }

    /// Receives like [`recv`](Self::recv) into several buffers, filling one after the other.
    ///
    /// # Errors
    ///
    /// Those of [`recv`](Self::recv), and:
    ///
    /// - `EMSGSIZE`: more than 1024 buffers
    ///
    /// The example of [`send_vectored`](Self::send_vectored) shows it.
    ///
    /// Manual page: [recvmsg(2)](https://man7.org/linux/man-pages/man2/recvmsg.2.html).
    #[inline]
    pub fn recv_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> Result<usize, Errno> {
        self.recv_vectored_with_flags(bufs, MessageFlags::empty())
    }

    /// Receives like [`recv_vectored`](Self::recv_vectored), with flags.
    ///
    /// # Errors
    ///
    /// Those of [`recv_vectored`](Self::recv_vectored) and [`recv_with_flags`](Self::recv_with_flags).
    #[doc(alias("recvmsg", "readv"))]
    #[inline]
    pub fn recv_vectored_with_flags(&self, bufs: &mut [IoSliceMut<'_>], flags: MessageFlags) -> Result<usize, Errno> {
        // SAFETY: the buffers are iovecs in memory, and may be written.
        let bufs = unsafe { slice::from_raw_parts_mut(bufs.as_mut_ptr().cast::<iovec>(), bufs.len()) };
        // SAFETY: as above.
        unsafe { self.recvmsg(bufs, flags) }
    }

    /// Receives into several buffers, filling one after the other, and the control messages that come along into `control`.
    ///
    /// What `control` held before is discarded: file descriptors that were not taken are closed. Afterwards it holds what came
    /// with the message, even if this returns `EMSGSIZE`, and nothing after any other error. On a stream with empty buffers
    /// nothing is received.
    ///
    /// # Errors
    ///
    /// Those of [`recv_vectored`](Self::recv_vectored).
    ///
    /// Discarded control messages are not an error here: [`RecvControl::messages`] reports them.
    ///
    /// Manual pages: [recvmsg(2)](https://man7.org/linux/man-pages/man2/recvmsg.2.html),
    /// [unix(7)](https://man7.org/linux/man-pages/man7/unix.7.html).
    ///
    /// ```
    /// use linux_socketpair::{
    ///     AsFd, ControlMessage, Errno, IoSlice, IoSliceMut, RecvControl, SendControl, UnixSeqpacket, space,
    /// };
    /// use std::mem::MaybeUninit;
    ///
    /// let (a, b) = UnixSeqpacket::pair()?;
    /// b.set_pass_credentials(true)?;
    /// let mut memory = [MaybeUninit::uninit(); space::rights(1)];
    /// let mut control = SendControl::new(&mut memory);
    /// control.push_rights([b.as_fd()])?;
    /// a.send_message(&[IoSlice::new(b"hello")], &control)?;
    ///
    /// let mut buf = [0; 16];
    /// let mut memory = [MaybeUninit::uninit(); space::CREDENTIALS + space::rights(1)];
    /// let mut control = RecvControl::new(&mut memory);
    /// let received = b.recv_message(&mut [IoSliceMut::new(&mut buf)], &mut control)?;
    /// assert_eq!(&buf[..received.len], b"hello");
    /// for message in control.messages()? {
    ///     match message {
    ///         ControlMessage::Credentials(sender) => assert_eq!(sender.pid as u32, std::process::id()),
    ///         ControlMessage::Rights(rights) => assert_eq!(rights.count(), 1),
    ///         _ => {}
    ///     }
    /// }
    /// # Ok::<(), Errno>(())
    /// ```
    #[inline]
    pub fn recv_message(&self, bufs: &mut [IoSliceMut<'_>], control: &mut RecvControl<'_>) -> Result<Received, Errno> {
        self.recv_message_with_flags(bufs, control, MessageFlags::empty())
    }

    /// Receives like [`recv_message`](Self::recv_message), with flags.
    ///
    /// # Errors
    ///
    /// Those of [`recv_message`](Self::recv_message) and [`recv_with_flags`](Self::recv_with_flags), and:
    ///
    /// - `EINVAL`: on a stream, [`OOB`](MessageFlags::OOB), with which the kernel discards control messages without reporting
    ///   it; [`recv_with_flags`](Self::recv_with_flags) receives the byte
    #[doc(alias = "recvmsg")]
    #[inline]
    pub fn recv_message_with_flags(
        &self,
        bufs: &mut [IoSliceMut<'_>],
        control: &mut RecvControl<'_>,
        flags: MessageFlags,
    ) -> Result<Received, Errno> {
        if Self::IS_STREAM && flags.contains(MessageFlags::OOB) {
            return Err(Errno::EINVAL);
        }
        // SAFETY: the buffers are iovecs in memory, and may be written.
        let bufs = unsafe { slice::from_raw_parts_mut(bufs.as_mut_ptr().cast::<iovec>(), bufs.len()) };
        // SAFETY: as above.
        unsafe { self.recvmsg_with_control(bufs, control, flags) }
    }

    /// Receives like [`recv_message`](Self::recv_message) into uninitialized memory, and returns the part of it that was
    /// written.
    ///
    /// # Errors
    ///
    /// Those of [`recv_message`](Self::recv_message).
    ///
    /// ```
    /// use linux_socketpair::{Errno, RecvControl, UnixDatagram, space};
    /// use std::mem::MaybeUninit;
    ///
    /// let (a, b) = UnixDatagram::pair()?;
    /// a.send(b"hello")?;
    /// let mut buf = [MaybeUninit::uninit(); 65536];
    /// let mut memory = [MaybeUninit::uninit(); space::rights(1)];
    /// let mut control = RecvControl::new(&mut memory);
    /// let (bytes, received) = b.recv_message_uninit(&mut buf, &mut control)?;
    /// assert_eq!((&*bytes, received.len), (&b"hello"[..], 5));
    /// assert!(control.is_empty());
    /// # Ok::<(), Errno>(())
    /// ```
    ///
    /// Manual page: [recvmsg(2)](https://man7.org/linux/man-pages/man2/recvmsg.2.html).
    #[inline]
    pub fn recv_message_uninit<'b>(
        &self,
        buf: &'b mut [MaybeUninit<u8>],
        control: &mut RecvControl<'_>,
    ) -> Result<(&'b mut [u8], Received), Errno> {
        self.recv_message_uninit_with_flags(buf, control, MessageFlags::empty())
    }

    /// Receives like [`recv_message_uninit`](Self::recv_message_uninit), with flags.
    ///
    /// # Errors
    ///
    /// Those of [`recv_message_with_flags`](Self::recv_message_with_flags).
    #[inline]
    pub fn recv_message_uninit_with_flags<'b>(
        &self,
        buf: &'b mut [MaybeUninit<u8>],
        control: &mut RecvControl<'_>,
        flags: MessageFlags,
    ) -> Result<(&'b mut [u8], Received), Errno> {
        if Self::IS_STREAM && flags.contains(MessageFlags::OOB) {
            return Err(Errno::EINVAL);
        }
        // SAFETY: the memory may be written.
        let received =
            unsafe { self.recvmsg_with_control(slice::from_mut(&mut writable(buf, flags)), control, flags)? };
        // SAFETY: either the kernel wrote this many bytes, or all of them were initialized before.
        Ok((unsafe { written(buf, received.len) }, received))
    }

    /// Shuts down one direction, or both, for every file descriptor of this end.
    ///
    /// # Errors
    ///
    /// None from the kernel.
    ///
    /// ```
    /// use linux_socketpair::{Errno, Shutdown, UnixStream};
    ///
    /// let (a, b) = UnixStream::pair()?;
    /// a.shutdown(Shutdown::Write)?;
    /// assert_eq!(b.recv(&mut [0; 8])?, 0);
    /// assert_eq!(a.send(b"more"), Err(Errno::EPIPE));
    /// # Ok::<(), Errno>(())
    /// ```
    ///
    /// Manual page: [shutdown(2)](https://man7.org/linux/man-pages/man2/shutdown.2.html).
    #[inline]
    pub fn shutdown(&self, how: Shutdown) -> Result<(), Errno> {
        let how = match how {
            Shutdown::Read => SHUT_RD,
            Shutdown::Write => SHUT_WR,
            Shutdown::Both => SHUT_RDWR,
        };
        syscalls::shutdown(self.as_fd(), how)
    }

    #[inline]
    fn sendmsg(&self, bufs: &[IoSlice<'_>], control: &[u8], flags: MessageFlags) -> Result<usize, Errno> {
        let message = msghdr {
            msg_name: ptr::null_mut(),
            msg_namelen: 0,
            msg_iov: bufs.as_ptr().cast_mut().cast(),
            msg_iovlen: bufs.len() as _,
            msg_control: control.as_ptr().cast_mut().cast(),
            msg_controllen: control.len() as _,
            msg_flags: 0,
        };
        // SAFETY: the kernel only reads the buffers and the control messages.
        unsafe { syscalls::sendmsg(self.as_fd(), &message, flags.bits() | MSG_NOSIGNAL) }
    }

    /// Receives without control messages.
    ///
    /// # Safety
    ///
    /// What `bufs` points to may be written, and need not be initialized.
    #[inline]
    unsafe fn recvmsg(&self, bufs: &mut [iovec], flags: MessageFlags) -> Result<usize, Errno> {
        if Self::IS_STREAM && all_empty(bufs) {
            return Ok(0);
        }
        let mut message = message(bufs, ptr::null_mut(), 0);
        // SAFETY: as the caller vouches; there is no memory for control messages.
        let len = unsafe { syscalls::recvmsg(self.as_fd(), &mut message, flags.bits())? };
        complete(len, &message, flags).map(|received| received.len)
    }

    /// # Safety
    ///
    /// What `bufs` points to may be written, and need not be initialized.
    #[inline(always)]
    unsafe fn recvmsg_with_control(
        &self,
        bufs: &mut [iovec],
        control: &mut RecvControl<'_>,
        flags: MessageFlags,
    ) -> Result<Received, Errno> {
        let (memory, len) = control.as_raw_parts();
        if Self::IS_STREAM && all_empty(bufs) {
            return Ok(Received::default());
        }
        let mut message = message(bufs, memory, len);
        // SAFETY: as the caller vouches; the memory is for control messages.
        let result = unsafe { syscalls::recvmsg(self.as_fd(), &mut message, flags.bits() | control.recv_flags()) };
        // The message is as it was where the call failed, or where an emulator wrote nothing.
        let returned = MessageFlags::from_bits_retain(message.msg_flags);
        // SAFETY: one call may have written to the memory.
        unsafe { control.set_received(message.msg_controllen, returned) };
        // With an error, or at end of stream, Linux can install a pidfd, and write credentials of zeros: those of root.
        if result.is_err() || (Self::IS_STREAM && result == Ok(0)) {
            control.clear();
        }
        complete(result?, &message, flags)
    }
}

/// A message to receive, without an address.
#[inline]
fn message(bufs: &mut [iovec], control: *mut u8, controllen: usize) -> msghdr {
    msghdr {
        msg_name: ptr::null_mut(),
        msg_namelen: 0,
        msg_iov: bufs.as_mut_ptr().cast(),
        msg_iovlen: bufs.len() as _,
        msg_control: control.cast(),
        msg_controllen: controllen as _,
        msg_flags: 0,
    }
}

/// Uninitialized memory for a call that receives with `flags`, which are known where the call is compiled. It is initialized
/// unless the kernel writes as many bytes as it returns for every kind of descriptor. With `TRUNC` TCP writes none, and a future
/// flag may do the same.
#[inline]
fn writable(buf: &mut [MaybeUninit<u8>], flags: MessageFlags) -> iovec {
    const WRITES: MessageFlags = MessageFlags::PEEK
        .union(MessageFlags::DONTWAIT)
        .union(MessageFlags::WAITALL)
        .union(MessageFlags::OOB);
    if !WRITES.contains(flags) {
        for byte in &mut *buf {
            // SAFETY: the reference is valid. Volatile, or the compiler would call `memset`.
            unsafe { (&raw mut *byte).write_volatile(MaybeUninit::new(0)) };
        }
    }
    iovec {
        iov_base: buf.as_mut_ptr().cast(),
        iov_len: buf.len() as _,
    }
}

/// The first `len` bytes, or all if there are fewer.
///
/// # Safety
///
/// They are initialized.
#[inline]
unsafe fn written(buf: &mut [MaybeUninit<u8>], len: usize) -> &mut [u8] {
    // SAFETY: as the caller vouches.
    unsafe { slice::from_raw_parts_mut(buf.as_mut_ptr().cast(), len.min(buf.len())) }
}

/// On a stream the kernel would discard descriptors that came with the next byte, or fail with a pidfd installed.
#[inline]
fn all_empty(bufs: &[iovec]) -> bool {
    bufs.iter().all(|buf| buf.iov_len == 0)
}

/// What was received; `EMSGSIZE` for a truncated message, unless `flags` permit it.
#[inline]
fn complete(len: usize, message: &msghdr, flags: MessageFlags) -> Result<Received, Errno> {
    let returned = MessageFlags::from_bits_retain(message.msg_flags);
    if returned.contains(MessageFlags::TRUNC) && !flags.intersects(MessageFlags::TRUNC | MessageFlags::PEEK) {
        return Err(Errno::EMSGSIZE);
    }
    Ok(Received { len, flags: returned })
}

impl<T, Fd: AsFd> AsFd for Socket<T, Fd> {
    #[inline]
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl<T, Fd: AsFd> AsRawFd for Socket<T, Fd> {
    #[inline]
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

impl<T> FromRawFd for Socket<T> {
    /// The file descriptor is not checked: if it doesn't refer to an AF_UNIX socket of the type of `T`, calls fail or return
    /// what such a socket would not.
    #[inline]
    unsafe fn from_raw_fd(fd: RawFd) -> Self {
        // SAFETY: as the caller vouches.
        Self(unsafe { OwnedFd::from_raw_fd(fd) }, PhantomData)
    }
}

impl<T> IntoRawFd for Socket<T> {
    #[inline]
    fn into_raw_fd(self) -> RawFd {
        self.0.into_raw_fd()
    }
}

impl<T> From<Socket<T>> for OwnedFd {
    #[inline]
    fn from(socket: Socket<T>) -> Self {
        socket.0
    }
}

impl<T: Kind> TryFrom<OwnedFd> for Socket<T> {
    type Error = FromFdError;

    /// Checks with two getsockopt(2) that the file descriptor is an AF_UNIX socket of the type of `T`. Since Linux 2.6.32.
    #[inline]
    fn try_from(fd: OwnedFd) -> Result<Self, FromFdError> {
        check(fd)
    }
}

impl<'fd, T: Kind> TryFrom<BorrowedFd<'fd>> for Socket<T, BorrowedFd<'fd>> {
    type Error = FromFdError<BorrowedFd<'fd>>;

    /// Checks with two getsockopt(2) that the file descriptor is an AF_UNIX socket of the type of `T`. Since Linux 2.6.32.
    #[inline]
    fn try_from(fd: BorrowedFd<'fd>) -> Result<Self, Self::Error> {
        check(fd)
    }
}

fn check<T: Kind, Fd: AsFd>(fd: Fd) -> Result<Socket<T, Fd>, FromFdError<Fd>> {
    let socket = Socket(fd, PhantomData);
    let errno = match (socket.domain(), socket.socket_type()) {
        (Ok(Domain::UNIX), Ok(ty)) if ty == T::TYPE => return Ok(socket),
        (Ok(Domain::UNIX), Ok(_)) => Errno::EPROTOTYPE,
        (Err(errno), _) | (_, Err(errno)) => errno,
        _ => Errno::EAFNOSUPPORT,
    };
    Err(FromFdError { fd: socket.0, errno })
}

impl<Fd> FromFdError<Fd> {
    /// Why the conversion failed.
    ///
    /// - `ENOTSOCK`: the file descriptor is not a socket
    /// - `EAFNOSUPPORT`: it is a socket of another domain than AF_UNIX
    /// - `EPROTOTYPE`: it is a socket of another type
    /// - `EBADF`: it was opened with `O_PATH`
    /// - `ENOPROTOOPT`: before Linux 2.6.32
    #[inline]
    #[must_use]
    pub const fn errno(&self) -> Errno {
        self.errno
    }

    /// The file descriptor, as it was.
    #[inline]
    #[must_use]
    pub fn into_fd(self) -> Fd {
        self.fd
    }

    #[cfg(feature = "std")]
    pub(crate) fn map<T>(self, f: impl FnOnce(Fd) -> T) -> FromFdError<T> {
        FromFdError {
            fd: f(self.fd),
            errno: self.errno,
        }
    }
}

impl<Fd> From<FromFdError<Fd>> for Errno {
    #[inline]
    fn from(error: FromFdError<Fd>) -> Self {
        error.errno
    }
}

impl<Fd> fmt::Display for FromFdError<Fd> {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the file descriptor is not a socket of the expected kind: {}",
            self.errno
        )
    }
}

impl<Fd> fmt::Debug for FromFdError<Fd> {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FromFdError")
            .field("errno", &self.errno)
            .finish_non_exhaustive()
    }
}

impl<Fd> error::Error for FromFdError<Fd> {}

impl<T: Kind, Fd: AsFd> fmt::Debug for Socket<T, Fd> {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match T::TYPE {
            SocketType::STREAM => "UnixStream",
            SocketType::DGRAM => "UnixDatagram",
            _ => "UnixSeqpacket",
        };
        f.debug_struct(name).field("fd", &self.as_raw_fd()).finish()
    }
}
