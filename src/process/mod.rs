//! Processes: starting a program with one end of a pair, waiting for it, signals.

mod child;
mod command;
mod signal;
mod strings;

pub use child::{Child, Ended, ExitStatus, any_ended, exit_status, reap};
pub use command::{Command, FdMapping, SpawnError, Step};
pub use signal::{ReceivedSignal, Signal, SignalFd, SignalSet};
pub use strings::{Arg, ArgArray, Args};
