//! The methods that only streams have.

use core::{error, fmt, slice};
use linux_raw_sys::general::iovec;

use super::control::{RecvControl, SendControl};
use super::{Socket, kind::Stream, message};
use crate::buffers::{IoSlice, IoSliceMut};
use crate::errno::Errno;
use crate::fd::AsFd;
use crate::syscalls;
use crate::types::MessageFlags;
use crate::uapi::UIO_MAXIOV;

/// [`send_all`](Socket::send_all), [`recv_exact`](Socket::recv_exact), [`send_message_all`](Socket::send_message_all) or
/// [`recv_message_exact`](Socket::recv_message_exact) ended before it was done.
///
/// As an [`Errno`] it is the errno, and `ENODATA` for end of stream (EOF).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Incomplete {
    /// How many bytes this call sent or received. Where it continues after `EAGAIN`, 0 at end of stream doesn't mean that no byte
    /// of the message was received.
    pub done: usize,
    /// Why no more bytes were sent or received; `None` for end of stream.
    pub errno: Option<Errno>,
}

impl<Fd: AsFd> Socket<Stream, Fd> {
    /// Sends all of `buf`, even if the kernel accepts it in parts or signals interrupt the system call.
    ///
    /// # Errors
    ///
    /// [`Incomplete`] with the errno of [`send`](Self::send), and how many bytes were sent before.
    ///
    /// ```
    /// use linux_socketpair::{Incomplete, UnixStream};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let (a, b) = UnixStream::pair()?;
    /// let mut received = [0; 5];
    /// a.send_all(b"hello and goodbye")?;
    /// b.recv_exact(&mut received)?;
    /// assert_eq!(&received, b"hello");
    ///
    /// drop(a);
    /// assert_eq!(b.recv_exact(&mut [0; 100]), Err(Incomplete { done: 12, errno: None }));
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn send_all(&self, buf: &[u8]) -> Result<(), Incomplete> {
        let mut rest = buf;
        while !rest.is_empty() {
            match self.send(rest) {
                Ok(len @ 1..) => rest = rest.get(len..).unwrap_or_default(),
                Err(Errno::EINTR) => {}
                result => {
                    return Err(Incomplete {
                        done: buf.len() - rest.len(),
                        errno: result.err(),
                    });
                }
            }
        }
        Ok(())
    }

    /// Fills `buf`, even if the bytes arrive in parts or signals interrupt the system call.
    ///
    /// # Errors
    ///
    /// [`Incomplete`] with the errno of [`recv`](Self::recv), or without one for end of stream, and how many bytes were
    /// received before.
    ///
    /// The example of [`send_all`](Self::send_all) shows it.
    #[inline]
    pub fn recv_exact(&self, buf: &mut [u8]) -> Result<(), Incomplete> {
        let mut done = 0;
        while let Some(rest) = buf.get_mut(done..).filter(|rest| !rest.is_empty()) {
            match self.recv(rest) {
                Ok(0) => return Err(Incomplete { done, errno: None }),
                Ok(len) => done += len,
                Err(Errno::EINTR) => {}
                Err(errno) => {
                    let errno = Some(errno);
                    return Err(Incomplete { done, errno });
                }
            }
        }
        Ok(())
    }

    /// Sends all bytes of several buffers, together with control messages, which are sent exactly once: with the first byte.
    ///
    /// What was sent is removed from `bufs`; the first byte that is sent also removes the messages from `control`. So after an
    /// error the same call with the same arguments continues: nothing is sent twice, and nothing is omitted.
    ///
    /// # Errors
    ///
    /// [`Incomplete`] with how many bytes were sent by this call, and the errno of [`send_message`](Self::send_message). The
    /// errno is never `EINTR`, after which the system call is repeated, nor `EMSGSIZE`: any number of buffers is sent.
    ///
    /// ```
    /// use linux_socketpair::{
    ///     AsFd, Errno, Incomplete, IoSlice, PollFd, PollFlags, SendControl, UnixStream, poll, space,
    /// };
    /// use std::mem::MaybeUninit;
    ///
    /// /// A message with a length in front of it, through a socket that may be nonblocking.
    /// fn send(through: &UnixStream, bytes: &[u8], fd: impl AsFd) -> Result<(), Errno> {
    ///     let mut memory = [MaybeUninit::uninit(); space::rights(1)];
    ///     let mut control = SendControl::new(&mut memory);
    ///     control.push_rights([fd.as_fd()])?;
    ///     let len = (bytes.len() as u32).to_ne_bytes();
    ///     let mut bufs = [IoSlice::new(&len), IoSlice::new(bytes)];
    ///     loop {
    ///         match through.send_message_all(&mut bufs, &mut control) {
    ///             Err(Incomplete { errno: Some(Errno::EAGAIN), .. }) => {
    ///                 poll(&mut [PollFd::new(through, PollFlags::OUT)], None)?;
    ///             }
    ///             result => return result.map_err(Errno::from),
    ///         }
    ///     }
    /// }
    /// # let (a, b) = UnixStream::pair()?;
    /// # send(&a, b"hello", &b)?;
    /// # b.recv_exact(&mut [0; 9])?;
    /// # Ok::<(), Errno>(())
    /// ```
    ///
    /// Manual page: [sendmsg(2)](https://man7.org/linux/man-pages/man2/sendmsg.2.html).
    #[doc(alias("sendmsg", "SCM_RIGHTS"))]
    pub fn send_message_all(&self, bufs: &mut [IoSlice<'_>], control: &mut SendControl<'_>) -> Result<(), Incomplete> {
        // SAFETY: the buffers are iovecs in memory, which are only advanced.
        let bufs = unsafe { slice::from_raw_parts_mut(bufs.as_mut_ptr().cast::<iovec>(), bufs.len()) };
        let mut done = 0;
        loop {
            let rest = unfinished(bufs);
            if rest.is_empty() && control.as_bytes().is_empty() {
                return Ok(());
            }
            // SAFETY: they are what the buffers were, or a part of that.
            let unsent = unsafe { slice::from_raw_parts(rest.as_ptr().cast::<IoSlice<'_>>(), rest.len()) };
            match self.send_message(unsent, control) {
                Ok(len @ 1..) => {
                    control.clear();
                    done += advance(rest, len);
                }
                Err(Errno::EINTR) => {}
                result => {
                    let errno = result.err();
                    return Err(Incomplete { done, errno });
                }
            }
        }
    }

    /// Fills several buffers, and adds all control messages that come along to those that `control` holds.
    ///
    /// One recvmsg(2) returns a part: the bytes that have arrived, at most up to the last byte that was sent with file
    /// descriptors. This method receives as many parts as are needed, and nothing beyond them. A control message comes with the
    /// first byte that it was sent with. What was filled is removed from `bufs`. So after an error the same call with the same
    /// arguments continues: nothing is discarded.
    ///
    /// [`clear`](RecvControl::clear) `control` before another message begins. Its memory needs space for
    ///
    /// - the file descriptors of all parts: [`space::rights`](crate::space::rights) for each part, at most
    ///   [`space::rights(1)`](crate::space::rights) for each file descriptor;
    /// - twice what the kernel reports about the sender and the bytes that are left to receive, which comes with each part.
    ///   Equal credentials and labels are kept once, and with equal credentials the first pidfd; those of different senders are
    ///   all kept. Only the last count of bytes is kept.
    ///
    /// Control messages for which the space is too small are discarded, and so are file descriptors beyond
    /// [`set_max_descriptors`](RecvControl::set_max_descriptors), which counts those of all parts. All bytes are still
    /// received, and [`RecvControl::messages`] and [`descriptors`](RecvControl::descriptors) return the error.
    ///
    /// # Errors
    ///
    /// [`Incomplete`] with how many bytes were received by this call, and the errno of [`recv_message`](Self::recv_message), or
    /// without one for end of stream. `control` keeps what was received. The errno is never `EINTR`, after which the system call
    /// is repeated, nor `EMSGSIZE`: any number of buffers is filled.
    ///
    /// ```
    /// use linux_socketpair::{Errno, Incomplete, IoSliceMut, OwnedFd, RecvControl, UnixStream, space};
    /// use std::mem::MaybeUninit;
    ///
    /// /// A message with a length in front of it, at most 1 MiB, and at most four file descriptors. `None` at end of stream.
    /// fn recv(from: &UnixStream) -> Result<Option<(Vec<u8>, Vec<OwnedFd>)>, Errno> {
    ///     let mut memory = [MaybeUninit::uninit(); 4 * space::rights(1)];
    ///     let mut control = RecvControl::new(&mut memory);
    ///     control.set_max_descriptors(4);
    ///     let mut len = [0; 4];
    ///     match from.recv_message_exact(&mut [IoSliceMut::new(&mut len)], &mut control) {
    ///         Err(Incomplete { done: 0, errno: None }) => return Ok(None),
    ///         result => result?,
    ///     }
    ///     let len = u32::from_le_bytes(len) as usize;
    ///     if len > 1 << 20 {
    ///         return Err(Errno::EMSGSIZE);
    ///     }
    ///     let mut bytes = vec![0; len];
    ///     from.recv_message_exact(&mut [IoSliceMut::new(&mut bytes)], &mut control)?;
    ///     let fds = control.descriptors()?.collect::<Result<_, _>>()?;
    ///     Ok(Some((bytes, fds)))
    /// }
    /// # let (a, b) = UnixStream::pair()?;
    /// # a.send_all(b"\x05\0\0\0hello")?;
    /// # drop(a);
    /// # assert_eq!(recv(&b)?.map(|(bytes, _)| bytes).as_deref(), Some(&b"hello"[..]));
    /// # assert!(recv(&b)?.is_none());
    /// # Ok::<(), Errno>(())
    /// ```
    ///
    /// Manual page: [recvmsg(2)](https://man7.org/linux/man-pages/man2/recvmsg.2.html).
    #[doc(alias("recvmsg", "SCM_RIGHTS"))]
    pub fn recv_message_exact(
        &self,
        bufs: &mut [IoSliceMut<'_>],
        control: &mut RecvControl<'_>,
    ) -> Result<(), Incomplete> {
        // SAFETY: the buffers are iovecs in memory, which are only advanced.
        let bufs = unsafe { slice::from_raw_parts_mut(bufs.as_mut_ptr().cast::<iovec>(), bufs.len()) };
        let mut done = 0;
        loop {
            let rest = unfinished(bufs);
            if rest.is_empty() {
                return Ok(());
            }
            // SAFETY: they are what the buffers were, or a part of that, and may be written.
            match unsafe { self.recv_part(rest, control) } {
                Ok(len @ 1..) => done += advance(rest, len),
                Err(Errno::EINTR) => {}
                result => {
                    let errno = result.err();
                    return Err(Incomplete { done, errno });
                }
            }
        }
    }

    /// Receives a part of a message, and adds the control messages that come with it.
    ///
    /// # Safety
    ///
    /// What `bufs` points to may be written.
    unsafe fn recv_part(&self, bufs: &mut [iovec], control: &mut RecvControl<'_>) -> Result<usize, Errno> {
        let (memory, len) = control.rest_as_raw_parts();
        let mut message = message(bufs, memory, len);
        // Not MSG_WAITALL, with which gVisor discards descriptors.
        let flags = control.recv_flags();
        // SAFETY: as the caller vouches; the memory is for control messages.
        let result = unsafe { syscalls::recvmsg(self.as_fd(), &mut message, flags) };
        let returned = MessageFlags::from_bits_retain(message.msg_flags);
        // With an error, or at end of stream, Linux can install a pidfd, and write credentials of zeros: those of root.
        let is_part = matches!(result, Ok(1..));
        // SAFETY: one call may have written to the memory.
        unsafe { control.add_received(message.msg_controllen, returned, is_part) };
        result
    }
}

/// The buffers from the first that is not empty on, as many as a call accepts.
fn unfinished(bufs: &mut [iovec]) -> &mut [iovec] {
    let first = bufs.iter().position(|buf| buf.iov_len > 0).unwrap_or(bufs.len());
    let rest = bufs.get_mut(first..).unwrap_or_default();
    let count = rest.len().min(UIO_MAXIOV as usize);
    rest.get_mut(..count).unwrap_or_default()
}

/// Removes the first `len` bytes of the buffers, or all if there are fewer, and returns how many.
fn advance(bufs: &mut [iovec], len: usize) -> usize {
    let mut rest = len;
    for buf in bufs {
        let taken = rest.min(buf.iov_len as usize);
        buf.iov_base = buf.iov_base.wrapping_byte_add(taken);
        buf.iov_len = (buf.iov_len as usize - taken) as _;
        rest -= taken;
    }
    len - rest
}

impl fmt::Display for Incomplete {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.errno {
            Some(errno) => write!(f, "after {} bytes: {errno}", self.done),
            None => write!(f, "end of stream after {} bytes", self.done),
        }
    }
}

impl error::Error for Incomplete {}

impl From<Incomplete> for Errno {
    #[inline]
    fn from(incomplete: Incomplete) -> Self {
        incomplete.errno.unwrap_or(Self::ENODATA)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As an emulator may return.
    #[test]
    fn more_bytes_than_the_buffers_have_are_not_counted() {
        let mut memory = [0_u8; 3];
        let mut bufs = [iovec {
            iov_base: memory.as_mut_ptr().cast(),
            iov_len: 3,
        }];
        assert_eq!((advance(&mut bufs, 2), bufs[0].iov_len), (2, 1));
        assert_eq!((advance(&mut bufs, 2), bufs[0].iov_len), (1, 0));
        assert_eq!(advance(&mut bufs, 2), 0);
    }
}
