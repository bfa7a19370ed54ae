//! Control messages, written and read as memory. Nothing is owned here, and no system call is made.
//!
//! A control message is a header (its length with the header's own, a level, a type) and a payload; the next one begins at
//! the next multiple of a word. What the kernel leaves may end without that padding, and what it leaves is all there is:
//! nothing here trusts a length further than the memory goes.

use core::mem::{self, MaybeUninit};
use linux_raw_sys::net::cmsghdr;

const WORD: usize = size_of::<usize>();
const HEADER: usize = size_of::<cmsghdr>();

/// The words that a control message takes, its header and its padding included.
pub const fn words(payload: usize) -> usize {
    (HEADER + payload).div_ceil(WORD)
}

/// Writes a control message of ints to the beginning of `space`; returns the rest, or nothing if it doesn't fit.
#[inline]
pub fn write(
    space: &mut [MaybeUninit<usize>],
    level: u32,
    ty: u32,
    payload: impl ExactSizeIterator<Item = i32>,
) -> Option<&mut [MaybeUninit<usize>]> {
    let count = payload.len();
    let len = count.checked_mul(size_of::<i32>())?.checked_add(HEADER)?;
    let (message, rest) = space.split_at_mut_checked(len.div_ceil(WORD))?;
    // The padding, where there is some.
    message.last_mut()?.write(0);
    let header = message.as_mut_ptr().cast::<cmsghdr>();
    // SAFETY: the message has room for a header, at a word's alignment, and behind it for `count` ints.
    unsafe {
        header.write(cmsghdr {
            cmsg_len: len as _,
            cmsg_level: level as i32,
            cmsg_type: ty as i32,
        });
        let ints = header.add(1).cast::<i32>();
        for (at, int) in payload.take(count).enumerate() {
            // Volatile, or the compiler would call `memcpy`, which a program without libc may lack.
            ints.add(at).write_volatile(int);
        }
    }
    Some(rest)
}

/// A control message, as it was received.
#[derive(Debug, PartialEq, Eq)]
pub struct Message<'a> {
    pub level: u32,
    pub ty: u32,
    pub payload: &'a mut [u8],
}

/// The control messages in what was received, up to the first that is longer than what is there.
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
        // SAFETY: so many bytes are there, at a word's alignment.
        let cmsghdr {
            cmsg_len: len,
            cmsg_level,
            cmsg_type,
        } = unsafe { header.read() };
        // The kernel may end without the padding; then there is no next.
        let padded = len.wrapping_add(WORD - 1) / WORD * WORD;
        let (message, rest) = received.split_at_mut(padded.min(received.len()));
        let payload = message.get_mut(HEADER..len)?;
        self.0 = rest;
        Some(Message {
            level: cmsg_level as u32,
            ty: cmsg_type as u32,
            payload,
        })
    }
}
