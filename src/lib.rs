//! socketpair(2) on Linux, and what programs do with the two sockets, through raw system calls: without libc, without
//! allocation.
//!
//! - [`UnixStream`], [`UnixDatagram`] and [`UnixSeqpacket`] are one end of a pair, owned or borrowed. They are the three kinds of
//!   [`Socket`], which has their methods.
//! - [`SendControl`] and [`RecvControl`] hold what is sent and received beside the bytes: file descriptors, credentials, pidfds,
//!   security labels.
//! - [`poll`] waits for several file descriptors.
//! - [`process`] starts a program with one end of a pair, and waits for it.
//! - [`socketpair`], [`read`], [`write()`] and [`close`] are the system calls themselves, with raw file descriptors.
//!
//! ```
//! use linux_socketpair::{Errno, UnixStream};
//!
//! let (a, b) = UnixStream::pair()?;
//! a.send_all(b"hello").map_err(Errno::from)?;
//! let mut buf = [0; 5];
//! b.recv_exact(&mut buf).map_err(Errno::from)?;
//! assert_eq!(&buf, b"hello");
//! # Ok::<(), Errno>(())
//! ```
//!
//! # The feature `std`
//!
//! Without it, the file descriptors ([`OwnedFd`], [`BorrowedFd`], [`AsFd`] …), [`IoSlice`], [`IoSliceMut`] and [`Shutdown`] are types
//! of this crate that have the names and methods of the standard library's. With it they are the standard library's, so that
//! `&File` or `&std::net::TcpStream` can be passed where an [`AsFd`] is expected, streams implement `Read` and `Write`, and
//! every error converts into `std::io::Error`.

#![no_std]
#![warn(missing_docs, unsafe_op_in_unsafe_fn, clippy::undocumented_unsafe_blocks)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "std")]
extern crate std;

#[path = "../arch/mod.rs"]
mod arch;
mod buffers;
mod errno;
pub mod fd;
#[cfg(feature = "std")]
mod interop;
mod pair;
mod poll;
pub mod process;
mod socket;
mod syscalls;
mod types;
mod uapi;

pub use buffers::{IoSlice, IoSliceMut};
pub use errno::Errno;
pub use fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
pub use pair::socketpair;
pub use poll::{PollFd, poll};
pub use socket::control::{
    ControlMessage, ControlMessages, Credentials, Descriptors, RecvControl, Rights, SendControl, Truncated, space,
};
pub use socket::{FromFdError, Incomplete, Received, Shutdown, Socket, UnixDatagram, UnixSeqpacket, UnixStream, kind};
pub use syscalls::{close, read, socketpair_into, syscall, write};
pub use types::{Domain, MessageFlags, ParseError, PollFlags, SocketFlags, SocketType};

/// The README's examples, which are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
