//! What a strict sandbox has to let through, and what it answers.

use core::{
    mem::{ManuallyDrop, MaybeUninit},
    time::Duration,
};
use freestanding::{println, raw};
use linux_raw_sys::general::*;
use linux_socketpair::{
    Descriptor, Domain, Errno, IoSlice, IoSliceMut, MessageFlags, PollFd, PollFlags, RawFd, RecvControl, SendControl,
    Shutdown, Socket, SocketFlags, SocketType, close, poll, read, socketpair, socketpair_into, space, write,
};

use crate::report::{Needs, Outcome, Report, must, same};

const NONE: MessageFlags = MessageFlags::empty();
const SECCOMP: Needs = Needs::Kernel("it has no seccomp");

#[cfg(target_arch = "x86")]
const PPOLL: u32 = __NR_ppoll_time64;
#[cfg(not(target_arch = "x86"))]
const PPOLL: u32 = __NR_ppoll;

/// A row of the README's table: what it is for, the calls that it names, and the proof.
struct Use {
    row: &'static str,
    calls: &'static [u32],
    works: fn(&Socket, &Socket) -> bool,
}

const USES: &[Use] = &[
    Use {
        row: "| `socketpair`, `socketpair_into`, `Socket::pair` and its short forms | `socketpair` |",
        calls: &[__NR_socketpair],
        works: |_, _| {
            let kept = |made: Result<[Socket; 2], Errno>| made.map(|pair| pair.map(Socket::into_raw_fd)).is_ok();
            let (domain, ty, flags) = (Domain::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC);
            // SAFETY: `sv` is this call's.
            let into = unsafe { socketpair_into(domain, ty, flags, 0, &mut [0; 2]) };
            kept(Socket::stream_pair())
                && kept(Socket::dgram_pair())
                && kept(Socket::seqpacket_pair())
                && into.and(socketpair(domain, ty, flags, 0)).is_ok()
        },
    },
    Use {
        row: "| `close`, `Descriptor::close`, and dropping whatever owns a descriptor | `close` |",
        calls: &[__NR_close],
        // SAFETY: the process ends with this, and uses the number no more.
        works: |a, _| unsafe { Descriptor::from_raw_fd(a.as_raw_fd()).close().is_ok() },
    },
    Use {
        row: "| `read` | `read` |",
        calls: &[__NR_read],
        // SAFETY: the descriptor is a socket's.
        works: |_, b| unsafe { read(b.as_raw_fd(), &mut [0; 4]) == Ok(4) },
    },
    Use {
        row: "| `write` | `write` |",
        calls: &[__NR_write],
        // SAFETY: the descriptor is a socket's.
        works: |a, _| unsafe { write(a.as_raw_fd(), b"x") == Ok(1) },
    },
    Use {
        row: "| `Socket::send`, `send_all` | `sendto` |",
        calls: &[__NR_sendto],
        works: |a, _| a.send(b"x", NONE) == Ok(1) && a.send_all(b"x", NONE).is_ok(),
    },
    Use {
        row: "| `Socket::send_vectored`, `send_message` | `sendmsg` |",
        calls: &[__NR_sendmsg],
        works: |a, b| {
            let descriptors = [b];
            let mut control = SendControl::<{ space::rights(1) }>::new();
            control.rights(&descriptors).is_ok()
                && a.send_message(&[IoSlice::new(b"x")], &control, NONE) == Ok(1)
                && a.send_vectored(&[IoSlice::new(b"x")], NONE) == Ok(1)
        },
    },
    Use {
        row: "| `Socket::recv`, its other forms, `recv_message` | `recvmsg` |",
        calls: &[__NR_recvmsg],
        works: |_, b| {
            let mut control = RecvControl::<{ space::rights(1) }>::new();
            let mut buf = [0; 1];
            b.recv_exact(&mut [0; 1], NONE).is_ok()
                && b.recv_uninit(&mut [MaybeUninit::uninit()], MessageFlags::PEEK).is_ok()
                && b.recv_vectored(&mut [IoSliceMut::new(&mut [0])], NONE) == Ok(1)
                && b.recv_message(&mut [IoSliceMut::new(&mut buf)], &mut control, NONE)
                    .is_ok()
                && b.recv(&mut buf, NONE) == Ok(1)
        },
    },
    Use {
        row: "| the options that are asked for, of the peer too | `getsockopt` |",
        calls: &[__NR_getsockopt],
        works: |a, _| {
            // An older kernel refuses some, which is a call too.
            let _ = (
                a.peer_pidfd().map(Descriptor::into_raw_fd),
                a.pass_pidfd(),
                a.pass_rights(),
                a.pass_security(),
            );
            let _ = (
                a.peer_security(&mut [0; 8]),
                a.peer_security_len(),
                a.peer_groups(&mut [0; 8]),
            );
            a.peer_group_count().is_ok()
                && a.peer_credentials().is_ok()
                && a.socket_type().is_ok()
                && a.domain().is_ok()
                && a.protocol().is_ok()
                && a.take_error().is_ok()
                && a.pass_credentials().is_ok()
                && a.send_buffer_size().is_ok()
                && a.recv_buffer_size().is_ok()
                && a.send_timeout().is_ok()
                && a.recv_timeout().is_ok()
                && a.peek_offset().is_ok()
        },
    },
    Use {
        row: "| the options that are set | `setsockopt` |",
        calls: &[__NR_setsockopt],
        works: |a, _| {
            let second = Some(Duration::from_secs(1));
            // An older kernel refuses some, which is a call too.
            let _ = (
                a.set_pass_pidfd(true),
                a.set_pass_rights(true),
                a.set_pass_security(true),
            );
            a.set_pass_credentials(true).is_ok()
                && a.set_send_buffer_size(9000).is_ok()
                && a.set_recv_buffer_size(9000).is_ok()
                && a.set_send_timeout(second).is_ok()
                && a.set_recv_timeout(second).is_ok()
                && a.set_peek_offset(Some(0)).is_ok()
        },
    },
    Use {
        row: "| `Socket::shutdown` | `shutdown` |",
        calls: &[__NR_shutdown],
        works: |a, _| a.shutdown(Shutdown::Both).is_ok(),
    },
    Use {
        row: "| `duplicate`, `is_close_on_exec`, `set_close_on_exec`, `is_nonblocking` | `fcntl` |",
        calls: &[__NR_fcntl],
        works: |a, _| {
            a.is_nonblocking() == Ok(false)
                && a.set_close_on_exec(false).is_ok()
                && a.is_close_on_exec() == Ok(false)
                && a.duplicate().is_ok_and(|again| again.into_raw_fd() >= 0)
        },
    },
    Use {
        row: "| `Socket::set_nonblocking`, `bytes_to_recv`, `memory_sent` | `ioctl` |",
        calls: &[__NR_ioctl],
        works: |a, b| a.set_nonblocking(true).is_ok() && b.bytes_to_recv() == Ok(4) && a.memory_sent().is_ok(),
    },
    Use {
        row: "| `poll` | `ppoll`; on i386 `ppoll_time64`, and on ENOSYS `ppoll` |",
        calls: &[PPOLL],
        works: |_, b| poll(&mut [PollFd::new(b, PollFlags::IN)], None) == Ok(1),
    },
];

/// The row that i386 adds. Its proof is in `entry`: here the first call of the process was made before.
pub const FIRST_CALL: &str = "| i386's first call, whichever it is | `openat`, `read` and `close` before it; where \
                              /proc/self/auxv can't be read, `prctl` |";

pub fn print_uses() {
    for row in USES.iter().map(|Use { row, .. }| *row).chain([FIRST_CALL]) {
        println!("{row}");
    }
}

pub fn tests(report: &mut Report) {
    for Use { row, calls, works } in USES {
        report.test(SECCOMP, format_args!("a sandbox that allows just this: {row}"), || {
            same!(allowing(calls, None, *works), 0);
            Ok(())
        });
        for call in *calls {
            report.test(
                SECCOMP,
                format_args!("a sandbox without call {call} ends it: {row}"),
                || {
                    same!(allowing(calls, Some(*call), *works) & 0x7f, SIGSYS);
                    Ok(())
                },
            );
        }
    }
    report.test(
        SECCOMP,
        "every errno from 1 to 4095 comes out of every call as itself",
        every_errno,
    );
    report.test(
        SECCOMP,
        "every errno from 1 to 4095 comes out of poll as itself",
        every_errno_of_poll,
    );
}

/// The wait status of a process that may make `calls` alone, and of those not the one that is left out.
fn allowing(calls: &[u32], left_out: Option<u32>, works: fn(&Socket, &Socket) -> bool) -> i32 {
    raw::in_child(|| {
        let Ok([a, b]) = Socket::stream_pair().map(|pair| pair.map(ManuallyDrop::new)) else {
            return 1;
        };
        if a.send(b"here", NONE) != Ok(4) {
            return 2;
        }
        raw::allow_only(calls.iter().copied().filter(|&call| Some(call) != left_out));
        if works(&a, &b) { 0 } else { 3 }
    })
}

/// A call on a socket whose descriptor is the number: the filter answers it before the kernel looks at what is passed.
type Call = fn(&Socket, RawFd) -> Result<(), Errno>;

const CALLS: &[Call] = &[
    |_, n| {
        socketpair(
            Domain::from_bits_retain(n as u32),
            SocketType::STREAM,
            SocketFlags::CLOEXEC,
            0,
        )
        .map(drop)
    },
    // SAFETY: `sv` is this call's.
    |_, n| unsafe {
        let domain = Domain::from_bits_retain(n as u32);
        socketpair_into(domain, SocketType::STREAM, SocketFlags::CLOEXEC, 0, &mut [0; 2])
    },
    // SAFETY: the filter lets none of these through to whatever the number is.
    |_, n| unsafe { read(n, &mut [0]).map(drop) },
    // SAFETY: as above.
    |_, n| unsafe { write(n, &[0]).map(drop) },
    // SAFETY: as above.
    |_, n| unsafe { close(n) },
    // SAFETY: as above.
    |_, n| unsafe { Descriptor::from_raw_fd(n).close() },
    |s, _| s.send(b"x", NONE).map(drop),
    |s, _| s.send_vectored(&[IoSlice::new(b"x")], NONE).map(drop),
    |s, _| s.send_message(&[], &SendControl::<0>::new(), NONE).map(drop),
    |s, _| s.recv(&mut [0], NONE).map(drop),
    |s, _| s.recv_vectored(&mut [], NONE).map(drop),
    |s, _| s.recv_message(&mut [], &mut RecvControl::<0>::new(), NONE).map(drop),
    |s, _| s.recv_uninit(&mut [], NONE).map(drop),
    |s, n| {
        if n == 4 {
            Err(Errno::EINTR)
        } else {
            s.send_all(b"x", NONE).map_err(Errno::from)
        }
    },
    |s, n| {
        if n == 4 {
            Err(Errno::EINTR)
        } else {
            s.recv_exact(&mut [0], NONE).map_err(Errno::from)
        }
    },
    |s, _| s.shutdown(Shutdown::Both),
    |s, _| s.duplicate().map(drop),
    |s, _| s.peer_credentials().map(drop),
    |s, _| s.peer_pidfd().map(drop),
    |s, _| s.peer_groups(&mut [0]).map(drop),
    |s, n| {
        if n == 34 {
            Err(Errno::ERANGE)
        } else {
            s.peer_group_count().map(drop)
        }
    },
    |s, _| s.peer_security(&mut [0]).map(drop),
    |s, n| {
        if n == 34 {
            Err(Errno::ERANGE)
        } else {
            s.peer_security_len().map(drop)
        }
    },
    |s, _| s.socket_type().map(drop),
    |s, _| s.domain().map(drop),
    |s, _| s.protocol().map(drop),
    |s, _| s.take_error().map(drop),
    |s, _| s.pass_credentials().map(drop),
    |s, _| s.set_pass_credentials(true),
    |s, _| s.pass_pidfd().map(drop),
    |s, _| s.set_pass_pidfd(true),
    |s, _| s.pass_rights().map(drop),
    |s, _| s.set_pass_rights(true),
    |s, _| s.pass_security().map(drop),
    |s, _| s.set_pass_security(true),
    |s, _| s.send_buffer_size().map(drop),
    |s, _| s.set_send_buffer_size(1),
    |s, _| s.recv_buffer_size().map(drop),
    |s, _| s.set_recv_buffer_size(1),
    |s, _| s.send_timeout().map(drop),
    |s, _| s.set_send_timeout(None),
    |s, _| s.recv_timeout().map(drop),
    |s, _| s.set_recv_timeout(None),
    |s, _| s.peek_offset().map(drop),
    |s, _| s.set_peek_offset(None),
    |s, _| s.bytes_to_recv().map(drop),
    |s, _| s.memory_sent().map(drop),
    |s, _| s.is_nonblocking().map(drop),
    |s, _| s.set_nonblocking(true),
    |s, _| s.is_close_on_exec().map(drop),
    |s, _| s.set_close_on_exec(true),
];

/// Each call's first argument is the errno with which the filter answers. Two of them finish over EINTR, and two take ERANGE
/// for the answer that it is.
fn every_errno() -> Outcome {
    let status = raw::in_child(|| {
        raw::answer_with_argument(
            &[
                __NR_socketpair,
                __NR_read,
                __NR_write,
                __NR_close,
                __NR_sendto,
                __NR_sendmsg,
                __NR_recvmsg,
                __NR_shutdown,
                __NR_getsockopt,
                __NR_setsockopt,
                __NR_fcntl,
            ],
            0,
        );
        raw::answer_with_argument(&[__NR_ioctl], 0);
        for n in 1..=4095 {
            // SAFETY: the filter lets no call through to whatever the number is.
            let socket = ManuallyDrop::new(unsafe { Socket::from_raw_fd(n) });
            for (at, call) in CALLS.iter().enumerate() {
                if call(&socket, n).map_err(Errno::raw_os_error) != Err(n) {
                    return at as i32 + 1;
                }
            }
        }
        0
    });
    same!(status, 0);
    Ok(())
}

fn every_errno_of_poll() -> Outcome {
    let [a, _b] = must!(Socket::stream_pair());
    let status = raw::in_child(|| {
        raw::answer_with_argument(&[__NR_ppoll, PPOLL], 1);
        let mut fds = [(); 4095].map(|()| PollFd::new(&a, PollFlags::IN));
        let right = (1..=4095).all(|n| poll(&mut fds[..n], None).map_err(Errno::raw_os_error) == Err(n as i32));
        i32::from(!right)
    });
    same!(status, 0);
    Ok(())
}
