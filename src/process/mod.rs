//! Processes: starting a program with one end of a pair, waiting for it, and signals.
//!
//! [`Command`] starts a program and returns a [`Child`]. [`Command::spawn_with_socket`] makes a pair for it:
//!
//! ```
//! use linux_socketpair::UnixStream;
//! use linux_socketpair::process::{ArgArray, Command};
//!
//! let args = ArgArray::new([c"cat"]);
//! let (socket, mut child): (UnixStream, _) = Command::new(c"/bin/cat", args.as_args()).spawn_with_socket(&[0, 1])?;
//! socket.send_all(b"hello")?;
//! let mut buf = [0; 5];
//! socket.recv_exact(&mut buf)?;
//! assert_eq!(&buf, b"hello");
//! drop(socket); // end of stream, at which cat exits
//! assert!(child.wait()?.success());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # How a program is started
//!
//! It is started as with vfork(2): the kernel makes a process that **shares the memory** of this one, and suspends the calling
//! thread until the child has executed the program, or has ended. No memory is copied, so the cost doesn't grow with the memory
//! of this process. The child runs on the same stack, below the frames of the functions that wait for it. Other threads
//! continue. Nothing is allocated, no lock is taken, and libc is not called, so this works in programs with threads and libc,
//! and in those without either.
//!
//! Meanwhile all signals are blocked in the calling thread, so that no handler of this process runs in the child. The mask is
//! restored before `spawn` returns. The child takes these steps in order; the first that fails is the error's [`Step`]:
//!
//! 1. Signals that have a handler, and those of [`default_signals`](Command::default_signals), are reset to their default
//!    disposition.
//! 2. [`new_session`](Command::new_session)
//! 3. [`fds`](Command::fds), and the end of the pair
//! 4. [`current_dir`](Command::current_dir)
//! 5. [`groups`](Command::groups), [`group`](Command::group), [`user`](Command::user): only for the child
//! 6. [`parent_death_signal`](Command::parent_death_signal)
//! 7. [`pre_exec`](Command::pre_exec)
//! 8. [`signal_mask`](Command::signal_mask)
//! 9. execve(2)
//!
//! After an error no child remains, not even a zombie; SIGCHLD is sent nevertheless. If a signal or a seccomp filter terminates
//! the child before it executes the program, `spawn` returns no error: the [`ExitStatus`] reports it. Before Linux 5.16, a signal
//! that dumps core terminates all processes that share the memory, so this one too.
//!
//! With [`user`](Command::user) or [`group`](Command::group) the child has a copy of the memory, as with fork(2), because the
//! kernel makes memory undumpable when a process that uses it changes its user or group: this process could then neither dump core
//! nor be traced any more. QEMU user mode and valgrind always copy the memory. Where it is copied, starting a program takes longer
//! the more memory there is, the parent doesn't see what a hook writes, and `spawn` also waits for processes that other threads
//! have forked meanwhile, until they execute a program or end.
//!
//! # What the program inherits
//!
//! - file descriptors that are not close-on-exec, and those of `fds`. What this crate and the standard library open is
//!   close-on-exec, so that no other thread's file descriptor is inherited by accident.
//! - user, groups, working directory, session, limits, and whatever else execve(2) preserves
//! - **no environment**, unless [`env`](Command::env) sets it: [`Args::from_ptr`] accepts this program's own
//! - **no blocked signals**, unless `signal_mask` sets them
//! - ignored signals, except SIGPIPE, unless `default_signals` sets others
//!
//! Standard input, output and error are inherited like other file descriptors. If one of them is closed in this process, it is
//! closed in the program, unless `fds` or the pair puts something there.
//!
//! # Waiting
//!
//! Dropping a [`Child`] neither ends it nor waits for it. A child that has ended remains a zombie until [`Child::wait`],
//! [`Child::try_wait`] or [`reap`] waits for it, or this process ends. [`poll`](crate::poll) can wait for the pidfd of a child
//! together with its socket.
//!
//! If SIGCHLD is ignored, children leave no zombie and no exit status: `wait` waits until the child has ended, and returns
//! `ECHILD`; `spawn` and its errors work as usual. If another thread waits for any child, it can receive the status of a child
//! that failed to start, which is exit code 127.
//!
//! PID 1 becomes the parent of every orphan: [`any_ended`] returns a child that has ended, orphans included. SIGCHLD, which
//! [`SignalFd`] receives, reports that there is one. Signals for which PID 1 has no handler are ignored.
//!
//! # Minimum Linux
//!
//! Linux 2.6.27 suffices. Since 5.2 children have pidfds, since 5.3 [`poll`](crate::poll) reports their end, and since 5.4 they
//! are waited for through them; [`exit_status`] needs 6.15.

mod child;
mod command;
mod signal;
mod strings;

pub use child::{Child, Ended, ExitStatus, any_ended, exit_status, reap};
pub use command::{Command, FdMapping, SpawnError, Step};
pub use signal::{ReceivedSignal, Signal, SignalFd, SignalSet};
pub use strings::{Arg, ArgArray, Args};
