//! Control messages in memory, without a system call, so Miri runs all of it. libc's macros are the reference.
//!
//! No test owns a file descriptor: without the feature `std`, close(2) is inline assembly, which Miri can't execute.
//! There are negated errnos in the places of file descriptors.

#[path = "../../../src/socket/cmsg.rs"]
mod cmsg;

use cmsg::{Message, Messages, begin, words};
use libc::{
    CMSG_DATA, CMSG_FIRSTHDR, CMSG_LEN, CMSG_NXTHDR, CMSG_SPACE, SCM_CREDENTIALS, SCM_RIGHTS, SOL_SOCKET, c_void,
    cmsghdr, msghdr,
};
use linux_socketpair::{
    BorrowedFd, ControlMessage, Credentials, Errno, MessageFlags, RecvControl, SendControl, Truncated, space,
};
use proptest::{collection::vec, prelude::*, test_runner::Config};
use std::{mem::MaybeUninit, ptr, slice, time::Duration};

const WORD: usize = size_of::<usize>();
const HEADER: usize = size_of::<cmsghdr>();
const SCM_SECURITY: i32 = 3;
const SCM_PIDFD: i32 = 4;

/// Level, type and payload.
type Record = (i32, i32, Vec<u8>);

fn parse(received: &[u8]) -> Vec<Record> {
    let mut memory = Memory {
        words: vec![0; received.len().div_ceil(WORD)],
        used: received.len(),
    };
    memory.bytes().copy_from_slice(received);
    // SAFETY: they begin at a word's alignment.
    unsafe { Messages::new(memory.bytes()) }
        .map(|Message { level, ty, payload }| (level, ty, payload.to_vec()))
        .collect()
}

/// Memory for control messages, at the kernel's alignment, of which so many bytes are used.
struct Memory {
    words: Vec<usize>,
    used: usize,
}

impl Memory {
    fn bytes(&mut self) -> &mut [u8] {
        // SAFETY: the words have no fewer bytes.
        unsafe { slice::from_raw_parts_mut(self.words.as_mut_ptr().cast(), self.used) }
    }

    fn header(&mut self) -> msghdr {
        // SAFETY: any bytes make a header.
        let mut header = unsafe { MaybeUninit::<msghdr>::zeroed().assume_init() };
        header.msg_control = self.words.as_mut_ptr().cast::<c_void>();
        header.msg_controllen = self.used as _;
        header
    }

    fn parsed_by_libc(&mut self) -> Vec<Record> {
        let header = self.header();
        let mut records = Vec::new();
        // SAFETY: the macros stay within the memory, all of which is initialized.
        unsafe {
            let mut message = CMSG_FIRSTHDR(&header);
            while !message.is_null() {
                let len = (*message).cmsg_len as usize - HEADER;
                let payload = slice::from_raw_parts(CMSG_DATA(message), len).to_vec();
                records.push(((*message).cmsg_level, (*message).cmsg_type, payload));
                message = CMSG_NXTHDR(&header, message);
            }
        }
        records
    }

    fn written_by_libc(records: &[Record]) -> Self {
        let used = records
            .iter()
            // SAFETY: arithmetic.
            .map(|(.., payload)| unsafe { CMSG_SPACE(payload.len() as u32) } as usize)
            .sum();
        let mut memory = Self {
            words: vec![0; usize::div_ceil(used, WORD)],
            used,
        };
        let header = memory.header();
        // SAFETY: the memory has the size that the macros give for the records.
        unsafe {
            let mut message = CMSG_FIRSTHDR(&header);
            for (level, ty, payload) in records {
                (*message).cmsg_level = *level;
                (*message).cmsg_type = *ty;
                (*message).cmsg_len = CMSG_LEN(payload.len() as u32) as _;
                ptr::copy_nonoverlapping(payload.as_ptr(), CMSG_DATA(message), payload.len());
                message = CMSG_NXTHDR(&header, message);
            }
        }
        memory
    }

    fn written_by_the_crate(records: &[Record]) -> Self {
        let size = records.iter().map(|(.., payload)| space::payload(payload.len())).sum();
        // What is not written stays uninitialized, and Miri reports that it is read.
        let mut memory = vec![MaybeUninit::uninit(); size];
        let mut control = SendControl::new(&mut memory);
        for (level, ty, payload) in records {
            // SAFETY: it is never sent.
            unsafe { control.push(*level, *ty, payload) }.expect("there is memory for all");
        }
        // SAFETY: there is no descriptor in it to pass on.
        assert_eq!(
            unsafe { control.push(0, 0, b"") },
            Err(Errno::ENOBUFS),
            "all of it is used"
        );
        let bytes = control.as_bytes();
        let word = |bytes: &[u8]| usize::from_ne_bytes(bytes.try_into().expect("a word"));
        Self {
            words: bytes.chunks_exact(WORD).map(word).collect(),
            used: bytes.len(),
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

fn records(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Record>> {
    vec((any::<i32>(), any::<i32>(), vec(any::<u8>(), 0..40)), count)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn libc_parses_what_is_written_as_it_was_written(records in records(0..8)) {
        let mut memory = Memory::written_by_the_crate(&records);
        prop_assert_eq!(&parse(memory.bytes()), &records);
        prop_assert_eq!(&memory.parsed_by_libc(), &records);
        prop_assert_eq!(memory.words, Memory::written_by_libc(&records).words, "padding is zero");
    }

    #[test]
    fn what_libc_writes_is_parsed_as_it_was_written(records in records(0..8)) {
        prop_assert_eq!(&parse(Memory::written_by_libc(&records).bytes()), &records);
    }

    /// The kernel may omit the padding of the last message.
    #[test]
    fn the_last_message_may_lack_its_padding(records in records(1..8)) {
        let mut memory = Memory::written_by_libc(&records);
        let payload = records[records.len() - 1].2.len();
        memory.used -= payload.next_multiple_of(WORD) - payload;
        prop_assert_eq!(&parse(memory.bytes()), &records);
    }

    #[test]
    fn truncation_discards_no_message_before_it(records in records(1..8), end in any::<prop::sample::Index>()) {
        let mut memory = Memory::written_by_libc(&records);
        let at = end.index(memory.used + 1);
        let mut end = 0;
        let complete = records.iter().take_while(|(.., payload)| {
            let fits = end + HEADER + payload.len() <= at;
            end = (end + HEADER + payload.len()).next_multiple_of(WORD);
            fits
        });
        let complete = complete.cloned().collect::<Vec<_>>();
        prop_assert_eq!(parse(&memory.bytes()[..at]), complete);
    }

    #[test]
    fn parsing_any_memory_ends_within_it(
        mut bytes in vec(any::<u8>(), 0..400),
        from in 0..8_usize,
        lengths in vec((0..400_usize, 0..60_usize), 0..6),
    ) {
        for (at, len) in lengths {
            // Lengths that may fit lead further than random ones.
            if let Some(place) = bytes.get_mut(at & !(WORD - 1)..).and_then(|rest| rest.first_chunk_mut()) {
                *place = len.to_ne_bytes();
            }
        }
        let bytes = bytes.get_mut(from..).unwrap_or_default();
        let len = bytes.len();
        let taken: usize = parse(bytes).iter().map(|(.., payload)| HEADER + payload.len()).sum();
        prop_assert!(taken <= len);
    }
}

#[test]
fn an_impossible_length_ends_the_messages() {
    for len in [0, 1, HEADER - 1, HEADER + 1, usize::MAX, usize::MAX - 7, usize::MAX / 2] {
        let mut bytes = [0_u8; HEADER];
        bytes[..WORD].copy_from_slice(&len.to_ne_bytes());
        assert_eq!(parse(&bytes), [], "{len}");
    }
    for len in 0..HEADER {
        assert_eq!(parse(&vec![0xff; len]), []);
        assert_eq!(parse(&vec![0; len]), []);
    }
}

#[test]
fn a_message_that_does_not_fit_is_not_written() {
    const FREE: usize = (8 * WORD) - HEADER;
    let mut memory = [const { MaybeUninit::new(7_usize) }; 8];
    for len in [FREE + 1, 1000, usize::MAX / 2, usize::MAX - HEADER, usize::MAX] {
        assert!(begin(&mut memory, 1, 1, len).is_none(), "{len}");
    }
    // SAFETY: initialized above.
    assert!(memory.iter().all(|word| unsafe { word.assume_init() } == 7));
    assert_eq!(begin(&mut memory, 1, 1, 5).map(|payload| payload.len()), Some(5));
    // SAFETY: initialized above.
    assert!(memory[words(5)..].iter().all(|word| unsafe { word.assume_init() } == 7));
    assert_eq!(begin(&mut memory, 1, 1, FREE).map(|payload| payload.len()), Some(FREE));
}

#[test]
fn the_space_of_an_impossible_length_is_usize_max() {
    for count in [usize::MAX / 4 + 2, usize::MAX / 4 + 1, usize::MAX / 2, usize::MAX] {
        assert_eq!(space::rights(count), usize::MAX, "{count}");
    }
    for len in [usize::MAX, usize::MAX - HEADER + 1] {
        assert_eq!(space::payload(len), usize::MAX, "{len}");
    }
    assert_eq!(space::payload(usize::MAX - HEADER), usize::MAX / WORD + 1);
    for len in 0..1100 {
        // SAFETY: arithmetic.
        assert_eq!(
            space::payload(len) * WORD,
            unsafe { CMSG_SPACE(len as u32) } as usize,
            "{len}"
        );
    }
    const { assert!(space::rights(1) > space::payload(0) && space::CREDENTIALS == space::payload(12)) }
}

/// Yields a file descriptor so many times, and reports another length.
struct WrongLength<'fd> {
    fd: BorrowedFd<'fd>,
    count: usize,
    reported: usize,
}

impl<'fd> Iterator for WrongLength<'fd> {
    type Item = BorrowedFd<'fd>;

    fn next(&mut self) -> Option<BorrowedFd<'fd>> {
        self.count = self.count.checked_sub(1)?;
        Some(self.fd)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.reported, Some(self.reported))
    }
}

impl ExactSizeIterator for WrongLength<'_> {}

/// A number that no test uses as a file descriptor.
fn five() -> BorrowedFd<'static> {
    // SAFETY: as stated.
    unsafe { BorrowedFd::borrow_raw(5) }
}

fn ints(bytes: &[u8]) -> Vec<i32> {
    bytes
        .chunks_exact(4)
        .map(|int| i32::from_ne_bytes(int.try_into().expect("four bytes")))
        .collect()
}

#[test]
fn an_iterator_with_a_wrong_length_writes_neither_too_much_nor_uninitialized_memory() {
    let wrong = |count, reported| WrongLength {
        fd: five(),
        count,
        reported,
    };
    let mut memory = [const { MaybeUninit::uninit() }; 16];
    let mut control = SendControl::new(&mut memory);
    for reported in [1000, usize::MAX / 4, usize::MAX / 4 + 1, usize::MAX] {
        assert_eq!(
            control.push_rights(wrong(3, reported)),
            Err(Errno::ENOBUFS),
            "{reported}"
        );
    }
    assert_eq!(control.as_bytes(), []);
    control.push_rights(wrong(100, 1)).expect("there is memory");
    control.push_rights(wrong(1, 3)).expect("there is memory");
    let parsed: Vec<_> = parse(control.as_bytes())
        .into_iter()
        .map(|(.., payload)| ints(&payload))
        .collect();
    assert_eq!(parsed, [vec![5], vec![5, -1, -1]]);
    control.clear();
    assert_eq!(control.as_bytes(), []);
    assert_eq!(format!("{control:?}"), "SendControl { words: 0, of: 16 }");

    let mut memory = [const { MaybeUninit::new(7_usize) }; 16];
    let mut control = SendControl::new(&mut memory);
    control.push_rights(wrong(100, 1)).expect("there is memory");
    let records = [(SOL_SOCKET, SCM_RIGHTS, 5_i32.to_ne_bytes().to_vec())];
    assert_eq!(control.as_bytes(), Memory::written_by_the_crate(&records).bytes());
    // SAFETY: initialized above.
    assert!(
        memory[space::rights(1)..]
            .iter()
            .all(|word| unsafe { word.assume_init() } == 7)
    );
}

/// # Safety
///
/// There is room for a header at `at`, which is a word's alignment.
unsafe fn write_header(at: *mut u8, payload: usize, level: i32, ty: i32) {
    // SAFETY: as the caller vouches. musl's cmsghdr has padding besides these three.
    unsafe {
        at.cast::<usize>().write(HEADER + payload);
        at.add(WORD).cast::<[i32; 2]>().write([level, ty]);
    }
}

/// What a kernel writes: these messages, in memory for `size` words. It returns `len` bytes as their length.
fn received<T>(
    size: usize,
    records: &[Record],
    len: usize,
    flags: MessageFlags,
    f: impl FnOnce(&mut RecvControl<'_>) -> T,
) -> T {
    let mut memory = vec![MaybeUninit::uninit(); size];
    let mut control = RecvControl::new(&mut memory);
    let (at, capacity) = control.as_raw_parts();
    assert_eq!((at as usize % WORD, capacity), (0, size * WORD));
    let mut written = 0;
    for (level, ty, payload) in records {
        // SAFETY: the caller has chosen `size` so that the messages fit. Padding is not written.
        unsafe {
            write_header(at.add(written), payload.len(), *level, *ty);
            ptr::copy_nonoverlapping(payload.as_ptr(), at.add(written + HEADER), payload.len());
        }
        written = (written + HEADER + payload.len()).next_multiple_of(WORD);
    }
    // SAFETY: the memory was written as by one call.
    unsafe { control.set_received(len, flags) };
    f(&mut control)
}

/// An SCM_RIGHTS message with the negated errnos.
fn rights(errnos: &[Errno]) -> Record {
    let payload = errnos.iter().flat_map(|errno| (-errno.raw_os_error()).to_ne_bytes());
    (SOL_SOCKET, SCM_RIGHTS, payload.collect())
}

#[test]
fn timestamps_of_both_widths_and_units_are_decoded() {
    const SCM_TIMESTAMP: [i32; 2] = [libc::SO_TIMESTAMP, 63];
    const SCM_TIMESTAMPNS: [i32; 2] = [libc::SO_TIMESTAMPNS, 64];
    let words = |seconds: isize, units: isize| [seconds, units].map(isize::to_ne_bytes).as_flattened().to_vec();
    let wide = |seconds: i64, units: i64| [seconds, units].map(i64::to_ne_bytes).as_flattened().to_vec();
    let time = |seconds, nanos| Some(Duration::new(seconds, nanos));
    let cases = [
        (SCM_TIMESTAMP[0], words(7, 999_999), time(7, 999_999_000)),
        (SCM_TIMESTAMPNS[0], words(7, 999_999_999), time(7, 999_999_999)),
        (SCM_TIMESTAMP[1], wide(1 << 40, 1), time(1 << 40, 1000)),
        (SCM_TIMESTAMPNS[1], wide(i64::MAX, 1), time(i64::MAX as u64, 1)),
        (SCM_TIMESTAMPNS[1], wide(0, 0), time(0, 0)),
        // No times from 1970 on, and no such lengths.
        (SCM_TIMESTAMP[0], words(7, 1_000_000), None),
        (SCM_TIMESTAMP[1], wide(7, i64::from(u32::MAX)), None),
        (SCM_TIMESTAMPNS[1], wide(7, 1_000_000_000), None),
        (SCM_TIMESTAMPNS[1], wide(7, -1), None),
        (SCM_TIMESTAMPNS[1], wide(-1, 7), None),
        (SCM_TIMESTAMPNS[1], wide(7, 1 << 40), None),
        (SCM_TIMESTAMP[0], words(7, 7)[1..].to_vec(), None),
        (SCM_TIMESTAMP[1], wide(7, 7)[..12].to_vec(), None),
        (SCM_TIMESTAMP[1], vec![], None),
    ];
    for (ty, payload, expected) in cases {
        let record = (SOL_SOCKET, ty, payload.clone());
        let size = space::payload(payload.len());
        received(size, &[record], size * WORD, MessageFlags::empty(), |control| {
            let mut messages = control.messages().expect("complete");
            match (messages.next(), expected) {
                (Some(ControlMessage::Timestamp(since)), Some(expected)) => assert_eq!(since, expected),
                (
                    Some(ControlMessage::Other {
                        level,
                        ty: seen,
                        payload: bytes,
                    }),
                    None,
                ) => {
                    assert_eq!((level, seen, bytes), (SOL_SOCKET, ty, &payload[..]));
                }
                (seen, _) => panic!("{ty}, {payload:?}: {seen:?}"),
            }
            assert!(messages.next().is_none());
        });
    }
    const { assert!(space::TIMESTAMP == space::payload(16)) }
}

#[test]
fn only_a_nonnegative_int_is_a_count_of_bytes_to_receive() {
    const SCM_INQ: i32 = 84;
    let cases = [
        (6_i32.to_ne_bytes().to_vec(), Some(6)),
        (0_i32.to_ne_bytes().to_vec(), Some(0)),
        (i32::MAX.to_ne_bytes().to_vec(), Some(i32::MAX as usize)),
        ((-1_i32).to_ne_bytes().to_vec(), None),
        (vec![1; 3], None),
        (vec![1; 8], None),
    ];
    for (payload, expected) in cases {
        let size = space::payload(payload.len());
        let record = (SOL_SOCKET, SCM_INQ, payload);
        received(
            size,
            &[record],
            size * WORD,
            MessageFlags::empty(),
            |control| match control.messages().expect("complete").next() {
                Some(ControlMessage::BytesToRecv(bytes)) => assert_eq!(Some(bytes), expected),
                Some(ControlMessage::Other { .. }) => assert_eq!(expected, None),
                seen => panic!("{seen:?}"),
            },
        );
    }
    const { assert!(space::BYTES_TO_RECV == space::payload(4)) }
}

/// Linux counts padding that it does not write, and the length of a failed call is that of all memory.
#[test]
fn debug_of_received_messages_reads_no_memory_that_was_not_written() {
    let records = [
        (SOL_SOCKET, SCM_SECURITY, b"label".to_vec()),
        (
            SOL_SOCKET,
            SCM_PIDFD,
            (-Errno::EINVAL.raw_os_error()).to_ne_bytes().to_vec(),
        ),
        rights(&[Errno::EACCES]),
        (
            SOL_SOCKET,
            SCM_CREDENTIALS,
            [1, 2, 3_i32].iter().flat_map(|int| int.to_ne_bytes()).collect(),
        ),
        (1000, 2000, b"other".to_vec()),
    ];
    let size = records
        .iter()
        .map(|(.., payload)| space::payload(payload.len()))
        .sum::<usize>()
        + 20;
    for len in [size * WORD, usize::MAX] {
        received(size, &records, len, MessageFlags::empty(), |control| {
            let shown = [
                format!("{control:?}"),
                format!("{:?}", control.partial_messages()),
                format!("{:?}", control.descriptors()),
            ];
            let names = ["RecvControl {", "ControlMessages(", "Ok(Descriptors {"];
            assert!(
                shown.iter().zip(names).all(|(shown, name)| shown.starts_with(name)),
                "{shown:?}"
            );
            let shown: Vec<_> = control
                .partial_messages()
                .map(|message| format!("{message:?}"))
                .collect();
            assert_eq!(
                shown,
                [
                    "Security([108, 97, 98, 101, 108])",
                    "Pidfd(Err(EINVAL))",
                    "Rights(Rights([-13]))",
                    "Credentials(Credentials { pid: 1, uid: 2, gid: 3 })",
                    "Other { level: 1000, ty: 2000, payload: [111, 116, 104, 101, 114] }",
                ]
            );
            assert!(!control.is_empty());
            control.clear();
            assert!(control.is_empty());
        });
    }
}

#[test]
fn memory_that_was_not_written_contains_no_message() {
    for flags in [MessageFlags::empty(), MessageFlags::CTRUNC] {
        for len in [0, 1, HEADER, 20 * WORD, usize::MAX] {
            received(20, &[], len, flags, |control| {
                assert!(control.is_empty());
                assert_eq!(control.partial_messages().count(), 0);
                assert_eq!(control.is_truncated(), flags == MessageFlags::CTRUNC);
            });
        }
    }
    // What the caller left in the memory is no message either.
    let mut memory = [MaybeUninit::uninit(); 20];
    let mut control = SendControl::new(&mut memory);
    control.push_rights([five(); 3]).expect("there is memory");
    let mut control = RecvControl::new(&mut memory);
    let (_, capacity) = control.as_raw_parts();
    // SAFETY: nothing was written.
    unsafe { control.set_received(capacity, MessageFlags::empty()) };
    assert_eq!(control.partial_messages().count(), 0);
    assert_eq!(control.descriptors().map(Iterator::count), Ok(0));
}

#[test]
fn messages_of_an_earlier_call_are_not_received_again() {
    let record = rights(&[Errno::EACCES]);
    let size = space::rights(1);
    received(
        size,
        slice::from_ref(&record),
        size * WORD,
        MessageFlags::CTRUNC,
        |control| {
            assert_eq!(
                control.descriptors().map(Iterator::count),
                Err(control.messages().unwrap_err())
            );
            assert_eq!(control.partial_messages().count(), 1);
            // The next call writes nothing, and fails.
            let (_, capacity) = control.as_raw_parts();
            // SAFETY: nothing was written.
            unsafe { control.set_received(capacity, MessageFlags::empty()) };
            assert!(control.is_empty() && !control.is_truncated());
            assert_eq!(control.partial_messages().count(), 0);
        },
    );
    for max in [0, 1] {
        received(
            size,
            slice::from_ref(&record),
            size * WORD,
            MessageFlags::empty(),
            |control| {
                control.set_max_descriptors(max);
                assert_eq!(
                    control.descriptors().map(Iterator::count),
                    Ok(1),
                    "the limit is for the next call"
                );
                assert_eq!(control.descriptors().map(Iterator::count), Ok(0), "taken");
            },
        );
    }
}

/// Linux 7.3 puts negated errnos into the places of file descriptors that a security module denies.
#[test]
fn an_errno_in_the_place_of_a_file_descriptor_is_an_error_in_that_place() {
    const ERRNOS: [Errno; 3] = [Errno::EACCES, Errno::EPERM, Errno::EACCES];
    let records = [rights(&ERRNOS), rights(&[]), rights(&ERRNOS[..2])];
    let size = space::rights(3) + space::rights(0) + space::rights(2);
    let expected: Vec<_> = ERRNOS.iter().chain(&ERRNOS[..2]).copied().map(Some).collect();
    received(size, &records, size * WORD, MessageFlags::empty(), |control| {
        let found: Vec<_> = control.descriptors().expect("complete").map(Result::err).collect();
        assert_eq!(found, expected);
    });
    received(size, &records, size * WORD, MessageFlags::empty(), |control| {
        let found = control.messages().expect("complete").flat_map(|message| match message {
            ControlMessage::Rights(rights) => rights.map(Result::err).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        });
        assert_eq!(found.collect::<Vec<_>>(), expected);
    });
    // Neither a file descriptor nor an errno.
    let impossible = [i32::MIN, -4096].iter().flat_map(|int| int.to_ne_bytes()).collect();
    let records = [(SOL_SOCKET, SCM_RIGHTS, impossible)];
    received(size, &records, size * WORD, MessageFlags::empty(), |control| {
        assert_eq!(control.descriptors().map(Iterator::count), Ok(0));
    });
}

#[test]
fn a_message_too_short_for_its_type_is_returned_as_other() {
    let records = [
        (SOL_SOCKET, SCM_PIDFD, vec![0; 3]),
        (SOL_SOCKET, SCM_CREDENTIALS, vec![0; 11]),
        (SOL_SOCKET, SCM_RIGHTS, vec![0xff; 3]),
    ];
    let size = 20;
    received(size, &records, size * WORD, MessageFlags::empty(), |control| {
        let shown: Vec<_> = control
            .partial_messages()
            .map(|message| format!("{message:?}"))
            .collect();
        assert_eq!(
            shown,
            [
                "Other { level: 1, ty: 4, payload: [0, 0, 0] }",
                "Other { level: 1, ty: 2, payload: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] }",
                "Rights(Rights([]))",
            ]
        );
    });
}

#[test]
fn credentials_are_written_as_the_kernel_reads_them() {
    let mut memory = [MaybeUninit::uninit(); space::CREDENTIALS];
    let mut control = SendControl::new(&mut memory);
    let sent = Credentials {
        pid: 1,
        uid: u32::MAX,
        gid: 3,
    };
    control.push_credentials(sent).expect("there is memory");
    let parsed = parse(control.as_bytes());
    assert_eq!(parsed.len(), 1);
    let (level, ty, payload) = &parsed[0];
    assert_eq!(
        (*level, *ty, ints(payload)),
        (SOL_SOCKET, SCM_CREDENTIALS, vec![1, -1, 3])
    );
}

#[test]
fn truncated_has_no_size_and_outlives_the_buffer() {
    fn converts(control: &mut RecvControl<'_>) -> Result<usize, Errno> {
        Ok(control.messages()?.count())
    }
    fn boxes(control: &mut RecvControl<'_>) -> Result<usize, Box<dyn std::error::Error + Send + Sync + 'static>> {
        Ok(control.descriptors()?.count())
    }
    received(4, &[], 0, MessageFlags::CTRUNC, |control| {
        assert_eq!(converts(control), Err(Errno::ENOBUFS));
        assert!(boxes(control).unwrap_err().is::<Truncated>());
    });
    assert_eq!(size_of::<Truncated>(), 0);
}

/// With the feature `std`, close(2) is a function that Miri knows.
#[cfg(feature = "std")]
#[test]
fn every_received_file_descriptor_is_closed_exactly_once() {
    use std::{
        fs::File,
        os::fd::{AsRawFd, IntoRawFd},
    };

    let mut memory = [MaybeUninit::uninit(); space::rights(4)];
    let mut control = RecvControl::new(&mut memory);
    control.set_max_descriptors(3);
    let raw = [(); 4].map(|()| File::open("/dev/null").expect("a file").into_raw_fd());
    let (at, len) = control.as_raw_parts();
    // SAFETY: there is memory for such a message; the file descriptors are given up.
    unsafe {
        write_header(at, 16, SOL_SOCKET, SCM_RIGHTS);
        at.add(HEADER).cast::<[i32; 4]>().write_unaligned(raw);
        control.set_received(len, MessageFlags::empty());
    }
    assert!(control.is_truncated(), "one more than the limit");
    let mut taken = control.partial_messages().filter_map(|message| match message {
        ControlMessage::Rights(mut rights) => rights.next(),
        _ => None,
    });
    let taken = taken.next().expect("one").expect("a file descriptor");
    assert_eq!(taken.as_raw_fd(), raw[0]);
    drop(control);
    // The lowest that are free are those that were closed. Nothing else of this program opens files.
    let again = [(); 3].map(|()| File::open("/dev/null").expect("a file"));
    assert_eq!(again.each_ref().map(AsRawFd::as_raw_fd), raw[1..]);
}
