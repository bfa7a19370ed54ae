//! Pairs made with the raw functions: their properties, and reading and writing.

use freestanding::raw;
use linux_raw_sys::{general::*, net};
use linux_socketpair::{
    Domain, Errno, RawFd, SocketFlags, SocketType, close, read, socketpair, socketpair_into, write,
};

use crate::report::{Needs, Outcome, Report, must, same, tests};

pub const TYPES: [SocketType; 3] = [SocketType::STREAM, SocketType::DGRAM, SocketType::SEQPACKET];

/// Both ends; those still open are closed on drop.
pub struct Pair(pub [Option<RawFd>; 2]);

impl Pair {
    pub fn new(ty: SocketType, flags: SocketFlags) -> Result<Self, Errno> {
        socketpair(Domain::UNIX, ty, flags, 0).map(|[a, b]| Self([Some(a), Some(b)]))
    }

    pub fn fd(&self, end: usize) -> RawFd {
        self.0[end].unwrap_or(-1)
    }

    pub fn read(&self, end: usize, buf: &mut [u8]) -> Result<usize, Errno> {
        // SAFETY: the descriptor is the pair's.
        unsafe { read(self.fd(end), buf) }
    }

    pub fn write(&self, end: usize, buf: &[u8]) -> Result<usize, Errno> {
        // SAFETY: the descriptor is the pair's.
        unsafe { write(self.fd(end), buf) }
    }

    fn close(&mut self, end: usize) -> Result<(), Errno> {
        // SAFETY: the descriptor is the pair's, which forgets it.
        self.0[end].take().map_or(Err(Errno::EBADF), |fd| unsafe { close(fd) })
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        for end in 0..2 {
            let _ = self.close(end);
        }
    }
}

pub fn tests(report: &mut Report) {
    for ty in TYPES {
        report.test(
            Needs::Calls,
            format_args!("{ty}: read and write work in both directions"),
            || both_ways(ty),
        );
        report.test(
            Needs::Calls,
            format_args!("{ty}: messages keep their boundaries, and a stream has none"),
            || boundaries(ty),
        );
        report.test(
            Needs::Calls,
            format_args!("{ty}: type, domain and protocol read back"),
            || read_back(ty, ty, 0),
        );
        for flags in [
            SocketFlags::empty(),
            SocketFlags::CLOEXEC,
            SocketFlags::NONBLOCK,
            SocketFlags::CLOEXEC | SocketFlags::NONBLOCK,
        ] {
            report.test(
                Needs::Calls,
                format_args!("{ty}: flags ({flags}) are set on both ends, and no others"),
                || flags_are_set(ty, flags),
            );
        }
        report.test(
            Needs::Calls,
            format_args!("{ty}: reading from an empty nonblocking end fails with EAGAIN"),
            || empty(ty),
        );
        report.test(
            Needs::Calls,
            format_args!(
                "{ty}: reading after the peer was closed returns what is left, then end of stream, or EAGAIN on DGRAM"
            ),
            || closed_peer(ty),
        );
        report.test(
            Needs::Calls,
            format_args!("{ty}: calls on a closed descriptor are EBADF"),
            || closed(ty),
        );
    }
    report.test(Needs::Calls, "RAW is accepted, and becomes DGRAM", || {
        read_back(SocketType::RAW, SocketType::DGRAM, 0)
    });
    report.test(Needs::Calls, "protocol 1 is accepted, and becomes 0", || {
        read_back(SocketType::STREAM, SocketType::STREAM, 1)
    });
    tests! { report;
        "new descriptors are the lowest that are free": lowest_free;
        "sv may be unaligned": unaligned;
    }
    report.test(Needs::Calls, "DGRAM: writing to a closed peer is ECONNREFUSED", || {
        write_to_closed(SocketType::DGRAM, Errno::ECONNREFUSED)
    });
    report.test(
        Needs::Calls,
        "SEQPACKET: writing to a closed peer is EPIPE, without a signal",
        || write_to_closed(SocketType::SEQPACKET, Errno::EPIPE),
    );
    report.test(Needs::Calls, "STREAM: writing to a closed peer raises SIGPIPE", || {
        same!(
            raw::in_child(|| write_to_closed(SocketType::STREAM, Errno::EPIPE).is_err().into()),
            SIGPIPE
        );
        Ok(())
    });
}

fn both_ways(ty: SocketType) -> Outcome {
    let pair = must!(Pair::new(ty, SocketFlags::CLOEXEC));
    for (from, to, text) in [(0, 1, b"ping"), (1, 0, b"pong")] {
        let mut buf = [0; 8];
        same!(pair.write(from, text), 4);
        same!(pair.read(to, &mut buf), 4);
        same!(buf.starts_with(text), true);
    }
    Ok(())
}

fn boundaries(ty: SocketType) -> Outcome {
    let pair = must!(Pair::new(ty, SocketFlags::NONBLOCK));
    let mut buf = [0; 4];
    same!(pair.write(0, b"ab"), 2);
    same!(pair.write(0, b"cdefgh"), 6);
    same!(pair.write(0, b"i"), 1);
    if ty == SocketType::STREAM {
        for (len, text) in [(4, &b"abcd"[..]), (4, b"efgh"), (1, b"i")] {
            same!(pair.read(1, &mut buf), len);
            same!(&buf[..text.len()] == text, true);
        }
    } else {
        for (len, text) in [(2, &b"ab"[..]), (4, b"cdef"), (1, b"i")] {
            same!(pair.read(1, &mut buf), len);
            same!(&buf[..text.len()] == text, true);
        }
    }
    same!(pair.read(1, &mut buf), Errno::EAGAIN);
    Ok(())
}

fn read_back(ty: SocketType, as_type: SocketType, protocol: i32) -> Outcome {
    let sv = must!(socketpair(Domain::UNIX, ty, SocketFlags::empty(), protocol));
    let pair = Pair(sv.map(Some));
    for end in 0..2 {
        same!(raw::getsockopt(pair.fd(end), net::SO_TYPE), as_type.bits());
        same!(raw::getsockopt(pair.fd(end), net::SO_DOMAIN), Domain::UNIX.bits());
        same!(raw::getsockopt(pair.fd(end), net::SO_PROTOCOL), 0);
    }
    Ok(())
}

fn flags_are_set(ty: SocketType, flags: SocketFlags) -> Outcome {
    let pair = must!(Pair::new(ty, flags));
    for end in 0..2 {
        same!(
            raw::fcntl(pair.fd(end), F_GETFD),
            if flags.contains(SocketFlags::CLOEXEC) {
                FD_CLOEXEC
            } else {
                0
            }
        );
        let status = raw::status_flags(pair.fd(end));
        same!(
            status,
            O_RDWR
                | if flags.contains(SocketFlags::NONBLOCK) {
                    O_NONBLOCK
                } else {
                    0
                }
        );
    }
    Ok(())
}

fn empty(ty: SocketType) -> Outcome {
    let pair = must!(Pair::new(ty, SocketFlags::NONBLOCK));
    for end in 0..2 {
        same!(pair.read(end, &mut [0; 4]), Errno::EAGAIN);
    }
    Ok(())
}

/// After what was written before comes end of stream, which DGRAM doesn't report.
fn closed_peer(ty: SocketType) -> Outcome {
    let mut pair = must!(Pair::new(ty, SocketFlags::NONBLOCK));
    let mut buf = [0; 4];
    same!(pair.write(0, b"last"), 4);
    same!(pair.close(0), 0);
    same!(pair.read(1, &mut buf), 4);
    for _ in 0..2 {
        if ty == SocketType::DGRAM {
            same!(pair.read(1, &mut buf), Errno::EAGAIN);
        } else {
            same!(pair.read(1, &mut buf), 0);
        }
    }
    Ok(())
}

fn closed(ty: SocketType) -> Outcome {
    let pair = must!(Pair::new(ty, SocketFlags::empty()));
    let [fd, other] = [pair.fd(0), pair.fd(1)];
    drop(pair);
    // SAFETY: this program has one thread, so nothing uses the numbers.
    unsafe {
        same!(close(fd), Errno::EBADF);
        same!(read(fd, &mut [0]), Errno::EBADF);
        same!(write(other, b"x"), Errno::EBADF);
        same!(close(-1), Errno::EBADF);
    }
    Ok(())
}

fn lowest_free() -> Outcome {
    let open = raw::open_descriptors();
    let pair = must!(Pair::new(SocketType::STREAM, SocketFlags::empty()));
    same!(pair.fd(0), open.trailing_ones());
    same!(raw::open_descriptors(), open | 1 << pair.fd(0) | 1 << pair.fd(1));
    Ok(())
}

fn unaligned() -> Outcome {
    let mut memory = [-1_i8 as u8; 16];
    for offset in 1..8 {
        let sv = memory[offset..].as_mut_ptr().cast::<[RawFd; 2]>();
        // SAFETY: eight bytes from here are within `memory`.
        let [a, b] = unsafe {
            must!(socketpair_into(
                Domain::UNIX,
                SocketType::STREAM,
                SocketFlags::empty(),
                0,
                sv
            ));
            sv.read_unaligned()
        };
        let pair = Pair([Some(a), Some(b)]);
        same!(pair.write(0, b"x"), 1);
        same!(pair.read(1, &mut [0]), 1);
    }
    Ok(())
}

fn write_to_closed(ty: SocketType, errno: Errno) -> Outcome {
    let mut pair = must!(Pair::new(ty, SocketFlags::empty()));
    same!(pair.close(1), 0);
    same!(pair.write(0, b"x"), errno);
    Ok(())
}
