//! Sending and receiving bytes, and what a pair is.

use freestanding::raw;
use linux_raw_sys::general::F_GETFD;
use linux_socketpair::{
    AsRawFd, Errno, FromRawFd, IntoRawFd, IoSlice, IoSliceMut, MessageFlags, SendControl, Shutdown, Socket,
    SocketFlags, SocketType, UnixSeqpacket, UnixStream,
    kind::{Datagram, Kind, Seqpacket, Stream},
};

use crate::report::{Needs, Outcome, Report, missing, must, requires, same, tests};

/// A nonblocking pair.
pub fn pair<T: Kind>() -> Result<(Socket<T>, Socket<T>), Errno> {
    Socket::pair_with(SocketFlags::CLOEXEC | SocketFlags::NONBLOCK)
}

pub fn tests(report: &mut Report) {
    report.test(
        Needs::Calls,
        "the kinds Stream, Datagram and Seqpacket have the types STREAM, DGRAM and SEQPACKET",
        || {
            let types = [Stream::TYPE, Datagram::TYPE, Seqpacket::TYPE];
            same!(
                types == [SocketType::STREAM, SocketType::DGRAM, SocketType::SEQPACKET],
                true
            );
            Ok(())
        },
    );
    tests! { report;
        each kind "a pair is of this type, close-on-exec and blocking": defaults;
        each kind "pair_with sets the flags on both ends": flags;
        each kind "an end closes its descriptor exactly once": closes_once;
        each kind "send and recv work in both directions": both_ways;
        each kind "several buffers are sent and received as one message": vectored;
        each kind "1024 buffers are accepted, 1025 are EMSGSIZE": too_many;
        each kind "DONTWAIT: a call that would wait is EAGAIN": dontwait;
        each kind "PEEK leaves in place what it returns": peek;
        each kind "no call raises SIGPIPE": no_sigpipe;
        each kind "shutdown ends each direction, and DGRAM doesn't report that to the reader": shutdown;
        each kind "a peer that was closed with unread data is ECONNRESET, but not on DGRAM": reset;
        "STREAM: send_all fails when the buffer is full, and reports how many bytes it sent": send_all_stops;
        "STREAM: WAITALL fills the buffer, MORE and EOR are accepted": waitall;
        "STREAM: one byte is sent and received out of band": out_of_band;
        "STREAM: recv_exact distinguishes end of stream from an error": recv_exact_ends;
        "STREAM: a megabyte arrives unchanged in another process": between_processes;
        "SEQPACKET: an unknown flag is ignored": unknown_flags;
    }
}

fn defaults<T: Kind>() -> Outcome {
    let (a, b) = must!(Socket::<T>::pair());
    for end in [a, b] {
        same!(end.socket_type().map(SocketType::bits), T::TYPE.bits());
        same!(end.is_close_on_exec(), true);
        same!(end.is_nonblocking(), false);
    }
    Ok(())
}

fn flags<T: Kind>() -> Outcome {
    for flags in [
        SocketFlags::empty(),
        SocketFlags::CLOEXEC,
        SocketFlags::NONBLOCK,
        SocketFlags::CLOEXEC | SocketFlags::NONBLOCK,
    ] {
        let (a, b) = must!(Socket::<T>::pair_with(flags));
        for end in [a, b] {
            same!(end.is_close_on_exec(), flags.contains(SocketFlags::CLOEXEC));
            same!(end.is_nonblocking(), flags.contains(SocketFlags::NONBLOCK));
        }
    }
    Ok(())
}

fn closes_once<T: Kind>() -> Outcome {
    let before = raw::open_descriptors();
    let (a, b) = must!(Socket::<T>::pair());
    let fd = a.as_raw_fd();
    drop(a);
    same!(raw::fcntl(fd, F_GETFD), Errno::EBADF);
    let fd = b.into_raw_fd();
    same!(raw::fcntl(fd, F_GETFD), 1);
    // SAFETY: nothing else owns the descriptor.
    let b = unsafe { Socket::<T>::from_raw_fd(fd) };
    let clone = must!(b.try_clone());
    same!(b.close(), 0);
    same!(raw::fcntl(fd, F_GETFD), Errno::EBADF);
    same!(clone.send(b"x").is_err(), true);
    drop(clone);
    same!(raw::open_descriptors(), before);
    Ok(())
}

fn both_ways<T: Kind>() -> Outcome {
    let (a, b) = must!(pair::<T>());
    for (from, to) in [(&a, &b), (&b, &a)] {
        let mut buf = [0; 8];
        same!(from.send(b"hello"), 5);
        same!(to.recv(&mut buf), 5);
        same!(&buf == b"hello\0\0\0", true);
    }
    Ok(())
}

fn vectored<T: Kind>() -> Outcome {
    let (a, b) = must!(pair::<T>());
    same!(
        a.send_vectored(&[IoSlice::new(b"ab"), IoSlice::new(b""), IoSlice::new(b"cdefg")]),
        7
    );
    let (mut x, mut y, mut z) = ([0; 3], [0; 1], [0; 8]);
    let bufs = &mut [
        IoSliceMut::new(&mut x),
        IoSliceMut::new(&mut y),
        IoSliceMut::new(&mut z),
    ];
    same!(b.recv_vectored(bufs), 7);
    same!((&x, &y, &z[..4]) == (b"abc", b"d", b"efg\0"), true);
    Ok(())
}

fn too_many<T: Kind>() -> Outcome {
    let (a, b) = must!(pair::<T>());
    let bufs = [IoSlice::new(b"x"); 1025];
    same!(a.send_vectored(&bufs), Errno::EMSGSIZE);
    same!(a.send_vectored(&bufs[1..]), 1024);
    let mut buf = [0; 1025];
    let mut bytes = buf.iter_mut();
    let mut bufs = [const { None }; 1025]
        .map(|_: Option<()>| IoSliceMut::new(bytes.next().map_or(&mut [], core::slice::from_mut)));
    same!(b.recv_vectored(&mut bufs), Errno::EMSGSIZE);
    same!(b.recv_vectored(&mut bufs[1..]), 1024);
    Ok(())
}

fn dontwait<T: Kind>() -> Outcome {
    let (a, b) = must!(Socket::<T>::pair());
    same!(b.recv_with_flags(&mut [0; 4], MessageFlags::DONTWAIT), Errno::EAGAIN);
    let mut sent = 0;
    while sent < 10_000 && a.send_with_flags(&[0; 1000], MessageFlags::DONTWAIT).is_ok() {
        sent += 1;
    }
    same!(sent > 1 && sent < 10_000, true);
    same!(a.send_with_flags(&[0; 1000], MessageFlags::DONTWAIT), Errno::EAGAIN);
    same!(
        a.send_vectored_with_flags(&[IoSlice::new(&[0; 1000])], MessageFlags::DONTWAIT),
        Errno::EAGAIN
    );
    Ok(())
}

fn peek<T: Kind>() -> Outcome {
    let (a, b) = must!(pair::<T>());
    must!(a.send(b"look"));
    for flags in [MessageFlags::PEEK, MessageFlags::PEEK, MessageFlags::empty()] {
        let mut buf = [0; 4];
        same!(b.recv_with_flags(&mut buf, flags), 4);
        same!(&buf == b"look", true);
    }
    same!(b.recv_with_flags(&mut [0; 4], MessageFlags::PEEK), Errno::EAGAIN);
    Ok(())
}

/// In a process of its own, which a signal would end.
fn no_sigpipe<T: Kind>() -> Outcome {
    let status = raw::in_child(|| {
        let Ok((a, b)) = pair::<T>() else { return 1 };
        drop(b);
        let expected = match T::TYPE {
            SocketType::DGRAM => Errno::ECONNREFUSED,
            _ => Errno::EPIPE,
        };
        let bufs = [IoSlice::new(b"x")];
        let results = [
            a.send(b"x"),
            a.send_vectored(&bufs),
            a.send_message(&bufs, &SendControl::new(&mut [])),
            a.send_with_flags(b"x", MessageFlags::NOSIGNAL),
            a.send_vectored_with_flags(&bufs, MessageFlags::NOSIGNAL),
        ];
        // After the first ECONNREFUSED a DGRAM socket has no peer any more.
        results
            .iter()
            .position(|&result| result != Err(expected) && result != Err(Errno::ENOTCONN))
            .map_or(0, |call| 2 + call as i32)
    });
    same!(status, 0);
    Ok(())
}

fn shutdown<T: Kind>() -> Outcome {
    let (a, b) = must!(pair::<T>());
    must!(a.send(b"last"));
    must!(a.shutdown(Shutdown::Write));
    same!(a.send(b"x"), Errno::EPIPE);
    same!(b.recv(&mut [0; 8]), 4);
    same!(b.send(b"back"), 4);
    same!(a.recv(&mut [0; 8]), 4);
    // DGRAM doesn't report that the peer has ended, only that nothing is there.
    let end = match T::TYPE {
        SocketType::DGRAM => Err(Errno::EAGAIN),
        _ => Ok(0),
    };
    same!(b.recv(&mut [0; 8]), end);
    must!(a.shutdown(Shutdown::Read));
    same!(a.recv(&mut [0; 8]), end);
    same!(b.send(b"x"), Errno::EPIPE);
    must!(b.shutdown(Shutdown::Both));
    same!(b.recv(&mut [0; 8]), end);
    Ok(())
}

fn reset<T: Kind>() -> Outcome {
    let (a, b) = must!(pair::<T>());
    must!(a.send(b"unread"));
    drop(b);
    if T::TYPE == SocketType::DGRAM {
        same!(a.recv(&mut [0; 8]), Errno::EAGAIN);
    } else {
        same!(a.recv(&mut [0; 8]), Errno::ECONNRESET);
        same!(a.recv(&mut [0; 8]), 0);
    }
    Ok(())
}

fn send_all_stops() -> Outcome {
    static MUCH: [u8; 4 << 20] = [7; 4 << 20];
    let (a, b): (UnixStream, UnixStream) = must!(pair());
    let Err(incomplete) = a.send_all(&MUCH) else { missing!() };
    same!(incomplete.errno, Errno::EAGAIN);
    same!(incomplete.done > 0 && incomplete.done < MUCH.len(), true);
    same!(b.bytes_to_recv(), incomplete.done);
    same!(a.send_all(b""), 0);
    Ok(())
}

fn waitall() -> Outcome {
    let (a, b) = must!(UnixStream::pair());
    must!(a.send_with_flags(b"ab", MessageFlags::MORE));
    must!(a.send_with_flags(b"cd", MessageFlags::EOR));
    same!(b.recv_with_flags(&mut [0; 4], MessageFlags::WAITALL), 4);
    Ok(())
}

fn out_of_band() -> Outcome {
    requires!(5, 15);
    let (a, b): (UnixStream, UnixStream) = must!(pair());
    let mut buf = [0; 4];
    same!(b.recv_with_flags(&mut buf, MessageFlags::OOB), Errno::EINVAL);
    must!(a.send(b"in"));
    same!(a.send_with_flags(b"!", MessageFlags::OOB), 1);
    same!(b.recv_with_flags(&mut buf, MessageFlags::OOB), 1);
    same!(buf[0] == b'!', true);
    same!(b.recv(&mut buf), 2);
    Ok(())
}

fn recv_exact_ends() -> Outcome {
    let (a, b): (UnixStream, UnixStream) = must!(pair());
    must!(a.send_all(b"abc"));
    let Err(incomplete) = b.recv_exact(&mut [0; 8]) else {
        missing!();
    };
    same!((incomplete.done, incomplete.errno) == (3, Some(Errno::EAGAIN)), true);
    must!(a.send_all(b"abcdef"));
    let mut buf = [0; 3];
    must!(b.recv_exact(&mut buf));
    same!(&buf == b"abc", true);
    drop(a);
    let Err(incomplete) = b.recv_exact(&mut [0; 8]) else {
        missing!();
    };
    same!((incomplete.done, incomplete.errno) == (3, None), true);
    same!(Errno::from(incomplete), Errno::ENODATA);
    same!(b.recv_exact(&mut []), 0);
    Ok(())
}

const TOTAL: usize = 1 << 20;

/// Bytes of which a part at a wrong place is noticed.
pub const fn content<const LEN: usize>() -> [u8; LEN] {
    let mut content = [0; LEN];
    let mut at = 0;
    while at < LEN {
        content[at] = (at % 251) as u8;
        at += 1;
    }
    content
}

/// The sender's chunks are larger than what the socket accepts at once, the receiver's smaller.
fn between_processes() -> Outcome {
    static CONTENT: [u8; TOTAL] = content();
    let (a, b) = must!(UnixStream::pair());
    let status = raw::beside_child(
        || a.send_all(&CONTENT).is_err().into(),
        || {
            let mut buf = [0; 1000];
            let mut received = 0;
            while received < TOTAL {
                let len = buf.len().min(TOTAL - received);
                must!(b.recv_exact(&mut buf[..len]));
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
    let (a, b): (UnixSeqpacket, UnixSeqpacket) = must!(pair());
    let unknown = MessageFlags::from_bits_retain(1 << 20);
    same!(a.send_with_flags(b"x", unknown), 1);
    same!(b.recv_with_flags(&mut [0; 4], unknown), 1);
    Ok(())
}
