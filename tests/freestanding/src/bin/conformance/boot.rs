//! What only the owner of a machine can try: its limits, its memory, its modules.

use core::ffi::CStr;
use freestanding::raw;
use linux_socketpair::{Domain, Errno, MessageFlags, Socket, SocketFlags, SocketType};

use crate::report::{Needs, Outcome, Report, missing, must, same};

const NONE: MessageFlags = MessageFlags::empty();
const FILE_MAX: &CStr = c"/proc/sys/fs/file-max";

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
        "ENFILE for whoever is nobody when fs.file-max is reached, and recovery",
        file_max,
    );
    report.test(
        Needs::Calls,
        "ENFILE for root when there are twice as many sockets as fs.file-max, and recovery",
        socket_max,
    );
    report.test(
        Needs::Calls,
        "ENOMEM or ENFILE when a cgroup's memory is used up, and recovery",
        memory_max,
    );
    report.test(Needs::Calls, "the modules of TIPC are loaded", || {
        same!(socketpair_in_tipc(SocketType::STREAM).map(drop), Errno::EAFNOSUPPORT);
        for module in [
            c"/modules/udp_tunnel.ko",
            c"/modules/ip6_udp_tunnel.ko",
            c"/modules/tipc.ko",
        ] {
            same!(raw::load_module(module), 0);
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
            format_args!("TIPC, {ty}: a pair, and bytes both ways"),
            || tipc(ty),
        );
    }
    report.test(Needs::Calls, "TIPC: RAW is refused, nothing leaks", || {
        let before = raw::count_descriptors();
        same!(socketpair_in_tipc(SocketType::RAW).map(drop), Errno::EPROTOTYPE);
        same!(raw::count_descriptors(), before);
        Ok(())
    });
}

/// Pairs until there is an error, all of which are gone afterwards; how many there were, and the error.
fn pairs_until_refused() -> (usize, Option<Errno>) {
    let mut pairs = [const { None }; MANY];
    for (made, place) in pairs.iter_mut().enumerate() {
        match Socket::stream_pair() {
            Ok(pair) => *place = Some(pair),
            Err(errno) => return (made, Some(errno)),
        }
    }
    (MANY, None)
}

/// Refused with `expected` after some pairs, in a process of its own, which has as many descriptors after as before.
fn refused_with(expected: Errno, prepare: impl FnOnce() -> isize) -> i32 {
    raw::in_child(|| {
        if prepare() < 0 {
            return 1;
        }
        let before = raw::count_descriptors();
        for _ in 0..3 {
            let (made, refused) = pairs_until_refused();
            if made == 0 || refused != Some(expected) {
                return refused.map_or(2, Errno::raw_os_error);
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

/// Runs a test with a limit of open files, and sees afterwards that all is as it was.
fn with_file_max(limit: u64, test: impl FnOnce() -> Outcome) -> Outcome {
    let Some(before) = raw::number_in(FILE_MAX) else {
        missing!()
    };
    same!(set_file_max(limit) > 0, true);
    let outcome = test();
    same!(set_file_max(before) > 0, true);
    outcome?;
    let (made, refused) = pairs_until_refused();
    same!(refused, None::<Errno>);
    same!(made, MANY);
    Ok(())
}

/// The limit binds whoever has no capability to exceed it, and it is counted roughly: in steps of some files a processor.
fn file_max() -> Outcome {
    let Some(open) = raw::number_in(c"/proc/sys/fs/file-nr") else {
        missing!()
    };
    with_file_max(open + 500, || {
        same!(refused_with(Errno::ENFILE, raw::become_nobody), 0);
        Ok(())
    })
}

/// Before Linux 5.15 the kernel said `ENOMEM` of that.
fn socket_max() -> Outcome {
    let errno = if raw::kernel_release() < (5, 15) {
        Errno::ENOMEM
    } else {
        Errno::ENFILE
    };
    with_file_max(100, || {
        same!(refused_with(errno, || 0), 0);
        Ok(())
    })
}

/// The first process of a kernel can't be killed for want of memory, so there it is an error.
fn memory_max() -> Outcome {
    same!(raw::write_to(c"/cgroup/cgroup.subtree_control", b"+memory") > 0, true);
    same!(raw::mkdir(c"/cgroup/tight"), 0);
    same!(raw::write_to(c"/cgroup/tight/memory.max", b"2097152") > 0, true);
    same!(raw::write_to(c"/cgroup/tight/cgroup.procs", b"0") > 0, true);
    let before = raw::count_descriptors();
    let outcomes = [(); 3].map(|()| pairs_until_refused());
    let after = raw::count_descriptors();
    same!(raw::write_to(c"/cgroup/cgroup.procs", b"0") > 0, true);
    for (made, refused) in outcomes {
        same!(made > 0, true);
        // Whatever it is that there is no memory for; of a socket's inode the kernel says `ENFILE`.
        same!(matches!(refused, Some(Errno::ENOMEM | Errno::ENFILE)), true);
    }
    same!(after, before);
    same!(pairs_until_refused().0, MANY);
    Ok(())
}

fn socketpair_in_tipc(ty: SocketType) -> Result<[Socket; 2], Errno> {
    Socket::pair(Domain::TIPC, ty, SocketFlags::CLOEXEC, 0)
}

fn tipc(ty: SocketType) -> Outcome {
    let before = raw::count_descriptors();
    let [a, b] = must!(socketpair_in_tipc(ty));
    same!(must!(a.domain()).bits(), Domain::TIPC.bits());
    same!(must!(a.socket_type()).bits(), ty.bits());
    for (from, to) in [(&a, &b), (&b, &a)] {
        let mut buf = [0; 16];
        same!(from.send(b"cluster", NONE), 7);
        same!(to.recv(&mut buf, NONE), 7);
        same!(buf.starts_with(b"cluster\0"), true);
        same!(to.recv(&mut buf, MessageFlags::DONTWAIT), Errno::EAGAIN);
        if ty != SocketType::STREAM {
            must!(from.send(b"longer than four", NONE));
            same!(to.recv(&mut buf[..4], NONE), Errno::EMSGSIZE);
        }
    }
    drop((a, b));
    same!(raw::count_descriptors(), before);
    Ok(())
}
