//! What is asked of a socket, and set. Where a raw call can tell, it bears witness.

use core::time::Duration;
use freestanding::raw;
use linux_raw_sys::{general::*, net};
use linux_socketpair::{
    ControlMessage, Domain, Errno, IoSlice, IoSliceMut, MessageFlags, RecvControl, SendControl, Socket, SocketFlags,
    SocketType, space,
};

use crate::pairs::TYPES;
use crate::report::{Needs, Otherwise, Outcome, Report, missing, must, same, since};

const NONE: MessageFlags = MessageFlags::empty();

/// Something that is off at first and can be turned on.
type Switch = (
    &'static str,
    u32,
    fn(&Socket) -> Result<bool, Errno>,
    fn(&Socket, bool) -> Result<(), Errno>,
);

const SWITCHES: [Switch; 4] = [
    (
        "SO_PASSCRED",
        net::SO_PASSCRED,
        Socket::pass_credentials,
        Socket::set_pass_credentials,
    ),
    (
        "SO_PASSSEC",
        net::SO_PASSSEC,
        Socket::pass_security,
        Socket::set_pass_security,
    ),
    (
        "SO_PASSPIDFD",
        net::SO_PASSPIDFD,
        Socket::pass_pidfd,
        Socket::set_pass_pidfd,
    ),
    (
        "SO_PASSRIGHTS",
        net::SO_PASSRIGHTS,
        Socket::pass_rights,
        Socket::set_pass_rights,
    ),
];

pub fn tests(report: &mut Report) {
    for (name, number, get, set) in SWITCHES {
        let needs = match number {
            net::SO_PASSPIDFD | net::SO_PASSRIGHTS => Needs::Kernel("it doesn't know the option"),
            _ => Needs::Calls,
        };
        let release = match number {
            net::SO_PASSPIDFD => (6, 5),
            net::SO_PASSRIGHTS => (6, 16),
            _ => (0, 0),
        };
        report.test(needs, format_args!("{name} is set and read back"), || {
            let [a, b] = must!(Socket::stream_pair());
            let at_first = since!(release, get(&a));
            same!(at_first, number == net::SO_PASSRIGHTS);
            for on in [true, false, true, at_first] {
                must!(set(&a, on));
                same!(get(&a), on);
                same!(raw::getsockopt(a.as_raw_fd(), number), i32::from(on));
                same!(get(&b), at_first);
            }
            Ok(())
        });
    }
    report.test(
        Needs::Kernel("it doesn't know the option"),
        "SO_PASSRIGHTS off: whoever passes a descriptor gets EPERM",
        no_rights,
    );
    for ty in TYPES {
        report.test(Needs::Calls, format_args!("{ty}: type, domain and protocol"), || {
            identity(ty)
        });
        report.test(
            Needs::Calls,
            format_args!("{ty}: bytes to receive and memory sent"),
            || queues(ty),
        );
    }
    report.test(
        Needs::Calls,
        "peer credentials are those of whoever made the pair",
        peer_credentials,
    );
    report.test(
        Needs::Kernel("it doesn't know the option"),
        "the peer's pidfd, and what is told when it is reaped",
        peer_pidfd,
    );
    report.test(
        Needs::Kernel("it takes a list for an int"),
        "the peer's groups",
        peer_groups,
    );
    report.test(Needs::Calls, "the peer's security label", peer_security);
    report.test(Needs::Calls, "no error is pending", || {
        let [a, _b] = must!(Socket::stream_pair());
        same!(must!(a.take_error()).is_none(), true);
        Ok(())
    });
    report.test(Needs::Calls, "an error that is pending is told once", pending_error);
    report.test(
        Needs::Calls,
        "buffer sizes: doubled, and kept within limits",
        buffer_sizes,
    );
    report.test(Needs::Calls, "timeouts are set, read back, and kept", timeouts);
    report.test(Needs::Calls, "timeouts beyond 2038 are no shorter", long_timeouts);
    report.test(
        Needs::Calls,
        "nonblocking is set for all descriptors of an end",
        nonblocking,
    );
    report.test(Needs::Calls, "close-on-exec is set for one descriptor", close_on_exec);
    report.test(
        Needs::Calls,
        "a duplicate is the same end, the lowest that is free, closed on exec",
        duplicate,
    );
    report.test(
        Needs::Kernel("it doesn't know the option"),
        "peeking begins where it is told to",
        peek_offset,
    );
    report.test(Needs::Calls, "options of what is no socket: ENOTSOCK", no_socket);
}

fn no_rights() -> Outcome {
    let [a, b] = must!(Socket::stream_pair());
    since!((6, 16), b.set_pass_rights(false));
    let mut control = SendControl::<{ space::rights(1) }>::new();
    let descriptors = [&a];
    must!(control.rights(&descriptors));
    same!(a.send_message(&[IoSlice::new(b"x")], &control, NONE), Errno::EPERM);
    Ok(())
}

fn identity(ty: SocketType) -> Outcome {
    for end in must!(Socket::pair(Domain::UNIX, ty, SocketFlags::empty(), 1)) {
        same!(must!(end.socket_type()).bits(), ty.bits());
        same!(must!(end.domain()).bits(), Domain::UNIX.bits());
        same!(end.protocol(), 0);
    }
    Ok(())
}

fn queues(ty: SocketType) -> Outcome {
    let [a, b] = must!(Socket::pair(Domain::UNIX, ty, SocketFlags::NONBLOCK, 0));
    same!(b.bytes_to_recv(), 0);
    same!(a.memory_sent(), 0);
    must!(a.send(b"12345", NONE));
    must!(a.send(b"678", NONE));
    same!(b.bytes_to_recv(), if ty == SocketType::DGRAM { 5 } else { 8 });
    same!(a.bytes_to_recv(), 0);
    same!(must!(a.memory_sent()) >= 8, true);
    must!(b.recv(&mut [0; 8], NONE));
    let _ = b.recv(&mut [0; 8], NONE);
    same!(b.bytes_to_recv(), 0);
    same!(a.memory_sent(), 0);
    Ok(())
}

fn peer_credentials() -> Outcome {
    let [a, b] = must!(Socket::stream_pair());
    let status = raw::in_child(|| {
        let told = [a.peer_credentials(), b.peer_credentials()];
        i32::from(!told.iter().all(|told| told.is_ok_and(|told| told.pid != raw::getpid())))
    });
    same!(status, 0);
    for end in [a, b] {
        same!(must!(end.peer_credentials()).pid, raw::getpid());
    }
    Ok(())
}

/// A child makes a pair, passes one end here and waits until it is looked at.
fn peer_pidfd() -> Outcome {
    let [a, b] = must!(Socket::seqpacket_pair());
    let before = raw::open_descriptors();
    let mut passed = None;
    let status = raw::beside_child(
        || {
            let made = Socket::stream_pair().and_then(|pair| {
                let mut control = SendControl::<{ space::rights(1) }>::new();
                control.rights(&pair[..1])?;
                a.send_message(&[IoSlice::new(b"x")], &control, NONE)?;
                a.recv(&mut [0], NONE)
            });
            made.is_err().into()
        },
        || {
            let mut control = RecvControl::<{ space::rights(1) }>::new();
            must!(b.recv_message(&mut [IoSliceMut::new(&mut [0])], &mut control, NONE));
            if let Some(ControlMessage::Rights(mut rights)) = must!(control.messages()).next() {
                passed = rights.next().map(Socket::from);
            }
            let pidfd = passed.as_ref().map(Socket::peer_pidfd);
            must!(b.send(b"x", NONE));
            match pidfd {
                Some(pidfd) => same!(since!((6, 5), pidfd).is_close_on_exec(), true),
                None => missing!(),
            }
            Ok(())
        },
    )?;
    same!(status, 0);
    let reaped = passed.as_ref().map_or(Err(Errno::EBADF), Socket::peer_pidfd).map(drop);
    let expected = match raw::kernel_release() {
        (0..6, _) | (6, ..5) => Err(Errno::ENOPROTOOPT),
        (6, ..16) => Err(Errno::EINVAL),
        _ => Ok(()),
    };
    same!(reaped, expected);
    drop(passed);
    same!(raw::open_descriptors(), before);
    Ok(())
}

fn peer_groups() -> Outcome {
    let [a, _b] = must!(Socket::stream_pair());
    let mut groups = [u32::MAX; 64];
    let count = must!(a.peer_group_count());
    same!(must!(a.peer_groups(&mut groups)).len(), count);
    same!(groups[..count.min(64)].contains(&u32::MAX), false);
    if count > 0 {
        same!(
            a.peer_groups(&mut groups[..count - 1]).map(|groups| groups.len()),
            Errno::ERANGE
        );
    }
    Ok(())
}

fn peer_security() -> Outcome {
    let [a, _b] = must!(Socket::stream_pair());
    let mut label = [0; 256];
    if matches!(a.peer_security_len(), Err(Errno::ENOPROTOOPT)) {
        same!(a.peer_security(&mut label).map(|label| label.len()), Errno::ENOPROTOOPT);
        return Err(Otherwise::Skipped("this kernel's security modules have no labels"));
    }
    let len = must!(a.peer_security_len());
    same!(must!(a.peer_security(&mut label)).len(), len);
    same!(
        a.peer_security(&mut label[..len - 1]).map(|label| label.len()),
        Errno::ERANGE
    );
    Ok(())
}

fn pending_error() -> Outcome {
    let [a, b] = must!(Socket::stream_pair());
    must!(a.send(b"unread", NONE));
    drop(b);
    same!(must!(a.take_error()) == Some(Errno::ECONNRESET), true);
    same!(must!(a.take_error()).is_none(), true);
    same!(a.recv(&mut [0; 4], NONE), 0);
    Ok(())
}

fn buffer_sizes() -> Outcome {
    let [a, _b] = must!(Socket::stream_pair());
    for (get, set) in [
        (
            Socket::send_buffer_size as fn(&Socket) -> _,
            Socket::set_send_buffer_size as fn(&Socket, _) -> _,
        ),
        (Socket::recv_buffer_size, Socket::set_recv_buffer_size),
    ] {
        must!(set(&a, 20_000));
        same!(get(&a), 40_000);
        must!(set(&a, 0));
        same!((1..20_000).contains(&must!(get(&a))), true);
        must!(set(&a, usize::MAX));
        same!(must!(get(&a)) > 40_000, true);
    }
    Ok(())
}

type Timeout = (
    fn(&Socket) -> Result<Option<Duration>, Errno>,
    fn(&Socket, Option<Duration>) -> Result<(), Errno>,
);

const TIMEOUTS: [Timeout; 2] = [
    (Socket::recv_timeout, Socket::set_recv_timeout),
    (Socket::send_timeout, Socket::set_send_timeout),
];

fn timeouts() -> Outcome {
    for (get, set) in TIMEOUTS {
        let [a, _b] = must!(Socket::dgram_pair());
        same!(must!(get(&a)).is_none(), true);
        same!(set(&a, Some(Duration::ZERO)), Errno::EINVAL);
        for timeout in [
            Duration::from_nanos(1),
            Duration::from_millis(40),
            Duration::from_secs(3),
        ] {
            must!(set(&a, Some(timeout)));
            let Some(seen) = must!(get(&a)) else {
                missing!();
            };
            same!(seen >= timeout && seen < timeout + Duration::from_millis(20), true);
        }
        must!(set(&a, None));
        same!(must!(get(&a)).is_none(), true);
    }
    let [a, _b] = must!(Socket::dgram_pair());
    // The kernel counts in ticks, of 10 ms at the longest.
    let (timeout, tick) = (Duration::from_millis(50), Duration::from_millis(10));
    must!(a.set_recv_timeout(Some(timeout)));
    let before = raw::now();
    same!(a.recv(&mut [0; 4], NONE), Errno::EAGAIN);
    same!(raw::now() - before + tick >= timeout, true);
    must!(a.set_send_timeout(Some(timeout)));
    while a.send(&[0; 1000], MessageFlags::DONTWAIT).is_ok() {}
    let before = raw::now();
    same!(a.send(&[0; 1000], NONE), Errno::EAGAIN);
    same!(raw::now() - before + tick >= timeout, true);
    Ok(())
}

/// A kernel counts in ticks, and takes for ever what it can't count: longer is right, shorter or refused is not.
fn long_timeouts() -> Outcome {
    const YEAR: u64 = 31_556_952;
    for (get, set) in TIMEOUTS {
        let [a, _b] = must!(Socket::stream_pair());
        for timeout in [
            Duration::from_secs(100 * YEAR),
            Duration::from_secs(1 << 40),
            Duration::MAX,
        ] {
            must!(set(&a, Some(timeout)));
            same!(must!(get(&a)).is_none_or(|seen| seen >= timeout), true);
        }
    }
    Ok(())
}

fn nonblocking() -> Outcome {
    let [a, b] = must!(Socket::stream_pair());
    let again = must!(a.duplicate());
    for on in [true, false] {
        must!(a.set_nonblocking(on));
        for (end, on) in [(&a, on), (&again, on), (&b, false)] {
            same!(end.is_nonblocking(), on);
            same!(
                raw::fcntl(end.as_raw_fd(), F_GETFL),
                O_RDWR | if on { O_NONBLOCK } else { 0 }
            );
        }
    }
    Ok(())
}

fn close_on_exec() -> Outcome {
    let [a, _b] = must!(Socket::stream_pair());
    let again = must!(a.duplicate());
    for on in [false, true, false] {
        must!(a.set_close_on_exec(on));
        same!(a.is_close_on_exec(), on);
        same!(raw::fcntl(a.as_raw_fd(), F_GETFD), i32::from(on));
        same!(again.is_close_on_exec(), true);
    }
    Ok(())
}

fn duplicate() -> Outcome {
    let [a, b] = must!(Socket::pair(Domain::UNIX, SocketType::STREAM, SocketFlags::empty(), 0));
    let lowest = raw::open_descriptors().trailing_ones();
    let again = must!(a.duplicate());
    same!(again.as_raw_fd(), lowest);
    same!(again.is_close_on_exec(), true);
    same!(a.is_close_on_exec(), false);
    drop(a);
    same!(again.send(b"x", NONE), 1);
    same!(b.recv(&mut [0], NONE), 1);
    raw::leave_free(0);
    let refused = again.duplicate();
    raw::limit_descriptors(64);
    same!(refused.map(drop), Errno::EMFILE);
    Ok(())
}

fn peek_offset() -> Outcome {
    let [a, b] = must!(Socket::stream_pair());
    same!(must!(b.peek_offset()).is_none(), true);
    same!(b.set_peek_offset(Some(1 << 31)), Errno::EINVAL);
    must!(a.send(b"abcdefgh", NONE));
    must!(b.set_peek_offset(Some(2)));
    let mut buf = [0; 3];
    same!(b.recv(&mut buf, MessageFlags::PEEK), 3);
    same!(&buf == b"cde", true);
    same!(must!(b.peek_offset()) == Some(5), true);
    same!(b.recv(&mut buf, NONE), 3);
    same!(&buf == b"abc", true);
    same!(must!(b.peek_offset()) == Some(2), true);
    must!(b.set_peek_offset(None));
    same!(b.recv(&mut buf, MessageFlags::PEEK), 3);
    same!(&buf == b"def", true);
    Ok(())
}

fn no_socket() -> Outcome {
    // SAFETY: of standard input, or of whatever is there, the number is only lent.
    let end = core::mem::ManuallyDrop::new(unsafe { Socket::from_raw_fd(raw::epoll()) });
    let told = end.send(b"x", NONE);
    raw::close(end.as_raw_fd());
    same!(told, Errno::ENOTSOCK);
    Ok(())
}
