//! The reader of control messages on arbitrary memory: it comes to an end, stays within, and what it read, written again,
//! reads the same.

#![no_main]

#[path = "../../../src/message.rs"]
mod message;

use libfuzzer_sys::fuzz_target;
use message::{Message, Messages, words, write};
use std::{mem::MaybeUninit, slice};

fn read(received: &[u8]) -> Vec<(u32, u32, Vec<u8>)> {
    let mut words = vec![0_usize; received.len().div_ceil(size_of::<usize>())];
    // SAFETY: the words are bytes, of which there are no fewer.
    let bytes = unsafe { slice::from_raw_parts_mut(words.as_mut_ptr().cast::<u8>(), received.len()) };
    bytes.copy_from_slice(received);
    // SAFETY: they begin at a word's alignment.
    unsafe { Messages::new(bytes) }.map(|Message { level, ty, payload }| (level, ty, payload.to_vec())).collect()
}

fuzz_target!(|input: &[u8]| {
    let received = input.to_vec();
    let messages = read(&received);
    assert_eq!(received, input, "reading changes nothing");
    let taken: usize = messages.iter().map(|(.., payload)| words(0) * size_of::<usize>() + payload.len()).sum();
    assert!(taken <= input.len());

    // The writer writes ints.
    let ints = messages.into_iter().filter(|(.., payload)| payload.len() % 4 == 0).collect::<Vec<_>>();
    let room = ints.iter().map(|(.., payload)| words(payload.len())).sum();
    let mut space = vec![MaybeUninit::new(0_usize); room];
    let mut rest = &mut space[..];
    for (level, ty, payload) in &ints {
        let payload = payload.chunks_exact(4).map(|int| i32::from_ne_bytes(int.try_into().expect("four bytes")));
        rest = write(rest, *level, *ty, payload).expect("room for all");
    }
    assert!(rest.is_empty());
    // SAFETY: it was initialised, and then written.
    let written: Vec<u8> = space.iter().flat_map(|word| unsafe { word.assume_init() }.to_ne_bytes()).collect();
    assert_eq!(read(&written), ints);
});
