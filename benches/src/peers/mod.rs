//! The peers: one file each, of one shape. Each does what a user of that crate would, and looks at every error.

mod kernel;
mod libc;
mod message;
mod nix;
mod ours;
mod rustix;
mod std;
mod syscalls;

use ::std::fmt::Debug;
use ::std::os::unix::net::{UnixDatagram, UnixStream};

pub use self::libc::Libc;
use self::{kernel::Kernel, nix::Nix, ours::Ours, rustix::Rustix, syscalls::Syscalls};
use crate::works::{Opened, Timed, Type, Work};

/// What every peer can do.
pub trait Peer: 'static {
    /// One end of a pair, closed when it is dropped.
    type End;
    type Error: Debug;

    /// Closed on exec.
    fn pair(ty: Type) -> Result<[Self::End; 2], Self::Error>;
    fn write(end: &Self::End, bytes: &[u8]) -> Result<usize, Self::Error>;
    fn read(end: &Self::End, bytes: &mut [u8]) -> Result<usize, Self::Error>;
    /// 0 if no error is pending.
    fn so_error(end: &Self::End) -> Result<i32, Self::Error>;
}

pub trait FullPeer: Peer {
    /// A descriptor, as it is handed to the sender.
    type Lent<'a>;

    /// Without SIGPIPE.
    fn send(end: &Self::End, bytes: &[u8]) -> Result<usize, Self::Error>;
    /// By recv(2), where the peer has it.
    fn recv(end: &Self::End, bytes: &mut [u8]) -> Result<usize, Self::Error>;
    /// 0 if the message was cut.
    fn recv_whole(end: &Self::End, bytes: &mut [u8]) -> Result<usize, Self::Error>;
    fn lend(opened: &Opened) -> Self::Lent<'_>;
    /// Sends the descriptors beside one byte, and returns how many bytes were sent.
    fn pass<const N: usize>(end: &Self::End, descriptors: &[Self::Lent<'_>; N]) -> Result<usize, Self::Error>;
    /// Receives up to `N` descriptors, closed on exec, closes each, and returns how many there were.
    fn take<const N: usize>(end: &Self::End) -> Result<usize, Self::Error>;
    fn so_type(end: &Self::End) -> Result<i32, Self::Error>;
    /// The process alone.
    fn so_peercred(end: &Self::End) -> Result<i32, Self::Error>;
    fn so_sndbuf(end: &Self::End) -> Result<i32, Self::Error>;
}

/// Who is timed: a name, and how to do a work, or nothing where that can't be done.
pub type Entry = (&'static str, fn(Work) -> Option<Timed>);

pub const OURS: &str = "ours";
/// Ours once more, as far from the first in time as can be: what differs between the two is noise.
pub const AGAIN: &str = "ours again";
pub const KERNEL: &str = "kernel";

pub const PEERS: [Entry; 8] = [
    (OURS, Work::by_full::<Ours, false>),
    (KERNEL, Work::by_full::<Kernel, false>),
    ("libc", Work::by_full::<Libc, false>),
    ("std", by_std),
    (AGAIN, Work::by_full::<Ours, true>),
    ("nix", Work::by_full::<Nix, false>),
    ("rustix", Work::by_full::<Rustix, false>),
    ("syscalls", Work::by_full::<Syscalls, false>),
];

fn by_std(work: Work) -> Option<Timed> {
    match work {
        Work::Bytes(_, Type::Dgram) => work.by::<UnixDatagram, false>(),
        Work::Bytes(_, Type::Seqpacket) => None,
        _ => work.by::<UnixStream, false>(),
    }
}
