//! What only a stream can do.

use core::{error, fmt};

use super::{Socket, kind::Stream};
use crate::errno::Errno;
use crate::fd::AsFd;

/// [`send_all`](Socket::send_all) or [`recv_exact`](Socket::recv_exact) ended before it was done.
///
/// As an [`Errno`] it is the errno, and `ENODATA` for end of stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Incomplete {
    /// How many bytes were sent or received.
    pub done: usize,
    /// Why no more were; `None` for end of stream.
    pub errno: Option<Errno>,
}

impl<Fd: AsFd> Socket<Stream, Fd> {
    /// Sends all of `buf`, however often the kernel accepts only a part of it or a signal interrupts.
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

    /// Fills `buf`, however often the kernel returns only a part of it or a signal interrupts.
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
