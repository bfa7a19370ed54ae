#![no_std]
#![warn(missing_docs, unsafe_op_in_unsafe_fn, clippy::undocumented_unsafe_blocks)]
#![doc = include_str!("../README.md")]

#[path = "../arch/mod.rs"]
mod arch;
mod errno;
mod pair;
#[cfg(feature = "std")]
mod std;
mod syscalls;
mod types;
mod uapi;

pub use errno::Errno;
pub use pair::socketpair;
pub use syscalls::{close, read, socketpair_into, write};
pub use types::{Domain, ParseError, RawFd, SocketFlags, SocketType};
