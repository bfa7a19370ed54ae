//! Control messages in memory. Nothing is owned here, and no system call is made.
//!
//! A control message is a header (its length including the header, a level, a type) and a payload; the next one begins at the
//! next multiple of a word. The kernel may omit the padding of the last one, or count it without writing it. No length is
//! trusted beyond the memory that is there.

use core::{mem, mem::MaybeUninit, slice};
use linux_raw_sys::net::cmsghdr;

const WORD: usize = size_of::<usize>();
const HEADER: usize = size_of::<cmsghdr>();

/// The words that a control message with a payload of this many bytes occupies, including its header and its padding;
/// `usize::MAX` where they can't be counted.
pub const fn words(payload: usize) -> usize {
    match payload.checked_add(HEADER) {
        Some(bytes) => bytes.div_ceil(WORD),
        None => usize::MAX,
    }
}

/// Writes the header of a message at the beginning of `memory`, and returns the `len` bytes of its payload, which the caller
/// writes. If the message doesn't fit, it writes nothing and returns `None`.
#[inline]
pub fn begin(memory: &mut [MaybeUninit<usize>], level: i32, ty: i32, len: usize) -> Option<&mut [MaybeUninit<u8>]> {
    let message = memory.get_mut(..words(len))?;
    // The padding, where there is some.
    message.last_mut()?.write(0);
    let header = message.as_mut_ptr().cast::<cmsghdr>();
    // SAFETY: `message` has space for a header, aligned to a word, and after it for `len` bytes.
    unsafe {
        header.write(cmsghdr {
            cmsg_len: (HEADER + len) as _,
            cmsg_level: level,
            cmsg_type: ty,
        });
        Some(slice::from_raw_parts_mut(header.add(1).cast(), len))
    }
}

/// A control message that was received.
#[derive(Debug, PartialEq, Eq)]
pub struct Message<'a> {
    pub level: i32,
    pub ty: i32,
    pub payload: &'a mut [u8],
}

/// The control messages in received memory, up to the first whose length exceeds the remaining bytes.
#[derive(Debug)]
pub struct Messages<'a>(&'a mut [u8]);

impl<'a> Messages<'a> {
    /// # Safety
    ///
    /// `received` begins at a word's alignment.
    #[inline]
    pub const unsafe fn new(received: &'a mut [u8]) -> Self {
        Self(received)
    }
}

impl<'a> Iterator for Messages<'a> {
    type Item = Message<'a>;

    #[inline]
    fn next(&mut self) -> Option<Message<'a>> {
        let received = mem::take(&mut self.0);
        let header: *const cmsghdr = received.first_chunk::<HEADER>()?.as_ptr().cast();
        // SAFETY: this many bytes are there, at a word's alignment.
        let cmsghdr {
            cmsg_len: len,
            cmsg_level: level,
            cmsg_type: ty,
        } = unsafe { header.read() };
        // The kernel may omit the padding; then there is no next one.
        let padded = len.wrapping_add(WORD - 1) / WORD * WORD;
        let (message, rest) = received.split_at_mut(padded.min(received.len()));
        let payload = message.get_mut(HEADER..len)?;
        self.0 = rest;
        Some(Message { level, ty, payload })
    }
}
