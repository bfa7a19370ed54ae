//! Many messages per system call.

use core::{fmt, marker::PhantomData, ptr, slice};
use linux_raw_sys::net::{MSG_NOSIGNAL, mmsghdr, msghdr};

use super::control::{RecvControl, SendControl};
use super::kind::Messages;
use super::{Received, Socket};
use crate::buffers::{IoSlice, IoSliceMut};
use crate::errno::Errno;
use crate::fd::AsFd;
use crate::syscalls;
use crate::types::MessageFlags;
use crate::uapi::MSG_WAITFORONE;

/// A message for [`send_messages`](Socket::send_messages). In memory it is the kernel's `mmsghdr`.
#[doc(alias = "mmsghdr")]
#[repr(transparent)]
pub struct SendMessage<'a>(mmsghdr, PhantomData<(&'a [IoSlice<'a>], &'a SendControl<'a>)>);

/// The buffers into which [`recv_messages`](Socket::recv_messages) receives a message, and afterwards what was received. In
/// memory it is the kernel's `mmsghdr`.
///
/// It can be used for one call after another.
#[doc(alias = "mmsghdr")]
#[repr(transparent)]
pub struct RecvMessage<'a>(mmsghdr, PhantomData<&'a mut [u8]>);

// SAFETY: it is shared references.
unsafe impl Send for SendMessage<'_> {}
// SAFETY: it is shared references.
unsafe impl Sync for SendMessage<'_> {}
// SAFETY: it is a `&mut [IoSliceMut]`.
unsafe impl Send for RecvMessage<'_> {}
// SAFETY: it is a `&mut [IoSliceMut]`.
unsafe impl Sync for RecvMessage<'_> {}

impl<'a> SendMessage<'a> {
    /// A message that consists of these buffers, in their order.
    #[inline]
    #[must_use]
    pub const fn new(bufs: &'a [IoSlice<'a>]) -> Self {
        Self(header(bufs.as_ptr().cast_mut(), bufs.len()), PhantomData)
    }

    /// A message that consists of these buffers, with control messages.
    #[inline]
    #[must_use]
    pub fn with_control(bufs: &'a [IoSlice<'a>], control: &'a SendControl<'a>) -> Self {
        let mut message = Self::new(bufs);
        let control = control.as_bytes();
        message.0.msg_hdr.msg_control = control.as_ptr().cast_mut().cast();
        message.0.msg_hdr.msg_controllen = control.len() as _;
        message
    }
}

impl<'a> RecvMessage<'a> {
    /// Receives a message into these buffers, filling one after the other.
    #[inline]
    #[must_use]
    pub const fn new<'b: 'a>(bufs: &'a mut [IoSliceMut<'b>]) -> Self {
        Self(header(bufs.as_mut_ptr(), bufs.len()), PhantomData)
    }

    /// What was received last: 0 bytes and no flags if there was no message.
    ///
    /// # Errors
    ///
    /// - `EMSGSIZE`: the message is longer than the buffers, which hold its beginning
    #[inline]
    pub fn received(&self) -> Result<Received, Errno> {
        let received = self.partially_received();
        if received.flags.contains(MessageFlags::TRUNC) {
            Err(Errno::EMSGSIZE)
        } else {
            Ok(received)
        }
    }

    /// What was received last, even if the message is longer than the buffers: then the flags contain
    /// [`TRUNC`](MessageFlags::TRUNC).
    #[inline]
    #[must_use]
    pub const fn partially_received(&self) -> Received {
        Received {
            len: self.0.msg_len as usize,
            flags: MessageFlags::from_bits_retain(self.0.msg_hdr.msg_flags),
        }
    }

    /// The buffers.
    #[inline]
    #[must_use]
    pub const fn bufs(&self) -> &[IoSliceMut<'a>] {
        let message = &self.0.msg_hdr;
        // SAFETY: they are those of `new`, which live as long, and it is the only reference to them.
        unsafe { slice::from_raw_parts(message.msg_iov.cast(), message.msg_iovlen) }
    }
}

const fn header<T>(bufs: *mut T, count: usize) -> mmsghdr {
    mmsghdr {
        msg_hdr: msghdr {
            msg_name: ptr::null_mut(),
            msg_namelen: 0,
            msg_iov: bufs.cast(),
            msg_iovlen: count as _,
            msg_control: ptr::null_mut(),
            msg_controllen: 0,
            msg_flags: 0,
        },
        msg_len: 0,
    }
}

impl<T: Messages, Fd: AsFd> Socket<T, Fd> {
    /// Sends several messages, each with its control messages, in one system call, and returns how many were sent: perhaps fewer
    /// than there are, and at most 1024. Since Linux 3.0.
    ///
    /// If it sends fewer, the next one would have failed, or a signal interrupted the wait. That error is not kept: the call
    /// that sends the rest returns it, if it persists.
    ///
    /// It enters the kernel once instead of once per message, but costs more per message than [`send`](Self::send), so it is
    /// faster with control messages, and where entering the kernel is expensive: measure it.
    ///
    /// Streams don't have it, since a message that was sent in part would be followed by the next one.
    ///
    /// # Errors
    ///
    /// Those of [`send_message`](Self::send_message), for the first message, and:
    ///
    /// - `ENOSYS`: an older kernel, or a seccomp filter
    ///
    /// ```
    /// use linux_socketpair::{Errno, IoSlice, IoSliceMut, RecvMessage, SendMessage, UnixSeqpacket};
    ///
    /// let (a, b) = UnixSeqpacket::pair()?;
    /// let bufs = [[IoSlice::new(b"one")], [IoSlice::new(b"two")], [IoSlice::new(b"three")]];
    /// let mut messages = bufs.each_ref().map(|bufs| SendMessage::new(bufs));
    /// assert_eq!(a.send_messages(&mut messages)?, 3);
    ///
    /// let mut memory = [[0; 16]; 8];
    /// let mut bufs = memory.each_mut().map(|buf| [IoSliceMut::new(buf)]);
    /// let mut messages = bufs.each_mut().map(|bufs| RecvMessage::new(bufs));
    /// let count = b.recv_messages(&mut messages, &mut [])?;
    /// for message in &messages[..count] {
    ///     let len = message.received()?.len;
    ///     println!("{:?}", &message.bufs()[0][..len]);
    /// }
    /// assert_eq!(count, 3);
    /// # Ok::<(), Errno>(())
    /// ```
    ///
    /// Manual page: [sendmmsg(2)](https://man7.org/linux/man-pages/man2/sendmmsg.2.html).
    #[doc(alias = "sendmmsg")]
    #[inline]
    pub fn send_messages(&self, messages: &mut [SendMessage<'_>]) -> Result<usize, Errno> {
        self.send_messages_with_flags(messages, MessageFlags::empty())
    }

    /// Sends like [`send_messages`](Self::send_messages), with flags for each message.
    ///
    /// # Errors
    ///
    /// Those of [`send_messages`](Self::send_messages) and [`send_with_flags`](Self::send_with_flags).
    #[doc(alias = "sendmmsg")]
    #[inline]
    pub fn send_messages_with_flags(
        &self,
        messages: &mut [SendMessage<'_>],
        flags: MessageFlags,
    ) -> Result<usize, Errno> {
        // SAFETY: each is a mmsghdr in memory.
        let messages = unsafe { slice::from_raw_parts_mut(messages.as_mut_ptr().cast(), messages.len()) };
        // SAFETY: the kernel only reads the buffers and the control messages, which are borrowed.
        let count = unsafe { syscalls::sendmmsg(self.as_fd(), messages, flags.bits() | MSG_NOSIGNAL)? };
        Ok(count.min(messages.len()))
    }

    /// Receives the messages that have arrived, each with its control messages, in one system call, and returns how many were
    /// received. It waits only for the first one, `MSG_WAITFORONE`. Since Linux 2.6.33.
    ///
    /// Control messages are put into the [`RecvControl`] at the same position in `controls`; a message beyond their number has no
    /// memory for control messages. What `controls` held before is discarded, and those without a message are empty afterwards.
    /// File descriptors are close-on-exec if any one of `controls` [requests it](RecvControl::set_close_on_exec), which is the
    /// default.
    ///
    /// [`RecvMessage::received`] returns an error for a truncated message, and [`RecvControl::messages`] for discarded control
    /// messages.
    ///
    /// At end of stream (EOF) of a [`UnixSeqpacket`](crate::UnixSeqpacket) all `messages` are received, each with 0 bytes.
    ///
    /// It does not pass a timeout to recvmmsg(2), because the kernel checks that only when a message has arrived, and could wait
    /// indefinitely. Use [`set_recv_timeout`](Self::set_recv_timeout) or [`poll`](crate::poll()).
    ///
    /// # Errors
    ///
    /// Those of [`recv_message`](Self::recv_message), without `EMSGSIZE`, and:
    ///
    /// - `ENOSYS`: an older kernel, or a seccomp filter
    ///
    /// An error after the first message ends the call, which returns how many were received before. Unless it is `EAGAIN`, the
    /// kernel keeps it in the socket: the next call that sends or receives, or [`take_error`](Self::take_error), returns it.
    ///
    /// Manual page: [recvmmsg(2)](https://man7.org/linux/man-pages/man2/recvmmsg.2.html).
    ///
    /// ```
    /// use linux_socketpair::{
    ///     AsFd, Errno, IoSlice, IoSliceMut, RecvControl, RecvMessage, SendControl, SendMessage, UnixDatagram, space,
    /// };
    /// use std::mem::MaybeUninit;
    ///
    /// let (a, b) = UnixDatagram::pair()?;
    /// let mut memory = [MaybeUninit::uninit(); space::rights(1)];
    /// let mut control = SendControl::new(&mut memory);
    /// control.push_rights([a.as_fd()])?;
    /// let bufs = [IoSlice::new(b"x")];
    /// let mut messages = [SendMessage::new(&bufs), SendMessage::with_control(&bufs, &control)];
    /// a.send_messages(&mut messages)?;
    ///
    /// let mut memory = [[MaybeUninit::uninit(); space::rights(1)]; 4];
    /// let mut controls = memory.each_mut().map(|memory| RecvControl::new(memory));
    /// let mut memory = [[0; 16]; 4];
    /// let mut bufs = memory.each_mut().map(|buf| [IoSliceMut::new(buf)]);
    /// let mut messages = bufs.each_mut().map(|bufs| RecvMessage::new(bufs));
    /// assert_eq!(b.recv_messages(&mut messages, &mut controls)?, 2);
    /// assert_eq!(controls[0].descriptors()?.count(), 0);
    /// assert_eq!(controls[1].descriptors()?.count(), 1);
    /// # Ok::<(), Errno>(())
    /// ```
    #[doc(alias("recvmmsg", "MSG_WAITFORONE"))]
    #[inline]
    pub fn recv_messages(
        &self,
        messages: &mut [RecvMessage<'_>],
        controls: &mut [RecvControl<'_>],
    ) -> Result<usize, Errno> {
        self.recv_messages_with_flags(messages, controls, MessageFlags::empty())
    }

    /// Receives like [`recv_messages`](Self::recv_messages), with flags for each message.
    ///
    /// With [`PEEK`](MessageFlags::PEEK) every message is the first one, unless there is a [`peek_offset`](Self::peek_offset).
    /// With [`TRUNC`](MessageFlags::TRUNC) [`partially_received`](RecvMessage::partially_received) returns the whole length of a
    /// message that was truncated.
    ///
    /// # Errors
    ///
    /// Those of [`recv_messages`](Self::recv_messages) and [`recv_with_flags`](Self::recv_with_flags).
    #[doc(alias = "recvmmsg")]
    pub fn recv_messages_with_flags(
        &self,
        messages: &mut [RecvMessage<'_>],
        controls: &mut [RecvControl<'_>],
        flags: MessageFlags,
    ) -> Result<usize, Errno> {
        // SAFETY: each is a mmsghdr in memory.
        let messages = unsafe { slice::from_raw_parts_mut(messages.as_mut_ptr().cast::<mmsghdr>(), messages.len()) };
        let mut flags = flags.bits() | MSG_WAITFORONE;
        let mut each_control = controls.iter_mut();
        for message in &mut *messages {
            let (memory, len) = match each_control.next() {
                Some(control) => {
                    flags |= control.recv_flags();
                    control.as_raw_parts()
                }
                None => (ptr::null_mut(), 0),
            };
            message.msg_hdr.msg_control = memory.cast();
            message.msg_hdr.msg_controllen = len as _;
            message.msg_hdr.msg_flags = 0;
            message.msg_len = 0;
        }
        each_control.for_each(RecvControl::clear);
        // SAFETY: the buffers and the memory for control messages may be written.
        let result = unsafe { syscalls::recvmmsg(self.as_fd(), messages, flags) };
        let count = result.unwrap_or(0).min(messages.len());
        for (at, (message, control)) in messages.iter().zip(controls).enumerate() {
            let message = &message.msg_hdr;
            if at < count {
                let flags = MessageFlags::from_bits_retain(message.msg_flags);
                // SAFETY: the memory was written by this call, or by none.
                unsafe { control.set_received(message.msg_controllen, flags) };
            } else if !control.is_empty() {
                // The call failed after it had installed a pidfd.
                // SAFETY: as above.
                unsafe { control.set_received(usize::MAX, MessageFlags::empty()) };
                control.clear();
            }
        }
        result.map(|_| count)
    }
}

impl fmt::Debug for SendMessage<'_> {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendMessage")
            .field("bufs", &self.0.msg_hdr.msg_iovlen)
            .field("control", &self.0.msg_hdr.msg_controllen)
            .finish()
    }
}

impl fmt::Debug for RecvMessage<'_> {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecvMessage")
            .field("bufs", &self.0.msg_hdr.msg_iovlen)
            .field("received", &self.partially_received())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_memory_a_message_is_a_mmsghdr() {
        let mmsghdr = (size_of::<mmsghdr>(), align_of::<mmsghdr>());
        assert_eq!((size_of::<SendMessage<'_>>(), align_of::<SendMessage<'_>>()), mmsghdr);
        assert_eq!((size_of::<RecvMessage<'_>>(), align_of::<RecvMessage<'_>>()), mmsghdr);
    }
}
