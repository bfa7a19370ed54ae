//! What a sandbox refuses reaches the caller, and i386's second door opens on ENOSYS alone.
//!
//! Each filter answers with an errno of its own, so the answer tells which calls were made: whatever came first and was
//! final, or, through ENOSYS, what came after it.

use freestanding::raw;
use linux_raw_sys::general::*;
use linux_socketpair::{Domain, Errno, SocketFlags, SocketType, close, read, socketpair, write};

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
