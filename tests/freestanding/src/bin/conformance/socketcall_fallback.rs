//! An errno of a seccomp filter reaches the caller; where there is `socketcall`, ENOSYS alone leads to it.
//!
//! Each filter returns an errno of its own, so the result shows which calls were made: the first one, whose result is
//! final, or after its ENOSYS the second one.

use core::slice;
use freestanding::raw;
use linux_raw_sys::general::*;
use linux_socketpair::{
    Domain, Errno, IoSlice, IoSliceMut, MessageFlags, RecvControl, RecvMessage, SendControl, SendMessage, Shutdown,
    SocketFlags, SocketType, UnixSeqpacket, close, read, socketpair, write,
};

use crate::control::{declare, send};
use crate::report::{Needs, Outcome, Report, requires, same};

/// Installs a filter that returns an errno from each of the system calls.
fn install(filter: &[(u32, Errno)]) {
    raw::reject(
        filter
            .iter()
            .map(|&(number, errno)| (number, errno.raw_os_error() as u32)),
    );
}

/// What socketpair(2) returns in a process with a filter: 0 for a pair that works, or the errno.
fn socketpair_under(filter: &[(u32, Errno)]) -> i32 {
    let status = raw::in_child(|| {
        install(filter);
        match socketpair(Domain::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, 0) {
            // SAFETY: the descriptors are ours.
            Ok([a, b]) => unsafe {
                let mut buf = [0; 4];
                let works = write(a, b"text") == Ok(4) && read(b, &mut buf) == Ok(4) && &buf == b"text";
                if works && close(a).and(close(b)).is_ok() {
                    0
                } else {
                    255
                }
            },
            Err(errno) => errno.raw_os_error(),
        }
    });
    status >> 8
}

/// Every socket call that the crate makes.
const SOCKET_CALLS: [u32; 10] = [
    __NR_socketpair,
    __NR_sendto,
    __NR_recvfrom,
    __NR_sendmsg,
    __NR_recvmsg,
    __NR_getsockopt,
    __NR_setsockopt,
    __NR_shutdown,
    __NR_sendmmsg,
    raw::RECVMMSG,
];

/// The direct calls by which the crate makes one of them.
fn direct(call: &u32) -> &[u32] {
    if *call == raw::RECVMMSG {
        raw::RECVMMSGS
    } else {
        slice::from_ref(call)
    }
}

/// A filter that returns the errno from each of these calls, and another one from `socketcall`.
fn rejecting(calls: &[u32], errno: Errno, socketcall: Option<(u32, Errno)>) -> ([(u32, Errno); 16], usize) {
    let mut filter = [(0, errno); 16];
    let mut len = 0;
    let rejected = calls.iter().flat_map(direct).map(|&call| (call, errno));
    for (place, entry) in filter.iter_mut().zip(rejected.chain(socketcall)) {
        *place = entry;
        len += 1;
    }
    (filter, len)
}

/// Makes each of them, with all its arguments in use. Returns whether everything was right.
fn every_call() -> Result<bool, Errno> {
    let (a, b) = UnixSeqpacket::pair()?;
    b.set_send_buffer_size(30_000)?;
    let mut right = b.send_buffer_size()? == 60_000;
    right &= a.send(b"sendto")? == 6 && send(&a, &a, 1)? == 1;
    let mut buf = [0; 16];
    right &= b.recv_with_flags(&mut buf, MessageFlags::PEEK)? == 6;
    right &= b.recv(&mut buf)? == 6 && buf.starts_with(b"sendto\0");
    declare!(control: RecvControl, linux_socketpair::space::rights(1));
    right &= b.recv_message(&mut [IoSliceMut::new(&mut buf)], &mut control)?.len == 1 && buf[0] == b'x';
    right &= control.descriptors()?.count() == 1;
    right &= a.send_messages(&mut [SendMessage::new(&[IoSlice::new(b"many")])])? == 1;
    let mut bufs = [IoSliceMut::new(&mut buf)];
    let mut messages = [RecvMessage::new(&mut bufs)];
    right &= b.recv_messages(&mut messages, &mut [])? == 1 && messages[0].received()?.len == 4;
    right &= buf.starts_with(b"many");
    a.shutdown(Shutdown::Write)?;
    right &= b.recv(&mut buf)? == 0 && a.send(b"x") == Err(Errno::EPIPE);
    right &= a.send_message(&[IoSlice::new(b"x")], &SendControl::new(&mut [])) == Err(Errno::EPIPE);
    Ok(right && b.send(b"x")? == 1)
}

/// Makes them in a process with a filter. Returns 0 if everything was right, or the first errno.
fn every_call_under(filter: &[(u32, Errno)]) -> i32 {
    let status = raw::in_child(|| {
        install(filter);
        every_call().map_or_else(Errno::raw_os_error, |right| if right { 0 } else { 255 })
    });
    status >> 8
}

pub fn tests(report: &mut Report) {
    for errno in [
        Errno::EPERM,
        Errno::EACCES,
        Errno::ENOMEM,
        Errno::ENFILE,
        Errno::EHWPOISON,
    ] {
        report.test(
            Needs::Seccomp,
            format_args!("a filter's {errno:?} for socketpair reaches the caller"),
            || {
                same!(socketpair_under(&[(__NR_socketpair, errno)]), errno.raw_os_error());
                Ok(())
            },
        );
    }
    report.test(Needs::Seccomp, "every socket call works without a filter", || {
        same!(every_call_under(&[]), 0);
        Ok(())
    });
    for call in SOCKET_CALLS {
        report.test(
            Needs::Seccomp,
            format_args!("a filter's EXFULL for socket call {call} reaches the caller"),
            || {
                same!(every_call_under(&[(call, Errno::EXFULL)]), Errno::EXFULL.raw_os_error());
                Ok(())
            },
        );
    }
    if let [with_64_bits, with_32_bits] = *raw::RECVMMSGS {
        report.test(
            Needs::Seccomp,
            "recvmmsg with 64-bit time returns ENOSYS, as before Linux 5.1: the other one works, and its errno is final",
            || {
                let first = (with_64_bits, Errno::ENOSYS);
                same!(every_call_under(&[first]), 0);
                let filter = [first, (with_32_bits, Errno::EXFULL)];
                same!(every_call_under(&filter), Errno::EXFULL.raw_os_error());
                // Where the first works, the other is not made.
                requires!(5, 1);
                same!(every_call_under(&filter[1..]), 0);
                Ok(())
            },
        );
    }
    match raw::SOCKETCALL {
        Some(socketcall) => with_socketcall(report, socketcall),
        None => report.test(
            Needs::Seccomp,
            "a filter's ENOSYS for socketpair reaches the caller",
            || {
                same!(
                    socketpair_under(&[(__NR_socketpair, Errno::ENOSYS)]),
                    Errno::ENOSYS.raw_os_error()
                );
                Ok(())
            },
        ),
    }
}

/// What a filter returns from the direct call and from `socketcall`, and what socketpair(2) then returns: 0 for a pair.
type Row = (&'static str, Errno, Option<Errno>, i32);

const ROWS: [Row; 6] = [
    (
        "the direct call returns ENOSYS, as in kernels that lack it: socketcall works",
        Errno::ENOSYS,
        None,
        0,
    ),
    (
        "the direct call returns ENOSYS: the result of socketcall is final",
        Errno::ENOSYS,
        Some(Errno::EUSERS),
        Errno::EUSERS.raw_os_error(),
    ),
    (
        "both return ENOSYS: ENOSYS",
        Errno::ENOSYS,
        Some(Errno::ENOSYS),
        Errno::ENOSYS.raw_os_error(),
    ),
    (
        "the direct call returns EPERM: EPERM, though socketcall would work",
        Errno::EPERM,
        None,
        Errno::EPERM.raw_os_error(),
    ),
    (
        "the direct call returns EPERM: socketcall is not made",
        Errno::EPERM,
        Some(Errno::EUSERS),
        Errno::EPERM.raw_os_error(),
    ),
    (
        "the direct call returns EPERM: ENOSYS of socketcall changes nothing",
        Errno::EPERM,
        Some(Errno::ENOSYS),
        Errno::EPERM.raw_os_error(),
    ),
];

fn with_socketcall(report: &mut Report, socketcall: u32) {
    for (what, direct, second, expected) in ROWS {
        report.test(Needs::Seccomp, what, || {
            let filter = [(__NR_socketpair, direct), (socketcall, second.unwrap_or(Errno::ENOSYS))];
            let len = 1 + usize::from(second.is_some());
            same!(socketpair_under(&filter[..len]), expected);
            Ok(())
        });
    }
    for (errno, who) in [(Errno::ENOSYS, ", as Docker does"), (Errno::EUSERS, "")] {
        report.test(
            Needs::Seccomp,
            format_args!("socketcall returns {errno:?}{who}: the direct call works"),
            || {
                requires!(4, 3);
                same!(socketpair_under(&[(socketcall, errno)]), 0);
                Ok(())
            },
        );
    }
    report.test(
        Needs::Seccomp,
        "the direct call returns ENOSYS: socketcall gets each argument",
        arguments_of_socketcall,
    );
    report.test(
        Needs::Seccomp,
        "every socket call works while socketcall is rejected",
        || {
            requires!(4, 3);
            same!(every_call_under(&[(socketcall, Errno::EUSERS)]), 0);
            Ok(())
        },
    );
    report.test(
        Needs::Seccomp,
        "every socket call works while the direct ones return ENOSYS",
        || {
            let (filter, len) = rejecting(&SOCKET_CALLS, Errno::ENOSYS, None);
            same!(every_call_under(&filter[..len]), 0);
            Ok(())
        },
    );
    for call in SOCKET_CALLS {
        report.test(
            Needs::Seccomp,
            format_args!("socket call {call} alone returns ENOSYS: socketcall works"),
            || {
                let (filter, len) = rejecting(&[call], Errno::ENOSYS, None);
                same!(every_call_under(&filter[..len]), 0);
                Ok(())
            },
        );
        report.test(
            Needs::Seccomp,
            format_args!("socket call {call} returns ENOSYS: the result of socketcall is final"),
            || {
                let (filter, len) = rejecting(&[call], Errno::ENOSYS, Some((socketcall, Errno::EUSERS)));
                same!(every_call_under(&filter[..len]), Errno::EUSERS.raw_os_error());
                Ok(())
            },
        );
    }
}

/// An error for each argument, and a pair with flags.
fn arguments_of_socketcall() -> Outcome {
    let status = raw::in_child(|| {
        install(&[(__NR_socketpair, Errno::ENOSYS)]);
        let call = |domain, ty, protocol| socketpair(domain, ty, SocketFlags::CLOEXEC, protocol);
        let right = [
            call(Domain::UNSPEC, SocketType::STREAM, 0) == Err(Errno::EAFNOSUPPORT),
            call(Domain::UNIX, SocketType::RDM, 0) == Err(Errno::ESOCKTNOSUPPORT),
            call(Domain::UNIX, SocketType::STREAM, 2) == Err(Errno::EPROTONOSUPPORT),
            call(Domain::UNIX, SocketType::STREAM, 0)
                .is_ok_and(|sv| sv.iter().all(|&fd| raw::fcntl(fd, F_GETFD) == FD_CLOEXEC as isize)),
        ];
        right
            .iter()
            .position(|&right| !right)
            .map_or(0, |wrong| wrong as i32 + 1)
    });
    same!(status, 0);
    Ok(())
}
