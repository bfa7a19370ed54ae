//! Parses arbitrary memory as control messages: parsing ends and stays within the memory, and what was parsed is the same after it
//! was written and parsed again.

#![no_main]

#[path = "../../../src/socket/cmsg.rs"]
mod cmsg;

use cmsg::{Message, Messages, begin, words};
use libfuzzer_sys::fuzz_target;
use std::{mem::MaybeUninit, slice};

fn parse(received: &[u8]) -> Vec<(i32, i32, Vec<u8>)> {
    let mut words = vec![0_usize; received.len().div_ceil(size_of::<usize>())];
    // SAFETY: the words have no fewer bytes.
    let bytes = unsafe { slice::from_raw_parts_mut(words.as_mut_ptr().cast::<u8>(), received.len()) };
    bytes.copy_from_slice(received);
    // SAFETY: they begin at a word's alignment.
    let messages = unsafe { Messages::new(bytes) }
        .map(|Message { level, ty, payload }| (level, ty, payload.to_vec()))
        .collect();
    assert_eq!(bytes, received, "parsing changes nothing");
    messages
}

fuzz_target!(|input: &[u8]| {
    let messages = parse(input);
    let header = words(0) * size_of::<usize>();
    let taken: usize = messages.iter().map(|(.., payload)| header + payload.len()).sum();
    assert!(taken <= input.len());

    let size = messages.iter().map(|(.., payload)| words(payload.len())).sum();
    // What is not written stays so, and the parser would meet it.
    let mut memory = vec![MaybeUninit::new(usize::MAX); size];
    let mut rest = &mut memory[..];
    for (level, ty, payload) in &messages {
        let place = begin(rest, *level, *ty, payload.len()).expect("there is memory for all");
        for (place, byte) in place.iter_mut().zip(payload) {
            place.write(*byte);
        }
        rest = rest.split_at_mut(words(payload.len())).1;
    }
    assert!(rest.is_empty());
    // SAFETY: it was initialized, and then written.
    let written: Vec<u8> = memory
        .iter()
        .flat_map(|word| unsafe { word.assume_init() }.to_ne_bytes())
        .collect();
    assert_eq!(parse(&written), messages);
});
