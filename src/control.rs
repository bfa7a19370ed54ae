//! Control messages as what they carry: sent ones borrow their descriptors, received ones own theirs.

use core::{error, fmt, marker::PhantomData, mem, mem::MaybeUninit, slice};
use linux_raw_sys::net::{SCM_CREDENTIALS, SCM_RIGHTS, SCM_SECURITY, SOL_SOCKET};

use crate::descriptor::Descriptor;
use crate::errno::{Errno, decode};
use crate::message::{self, Message, Messages};
use crate::types::{MessageFlags, RawFd};
use crate::uapi::SCM_PIDFD;

/// How much space control messages take: the parameter of [`SendControl`] and [`RecvControl`], in words.
///
/// For several messages, add up.
///
/// ```
/// use linux_socketpair::{RecvControl, space};
///
/// let control = RecvControl::<{ space::rights(3) + space::CREDENTIALS }>::new();
/// ```
pub mod space {
    use crate::message::words;

    /// What a message of `SCM_RIGHTS` takes that carries `count` descriptors. The kernel lets at most 253 pass at once.
    #[must_use]
    pub const fn rights(count: usize) -> usize {
        words(count * 4)
    }

    /// What a message of `SCM_CREDENTIALS` takes.
    pub const CREDENTIALS: usize = words(12);

    /// What a message of `SCM_PIDFD` takes.
    pub const PIDFD: usize = words(4);

    /// What a message of `SCM_SECURITY` takes whose label has `len` bytes.
    #[must_use]
    pub const fn security(len: usize) -> usize {
        words(len)
    }
}

/// Who a process is, or was when it sent.
///
/// Manual page: [unix(7)](https://man7.org/linux/man-pages/man7/unix.7.html).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(C)]
pub struct Credentials {
    /// The process, as the receiver's PID namespace numbers it; 0 if it isn't in there.
    pub pid: i32,
    /// The user.
    pub uid: u32,
    /// The group.
    pub gid: u32,
}

/// Control messages to be sent by [`Socket::send_message`](crate::Socket::send_message), in `WORDS` words of [`space`].
///
/// A sender sends descriptors and credentials. Pidfds and security labels the kernel adds by itself, for a receiver that
/// asks; from a sender it takes none (`EINVAL`).
pub struct SendControl<'fd, const WORDS: usize> {
    space: [MaybeUninit<usize>; WORDS],
    used: usize,
    descriptors: PhantomData<&'fd Descriptor>,
}

impl<'fd, const WORDS: usize> SendControl<'fd, WORDS> {
    /// None as yet.
    #[inline]
    #[must_use]
    pub const fn new() -> Self {
        Self {
            space: [const { MaybeUninit::uninit() }; WORDS],
            used: 0,
            descriptors: PhantomData,
        }
    }

    /// Adds a message that passes descriptors: the receiver gets duplicates, and these stay open here.
    ///
    /// # Errors
    ///
    /// - `ENOBUFS`: it doesn't fit into the space that is left
    ///
    /// More than 253 descriptors the kernel refuses when they are sent, with `EINVAL`.
    #[inline]
    pub fn rights(&mut self, descriptors: &'fd [impl AsRef<Descriptor>]) -> Result<(), Errno> {
        self.message(
            SCM_RIGHTS,
            descriptors.iter().map(|descriptor| descriptor.as_ref().as_raw_fd()),
        )
    }

    /// Adds a message that says who is sending. The kernel checks it: whoever lies needs the capability to.
    ///
    /// # Errors
    ///
    /// - `ENOBUFS`: it doesn't fit into the space that is left
    #[inline]
    pub fn credentials(&mut self, Credentials { pid, uid, gid }: Credentials) -> Result<(), Errno> {
        self.message(SCM_CREDENTIALS, [pid, uid as i32, gid as i32].into_iter())
    }

    #[inline]
    fn message(&mut self, ty: u32, payload: impl ExactSizeIterator<Item = i32>) -> Result<(), Errno> {
        let space = self.space.get_mut(self.used..).unwrap_or_default();
        let rest = message::write(space, SOL_SOCKET, ty, payload)
            .ok_or(Errno::ENOBUFS)?
            .len();
        self.used = WORDS - rest;
        Ok(())
    }

    /// What was added, as the kernel reads it.
    #[inline]
    pub(crate) fn as_words(&self) -> &[MaybeUninit<usize>] {
        self.space.get(..self.used).unwrap_or_default()
    }
}

impl<const WORDS: usize> Default for SendControl<'_, WORDS> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const WORDS: usize> fmt::Debug for SendControl<'_, WORDS> {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendControl")
            .field("words", &self.used)
            .field("of", &WORDS)
            .finish()
    }
}

/// Where [`Socket::recv_message`](crate::Socket::recv_message) puts control messages, in `WORDS` words of [`space`].
///
/// It owns every descriptor that the kernel installs, from the moment when it does. [`messages`](Self::messages) hands
/// them over; those that nobody takes are closed when it is dropped, or used again.
pub struct RecvControl<const WORDS: usize> {
    space: [MaybeUninit<usize>; WORDS],
    /// So many bytes of the space were written by the kernel, and in them every descriptor but the taken ones is ours.
    len: usize,
    flags: MessageFlags,
}

impl<const WORDS: usize> RecvControl<WORDS> {
    /// Empty.
    #[inline]
    #[must_use]
    pub const fn new() -> Self {
        Self {
            space: [const { MaybeUninit::uninit() }; WORDS],
            len: 0,
            flags: MessageFlags::empty(),
        }
    }

    /// The control messages of what was received last, in the kernel's order.
    ///
    /// # Errors
    ///
    /// [`Truncated`] if the kernel had to leave some out, for want of space here or of free descriptors in the process.
    /// What did arrive can be had from it.
    #[inline]
    pub fn messages(&mut self) -> Result<ControlMessages<'_>, Truncated<'_>> {
        let truncated = self.flags.contains(MessageFlags::CTRUNC);
        let messages = ControlMessages(self.received());
        if truncated {
            Err(Truncated(messages))
        } else {
            Ok(messages)
        }
    }

    /// Closes what nobody took, and is empty again.
    #[inline]
    pub fn clear(&mut self) {
        for Message { level, ty, payload } in self.received() {
            // In place of a pidfd there may be an errno, which is no descriptor.
            if let (SOL_SOCKET, SCM_RIGHTS, _) | (SOL_SOCKET, SCM_PIDFD, 4) = (level, ty, payload.len()) {
                // SAFETY: it is a message's payload.
                Rights(unsafe { ints(payload) }).for_each(drop);
            }
        }
        (self.len, self.flags) = (0, MessageFlags::empty());
    }

    #[inline]
    fn received(&mut self) -> Messages<'_> {
        // SAFETY: `recvmsg` sets `len` to what the kernel wrote, which is within the space, and the space is words.
        unsafe { Messages::new(slice::from_raw_parts_mut(self.space.as_mut_ptr().cast(), self.len)) }
    }

    /// The space, empty, for the kernel to write to.
    #[inline]
    pub(crate) fn as_space(&mut self) -> &mut [MaybeUninit<usize>] {
        self.clear();
        &mut self.space
    }

    /// # Safety
    ///
    /// The kernel has written `len` bytes of control messages to the space.
    #[inline]
    pub(crate) unsafe fn set_received(&mut self, len: usize, flags: MessageFlags) {
        (self.len, self.flags) = (len.min(size_of_val(&self.space)), flags);
    }
}

impl<const WORDS: usize> Drop for RecvControl<WORDS> {
    #[inline]
    fn drop(&mut self) {
        self.clear();
    }
}

impl<const WORDS: usize> Default for RecvControl<WORDS> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const WORDS: usize> fmt::Debug for RecvControl<WORDS> {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecvControl")
            .field("bytes", &self.len)
            .field("flags", &self.flags)
            .finish()
    }
}

/// One control message that was received.
#[derive(Debug)]
#[non_exhaustive]
pub enum ControlMessage<'a> {
    /// `SCM_RIGHTS`: the peer passed descriptors.
    Rights(Rights<'a>),
    /// `SCM_CREDENTIALS`: who sent, if the receiver asked by
    /// [`set_pass_credentials`](crate::Socket::set_pass_credentials).
    Credentials(Credentials),
    /// `SCM_PIDFD`: a descriptor of the process that sent, if the receiver asked by
    /// [`set_pass_pidfd`](crate::Socket::set_pass_pidfd); or why the kernel could not make one.
    Pidfd(Result<Descriptor, Errno>),
    /// `SCM_SECURITY`: the security label of the sender, as the security module writes it, if the receiver asked by
    /// [`set_pass_security`](crate::Socket::set_pass_security).
    Security(&'a [u8]),
    /// Any other, by its level and type, or one of the above that was cut short.
    Other {
        /// The protocol that it comes from, `SOL_*`.
        level: i32,
        /// What it is there.
        ty: i32,
        /// The bytes behind its header.
        payload: &'a [u8],
    },
}

/// The control messages of a [`RecvControl`], one after the other.
///
/// A message that carries a descriptor hands it over. One that is passed over stays in the [`RecvControl`], which closes it.
#[derive(Debug)]
pub struct ControlMessages<'a>(Messages<'a>);

impl<'a> Iterator for ControlMessages<'a> {
    type Item = ControlMessage<'a>;

    #[inline]
    fn next(&mut self) -> Option<ControlMessage<'a>> {
        loop {
            let Message { level, ty, payload } = self.0.next()?;
            return Some(match (level, ty, payload.len()) {
                // SAFETY: it is a message's payload.
                (SOL_SOCKET, SCM_RIGHTS, _) => ControlMessage::Rights(Rights(unsafe { ints(payload) })),
                (SOL_SOCKET, SCM_CREDENTIALS, 12) => {
                    // SAFETY: it is a message's payload.
                    let ints = unsafe { ints(payload) };
                    let int = |at| ints.get(at).copied().unwrap_or(0);
                    ControlMessage::Credentials(Credentials {
                        pid: int(0),
                        uid: int(1) as u32,
                        gid: int(2) as u32,
                    })
                }
                // SAFETY: it is a message's payload.
                (SOL_SOCKET, SCM_PIDFD, 4) => match take(unsafe { ints(payload) }.first_mut()?) {
                    Some(pidfd) => ControlMessage::Pidfd(pidfd),
                    None => continue,
                },
                (SOL_SOCKET, SCM_SECURITY, _) => ControlMessage::Security(payload),
                _ => ControlMessage::Other {
                    level: level as i32,
                    ty: ty as i32,
                    payload,
                },
            });
        }
    }
}

/// The descriptors of one message. Each belongs to whoever takes it from here; the rest stay where they are.
#[derive(Debug)]
pub struct Rights<'a>(&'a mut [RawFd]);

/// What stands where a descriptor was handed over.
const TAKEN: RawFd = RawFd::MIN;

impl Iterator for Rights<'_> {
    type Item = Descriptor;

    #[inline]
    fn next(&mut self) -> Option<Descriptor> {
        loop {
            let (place, rest) = mem::take(&mut self.0).split_first_mut()?;
            self.0 = rest;
            // Not by `take`, whose errno would be made for nothing.
            if let fd @ 0.. = mem::replace(place, TAKEN) {
                // SAFETY: the kernel installed it for us, and it is in no other place any more.
                return Some(unsafe { Descriptor::from_raw_fd(fd) });
            }
        }
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.0.len()))
    }
}

/// The ints of a payload.
///
/// # Safety
///
/// `payload` begins at an int's alignment, as it does behind the header of a message that [`Messages`] gave.
#[inline]
unsafe fn ints(payload: &mut [u8]) -> &mut [RawFd] {
    // SAFETY: it is aligned, as the caller says, and any bytes are ints.
    unsafe { slice::from_raw_parts_mut(payload.as_mut_ptr().cast(), payload.len() / 4) }
}

/// Takes a descriptor out of its place, where a number that is neither a descriptor nor an errno is left: nothing is there
/// a second time. In place of a descriptor the kernel may have put an errno.
#[inline]
fn take(place: &mut RawFd) -> Option<Result<Descriptor, Errno>> {
    match mem::replace(place, TAKEN) {
        // SAFETY: the kernel installed it for us, and it is in no other place any more.
        fd @ 0.. => Some(Ok(unsafe { Descriptor::from_raw_fd(fd) })),
        TAKEN => None,
        negated => decode(negated as usize).err().map(Err),
    }
}

/// The kernel had to leave control messages out, or a part of one: there was too little space, or in the process too few
/// free descriptors. What it left out is lost; descriptors among it were closed.
#[derive(Debug)]
pub struct Truncated<'a>(ControlMessages<'a>);

impl<'a> Truncated<'a> {
    /// The control messages that arrived all the same.
    #[inline]
    #[must_use]
    pub fn into_messages(self) -> ControlMessages<'a> {
        self.0
    }
}

impl fmt::Display for Truncated<'_> {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("control messages were lost for want of space or of free descriptors")
    }
}

impl error::Error for Truncated<'_> {}

/// For `?` where only an errno can be returned: `ENOBUFS`.
impl From<Truncated<'_>> for Errno {
    #[inline]
    fn from(_: Truncated<'_>) -> Self {
        Self::ENOBUFS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was sent, received: the same words, of which all but the last `cut` bytes arrive.
    fn received<const WORDS: usize>(sent: &SendControl<'_, WORDS>, cut: usize, truncated: bool) -> RecvControl<WORDS> {
        let mut received = RecvControl::new();
        let words = sent.as_words();
        received.as_space()[..words.len()].copy_from_slice(words);
        let flags = if truncated {
            MessageFlags::CTRUNC
        } else {
            MessageFlags::empty()
        };
        // SAFETY: the words were written, and no number among them is a descriptor.
        unsafe { received.set_received(size_of_val(words) - cut, flags) };
        received
    }

    const SOMEBODY: Credentials = Credentials {
        pid: 7,
        uid: 1000,
        gid: u32::MAX,
    };

    #[test]
    fn what_carries_no_descriptor_is_read_as_what_it_is() {
        let mut sent = SendControl::<{ 2 * space::CREDENTIALS + 2 * space::PIDFD + space::security(8) }>::new();
        sent.credentials(SOMEBODY).unwrap();
        sent.message(SCM_PIDFD, [-24].into_iter()).unwrap();
        sent.message(SCM_SECURITY, [0x6162_6364, 0x6566_6768].into_iter())
            .unwrap();
        sent.message(SCM_CREDENTIALS, [1].into_iter()).unwrap();
        let mut received = received(&sent, 0, false);
        let mut messages = received.messages().unwrap();
        assert!(matches!(messages.next(), Some(ControlMessage::Credentials(SOMEBODY))));
        assert!(matches!(
            messages.next(),
            Some(ControlMessage::Pidfd(Err(Errno::EMFILE)))
        ));
        assert!(matches!(messages.next(), Some(ControlMessage::Security(label)) if label.len() == 8));
        assert!(
            matches!(messages.next(), Some(ControlMessage::Other { level: 1, ty: 2, payload }) if payload.len() == 4)
        );
        assert!(messages.next().is_none());
        let mut again = received.messages().unwrap();
        assert!(
            matches!(again.nth(1), Some(ControlMessage::Security(_))),
            "the pidfd's errno was taken"
        );
    }

    #[test]
    fn no_descriptors_are_no_descriptors() {
        let mut sent = SendControl::<{ space::rights(0) }>::new();
        sent.rights(&[] as &[Descriptor]).unwrap();
        assert_eq!(sent.rights(&[] as &[Descriptor]), Err(Errno::ENOBUFS));
        let mut received = received(&sent, 0, false);
        match received.messages().unwrap().next() {
            Some(ControlMessage::Rights(rights)) => assert_eq!(rights.count(), 0),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_was_left_out_is_told_until_the_space_is_used_again() {
        let mut sent = SendControl::<{ space::CREDENTIALS }>::new();
        sent.credentials(SOMEBODY).unwrap();
        let mut received = received(&sent, 4, true);
        for _ in 0..2 {
            let truncated = received.messages().unwrap_err();
            assert_eq!(truncated.into_messages().count(), usize::from(size_of::<usize>() == 8));
        }
        received.clear();
        assert_eq!(received.messages().unwrap().count(), 0);
    }
}
