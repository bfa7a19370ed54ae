//! The methods that only sockets have that keep the boundaries of messages.

use core::mem::MaybeUninit;
use linux_raw_sys::net::{MSG_PEEK, MSG_TRUNC};

use super::control::{RecvControl, space};
use super::kind::{Messages, Seqpacket};
use super::{Received, Socket};
use crate::buffers::IoSliceMut;
use crate::errno::Errno;
use crate::fd::AsFd;
use crate::syscalls;
use crate::types::MessageFlags;

impl<T: Messages, Fd: AsFd> Socket<T, Fd> {
    /// Waits for a message and returns its length in bytes, without receiving it.
    ///
    /// [`UnixDatagram`](crate::UnixDatagram) and [`UnixSeqpacket`](crate::UnixSeqpacket) describe what 0 means. Since Linux
    /// 3.4; before, the result is always 0.
    ///
    /// # Errors
    ///
    /// Those of [`recv`](Self::recv), without `EMSGSIZE`.
    ///
    /// ```
    /// use linux_socketpair::{Errno, UnixDatagram};
    ///
    /// let (a, b) = UnixDatagram::pair()?;
    /// a.send(b"hello")?;
    /// let mut buf = vec![0; b.next_message_len()?];
    /// assert_eq!(b.recv(&mut buf)?, 5);
    /// # Ok::<(), Errno>(())
    /// ```
    ///
    /// Manual page: [recv(2)](https://man7.org/linux/man-pages/man2/recv.2.html).
    #[doc(alias("MSG_TRUNC", "MSG_PEEK"))]
    #[inline]
    pub fn next_message_len(&self) -> Result<usize, Errno> {
        self.next_message_len_with_flags(MessageFlags::empty())
    }

    /// The length that [`next_message_len`](Self::next_message_len) returns, with flags, such as
    /// [`DONTWAIT`](MessageFlags::DONTWAIT).
    ///
    /// # Errors
    ///
    /// Those of [`recv_with_flags`](Self::recv_with_flags), without `EMSGSIZE`.
    #[inline]
    pub fn next_message_len_with_flags(&self, flags: MessageFlags) -> Result<usize, Errno> {
        syscalls::recvfrom(self.as_fd(), &mut [], flags.bits() | MSG_PEEK | MSG_TRUNC)
    }
}

impl<Fd: AsFd> Socket<Seqpacket, Fd> {
    /// Receives a message and returns its length, or `None` for end of stream (EOF).
    ///
    /// An empty message has length 0 too, but only a message comes with credentials, so
    /// [`set_pass_credentials`](Self::set_pass_credentials) must have been set on this end. File descriptors that come along
    /// are closed.
    ///
    /// # Errors
    ///
    /// Those of [`recv`](Self::recv), and:
    ///
    /// - `EINVAL`: 0 bytes were received, and [`set_pass_credentials`](Self::set_pass_credentials) is off, so that their meaning
    ///   is unknown
    ///
    /// ```
    /// use linux_socketpair::{Errno, UnixSeqpacket};
    ///
    /// let (a, b) = UnixSeqpacket::pair()?;
    /// b.set_pass_credentials(true)?;
    /// a.send(b"")?;
    /// drop(a);
    /// assert_eq!(b.recv_or_eof(&mut [0; 8]), Ok(Some(0)));
    /// assert_eq!(b.recv_or_eof(&mut [0; 8]), Ok(None));
    /// # Ok::<(), Errno>(())
    /// ```
    #[inline]
    pub fn recv_or_eof(&self, buf: &mut [u8]) -> Result<Option<usize>, Errno> {
        let mut memory = [MaybeUninit::uninit(); space::CREDENTIALS];
        let mut control = RecvControl::new(&mut memory);
        let Received { len, .. } = self.recv_message(&mut [IoSliceMut::new(buf)], &mut control)?;
        match (len, control.is_empty()) {
            (0, true) if self.pass_credentials()? => Ok(None),
            (0, true) => Err(Errno::EINVAL),
            _ => Ok(Some(len)),
        }
    }
}
