//! socketpair(2) on Linux, and what programs do with the two sockets, through raw system calls: without libc, without
//! allocation.
//!
//! ```
//! use linux_socketpair::{Errno, UnixStream};
//!
//! let (a, b) = UnixStream::pair()?;
//! a.send_all(b"hello")?;
//! let mut buf = [0; 5];
//! b.recv_exact(&mut buf)?;
//! assert_eq!(&buf, b"hello");
//! # Ok::<(), Errno>(())
//! ```
//!
//! - [`UnixStream`], [`UnixDatagram`] and [`UnixSeqpacket`] each represent one end of a pair, owned or borrowed. They are the
//!   three kinds of [`Socket`], which has their methods.
//! - [`SendControl`] and [`RecvControl`] hold what is sent and received in addition to the bytes: file descriptors,
//!   credentials, pidfds, security labels, timestamps.
//! - [`SendMessage`] and [`RecvMessage`] are for system calls that send or receive many messages.
//! - [`poll`] waits for several file descriptors.
//! - [`process`] starts a program with one end of a pair, and waits for it.
//! - [`explain`](mod@explain) reports why a pair could not be made.
//! - [`socketpair`], [`read`], [`write()`], [`close`] and [`syscall`] are the system calls themselves, with raw file descriptors.
//!
//! # The feature `std`
//!
//! Without it, the types and traits of file descriptors ([`OwnedFd`], [`BorrowedFd`], [`AsFd`] …), [`IoSlice`], [`IoSliceMut`]
//! and [`Shutdown`] are this crate's own, with the names and methods of the standard library's. With it they are the standard
//! library's, so that `&File` or `&std::net::TcpStream` can be passed where an [`AsFd`] is expected; streams implement `Read`
//! and `Write`, and every error converts into `std::io::Error`.
//!
//! # Minimum Linux
//!
//! 2.6.27; on aarch64 3.7, on riscv64 4.15, on riscv32 5.1, on loongarch64 5.19. These need more:
//!
//! | what | since Linux | before |
//! |---|---|---|
//! | `TryFrom<OwnedFd>`, [`borrow_fd`](Socket::borrow_fd), [`domain`](Socket::domain), [`protocol`](Socket::protocol) | 2.6.32 | `ENOPROTOOPT` |
//! | [`poll`] on arm | 2.6.32 | `ENOSYS` |
//! | [`recv_messages`](Socket::recv_messages); [`send_messages`](Socket::send_messages) | 2.6.33; 3.0 | `ENOSYS` |
//! | [`set_pass_timestamps`](Socket::set_pass_timestamps) | 2.6.37 | no timestamps are received |
//! | [`recv`](Socket::recv) reports a truncated message; [`next_message_len`](Socket::next_message_len); [`peek_offset`](Socket::peek_offset) | 3.4 | [`recv_vectored`](Socket::recv_vectored) and [`recv_message`](Socket::recv_message) report it |
//! | direct socket calls on i386 and s390x; on big-endian powerpc | 4.3; 2.6.37 | ENOSYS, then `socketcall`: a strict filter must allow both |
//! | AF_TIPC pairs, with the module `tipc` | 4.12 | `EAFNOSUPPORT`, `EOPNOTSUPP` |
//! | [`peer_groups`](Socket::peer_groups) | 4.13 | `ENOPROTOOPT` |
//! | 64-bit timeouts on 32-bit machines | 5.1 | 32 bits; longer ones of sockets are indefinite, those of [`poll`] 68 years |
//! | a child's [`pidfd`](process::Child::pidfd); waiting for it with [`poll`] | 5.2; 5.3 | `None`; it is always ready |
//! | the order in which [`socketpair`] checks its arguments; `sv` written on failure | 5.10 | on 4.8, EAFNOSUPPORT first, `sv` unchanged |
//! | out-of-band data; `ENFILE` for too many AF_UNIX sockets | 5.15 | `EOPNOTSUPP`; `ENOMEM` |
//! | the vDSO's entry on i386 | 6.4 | `int 0x80` |
//! | [`peer_pidfd`](Socket::peer_pidfd), [`set_pass_pidfd`](Socket::set_pass_pidfd) | 6.5 | `ENOPROTOOPT` |
//! | [`process::exit_status`] | 6.15 | `ENOTTY`, `EINVAL`, `ESRCH` |
//! | `peer_pidfd` of a process that has been reaped; [`set_pass_rights`](Socket::set_pass_rights) | 6.16 | `EINVAL`; `ENOPROTOOPT` |
//! | the pidfd of a sender that has been reaped | 6.17 | on 6.12, `EINVAL` in its place |
//! | [`set_pass_bytes_to_recv`](Socket::set_pass_bytes_to_recv) | 6.17 | `ENOPROTOOPT` |
//! | [`set_rights_notrunc`](Socket::set_rights_notrunc) | 7.3 | `ENOPROTOOPT` |
//!
//! # Costs
//!
//! A system call is inlined to its instruction, except clone(2) and, on i386, calls with more than four arguments.
//! Instructions in user space, with Rust 1.95:
//!
//! | | x86_64 | i386 | aarch64 | riscv64 |
//! |---|--:|--:|--:|--:|
//! | a pair made and closed | 23 | 48 | 35 | 28 |
//! | the same through libc | 41 | 100 | 62 | 59 |
//! | the same through rustix | 34 | 73 | 56 | 54 |
//! | [`send`](Socket::send) | 12 | 35 | 23 | 12 |
//! | [`recv`](Socket::recv) of a message | 14 | 39 | 25 | 13 |
//! | [`recv_message`](Socket::recv_message) with a file descriptor | 106 | 124 | 109 | 108 |
//!
//! Most of the time is spent in the kernel: making and closing a pair takes about 4 µs on x86_64, with this crate as with libc.

#![no_std]
#![warn(missing_docs, unsafe_op_in_unsafe_fn, clippy::undocumented_unsafe_blocks)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "std")]
extern crate std;

#[path = "../arch/mod.rs"]
mod arch;
mod buffers;
mod errno;
pub mod explain;
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
pub use socket::many_messages::{RecvMessage, SendMessage};
pub use socket::{FromFdError, Incomplete, Received, Shutdown, Socket, UnixDatagram, UnixSeqpacket, UnixStream, kind};
pub use syscalls::{close, read, socketpair_into, syscall, write};
pub use types::{Domain, MessageFlags, ParseError, PollFlags, SocketFlags, SocketType};

/// The README's examples, which are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
