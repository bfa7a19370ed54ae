//! Where i386 enters the kernel: by the vDSO's entry, or by `int 0x80`.
//!
//! It is found by the first call of a process, so each test forks one, before this process makes a call of its own.

use freestanding::{Arguments, raw};
use linux_raw_sys::{auxvec::AT_SYSINFO, general::*, prctl::PR_GET_AUXV};
use linux_socketpair::{Domain, SocketFlags, SocketType};
use linux_socketpair::{Errno, Socket, close, read, socketpair};

use crate::report::{Needs, Otherwise, Outcome, Report, same};
use crate::sandbox::FIRST_CALL;

/// What a process tells of itself by its status.
const VDSO: i32 = 1;
const INT_0X80: i32 = 2;
const NO_PAIR: i32 = 3;
const NOT_INTERRUPTED: i32 = 4;
const ELSEWHERE: i32 = 5;

/// AT_SYSINFO, or 0 where the kernel offers no entry.
static mut OFFERED: usize = 0;

fn offered() -> usize {
    // SAFETY: written once, before anything reads it.
    unsafe { (&raw const OFFERED).read() }
}

pub fn tests(report: &mut Report, arguments: Arguments, first_process: bool) {
    // SAFETY: nothing reads it yet.
    unsafe { OFFERED = arguments.auxv(AT_SYSINFO).unwrap_or(0) };
    let kernel = Needs::Kernel("it offers no entry, and has no seccomp");
    let by_prctl = if raw::kernel_release() >= (6, 4) {
        VDSO
    } else {
        INT_0X80
    };

    report.test(
        Needs::Calls,
        format_args!(
            "the kernel is entered by {}",
            if offered() == 0 {
                "int 0x80: no entry is offered"
            } else {
                "the vDSO's entry, which is offered"
            }
        ),
        || {
            taken(if offered() == 0 { INT_0X80 } else { VDSO }, || {
                with_proc(first_process)
            })
        },
    );
    report.test(kernel, "PR_GET_AUXV refused: /proc tells the vDSO's entry", || {
        taken(VDSO, || with_proc(first_process).and_then(|()| without_prctl()))
    });
    report.test(
        kernel,
        "/proc not mounted: PR_GET_AUXV tells it, since Linux 6.4",
        || taken(by_prctl, || without_proc(first_process)),
    );
    report.test(kernel, "/proc not mounted, PR_GET_AUXV refused: int 0x80", || {
        taken(INT_0X80, || without_proc(first_process).and_then(|()| without_prctl()))
    });
    for errno in [Errno::ENOENT, Errno::EPERM, Errno::EMFILE, Errno::ENOSYS] {
        report.test(
            kernel,
            format_args!("openat refused with {errno:?}: PR_GET_AUXV tells it, since Linux 6.4"),
            || taken(by_prctl, || without_proc_by(errno)),
        );
        report.test(
            kernel,
            format_args!("openat refused with {errno:?}, PR_GET_AUXV too: int 0x80"),
            || taken(INT_0X80, || without_proc_by(errno).and_then(|()| without_prctl())),
        );
    }
    report.test(
        kernel,
        "no descriptor free: EMFILE, and PR_GET_AUXV tells it, since Linux 6.4",
        || {
            taken(by_prctl, || {
                raw::leave_free(0);
                let refused = Socket::stream_pair().map(drop) == Err(Errno::EMFILE);
                raw::limit_descriptors(64);
                if refused { Ok(()) } else { Err(NO_PAIR) }
            })
        },
    );

    report.test(
        kernel,
        "found once: the next call is made where nothing else may be",
        || succeeds(|| with_proc(first_process), &[__NR_socketpair]),
    );
    report.test(
        kernel,
        "not found once: the next call is made where nothing else may be",
        || {
            succeeds(
                || without_proc_by(Errno::ENOENT).and_then(|()| without_prctl()),
                &[__NR_socketpair],
            )
        },
    );

    let found_in_proc = [__NR_openat, __NR_read, __NR_close, __NR_socketpair];
    report.test(
        kernel,
        format_args!("a sandbox that allows just this: {FIRST_CALL}"),
        || {
            same!(first_call(|| with_proc(first_process), &found_in_proc, None), 0);
            Ok(())
        },
    );
    for call in [__NR_openat, __NR_read, __NR_close] {
        report.test(
            kernel,
            format_args!("a sandbox without call {call} ends it: {FIRST_CALL}"),
            || {
                let status = first_call(|| with_proc(first_process), &found_in_proc, Some(call));
                same!(status & 0x7f, SIGSYS);
                Ok(())
            },
        );
    }
    for (left_out, signal) in [(None, 0), (Some(__NR_prctl), SIGSYS)] {
        report.test(
            kernel,
            format_args!("a sandbox where there is no /proc, and without call {left_out:?}: signal {signal}"),
            || {
                let calls = [__NR_openat, __NR_prctl, __NR_socketpair];
                let status = first_call(|| without_proc(first_process), &calls, left_out);
                same!(status, signal);
                Ok(())
            },
        );
    }

    report.test(Needs::Calls, "a signal handler can make the first call", || {
        let status = raw::in_child(|| {
            raw::on_signal(SIGALRM, first_call_in_handler);
            raw::alarm_in_a_moment();
            raw::wait_for_signal();
            NOT_INTERRUPTED
        });
        same!(status, 0);
        Ok(())
    });
    report.test(Needs::Calls, "the search leaves no descriptor open", || {
        let status = raw::in_child(|| {
            let before = raw::open_descriptors();
            // SAFETY: the number is no descriptor.
            unsafe {
                let refused = close(-1) == Err(Errno::EBADF);
                i32::from(!(refused && raw::open_descriptors() == before))
            }
        });
        same!(status, 0);
        Ok(())
    });
}

/// Holds where the first pair's calls enter the kernel, in a process that was prepared, against what is expected.
fn taken(expected: i32, prepare: impl FnOnce() -> Result<(), i32>) -> Outcome {
    let status = raw::in_child(|| {
        if let Err(why) = prepare() {
            return why;
        }
        let Ok([a, _b]) = socketpair(Domain::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, 0) else {
            return NO_PAIR;
        };
        raw::on_signal(SIGALRM, tell_where);
        raw::alarm_in_a_moment();
        // SAFETY: the descriptor is ours.
        _ = unsafe { read(a, &mut [0; 1]) };
        NOT_INTERRUPTED
    });
    if status >> 8 == NO_PERMISSION {
        return Err(Otherwise::Skipped("it may not change its root directory"));
    }
    same!(status, expected << 8);
    Ok(())
}

/// The call that a signal interrupts is resumed, were this to return, behind the instruction that entered the kernel.
extern "C" fn tell_where(_: i32, _: *const u8, context: *const raw::Context) {
    const INT: [u8; 2] = [0xcd, 0x80];
    // SAFETY: the kernel left the context there, and the instruction behind which it stands was executed.
    let (at, instruction) = unsafe {
        let at = (*context).eip;
        (at, (at as *const [u8; 2]).sub(1).read())
    };
    raw::exit(match offered() {
        entry if entry != 0 && at / 4096 == entry / 4096 => VDSO,
        _ if instruction == INT => INT_0X80,
        _ => ELSEWHERE,
    })
}

extern "C" fn first_call_in_handler(_: i32, _: *const u8, _: *const raw::Context) {
    raw::exit(if Socket::stream_pair().is_ok() { 0 } else { NO_PAIR })
}

/// A second call after the first, where only some may be made.
fn succeeds(prepare: impl FnOnce() -> Result<(), i32>, calls: &[u32]) -> Outcome {
    let prepare = || {
        prepare()?;
        Socket::stream_pair()
            .map(|pair| pair.map(Socket::into_raw_fd))
            .map_err(|_| NO_PAIR)
            .map(drop)
    };
    same!(first_call(prepare, calls, None), 0);
    Ok(())
}

/// The wait status of a process that was prepared, and makes a pair where only some calls may be made.
fn first_call(prepare: impl FnOnce() -> Result<(), i32>, calls: &[u32], left_out: Option<u32>) -> i32 {
    raw::in_child(|| {
        if let Err(why) = prepare() {
            return why;
        }
        raw::allow_only(calls.iter().copied().filter(|&call| Some(call) != left_out));
        match Socket::stream_pair() {
            Ok(pair) => {
                let _ = pair.map(Socket::into_raw_fd);
                0
            }
            Err(_) => NO_PAIR,
        }
    })
}

/// The first process of a kernel has no /proc before it mounts one, and goes where there is none otherwise.
const NO_PERMISSION: i32 = 6;

fn with_proc(first_process: bool) -> Result<(), i32> {
    if first_process {
        raw::mount_apart(c"proc", c"/proc");
    }
    Ok(())
}

fn without_proc(first_process: bool) -> Result<(), i32> {
    if first_process || raw::change_root(c"/sys") {
        Ok(())
    } else {
        Err(NO_PERMISSION)
    }
}

fn without_proc_by(errno: Errno) -> Result<(), i32> {
    raw::refuse([(__NR_openat, errno.raw_os_error() as u32)]);
    Ok(())
}

fn without_prctl() -> Result<(), i32> {
    raw::refuse_when(__NR_prctl, PR_GET_AUXV, Errno::EINVAL.raw_os_error() as u32);
    Ok(())
}
