#![no_std]
#![warn(missing_docs, unsafe_op_in_unsafe_fn, clippy::undocumented_unsafe_blocks)]
#![doc = include_str!("../README.md")]

#[path = "../arch/mod.rs"]
mod arch;
mod buffers;
mod control;
mod descriptor;
mod errno;
mod message;
mod options;
mod pair;
mod poll;
mod socket;
#[cfg(feature = "std")]
mod std;
mod syscalls;
mod types;
mod uapi;

pub use buffers::{IoSlice, IoSliceMut};
pub use control::{ControlMessage, ControlMessages, Credentials, RecvControl, Rights, SendControl, Truncated, space};
pub use descriptor::Descriptor;
pub use errno::Errno;
pub use pair::socketpair;
pub use poll::{PollFd, poll};
pub use socket::{Incomplete, Received, Shutdown, Socket};
pub use syscalls::{close, read, socketpair_into, write};
pub use types::{Domain, MessageFlags, ParseError, PollFlags, RawFd, SocketFlags, SocketType};
