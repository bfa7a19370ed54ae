//! Control messages (ancillary data): those to send borrow their file descriptors, received ones own theirs.

use core::{error, fmt, marker::PhantomData, mem, mem::MaybeUninit, slice, time::Duration};
use linux_raw_sys::net::{
    MSG_CMSG_CLOEXEC, SCM_CREDENTIALS, SCM_INQ, SCM_RIGHTS, SCM_SECURITY, SO_TIMESTAMP_NEW, SO_TIMESTAMP_OLD,
    SO_TIMESTAMPNS_NEW, SO_TIMESTAMPNS_OLD, SOL_SOCKET,
};

use super::cmsg::{self, Message, Messages};
use crate::errno::{Errno, decode};
use crate::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use crate::types::MessageFlags;
use crate::uapi::SCM_PIDFD;

const WORD: usize = size_of::<usize>();
const SOL: i32 = SOL_SOCKET as i32;
const RIGHTS: i32 = SCM_RIGHTS as i32;
const CREDENTIALS: i32 = SCM_CREDENTIALS as i32;
const SECURITY: i32 = SCM_SECURITY as i32;
const PIDFD: i32 = SCM_PIDFD as i32;
const INQ: i32 = SCM_INQ as i32;
// The messages of these options have the options' numbers. The old ones contain machine words, the new ones 64-bit numbers.
const TIMESTAMP: i32 = SO_TIMESTAMP_OLD as i32;
const TIMESTAMP_64: i32 = SO_TIMESTAMP_NEW as i32;
const TIMESTAMPNS: i32 = SO_TIMESTAMPNS_OLD as i32;
const TIMESTAMPNS_64: i32 = SO_TIMESTAMPNS_NEW as i32;

/// The space that control messages (ancillary data) occupy, in words (`usize`): the length of the control buffer that
/// [`SendControl`] and [`RecvControl`] need.
///
/// For several messages, add the lengths. A length that overflows is `usize::MAX`.
///
/// ```
/// use linux_socketpair::{RecvControl, space};
/// use std::mem::MaybeUninit;
///
/// let mut memory = [MaybeUninit::uninit(); space::rights(3) + space::CREDENTIALS];
/// let control = RecvControl::new(&mut memory);
///
/// let count = std::env::args().count();
/// let mut memory = vec![MaybeUninit::uninit(); space::rights(count)];
/// let control = RecvControl::new(&mut memory);
/// ```
#[doc(alias("CMSG_SPACE", "CMSG_LEN"))]
pub mod space {
    use super::cmsg::words;

    /// The words of an `SCM_RIGHTS` message with `count` file descriptors. The kernel accepts at most 253 of them in a message.
    ///
    /// On 64-bit machines the padding after an odd number of file descriptors has space for one more;
    /// [`RecvControl::set_max_descriptors`](crate::RecvControl::set_max_descriptors) sets an exact limit.
    #[inline]
    #[must_use]
    pub const fn rights(count: usize) -> usize {
        payload(count.saturating_mul(4))
    }

    /// The words of an `SCM_CREDENTIALS` message.
    pub const CREDENTIALS: usize = payload(12);

    /// The words of an `SCM_PIDFD` message.
    pub const PIDFD: usize = payload(4);

    /// The words of an `SCM_TIMESTAMP` or `SCM_TIMESTAMPNS` message.
    pub const TIMESTAMP: usize = payload(16);

    /// The words of an `SCM_INQ` message.
    pub const BYTES_TO_RECV: usize = payload(4);

    /// The words of any message with `len` bytes of payload, such as the label in an `SCM_SECURITY` message.
    #[inline]
    #[must_use]
    pub const fn payload(len: usize) -> usize {
        words(len)
    }
}

/// The credentials of a process: as they are, or as they were when it sent a message or made a pair.
///
/// Manual page: [unix(7)](https://man7.org/linux/man-pages/man7/unix.7.html).
#[doc(alias = "ucred")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(C)]
pub struct Credentials {
    /// The process ID in the receiver's PID namespace; 0 if the process is not visible there.
    pub pid: i32,
    /// The user ID. If it is unknown, or not mapped in the receiver's user namespace, it is the overflow ID of
    /// /proc/sys/kernel/overflowuid, by default 65534; `u32::MAX` from [`peer_credentials`](crate::Socket::peer_credentials) of
    /// a socket without a peer.
    pub uid: u32,
    /// The group ID, like the user ID; the overflow ID is that of /proc/sys/kernel/overflowgid.
    pub gid: u32,
}

impl Credentials {
    /// What the kernel reports for a socket without a peer; not root.
    pub(crate) const NONE: Self = Self {
        pid: 0,
        uid: u32::MAX,
        gid: u32::MAX,
    };
}

/// A control buffer in the caller's memory: the control messages (ancillary data) to send.
///
/// The memory must have at least the length that [`space`] computes for the messages that will be added. The file descriptors are
/// borrowed: the receiver gets duplicates of them.
///
/// ```
/// use linux_socketpair::{AsFd, Errno, IoSlice, SendControl, UnixStream, space};
/// use std::{fs::File, mem::MaybeUninit};
///
/// let (a, _b) = UnixStream::pair()?;
/// # let files: [UnixStream; 0] = [];
/// # /*
/// let files: Vec<File> = /* … */;
/// # */
/// let mut memory = vec![MaybeUninit::uninit(); space::rights(files.len())];
/// let mut control = SendControl::new(&mut memory);
/// control.push_rights(files.iter().map(AsFd::as_fd))?;
/// a.send_message(&[IoSlice::new(b"files")], &control)?;
/// # Ok::<(), Errno>(())
/// ```
///
/// Manual pages: [cmsg(3)](https://man7.org/linux/man-pages/man3/cmsg.3.html),
/// [unix(7)](https://man7.org/linux/man-pages/man7/unix.7.html).
#[doc(alias("cmsghdr", "msg_control", "ancillary"))]
pub struct SendControl<'a> {
    memory: &'a mut [MaybeUninit<usize>],
    /// How many words are initialized.
    used: usize,
    descriptors: PhantomData<BorrowedFd<'a>>,
}

impl<'a> SendControl<'a> {
    /// An empty control buffer in `memory`, whose length is in words (`usize`).
    #[inline]
    #[must_use]
    pub const fn new(memory: &'a mut [MaybeUninit<usize>]) -> Self {
        Self {
            memory,
            used: 0,
            descriptors: PhantomData,
        }
    }

    /// Adds an `SCM_RIGHTS` message, which passes file descriptors.
    ///
    /// The kernel rejects more than 253 of them when they are sent, with `EINVAL`.
    ///
    /// # Errors
    ///
    /// - `ENOBUFS`: it doesn't fit into the remaining memory
    ///
    /// ```
    /// use linux_socketpair::{AsFd, BorrowedFd, Errno, OwnedFd, SendControl, UnixStream, space};
    /// use std::mem::MaybeUninit;
    ///
    /// let (a, b) = UnixStream::pair()?;
    /// let owned: [OwnedFd; 2] = [a.into(), b.into()];
    /// let borrowed: [BorrowedFd<'_>; 2] = [owned[0].as_fd(), owned[1].as_fd()];
    ///
    /// let mut memory = [MaybeUninit::uninit(); space::rights(2) + space::rights(2) + space::rights(1)];
    /// let mut control = SendControl::new(&mut memory);
    /// control.push_rights(owned.iter().map(AsFd::as_fd))?;
    /// control.push_rights(borrowed)?;
    /// control.push_rights([owned[0].as_fd()])?;
    /// # Ok::<(), Errno>(())
    /// ```
    #[doc(alias = "SCM_RIGHTS")]
    #[inline]
    pub fn push_rights<'fd: 'a, I>(&mut self, fds: I) -> Result<(), Errno>
    where
        I: IntoIterator<Item = BorrowedFd<'fd>, IntoIter: ExactSizeIterator>,
    {
        self.push_ints(RIGHTS, fds.into_iter().map(|fd| fd.as_raw_fd()))
    }

    /// Adds an `SCM_CREDENTIALS` message, which states the sender's credentials. The kernel checks them when they are sent.
    ///
    /// Only a receiver that has called [`set_pass_credentials`](crate::Socket::set_pass_credentials) receives them; for others
    /// the kernel discards them, and doesn't report that. Such a receiver gets the sender's credentials with every message, so
    /// this is for those who state others, or a user or group ID that is not the effective one.
    ///
    /// # Errors
    ///
    /// - `ENOBUFS`: it doesn't fit into the remaining memory
    ///
    /// ```
    /// use linux_socketpair::{ControlMessage, Errno, IoSlice, IoSliceMut, RecvControl, SendControl, UnixSeqpacket, space};
    /// use std::mem::MaybeUninit;
    ///
    /// let (a, b) = UnixSeqpacket::pair()?;
    /// b.set_pass_credentials(true)?;
    /// let own = a.peer_credentials()?; // this process made both ends
    /// let mut memory = [MaybeUninit::uninit(); space::CREDENTIALS];
    /// let mut control = SendControl::new(&mut memory);
    /// control.push_credentials(own)?;
    /// a.send_message(&[IoSlice::new(b"x")], &control)?;
    ///
    /// let mut control = RecvControl::new(&mut memory);
    /// b.recv_message(&mut [IoSliceMut::new(&mut [0])], &mut control)?;
    /// assert!(matches!(control.messages()?.next(), Some(ControlMessage::Credentials(sender)) if sender == own));
    /// # Ok::<(), Errno>(())
    /// ```
    #[doc(alias = "SCM_CREDENTIALS")]
    #[inline]
    pub fn push_credentials(&mut self, Credentials { pid, uid, gid }: Credentials) -> Result<(), Errno> {
        self.push_ints(CREDENTIALS, [pid, uid as i32, gid as i32].into_iter())
    }

    /// Adds a message of any level and type.
    ///
    /// `SCM_PIDFD` and `SCM_SECURITY` messages come from the kernel alone; it rejects those that a program sends with `EINVAL`.
    ///
    /// # Errors
    ///
    /// - `ENOBUFS`: it doesn't fit into the remaining memory
    ///
    /// # Safety
    ///
    /// Raw file descriptors and addresses in `payload` must be ones that the caller may pass on during `'a`.
    #[inline]
    pub unsafe fn push(&mut self, level: i32, ty: i32, payload: &[u8]) -> Result<(), Errno> {
        self.push_with(level, ty, payload.len(), |memory| {
            for (place, byte) in memory.iter_mut().zip(payload) {
                // Volatile, or the compiler would call `memcpy`, which a program without libc may lack.
                // SAFETY: the reference is valid.
                unsafe { (&raw mut *place).write_volatile(MaybeUninit::new(*byte)) };
            }
        })
    }

    /// Removes all messages.
    #[inline]
    pub fn clear(&mut self) {
        self.used = 0;
    }

    /// The messages as the kernel reads them, for `msg_control` and `msg_controllen` of a msghdr. They are aligned to a word.
    #[inline]
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        // SAFETY: this many words were initialized.
        unsafe { slice::from_raw_parts(self.memory.as_ptr().cast(), self.used * size_of::<usize>()) }
    }

    #[inline]
    fn push_ints(&mut self, ty: i32, mut ints: impl ExactSizeIterator<Item = i32>) -> Result<(), Errno> {
        let count = ints.len();
        let len = count.checked_mul(size_of::<i32>()).ok_or(Errno::ENOBUFS)?;
        self.push_with(SOL, ty, len, |memory| {
            let at = memory.as_mut_ptr().cast::<i32>();
            for i in 0..count {
                // An iterator that ends before its length leaves a number that is not a descriptor.
                let int = ints.next().unwrap_or(-1);
                // SAFETY: it is one of `count` ints, at an int's alignment. Volatile as in `push`.
                unsafe { at.add(i).write_volatile(int) };
            }
        })
    }

    /// Adds a message whose payload `write` initializes.
    #[inline]
    fn push_with(
        &mut self,
        level: i32,
        ty: i32,
        len: usize,
        write: impl FnOnce(&mut [MaybeUninit<u8>]),
    ) -> Result<(), Errno> {
        let free = self.memory.get_mut(self.used..).unwrap_or_default();
        write(cmsg::begin(free, level, ty, len).ok_or(Errno::ENOBUFS)?);
        self.used = self.used.wrapping_add(cmsg::words(len));
        Ok(())
    }
}

impl fmt::Debug for SendControl<'_> {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendControl")
            .field("words", &self.used)
            .field("of", &self.memory.len())
            .finish()
    }
}

/// A control buffer in the caller's memory, into which [`recv_message`](crate::Socket::recv_message) receives control messages
/// (ancillary data).
///
/// The memory must have at least the length that [`space`] computes for the messages that are expected. It is filled with zeros
/// first, so one `RecvControl` for many messages costs less than one for each.
///
/// It owns every file descriptor as soon as the kernel installs it, even if the call fails. The iterators pass the ownership on;
/// file descriptors that are not taken are closed when the `RecvControl` is dropped, cleared or used again.
///
/// Received file descriptors are close-on-exec, unless [`set_close_on_exec`](Self::set_close_on_exec) changes that.
///
/// ```
/// use linux_socketpair::{AsFd, Errno, IoSlice, IoSliceMut, OwnedFd, RecvControl, SendControl, UnixSeqpacket, space};
/// use std::mem::MaybeUninit;
///
/// fn recv_files(socket: &UnixSeqpacket, buf: &mut [u8]) -> Result<Vec<OwnedFd>, Errno> {
///     let mut memory = [MaybeUninit::uninit(); space::rights(16)];
///     let mut control = RecvControl::new(&mut memory);
///     socket.recv_message(&mut [IoSliceMut::new(buf)], &mut control)?;
///     control.descriptors()?.collect()
/// }
///
/// let (a, b) = UnixSeqpacket::pair()?;
/// let mut memory = [MaybeUninit::uninit(); space::rights(2)];
/// let mut control = SendControl::new(&mut memory);
/// control.push_rights([a.as_fd(), b.as_fd()])?;
/// a.send_message(&[IoSlice::new(b"two")], &control)?;
/// assert_eq!(recv_files(&b, &mut [0; 8])?.len(), 2);
/// # Ok::<(), Errno>(())
/// ```
///
/// Manual pages: [cmsg(3)](https://man7.org/linux/man-pages/man3/cmsg.3.html),
/// [unix(7)](https://man7.org/linux/man-pages/man7/unix.7.html).
#[doc(alias("cmsghdr", "msg_control", "ancillary"))]
pub struct RecvControl<'a> {
    /// Zeros, except for what was received and not yet cleared.
    memory: &'a mut [usize],
    /// How many bytes were received, as the kernel reports. Every descriptor in them that was not taken is owned here.
    len: usize,
    truncated: bool,
    max_descriptors: usize,
    close_on_exec: bool,
}

impl<'a> RecvControl<'a> {
    /// An empty control buffer in `memory`, whose length is in words (`usize`); it is filled with zeros.
    #[inline]
    #[must_use]
    pub fn new(memory: &'a mut [MaybeUninit<usize>]) -> Self {
        for word in &mut *memory {
            // Volatile, or the compiler would call `memset`, which a program without libc may lack.
            // SAFETY: the reference is valid.
            unsafe { (&raw mut *word).write_volatile(MaybeUninit::new(0)) };
        }
        Self {
            // SAFETY: all of it has been initialized.
            memory: unsafe { slice::from_raw_parts_mut(memory.as_mut_ptr().cast(), memory.len()) },
            len: 0,
            truncated: false,
            max_descriptors: usize::MAX,
            close_on_exec: true,
        }
    }

    /// Sets how many file descriptors of a message are kept at most; by default as many as the memory has space for.
    ///
    /// Further ones are closed before the receiving call returns, and [`is_truncated`](Self::is_truncated) reports it.
    #[inline]
    pub const fn set_max_descriptors(&mut self, max: usize) {
        self.max_descriptors = max;
    }

    /// Sets whether the file descriptors that will be received are close-on-exec, which is the default. Pidfds always are.
    #[doc(alias = "MSG_CMSG_CLOEXEC")]
    #[inline]
    pub const fn set_close_on_exec(&mut self, on: bool) {
        self.close_on_exec = on;
    }

    /// Whether control messages, or file descriptors in them, were discarded.
    ///
    /// The kernel discards them if the memory is too small, if too few file descriptors are free under `RLIMIT_NOFILE`, or if a
    /// security module denies one. File descriptors beyond [`set_max_descriptors`](Self::set_max_descriptors) are discarded too.
    #[doc(alias = "MSG_CTRUNC")]
    #[inline]
    #[must_use]
    pub const fn is_truncated(&self) -> bool {
        self.truncated
    }

    /// Whether no control message was received.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        // A message begins with its length, which is never 0.
        self.memory.first().is_none_or(|&len| len == 0)
    }

    /// The control messages that were received last, in the kernel's order.
    ///
    /// # Errors
    ///
    /// [`Truncated`] if some were discarded; [`partial_messages`](Self::partial_messages) has the others.
    #[inline]
    pub fn messages(&mut self) -> Result<ControlMessages<'_>, Truncated> {
        self.unless_truncated()?;
        Ok(self.partial_messages())
    }

    /// The control messages that were received last, even if others were discarded.
    #[inline]
    #[must_use]
    pub fn partial_messages(&mut self) -> ControlMessages<'_> {
        ControlMessages(self.received())
    }

    /// The file descriptors that were received last; other control messages are skipped.
    ///
    /// # Errors
    ///
    /// [`Truncated`] if control messages were discarded; [`partial_messages`](Self::partial_messages) has the others.
    #[doc(alias = "SCM_RIGHTS")]
    #[inline]
    pub fn descriptors(&mut self) -> Result<Descriptors<'_>, Truncated> {
        self.unless_truncated()?;
        Ok(Descriptors {
            rights: Rights(&mut []),
            messages: self.received(),
        })
    }

    /// Closes the file descriptors that were not taken, and removes all messages.
    #[inline]
    pub fn clear(&mut self) {
        if self.len > 0 {
            clear(self.memory, self.len);
        }
        (self.len, self.truncated) = (0, false);
    }

    /// Clears, and returns the memory for a receiving call: `msg_control` and `msg_controllen` of a msghdr, in bytes.
    ///
    /// This is for a recvmsg(2) of the caller's own, or io_uring. The address stays the same until the `RecvControl` is dropped.
    /// When the call has returned, pass what it wrote to [`set_received`](Self::set_received).
    #[inline]
    pub fn as_raw_parts(&mut self) -> (*mut u8, usize) {
        self.clear();
        (self.memory.as_mut_ptr().cast(), size_of_val(self.memory))
    }

    /// Takes ownership of what a receiving call has written to the memory: `len` bytes, the `msg_controllen` that it returned.
    /// `flags` are its `msg_flags`.
    ///
    /// If the call failed, pass the length that [`as_raw_parts`](Self::as_raw_parts) returned as `len`, and call
    /// [`clear`](Self::clear) next: Linux can install a pidfd and then fail. The same applies if a stream returned 0 bytes. In
    /// both cases the kernel can have written credentials of zeros, which are those of root.
    ///
    /// # Safety
    ///
    /// Since `as_raw_parts`, the memory was written by one call that receives control messages, or by none.
    #[inline]
    pub unsafe fn set_received(&mut self, len: usize, flags: MessageFlags) {
        self.len = len.min(size_of_val(self.memory));
        self.truncated = flags.contains(MessageFlags::CTRUNC);
        if self.max_descriptors < usize::MAX {
            self.truncated |= close_beyond(self.max_descriptors, self.received());
        }
    }

    /// Returns the memory after what was received, for another part of the same message.
    pub(super) fn rest_as_raw_parts(&mut self) -> (*mut u8, usize) {
        if self.len > 0 {
            let messages = self.received();
            let used = messages.fold(0, |used: usize, message| used.wrapping_add(size_of_message(&message)));
            // A last message without its padding ends within the memory all the same, which is words.
            self.forget_from(used.min(size_of_val(self.memory)));
        }
        let len = size_of_val(self.memory) - self.len;
        // SAFETY: it is no more than the size of the memory.
        (unsafe { self.memory.as_mut_ptr().byte_add(self.len) }.cast(), len)
    }

    /// Takes ownership of what a call has written to the memory that [`rest_as_raw_parts`](Self::rest_as_raw_parts) returned, as
    /// [`set_received`](Self::set_received) does, and adds it to what is there; or closes it, if there was an error or end of
    /// stream.
    ///
    /// # Safety
    ///
    /// As for `set_received`.
    pub(super) unsafe fn add_received(&mut self, len: usize, flags: MessageFlags, is_part: bool) {
        let before = self.len;
        self.len = before + len.min(size_of_val(self.memory) - before);
        if is_part {
            self.truncated |= flags.contains(MessageFlags::CTRUNC);
            if before > 0 {
                self.merge_from(before);
            }
            if self.max_descriptors < usize::MAX {
                self.truncated |= close_beyond(self.max_descriptors, self.received());
            }
        } else {
            close_remaining(self.received_from(before));
            self.forget_from(before);
        }
    }

    /// Removes what each part of a message repeats: the sender, where it is the same, and the bytes that are left, of which the
    /// last part's are kept.
    fn merge_from(&mut self, start: usize) {
        let (mut at, mut end) = (start, start);
        let mut is_same_sender = false;
        loop {
            let (before, rest) = self.memory.split_at_mut((at / WORD).min(self.memory.len()));
            let rest_len = self.len.saturating_sub(at);
            // SAFETY: both are words, with no more bytes than these.
            let (held, mut rest) = unsafe {
                let held = slice::from_raw_parts_mut(before.as_mut_ptr().cast(), end);
                let rest = slice::from_raw_parts_mut(rest.as_mut_ptr().cast(), rest_len.min(size_of_val(rest)));
                (Messages::new(held), Messages::new(rest))
            };
            let Some(message) = rest.next() else { break };
            let size = size_of_message(&message);
            if !is_repeated(message, held, &mut is_same_sender) {
                self.move_words(at / WORD, end / WORD, size / WORD);
                end += size;
            }
            at += size;
        }
        self.forget_from(end);
    }

    /// Moves words towards the beginning.
    fn move_words(&mut self, from: usize, to: usize, count: usize) {
        for i in 0..count {
            let word = self.memory.get(from + i).copied().unwrap_or_default();
            if let Some(place) = self.memory.get_mut(to + i) {
                // Volatile, or the compiler would call `memmove`.
                // SAFETY: the reference is valid.
                unsafe { (&raw mut *place).write_volatile(word) };
            }
        }
    }

    /// Reduces what was received to `len` bytes, a multiple of a word, without closing anything.
    fn forget_from(&mut self, len: usize) {
        fill_with_zeros(
            self.memory
                .get_mut(len / WORD..self.len.div_ceil(WORD))
                .unwrap_or_default(),
        );
        self.len = len;
    }

    /// The flag for the receiving call.
    #[inline]
    pub(super) const fn recv_flags(&self) -> u32 {
        if self.close_on_exec { MSG_CMSG_CLOEXEC } else { 0 }
    }

    #[inline]
    fn unless_truncated(&self) -> Result<(), Truncated> {
        if self.truncated { Err(Truncated(())) } else { Ok(()) }
    }

    #[inline]
    fn received(&mut self) -> Messages<'_> {
        self.received_from(0)
    }

    /// What was received from that byte on, the first of a message.
    #[inline]
    fn received_from(&mut self, start: usize) -> Messages<'_> {
        // SAFETY: `len` is no more than the size of the memory, which is words.
        let received = unsafe { slice::from_raw_parts_mut(self.memory.as_mut_ptr().cast(), self.len) };
        // SAFETY: messages begin at a word's alignment.
        unsafe { Messages::new(received.get_mut(start..).unwrap_or_default()) }
    }
}

#[inline]
fn clear(memory: &mut [usize], len: usize) {
    // SAFETY: `len` is no more than the size of the memory, which is words.
    close_remaining(unsafe { Messages::new(slice::from_raw_parts_mut(memory.as_mut_ptr().cast(), len)) });
    fill_with_zeros(memory.get_mut(..len.div_ceil(WORD)).unwrap_or_default());
}

#[inline]
fn fill_with_zeros(words: &mut [usize]) {
    for word in words {
        // SAFETY: the reference is valid. Volatile as in `new`.
        unsafe { (&raw mut *word).write_volatile(0) };
    }
}

/// The bytes of a message with its header and its padding.
#[inline]
fn size_of_message(message: &Message<'_>) -> usize {
    cmsg::words(message.payload.len()).wrapping_mul(WORD)
}

/// Whether a part's message only repeats what is held. What it has beyond that is taken over, and a pidfd closed.
fn is_repeated(message: Message<'_>, mut held: Messages<'_>, is_same_sender: &mut bool) -> bool {
    let same_type = |other: &Message<'_>| (other.level, other.ty) == (message.level, message.ty);
    match (message.level, message.ty) {
        (SOL, CREDENTIALS | SECURITY) => {
            let is_held = held.any(|other| same_type(&other) && other.payload.iter().eq(message.payload.iter()));
            *is_same_sender |= is_held && message.ty == CREDENTIALS;
            is_held
        }
        (SOL, PIDFD) if *is_same_sender && held.any(|other| same_type(&other)) => {
            // SAFETY: it is a message's payload.
            unsafe { ints(message.payload) }
                .iter_mut()
                .for_each(|place| drop(take(place)));
            true
        }
        (SOL, INQ) => match held.find(same_type) {
            Some(other) => {
                other
                    .payload
                    .iter_mut()
                    .zip(message.payload)
                    .for_each(|(old, new)| mem::swap(old, new));
                true
            }
            None => false,
        },
        _ => false,
    }
}

/// Closes the file descriptors beyond `max`, and returns whether there were any.
fn close_beyond(max: usize, messages: Messages<'_>) -> bool {
    let mut left = max;
    let mut closed = false;
    for Message { level, ty, payload } in messages {
        if (level, ty) == (SOL, RIGHTS) {
            // SAFETY: it is a message's payload.
            for place in unsafe { ints(payload) } {
                if left > 0 {
                    left -= 1;
                } else {
                    closed |= take(place).is_some();
                }
            }
        }
    }
    closed
}

/// Closes the file descriptors that were not taken.
#[inline]
fn close_remaining(messages: Messages<'_>) {
    for Message { level, ty, payload } in messages {
        if let (SOL, RIGHTS, _) | (SOL, PIDFD, 4) = (level, ty, payload.len()) {
            // SAFETY: it is a message's payload.
            for &mut fd in unsafe { ints(payload) } {
                if fd >= 0 {
                    // SAFETY: the kernel installed it for this process, and no iterator took it.
                    drop(unsafe { OwnedFd::from_raw_fd(fd) });
                }
            }
        }
    }
}

impl Drop for RecvControl<'_> {
    #[inline]
    fn drop(&mut self) {
        close_remaining(self.received());
    }
}

impl fmt::Debug for RecvControl<'_> {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecvControl")
            .field("bytes", &self.len)
            .field("of", &size_of_val(self.memory))
            .field("truncated", &self.truncated)
            .finish()
    }
}

/// A control message that was received.
#[derive(Debug)]
#[non_exhaustive]
pub enum ControlMessage<'a> {
    /// `SCM_RIGHTS`: the peer passed file descriptors.
    Rights(Rights<'a>),
    /// `SCM_CREDENTIALS`: the sender's credentials, if the receiver has set
    /// [`set_pass_credentials`](crate::Socket::set_pass_credentials).
    Credentials(Credentials),
    /// `SCM_PIDFD`: a pidfd of the sender, or the errno with which the kernel failed to make one, if the receiver has set
    /// [`set_pass_pidfd`](crate::Socket::set_pass_pidfd). For a process that has been reaped it is `EINVAL` on Linux 6.12 and
    /// earlier, and a pidfd on 6.17 and later.
    Pidfd(Result<OwnedFd, Errno>),
    /// `SCM_SECURITY`: the security label of the sender, as the security module writes it, if the receiver has set
    /// [`set_pass_security`](crate::Socket::set_pass_security).
    Security(&'a [u8]),
    /// `SCM_TIMESTAMPNS` or `SCM_TIMESTAMP`: when the message was sent, since 1970-01-01 UTC, if the receiver has set
    /// [`set_pass_timestamps`](crate::Socket::set_pass_timestamps) or
    /// [`set_pass_timestamps_micros`](crate::Socket::set_pass_timestamps_micros).
    Timestamp(Duration),
    /// `SCM_INQ`: how many bytes are left to receive, if the receiver has set
    /// [`set_pass_bytes_to_recv`](crate::Socket::set_pass_bytes_to_recv).
    BytesToRecv(usize),
    /// Any other, or one of the above that was truncated.
    Other {
        /// The protocol that it comes from, `SOL_*`.
        level: i32,
        /// The type of the message, which the protocol defines.
        ty: i32,
        /// The bytes after its header.
        payload: &'a [u8],
    },
}

/// The control messages of a [`RecvControl`].
///
/// A message that carries file descriptors hands them over. Those that are not taken stay owned by the [`RecvControl`].
#[derive(Debug)]
pub struct ControlMessages<'a>(Messages<'a>);

impl<'a> Iterator for ControlMessages<'a> {
    type Item = ControlMessage<'a>;

    #[inline(always)]
    fn next(&mut self) -> Option<ControlMessage<'a>> {
        loop {
            let Message { level, ty, payload } = self.0.next()?;
            return Some(match (level, ty, payload.len()) {
                // SAFETY: it is a message's payload.
                (SOL, RIGHTS, _) => ControlMessage::Rights(Rights(unsafe { ints(payload) })),
                // SAFETY: it is a message's payload.
                (SOL, CREDENTIALS, 12) => match unsafe { ints(payload) } {
                    &mut [pid, uid, gid] => ControlMessage::Credentials(Credentials {
                        pid,
                        uid: uid as u32,
                        gid: gid as u32,
                    }),
                    _ => continue,
                },
                // SAFETY: it is a message's payload.
                (SOL, PIDFD, 4) => match take(unsafe { ints(payload) }.first_mut()?) {
                    Some(pidfd) => ControlMessage::Pidfd(pidfd),
                    None => continue,
                },
                (SOL, SECURITY, _) => ControlMessage::Security(payload),
                _ => match Numbers::of(level, ty, payload) {
                    Numbers::Time(since) => ControlMessage::Timestamp(since),
                    Numbers::Bytes(bytes) => ControlMessage::BytesToRecv(bytes),
                    Numbers::No => ControlMessage::Other { level, ty, payload },
                },
            });
        }
    }
}

/// The content of a message that consists of numbers alone.
enum Numbers {
    Time(Duration),
    Bytes(usize),
    No,
}

impl Numbers {
    /// Inlined, so that it costs nothing where a caller looks for other messages.
    #[inline]
    fn of(level: i32, ty: i32, payload: &[u8]) -> Self {
        let numbers = match (level, ty) {
            (SOL, TIMESTAMP) => time_of_words(payload, 1000),
            (SOL, TIMESTAMPNS) => time_of_words(payload, 1),
            (SOL, TIMESTAMP_64) => time(payload, 1000),
            (SOL, TIMESTAMPNS_64) => time(payload, 1),
            (SOL, INQ) => bytes_to_recv(payload),
            _ => None,
        };
        numbers.unwrap_or(Self::No)
    }
}

#[inline]
fn bytes_to_recv(payload: &[u8]) -> Option<Numbers> {
    let bytes = i32::from_ne_bytes(payload.try_into().ok()?);
    bytes.try_into().ok().map(Numbers::Bytes)
}

#[inline]
fn time_of_words(payload: &[u8], nanos_per_unit: u32) -> Option<Numbers> {
    let words: &[u8; size_of::<[isize; 2]>()] = payload.try_into().ok()?;
    // SAFETY: any bytes are ints.
    let words = unsafe { words.as_ptr().cast::<[isize; 2]>().read_unaligned() };
    since_1970(words.map(|word| word as i64), nanos_per_unit)
}

#[inline]
fn time(payload: &[u8], nanos_per_unit: u32) -> Option<Numbers> {
    let ints: &[u8; size_of::<[i64; 2]>()] = payload.try_into().ok()?;
    // SAFETY: any bytes are ints.
    since_1970(
        unsafe { ints.as_ptr().cast::<[i64; 2]>().read_unaligned() },
        nanos_per_unit,
    )
}

#[inline]
fn since_1970([seconds, units]: [i64; 2], nanos_per_unit: u32) -> Option<Numbers> {
    match u32::try_from(units).ok()?.checked_mul(nanos_per_unit)? {
        nanos @ 0..1_000_000_000 => Some(Numbers::Time(Duration::new(seconds.try_into().ok()?, nanos))),
        _ => None,
    }
}

/// The file descriptors of one `SCM_RIGHTS` message. Those that are not taken stay owned by the [`RecvControl`].
///
/// Each is `Ok`; with [`set_rights_notrunc`](crate::Socket::set_rights_notrunc) (Linux 7.3) one that a security module denies is
/// its errno.
#[derive(Debug)]
pub struct Rights<'a>(&'a mut [RawFd]);

impl Iterator for Rights<'_> {
    type Item = Result<OwnedFd, Errno>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (place, rest) = mem::take(&mut self.0).split_first_mut()?;
            self.0 = rest;
            if let Some(descriptor) = take(place) {
                return Some(descriptor);
            }
        }
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.0.len()))
    }
}

/// The file descriptors of all `SCM_RIGHTS` messages. Those that are not taken stay owned by the [`RecvControl`].
///
/// Each is `Ok`; with [`set_rights_notrunc`](crate::Socket::set_rights_notrunc) (Linux 7.3) one that a security module denies is
/// its errno.
#[derive(Debug)]
pub struct Descriptors<'a> {
    rights: Rights<'a>,
    messages: Messages<'a>,
}

impl Iterator for Descriptors<'_> {
    type Item = Result<OwnedFd, Errno>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(descriptor) = self.rights.next() {
                return Some(descriptor);
            }
            let Message { level, ty, payload } = self.messages.next()?;
            if (level, ty) == (SOL, RIGHTS) {
                // SAFETY: it is a message's payload.
                self.rights = Rights(unsafe { ints(payload) });
            }
        }
    }
}

/// The ints of a payload.
///
/// # Safety
///
/// `payload` begins at an int's alignment, as it does after the header of a message that [`Messages`] returned.
#[inline]
unsafe fn ints(payload: &mut [u8]) -> &mut [RawFd] {
    // SAFETY: it is aligned, as the caller vouches, and any bytes are ints.
    unsafe { slice::from_raw_parts_mut(payload.as_mut_ptr().cast(), payload.len() / 4) }
}

/// The number in the place of a descriptor that was taken: neither a descriptor nor an errno.
const TAKEN: RawFd = RawFd::MIN;

/// Takes a descriptor, or the errno in its place; after that the place is empty.
#[inline]
fn take(place: &mut RawFd) -> Option<Result<OwnedFd, Errno>> {
    match mem::replace(place, TAKEN) {
        // SAFETY: the kernel installed it for this process, and it is no longer in any place.
        fd @ 0.. => Some(Ok(unsafe { OwnedFd::from_raw_fd(fd) })),
        TAKEN => None,
        negated => errno_in_place(negated).map(Err),
    }
}

#[cold]
fn errno_in_place(negated: RawFd) -> Option<Errno> {
    decode(negated as usize).err()
}

/// Control messages, or file descriptors in them, were discarded: the memory was too small, too few file descriptors were free
/// under `RLIMIT_NOFILE`, a security module denied one, or there were more than
/// [`set_max_descriptors`](RecvControl::set_max_descriptors) permits.
///
/// As an [`Errno`] it is `ENOBUFS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Truncated(());

impl fmt::Display for Truncated {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "control messages were truncated: too little memory for them, too many file descriptors, or a security module \
             denied one",
        )
    }
}

impl error::Error for Truncated {}

impl From<Truncated> for Errno {
    #[inline]
    fn from(_: Truncated) -> Self {
        Self::ENOBUFS
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use std::{vec, vec::Vec};

    /// Level, type and payload. Negated errnos are in the places of file descriptors, so that nothing is closed.
    type Record<'a> = (i32, i32, &'a [i32]);

    /// Adds a part as a kernel writes it, which returns so many bytes more as its length.
    fn add(control: &mut RecvControl<'_>, records: &[Record<'_>], more: usize, flags: MessageFlags, is_part: bool) {
        let (at, len) = control.rest_as_raw_parts();
        let mut words = vec![MaybeUninit::uninit(); records.iter().map(|record| cmsg::words(4 * record.2.len())).sum()];
        let mut sent = SendControl::new(&mut words);
        for (level, ty, ints) in records {
            let payload: Vec<u8> = ints.iter().flat_map(|int| int.to_ne_bytes()).collect();
            // SAFETY: it is never sent.
            unsafe { sent.push(*level, *ty, &payload) }.expect("there is memory");
        }
        let bytes = sent.as_bytes();
        assert!(bytes.len() <= len, "{} bytes in {len}", bytes.len());
        // SAFETY: they fit, and one call would have written them.
        unsafe {
            at.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
            control.add_received((bytes.len() + more).min(len), flags, is_part);
        }
    }

    fn held(control: &mut RecvControl<'_>) -> Vec<(i32, i32, Vec<i32>)> {
        let record = |message: Message<'_>| {
            // SAFETY: it is a message's payload.
            (message.level, message.ty, unsafe { ints(message.payload) }.to_vec())
        };
        control.received().map(record).collect()
    }

    const NONE: MessageFlags = MessageFlags::empty();
    const A: Record<'_> = (SOL, CREDENTIALS, &[1, 2, 3]);
    const B: Record<'_> = (SOL, CREDENTIALS, &[1, 2, 4]);
    const PIDFD_OF: Record<'_> = (SOL, PIDFD, &[-22]);
    const LABEL: Record<'_> = (SOL, SECURITY, &[77]);

    #[test]
    fn parts_are_added_and_what_they_repeat_is_not() {
        for more in [0, 8, 4096] {
            let mut memory = [MaybeUninit::uninit(); 128];
            let mut control = RecvControl::new(&mut memory);
            add(
                &mut control,
                &[A, LABEL, PIDFD_OF, (SOL, INQ, &[100])],
                more,
                NONE,
                true,
            );
            add(&mut control, &[], more, NONE, true);
            add(
                &mut control,
                &[A, LABEL, (SOL, RIGHTS, &[-1, -2, -3]), PIDFD_OF, (SOL, INQ, &[50])],
                more,
                NONE,
                true,
            );
            add(&mut control, &[A, LABEL, PIDFD_OF, (SOL, INQ, &[7])], more, NONE, true);
            add(&mut control, &[(SOL, RIGHTS, &[-4])], more, NONE, true);
            add(
                &mut control,
                &[B, (SOL, SECURITY, &[78]), (SOL, RIGHTS, &[-5]), PIDFD_OF],
                more,
                NONE,
                true,
            );
            // Another level's message of the same number.
            add(
                &mut control,
                &[A, (7, INQ, &[9]), (7, CREDENTIALS, &[1, 2, 3])],
                more,
                NONE,
                true,
            );
            let expected = [
                A,
                LABEL,
                PIDFD_OF,
                (SOL, INQ, &[7]),
                (SOL, RIGHTS, &[-1, -2, -3]),
                (SOL, RIGHTS, &[-4]),
                B,
                (SOL, SECURITY, &[78]),
                (SOL, RIGHTS, &[-5]),
                PIDFD_OF,
                (7, INQ, &[9]),
                (7, CREDENTIALS, &[1, 2, 3]),
            ];
            let expected: Vec<_> = expected
                .iter()
                .map(|(level, ty, ints)| (*level, *ty, ints.to_vec()))
                .collect();
            assert_eq!(held(&mut control), expected, "{more}");
            assert_eq!(control.descriptors().map(Iterator::count), Ok(5));
            assert_eq!(control.descriptors().map(Iterator::count), Ok(0));
            control.clear();
            assert_eq!(held(&mut control), []);
            assert!(control.memory.iter().all(|&word| word == 0));
        }
    }

    #[test]
    fn what_a_call_wrote_that_received_nothing_is_discarded() {
        let mut memory = [MaybeUninit::uninit(); 64];
        let mut control = RecvControl::new(&mut memory);
        add(&mut control, &[A, PIDFD_OF], 4096, NONE, false);
        assert!(control.is_empty());
        add(&mut control, &[A, (SOL, RIGHTS, &[-1])], 0, NONE, true);
        add(
            &mut control,
            &[(SOL, CREDENTIALS, &[0, 0, 0]), PIDFD_OF],
            4096,
            MessageFlags::CTRUNC,
            false,
        );
        assert_eq!(held(&mut control).len(), 2);
        assert!(!control.is_truncated());
        let used = control.len / WORD;
        assert!(control.memory[used..].iter().all(|&word| word == 0));
    }

    #[test]
    fn memory_is_used_to_its_end_and_truncation_stays() {
        const SIZE: usize = space::rights(1) + space::rights(2);
        let mut memory = [MaybeUninit::uninit(); SIZE];
        let mut control = RecvControl::new(&mut memory);
        add(&mut control, &[(SOL, RIGHTS, &[-1])], 0, NONE, true);
        add(&mut control, &[(SOL, RIGHTS, &[-2, -3])], 0, MessageFlags::CTRUNC, true);
        assert_eq!(control.rest_as_raw_parts().1, 0);
        add(&mut control, &[], 0, NONE, true);
        assert!(control.is_truncated());
        assert_eq!(held(&mut control).len(), 2);
        // None at all.
        let mut control = RecvControl::new(&mut []);
        assert_eq!(control.rest_as_raw_parts().1, 0);
        add(&mut control, &[], 0, MessageFlags::CTRUNC, true);
        assert!(control.is_truncated() && control.is_empty());
    }

    #[test]
    fn a_last_message_without_its_padding_is_followed_by_the_next_one() {
        let mut memory = [MaybeUninit::uninit(); 64];
        let mut control = RecvControl::new(&mut memory);
        add(&mut control, &[(SOL, RIGHTS, &[-1])], 0, NONE, true);
        // As the kernel may report it.
        control.len = cmsg::words(0) * WORD + 4;
        add(&mut control, &[(SOL, RIGHTS, &[-2])], 0, NONE, true);
        assert_eq!(control.descriptors().map(Iterator::count), Ok(2));
    }

    #[test]
    fn the_limit_counts_the_descriptors_of_all_parts() {
        let mut memory = [MaybeUninit::uninit(); 64];
        let mut control = RecvControl::new(&mut memory);
        control.set_max_descriptors(3);
        add(&mut control, &[(SOL, RIGHTS, &[-1, -2])], 0, NONE, true);
        assert!(!control.is_truncated());
        add(&mut control, &[(SOL, RIGHTS, &[-3, -4])], 0, NONE, true);
        assert!(control.is_truncated());
        assert_eq!(control.partial_messages().count(), 2);
        assert_eq!(held(&mut control)[1].2[1], TAKEN);
    }
}
