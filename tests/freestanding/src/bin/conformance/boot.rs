//! What only the first process of a kernel can try: the machine's limits, its memory, its modules.

use core::ffi::CStr;
use freestanding::raw;
use linux_raw_sys::net;
use linux_socketpair::{Domain, Errno, SocketFlags, SocketType, UnixStream, socketpair};

use crate::denied_rights;
use crate::pairs::Pair;
use crate::report::{Needs, Otherwise, Outcome, Report, missing, must, same};

const FILE_MAX: &CStr = c"/proc/sys/fs/file-max";

const ENOENT: isize = -(linux_raw_sys::errno::ENOENT as isize);

const NO_TIPC: Otherwise = Otherwise::Skipped("the kernel comes without TIPC's modules");

/// More pairs than any of these tests makes.
const MANY: usize = 2000;

pub fn tests(report: &mut Report) {
    report.test(
        Needs::Calls,
        "/proc and cgroups are mounted, and as many files may be open as the tests need",
        || {
            same!(raw::mount(c"proc", c"/proc"), 0);
            same!(raw::mount(c"cgroup2", c"/cgroup"), 0);
            raw::raise_limit(2 * MANY as u64 + 64);
            Ok(())
        },
    );
    report.test(
        Needs::Calls,
        "fs.file-max is reached: ENFILE without CAP_SYS_ADMIN, and recovery",
        file_max,
    );
    report.test(
        Needs::Calls,
        "twice as many sockets as fs.file-max: ENFILE for root too, and recovery",
        socket_max,
    );
    report.test(
        Needs::Calls,
        "a cgroup's memory is used up: ENOMEM or ENFILE, and recovery",
        memory_max,
    );
    denied_rights::tests(report);
    report.test(Needs::Calls, "the modules of TIPC are loaded", || {
        same!(tipc_pair(SocketType::STREAM).map(drop), Errno::EAFNOSUPPORT);
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
        Ok(())
    });
}

/// Makes pairs until there is an error, and closes them: how many there were, and the error.
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

/// Expects the error after some pairs, in a process of its own, which has as many descriptors open afterwards as
/// before.
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

/// Runs a test with a limit of open files, after which everything must work as before.
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
        same!(fails_with(Errno::ENFILE, raw::become_nobody), 0);
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
        // Depending on what there is no memory for; for a socket's inode it is `ENFILE`.
        same!(matches!(error, Some(Errno::ENOMEM | Errno::ENFILE)), true);
    }
    same!(after, before);
    same!(pairs_until_error().0, MANY);
    Ok(())
}

fn tipc_pair(ty: SocketType) -> Result<Pair, Errno> {
    socketpair(Domain::TIPC, ty, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK, 0).map(|sv| Pair(sv.map(Some)))
}

/// The first test has loaded the modules, or failed, unless there are none.
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
