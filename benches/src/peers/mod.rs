//! The peers: one file each, with the code of a user of that crate, who checks every error.

mod bare_instruction;
mod libc;
mod message;
mod nix;
mod ours;
mod raw_system_calls;
mod rustix;
mod std;
mod syscalls;

use ::std::fmt::Debug;
use ::std::os::unix::net::{UnixDatagram, UnixStream};

pub use self::libc::Libc;
use self::{bare_instruction::Kernel, nix::Nix, rustix::Rustix, syscalls::Syscalls};
use crate::workloads::{Opened, Timed, Type, Workload};
use linux_socketpair::{UnixDatagram as OurDatagram, UnixSeqpacket as OurSeqpacket, UnixStream as OurStream};

/// What every peer can do.
pub trait Peer: 'static {
    /// One end of a pair, closed on drop.
    type End;
    type Error: Debug;

    /// Close-on-exec.
    fn pair(ty: Type) -> Result<[Self::End; 2], Self::Error>;
    fn write(end: &Self::End, bytes: &[u8]) -> Result<usize, Self::Error>;
    fn read(end: &Self::End, bytes: &mut [u8]) -> Result<usize, Self::Error>;
    /// 0 if no error is pending.
    fn so_error(end: &Self::End) -> Result<i32, Self::Error>;
}

pub trait FullPeer: Peer {
    /// A file descriptor, as the sender accepts it.
    type Borrowed<'a>;

    /// Without SIGPIPE.
    fn send(end: &Self::End, bytes: &[u8]) -> Result<usize, Self::Error>;
    fn recv(end: &Self::End, bytes: &mut [u8]) -> Result<usize, Self::Error>;
    fn borrow(opened: &Opened) -> Self::Borrowed<'_>;
    /// Sends the descriptors with one byte, and returns how many bytes were sent.
    fn pass<const N: usize>(end: &Self::End, descriptors: &[Self::Borrowed<'_>; N]) -> Result<usize, Self::Error>;
    /// Receives up to `N` descriptors, close-on-exec, closes each, and returns how many there were.
    fn take<const N: usize>(end: &Self::End) -> Result<usize, Self::Error>;
    fn so_type(end: &Self::End) -> Result<i32, Self::Error>;
    /// Only the process ID.
    fn so_peercred(end: &Self::End) -> Result<i32, Self::Error>;
    fn so_sndbuf(end: &Self::End) -> Result<i32, Self::Error>;
}

/// What is timed: a name, and how to run a workload, or nothing if the peer can't.
pub type Entry = (&'static str, fn(Workload) -> Option<Timed>);

pub const OURS: &str = "ours";
/// Ours again, as far from the first in time as possible: the difference between the two is noise.
pub const AGAIN: &str = "ours again";
pub const KERNEL: &str = "kernel";

pub const PEERS: [Entry; 8] = [
    (OURS, by_ours::<false>),
    (KERNEL, Workload::by_full::<Kernel, false>),
    ("libc", Workload::by_full::<Libc, false>),
    ("std", by_std),
    (AGAIN, by_ours::<true>),
    ("nix", Workload::by_full::<Nix, false>),
    ("rustix", Workload::by_full::<Rustix, false>),
    ("syscalls", Workload::by_full::<Syscalls, false>),
];

fn by_ours<const MOVED: bool>(workload: Workload) -> Option<Timed> {
    match workload {
        Workload::Bytes(_, Type::Dgram) | Workload::Received(_, Type::Dgram) => {
            workload.by_full::<OurDatagram, MOVED>()
        }
        Workload::Bytes(_, Type::Seqpacket) | Workload::Received(_, Type::Seqpacket) => {
            workload.by_full::<OurSeqpacket, MOVED>()
        }
        _ => workload.by_full::<OurStream, MOVED>(),
    }
}

fn by_std(workload: Workload) -> Option<Timed> {
    match workload {
        Workload::Bytes(_, Type::Dgram) => workload.by::<UnixDatagram, false>(),
        Workload::Bytes(_, Type::Seqpacket) => None,
        _ => workload.by::<UnixStream, false>(),
    }
}
