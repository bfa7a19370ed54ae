//! Whole messages on streams: all bytes arrive, and their descriptors exactly once, however the kernel divides the messages.

use core::time::Duration;
use freestanding::raw;
use linux_socketpair::{
    AsFd, ControlMessage, Errno, Incomplete, IoSlice, IoSliceMut, RecvControl, SendControl, UnixStream, space,
};

use crate::bytes::{content, pair};
use crate::control::{NO_CTRUNC, NothingLeaks, declare, send};
use crate::report::{Needs, Outcome, Report, missing, must, requires, same, tests};

pub fn tests(report: &mut Report) {
    let mut report = NothingLeaks(report);
    tests! { report;
        "send_message_all: descriptors are sent once, with the first byte of many parts": sent_once;
        "send_message_all: without bytes it makes no call, and with descriptors it is EINVAL": nothing_to_send;
        "send_message_all: an error keeps what was not sent": unsent;
        "send_message_all, recv_message_exact: more buffers than one call accepts": many_buffers;
        "recv_message_exact: descriptors of several parts, and not those of the next message": several_parts;
        "recv_message_exact: what came before EAGAIN is kept, and the next call continues": interrupted;
        "recv_message_exact: end of stream within a message keeps what came before": end_of_stream;
        "recv_message_exact: descriptors that are taken between parts are not returned again": taken_between_parts;
        (NO_CTRUNC) "recv_message_exact: too little memory is reported, and all bytes arrive": too_little_memory;
        "recv_message_exact: too few free descriptors are reported, and all bytes arrive": too_few_free;
        "recv_message_exact: set_max_descriptors counts those of all parts": max_descriptors;
        "recv_message_exact: credentials of the same sender are kept once, descriptors all": same_sender;
        "recv_message_exact: credentials of different senders are all kept": different_senders;
        (Needs::Kernel("it doesn't know the option")) "recv_message_exact: BytesToRecv is that of the last part":
            bytes_left;
        "recv_message_exact: empty buffers receive nothing": empty_buffers;
        "whole messages with descriptors pass between processes in both directions": between_processes;
    }
}

fn is(result: Result<(), Incomplete>, done: usize, errno: Option<Errno>) -> bool {
    result == Err(Incomplete { done, errno })
}

/// Receives what is there, compares it with the content from `at` on, and counts the descriptors that come with it.
fn drain(b: &UnixStream, content: &[u8], at: &mut usize) -> Result<usize, Errno> {
    let mut buf = [0; 1000];
    let mut count = 0;
    declare!(control: RecvControl, space::rights(253));
    loop {
        let received = match b.recv_message(&mut [IoSliceMut::new(&mut buf)], &mut control) {
            Ok(received) => received.len,
            Err(Errno::EAGAIN) => return Ok(count),
            Err(errno) => return Err(errno),
        };
        let descriptors = control.descriptors()?.count();
        // They come with the first byte.
        if content.get(*at..*at + received) != buf.get(..received) || descriptors > 0 && *at > 0 {
            return Err(Errno::EBADMSG);
        }
        count += descriptors;
        *at += received;
    }
}

const LEN: usize = 700_001;
static CONTENT: [u8; LEN] = content();

fn sent_once() -> Outcome {
    let (a, b): (UnixStream, UnixStream) = must!(pair());
    // Before the first byte there is no room.
    let mut filled = 0;
    while let Ok(len) = a.send(&[7; 4096]) {
        filled += len;
    }
    let (one, two) = CONTENT.split_at(3);
    let (two, three) = two.split_at(500_000);
    let mut bufs = [
        IoSlice::new(&[]),
        IoSlice::new(one),
        IoSlice::new(two),
        IoSlice::new(three),
    ];
    declare!(control: SendControl, space::rights(2));
    must!(control.push_rights([a.as_fd(), b.as_fd()]));
    same!(
        is(a.send_message_all(&mut bufs, &mut control), 0, Some(Errno::EAGAIN)),
        true
    );
    same!(control.as_bytes().len(), space::rights(2) * size_of::<usize>());
    same!(bufs.iter().map(|buf| buf.len()).sum::<usize>(), LEN);
    while filled > 0 {
        filled -= must!(b.recv(&mut [0; 4096]));
    }

    let (mut sent, mut received, mut descriptors, mut parts) = (0, 0, 0, 0);
    loop {
        let result = a.send_message_all(&mut bufs, &mut control);
        parts += 1;
        match result {
            Ok(()) => break,
            Err(Incomplete {
                done,
                errno: Some(Errno::EAGAIN),
            }) => sent += done,
            Err(incomplete) => must!(Err(incomplete)),
        }
        same!(control.as_bytes().len(), 0);
        same!(bufs.iter().map(|buf| buf.len()).sum::<usize>(), LEN - sent);
        descriptors += must!(drain(&b, &CONTENT, &mut received));
    }
    descriptors += must!(drain(&b, &CONTENT, &mut received));
    same!(parts > 2, true);
    same!(received, LEN);
    same!(descriptors, 2);
    same!(bufs.iter().all(|buf| buf.is_empty()), true);
    Ok(())
}

fn nothing_to_send() -> Outcome {
    let (a, b): (UnixStream, UnixStream) = must!(pair());
    declare!(control: SendControl, space::rights(1));
    must!(a.send_message_all(&mut [], &mut control));
    must!(a.send_message_all(&mut [IoSlice::new(b""); 3], &mut control));
    must!(control.push_rights([a.as_fd()]));
    same!(
        is(
            a.send_message_all(&mut [IoSlice::new(b"")], &mut control),
            0,
            Some(Errno::EINVAL)
        ),
        true
    );
    same!(control.as_bytes().is_empty(), false);
    same!(b.recv(&mut [0]), Errno::EAGAIN);
    Ok(())
}

fn unsent() -> Outcome {
    let (a, b): (UnixStream, UnixStream) = must!(pair());
    drop(b);
    declare!(control: SendControl, space::rights(1));
    must!(control.push_rights([a.as_fd()]));
    let mut bufs = [IoSlice::new(b"bytes")];
    same!(
        is(a.send_message_all(&mut bufs, &mut control), 0, Some(Errno::EPIPE)),
        true
    );
    same!(bufs[0].len(), 5);
    same!(control.as_bytes().is_empty(), false);
    Ok(())
}

fn many_buffers() -> Outcome {
    const COUNT: usize = 2500;
    let (a, b): (UnixStream, UnixStream) = must!(pair());
    let mut sent = [IoSlice::new(b""); COUNT];
    for (at, buf) in sent.iter_mut().enumerate() {
        *buf = IoSlice::new(&CONTENT[at..at + at % 3]);
    }
    declare!(control: SendControl, space::rights(1));
    must!(control.push_rights([a.as_fd()]));
    must!(a.send_message_all(&mut sent, &mut control));

    let mut memory = [0; COUNT];
    let mut rest = &mut memory[..];
    let mut bufs = [const { None }; COUNT];
    for (at, buf) in bufs.iter_mut().enumerate() {
        let (now, later) = core::mem::take(&mut rest).split_at_mut(at % 3);
        *buf = Some(IoSliceMut::new(now));
        rest = later;
    }
    let mut bufs = bufs.map(|buf| buf.unwrap_or(IoSliceMut::new(&mut [])));
    declare!(control: RecvControl, space::rights(1));
    must!(b.recv_message_exact(&mut bufs, &mut control));
    same!(must!(control.descriptors()).count(), 1);
    let mut at = 0;
    for buf in 0..COUNT {
        same!(memory[at..at + buf % 3] == CONTENT[buf..buf + buf % 3], true);
        at += buf % 3;
    }
    same!(b.recv(&mut [0]), Errno::EAGAIN);
    Ok(())
}

/// Sends bytes, and `count` descriptors with them.
fn send_part(a: &UnixStream, bytes: &[u8], count: usize) -> Result<(), Errno> {
    declare!(control: SendControl, space::rights(253));
    control.push_rights([a.as_fd(); 253].into_iter().take(count))?;
    a.send_message_all(&mut [IoSlice::new(bytes)], &mut control)
        .map_err(Errno::from)
}

fn several_parts() -> Outcome {
    let (a, b): (UnixStream, UnixStream) = must!(pair());
    declare!(control: RecvControl, space::rights(2) + space::rights(1) + space::rights(3));
    for _ in 0..3 {
        must!(send_part(&a, b"ab", 2));
        must!(send_part(&a, b"cde", 0));
        must!(send_part(&a, b"fg", 1));
        must!(send_part(&a, b"h", 0));
        must!(send_part(&a, b"ijkl", 3));
        must!(send_part(&a, b"next", 5));
        let (mut one, mut two) = ([0; 3], [0; 9]);
        let mut bufs = [
            IoSliceMut::new(&mut one),
            IoSliceMut::new(&mut []),
            IoSliceMut::new(&mut two),
        ];
        must!(b.recv_message_exact(&mut bufs, &mut control));
        same!(bufs.iter().all(|buf| buf.is_empty()), true);
        same!(&one == b"abc" && &two == b"defghijkl", true);
        same!(must!(control.messages()).count(), 3);
        same!(must!(control.descriptors()).count(), 6);
        control.clear();

        declare!(control: RecvControl, space::rights(5));
        let mut buf = [0; 4];
        must!(b.recv_message_exact(&mut [IoSliceMut::new(&mut buf)], &mut control));
        same!(&buf == b"next", true);
        same!(must!(control.descriptors()).count(), 5);
    }
    Ok(())
}

fn interrupted() -> Outcome {
    let (a, b): (UnixStream, UnixStream) = must!(pair());
    let before = raw::count_descriptors();
    let mut buf = [0; 10];
    let mut bufs = [IoSliceMut::new(&mut buf)];
    declare!(control: RecvControl, space::rights(2) + space::rights(1));
    same!(
        is(b.recv_message_exact(&mut bufs, &mut control), 0, Some(Errno::EAGAIN)),
        true
    );
    must!(send_part(&a, b"abc", 2));
    same!(
        is(b.recv_message_exact(&mut bufs, &mut control), 3, Some(Errno::EAGAIN)),
        true
    );
    same!(raw::count_descriptors(), before + 2);
    must!(send_part(&a, b"d", 0));
    same!(
        is(b.recv_message_exact(&mut bufs, &mut control), 1, Some(Errno::EAGAIN)),
        true
    );
    same!(
        is(b.recv_message_exact(&mut bufs, &mut control), 0, Some(Errno::EAGAIN)),
        true
    );
    must!(send_part(&a, b"efghij", 1));
    must!(b.recv_message_exact(&mut bufs, &mut control));
    must!(b.recv_message_exact(&mut bufs, &mut control));
    same!(&buf == b"abcdefghij", true);
    same!(must!(control.descriptors()).count(), 3);
    Ok(())
}

fn end_of_stream() -> Outcome {
    let (a, b): (UnixStream, UnixStream) = must!(pair());
    must!(b.set_pass_credentials(true));
    let has_pidfd = b.set_pass_pidfd(true).is_ok();
    let before = raw::count_descriptors();
    // Not the end itself, which would stay open in flight.
    let mut sent = [core::mem::MaybeUninit::uninit(); space::rights(2)];
    let mut sent = SendControl::new(&mut sent);
    must!(sent.push_rights([b.as_fd(); 2]));
    must!(a.send_message_all(&mut [IoSlice::new(b"abc")], &mut sent));
    drop(a);
    declare!(control: RecvControl, 2 * (space::CREDENTIALS + space::PIDFD) + space::rights(2));
    let mut buf = [0; 10];
    let mut bufs = [IoSliceMut::new(&mut buf)];
    same!(is(b.recv_message_exact(&mut bufs, &mut control), 3, None), true);
    same!(is(b.recv_message_exact(&mut bufs, &mut control), 0, None), true);
    same!(raw::count_descriptors(), before - 1 + 2 + u32::from(has_pidfd));
    same!(must!(control.messages()).count(), 2 + usize::from(has_pidfd));
    drop(control);
    declare!(control: RecvControl, space::CREDENTIALS + space::PIDFD);
    same!(is(b.recv_message_exact(&mut bufs, &mut control), 0, None), true);
    same!(control.is_empty(), true);
    Ok(())
}

fn taken_between_parts() -> Outcome {
    let (a, b): (UnixStream, UnixStream) = must!(pair());
    declare!(control: RecvControl, 3 * space::rights(2));
    for _ in 0..3 {
        must!(send_part(&a, b"ab", 2));
        must!(b.recv_message_exact(&mut [IoSliceMut::new(&mut [0; 2])], &mut control));
        let mut descriptors = must!(control.descriptors());
        same!(descriptors.next().is_some_and(|fd| fd.is_ok()), true);
    }
    same!(must!(control.descriptors()).count(), 3);
    Ok(())
}

fn too_little_memory() -> Outcome {
    let (a, b): (UnixStream, UnixStream) = must!(pair());
    for words in [
        0,
        space::rights(2),
        space::rights(2) + 1,
        space::rights(2) + space::rights(2),
    ] {
        let before = raw::count_descriptors();
        must!(send_part(&a, b"ab", 2));
        must!(send_part(&a, b"cd", 3));
        must!(send_part(&a, b"ef", 1));
        must!(send_part(&a, b"next", 0));
        let mut memory = [core::mem::MaybeUninit::uninit(); 64];
        let mut control = RecvControl::new(&mut memory[..words]);
        let mut buf = [0; 6];
        must!(b.recv_message_exact(&mut [IoSliceMut::new(&mut buf)], &mut control));
        same!(&buf == b"abcdef", true);
        same!(control.is_truncated(), true);
        same!(control.descriptors().map(Iterator::count), Errno::ENOBUFS);
        control.clear();
        same!(control.is_truncated(), false);
        same!(raw::count_descriptors(), before);
        let mut buf = [0; 4];
        must!(b.recv_message_exact(&mut [IoSliceMut::new(&mut buf)], &mut control));
        same!(&buf == b"next" && !control.is_truncated(), true);
    }
    Ok(())
}

fn too_few_free() -> Outcome {
    let (a, b): (UnixStream, UnixStream) = must!(pair());
    must!(send_part(&a, b"ab", 2));
    must!(send_part(&a, b"cd", 3));
    must!(send_part(&a, b"ef", 1));
    let open = raw::count_descriptors();
    raw::leave_free(3);
    declare!(control: RecvControl, 3 * space::rights(3));
    let mut buf = [0; 6];
    let received = b.recv_message_exact(&mut [IoSliceMut::new(&mut buf)], &mut control);
    raw::limit_descriptors(1024);
    must!(received);
    same!(&buf == b"abcdef", true);
    same!(control.is_truncated(), true);
    same!(raw::count_descriptors(), open + 3);
    Ok(())
}

fn max_descriptors() -> Outcome {
    let (a, b): (UnixStream, UnixStream) = must!(pair());
    declare!(control: RecvControl, 3 * space::rights(3));
    for (max, kept) in [(6, 6), (5, 5), (3, 3), (2, 2), (1, 1), (0, 0), (7, 6)] {
        control.clear();
        control.set_max_descriptors(max);
        let before = raw::count_descriptors();
        must!(send_part(&a, b"ab", 2));
        must!(send_part(&a, b"cd", 3));
        must!(send_part(&a, b"ef", 1));
        must!(b.recv_message_exact(&mut [IoSliceMut::new(&mut [0; 6])], &mut control));
        same!(raw::count_descriptors(), before + kept);
        same!(control.is_truncated(), kept < 6);
    }
    Ok(())
}

fn same_sender() -> Outcome {
    const SENDER: usize = space::CREDENTIALS + space::PIDFD + space::payload(64) + space::BYTES_TO_RECV;
    let (a, b): (UnixStream, UnixStream) = must!(pair());
    let own = must!(a.peer_credentials());
    must!(b.set_pass_credentials(true));
    let has_pidfd = b.set_pass_pidfd(true).is_ok();
    let has_bytes = b.set_pass_bytes_to_recv(true).is_ok();
    let _ = b.set_pass_security(true);
    let before = raw::count_descriptors();
    declare!(control: RecvControl, 2 * SENDER + 2 * space::rights(2));
    let mut buf = [0; 9];
    let mut bufs = [IoSliceMut::new(&mut buf)];
    // More parts than there would be memory for, if each kept its sender.
    for (part, count) in [
        (&b"a"[..], 0),
        (b"b", 2),
        (b"c", 0),
        (b"d", 0),
        (b"e", 0),
        (b"f", 1),
        (b"g", 0),
        (b"h", 0),
    ] {
        must!(send_part(&a, part, count));
        same!(
            is(b.recv_message_exact(&mut bufs, &mut control), 1, Some(Errno::EAGAIN)),
            true
        );
    }
    must!(send_part(&a, b"ithe next", 0));
    must!(b.recv_message_exact(&mut bufs, &mut control));
    same!(&buf == b"abcdefghi", true);
    same!(raw::count_descriptors(), before + 3 + u32::from(has_pidfd));
    let [mut senders, mut pidfds, mut labels, mut descriptors, mut bytes] = [0; 5];
    for message in must!(control.messages()) {
        match message {
            ControlMessage::Credentials(seen) => {
                senders += 1;
                same!(seen == own, true);
            }
            ControlMessage::Pidfd(pidfd) => {
                must!(pidfd);
                pidfds += 1;
            }
            ControlMessage::Rights(rights) => descriptors += rights.count(),
            ControlMessage::Security(_) => labels += 1,
            ControlMessage::BytesToRecv(left) => bytes += left,
            _ => missing!(),
        }
    }
    same!(senders, 1);
    same!(pidfds, usize::from(has_pidfd));
    same!(labels <= 1, true);
    same!(descriptors, 3);
    same!(bytes, if has_bytes { 8 } else { 0 });
    Ok(())
}

fn different_senders() -> Outcome {
    let (a, b): (UnixStream, UnixStream) = must!(pair());
    let own = must!(a.peer_credentials());
    must!(b.set_pass_credentials(true));
    let has_pidfd = b.set_pass_pidfd(true).is_ok();
    let before = raw::count_descriptors();
    must!(send(&a, &a, 1));
    let status = raw::in_child(|| send(&a, &a, 1).is_err().into());
    same!(status, 0);
    must!(send(&a, &a, 1));
    declare!(control: RecvControl, 3 * (space::CREDENTIALS + space::PIDFD + space::rights(1)));
    must!(b.recv_message_exact(&mut [IoSliceMut::new(&mut [0; 3])], &mut control));
    let expected = 3 + if has_pidfd { 2 } else { 0 };
    // Before Linux 6.16 a process that has been reaped has no pidfd.
    let opened = raw::count_descriptors() - before;
    same!(opened == expected || has_pidfd && opened == expected - 1, true);
    let mut senders = [0; 3];
    let mut count = 0;
    for message in must!(control.messages()) {
        if let ControlMessage::Credentials(seen) = message {
            let Some(place) = senders.get_mut(count) else {
                missing!()
            };
            *place = seen.pid;
            count += 1;
        }
    }
    same!(count, 2);
    same!(senders[0], own.pid);
    same!(senders[1] != own.pid, true);
    Ok(())
}

fn bytes_left() -> Outcome {
    requires!(6, 17);
    let (a, b): (UnixStream, UnixStream) = must!(pair());
    must!(b.set_pass_bytes_to_recv(true));
    must!(send(&a, &a, 1));
    must!(a.send(b"12345"));
    declare!(control: RecvControl, 2 * space::BYTES_TO_RECV + space::rights(1));
    must!(b.recv_message_exact(&mut [IoSliceMut::new(&mut [0; 4])], &mut control));
    let mut left = None;
    for message in must!(control.messages()) {
        if let ControlMessage::BytesToRecv(bytes) = message {
            same!(left.replace(bytes), None::<usize>);
        }
    }
    same!(left, Some(2));
    Ok(())
}

fn empty_buffers() -> Outcome {
    let (a, b): (UnixStream, UnixStream) = must!(pair());
    must!(send(&a, &a, 1));
    declare!(control: RecvControl, space::rights(1));
    must!(b.recv_message_exact(&mut [], &mut control));
    must!(b.recv_message_exact(&mut [IoSliceMut::new(&mut []), IoSliceMut::new(&mut [])], &mut control));
    same!(control.is_empty(), true);
    must!(b.recv_message_exact(&mut [IoSliceMut::new(&mut [0])], &mut control));
    same!(must!(control.descriptors()).count(), 1);
    Ok(())
}

/// The child returns each message, with the descriptors that came with it.
fn between_processes() -> Outcome {
    const SIZE: usize = 300_000;
    const ROUNDS: usize = 3;
    static mut MEMORY: [u8; SIZE] = [0; SIZE];
    let at = &raw mut MEMORY;
    let (a, b) = must!(UnixStream::pair());
    must!(a.set_recv_timeout(Some(Duration::from_secs(60))));
    // SAFETY: each process has its own, and nothing else uses it.
    let memory = unsafe { &mut *at };
    let status = raw::beside_child(
        || {
            // SAFETY: as above; the parent's reference is another process's.
            let memory = unsafe { &mut *at };
            for _ in 0..ROUNDS {
                declare!(control: RecvControl, space::rights(3));
                if b.recv_message_exact(&mut [IoSliceMut::new(memory)], &mut control)
                    .is_err()
                {
                    return 1;
                }
                let mut fds = [const { None }; 3];
                let Ok(descriptors) = control.descriptors() else {
                    return 2;
                };
                for (place, fd) in fds.iter_mut().zip(descriptors) {
                    *place = fd.ok();
                }
                let [Some(x), Some(y), Some(z)] = &fds else { return 3 };
                declare!(control: SendControl, space::rights(3));
                let pushed = control.push_rights([x.as_fd(), y.as_fd(), z.as_fd()]);
                let sent = b.send_message_all(&mut [IoSlice::new(memory)], &mut control);
                if pushed.is_err() || sent.is_err() {
                    return 4;
                }
            }
            0
        },
        || {
            for round in 0..ROUNDS {
                let content = &CONTENT[round..round + SIZE];
                must!(send_part(&a, content, 3));
                declare!(control: RecvControl, space::rights(3));
                must!(a.recv_message_exact(&mut [IoSliceMut::new(memory)], &mut control));
                same!(memory == content, true);
                same!(must!(control.descriptors()).count(), 3);
            }
            Ok(())
        },
    )?;
    same!(status, 0);
    Ok(())
}
