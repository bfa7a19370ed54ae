//! Why a call failed: each cause is produced, and its text compared.

use core::fmt::{self, Display, Write};
use freestanding::{println, raw};
use linux_raw_sys::general::*;
use linux_socketpair::explain::{self, Cause, OpenFiles};
use linux_socketpair::{Domain, Errno, SocketFlags, SocketType, UnixStream, kind, socketpair, socketpair_into};

use crate::report::{Needs, Otherwise, Outcome, Report, missing, requires, same};

/// Domain, type, flags and protocol.
type Call = (u32, u32, u32, i32);

const UNIX: u32 = Domain::UNIX.bits();
const INET: u32 = Domain::INET.bits();
const STREAM: u32 = SocketType::STREAM.bits();
const CLOEXEC: u32 = SocketFlags::CLOEXEC.bits();

const PAIR: Call = (UNIX, STREAM, CLOEXEC, 0);

const UNKNOWN_FLAGS: Needs = Needs::Kernel("it accepts unknown flags");
const NO_SUCH_ORDER: Needs = Needs::Kernel("it doesn't write sv on failure");

/// Causes that follow from the arguments, and their texts.
#[rustfmt::skip]
const ROWS: &[(Call, &str, Needs)] = &[
    ((UNIX, STREAM, 0x10, 0), "the flags 0x10 are unknown (EINVAL); SOCK_CLOEXEC and SOCK_NONBLOCK are known", UNKNOWN_FLAGS),
    ((UNIX, STREAM | 0x1000, CLOEXEC | 1 << 31, 0), "the flags 0x80001000 are unknown (EINVAL); SOCK_CLOEXEC and SOCK_NONBLOCK are known", UNKNOWN_FLAGS),
    ((UNIX, STREAM | 0x10, 0x10, 0), "the flags 0x10 are unknown (EINVAL); SOCK_CLOEXEC and SOCK_NONBLOCK are known", UNKNOWN_FLAGS),
    ((99, 12, 0x10, 7), "the flags 0x10 are unknown (EINVAL); SOCK_CLOEXEC and SOCK_NONBLOCK are known", UNKNOWN_FLAGS),
    ((UNIX, 11, 0, 0), "the socket type 11 is unknown (EINVAL)", Needs::Calls),
    ((UNIX, 15, CLOEXEC, 0), "the socket type 15 is unknown (EINVAL)", Needs::Calls),
    ((0, STREAM, 0, 0), "the domain 0 is unknown (EAFNOSUPPORT)", Needs::Calls),
    ((46, STREAM, 0, 0), "the domain 46 is unknown (EAFNOSUPPORT)", Needs::Calls),
    ((!0, STREAM, 0, 0), "the domain 4294967295 is unknown (EAFNOSUPPORT)", Needs::Calls),
    ((Domain::NETBEUI.bits(), STREAM, 0, 0), "AF_NETBEUI is neither built in nor loaded, or not available in this network namespace (EAFNOSUPPORT)", NO_SUCH_ORDER),
    ((UNIX, STREAM, 0, 2), "AF_UNIX does not support protocol 2 (EPROTONOSUPPORT); it supports 0", Needs::Calls),
    ((UNIX, SocketType::RDM.bits(), 0, -1), "AF_UNIX does not support protocol -1 (EPROTONOSUPPORT); it supports 0", Needs::Calls),
    ((INET, STREAM, CLOEXEC, 17), "AF_INET does not support protocol 17 for SOCK_STREAM (EPROTONOSUPPORT)", Needs::Calls),
    ((INET, SocketType::RAW.bits(), 0, 0), "AF_INET does not support protocol 0 for SOCK_RAW (EPROTONOSUPPORT)", Needs::Calls),
    ((INET, STREAM, 0, -1), "AF_INET does not support protocol -1 for SOCK_STREAM (EINVAL)", Needs::Calls),
    ((UNIX, SocketType::RDM.bits(), CLOEXEC, 0), "AF_UNIX does not support SOCK_RDM (ESOCKTNOSUPPORT); it supports SOCK_STREAM, SOCK_DGRAM and SOCK_SEQPACKET", Needs::Calls),
    ((UNIX, 0, 0, 0), "AF_UNIX does not support type 0 (ESOCKTNOSUPPORT); it supports SOCK_STREAM, SOCK_DGRAM and SOCK_SEQPACKET", Needs::Calls),
    ((UNIX, 7, 0, 1), "AF_UNIX does not support type 7 (ESOCKTNOSUPPORT); it supports SOCK_STREAM, SOCK_DGRAM and SOCK_SEQPACKET", Needs::Calls),
    ((INET, SocketType::RDM.bits(), 0, 0), "AF_INET does not support SOCK_RDM (ESOCKTNOSUPPORT)", Needs::Calls),
    ((Domain::NETLINK.bits(), STREAM, 0, 0), "AF_NETLINK does not support SOCK_STREAM (ESOCKTNOSUPPORT)", Needs::Calls),
    ((INET, STREAM, 0, 0), "AF_INET does not support pairs (EOPNOTSUPP); AF_UNIX does", Needs::Calls),
    ((Domain::NETLINK.bits(), SocketType::RAW.bits(), 0, 0), "AF_NETLINK does not support pairs (EOPNOTSUPP); AF_UNIX does", Needs::Calls),
];

/// Calls that fail otherwise, or not at all.
const UNFIT: &[(Call, Errno, Cause)] = &[
    (PAIR, Errno::EACCES, Cause::SucceedsNow(Errno::EACCES)),
    (PAIR, Errno::ESOCKTNOSUPPORT, Cause::SucceedsNow(Errno::ESOCKTNOSUPPORT)),
    (PAIR, Errno::EOPNOTSUPP, Cause::SucceedsNow(Errno::EOPNOTSUPP)),
    ((UNIX, STREAM, 0, 1), Errno::EINVAL, Cause::SucceedsNow(Errno::EINVAL)),
    ((INET, STREAM, 0, 0), Errno::EINVAL, Cause::Unknown(Errno::EINVAL)),
    ((INET, STREAM, 0, 0), Errno::EPERM, Cause::Unknown(Errno::EPERM)),
    (PAIR, Errno::ENFILE, Cause::SystemLimit(Errno::ENFILE)),
    (PAIR, Errno::ENOMEM, Cause::SystemLimit(Errno::ENOMEM)),
    (
        (UNIX, SocketType::PACKET.bits(), 0, 0),
        Errno::EINVAL,
        Cause::UnsupportedType {
            domain: Domain::UNIX,
            ty: SocketType::PACKET,
            errno: Errno::EINVAL,
        },
    ),
    // gVisor's errno for it.
    (
        (UNIX, SocketType::RDM.bits(), CLOEXEC, 0),
        Errno::EINVAL,
        Cause::UnsupportedType {
            domain: Domain::UNIX,
            ty: SocketType::RDM,
            errno: Errno::EINVAL,
        },
    ),
];

/// What a filter returns, and the cause's texts, without details and with them.
struct Filtered {
    what: &'static str,
    calls: &'static [(u32, u32)],
    errno: Errno,
    texts: [&'static str; 2],
}

const SOCKETPAIR: u32 = __NR_socketpair;
const EPERM: u32 = linux_raw_sys::errno::EPERM;
const EINVAL: u32 = linux_raw_sys::errno::EINVAL;
const ENFILE: u32 = linux_raw_sys::errno::ENFILE;

const EITHER: &str =
    "a seccomp filter rejects AF_UNIX (EPERM), or, before Linux 5.10 and in emulators, the kernel does";

const FILTERED: &[Filtered] = &[
    Filtered {
        what: "EPERM",
        calls: &[(SOCKETPAIR, EPERM)],
        errno: Errno::EPERM,
        texts: [EITHER, "a seccomp filter rejects socketpair (EPERM)"],
    },
    Filtered {
        what: "EACCES",
        calls: &[(SOCKETPAIR, linux_raw_sys::errno::EACCES)],
        errno: Errno::EACCES,
        texts: [
            "a seccomp filter rejects AF_UNIX (EACCES), or, before Linux 5.10 and in emulators, the kernel does",
            "a seccomp filter rejects socketpair (EACCES)",
        ],
    },
    Filtered {
        what: "EAFNOSUPPORT",
        calls: &[(SOCKETPAIR, linux_raw_sys::errno::EAFNOSUPPORT)],
        errno: Errno::EAFNOSUPPORT,
        texts: [
            "a seccomp filter rejects AF_UNIX (EAFNOSUPPORT), or, before Linux 5.10 and in emulators, the kernel does",
            "a seccomp filter rejects socketpair (EAFNOSUPPORT)",
        ],
    },
    Filtered {
        what: "EINVAL",
        calls: &[(SOCKETPAIR, EINVAL)],
        errno: Errno::EINVAL,
        texts: [
            "a seccomp filter rejects AF_UNIX (EINVAL), or, before Linux 5.10 and in emulators, the kernel does",
            "a seccomp filter rejects socketpair (EINVAL)",
        ],
    },
    Filtered {
        what: "EPERM, and for prctl too",
        calls: &[(SOCKETPAIR, EPERM), (__NR_prctl, EPERM)],
        errno: Errno::EPERM,
        texts: [EITHER, "a seccomp filter rejects socketpair (EPERM)"],
    },
    Filtered {
        what: "EPERM, and EINVAL for prctl",
        calls: &[(SOCKETPAIR, EPERM), (__NR_prctl, EINVAL)],
        errno: Errno::EPERM,
        texts: [EITHER; 2],
    },
    Filtered {
        what: "EPERM, and for uname too",
        calls: &[(SOCKETPAIR, EPERM), (__NR_uname, EPERM)],
        errno: Errno::EPERM,
        texts: [EITHER; 2],
    },
    Filtered {
        what: "EPERM, and success without effect for uname",
        calls: &[(SOCKETPAIR, EPERM), (__NR_uname, 0)],
        errno: Errno::EPERM,
        texts: [EITHER; 2],
    },
    Filtered {
        what: "EPROTO",
        calls: &[(SOCKETPAIR, linux_raw_sys::errno::EPROTO)],
        errno: Errno::EPROTO,
        texts: [
            "a seccomp filter rejects AF_UNIX (EPROTO), or, before Linux 5.10 and in emulators, the kernel does",
            "a seccomp filter rejects socketpair (EPROTO)",
        ],
    },
];

/// statfs, for which 32-bit architectures have a second number.
#[cfg(target_pointer_width = "64")]
pub const STATFS: u32 = __NR_statfs;
#[cfg(target_pointer_width = "32")]
pub const STATFS: u32 = __NR_statfs64;

/// A line of text.
struct Line {
    text: [u8; 192],
    len: usize,
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let place = self
            .text
            .get_mut(self.len..)
            .and_then(|rest| rest.get_mut(..text.len()));
        place.ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.len += text.len();
        Ok(())
    }
}

fn line(text: impl Display) -> Line {
    let mut line = Line { text: [0; 192], len: 0 };
    _ = write!(line, "{text}");
    line
}

/// Whether the cause has this text; another one is printed.
pub fn reads(cause: Cause, expected: impl Display) -> bool {
    let (text, expected) = (line(cause), line(expected));
    let equal = text.text[..text.len] == expected.text[..expected.len];
    if !equal {
        println!("      {cause:?} reads: {cause}");
    }
    equal
}

fn call((domain, ty, flags, protocol): Call) -> Result<(), Errno> {
    let domain = Domain::from_bits_retain(domain);
    let (ty, flags) = (SocketType::from_bits_retain(ty), SocketFlags::from_bits_retain(flags));
    socketpair(domain, ty, flags, protocol).map(|sv| sv.into_iter().for_each(|fd| _ = raw::close(fd)))
}

fn explained((domain, ty, flags, protocol): Call, errno: Errno) -> Cause {
    let domain = Domain::from_bits_retain(domain);
    let (ty, flags) = (SocketType::from_bits_retain(ty), SocketFlags::from_bits_retain(flags));
    explain::socketpair(domain, ty, flags, protocol, errno)
}

/// Why a pair could not be made.
pub fn why_no_pair(errno: Errno) -> Cause {
    explain::pair_with::<kind::Stream>(SocketFlags::CLOEXEC, errno)
}

const NO_PROC: Otherwise = Otherwise::Skipped("/proc is not mounted");

/// Whether /proc is mounted.
fn has_proc() -> bool {
    raw::number_in(c"/proc/sys/fs/file-nr").is_some()
}

pub fn tests(report: &mut Report) {
    for (arguments, text, needs) in ROWS {
        report.test(*needs, format_args!("explained: {text}"), || {
            let before = raw::open_descriptors();
            let Err(errno) = call(*arguments) else {
                missing!();
            };
            let cause = explained(*arguments, errno);
            same!(cause.errno(), errno);
            if errno == Errno::EAFNOSUPPORT && matches!(cause, Cause::UnavailableDomain(_)) {
                let unavailable = "is neither built in nor loaded, or not available in this network namespace";
                let domain = Domain::from_bits_retain(arguments.0);
                same!(
                    reads(cause, format_args!("AF_{domain} {unavailable} (EAFNOSUPPORT)")),
                    true
                );
            } else {
                same!(reads(cause, text), true);
            }
            same!(cause == cause.in_detail(), true);
            same!(raw::open_descriptors(), before);
            Ok(())
        });
    }
    report.test(Needs::Calls, "explained: EFAULT", || {
        let (domain, ty, flags) = (Domain::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC);
        // SAFETY: nothing is there to be written.
        let result = unsafe { socketpair_into(domain, ty, flags, 0, core::ptr::null_mut()) };
        same!(result, Errno::EFAULT);
        let text = "the memory for the file descriptors can't be written (EFAULT)";
        same!(
            reads(explain::socketpair(domain, ty, flags, 0, Errno::EFAULT), text),
            true
        );
        Ok(())
    });
    for free in 0..2 {
        report.test(
            Needs::Kernel("it has file descriptors of its own"),
            format_args!("explained: EMFILE, {free} free"),
            || emfile(free),
        );
    }
    for (what, calls) in [
        ("statfs", &[STATFS][..]),
        ("statx", &[__NR_statx]),
        ("prlimit64", &[__NR_prlimit64]),
    ] {
        report.test(
            Needs::Seccomp,
            format_args!("explained: EMFILE, without {what}"),
            || emfile_without(calls),
        );
    }
    for row in FILTERED {
        report.test(
            Needs::Seccomp,
            format_args!("explained: a filter's {}", row.what),
            || {
                requires!(5, 10);
                same!(filtered(row.calls, PAIR, row.errno, row.texts), 0);
                Ok(())
            },
        );
    }
    report.test(Needs::Seccomp, "explained: a filter's ENOSYS", enosys);
    report.test(
        Needs::Seccomp,
        "explained: without a filter it was the kernel",
        without_filter,
    );
    report.test(
        Needs::Seccomp,
        "explained: a filter that rejects a domain alone",
        one_domain,
    );
    report.test(
        Needs::Seccomp,
        "explained: a filter that ends the process at any other call and argument does not end it",
        killing_filter,
    );
    report.test(Needs::Seccomp, "explained: success without a pair", || {
        let status = raw::in_child(|| {
            raw::reject([(SOCKETPAIR, 0)]);
            let text = "a seccomp filter or an emulator reports success without a pair (EPROTO)";
            let Err(errno) = UnixStream::pair() else { return 2 };
            i32::from(!reads(why_no_pair(errno), text))
        });
        same!(status, 0);
        Ok(())
    });
    report.test(
        Needs::Calls,
        "explained: a call that succeeds when it is repeated, which leaves nothing open",
        || {
            let before = raw::open_descriptors();
            let text = "socketpair succeeds when it is repeated; it failed with EACCES";
            same!(reads(explained(PAIR, Errno::EACCES), text), true);
            same!(raw::open_descriptors(), before);
            Ok(())
        },
    );
    report.test(Needs::Calls, "explained: errnos that don't fit the arguments", || {
        for (arguments, errno, expected) in UNFIT {
            let before = raw::open_descriptors();
            let cause = explained(*arguments, *errno);
            if cause != *expected {
                println!("      {arguments:?} and {errno:?}: {cause:?}");
                missing!();
            }
            same!(raw::open_descriptors(), before);
        }
        Ok(())
    });
    report.test(
        NO_SUCH_ORDER,
        "explained: the same when the first new file descriptor is 0",
        standard_input_closed,
    );
    report.test(
        Needs::Seccomp,
        "explained: files are opened without blocking, and close-on-exec",
        || {
            if !has_proc() {
                return Err(NO_PROC);
            }
            let status = raw::in_child(|| {
                raw::reject_when(__NR_openat, 2, O_RDONLY | O_NONBLOCK | O_CLOEXEC, ENFILE);
                i32::from(Cause::SystemLimit(Errno::ENFILE).in_detail() != Cause::TooManyFiles(None))
            });
            same!(status, 0);
            Ok(())
        },
    );
    for errno in [ENFILE, linux_raw_sys::errno::EMFILE] {
        report.test(
            Needs::Seccomp,
            format_args!("explained: no figures when files can't be opened, errno {errno}"),
            || without_files(errno),
        );
    }
    report.test(NO_SUCH_ORDER, "explained: a missing capability", capability);
    report.test(NO_SUCH_ORDER, "explained: a domain without its device", no_device);
}

/// Datagrams of AF_VSOCK need a device, which virtual machines of VMware have.
fn no_device() -> Outcome {
    let before = raw::open_descriptors();
    let datagrams = (Domain::VSOCK.bits(), SocketType::DGRAM.bits(), CLOEXEC, 0);
    match call(datagrams) {
        Err(Errno::EAFNOSUPPORT) => return Err(Otherwise::Skipped("AF_VSOCK is neither built in nor loaded")),
        Err(Errno::EOPNOTSUPP) => return Err(Otherwise::Skipped("there is a device for it")),
        result => same!(result, Errno::ENODEV),
    }
    let cause = explained(datagrams, Errno::ENODEV);
    same!(cause == Cause::DomainError(Domain::VSOCK, Errno::ENODEV), true);
    same!(reads(cause, "AF_VSOCK failed with ENODEV: no such device"), true);
    same!(cause == cause.in_detail(), true);
    same!(raw::open_descriptors(), before);
    Ok(())
}

/// Before Linux 6.2 the kernel doesn't report how many are open.
pub fn emfile(free: usize) -> Outcome {
    let counts = raw::kernel_release() >= (6, 2) && has_proc();
    let status = raw::in_child(|| {
        raw::leave_free(free);
        let [soft, hard] = raw::descriptor_limits();
        let open = u64::from(raw::count_descriptors());
        let Err(errno) = UnixStream::pair() else { return 2 };
        let cause = why_no_pair(errno);
        let first = reads(cause, "RLIMIT_NOFILE: fewer than 2 file descriptors are free (EMFILE)");
        let cause = cause.in_detail();
        let second = if !counts {
            reads(
                cause,
                format_args!("RLIMIT_NOFILE: fewer than 2 of {soft} file descriptors are free (hard limit {hard})"),
            )
        } else if open > soft {
            // Some were open at higher numbers when the tests began.
            reads(
                cause,
                format_args!(
                    "RLIMIT_NOFILE: {open} file descriptors are open, {soft} are permitted (hard limit {hard})"
                ),
            )
        } else {
            reads(
                cause,
                format_args!("RLIMIT_NOFILE: {open} of {soft} file descriptors are open (hard limit {hard})"),
            )
        };
        i32::from(!first || !second)
    });
    same!(status, 0);
    Ok(())
}

fn emfile_without(calls: &[u32]) -> Outcome {
    let status = raw::in_child(|| {
        raw::leave_free(1);
        let [soft, hard] = raw::descriptor_limits();
        for errno in [0, EPERM] {
            raw::reject(calls.iter().map(|call| (*call, errno)));
        }
        let Err(errno) = UnixStream::pair() else { return 2 };
        let expected = if calls.contains(&__NR_prlimit64) {
            None
        } else {
            let open = None;
            Some(OpenFiles { soft, hard, open })
        };
        i32::from(why_no_pair(errno).in_detail() != Cause::TooManyDescriptors(expected))
    });
    same!(status, 0);
    Ok(())
}

fn standard_input_closed() -> Outcome {
    requires!(5, 10);
    let status = raw::in_child(|| {
        raw::close(0);
        let netbeui = Domain::NETBEUI;
        let unavailable = explained((netbeui.bits(), STREAM, 0, 0), Errno::EAFNOSUPPORT);
        let succeeds = explained(PAIR, Errno::EACCES);
        let expected = (Cause::UnavailableDomain(netbeui), Cause::SucceedsNow(Errno::EACCES));
        i32::from((unavailable, succeeds) != expected || raw::close(0) == 0)
    });
    same!(status, 0);
    Ok(())
}

/// The system's limit of files is the cause where there is no file for its figures either.
fn without_files(errno: u32) -> Outcome {
    if !has_proc() {
        return Err(NO_PROC);
    }
    let status = raw::in_child(|| {
        raw::reject([(__NR_openat, errno)]);
        let of_files = Cause::SystemLimit(Errno::ENFILE).in_detail();
        let of_memory = Cause::SystemLimit(Errno::ENOMEM).in_detail();
        let expected = if errno == ENFILE {
            Cause::TooManyFiles(None)
        } else {
            Cause::SystemLimit(Errno::ENFILE)
        };
        let right =
            of_files == expected && [Cause::OutOfMemory, Cause::SystemLimit(Errno::ENOMEM)].contains(&of_memory);
        i32::from(!right)
    });
    same!(status, 0);
    Ok(())
}

/// The wait status of a process in which a filter returns these errnos: 0 if the texts are right and nothing stays open.
fn filtered(calls: &[(u32, u32)], arguments: Call, errno: Errno, texts: [&str; 2]) -> i32 {
    raw::in_child(|| {
        let before = raw::open_descriptors();
        raw::reject(calls.iter().copied());
        if call(arguments) != Err(errno) {
            return 2;
        }
        let cause = explained(arguments, errno);
        if cause.errno() != errno || cause.in_detail().errno() != errno {
            return 3;
        }
        let right = reads(cause, texts[0]) && reads(cause.in_detail(), texts[1]);
        i32::from(!right || raw::open_descriptors() != before)
    })
}

/// Where there is `socketcall`, it fails too.
fn enosys() -> Outcome {
    const ENOSYS: u32 = linux_raw_sys::errno::ENOSYS;
    let either = "a seccomp filter rejects socketpair, or the kernel was built without CONFIG_NET (ENOSYS)";
    let decided = "a seccomp filter rejects socketpair (ENOSYS)";
    let calls = [(SOCKETPAIR, ENOSYS), (raw::SOCKETCALL.unwrap_or(SOCKETPAIR), ENOSYS)];
    same!(filtered(&calls, PAIR, Errno::ENOSYS, [either, decided]), 0);
    let with_prctl = [calls[0], calls[1], (__NR_prctl, EINVAL)];
    same!(filtered(&with_prctl, PAIR, Errno::ENOSYS, [either, either]), 0);
    Ok(())
}

fn without_filter() -> Outcome {
    if raw::has_filter() {
        return Err(Otherwise::Skipped("this process has a filter"));
    }
    let rows = [
        (
            Cause::FilterOrKernel(Domain::UNIX, Errno::EPERM),
            "a security module rejects socketpair (EPERM)",
        ),
        (
            Cause::FilterOrKernel(Domain::VSOCK, Errno::ENODEV),
            "AF_VSOCK failed with ENODEV: no such device",
        ),
        (
            Cause::FilterOrKernel(Domain::VSOCK, Errno::EACCES),
            "a security module rejects socketpair (EACCES)",
        ),
        (
            Cause::FilterOrKernel(Domain::UNIX, Errno::ENODEV),
            "a security module rejects socketpair (ENODEV)",
        ),
        (
            Cause::FilterOrNoSockets,
            "the kernel was built without CONFIG_NET (ENOSYS)",
        ),
    ];
    for (cause, text) in rows {
        same!(reads(cause.in_detail(), text), true);
    }
    Ok(())
}

/// Some filters permit only some domains; a call that they allow can still fail in the kernel.
fn one_domain() -> Outcome {
    requires!(5, 10);
    let status = raw::in_child(|| {
        raw::reject_when(SOCKETPAIR, 0, INET, linux_raw_sys::errno::EAFNOSUPPORT);
        let arguments = (INET, STREAM, 0, 0);
        let netbeui = (Domain::NETBEUI.bits(), STREAM, 0, 0);
        if [arguments, netbeui].map(call) != [Err(Errno::EAFNOSUPPORT); 2] {
            return 2;
        }
        let cause = explained(arguments, Errno::EAFNOSUPPORT);
        let text =
            "a seccomp filter rejects AF_INET (EAFNOSUPPORT), or, before Linux 5.10 and in emulators, the kernel does";
        let right = reads(cause, text)
            && reads(cause.in_detail(), "a seccomp filter rejects socketpair (EAFNOSUPPORT)")
            && explained(netbeui, Errno::EAFNOSUPPORT) == Cause::UnavailableDomain(Domain::NETBEUI);
        i32::from(!right)
    });
    same!(status, 0);
    Ok(())
}

fn killing_filter() -> Outcome {
    requires!(5, 10);
    let filter = || raw::reject_only(SOCKETPAIR, 1, STREAM | CLOEXEC, EPERM);
    let survives = raw::in_child(|| {
        filter();
        let Err(errno) = UnixStream::pair() else { return 2 };
        let cause = why_no_pair(errno);
        i32::from(!reads(cause, EITHER))
    });
    same!(survives, 0);
    // The filter ends a process that tries an unknown flag, or that asks for details.
    let probes: [fn() -> bool; 2] = [
        || call((UNIX, STREAM, CLOEXEC | 0x10, 0)).is_ok(),
        || why_no_pair(Errno::EPERM).in_detail().errno() == Errno::EPERM,
    ];
    for probe in probes {
        let status = raw::in_child(|| {
            filter();
            i32::from(probe())
        });
        same!(status & 0x7f, SIGSYS);
    }
    Ok(())
}

fn capability() -> Outcome {
    let status = raw::in_child(|| {
        if raw::drop_capabilities() != 0 {
            return 77;
        }
        let icmp = (INET, SocketType::RAW.bits(), CLOEXEC, 1);
        if call(icmp) != Err(Errno::EPERM) {
            return 2;
        }
        let text = "AF_INET requires a capability, or a security module rejects it (EPERM)";
        i32::from(!reads(explained(icmp, Errno::EPERM), text))
    });
    same!(status, 0);
    Ok(())
}
