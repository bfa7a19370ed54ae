//! Waiting for several sockets.

use core::time::Duration;
use freestanding::raw;
use linux_socketpair::{Descriptor, Errno, MessageFlags, PollFd, PollFlags, Shutdown, Socket, poll};

use crate::pairs::TYPES;
use crate::report::{Needs, Outcome, Report, must, same};

const NONE: MessageFlags = MessageFlags::empty();
const NOW: Option<Duration> = Some(Duration::ZERO);
const BOTH: PollFlags = PollFlags::IN.union(PollFlags::OUT);

pub fn tests(report: &mut Report) {
    report.test(
        Needs::Calls,
        "poll: each descriptor is told of by itself",
        each_by_itself,
    );
    report.test(
        Needs::Calls,
        "poll: nothing is ready until the time is over, and not before",
        time_is_over,
    );
    report.test(Needs::Calls, "poll: any length of time", any_time);
    report.test(
        Needs::Calls,
        "poll: it waits for ever, until another process sends",
        waits_for_another,
    );
    report.test(Needs::Calls, "poll: the end of the peer", end_of_peer);
    report.test(Needs::Calls, "poll: a descriptor that is not open", not_open);
    report.test(Needs::Calls, "poll: none at all", || {
        same!(poll(&mut [], NOW), 0);
        Ok(())
    });
    report.test(Needs::Calls, "poll: more than RLIMIT_NOFILE: EINVAL", too_many);
}

fn each_by_itself() -> Outcome {
    let pairs = [
        must!(Socket::stream_pair()),
        must!(Socket::dgram_pair()),
        must!(Socket::seqpacket_pair()),
    ];
    for sender in 0..TYPES.len() {
        must!(pairs[sender][0].send(b"x", NONE));
        let mut fds = pairs.each_ref().map(|[_, b]| PollFd::new(b, PollFlags::IN));
        same!(poll(&mut fds, None), 1);
        for (at, fd) in fds.iter().enumerate() {
            same!(fd.ready() == PollFlags::IN, at == sender);
            same!(fd.as_raw_fd(), pairs[at][1].as_raw_fd());
        }
        must!(pairs[sender][1].recv(&mut [0], NONE));
        let mut fds = pairs.each_ref().map(|[a, _]| PollFd::new(a, BOTH));
        same!(poll(&mut fds, NOW), 3);
        same!(fds.iter().all(|fd| fd.ready() == PollFlags::OUT), true);
    }
    Ok(())
}

fn time_is_over() -> Outcome {
    let [a, b] = must!(Socket::stream_pair());
    for timeout in [Duration::ZERO, Duration::from_nanos(1), Duration::from_millis(30)] {
        let before = raw::now();
        let mut fds = [PollFd::new(&a, PollFlags::IN), PollFd::new(&b, PollFlags::IN)];
        same!(poll(&mut fds, Some(timeout)), 0);
        same!(raw::now() - before >= timeout, true);
        same!(fds.iter().all(|fd| fd.ready().is_empty()), true);
    }
    Ok(())
}

fn any_time() -> Outcome {
    let [a, _b] = must!(Socket::stream_pair());
    for seconds in [1, i32::MAX as u64, 1 << 31, 1 << 40, i64::MAX as u64, u64::MAX] {
        let mut fds = [PollFd::new(&a, PollFlags::OUT)];
        same!(poll(&mut fds, Some(Duration::new(seconds, 999_999_999))), 1);
    }
    Ok(())
}

/// The child sends when it has seen that the parent waits, or has had the time to.
fn waits_for_another() -> Outcome {
    let [a, b] = must!(Socket::stream_pair());
    let status = raw::beside_child(
        || {
            let waited = poll(&mut [], Some(Duration::from_millis(20)));
            i32::from(waited != Ok(0) || a.send(b"x", NONE) != Ok(1))
        },
        || {
            let mut fds = [PollFd::new(&b, PollFlags::IN)];
            same!(poll(&mut fds, None), 1);
            same!(fds[0].ready() == PollFlags::IN, true);
            Ok(())
        },
    )?;
    same!(status, 0);
    Ok(())
}

fn end_of_peer() -> Outcome {
    let [a, b] = must!(Socket::stream_pair());
    let all = BOTH | PollFlags::RDHUP;
    must!(b.shutdown(Shutdown::Write));
    let mut fds = [PollFd::new(&a, all)];
    same!(poll(&mut fds, NOW), 1);
    same!(fds[0].ready().bits(), all.bits());
    drop(b);
    let mut fds = [PollFd::new(&a, all)];
    same!(poll(&mut fds, NOW), 1);
    same!(fds[0].ready().bits(), (all | PollFlags::HUP).bits());
    Ok(())
}

fn not_open() -> Outcome {
    // SAFETY: not open, which is what is tested; this program has one thread.
    let descriptor = unsafe { Descriptor::borrow_raw(&63) };
    let mut fds = [PollFd::new(&descriptor, PollFlags::IN)];
    same!(poll(&mut fds, None), 1);
    same!(fds[0].ready() == PollFlags::NVAL, true);
    Ok(())
}

fn too_many() -> Outcome {
    let [a, _b] = must!(Socket::stream_pair());
    let mut fds = [(); 65].map(|()| PollFd::new(&a, PollFlags::IN));
    same!(poll(&mut fds, NOW), Errno::EINVAL);
    same!(poll(&mut fds[..64], NOW), 0);
    Ok(())
}
