//! What only the first process of a kernel can test: the machine's limits, its memory, its modules.

use core::ffi::CStr;
use freestanding::raw;
use linux_raw_sys::net;
use linux_socketpair::explain::{self, Cause, Usage};
use linux_socketpair::{Domain, Errno, SocketFlags, SocketType, UnixDatagram, UnixStream, socketpair};

use crate::denied_rights;
use crate::explain::{reads, why_no_pair};
use crate::pairs::Pair;
use crate::report::{Needs, Otherwise, Outcome, Report, missing, must, same, tests};

const FILE_MAX: &CStr = c"/proc/sys/fs/file-max";

const ENOENT: isize = -(linux_raw_sys::errno::ENOENT as isize);

const NO_TIPC: Otherwise = Otherwise::Skipped("the kernel comes without TIPC's modules");

/// More pairs than any of these tests makes.
const MANY: usize = 2000;

pub fn mount(report: &mut Report) {
    report.test(Needs::Calls, "/proc and cgroups are mounted", || {
        same!(raw::mount(c"proc", c"/proc"), 0);
        same!(raw::mount(c"cgroup2", c"/cgroup"), 0);
        Ok(())
    });
    report.test(
        Needs::Calls,
        "the module of AF_VSOCK is loaded",
        || match raw::load_module(c"/modules/vsock.ko") {
            ENOENT => Err(Otherwise::Skipped("the kernel comes without it")),
            result => {
                same!(result, 0);
                Ok(())
            }
        },
    );
}

pub fn tests(report: &mut Report) {
    report.test(Needs::Calls, "as many files may be open as the tests need", || {
        raw::raise_limit(2 * MANY as u64 + 64);
        Ok(())
    });
    tests! { report;
        "fs.file-max is reached: ENFILE without CAP_SYS_ADMIN, and recovery": file_max;
        "twice as many sockets as fs.file-max: ENFILE for root too, and recovery": socket_max;
        "a cgroup's memory is used up: ENOMEM or ENFILE, and recovery": memory_max;
        "explained: fs.file-max is reached": explained_file_max;
        "explained: twice as many sockets as fs.file-max": explained_socket_max;
        "explained: a cgroup's memory is used up": explained_memory_max;
        "explained: SELinux denies the creation of streams": security_module;
        "explained: a domain that only the first network namespace has": other_namespace;
    }
    denied_rights::tests(report);
    report.test(Needs::Calls, "the modules of TIPC are loaded", || {
        same!(tipc_pair(SocketType::STREAM).map(drop), Errno::EAFNOSUPPORT);
        let (domain, ty, flags) = (Domain::TIPC, SocketType::STREAM, SocketFlags::CLOEXEC);
        let cause = explain::socketpair(domain, ty, flags, 0, Errno::EAFNOSUPPORT);
        let text = "AF_TIPC is neither built in nor loaded, or not available in this network namespace (EAFNOSUPPORT)";
        same!(reads(cause, text), true);
        for module in [
            c"/modules/udp_tunnel.ko",
            c"/modules/ip6_udp_tunnel.ko",
            c"/modules/tipc.ko",
        ] {
            match raw::load_module(module) {
                ENOENT => return Err(NO_TIPC),
                result => same!(result, 0),
            }
        }
        Ok(())
    });
    for ty in [
        SocketType::STREAM,
        SocketType::SEQPACKET,
        SocketType::DGRAM,
        SocketType::RDM,
    ] {
        report.test(
            Needs::Calls,
            format_args!("TIPC, {ty}: a pair, and bytes in both directions"),
            || tipc(ty),
        );
    }
    report.test(Needs::Calls, "TIPC: RAW is EPROTOTYPE, nothing leaks", || {
        requires_tipc()?;
        let before = raw::count_descriptors();
        same!(tipc_pair(SocketType::RAW).map(drop), Errno::EPROTOTYPE);
        same!(raw::count_descriptors(), before);
        let (domain, ty) = (Domain::TIPC, SocketType::RAW);
        let cause = explain::socketpair(domain, ty, SocketFlags::CLOEXEC, 0, Errno::EPROTOTYPE);
        same!(reads(cause, "AF_TIPC does not support SOCK_RAW (EPROTOTYPE)"), true);
        Ok(())
    });
}

/// Makes pairs until a call fails, and closes them. Returns how many there were, and the error.
fn pairs_until_error() -> (usize, Option<Errno>) {
    let mut pairs = [const { None }; MANY];
    for (made, place) in pairs.iter_mut().enumerate() {
        match UnixStream::pair() {
            Ok(pair) => *place = Some(pair),
            Err(errno) => return (made, Some(errno)),
        }
    }
    (MANY, None)
}

/// Whether a process of its own can make some pairs until a call fails as expected, and has as many descriptors open afterwards as
/// before: then it returns 0.
fn fails_with(expected: Errno, prepare: impl FnOnce() -> isize) -> i32 {
    raw::in_child(|| {
        if prepare() < 0 {
            return 1;
        }
        let before = raw::count_descriptors();
        for _ in 0..3 {
            let (made, error) = pairs_until_error();
            if made == 0 || error != Some(expected) {
                return error.map_or(2, Errno::raw_os_error);
            }
        }
        if raw::count_descriptors() == before { 0 } else { 3 }
    })
}

fn set_file_max(limit: u64) -> isize {
    let (mut line, mut rest, mut at) = ([0; 20], limit, 20);
    while rest > 0 {
        at -= 1;
        line[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    raw::write_to(FILE_MAX, &line[at..])
}

/// Runs a test with a limit of open files; after it everything must work as before.
fn with_file_max(limit: u64, test: impl FnOnce() -> Outcome) -> Outcome {
    let Some(before) = raw::number_in(FILE_MAX) else {
        missing!()
    };
    same!(set_file_max(limit) > 0, true);
    let outcome = test();
    same!(set_file_max(before) > 0, true);
    outcome?;
    let (made, error) = pairs_until_error();
    same!(error, None::<Errno>);
    same!(made, MANY);
    Ok(())
}

/// The limit applies without CAP_SYS_ADMIN, and files are counted roughly: in steps of some files for each processor.
fn file_max() -> Outcome {
    let Some(open) = raw::number_in(c"/proc/sys/fs/file-nr") else {
        missing!()
    };
    with_file_max(open + 500, || {
        same!(fails_with(Errno::ENFILE, raw::drop_privileges), 0);
        Ok(())
    })
}

/// Before Linux 5.15 it was `ENOMEM`.
fn socket_max() -> Outcome {
    let errno = if raw::kernel_release() < (5, 15) {
        Errno::ENOMEM
    } else {
        Errno::ENFILE
    };
    with_file_max(100, || {
        same!(fails_with(errno, || 0), 0);
        Ok(())
    })
}

/// `memory.max` of a cgroup.
const MEMORY: u64 = 2 << 20;

/// The first process of a kernel can't be killed for lack of memory, so there it is an error.
fn memory_max() -> Outcome {
    same!(raw::write_to(c"/cgroup/cgroup.subtree_control", b"+memory") > 0, true);
    same!(raw::mkdir(c"/cgroup/tight"), 0);
    same!(raw::write_to(c"/cgroup/tight/memory.max", b"2097152") > 0, true);
    same!(raw::write_to(c"/cgroup/tight/cgroup.procs", b"0") > 0, true);
    let before = raw::count_descriptors();
    let outcomes = [(); 3].map(|()| pairs_until_error());
    let after = raw::count_descriptors();
    same!(raw::write_to(c"/cgroup/cgroup.procs", b"0") > 0, true);
    for (made, error) in outcomes {
        same!(made > 0, true);
        // The errno depends on what there was no memory for; for a socket's inode it is `ENFILE`.
        same!(matches!(error, Some(Errno::ENOMEM | Errno::ENFILE)), true);
    }
    same!(after, before);
    same!(pairs_until_error().0, MANY);
    Ok(())
}

/// Makes pairs until a call fails, and calls `explain` while they are open.
fn at_the_limit(explain: impl FnOnce(Errno, &mut [Option<(UnixStream, UnixStream)>]) -> Outcome) -> Outcome {
    let mut pairs = [const { None }; MANY];
    for made in 0..MANY {
        match UnixStream::pair() {
            Ok(pair) => pairs[made] = Some(pair),
            Err(errno) => return explain(errno, &mut pairs[..made]),
        }
    }
    missing!()
}

/// Reading how many files are open opens one. The kernel counts roughly, and notices the limit late.
fn explained_file_max() -> Outcome {
    let Some(open) = raw::number_in(c"/proc/sys/fs/file-nr") else {
        missing!()
    };
    let limit = open + 2000;
    let in_child = || {
        if raw::drop_privileges() < 0 {
            missing!();
        }
        at_the_limit(|errno, pairs| {
            same!(errno, Errno::ENFILE);
            let cause = why_no_pair(errno);
            let text = "fs.file-max, the number of AF_UNIX sockets, or memory is exhausted (ENFILE)";
            same!(reads(cause, text), true);
            // One may still be free, though two are needed.
            let last = raw::epoll();
            let text = "fs.file-max: too many files are open in the system (ENFILE)";
            same!(reads(cause.in_detail(), text), true);
            raw::close(last);
            for pair in pairs.iter_mut().take(32) {
                *pair = None;
            }
            let cause = cause.in_detail();
            let Cause::TooManyFiles(Some(Usage { used, .. })) = cause else {
                freestanding::println!("      {cause}");
                missing!();
            };
            same!(used <= limit && limit - used <= limit / 16, true);
            same!(
                reads(
                    cause,
                    format_args!("fs.file-max: {used} of {limit} files are open in the system (ENFILE)")
                ),
                true
            );
            Ok(())
        })
    };
    with_file_max(limit, || child_passes(in_child))
}

/// Runs a test in a process of its own.
fn child_passes(test: impl FnOnce() -> Outcome) -> Outcome {
    let status = raw::in_child(|| match test() {
        Ok(()) => 0,
        Err(Otherwise::Failed { seen, line }) => {
            freestanding::println!("      line {line}: {seen:?}");
            1
        }
        Err(_) => 2,
    });
    same!(status, 0);
    Ok(())
}

fn explained_socket_max() -> Outcome {
    let expected = if raw::kernel_release() < (5, 15) {
        Errno::ENOMEM
    } else {
        Errno::ENFILE
    };
    with_file_max(100, || {
        at_the_limit(|errno, _| {
            same!(errno, expected);
            let cause = why_no_pair(errno).in_detail();
            let Cause::TooManySockets(Usage { used, limit: 200 }, _) = cause else {
                freestanding::println!("      {cause}");
                missing!();
            };
            same!((198..=200).contains(&used), true);
            same!(
                reads(
                    cause,
                    format_args!(
                        "fs.file-max: there are {used} AF_UNIX sockets, at most 200 are permitted ({errno:?})"
                    )
                ),
                true
            );
            Ok(())
        })
    })
}

/// A policy for SELinux with one class of objects, which no process may create; it permits everything else:
///
/// ```text
/// class process
/// class unix_stream_socket
/// sid kernel
/// sid security
/// sid unlabeled
/// class process { transition dyntransition }
/// class unix_stream_socket { create }
/// type t;
/// allow t t:process { transition dyntransition };
/// role r;
/// role r types t;
/// user u roles { r };
/// sid kernel u:r:t
/// sid security u:r:t
/// sid unlabeled u:r:t
/// ```
///
/// compiled with `checkpolicy -U allow -c 24 -o no_streams.selinux`.
const POLICY: &[u8] = include_bytes!("no_streams.selinux");

fn security_module() -> Outcome {
    const ENODEV: isize = -(linux_raw_sys::errno::ENODEV as isize);
    match raw::mount(c"selinuxfs", c"/selinux") {
        ENODEV => return Err(Otherwise::Skipped("the kernel comes without SELinux")),
        result => same!(result, 0),
    }
    same!(raw::write_to(c"/selinux/load", POLICY), POLICY.len());
    same!(raw::write_to(c"/selinux/enforce", b"1"), 1);
    let (stream, datagram) = (UnixStream::pair().map(drop), UnixDatagram::pair().map(drop));
    let cause = why_no_pair(Errno::EACCES);
    same!(raw::write_to(c"/selinux/enforce", b"0"), 1);
    same!(stream, Errno::EACCES);
    same!(datagram, 0);
    same!(reads(cause, "a security module rejects socketpair (EACCES)"), true);
    same!(cause == cause.in_detail(), true);
    same!(UnixStream::pair().map(drop), 0);
    Ok(())
}

/// ATM is available in the network namespace that the kernel began with, and in no other.
fn other_namespace() -> Outcome {
    match raw::load_module(c"/modules/atm.ko") {
        ENOENT => return Err(Otherwise::Skipped("the kernel comes without ATM's module")),
        result => same!(result, 0),
    }
    let explained = || {
        let (domain, ty, flags) = (Domain::ATMPVC, SocketType::DGRAM, SocketFlags::CLOEXEC);
        let errno = socketpair(domain, ty, flags, 0).err()?;
        Some(explain::socketpair(domain, ty, flags, 0, errno))
    };
    let text = "AF_ATMPVC does not support pairs (EOPNOTSUPP); AF_UNIX does";
    same!(explained().is_some_and(|cause| reads(cause, text)), true);
    child_passes(|| {
        same!(raw::own_network(), 0);
        let text =
            "AF_ATMPVC is neither built in nor loaded, or not available in this network namespace (EAFNOSUPPORT)";
        same!(explained().is_some_and(|cause| reads(cause, text)), true);
        same!(UnixStream::pair().map(drop), 0);
        Ok(())
    })
}

/// Where the cgroup's files can't be read, no cgroup is named: at first they are mounted elsewhere. The limit can be that of
/// a parent whose controller the process's own cgroup lacks.
fn explained_memory_max() -> Outcome {
    same!(raw::mkdir(c"/cgroup/tight/inner"), 0);
    let places = [
        (c"/cgroup/tight/cgroup.procs", false),
        (c"/cgroup/tight/cgroup.procs", true),
        (c"/cgroup/tight/inner/cgroup.procs", true),
    ];
    let outcomes = places.map(|(place, mounted)| {
        if mounted && raw::number_in(c"/sys/fs/cgroup/cgroup.procs").is_none() {
            for folder in [c"/sys", c"/sys/fs"] {
                same!(raw::mkdir(folder), 0);
            }
            same!(raw::mount(c"cgroup2", c"/sys/fs/cgroup"), 0);
        }
        same!(raw::write_to(place, b"0") > 0, true);
        at_the_limit(|errno, pairs| {
            // Explaining the error takes some memory too, on powerpc64le pages of 64 KiB.
            let mut cause = why_no_pair(errno);
            for pairs in pairs.chunks_mut(8).take(16) {
                pairs.fill_with(|| None);
                cause = why_no_pair(errno).in_detail();
                if !mounted || matches!(cause, Cause::MemoryCgroup(..)) {
                    break;
                }
            }
            if !mounted {
                let text = if errno == Errno::ENOMEM && raw::kernel_release() >= (5, 15) {
                    "the system or a memory cgroup is out of memory (ENOMEM)"
                } else if errno == Errno::ENOMEM {
                    "fs.file-max, the number of AF_UNIX sockets, or memory is exhausted (ENOMEM)"
                } else {
                    "fs.file-max, the number of AF_UNIX sockets, or memory is exhausted (ENFILE)"
                };
                same!(reads(cause, text), true);
                return Ok(());
            }
            let Cause::MemoryCgroup(Usage { used, limit: MEMORY }, _) = cause else {
                freestanding::println!("      {cause}");
                missing!();
            };
            same!(used <= MEMORY && MEMORY - used <= MEMORY / 16, true);
            same!(
                reads(
                    cause,
                    format_args!("memory.max: the memory cgroup uses {used} of 2097152 bytes ({errno:?})")
                ),
                true
            );
            Ok(())
        })
    });
    same!(raw::write_to(c"/cgroup/cgroup.procs", b"0") > 0, true);
    outcomes.into_iter().collect()
}

fn tipc_pair(ty: SocketType) -> Result<Pair, Errno> {
    socketpair(Domain::TIPC, ty, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK, 0).map(|sv| Pair(sv.map(Some)))
}

/// Skips the test if the kernel comes without the modules, which an earlier test loads.
fn requires_tipc() -> Outcome {
    match raw::load_module(c"/modules/tipc.ko") {
        ENOENT => Err(NO_TIPC),
        _ => Ok(()),
    }
}

fn tipc(ty: SocketType) -> Outcome {
    requires_tipc()?;
    let before = raw::count_descriptors();
    let pair = must!(tipc_pair(ty));
    for (from, to) in [(0, 1), (1, 0)] {
        same!(raw::getsockopt(pair.fd(from), net::SO_DOMAIN), Domain::TIPC.bits());
        same!(raw::getsockopt(pair.fd(from), net::SO_TYPE), ty.bits());
        let mut buf = [0; 16];
        same!(pair.write(from, b"cluster"), 7);
        same!(pair.read(to, &mut buf), 7);
        same!(buf.starts_with(b"cluster\0"), true);
        same!(pair.read(to, &mut buf), Errno::EAGAIN);
        // What doesn't fit is discarded from a message, and stays in a stream.
        must!(pair.write(from, b"longer than four"));
        same!(pair.read(to, &mut buf[..4]), 4);
        let rest = if ty == SocketType::STREAM {
            Ok(12)
        } else {
            Err(Errno::EAGAIN)
        };
        same!(pair.read(to, &mut buf), rest);
    }
    drop(pair);
    same!(raw::count_descriptors(), before);
    Ok(())
}
