//! Bytes through a `Socket`.

use core::mem::MaybeUninit;
use freestanding::raw;
use linux_raw_sys::general::F_GETFD;
use linux_socketpair::{Domain, Errno, IoSlice, IoSliceMut, MessageFlags, Shutdown, Socket, SocketFlags, SocketType};

use crate::pairs::TYPES;
use crate::report::{Needs, Outcome, Report, missing, must, same};

const NONE: MessageFlags = MessageFlags::empty();

fn pair(ty: SocketType) -> Result<[Socket; 2], Errno> {
    Socket::pair(Domain::UNIX, ty, SocketFlags::NONBLOCK, 0)
}

pub fn tests(report: &mut Report) {
    report.test(Needs::Calls, "a Socket closes its descriptor, once", closes_once);
    report.test(
        Needs::Calls,
        "the short forms make their type, closed on exec",
        short_forms,
    );
    for ty in TYPES {
        report.test(Needs::Calls, format_args!("{ty}: send and recv go both ways"), || {
            both_ways(ty)
        });
        report.test(
            Needs::Calls,
            format_args!("{ty}: several buffers are one message"),
            || vectored(ty),
        );
        report.test(
            Needs::Calls,
            format_args!("{ty}: 1024 buffers are taken, 1025 are EMSGSIZE"),
            || too_many(ty),
        );
        report.test(Needs::Calls, format_args!("{ty}: DONTWAIT"), || dontwait(ty));
        report.test(Needs::Calls, format_args!("{ty}: PEEK leaves what it shows"), || {
            peek(ty)
        });
        report.test(Needs::Calls, format_args!("{ty}: what doesn't fit is told"), || {
            too_long(ty)
        });
        report.test(
            Needs::Calls,
            format_args!("{ty}: memory that holds nothing is received into"),
            || uninit(ty),
        );
        report.test(Needs::Calls, format_args!("{ty}: an empty message"), || {
            empty_message(ty)
        });
        report.test(Needs::Calls, format_args!("{ty}: no call raises SIGPIPE"), || {
            no_sigpipe(ty)
        });
        report.test(Needs::Calls, format_args!("{ty}: shutdown of each side"), || {
            shutdown(ty)
        });
        report.test(
            Needs::Calls,
            format_args!("{ty}: a peer closed with unread data"),
            || reset(ty),
        );
        report.test(
            Needs::Calls,
            format_args!("{ty}: send_all stops where it can't go on, and says how far it came"),
            || send_all_stops(ty),
        );
    }
    report.test(
        Needs::Calls,
        "STREAM: WAITALL fills the buffer, MORE and EOR are taken",
        waitall,
    );
    report.test(Needs::Calls, "STREAM: one byte out of band", out_of_band);
    report.test(
        Needs::Calls,
        "STREAM: recv_exact tells the end from an error",
        recv_exact_ends,
    );
    report.test(
        Needs::Calls,
        "STREAM: a megabyte from one process to another, whole",
        between_processes,
    );
    report.test(Needs::Calls, "a flag that nobody knows does no harm", unknown_flags);
}

fn closes_once() -> Outcome {
    let before = raw::open_descriptors();
    let [a, b] = must!(Socket::stream_pair());
    let fd = a.as_raw_fd();
    drop(a);
    same!(raw::fcntl(fd, F_GETFD), Errno::EBADF);
    let raw = b.into_raw_fd();
    same!(raw::fcntl(raw, F_GETFD), 1);
    // SAFETY: the number is ours.
    let b = unsafe { Socket::from_raw_fd(raw) };
    let again = must!(b.duplicate());
    drop(b);
    same!(again.send(b"x", NONE), Errno::EPIPE);
    drop(again);
    same!(raw::open_descriptors(), before);
    Ok(())
}

fn short_forms() -> Outcome {
    for (made, ty) in [Socket::stream_pair(), Socket::dgram_pair(), Socket::seqpacket_pair()]
        .into_iter()
        .zip(TYPES)
    {
        for end in must!(made) {
            same!(end.socket_type().map(SocketType::bits), ty.bits());
            same!(end.is_close_on_exec(), true);
            same!(end.is_nonblocking(), false);
        }
    }
    Ok(())
}

fn both_ways(ty: SocketType) -> Outcome {
    let [a, b] = must!(pair(ty));
    for (from, to) in [(&a, &b), (&b, &a)] {
        let mut buf = [0; 8];
        same!(from.send(b"hello", NONE), 5);
        same!(to.recv(&mut buf, NONE), 5);
        same!(&buf == b"hello\0\0\0", true);
        same!(from.send_all(b"world", NONE), 0);
        same!(to.recv_exact(&mut buf[..5], NONE), 0);
        same!(buf.starts_with(b"world"), true);
    }
    Ok(())
}

fn vectored(ty: SocketType) -> Outcome {
    let [a, b] = must!(pair(ty));
    same!(
        a.send_vectored(&[IoSlice::new(b"ab"), IoSlice::new(b""), IoSlice::new(b"cdefg")], NONE),
        7
    );
    let (mut x, mut y, mut z) = ([0; 3], [0; 1], [0; 8]);
    let bufs = &mut [
        IoSliceMut::new(&mut x),
        IoSliceMut::new(&mut y),
        IoSliceMut::new(&mut z),
    ];
    same!(b.recv_vectored(bufs, NONE), 7);
    same!((&x, &y, &z[..4]) == (b"abc", b"d", b"efg\0"), true);
    Ok(())
}

fn too_many(ty: SocketType) -> Outcome {
    let [a, b] = must!(pair(ty));
    let bufs = [IoSlice::new(b"x"); 1025];
    same!(a.send_vectored(&bufs, NONE), Errno::EMSGSIZE);
    same!(a.send_vectored(&bufs[1..], NONE), 1024);
    let mut buf = [0; 1025];
    let mut bytes = buf.iter_mut();
    let mut bufs = [const { None }; 1025]
        .map(|_: Option<()>| IoSliceMut::new(bytes.next().map_or(&mut [], core::slice::from_mut)));
    same!(b.recv_vectored(&mut bufs, NONE), Errno::EMSGSIZE);
    same!(b.recv_vectored(&mut bufs[1..], NONE), 1024);
    Ok(())
}

fn dontwait(ty: SocketType) -> Outcome {
    let [a, b] = must!(Socket::pair(Domain::UNIX, ty, SocketFlags::CLOEXEC, 0));
    same!(b.recv(&mut [0; 4], MessageFlags::DONTWAIT), Errno::EAGAIN);
    let mut sent = 0;
    while sent < 10_000 && a.send(&[0; 1000], MessageFlags::DONTWAIT).is_ok() {
        sent += 1;
    }
    same!(sent > 1 && sent < 10_000, true);
    same!(a.send(&[0; 1000], MessageFlags::DONTWAIT), Errno::EAGAIN);
    Ok(())
}

fn peek(ty: SocketType) -> Outcome {
    let [a, b] = must!(pair(ty));
    must!(a.send(b"look", NONE));
    for flags in [MessageFlags::PEEK, MessageFlags::PEEK, NONE] {
        let mut buf = [0; 4];
        same!(b.recv(&mut buf, flags), 4);
        same!(&buf == b"look", true);
    }
    same!(b.recv(&mut [0; 4], MessageFlags::PEEK), Errno::EAGAIN);
    Ok(())
}

fn too_long(ty: SocketType) -> Outcome {
    let [a, b] = must!(pair(ty));
    let mut buf = [0; 4];
    for _ in 0..3 {
        must!(a.send(b"abcdef", NONE));
    }
    if ty == SocketType::STREAM {
        same!(b.recv(&mut buf, MessageFlags::TRUNC), 4);
        same!(b.recv(&mut [0; 20], NONE), 14);
        return Ok(());
    }
    same!(b.recv(&mut buf, MessageFlags::PEEK), Errno::EMSGSIZE);
    same!(b.recv(&mut buf, MessageFlags::PEEK | MessageFlags::TRUNC), 6);
    same!(b.recv(&mut buf, NONE), Errno::EMSGSIZE);
    same!(&buf == b"abcd", true);
    same!(b.recv(&mut buf, MessageFlags::TRUNC), 6);
    same!(b.recv(&mut [0; 6], NONE), 6);
    same!(b.recv(&mut buf, NONE), Errno::EAGAIN);
    must!(a.send(b"abcdef", NONE));
    same!(b.recv_exact(&mut buf, NONE), Errno::EMSGSIZE);
    Ok(())
}

fn uninit(ty: SocketType) -> Outcome {
    let [a, b] = must!(pair(ty));
    let mut buf = [const { MaybeUninit::uninit() }; 8];
    must!(a.send(b"fresh", NONE));
    same!(must!(b.recv_uninit(&mut buf, NONE)) == b"fresh", true);
    must!(a.send(b"0123456789", NONE));
    if ty != SocketType::STREAM {
        same!(
            b.recv_uninit(&mut buf, NONE | MessageFlags::PEEK)
                .map(|part| part.len()),
            Errno::EMSGSIZE
        );
    }
    same!(must!(b.recv_uninit(&mut buf, MessageFlags::TRUNC)) == b"01234567", true);
    Ok(())
}

fn empty_message(ty: SocketType) -> Outcome {
    let [a, b] = must!(pair(ty));
    same!(a.send_all(b"", NONE), 0);
    if ty == SocketType::STREAM {
        same!(b.recv(&mut [0; 4], NONE), Errno::EAGAIN);
    } else {
        same!(b.recv(&mut [0; 4], NONE), 0);
        must!(a.send(b"x", NONE));
        same!(b.recv(&mut [], NONE), Errno::EMSGSIZE);
    }
    Ok(())
}

/// In a process of its own, which a signal would end.
fn no_sigpipe(ty: SocketType) -> Outcome {
    let status = raw::in_child(|| {
        let Ok([a, b]) = pair(ty) else { return 1 };
        drop(b);
        let gone = if ty == SocketType::DGRAM {
            Errno::ECONNREFUSED
        } else {
            Errno::EPIPE
        };
        let bufs = [IoSlice::new(b"x")];
        let told = [
            a.send(b"x", NONE),
            a.send_vectored(&bufs, NONE),
            a.send_message(&bufs, &linux_socketpair::SendControl::<0>::new(), NONE),
            a.send_all(b"x", NONE).map(|()| 0).map_err(Errno::from),
        ];
        // After the first ECONNREFUSED a DGRAM socket has no peer any more.
        told.iter()
            .position(|&told| told != Err(gone) && told != Err(Errno::ENOTCONN))
            .map_or(0, |call| 2 + call as i32)
    });
    same!(status, 0);
    Ok(())
}

fn shutdown(ty: SocketType) -> Outcome {
    let [a, b] = must!(pair(ty));
    must!(a.send(b"last", NONE));
    must!(a.shutdown(Shutdown::Write));
    same!(a.send(b"x", NONE), Errno::EPIPE);
    same!(b.recv(&mut [0; 8], NONE), 4);
    same!(b.send(b"back", NONE), 4);
    same!(a.recv(&mut [0; 8], NONE), 4);
    if ty != SocketType::DGRAM {
        same!(b.recv(&mut [0; 8], NONE), 0);
    }
    // DGRAM knows no end, only that nothing is there.
    let end = if ty == SocketType::DGRAM {
        Err(Errno::EAGAIN)
    } else {
        Ok(0)
    };
    must!(a.shutdown(Shutdown::Read));
    same!(a.recv(&mut [0; 8], NONE), end);
    same!(b.send(b"x", NONE), Errno::EPIPE);
    must!(b.shutdown(Shutdown::Both));
    same!(b.recv(&mut [0; 8], NONE), end);
    Ok(())
}

fn reset(ty: SocketType) -> Outcome {
    let [a, b] = must!(pair(ty));
    must!(a.send(b"unread", NONE));
    drop(b);
    let expected = if ty == SocketType::DGRAM {
        Errno::EAGAIN
    } else {
        Errno::ECONNRESET
    };
    same!(a.recv(&mut [0; 8], NONE), expected);
    if ty != SocketType::DGRAM {
        same!(a.recv(&mut [0; 8], NONE), 0);
    }
    Ok(())
}

fn send_all_stops(ty: SocketType) -> Outcome {
    static MUCH: [u8; 4 << 20] = [7; 4 << 20];
    let [a, b] = must!(pair(ty));
    let told = a.send_all(&MUCH, NONE);
    if ty == SocketType::STREAM {
        let Err(told) = told else { missing!() };
        same!(told.errno, Errno::EAGAIN);
        same!(told.done > 0 && told.done < MUCH.len(), true);
        same!(b.bytes_to_recv(), told.done);
    } else {
        same!(told, Errno::EMSGSIZE);
        same!(told.map_or_else(|told| told.done, |()| 1), 0);
    }
    Ok(())
}

fn waitall() -> Outcome {
    let [a, b] = must!(Socket::stream_pair());
    must!(a.send(b"ab", MessageFlags::MORE));
    must!(a.send(b"cd", MessageFlags::EOR));
    same!(b.recv(&mut [0; 4], MessageFlags::WAITALL), 4);
    Ok(())
}

fn out_of_band() -> Outcome {
    let [a, b] = must!(pair(SocketType::STREAM));
    let mut buf = [0; 4];
    same!(b.recv(&mut buf, MessageFlags::OOB), Errno::EINVAL);
    must!(a.send(b"in", NONE));
    same!(a.send(b"!", MessageFlags::OOB), 1);
    same!(b.recv(&mut buf, MessageFlags::OOB), 1);
    same!(buf[0] == b'!', true);
    same!(b.recv(&mut buf, NONE), 2);
    Ok(())
}

fn recv_exact_ends() -> Outcome {
    let [a, b] = must!(pair(SocketType::STREAM));
    must!(a.send(b"abc", NONE));
    let Err(told) = b.recv_exact(&mut [0; 8], NONE) else {
        missing!();
    };
    same!((told.done, told.errno) == (3, Some(Errno::EAGAIN)), true);
    must!(a.send(b"abc", NONE));
    drop(a);
    let Err(told) = b.recv_exact(&mut [0; 8], NONE) else {
        missing!();
    };
    same!((told.done, told.errno) == (3, None), true);
    same!(Errno::from(told), Errno::ENODATA);
    same!(b.recv_exact(&mut [], NONE), 0);
    Ok(())
}

const TOTAL: usize = 1 << 20;

const fn content() -> [u8; TOTAL] {
    let mut content = [0; TOTAL];
    let mut at = 0;
    while at < TOTAL {
        content[at] = (at % 251) as u8;
        at += 1;
    }
    content
}

/// The sender's chunks are larger than the socket takes at once, the receiver's smaller.
fn between_processes() -> Outcome {
    static CONTENT: [u8; TOTAL] = content();
    let [a, b] = must!(Socket::stream_pair());
    let status = raw::beside_child(
        || a.send_all(&CONTENT, NONE).is_err().into(),
        || {
            let mut buf = [0; 1000];
            let mut received = 0;
            while received < TOTAL {
                let len = buf.len().min(TOTAL - received);
                must!(b.recv_exact(&mut buf[..len], NONE));
                for (at, &byte) in buf[..len].iter().enumerate() {
                    same!(u32::from(byte), ((received + at) % 251) as u32);
                }
                received += len;
            }
            Ok(())
        },
    );
    same!(status?, 0);
    Ok(())
}

fn unknown_flags() -> Outcome {
    let [a, b] = must!(pair(SocketType::SEQPACKET));
    let unknown = MessageFlags::from_bits_retain(1 << 20);
    same!(a.send(b"x", unknown), 1);
    same!(b.recv(&mut [0; 4], unknown), 1);
    Ok(())
}
