//! Waiting for file descriptors.

use core::time::Duration;
use freestanding::raw;
use linux_socketpair::{
    AsFd, AsRawFd, BorrowedFd, Errno, OwnedFd, PollFd, PollFlags, Shutdown, UnixDatagram, UnixSeqpacket, UnixStream,
    poll,
};

use crate::report::{Needs, Outcome, Report, must, same, tests};

const NOW: Option<Duration> = Some(Duration::ZERO);
const BOTH: PollFlags = PollFlags::IN.union(PollFlags::OUT);

pub fn tests(report: &mut Report) {
    tests! { report;
        "poll: only the descriptor that is ready is reported": each_by_itself;
        "poll: a timeout does not expire early": timeout_expires;
        "poll: a timeout of any length is accepted": any_time;
        "poll: without a timeout it waits until another process sends": waits_for_another;
        "poll: a peer that has shut down writing is RDHUP, and a closed one HUP too": peer_ends;
        "poll: a descriptor that is not open is NVAL": not_open;
        "poll: an ignored entry is never ready": ignored;
        "poll: the events of an entry can be changed": set_events;
    }
    report.test(Needs::Calls, "poll: an empty list returns 0", || {
        same!(poll(&mut [], NOW), 0);
        Ok(())
    });
    tests! { report;
        "poll: more descriptors than RLIMIT_NOFILE are EINVAL": too_many;
    }
}

fn each_by_itself() -> Outcome {
    let (streams, datagrams, seqpackets) = (
        must!(UnixStream::pair()),
        must!(UnixDatagram::pair()),
        must!(UnixSeqpacket::pair()),
    );
    let pairs: [(OwnedFd, OwnedFd); 3] = [
        (streams.0.into(), streams.1.into()),
        (datagrams.0.into(), datagrams.1.into()),
        (seqpackets.0.into(), seqpackets.1.into()),
    ];
    for sender in 0..pairs.len() {
        let (from, to) = &pairs[sender];
        // SAFETY: whatever the type is, these calls fit it.
        let [from, to] = [from, to].map(|end| unsafe { UnixStream::from_fd_unchecked(end.as_fd()) });
        must!(from.send(b"x"));
        let mut fds = pairs.each_ref().map(|(_, b)| PollFd::new(b, PollFlags::IN));
        same!(poll(&mut fds, None), 1);
        for (at, fd) in fds.iter().enumerate() {
            same!(fd.ready() == PollFlags::IN, at == sender);
            same!(fd.fd().map(|fd| fd.as_raw_fd()), pairs[at].1.as_raw_fd());
        }
        must!(to.recv(&mut [0]));
        let mut fds = pairs.each_ref().map(|(a, _)| PollFd::from_borrowed_fd(a.as_fd(), BOTH));
        same!(poll(&mut fds, NOW), 3);
        same!(fds.iter().all(|fd| fd.ready() == PollFlags::OUT), true);
    }
    Ok(())
}

fn timeout_expires() -> Outcome {
    let (a, b) = must!(UnixStream::pair());
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
    let (a, _b) = must!(UnixStream::pair());
    for seconds in [1, i32::MAX as u64, 1 << 31, 1 << 40, i64::MAX as u64, u64::MAX] {
        let mut fds = [PollFd::new(&a, PollFlags::OUT)];
        same!(poll(&mut fds, Some(Duration::new(seconds, 999_999_999))), 1);
    }
    Ok(())
}

/// The child waits before it sends, so that the parent is waiting by then.
fn waits_for_another() -> Outcome {
    let (a, b) = must!(UnixStream::pair());
    let status = raw::beside_child(
        || {
            let waited = poll(&mut [], Some(Duration::from_millis(20)));
            i32::from(waited != Ok(0) || a.send(b"x") != Ok(1))
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

fn peer_ends() -> Outcome {
    let (a, b) = must!(UnixStream::pair());
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
    // SAFETY: it is not open, which is what is tested; this program has one thread.
    let descriptor = unsafe { BorrowedFd::borrow_raw(63) };
    let mut fds = [PollFd::from_borrowed_fd(descriptor, PollFlags::IN)];
    same!(poll(&mut fds, None), 1);
    same!(fds[0].ready() == PollFlags::NVAL, true);
    Ok(())
}

fn ignored() -> Outcome {
    let (a, _b) = must!(UnixStream::pair());
    let mut fds = [PollFd::new(&a, PollFlags::OUT), PollFd::ignored()];
    same!(poll(&mut fds, None), 1);
    // An entry is copied, and replaced by another one.
    let other = fds[0];
    fds[0] = PollFd::ignored();
    same!(fds[0].fd().is_none(), true);
    same!(poll(&mut fds, Some(Duration::from_millis(1))), 0);
    same!(fds.iter().all(|fd| fd.ready().is_empty()), true);
    same!(other.ready() == PollFlags::OUT, true);
    same!(other.fd().map(|fd| fd.as_raw_fd()), a.as_raw_fd());
    Ok(())
}

fn set_events() -> Outcome {
    let (a, b) = must!(UnixStream::pair());
    must!(b.send(b"x"));
    let mut fds = [PollFd::new(&a, PollFlags::empty())];
    for events in [
        PollFlags::empty(),
        PollFlags::IN,
        PollFlags::OUT,
        BOTH,
        PollFlags::empty(),
    ] {
        fds[0].set_events(events);
        same!(fds[0].events().bits(), events.bits());
        same!(poll(&mut fds, NOW), usize::from(!events.is_empty()));
        same!(fds[0].ready().bits(), events.bits());
    }
    Ok(())
}

fn too_many() -> Outcome {
    let (a, _b) = must!(UnixStream::pair());
    let mut fds = [(); 65].map(|()| PollFd::new(&a, PollFlags::IN));
    same!(poll(&mut fds, NOW), Errno::EINVAL);
    same!(poll(&mut fds[..64], NOW), 0);
    Ok(())
}
