//! The reader and the writer of control messages, as memory: libc's macros are the witness. Runs under Miri too.

#[path = "../src/message.rs"]
mod message;

use libc::{CMSG_DATA, CMSG_FIRSTHDR, CMSG_LEN, CMSG_NXTHDR, CMSG_SPACE, c_void, cmsghdr, msghdr};
use message::{Message, Messages, words, write};
use proptest::{collection::vec, prelude::*, test_runner::Config};
use std::{mem::MaybeUninit, ptr, slice};

const WORD: usize = size_of::<usize>();
const HEADER: usize = size_of::<cmsghdr>();

/// Level, type and payload.
type Record = (u32, u32, Vec<u8>);

fn ours(received: &[u8]) -> Vec<Record> {
    let mut space = Space {
        words: vec![0; received.len().div_ceil(WORD)],
        used: received.len(),
    };
    space.bytes().copy_from_slice(received);
    // SAFETY: they begin at a word's alignment.
    unsafe { Messages::new(space.bytes()) }
        .map(|Message { level, ty, payload }| (level, ty, payload.to_vec()))
        .collect()
}

/// Space for control messages, aligned as the kernel wants it, of which so many bytes are used.
struct Space {
    words: Vec<usize>,
    used: usize,
}

impl Space {
    fn bytes(&mut self) -> &mut [u8] {
        // SAFETY: the words are bytes, of which there are no fewer.
        unsafe { slice::from_raw_parts_mut(self.words.as_mut_ptr().cast(), self.used) }
    }

    fn header(&mut self) -> msghdr {
        // SAFETY: a header of zeros is one.
        let mut header = unsafe { MaybeUninit::<msghdr>::zeroed().assume_init() };
        header.msg_control = self.words.as_mut_ptr().cast::<c_void>();
        header.msg_controllen = self.used as _;
        header
    }

    fn libc_reads(&mut self) -> Vec<Record> {
        let header = self.header();
        let mut records = Vec::new();
        // SAFETY: the macros stay within the space, of which all is initialised.
        unsafe {
            let mut message = CMSG_FIRSTHDR(&header);
            while !message.is_null() {
                let len = (*message).cmsg_len as usize - HEADER;
                let payload = slice::from_raw_parts(CMSG_DATA(message), len).to_vec();
                records.push(((*message).cmsg_level as u32, (*message).cmsg_type as u32, payload));
                message = CMSG_NXTHDR(&header, message);
            }
        }
        records
    }

    fn libc_writes(records: &[Record]) -> Self {
        // SAFETY: arithmetic.
        let used = records
            .iter()
            .map(|(.., payload)| unsafe { CMSG_SPACE(payload.len() as u32) } as usize)
            .sum();
        let mut space = Self {
            words: vec![0; usize::div_ceil(used, WORD)],
            used,
        };
        let header = space.header();
        // SAFETY: the space is what the macros say that the records take.
        unsafe {
            let mut message = CMSG_FIRSTHDR(&header);
            for (level, ty, payload) in records {
                (*message).cmsg_level = *level as i32;
                (*message).cmsg_type = *ty as i32;
                (*message).cmsg_len = CMSG_LEN(payload.len() as u32) as _;
                ptr::copy_nonoverlapping(payload.as_ptr(), CMSG_DATA(message), payload.len());
                message = CMSG_NXTHDR(&header, message);
            }
        }
        space
    }

    fn we_write(records: &[(u32, u32, Vec<i32>)]) -> Self {
        let room = records.iter().map(|(.., payload)| words(4 * payload.len())).sum();
        // What isn't written stays so, and Miri would see it read.
        let mut space = vec![MaybeUninit::uninit(); room];
        let mut rest = &mut space[..];
        for (level, ty, payload) in records {
            rest = write(rest, *level, *ty, payload.iter().copied()).expect("room for all");
        }
        assert!(rest.is_empty());
        // SAFETY: all of it was written.
        let words = space.into_iter().map(|word| unsafe { word.assume_init() }).collect();
        Self {
            words,
            used: room * WORD,
        }
    }
}

fn config() -> Config {
    Config {
        cases: if cfg!(miri) { 8 } else { 2048 },
        failure_persistence: None,
        ..Config::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_is_written_reads_back_and_libc_reads_the_same(
        records in vec((any::<u32>(), any::<u32>(), vec(any::<i32>(), 0..20)), 0..8),
    ) {
        let expected: Vec<Record> = records.iter().map(|(level, ty, payload)| {
            (*level, *ty, payload.iter().flat_map(|int| int.to_ne_bytes()).collect())
        }).collect();
        let mut space = Space::we_write(&records);
        prop_assert_eq!(&ours(space.bytes()), &expected);
        prop_assert_eq!(&space.libc_reads(), &expected);
    }

    #[test]
    fn what_libc_writes_reads_back(
        records in vec((any::<u32>(), any::<u32>(), vec(any::<u8>(), 0..40)), 0..8),
    ) {
        let mut space = Space::libc_writes(&records);
        prop_assert_eq!(&ours(space.bytes()), &records);
    }

    /// As the kernel leaves it: the last message without its padding.
    #[test]
    fn the_end_may_be_unaligned(records in vec((any::<u32>(), any::<u32>(), vec(any::<u8>(), 0..40)), 1..8)) {
        let mut space = Space::libc_writes(&records);
        let payload = records[records.len() - 1].2.len();
        space.used -= payload.next_multiple_of(WORD) - payload;
        prop_assert_eq!(&ours(space.bytes()), &records);
    }

    /// A cut may lose the message that it is in and those behind it, and none before.
    #[test]
    fn a_cut_loses_nothing_before_it(
        records in vec((any::<u32>(), any::<u32>(), vec(any::<u8>(), 0..40)), 1..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut space = Space::libc_writes(&records);
        let at = cut.index(space.used + 1);
        let mut end = 0;
        let whole = records.iter().take_while(|(.., payload)| {
            let fits = end + HEADER + payload.len() <= at;
            end = (end + HEADER + payload.len()).next_multiple_of(WORD);
            fits
        });
        let whole = whole.cloned().collect::<Vec<_>>();
        prop_assert_eq!(ours(&space.bytes()[..at]), whole);
    }

    /// Whatever the bytes are, and wherever they lie, it comes to an end, and stays within them.
    #[test]
    fn malformed_memory_is_read_to_an_end(mut bytes in vec(any::<u8>(), 0..400), from in 0..8_usize, lengths in vec((0..400_usize, 0..60_usize), 0..6)) {
        for (at, len) in lengths {
            // Lengths that may be right make it go further than random ones do.
            if let Some(place) = bytes.get_mut(at & !(WORD - 1)..).and_then(|rest| rest.first_chunk_mut()) {
                *place = len.to_ne_bytes();
            }
        }
        let bytes = bytes.get_mut(from..).unwrap_or_default();
        let len = bytes.len();
        let taken: usize = ours(bytes).iter().map(|(.., payload)| HEADER + payload.len()).sum();
        prop_assert!(taken <= len);
    }
}

#[test]
fn a_length_that_is_none_ends_the_reading() {
    for len in [0, 1, HEADER - 1, HEADER + 1, usize::MAX, usize::MAX - 7, usize::MAX / 2] {
        let mut bytes = [0_u8; HEADER];
        bytes[..WORD].copy_from_slice(&len.to_ne_bytes());
        assert_eq!(ours(&bytes), [], "{len}");
    }
    for len in 0..HEADER {
        assert_eq!(ours(&vec![0xff; len]), []);
        assert_eq!(ours(&vec![0; len]), []);
    }
}

#[test]
fn what_does_not_fit_is_not_begun() {
    let mut space = [const { MaybeUninit::new(7_usize) }; 8];
    for count in [(8 - words(0)) * WORD / 4 + 1, 1000, usize::MAX / 8] {
        assert!(write(&mut space, 1, 1, Endless(count)).is_none());
    }
    // SAFETY: initialised above.
    assert!(space.iter().all(|word| unsafe { word.assume_init() } == 7));
    let rest = write(&mut space, 1, 1, [5; 2].into_iter()).map(|rest| rest.len());
    assert_eq!(rest, Some(8 - words(8)));
}

/// An iterator that says how long it is, and need not be right.
struct Endless(usize);

impl Iterator for Endless {
    type Item = i32;

    fn next(&mut self) -> Option<i32> {
        Some(5)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.0, Some(self.0))
    }
}

impl ExactSizeIterator for Endless {}

#[test]
fn an_iterator_that_lies_about_its_length_writes_no_further() {
    let mut space = [const { MaybeUninit::new(7_usize) }; 8];
    let rest = write(&mut space, 1, 1, Endless(1)).map(|rest| rest.len());
    assert_eq!(rest, Some(8 - words(4)));
    // SAFETY: initialised above.
    assert!(space[words(4)..].iter().all(|word| unsafe { word.assume_init() } == 7));
}
