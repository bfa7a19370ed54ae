//! Socket options, and what fcntl(2) and ioctl(2) report and set, compared with system calls that don't use the crate.

use core::time::Duration;
use freestanding::raw;
use linux_raw_sys::{general::*, net};
use linux_socketpair::{
    AsFd, AsRawFd, ControlMessage, Domain, Errno, FromRawFd, IoSliceMut, MessageFlags, OwnedFd, PollFd, PollFlags,
    RecvControl, Socket, SocketFlags, SocketType, UnixDatagram, UnixSeqpacket, UnixStream, fd,
    kind::{Kind, Messages},
    poll, socketpair, space,
};

use crate::bytes::pair;
use crate::control::{declare, recv_count, send};
use crate::report::{Needs, Otherwise, Outcome, Report, missing, must, requires, same, since, tests};

/// Something that is off at first and can be turned on.
type Switch = (
    &'static str,
    u32,
    fn(&UnixStream) -> Result<bool, Errno>,
    fn(&UnixStream, bool) -> Result<(), Errno>,
);

const SWITCHES: [Switch; 4] = [
    (
        "SO_PASSCRED",
        net::SO_PASSCRED,
        UnixStream::pass_credentials,
        UnixStream::set_pass_credentials,
    ),
    (
        "SO_PASSSEC",
        net::SO_PASSSEC,
        UnixStream::pass_security,
        UnixStream::set_pass_security,
    ),
    (
        "SO_PASSPIDFD",
        net::SO_PASSPIDFD,
        UnixStream::pass_pidfd,
        UnixStream::set_pass_pidfd,
    ),
    (
        "SO_PASSRIGHTS",
        net::SO_PASSRIGHTS,
        UnixStream::pass_rights,
        UnixStream::set_pass_rights,
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
            let (a, b) = must!(UnixStream::pair());
            if number == net::SO_PASSSEC && get(&a) == Err(Errno::EOPNOTSUPP) {
                return Err(Otherwise::Skipped("this kernel was built without labels"));
            }
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
    tests! { report;
        (Needs::Kernel("it doesn't know the option")) "without SO_PASSRIGHTS, passing a descriptor is EPERM":
            rejects_rights;
        each kind "type, domain and protocol are reported": identity;
        each kind "bytes_to_recv and memory_sent report what is queued": queues;
        "peer_credentials are those of the process that made the pair": peer_credentials;
        (Needs::Kernel("it doesn't know the option")) "peer_pidfd returns a pidfd, since Linux 6.16 also when the peer has been reaped":
            peer_pidfd;
        (Needs::Kernel("it handles the list as an int")) "peer_groups returns as many groups as peer_group_count":
            peer_groups;
        (Needs::Kernel("it handles the list as an int")) "peer_groups are those that the peer had when it made the pair":
            groups_of_the_peer;
        (Needs::Kernel("it doesn't know SO_PEERPIDFD")) "a pair's first descriptor, and a pidfd, may be 0":
            descriptor_0;
        "peer_security returns a label of peer_security_len bytes": peer_security;
    }
    report.test(Needs::Calls, "no error is pending on a new pair", || {
        let (a, _b) = must!(UnixStream::pair());
        same!(must!(a.take_error()).is_none(), true);
        Ok(())
    });
    tests! { report;
        "a pending error is reported once": pending_error;
        "buffer sizes are doubled, and kept within limits": buffer_sizes;
        "buffer sizes are forced beyond the limits, with CAP_NET_ADMIN alone": forced_buffer_sizes;
        (Needs::Kernel("it doesn't know the option")) "SO_RIGHTS_NOTRUNC is set, and descriptors arrive as before":
            rights_notrunc;
        (Needs::Kernel("it doesn't know the option")) "bytes are received with the number of those that are left":
            bytes_left;
        "receiving from a stream waits for as many bytes as the low-water mark, and poll for one": low_water_mark;
        each message kind (Needs::Kernel("it has no such control messages")) "messages are received with the time at which they were sent":
            timestamps;
        (Needs::Kernel("version 10 reports success when a timeout is read, and writes nothing")) "timeouts are read back":
            timeouts_are_read_back;
        "timeouts are read with the option for 32-bit time": timeout_in_words;
        "timeouts expire": timeouts_are_observed;
        "timeouts are not shortened, also beyond 2038": long_timeouts;
    }
    #[cfg(target_pointer_width = "32")]
    for errno in [Errno::ENOPROTOOPT.raw_os_error() as u32, 0] {
        report.test(
            Needs::Seccomp,
            format_args!("timeouts without the options for 64-bit time, which return {errno}"),
            || short_timeouts(errno),
        );
    }
    tests! { report;
        "set_nonblocking applies to all descriptors of an end": nonblocking;
        "set_close_on_exec applies to one descriptor": close_on_exec;
        "a clone is the same end at the lowest free descriptor, close-on-exec": clone;
        (Needs::Kernel("it doesn't know the option")) "peeking begins at the peek offset": peek_offset;
        "any other option can be read and set": any_option;
        "calls on a descriptor that is no socket are ENOTSOCK": no_socket;
    }
}

fn rejects_rights() -> Outcome {
    let (a, b) = must!(UnixStream::pair());
    since!((6, 16), b.set_pass_rights(false));
    same!(send(&a, &a, 1), Errno::EPERM);
    same!(send(&a, &a, 0), 1);
    must!(b.set_pass_rights(true));
    same!(send(&a, &a, 1), 1);
    Ok(())
}

fn identity<T: Kind>() -> Outcome {
    let [a, b] = must!(socketpair(Domain::UNIX, T::TYPE, SocketFlags::CLOEXEC, 1));
    // SAFETY: nothing else owns the descriptors.
    for end in unsafe { [Socket::<T>::from_raw_fd(a), Socket::<T>::from_raw_fd(b)] } {
        same!(must!(end.socket_type()).bits(), T::TYPE.bits());
        same!(must!(end.domain()).bits(), Domain::UNIX.bits());
        same!(end.protocol(), 0);
    }
    Ok(())
}

fn queues<T: Kind>() -> Outcome {
    let (a, b) = must!(pair::<T>());
    same!(b.bytes_to_recv(), 0);
    same!(a.memory_sent(), 0);
    must!(a.send(b"12345"));
    must!(a.send(b"678"));
    same!(b.bytes_to_recv(), if T::TYPE == SocketType::DGRAM { 5 } else { 8 });
    same!(a.bytes_to_recv(), 0);
    same!(must!(a.memory_sent()) >= 8, true);
    must!(b.recv(&mut [0; 8]));
    let _ = b.recv(&mut [0; 8]);
    same!(b.bytes_to_recv(), 0);
    same!(a.memory_sent(), 0);
    Ok(())
}

fn peer_credentials() -> Outcome {
    let (a, b) = must!(UnixStream::pair());
    let status = raw::in_child(|| {
        let results = [a.peer_credentials(), b.peer_credentials()];
        i32::from(
            !results
                .iter()
                .all(|seen| seen.is_ok_and(|seen| seen.pid != raw::getpid())),
        )
    });
    same!(status, 0);
    for end in [a, b] {
        same!(must!(end.peer_credentials()).pid, raw::getpid());
    }
    Ok(())
}

/// A child makes a pair, passes one end here, and waits for a reply.
fn peer_pidfd() -> Outcome {
    let (a, b) = must!(UnixSeqpacket::pair());
    let before = raw::open_descriptors();
    let mut passed = None;
    let status = raw::beside_child(
        || {
            let replied = UnixStream::pair().and_then(|(end, _other)| {
                send(&a, &end, 1)?;
                a.recv(&mut [0])
            });
            replied.is_err().into()
        },
        || {
            declare!(control: RecvControl, space::rights(1));
            must!(b.recv_message(&mut [IoSliceMut::new(&mut [0])], &mut control));
            let end = must!(control.descriptors()).next().unwrap_or(Err(Errno::ENODATA));
            let end = end.and_then(|fd| UnixStream::try_from(fd).map_err(Errno::from));
            let pidfd = end.as_ref().map_err(|errno| *errno).and_then(|end| end.peer_pidfd());
            must!(b.send(b"x"));
            passed = Some(must!(end));
            same!(fd::is_close_on_exec(since!((6, 5), pidfd)), true);
            Ok(())
        },
    )?;
    same!(status, 0);
    let reaped = passed
        .as_ref()
        .map_or(Err(Errno::EBADF), |end| end.peer_pidfd())
        .map(drop);
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
    let (a, _b) = must!(UnixStream::pair());
    let mut groups = [u32::MAX; 64];
    let count = since!((4, 13), a.peer_group_count());
    same!(must!(a.peer_groups(&mut groups)).len(), count);
    same!(groups[..count.min(64)].contains(&u32::MAX), false);
    if count > 0 {
        same!(
            a.peer_groups(&mut groups[..count - 1]).map(|groups| groups.len()),
            Errno::ERANGE
        );
    }
    same!(
        a.peer_groups(&mut []).map(|groups| groups.len()),
        if count > 0 { Err(Errno::ERANGE) } else { Ok(0) }
    );
    Ok(())
}

/// In the kernel's order. A process that makes a pair is its own peer.
const GROUPS: [u32; 3] = [3, 7, 100_000];

fn groups_of_the_peer() -> Outcome {
    requires!(4, 13);
    let status = raw::in_child(|| {
        for count in [0, 1, 3] {
            let expected = &GROUPS[..count];
            if raw::set_groups(expected) != 0 {
                return 2;
            }
            let Ok((a, _b)) = UnixStream::pair() else { return 3 };
            let mut groups = [u32::MAX; 4];
            let room_for = |groups: &mut [u32]| a.peer_groups(groups).map(|seen| seen == expected);
            if a.peer_group_count() != Ok(count)
                || room_for(&mut groups) != Ok(true)
                || room_for(&mut groups[..count]) != Ok(true)
                || (count > 0 && room_for(&mut groups[..count - 1]) != Err(Errno::ERANGE))
            {
                return 1;
            }
        }
        0
    });
    match status {
        512 => Err(Otherwise::Skipped("this process may not set these groups")),
        _ => {
            same!(status, 0);
            Ok(())
        }
    }
}

fn descriptor_0() -> Outcome {
    let status = raw::in_child(|| {
        raw::close(0);
        let Ok((a, b)) = UnixStream::pair() else { return 2 };
        if a.as_raw_fd() != 0 || a.send(b"x") != Ok(1) {
            return 3;
        }
        drop(a);
        let pidfd = b.peer_pidfd().map(|pidfd| pidfd.as_raw_fd());
        let known = raw::kernel_release() >= (6, 5);
        i32::from(pidfd != if known { Ok(0) } else { Err(Errno::ENOPROTOOPT) })
    });
    same!(status, 0);
    Ok(())
}

fn peer_security() -> Outcome {
    let (a, _b) = must!(UnixStream::pair());
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
    let (a, b) = must!(UnixStream::pair());
    must!(a.send(b"unread"));
    drop(b);
    same!(must!(a.take_error()) == Some(Errno::ECONNRESET), true);
    same!(must!(a.take_error()).is_none(), true);
    same!(a.recv(&mut [0; 4]), 0);
    Ok(())
}

fn buffer_sizes() -> Outcome {
    let (a, _b) = must!(UnixStream::pair());
    for (get, set) in [
        (
            UnixStream::send_buffer_size as fn(&UnixStream) -> _,
            UnixStream::set_send_buffer_size as fn(&UnixStream, _) -> _,
        ),
        (UnixStream::recv_buffer_size, UnixStream::set_recv_buffer_size),
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

fn forced_buffer_sizes() -> Outcome {
    const SIZE: usize = 100_000_000;
    let (a, _b) = must!(UnixStream::pair());
    let status = raw::in_child(|| {
        raw::drop_capabilities();
        let results = [a.force_send_buffer_size(SIZE), a.force_recv_buffer_size(SIZE)];
        i32::from(results != [Err(Errno::EPERM); 2])
    });
    same!(status, 0);
    must!(a.set_send_buffer_size(SIZE));
    same!(must!(a.send_buffer_size()) < 2 * SIZE, true);
    match a.force_send_buffer_size(SIZE) {
        Err(Errno::EPERM) => return Err(Otherwise::Skipped("the process lacks CAP_NET_ADMIN")),
        result => must!(result),
    }
    must!(a.force_recv_buffer_size(SIZE));
    same!(a.send_buffer_size(), 2 * SIZE);
    same!(a.recv_buffer_size(), 2 * SIZE);
    Ok(())
}

fn rights_notrunc() -> Outcome {
    let (a, b) = must!(UnixDatagram::pair());
    since!((7, 3), b.set_rights_notrunc(true));
    for on in [true, false] {
        must!(b.set_rights_notrunc(on));
        must!(send(&a, &a, 3));
        same!(recv_count(&b), 3);
    }
    Ok(())
}

fn bytes_left() -> Outcome {
    let (a, b) = must!(UnixStream::pair());
    since!((6, 17), b.set_pass_bytes_to_recv(true));
    must!(a.send(b"some bytes"));
    must!(send(&a, &a, 1));
    declare!(control: RecvControl, space::rights(1) + space::BYTES_TO_RECV);
    for (len, left) in [(4, 7), (6, 1), (1, 0)] {
        let received = must!(b.recv_message(&mut [IoSliceMut::new(&mut [0; 6][..len])], &mut control));
        same!(received.len, len);
        let messages = must!(control.messages());
        let seen = messages.fold(None, |seen, message| match message {
            ControlMessage::BytesToRecv(bytes) => Some(bytes),
            _ => seen,
        });
        same!(seen, Some(left));
    }
    must!(b.set_pass_bytes_to_recv(false));
    must!(a.send(b"x"));
    must!(b.recv_message(&mut [IoSliceMut::new(&mut [0; 6])], &mut control));
    same!(control.is_empty(), true);
    Ok(())
}

/// Receives three bytes, while there are no more.
fn low_water_mark() -> Outcome {
    let (a, b) = must!(UnixStream::pair());
    same!(b.recv_low_water_mark(), 1);
    for (mark, len, flags, waits) in [
        (1, 8, MessageFlags::empty(), false),
        (3, 8, MessageFlags::empty(), false),
        (4, 8, MessageFlags::empty(), true),
        (4, 3, MessageFlags::empty(), false),
        (4, 8, MessageFlags::DONTWAIT, false),
        (usize::MAX, 8, MessageFlags::empty(), true),
        (0, 8, MessageFlags::empty(), false),
    ] {
        must!(b.set_recv_low_water_mark(mark));
        same!(b.recv_low_water_mark(), mark.clamp(1, i32::MAX as usize));
        // The longer one outlasts a machine that stalls.
        let timeout = Duration::from_millis(if waits { 100 } else { 20_000 });
        must!(b.set_recv_timeout(Some(timeout)));
        must!(a.send(b"abc"));
        same!(poll(&mut [PollFd::new(&b, PollFlags::IN)], Some(Duration::ZERO)), 1);
        let before = raw::now();
        same!(b.recv_with_flags(&mut [0; 8][..len], flags), 3);
        same!(raw::now() - before > timeout / 2, waits);
    }
    Ok(())
}

/// The time that comes with the next message.
fn next_timestamp<T: Messages>(socket: &Socket<T>) -> Result<Option<Duration>, Errno> {
    declare!(control: RecvControl, space::TIMESTAMP);
    socket.recv_message(&mut [IoSliceMut::new(&mut [0; 8])], &mut control)?;
    Ok(control.messages()?.find_map(|message| match message {
        ControlMessage::Timestamp(since) => Some(since),
        _ => None,
    }))
}

fn timestamps<T: Messages>() -> Outcome {
    let (a, b) = must!(Socket::<T>::pair());
    // Without descriptors poll only waits.
    let wait = || poll(&mut [], Some(Duration::from_millis(2)));
    // The kernel doesn't distinguish the newer options here.
    let newer = cfg!(target_pointer_width = "32") && raw::kernel_release() >= (5, 1);
    let is_set =
        |nanos, micros| b.pass_timestamps() == Ok(nanos) && b.pass_timestamps_micros() == Ok(micros || nanos && newer);
    same!(is_set(false, false), true);
    must!(a.send(b"without"));
    same!(must!(next_timestamp(&b)).is_none(), true);

    must!(a.send(b"before"));
    must!(wait());
    must!(b.set_pass_timestamps(true));
    same!(is_set(true, false), true);
    must!(a.send(b"first"));
    must!(wait());
    must!(a.send(b"second"));
    must!(wait());
    let [Some(received), Some(first), Some(second)] = [
        must!(next_timestamp(&b)),
        must!(next_timestamp(&b)),
        must!(next_timestamp(&b)),
    ] else {
        missing!();
    };
    let step = Duration::from_millis(2);
    same!(first + step <= second && second + step <= received, true);
    same!(received - first < Duration::from_secs(20), true);
    // The clock of a machine is set to some day after this program was written.
    same!(first > Duration::from_secs(1_700_000_000), true);
    same!(
        first.subsec_nanos() % 1000 == 0 && second.subsec_nanos() % 1000 == 0,
        false
    );

    must!(b.set_pass_timestamps_micros(true));
    same!(is_set(false, true), true);
    must!(a.send(b"third"));
    let Some(third) = must!(next_timestamp(&b)) else {
        missing!();
    };
    same!(third >= second && third - second < Duration::from_secs(20), true);
    same!(third.subsec_nanos() % 1000, 0);

    must!(b.set_pass_timestamps(true));
    must!(b.set_pass_timestamps_micros(false));
    same!(is_set(false, false), true);
    must!(a.send(b"without"));
    same!(must!(next_timestamp(&b)).is_none(), true);
    Ok(())
}

type Timeout = (
    fn(&UnixDatagram) -> Result<Option<Duration>, Errno>,
    fn(&UnixDatagram, Option<Duration>) -> Result<(), Errno>,
);

const TIMEOUTS: [Timeout; 2] = [
    (UnixDatagram::recv_timeout, UnixDatagram::set_recv_timeout),
    (UnixDatagram::send_timeout, UnixDatagram::set_send_timeout),
];

fn timeouts_are_read_back() -> Outcome {
    for (get, set) in TIMEOUTS {
        let (a, _b) = must!(UnixDatagram::pair());
        same!(must!(get(&a)).is_none(), true);
        for timeout in [
            Duration::from_nanos(1),
            Duration::from_millis(40),
            Duration::new(1, 999_999_999),
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
    Ok(())
}

/// QEMU user mode 7.2 knows only the option for 32-bit time, and version 10 writes nothing for either.
fn timeout_in_words() -> Outcome {
    let (a, _b) = must!(UnixDatagram::pair());
    must!(a.set_recv_timeout(Some(Duration::from_millis(3500))));
    let expected = match raw::timeout(a.as_raw_fd(), net::SO_RCVTIMEO_OLD) {
        Ok([0, 0]) | Err(_) => None,
        Ok([seconds, micros]) => Some(Duration::new(seconds as u64, micros as u32 * 1000)),
    };
    same!(must!(a.recv_timeout()) == expected, true);
    Ok(())
}

fn timeouts_are_observed() -> Outcome {
    let (a, _b) = must!(UnixDatagram::pair());
    for (_, set) in TIMEOUTS {
        same!(set(&a, Some(Duration::ZERO)), Errno::EINVAL);
    }
    // The kernel counts in ticks, of 10 ms at the longest.
    let (timeout, tick) = (Duration::from_millis(50), Duration::from_millis(10));
    must!(a.set_recv_timeout(Some(timeout)));
    let before = raw::now();
    same!(a.recv(&mut [0; 4]), Errno::EAGAIN);
    same!(raw::now() - before + tick >= timeout, true);
    must!(a.set_send_timeout(Some(timeout)));
    while a.send_with_flags(&[0; 1000], MessageFlags::DONTWAIT).is_ok() {}
    let before = raw::now();
    same!(a.send(&[0; 1000]), Errno::EAGAIN);
    same!(raw::now() - before + tick >= timeout, true);
    Ok(())
}

/// A kernel counts in ticks, and waits indefinitely for what it can't count: longer is right, shorter or an error is
/// not.
fn long_timeouts() -> Outcome {
    const YEAR: u64 = 31_556_952;
    const SECOND: Duration = Duration::from_secs(1);
    for (get, set) in TIMEOUTS {
        let (a, _b) = must!(UnixDatagram::pair());
        for timeout in [
            SECOND,
            Duration::from_secs(100 * YEAR),
            Duration::from_secs(1 << 40),
            Duration::new(i64::MAX as u64, 999_999_999),
            Duration::MAX,
        ] {
            must!(set(&a, Some(timeout)));
            let seen = must!(get(&a));
            same!(seen.is_none_or(|seen| seen >= timeout && seen - timeout < SECOND), true);
        }
    }
    Ok(())
}

/// As on a kernel before Linux 5.1, and with an emulator that reports success and writes nothing.
#[cfg(target_pointer_width = "32")]
fn short_timeouts(errno: u32) -> Outcome {
    let status = raw::in_child(|| {
        let Ok((a, _b)) = UnixDatagram::pair() else { return 2 };
        raw::reject_options(
            [__NR_setsockopt, __NR_getsockopt],
            [net::SO_RCVTIMEO_NEW, net::SO_SNDTIMEO_NEW],
            errno,
        );
        for (get, set) in TIMEOUTS {
            for (timeout, expected) in [
                (Duration::from_millis(2500), Some(Duration::from_millis(2500))),
                (Duration::from_secs(1 << 40), None),
                (Duration::from_secs(7), Some(Duration::from_secs(7))),
            ] {
                // What had no effect can't be read.
                let expected = expected.filter(|_| errno != 0);
                if set(&a, Some(timeout)) != Ok(()) || get(&a) != Ok(expected) {
                    return 1;
                }
            }
        }
        0
    });
    same!(status, 0);
    Ok(())
}

fn nonblocking() -> Outcome {
    let (a, b) = must!(UnixStream::pair());
    let clone = must!(a.try_clone());
    for on in [true, false] {
        must!(a.set_nonblocking(on));
        for (end, on) in [(&a, on), (&clone, on), (&b, false)] {
            same!(end.is_nonblocking(), on);
            same!(
                raw::status_flags(end.as_raw_fd()),
                O_RDWR | if on { O_NONBLOCK } else { 0 }
            );
        }
    }
    Ok(())
}

fn close_on_exec() -> Outcome {
    let (a, _b) = must!(UnixStream::pair());
    let clone = must!(a.try_clone());
    for on in [false, true, false] {
        must!(a.set_close_on_exec(on));
        same!(a.is_close_on_exec(), on);
        same!(raw::fcntl(a.as_raw_fd(), F_GETFD), i32::from(on));
        same!(clone.is_close_on_exec(), true);
    }
    Ok(())
}

fn clone() -> Outcome {
    let (a, b) = must!(UnixStream::pair_with(SocketFlags::empty()));
    let lowest = raw::open_descriptors().trailing_ones();
    let clone = must!(a.try_clone());
    same!(clone.as_raw_fd(), lowest);
    same!(clone.is_close_on_exec(), true);
    same!(a.is_close_on_exec(), false);
    drop(a);
    same!(clone.send(b"x"), 1);
    same!(b.recv(&mut [0]), 1);
    raw::leave_free(0);
    let result = clone.try_clone();
    raw::limit_descriptors(64);
    same!(result.map(drop), Errno::EMFILE);
    Ok(())
}

fn peek_offset() -> Outcome {
    let (a, b) = must!(UnixStream::pair());
    same!(since!((3, 4), b.peek_offset()).is_none(), true);
    same!(b.set_peek_offset(Some(1 << 31)), Errno::EINVAL);
    must!(a.send(b"abcdefgh"));
    must!(b.set_peek_offset(Some(2)));
    let mut buf = [0; 3];
    same!(b.recv_with_flags(&mut buf, MessageFlags::PEEK), 3);
    same!(&buf == b"cde", true);
    same!(must!(b.peek_offset()) == Some(5), true);
    same!(b.recv(&mut buf), 3);
    same!(&buf == b"abc", true);
    same!(must!(b.peek_offset()) == Some(2), true);
    must!(b.set_peek_offset(None));
    same!(b.recv_with_flags(&mut buf, MessageFlags::PEEK), 3);
    same!(&buf == b"def", true);
    Ok(())
}

/// SO_PRIORITY is an int, SO_ACCEPTCONN can't be set, and nothing has the number 9999.
fn any_option() -> Outcome {
    const SOL_SOCKET: i32 = net::SOL_SOCKET as i32;
    let (a, _b) = must!(UnixStream::pair());
    let mut value = [0xff; 8];
    // SAFETY: these options read and write ints, if anything.
    unsafe {
        must!(a.set_option(SOL_SOCKET, net::SO_PRIORITY as i32, &5_i32.to_ne_bytes()));
        same!(
            must!(a.option(SOL_SOCKET, net::SO_PRIORITY as i32, &mut value)) == 5_i32.to_ne_bytes(),
            true
        );
        same!(raw::getsockopt(a.as_raw_fd(), net::SO_PRIORITY), 5);
        same!(
            a.set_option(SOL_SOCKET, net::SO_ACCEPTCONN as i32, &[0; 4]),
            Errno::ENOPROTOOPT
        );
        for (level, name) in [(SOL_SOCKET, 9999), (9999, 1)] {
            same!(
                a.option(level, name, &mut value).map(|value| value.len()).is_err(),
                true
            );
            same!(a.set_option(level, name, &[0; 4]).is_err(), true);
        }
        same!(
            a.option(SOL_SOCKET, 9999, &mut []).map(|value| value.len()),
            Errno::ENOPROTOOPT
        );
    }
    Ok(())
}

fn no_socket() -> Outcome {
    // SAFETY: nothing else owns the descriptor.
    let fd = unsafe { OwnedFd::from_raw_fd(raw::epoll()) };
    // SAFETY: it is no socket, which is what is tested: the kernel checks.
    let end = unsafe { UnixStream::from_fd_unchecked(fd.as_fd()) };
    same!(end.send(b"x"), Errno::ENOTSOCK);
    same!(end.recv(&mut [0]), Errno::ENOTSOCK);
    same!(end.socket_type().map(drop), Errno::ENOTSOCK);
    same!(end.set_pass_credentials(true), Errno::ENOTSOCK);
    Ok(())
}
