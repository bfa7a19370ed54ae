//! The workloads: each is written once, for all peers.

use std::os::fd::{AsRawFd, RawFd};
use std::{arch::asm, array, fs::File, process};

use criterion::Bencher;

use crate::peers::{FullPeer, Libc, Peer};

/// What Criterion times, with everything that it needs.
pub type Timed = Box<dyn FnMut(&mut Bencher<'_>)>;

#[derive(Clone, Copy)]
pub enum Type {
    Stream = libc::SOCK_STREAM as isize,
    Dgram = libc::SOCK_DGRAM as isize,
    Seqpacket = libc::SOCK_SEQPACKET as isize,
}

#[derive(Clone, Copy)]
pub enum Workload {
    Pair,
    /// Written and read, there and back.
    Bytes(usize, Type),
    /// Sent and received, there and back.
    Received(usize, Type),
    PassOne,
    Pass253,
    SoType,
    SoPeercred,
    SoSndbuf,
    SoError,
}

/// 64 KiB fit into a socket's initial send buffer, so nothing waits here.
pub const WORKLOADS: [(&str, Workload); 16] = [
    ("pair made and closed", Workload::Pair),
    ("1 byte, STREAM", Workload::Bytes(1, Type::Stream)),
    ("1 byte, DGRAM", Workload::Bytes(1, Type::Dgram)),
    ("1 byte, SEQPACKET", Workload::Bytes(1, Type::Seqpacket)),
    ("64 KiB, STREAM", Workload::Bytes(0x1_0000, Type::Stream)),
    ("64 KiB, DGRAM", Workload::Bytes(0x1_0000, Type::Dgram)),
    ("64 KiB, SEQPACKET", Workload::Bytes(0x1_0000, Type::Seqpacket)),
    ("1 byte recv, STREAM", Workload::Received(1, Type::Stream)),
    ("1 byte recv, DGRAM", Workload::Received(1, Type::Dgram)),
    ("1 byte recv, SEQPACKET", Workload::Received(1, Type::Seqpacket)),
    ("1 descriptor", Workload::PassOne),
    ("253 descriptors", Workload::Pass253),
    ("SO_TYPE", Workload::SoType),
    ("SO_PEERCRED", Workload::SoPeercred),
    ("SO_SNDBUF", Workload::SoSndbuf),
    ("SO_ERROR", Workload::SoError),
];

impl Workload {
    /// The workload with a peer that has no control messages and few options, or `None` if it needs more.
    ///
    /// With `MOVED` the same code is at another address, aligned differently.
    pub fn by<P: Peer, const MOVED: bool>(self) -> Option<Timed> {
        match self {
            Self::Pair => Some(Box::new(pair::<P, MOVED>)),
            Self::Bytes(len, ty) => Some(Box::new(move |b| {
                there_and_back::<P, MOVED>(b, len, ty, P::write, P::read);
            })),
            Self::SoError => Some(Box::new(|b| ask::<P, MOVED>(b, P::so_error, 0))),
            _ => None,
        }
    }

    pub fn by_full<P: FullPeer, const MOVED: bool>(self) -> Option<Timed> {
        match self {
            Self::Received(len, ty) => Some(Box::new(move |b| {
                there_and_back::<P, MOVED>(b, len, ty, P::send, P::recv);
            })),
            Self::PassOne => Some(Box::new(pass::<P, MOVED, 1>)),
            Self::Pass253 => Some(Box::new(pass::<P, MOVED, 253>)),
            Self::SoType => Some(Box::new(|b| ask::<P, MOVED>(b, P::so_type, libc::SOCK_STREAM))),
            Self::SoPeercred => Some(Box::new(|b| ask::<P, MOVED>(b, P::so_peercred, process::id() as i32))),
            Self::SoSndbuf => Some(Box::new(|b| ask::<P, MOVED>(b, P::so_sndbuf, send_buffer()))),
            _ => self.by::<P, MOVED>(),
        }
    }
}

/// Moves the following code by a byte, so that the compiler doesn't merge the two copies of a workload.
#[inline(always)]
fn place<const MOVED: bool>() {
    if MOVED {
        // SAFETY: the instruction does nothing.
        unsafe { asm!("nop", options(nomem, nostack, preserves_flags)) };
    }
}

fn pair<P: Peer, const MOVED: bool>(b: &mut Bencher<'_>) {
    b.iter(|| {
        place::<MOVED>();
        drop(P::pair(Type::Stream).unwrap());
    });
}

fn there_and_back<P: Peer, const MOVED: bool>(
    b: &mut Bencher<'_>,
    len: usize,
    ty: Type,
    send: impl Fn(&P::End, &[u8]) -> Result<usize, P::Error>,
    recv: impl Fn(&P::End, &mut [u8]) -> Result<usize, P::Error>,
) {
    let [here, there] = P::pair(ty).unwrap();
    let sent: Vec<u8> = (0..len).map(|at| at as u8 ^ 0x55).collect();
    let mut received = vec![0; len];
    // A stream may accept or return only a part.
    let mut carry = |from, to| {
        let (mut unsent, mut missing) = (&*sent, &mut *received);
        while !unsent.is_empty() {
            unsent = &unsent[send(from, unsent).unwrap()..];
        }
        while !missing.is_empty() {
            let len = recv(to, missing).unwrap();
            assert_ne!(len, 0);
            missing = &mut missing[len..];
        }
    };
    b.iter(|| {
        place::<MOVED>();
        carry(&here, &there);
        carry(&there, &here);
    });
    assert_eq!(sent, received);
}

/// The file that is passed. For a socket the kernel would search for cycles.
pub struct Opened {
    file: File,
    fd: RawFd,
}

impl Opened {
    /// The raw file descriptor, open for as long as it is borrowed.
    pub fn fd(&self) -> &RawFd {
        &self.fd
    }

    pub fn file(&self) -> &File {
        &self.file
    }
}

fn pass<P: FullPeer, const MOVED: bool, const N: usize>(b: &mut Bencher<'_>) {
    let [here, there] = P::pair(Type::Stream).unwrap();
    let file = File::open("/dev/null").unwrap();
    let fd = file.as_raw_fd();
    let opened = Opened { file, fd };
    let borrowed: [P::Borrowed<'_>; N] = array::from_fn(|_| P::borrow(&opened));
    b.iter(|| {
        place::<MOVED>();
        assert_eq!(P::pass(&here, &borrowed).unwrap(), 1);
        assert_eq!(P::take::<N>(&there).unwrap(), N);
    });
}

fn ask<P: Peer, const MOVED: bool>(
    b: &mut Bencher<'_>,
    option: impl Fn(&P::End) -> Result<i32, P::Error>,
    expected: i32,
) {
    let [end, _other] = P::pair(Type::Stream).unwrap();
    b.iter(|| {
        place::<MOVED>();
        assert_eq!(option(&end).unwrap(), expected);
    });
}

/// The size that every new socket has.
fn send_buffer() -> i32 {
    let [end, _other] = Libc::pair(Type::Stream).unwrap();
    Libc::so_sndbuf(&end).unwrap()
}
