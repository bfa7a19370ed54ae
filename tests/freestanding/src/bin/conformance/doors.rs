//! What a sandbox refuses reaches the caller, and i386's second door opens on ENOSYS alone.
//!
//! Each filter answers with an errno of its own, so the answer tells which calls were made: whatever came first and was
//! final, or, through ENOSYS, what came after it.

use freestanding::raw;
use linux_raw_sys::general::*;
use linux_socketpair::{
    ControlMessage, Domain, Errno, IoSlice, IoSliceMut, MessageFlags, RecvControl, SendControl, Shutdown, Socket,
    SocketFlags, SocketType, close, read, socketpair, space, write,
};

use crate::report::{Needs, Outcome, Report, same};

const SECCOMP: Needs = Needs::Kernel("it has no seccomp");

/// The socketpair that a child process gets to see under a filter: 0 for a pair that works, or the errno.
fn under_filter<const N: usize>(refused: [(u32, Errno); N]) -> i32 {
    let status = raw::in_child(|| {
        raw::refuse(refused.map(|(number, errno)| (number, errno.raw_os_error() as u32)));
        match socketpair(Domain::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, 0) {
            // SAFETY: the descriptors are ours.
            Ok([a, b]) => unsafe {
                let mut buf = [0; 4];
                let works = write(a, b"door") == Ok(4) && read(b, &mut buf) == Ok(4) && &buf == b"door";
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

fn answers<const N: usize>(refused: [(u32, Errno); N], answer: i32) -> Outcome {
    same!(under_filter(refused), answer);
    Ok(())
}

/// Every socket call that the crate makes.
const SOCKET_CALLS: [u32; 7] = [
    __NR_socketpair,
    __NR_sendto,
    __NR_sendmsg,
    __NR_recvmsg,
    __NR_getsockopt,
    __NR_setsockopt,
    __NR_shutdown,
];

/// Each of them, with all its arguments put to use.
fn session() -> Result<bool, Errno> {
    let none = MessageFlags::empty();
    let [a, b] = Socket::seqpacket_pair()?;
    b.set_send_buffer_size(30_000)?;
    let mut control = SendControl::<{ space::rights(1) }>::new();
    let descriptors = [&a];
    control.rights(&descriptors)?;
    let mut right = b.send_buffer_size()? == 60_000;
    right &= a.send(b"sendto", none)? == 6;
    right &= a.send_message(&[IoSlice::new(b"sendmsg")], &control, none)? == 7;
    let mut buf = [0; 16];
    right &= b.recv(&mut buf, MessageFlags::PEEK)? == 6 && b.recv(&mut buf, none)? == 6 && buf.starts_with(b"sendto\0");
    let mut control = RecvControl::<{ space::rights(1) }>::new();
    right &= b
        .recv_message(&mut [IoSliceMut::new(&mut buf)], &mut control, none)?
        .len
        == 7
        && buf.starts_with(b"sendmsg");
    right &= match control.messages()?.next() {
        Some(ControlMessage::Rights(rights)) => rights.count() == 1,
        _ => false,
    };
    a.shutdown(Shutdown::Write)?;
    right &= b.recv(&mut buf, none)? == 0 && a.send(b"x", none) == Err(Errno::EPIPE);
    Ok(right && b.send(b"x", none)? == 1)
}

/// The session in a process of its own: 0 if all was right, or the errno of the first call that was refused.
fn session_status<const N: usize>(refused: [(u32, Errno); N]) -> i32 {
    let status = raw::in_child(|| {
        raw::refuse(refused.map(|(number, errno)| (number, errno.raw_os_error() as u32)));
        session().map_or_else(Errno::raw_os_error, |right| if right { 0 } else { 255 })
    });
    status >> 8
}

fn session_under<const N: usize>(refused: [(u32, Errno); N]) -> Outcome {
    same!(session_status(refused), 0);
    Ok(())
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
            SECCOMP,
            format_args!("a filter's {errno:?} for socketpair reaches the caller"),
            || answers([(__NR_socketpair, errno)], errno.raw_os_error()),
        );
    }
    report.test(SECCOMP, "every socket call works where nothing is refused", || {
        session_under([])
    });
    for call in SOCKET_CALLS {
        report.test(
            SECCOMP,
            format_args!("a filter's EXFULL for socket call {call} reaches the caller"),
            || {
                same!(session_status([(call, Errno::EXFULL)]), Errno::EXFULL.raw_os_error());
                Ok(())
            },
        );
    }
    #[cfg(not(target_arch = "x86"))]
    report.test(SECCOMP, "a filter's ENOSYS for socketpair reaches the caller", || {
        answers([(__NR_socketpair, Errno::ENOSYS)], Errno::ENOSYS.raw_os_error())
    });
    #[cfg(target_arch = "x86")]
    i386(report);
}

#[cfg(target_arch = "x86")]
fn i386(report: &mut Report) {
    const DIRECT: u32 = __NR_socketpair;
    const MULTIPLEXER: u32 = __NR_socketcall;
    report.test(
        SECCOMP,
        "both doors open: the direct call is made, the multiplexer is not",
        || answers([(MULTIPLEXER, Errno::EUSERS)], 0),
    );
    report.test(
        SECCOMP,
        "socketcall refused with ENOSYS, as Docker does: the direct call serves",
        || answers([(MULTIPLEXER, Errno::ENOSYS)], 0),
    );
    report.test(
        SECCOMP,
        "360 refused with ENOSYS, as before Linux 4.3: the multiplexer serves",
        || answers([(DIRECT, Errno::ENOSYS)], 0),
    );
    report.test(
        SECCOMP,
        "360 refused with ENOSYS: the multiplexer comes after it, and its answer is final",
        || {
            answers(
                [(DIRECT, Errno::ENOSYS), (MULTIPLEXER, Errno::EUSERS)],
                Errno::EUSERS.raw_os_error(),
            )
        },
    );
    report.test(SECCOMP, "both refused with ENOSYS: ENOSYS", || {
        answers(
            [(DIRECT, Errno::ENOSYS), (MULTIPLEXER, Errno::ENOSYS)],
            Errno::ENOSYS.raw_os_error(),
        )
    });
    report.test(
        SECCOMP,
        "360 refused with EPERM: EPERM, though the multiplexer would serve",
        || answers([(DIRECT, Errno::EPERM)], Errno::EPERM.raw_os_error()),
    );
    report.test(SECCOMP, "360 refused with EPERM: the multiplexer is not tried", || {
        answers(
            [(DIRECT, Errno::EPERM), (MULTIPLEXER, Errno::EUSERS)],
            Errno::EPERM.raw_os_error(),
        )
    });
    report.test(
        SECCOMP,
        "360 refused with ENOSYS: the multiplexer passes each argument on",
        through_the_multiplexer,
    );
    report.test(SECCOMP, "every socket call works with socketcall refused", || {
        session_under([(MULTIPLEXER, Errno::EUSERS)])
    });
    report.test(
        SECCOMP,
        "every socket call works through socketcall, the direct ones refused with ENOSYS",
        || session_under(SOCKET_CALLS.map(|call| (call, Errno::ENOSYS))),
    );
    for call in SOCKET_CALLS {
        report.test(
            SECCOMP,
            format_args!("socket call {call} alone refused with ENOSYS: the multiplexer serves it"),
            || session_under([(call, Errno::ENOSYS)]),
        );
        report.test(
            SECCOMP,
            format_args!("socket call {call} refused with ENOSYS: the multiplexer's answer is final"),
            || {
                let refused = [(call, Errno::ENOSYS), (MULTIPLEXER, Errno::EUSERS)];
                same!(session_status(refused), Errno::EUSERS.raw_os_error());
                Ok(())
            },
        );
    }
}

/// A refusal by each argument in turn, and a pair with flags, all by the second door.
#[cfg(target_arch = "x86")]
fn through_the_multiplexer() -> Outcome {
    let status = raw::in_child(|| {
        raw::refuse([(__NR_socketpair, Errno::ENOSYS.raw_os_error() as u32)]);
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
