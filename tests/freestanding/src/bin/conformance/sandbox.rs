//! What a strict sandbox must allow, and that errnos from filters reach the caller.

use core::{
    mem::{ManuallyDrop, MaybeUninit},
    time::Duration,
};
use freestanding::{println, raw, raw::FCNTL, raw::IDS, raw::PPOLL, raw::RECVMMSG};
use linux_raw_sys::general::*;
use linux_raw_sys::net::{SO_TYPE, SOL_SOCKET};
use linux_socketpair::kind::Stream;
use linux_socketpair::process::{
    Args, Child, Command, ExitStatus, FdMapping, Signal, SignalFd, SignalSet, SpawnError, any_ended, exit_status, reap,
};
use linux_socketpair::{
    AsFd, AsRawFd, BorrowedFd, Credentials, Domain, Errno, FromRawFd, IntoRawFd, IoSlice, IoSliceMut, MessageFlags,
    OwnedFd, PollFd, PollFlags, RawFd, RecvControl, RecvMessage, SendControl, SendMessage, Shutdown, SocketFlags,
    SocketType, UnixDatagram, UnixSeqpacket, UnixStream, close, explain, explain::Cause, fd, kind, poll, read,
    socketpair, socketpair_into, space, syscall, write,
};

use crate::control::{declare, send};
use crate::explain::STATFS;
use crate::report::{Needs, Otherwise, Outcome, Report, must, requires, same, tests};

/// Pairs on which the calls are made. In both, 4 bytes are waiting; in the second, the sender has been shut down.
struct Pairs {
    a: UnixStream,
    b: UnixStream,
    c: UnixSeqpacket,
    d: UnixSeqpacket,
    /// This process.
    own: Credentials,
}

/// A row of the README's table: what a program uses, the system calls that it needs, and the proof.
struct Use {
    row: &'static str,
    calls: &'static [u32],
    works: fn(&Pairs) -> bool,
}

const USES: &[Use] = &[
    Use {
        row: "`socketpair`, `socketpair_into`, `pair`, `pair_with`: `socketpair`",
        calls: &[__NR_socketpair],
        works: |_| {
            let (domain, ty, flags) = (Domain::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC);
            // SAFETY: the memory is this call's.
            let into = unsafe { socketpair_into(domain, ty, flags, 0, &mut [0; 2]) };
            UnixStream::pair().map(ManuallyDrop::new).is_ok()
                && UnixDatagram::pair().map(ManuallyDrop::new).is_ok()
                && UnixSeqpacket::pair_with(flags).map(ManuallyDrop::new).is_ok()
                && into.and(socketpair(domain, ty, flags, 0)).is_ok()
        },
    },
    Use {
        row: "`close`, and dropping what owns a file descriptor: `close`",
        calls: &[__NR_close],
        // SAFETY: the process ends after this, and uses the descriptors no more.
        works: |Pairs { a, b, c, d, .. }| unsafe {
            drop(OwnedFd::from_raw_fd(a.as_raw_fd()));
            fd::close(OwnedFd::from_raw_fd(b.as_raw_fd())).is_ok()
                && UnixSeqpacket::from_raw_fd(c.as_raw_fd()).close().is_ok()
                && close(d.as_raw_fd()).is_ok()
        },
    },
    Use {
        row: "`read`: `read`",
        calls: &[__NR_read],
        // SAFETY: the descriptor is a socket's.
        works: |Pairs { b, .. }| unsafe { read(b.as_raw_fd(), &mut [0; 4]) == Ok(4) },
    },
    Use {
        row: "`write`: `write`",
        calls: &[__NR_write],
        // SAFETY: the descriptor is a socket's.
        works: |Pairs { a, .. }| unsafe { write(a.as_raw_fd(), b"x") == Ok(1) },
    },
    Use {
        row: "`send`, `send_all`: `sendto`",
        calls: &[__NR_sendto],
        works: |Pairs { a, .. }| a.send(b"x") == Ok(1) && a.send_all(b"x").is_ok(),
    },
    Use {
        row: "`send_vectored`, `send_message`, `send_message_all`: `sendmsg`",
        calls: &[__NR_sendmsg],
        works: |Pairs { a, b, .. }| {
            send(a, b, 1) == Ok(1)
                && a.send_vectored(&[IoSlice::new(b"x")]) == Ok(1)
                && a.send_message_all(&mut [IoSlice::new(b"x")], &mut SendControl::new(&mut []))
                    .is_ok()
        },
    },
    Use {
        row: "`send_messages`: `sendmmsg`",
        calls: &[__NR_sendmmsg],
        works: |Pairs { d, .. }| d.send_messages(&mut [SendMessage::new(&[IoSlice::new(b"x")])]) == Ok(1),
    },
    Use {
        row: "`recv`, `recv_exact`, `next_message_len`: `recvfrom`",
        calls: &[__NR_recvfrom],
        works: |Pairs { b, d, .. }| {
            b.recv_exact(&mut [0; 2]).is_ok()
                && b.recv(&mut [0; 4]) == Ok(2)
                && d.next_message_len() == Ok(4)
                && d.recv(&mut [0; 4]) == Ok(4)
        },
    },
    Use {
        row: "`recv_vectored`, `recv_uninit`, `recv_message` and its other forms: `recvmsg`",
        calls: &[__NR_recvmsg],
        works: |Pairs { b, .. }| {
            declare!(control: RecvControl, space::rights(1));
            let one = &mut [MaybeUninit::uninit()];
            b.recv_uninit(one).is_ok()
                && b.recv_vectored(&mut [IoSliceMut::new(&mut [0])]) == Ok(1)
                && b.recv_message_uninit(one, &mut control).is_ok()
                && b.recv_message_with_flags(&mut [IoSliceMut::new(&mut [0])], &mut control, MessageFlags::PEEK)
                    .is_ok()
                && b.recv_message_exact(&mut [IoSliceMut::new(&mut [0])], &mut control)
                    .is_ok()
        },
    },
    Use {
        row: "`recv_messages`: `recvmmsg`; 32-bit: `recvmmsg_time64`, on ENOSYS `recvmmsg`",
        calls: &[RECVMMSG],
        works: |Pairs { d, .. }| {
            d.recv_messages(&mut [RecvMessage::new(&mut [IoSliceMut::new(&mut [0; 4])])], &mut []) == Ok(1)
        },
    },
    Use {
        row: "`recv_or_eof`: `recvmsg`, `getsockopt`",
        calls: &[__NR_recvmsg, __NR_getsockopt],
        works: |Pairs { d, .. }| d.recv_or_eof(&mut [0; 4]) == Ok(Some(4)) && d.recv_or_eof(&mut [0; 4]) == Ok(None),
    },
    Use {
        row: "`try_from`, `borrow_fd`, options that are read: `getsockopt`",
        calls: &[__NR_getsockopt],
        works: |Pairs { a, c, .. }| {
            let mut value = [0; 4];
            // Some are errors on older kernels, and system calls all the same.
            let _ = (
                a.peer_pidfd().map(IntoRawFd::into_raw_fd),
                a.pass_pidfd(),
                a.pass_rights(),
                a.pass_security(),
                a.peer_security(&mut [0; 8]),
                a.peer_security_len(),
                a.peer_groups(&mut [0; 8]),
                a.peer_group_count(),
                a.peek_offset(),
                c.pass_timestamps(),
                c.pass_timestamps_micros(),
            );
            // SAFETY: a borrowed descriptor of an open socket, and an option that writes an int.
            let (fd, option) = unsafe {
                let fd = OwnedFd::from_raw_fd(a.as_raw_fd());
                (fd, a.option(SOL_SOCKET as i32, SO_TYPE as i32, &mut value).is_ok())
            };
            option
                && UnixStream::borrow_fd(a).is_ok()
                && UnixStream::<BorrowedFd<'_>>::try_from(a.as_fd()).is_ok()
                && UnixStream::try_from(fd).map(IntoRawFd::into_raw_fd).is_ok()
                && a.peer_credentials().is_ok()
                && a.socket_type().is_ok()
                && a.domain().is_ok()
                && a.protocol().is_ok()
                && a.take_error().is_ok()
                && a.pass_credentials().is_ok()
                && a.send_buffer_size().is_ok()
                && a.recv_buffer_size().is_ok()
                && a.recv_low_water_mark().is_ok()
                && a.send_timeout().is_ok()
                && a.recv_timeout().is_ok()
        },
    },
    Use {
        row: "options that are set: `setsockopt`",
        calls: &[__NR_setsockopt],
        works: |Pairs { a, c, .. }| {
            let second = Some(Duration::from_secs(1));
            // Some are errors on older kernels, and system calls all the same.
            let _ = (
                a.set_pass_pidfd(true),
                a.set_pass_rights(true),
                a.set_pass_security(true),
                a.set_peek_offset(Some(0)),
                a.set_rights_notrunc(true),
                a.set_pass_bytes_to_recv(true),
                a.force_send_buffer_size(9000),
                a.force_recv_buffer_size(9000),
            );
            // SAFETY: the kernel reads no value of a name that it doesn't know.
            let option = unsafe { a.set_option(SOL_SOCKET as i32, 9999, &[0; 4]) };
            option == Err(Errno::ENOPROTOOPT)
                && a.set_pass_credentials(true).is_ok()
                && a.set_send_buffer_size(9000).is_ok()
                && a.set_recv_buffer_size(9000).is_ok()
                && a.set_recv_low_water_mark(1).is_ok()
                && c.set_pass_timestamps(true).is_ok()
                && c.set_pass_timestamps_micros(true).is_ok()
                && a.set_send_timeout(second).is_ok()
                && a.set_recv_timeout(second).is_ok()
        },
    },
    Use {
        row: "`shutdown`: `shutdown`",
        calls: &[__NR_shutdown],
        works: |Pairs { a, .. }| a.shutdown(Shutdown::Both).is_ok(),
    },
    Use {
        row: "`try_clone`, `is_close_on_exec`, `set_close_on_exec`, `is_nonblocking`: `fcntl`; 32-bit: `fcntl64`",
        calls: &[FCNTL],
        works: |Pairs { a, .. }| {
            // SAFETY: the descriptor is not closed here.
            let owned = ManuallyDrop::new(unsafe { OwnedFd::from_raw_fd(a.as_raw_fd()) });
            a.is_nonblocking() == Ok(false)
                && a.set_close_on_exec(false).is_ok()
                && a.is_close_on_exec() == Ok(false)
                && fd::set_close_on_exec(a, true).is_ok()
                && fd::is_close_on_exec(a) == Ok(true)
                && a.try_clone().map(ManuallyDrop::new).is_ok()
                && owned.try_clone().map(ManuallyDrop::new).is_ok()
                && a.as_fd().try_clone_to_owned().map(ManuallyDrop::new).is_ok()
        },
    },
    Use {
        row: "`set_nonblocking`, `bytes_to_recv`, `memory_sent`: `ioctl`",
        calls: &[__NR_ioctl],
        works: |Pairs { a, b, .. }| {
            a.set_nonblocking(true).is_ok() && b.bytes_to_recv() == Ok(4) && a.memory_sent().is_ok()
        },
    },
    Use {
        row: "`poll`: `ppoll`; 32-bit: `ppoll_time64`, on ENOSYS `ppoll`",
        calls: &[PPOLL],
        works: |Pairs { b, .. }| poll(&mut [PollFd::new(b, PollFlags::IN)], None) == Ok(1),
    },
    Use {
        row: "`explain`: `socketpair`, `close`",
        calls: &[__NR_socketpair, __NR_close],
        works: |_| {
            let (ty, flags) = (SocketType::STREAM, SocketFlags::CLOEXEC);
            explain::pair_with::<kind::Stream>(flags, Errno::EMFILE) == Cause::TooManyDescriptors(None)
                && explain::socketpair(Domain::UNIX, ty, flags, 0, Errno::EACCES) == Cause::SucceedsNow(Errno::EACCES)
        },
    },
    Use {
        row: "`in_detail` of `EMFILE`: `prlimit64`, `statfs`, `statx`; 32-bit: `statfs64`",
        calls: &[__NR_prlimit64, STATFS, __NR_statx],
        works: |_| Cause::TooManyDescriptors(None).in_detail() != Cause::TooManyDescriptors(None),
    },
    Use {
        row: "`in_detail` of `ENFILE`, `ENOMEM`: `statfs`, `openat`, `read`, `close`, `uname`; 32-bit: `statfs64`",
        calls: &[STATFS, __NR_openat, __NR_read, __NR_close, __NR_uname],
        works: |_| Cause::SystemLimit(Errno::ENOMEM).in_detail().errno() == Errno::ENOMEM,
    },
    Use {
        row: "`in_detail` of filters' errnos: `prctl`, `uname`",
        calls: &[__NR_prctl, __NR_uname],
        works: |_| {
            let cause = Cause::FilterOrKernel(Domain::UNIX, Errno::EPERM).in_detail();
            cause.errno() == Errno::EPERM && Cause::FilterOrNoSockets.in_detail() == Cause::Filter(Errno::ENOSYS)
        },
    },
    Use {
        row: "`spawn`, `spawn_with_socket`: `rt_sigprocmask`, `socketpair`, `clone`, `close`, `rt_sigaction`, `execve`; \
              with a socket `dup3`, `fcntl`; after an error `sendto`, `exit_group`, `waitid`",
        calls: &[
            __NR_rt_sigprocmask,
            __NR_socketpair,
            __NR_clone,
            __NR_close,
            __NR_rt_sigaction,
            __NR_execve,
            __NR_dup3,
            FCNTL,
            __NR_sendto,
            __NR_waitid,
        ],
        works: |_| {
            let spawned = Command::new(c"/", Args::EMPTY).spawn();
            // One number is the one that the child's end has already, so that it stays there.
            let Ok([_, its_own]) = UnixStream::pair().map(|(a, b)| [a.as_raw_fd(), b.as_raw_fd()]) else {
                return false;
            };
            let with_socket = Command::new(c"/", Args::EMPTY).spawn_with_socket::<Stream>(&[its_own, its_own + 9]);
            cannot_execute(spawned) && cannot_execute(with_socket.map(|(_, child)| child))
        },
    },
    Use {
        row: "settings of `Command`: `setsid`; `dup3`, `fcntl`; `chdir`; `setgroups`, `geteuid`; `setresgid`, `setresuid`, \
              `recvfrom`; `prctl`, `getpid`, `getppid`; i386, arm: `setgroups32` …",
        calls: &[
            __NR_rt_sigprocmask,
            __NR_socketpair,
            __NR_clone,
            __NR_close,
            __NR_rt_sigaction,
            __NR_execve,
            __NR_waitid,
            __NR_setsid,
            __NR_dup3,
            FCNTL,
            __NR_chdir,
            IDS[0],
            IDS[1],
            IDS[2],
            IDS[3],
            __NR_sendto,
            __NR_recvfrom,
            __NR_prctl,
            __NR_getppid,
            __NR_getpid,
        ],
        works: |Pairs { a, b, own, .. }| {
            let maps = [FdMapping::new(a, b.as_raw_fd()), FdMapping::new(b, a.as_raw_fd())];
            let mut command = Command::new(c"/", Args::EMPTY);
            command.new_session().fds(&maps).current_dir(c"/");
            let spawned = command.parent_death_signal(Signal::HUP).spawn();
            let user = Command::new(c"/", Args::EMPTY).user(own.uid).spawn();
            let group = Command::new(c"/", Args::EMPTY).group(own.gid).spawn();
            // A normal user may not set these.
            let groups = Command::new(c"/", Args::EMPTY).groups(&[]).spawn();
            [spawned, user, group, groups].into_iter().all(cannot_execute)
        },
    },
    Use {
        row: "`Child::wait`, `try_wait`, `any_ended`, `reap`: `waitid`",
        calls: &[__NR_waitid],
        works: |_| any_ended() == Err(Errno::ECHILD) && reap(1) == Err(Errno::ECHILD),
    },
    Use {
        row: "`Child::signal`: `pidfd_send_signal`; before Linux 5.2 `kill`",
        calls: &[
            __NR_rt_sigprocmask,
            __NR_socketpair,
            __NR_clone,
            __NR_close,
            __NR_rt_sigaction,
            __NR_waitid,
            __NR_pidfd_send_signal,
        ],
        works: |_| {
            let mut hook = || raw::exit(0);
            let mut command = Command::new(c"/", Args::EMPTY);
            // SAFETY: it ends the child.
            let Ok(mut child) = unsafe { command.pre_exec(&mut hook) }.spawn() else {
                return false;
            };
            child.signal(Signal::TERM).is_ok() && child.wait().is_ok_and(|status| !ended_by_filter(status))
        },
    },
    Use {
        row: "`exit_status`: `ioctl`",
        calls: &[__NR_ioctl],
        works: |Pairs { a, .. }| exit_status(a).is_err(),
    },
    Use {
        row: "`SignalFd`: `rt_sigprocmask`, `signalfd4`, `read`",
        calls: &[__NR_rt_sigprocmask, __NR_signalfd4, __NR_read],
        works: |_| {
            SignalFd::new_with(SignalSet::EMPTY.with(Signal::USR1), SocketFlags::NONBLOCK)
                .map(ManuallyDrop::new)
                .is_ok_and(|signals| signals.recv().map(|received| received.pid) == Err(Errno::EAGAIN))
        },
    },
    Use {
        row: "`syscall`: the call of that number",
        calls: &[__NR_sched_yield],
        // SAFETY: the call has no arguments.
        works: |_| unsafe { syscall::<__NR_sched_yield>([0; 6]) } == Ok(0),
    },
];

/// Whether the start failed as it must: a folder can't be executed, and some steps only root may take. If the filter has ended
/// the child, it ends this process too.
fn cannot_execute(spawned: Result<Child, SpawnError>) -> bool {
    match spawned {
        Err(error) => matches!(error.errno(), Errno::EACCES | Errno::EPERM),
        Ok(mut child) => child.wait().is_ok_and(|status| !ended_by_filter(status)),
    }
}

fn ended_by_filter(status: ExitStatus) -> bool {
    if status.signal() == Some(Signal::SYS) {
        // SAFETY: the call has no arguments, and no filter here allows it.
        unsafe { raw::syscall(__NR_getpgid, [0]) };
    }
    false
}

/// The row that only i386 has. `vdso_entry` proves it: here the process has made its first call.
pub const FIRST_CALL: &str = "the first call on i386: `prctl`, `rt_sigprocmask`";

pub fn print_uses() {
    for row in USES.iter().map(|Use { row, .. }| *row).chain([FIRST_CALL]) {
        println!("- {row}");
    }
}

pub fn tests(report: &mut Report) {
    for Use { row, calls, works } in USES {
        report.test(
            Needs::Seccomp,
            format_args!("a sandbox that allows only this: {row}"),
            || {
                requires_direct_calls()?;
                same!(allowing(calls, None, *works), 0);
                Ok(())
            },
        );
        for call in *calls {
            // Without `sendto` the filter ends the child, whose error is known nevertheless.
            if *call == __NR_sendto && calls.contains(&__NR_execve) {
                continue;
            }
            report.test(
                Needs::Seccomp,
                format_args!("a sandbox without call {call}: {row}"),
                || {
                    requires_direct_calls()?;
                    if *call == __NR_pidfd_send_signal {
                        requires!(5, 2);
                    }
                    if *call == IDS[2] && !user_is_set() {
                        return Err(Otherwise::Skipped("root may not set its groups here"));
                    }
                    same!(allowing(calls, Some(*call), *works) & 0x7f, SIGSYS);
                    Ok(())
                },
            );
        }
    }
    tests! { report;
        (Needs::Seccomp) "every errno from 1 to 4095 is returned unchanged by every call": every_errno;
        (Needs::Seccomp) "every errno from 1 to 4095 is returned unchanged by poll": every_errno_of_poll;
    }
}

/// Older kernels lack the direct socket calls where there is `socketcall`, and on 32-bit machines ppoll_time64; what
/// replaces them isn't in the sandbox.
fn requires_direct_calls() -> Outcome {
    if raw::SOCKETCALL.is_some() || cfg!(target_pointer_width = "32") {
        requires!(5, 1);
    }
    Ok(())
}

/// Whether a start with a user gets as far as setting it: that of root drops the groups first.
fn user_is_set() -> bool {
    raw::in_child(|| {
        // SAFETY: the call has no arguments.
        let is_root = unsafe { raw::syscall(IDS[3], []) } == 0;
        i32::from(is_root && raw::set_groups(&[]) != 0)
    }) == 0
}

fn pairs() -> Result<Pairs, Errno> {
    let (a, b) = UnixStream::pair()?;
    let (c, d) = UnixSeqpacket::pair()?;
    d.set_pass_credentials(true)?;
    a.send(b"here")?;
    c.send(b"here")?;
    c.shutdown(Shutdown::Write)?;
    let own = a.peer_credentials()?;
    Ok(Pairs { a, b, c, d, own })
}

/// The wait status of a process that may make only these calls, without one of them.
fn allowing(calls: &[u32], without: Option<u32>, works: fn(&Pairs) -> bool) -> i32 {
    raw::in_child(|| {
        let Ok(pairs) = pairs().map(ManuallyDrop::new) else {
            return 1;
        };
        raw::allow_only(calls.iter().copied().filter(|&call| Some(call) != without));
        if works(&pairs) { 0 } else { 2 }
    })
}

/// A call on a socket whose raw file descriptor is the number. The filter decides before the kernel reads the arguments.
type Call = fn(&UnixStream, RawFd) -> Result<(), Errno>;

/// The end, as one that keeps the boundaries of messages.
fn messages(end: &UnixStream) -> UnixSeqpacket<BorrowedFd<'_>> {
    // SAFETY: the filter lets no call through to whatever the number is.
    unsafe { UnixSeqpacket::from_fd_unchecked(end.as_fd()) }
}

fn owned(fd: RawFd) -> OwnedFd {
    // SAFETY: the filter lets no call through to whatever the number is.
    unsafe { OwnedFd::from_raw_fd(fd) }
}

fn unchecked(fd: RawFd) -> UnixStream {
    // SAFETY: the filter lets no call through to whatever the number is.
    unsafe { UnixStream::from_raw_fd(fd) }
}

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
    // SAFETY: the memory is this call's.
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
    |_, n| fd::close(owned(n)),
    |_, n| unchecked(n).close(),
    |s, _| s.send(b"x").map(drop),
    |s, _| s.send_with_flags(b"x", MessageFlags::MORE).map(drop),
    |s, _| s.send_vectored(&[IoSlice::new(b"x")]).map(drop),
    |s, _| s.send_message(&[], &SendControl::new(&mut [])).map(drop),
    |s, _| messages(s).send(b"x").map(drop),
    |s, _| s.recv(&mut [0]).map(drop),
    |s, _| s.recv_with_flags(&mut [0], MessageFlags::PEEK).map(drop),
    |s, _| s.recv_vectored(&mut [IoSliceMut::new(&mut [0])]).map(drop),
    |s, _| s.recv_uninit(&mut [MaybeUninit::uninit()]).map(drop),
    |s, _| {
        s.recv_message(&mut [IoSliceMut::new(&mut [0])], &mut RecvControl::new(&mut []))
            .map(drop)
    },
    |s, _| {
        s.recv_message_uninit(&mut [MaybeUninit::uninit()], &mut RecvControl::new(&mut []))
            .map(drop)
    },
    |s, _| messages(s).recv(&mut []).map(drop),
    |s, _| messages(s).recv_vectored(&mut []).map(drop),
    |s, _| messages(s).recv_uninit(&mut []).map(drop),
    |s, _| {
        messages(s)
            .recv_message(&mut [], &mut RecvControl::new(&mut []))
            .map(drop)
    },
    |s, n| {
        let bufs = &mut [IoSlice::new(b"x")];
        repeated_on_eintr(n, || {
            s.send_message_all(bufs, &mut SendControl::new(&mut []))
                .map_err(Errno::from)
        })
    },
    |s, n| {
        let mut buf = [0];
        let bufs = &mut [IoSliceMut::new(&mut buf)];
        repeated_on_eintr(n, || {
            s.recv_message_exact(bufs, &mut RecvControl::new(&mut []))
                .map_err(Errno::from)
        })
    },
    |s, _| messages(s).send_messages(&mut [SendMessage::new(&[])]).map(drop),
    |s, _| {
        messages(s)
            .recv_messages(&mut [RecvMessage::new(&mut [])], &mut [])
            .map(drop)
    },
    |s, _| messages(s).next_message_len().map(drop),
    |s, _| messages(s).recv_or_eof(&mut []).map(drop),
    |s, n| repeated_on_eintr(n, || s.send_all(b"x").map_err(Errno::from)),
    |s, n| repeated_on_eintr(n, || s.recv_exact(&mut [0]).map_err(Errno::from)),
    |s, _| s.shutdown(Shutdown::Both),
    |s, _| s.try_clone().map(drop),
    |_, n| ManuallyDrop::new(owned(n)).try_clone().map(drop),
    |s, _| s.as_fd().try_clone_to_owned().map(drop),
    |s, _| UnixStream::borrow_fd(s).map(drop),
    |s, _| {
        UnixSeqpacket::<BorrowedFd<'_>>::try_from(s.as_fd())
            .map(drop)
            .map_err(Errno::from)
    },
    |_, n| {
        UnixDatagram::try_from(owned(n)).map(drop).map_err(|error| {
            let errno = error.errno();
            _ = error.into_fd().into_raw_fd();
            errno
        })
    },
    |s, _| s.peer_credentials().map(drop),
    |s, _| s.peer_pidfd().map(drop),
    |s, _| s.peer_groups(&mut [0]).map(drop),
    |s, n| a_value_on_erange(n, || s.peer_group_count()),
    |s, _| s.peer_security(&mut [0]).map(drop),
    |s, n| a_value_on_erange(n, || s.peer_security_len()),
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
    |s, _| s.force_send_buffer_size(1),
    |s, _| s.force_recv_buffer_size(1),
    |s, _| s.set_rights_notrunc(true),
    |s, _| s.set_pass_bytes_to_recv(true),
    |s, _| s.recv_low_water_mark().map(drop),
    |s, _| s.set_recv_low_water_mark(1),
    |s, _| messages(s).pass_timestamps().map(drop),
    |s, _| messages(s).set_pass_timestamps(true),
    |s, _| messages(s).pass_timestamps_micros().map(drop),
    |s, _| messages(s).set_pass_timestamps_micros(true),
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
    |s, _| fd::is_close_on_exec(s).map(drop),
    |s, _| fd::set_close_on_exec(s, true),
    // SAFETY: the value is an int.
    |s, _| unsafe { s.option(SOL_SOCKET as i32, SO_TYPE as i32, &mut [0; 4]).map(drop) },
    // SAFETY: the value is an int.
    |s, _| unsafe { s.set_option(SOL_SOCKET as i32, SO_TYPE as i32, &[0; 4]) },
];

/// Some functions repeat an interrupted call.
fn repeated_on_eintr(n: RawFd, call: impl FnOnce() -> Result<(), Errno>) -> Result<(), Errno> {
    if n == Errno::EINTR.raw_os_error() {
        Err(Errno::EINTR)
    } else {
        call()
    }
}

/// For some functions ERANGE comes with the value.
fn a_value_on_erange(n: RawFd, call: impl FnOnce() -> Result<usize, Errno>) -> Result<(), Errno> {
    match call() {
        Ok(0) if n == Errno::ERANGE.raw_os_error() => Err(Errno::ERANGE),
        result => result.map(drop),
    }
}

/// The first argument of each call is the errno that the filter returns.
fn every_errno() -> Outcome {
    let status = raw::in_child(|| {
        raw::reject_with_argument(
            &[
                __NR_socketpair,
                __NR_read,
                __NR_write,
                __NR_close,
                __NR_sendto,
                __NR_recvfrom,
                __NR_sendmsg,
                __NR_recvmsg,
                __NR_shutdown,
            ],
            0,
        );
        raw::reject_with_argument(&[__NR_getsockopt, __NR_setsockopt, FCNTL, __NR_ioctl, __NR_sendmmsg], 0);
        raw::reject_with_argument(raw::RECVMMSGS, 0);
        for n in 1..=4095 {
            let socket = ManuallyDrop::new(unchecked(n));
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
    let (a, _b) = must!(UnixStream::pair());
    let status = raw::in_child(|| {
        raw::reject_with_argument(raw::PPOLLS, 1);
        let mut fds = [(); 4095].map(|()| PollFd::new(&a, PollFlags::IN));
        let right = (1..=4095).all(|n| poll(&mut fds[..n], None).map_err(Errno::raw_os_error) == Err(n as i32));
        i32::from(!right)
    });
    same!(status, 0);
    Ok(())
}
