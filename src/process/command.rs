//! Starting a program.

use core::ffi::{CStr, c_void};
use core::{cell::Cell, convert::Infallible, error, fmt, mem::MaybeUninit, ptr};
use linux_raw_sys::general::{CLONE_PIDFD, CLONE_VFORK, CLONE_VM, F_DUPFD_CLOEXEC, F_SETFD, SIG_SETMASK, SIGCHLD};
use linux_raw_sys::net::MSG_NOSIGNAL;

use crate::arch::vfork;
use crate::errno::{Errno, decode};
use crate::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use crate::process::child::Child;
use crate::process::signal::{Signal, SignalSet};
use crate::process::strings::Args;
use crate::socket::kind::Kind;
use crate::socket::{Socket, UnixSeqpacket};
use crate::syscalls;
use crate::uapi::{SIG_DFL, SIG_IGN};

/// A file descriptor of this process, and the number that it has in the child.
#[derive(Clone, Debug)]
pub struct FdMapping<'fd> {
    from: BorrowedFd<'fd>,
    to: RawFd,
    /// The number to which the child has moved it for now.
    now: Cell<RawFd>,
}

impl<'fd> FdMapping<'fd> {
    /// Maps `from` to the number `to`, where it is not close-on-exec. What `to` was before is closed, in the child.
    #[inline]
    #[must_use]
    pub fn new(from: &'fd impl AsFd, to: RawFd) -> Self {
        Self::from_borrowed_fd(from.as_fd(), to)
    }

    /// Maps a file descriptor that is borrowed already.
    #[inline]
    #[must_use]
    pub fn from_borrowed_fd(from: BorrowedFd<'fd>, to: RawFd) -> Self {
        let now = Cell::new(from.as_raw_fd());
        Self { from, to, now }
    }
}

/// The child's end of a pair, and its numbers there.
struct SocketMapping<'a> {
    from: RawFd,
    to: &'a [RawFd],
}

/// What [`Command::pre_exec`] sets.
type Hook<'a> = dyn FnMut() -> Result<(), Errno> + 'a;

/// A program to start, and what the child does before it executes it.
///
/// The [module](super) describes how a child is started and what it inherits.
///
/// ```
/// use linux_socketpair::process::{ArgArray, Command, ExitStatus, SpawnError};
///
/// let args = ArgArray::new([c"sh", c"-c", c"exit 3"]);
/// let mut child = Command::new(c"/bin/sh", args.as_args()).spawn()?;
/// assert_eq!(child.wait().expect("a child"), ExitStatus::Exited(3));
/// # Ok::<(), SpawnError>(())
/// ```
pub struct Command<'a> {
    program: &'a CStr,
    args: Args<'a>,
    env: Args<'a>,
    fds: &'a [FdMapping<'a>],
    directory: Option<&'a CStr>,
    session: bool,
    groups: Option<&'a [u32]>,
    group: Option<u32>,
    user: Option<u32>,
    parent_death: Option<Signal>,
    default_signals: SignalSet,
    signal_mask: SignalSet,
    hook: Option<&'a mut Hook<'a>>,
}

impl<'a> Command<'a> {
    /// A command that starts the program at the path `program` with `args`, the first of which is by convention its name.
    ///
    /// `PATH` is not searched; a relative path is resolved in the child's working directory. The environment is empty unless
    /// [`env`](Self::env) sets one.
    #[inline]
    #[must_use]
    pub const fn new(program: &'a CStr, args: Args<'a>) -> Self {
        Self {
            program,
            args,
            env: Args::EMPTY,
            fds: &[],
            directory: None,
            session: false,
            groups: None,
            group: None,
            user: None,
            parent_death: None,
            default_signals: SignalSet::EMPTY.with(Signal::PIPE),
            signal_mask: SignalSet::EMPTY,
            hook: None,
        }
    }

    /// Sets the environment: strings of the form `NAME=value`.
    ///
    /// ```
    /// use linux_socketpair::process::{ArgArray, Command};
    ///
    /// let args = ArgArray::new([c"sh", c"-c", c"test \"$NAME\" = value && test \"$PWD\" = /"]);
    /// let env = ArgArray::new([c"NAME=value"]);
    /// let mut command = Command::new(c"/bin/sh", args.as_args());
    /// let mut child = command.env(env.as_args()).current_dir(c"/").spawn()?;
    /// assert!(child.wait()?.success());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub const fn env(&mut self, env: Args<'a>) -> &mut Self {
        self.env = env;
        self
    }

    /// Sets which file descriptors the child has at which numbers: as many as needed, in any order, even at numbers that are in
    /// use in this process.
    ///
    /// Every other file descriptor of this process keeps its number if it is not close-on-exec, and is closed otherwise.
    ///
    /// ```
    /// use linux_socketpair::UnixStream;
    /// use linux_socketpair::process::{ArgArray, Command, FdMapping};
    ///
    /// let (a, b) = UnixStream::pair()?;
    /// let (input, output) = UnixStream::pair()?;
    /// let maps = [FdMapping::new(&b, 0), FdMapping::new(&output, 1)];
    /// let args = ArgArray::new([c"cat"]);
    /// let mut child = Command::new(c"/bin/cat", args.as_args()).fds(&maps).spawn()?;
    /// drop((b, output));
    ///
    /// a.send_all(b"in through one pair, out through the other")?;
    /// drop(a);
    /// let mut text = [0; 42];
    /// input.recv_exact(&mut text)?;
    /// assert_eq!(&text, b"in through one pair, out through the other");
    /// assert!(child.wait()?.success());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub const fn fds(&mut self, fds: &'a [FdMapping<'a>]) -> &mut Self {
        self.fds = fds;
        self
    }

    /// Sets the working directory.
    ///
    /// The example of [`env`](Self::env) shows it.
    ///
    /// Manual page: [chdir(2)](https://man7.org/linux/man-pages/man2/chdir.2.html).
    #[doc(alias = "chdir")]
    #[inline]
    pub const fn current_dir(&mut self, directory: &'a CStr) -> &mut Self {
        self.directory = Some(directory);
        self
    }

    /// Makes the child the leader of a new session, without a controlling terminal.
    ///
    /// Manual page: [setsid(2)](https://man7.org/linux/man-pages/man2/setsid.2.html).
    #[doc(alias = "setsid")]
    #[inline]
    pub const fn new_session(&mut self) -> &mut Self {
        self.session = true;
        self
    }

    /// Sets the real, effective and saved user ID, which must not be `u32::MAX`.
    ///
    /// If this process runs as root and [`groups`](Self::groups) are not set, the child has no supplementary groups.
    /// The child has a [copy of the memory](super#how-a-program-is-started).
    ///
    /// Manual page: [setresuid(2)](https://man7.org/linux/man-pages/man2/setresuid.2.html).
    #[doc(alias("setuid", "setresuid"))]
    #[inline]
    pub const fn user(&mut self, user: u32) -> &mut Self {
        self.user = Some(user);
        self
    }

    /// Sets the real, effective and saved group ID, which must not be `u32::MAX`. The child has a
    /// [copy of the memory](super#how-a-program-is-started).
    ///
    /// Manual page: [setresgid(2)](https://man7.org/linux/man-pages/man2/setresgid.2.html).
    #[doc(alias("setgid", "setresgid"))]
    #[inline]
    pub const fn group(&mut self, group: u32) -> &mut Self {
        self.group = Some(group);
        self
    }

    /// Sets the supplementary group IDs, at most 65536.
    ///
    /// Manual page: [setgroups(2)](https://man7.org/linux/man-pages/man2/setgroups.2.html).
    #[doc(alias = "setgroups")]
    #[inline]
    pub const fn groups(&mut self, groups: &'a [u32]) -> &mut Self {
        self.groups = Some(groups);
        self
    }

    /// Sets the signals that are blocked in the child: by default none, even if this thread blocks some, as it does to receive
    /// them with a [`SignalFd`](super::SignalFd). With `std::process::Command` a child inherits the mask.
    #[doc(alias = "sigprocmask")]
    #[inline]
    pub const fn signal_mask(&mut self, signals: SignalSet) -> &mut Self {
        self.signal_mask = signals;
        self
    }

    /// Sets the signals that have their default disposition in the child even if this process ignores them: by default SIGPIPE,
    /// which Rust's runtime ignores.
    ///
    /// Signals for which this process has a handler have their default disposition in the child in any case.
    #[doc(alias = "sigaction")]
    #[inline]
    pub const fn default_signals(&mut self, signals: SignalSet) -> &mut Self {
        self.default_signals = signals;
        self
    }

    /// Sets the signal that the child receives when its parent ends.
    ///
    /// The parent is the **thread** that calls [`spawn`](Self::spawn), not the process. If it ends before this is set, the child
    /// exits instead. The kernel clears the setting when the child executes a set-user-ID or set-group-ID program, or one with
    /// capabilities.
    ///
    /// A child in another PID namespace can't detect that the parent had already ended.
    ///
    /// Manual page: [PR_SET_PDEATHSIG(2const)](https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html).
    #[doc(alias("prctl", "PR_SET_PDEATHSIG"))]
    #[inline]
    pub const fn parent_death_signal(&mut self, signal: Signal) -> &mut Self {
        self.parent_death = Some(signal);
        self
    }

    /// Sets a function that the child calls last, before it sets its signal mask and executes the program. If it returns an
    /// error, the child exits, and [`spawn`](Self::spawn) returns the error with [`Step::Hook`].
    ///
    /// # Safety
    ///
    /// The child runs in this process's memory, on the stack of the thread that called [`spawn`](Self::spawn), which waits
    /// meanwhile; other threads continue. The hook may do only what a signal handler may, and:
    ///
    /// - the parent sees what it writes, unless the child has a copy of the memory ([why](super#how-a-program-is-started))
    /// - a hook that itself changes user or group makes the parent undumpable
    /// - it must not panic, unwind, return twice, allocate, or wait for a lock
    /// - it must not drop what the parent still owns: file descriptors that it closes are closed only in the child
    #[inline]
    pub const unsafe fn pre_exec(&mut self, hook: &'a mut (dyn FnMut() -> Result<(), Errno> + 'a)) -> &mut Self {
        self.hook = Some(hook);
        self
    }

    /// Starts the program.
    ///
    /// It returns when the child has executed the program, or when a step has failed; then no child remains, not even a zombie.
    /// It can be called again, for another child.
    ///
    /// # Errors
    ///
    /// [`SpawnError::step`] is the step that failed, and [`SpawnError::errno`] is why. [`Step`] lists the errors of each.
    ///
    /// Manual pages: [vfork(2)](https://man7.org/linux/man-pages/man2/vfork.2.html),
    /// [execve(2)](https://man7.org/linux/man-pages/man2/execve.2.html).
    #[doc(alias("clone", "vfork", "fork", "execve", "posix_spawn"))]
    #[inline]
    pub fn spawn(&mut self) -> Result<Child, SpawnError> {
        self.start(&SocketMapping { from: -1, to: &[] })
    }

    /// Makes a pair, starts the program with one end at each of the numbers `at`, and returns the other end and the child.
    ///
    /// Both ends are close-on-exec in this process, which has closed the child's end when this returns. There must be a number in
    /// `at`; the numbers must differ from each other and from those of [`fds`](Self::fds). The kind of socket is inferred, or stated
    /// as in `spawn_with_socket::<kind::Stream>`.
    ///
    /// # Errors
    ///
    /// Those of [`spawn`](Self::spawn), and with [`Step::Socket`] those of [`Socket::pair`].
    ///
    /// ```
    /// use linux_socketpair::UnixStream;
    /// use linux_socketpair::process::{ArgArray, Command};
    ///
    /// let args = ArgArray::new([c"cat"]);
    /// let mut cat = Command::new(c"/bin/cat", args.as_args());
    /// let (socket, mut child): (UnixStream, _) = cat.spawn_with_socket(&[0, 1])?;
    /// socket.send_all(b"hello")?;
    /// let mut buf = [0; 5];
    /// socket.recv_exact(&mut buf)?;
    /// assert_eq!(&buf, b"hello");
    /// drop(socket);
    /// assert!(child.wait()?.success());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias("socketpair", "posix_spawn"))]
    #[inline]
    pub fn spawn_with_socket<T: Kind>(&mut self, at: &[RawFd]) -> Result<(Socket<T>, Child), SpawnError> {
        let (ours, theirs) = step(Step::Socket, Socket::pair())?;
        let from = theirs.as_raw_fd();
        let child = self.start(&SocketMapping { from, to: at })?;
        Ok((ours, child))
    }

    fn start(&mut self, socket: &SocketMapping<'_>) -> Result<Child, SpawnError> {
        self.check(socket)?;
        let parent = if self.parent_death.is_some() {
            syscalls::getpid()
        } else {
            0
        };
        let _blocked = step(Step::Signals, BlockedSignals::new())?;
        // For a child whose memory is a copy.
        let (ours, theirs) = step(Step::Report, UnixSeqpacket::pair())?;
        let mut start = Start {
            command: ptr::from_mut(self).cast(),
            socket: ptr::from_ref(socket).cast(),
            report: theirs.as_raw_fd(),
            parent,
            runs: false,
            failed: None,
        };
        let data = &raw mut start;
        // A process that changes its user or group makes its memory undumpable, and it would remain so for this one.
        let flags = match (self.user, self.group) {
            (None, None) => CLONE_VM | CLONE_VFORK | SIGCHLD,
            _ => SIGCHLD,
        };
        let mut pidfd = MaybeUninit::<RawFd>::uninit();
        let pidfd = pidfd.as_mut_ptr();
        let clone = |flags: u32| {
            // SAFETY: the child runs `run` with `start`, while this thread waits; neither it nor `self` is used meanwhile. Or the
            // child has a copy of them.
            unsafe {
                // An attempt that fails can write it too.
                pidfd.write_volatile(-1);
                decode(vfork(flags as usize, pidfd, run, data.cast()))
            }
        };
        let pid = match clone(flags | CLONE_PIDFD) {
            // An emulator without pidfds.
            Err(Errno::EINVAL) => clone(flags),
            pid => pid,
        };
        let pid = step(Step::Clone, pid)? as i32;
        // SAFETY: the variable lives. Volatile, because the kernel wrote it, if it knows the flag.
        let pidfd = match unsafe { pidfd.read_volatile() } {
            // SAFETY: the kernel has just made the file descriptor. It can't be 0, which the report has if nothing else has it:
            // QEMU user mode writes that where it can't make one.
            fd @ 1.. => Some(unsafe { OwnedFd::from_raw_fd(fd) }),
            _ => None,
        };
        drop(theirs);
        let mut child = Child::new(pid, pidfd);
        // SAFETY: the child has ended or left this memory. Volatile, because it has written there.
        let failed = match unsafe { (&raw const (*data).runs).read_volatile() } {
            // SAFETY: as above.
            true => unsafe { (&raw const (*data).failed).read_volatile() },
            false => receive(&ours, &child),
        };
        match failed {
            None => Ok(child),
            Some(error) => {
                // It fails where SIGCHLD is ignored, and where the program waits for any child elsewhere.
                while child.wait() == Err(Errno::EINTR) {}
                Err(error)
            }
        }
    }

    /// Rejects what would fail in every child.
    fn check(&self, socket: &SocketMapping<'_>) -> Result<(), SpawnError> {
        let fds = self.fds;
        let free = |to: RawFd, later: &[FdMapping<'_>]| to >= 0 && !later.iter().any(|fd| fd.to == to);
        let has_number = socket.from < 0 || !socket.to.is_empty();
        let distinct = fds
            .iter()
            .enumerate()
            .all(|(i, fd)| free(fd.to, fds.get(i + 1..).unwrap_or_default()))
            && socket.to.iter().enumerate().all(|(i, to)| {
                let later = socket.to.get(i + 1..).unwrap_or_default();
                free(*to, fds) && !later.contains(to)
            });
        let invalid = if !has_number || !distinct {
            Step::Descriptors
        } else if self.group == Some(u32::MAX) {
            Step::Group
        } else if self.user == Some(u32::MAX) {
            Step::User
        } else {
            return Ok(());
        };
        step(invalid, Err(Errno::EINVAL))
    }

    /// In the child: everything up to the program.
    ///
    /// # Safety
    ///
    /// This is the child.
    unsafe fn execute(
        &mut self,
        socket: &SocketMapping<'_>,
        report: &mut RawFd,
        parent: i32,
    ) -> Result<Infallible, SpawnError> {
        // SAFETY: no handler of the parent may run here.
        step(Step::Signals, unsafe { reset_handlers(self.default_signals) })?;
        if self.session {
            step(Step::Session, syscalls::setsid())?;
        }
        step(Step::Descriptors, self.map_descriptors(socket, report))?;
        if let Some(directory) = self.directory {
            step(Step::Directory, syscalls::chdir(directory))?;
        }
        match self.groups {
            Some(groups) => step(Step::Groups, syscalls::setgroups(groups))?,
            None if self.user.is_some() && syscalls::geteuid() == 0 => step(Step::Groups, syscalls::setgroups(&[]))?,
            None => {}
        }
        if let Some(group) = self.group {
            step(Step::Group, syscalls::setresgid(group))?;
        }
        if let Some(user) = self.user {
            step(Step::User, syscalls::setresuid(user))?;
        }
        // After the user: the kernel clears the signal when that changes.
        if let Some(signal) = self.parent_death {
            step(Step::ParentDeath, syscalls::set_parent_death_signal(signal.as_raw()))?;
            // 0 is a parent in another PID namespace.
            let now = syscalls::getppid();
            if now != parent && now != 0 {
                step(Step::ParentDeath, Err(Errno::ESRCH))?;
            }
        }
        if let Some(hook) = &mut self.hook {
            step(Step::Hook, hook())?;
        }
        step(Step::Signals, syscalls::rt_sigprocmask(SIG_SETMASK, &self.signal_mask))?;
        // SAFETY: the lists end with null. What is open is what the caller wants to be open.
        let errno = unsafe { syscalls::execve(self.program, self.args.as_ptr(), self.env.as_ptr()) };
        step(Step::Exec, Err(errno))
    }

    /// In the child: maps the file descriptors. Those at a number that another one will have are moved first.
    fn map_descriptors(&self, socket: &SocketMapping<'_>, report: &mut RawFd) -> Result<(), Errno> {
        let is_target = |fd: RawFd| self.fds.iter().any(|map| map.to == fd) || socket.to.contains(&fd);
        let moved = |fd: RawFd| {
            let mut number = fd;
            while is_target(number) {
                // The lowest that is free. Where that is a target too, it is replaced below.
                let lowest = if number == fd { 0 } else { number.wrapping_add(1) };
                number = match syscalls::fcntl(borrow(fd), F_DUPFD_CLOEXEC, lowest as u32) {
                    // `lowest` is the limit.
                    Err(Errno::EINVAL) => return Err(Errno::EMFILE),
                    number => number? as RawFd,
                };
            }
            Ok(number)
        };

        *report = moved(*report)?;
        for map in self.fds {
            let from = map.from.as_raw_fd();
            map.now.set(if from == map.to { from } else { moved(from)? });
        }
        // A socket at its own number stays there, and is copied to the others.
        let socket_now = if socket.to.contains(&socket.from) {
            socket.from
        } else {
            moved(socket.from)?
        };

        for map in self.fds {
            place(map.now.get(), map.to)?;
        }
        socket.to.iter().try_for_each(|&to| place(socket_now, to))
    }
}

impl fmt::Debug for Command<'_> {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Command")
            .field("program", &self.program)
            .field("args", &self.args)
            .finish_non_exhaustive()
    }
}

/// What the child works with: memory of the parent, which waits.
struct Start {
    command: *mut Command<'static>,
    socket: *const SocketMapping<'static>,
    report: RawFd,
    parent: i32,
    /// Set by the child. If the parent finds it unset, the child had a copy of this, or was killed before.
    runs: bool,
    failed: Option<SpawnError>,
}

/// The child.
unsafe extern "C" fn run(data: *mut c_void) -> ! {
    let start = data.cast::<Start>();
    // SAFETY: the parent gave a pointer to its `Start`, and waits, or this is a copy. The same holds for the command.
    unsafe {
        (&raw mut (*start).runs).write_volatile(true);
        let Err(error) = (*(*start).command).execute(&*(*start).socket, &mut (*start).report, (*start).parent);
        (&raw mut (*start).failed).write_volatile(Some(error));
        send(borrow((*start).report), error);
    };
    syscalls::exit_group(127)
}

/// Blocks all signals in this thread, until it is dropped: in the child no handler may run.
struct BlockedSignals(SignalSet);

impl BlockedSignals {
    fn new() -> Result<Self, Errno> {
        syscalls::rt_sigprocmask(SIG_SETMASK, &SignalSet::ALL).map(Self)
    }
}

impl Drop for BlockedSignals {
    fn drop(&mut self) {
        // It can't fail: it just worked.
        let _ = syscalls::rt_sigprocmask(SIG_SETMASK, &self.0);
    }
}

/// In the child: resets signals that have a handler, and those in `defaults` that are ignored, to their default disposition.
///
/// # Safety
///
/// This is the child, which has no use for the handlers.
unsafe fn reset_handlers(defaults: SignalSet) -> Result<(), Errno> {
    for signal in (1..=Signal::MAX).filter_map(Signal::from_raw) {
        if signal == Signal::KILL || signal == Signal::STOP {
            continue;
        }
        let number = signal.as_raw();
        match syscalls::signal_handler(number)? {
            SIG_DFL => {}
            SIG_IGN if !defaults.contains(signal) => {}
            // SAFETY: as the caller vouches.
            _ => unsafe { syscalls::set_default_handler(number)? },
        }
    }
    Ok(())
}

/// Gives the file descriptor `from` the number `to`, not close-on-exec.
fn place(from: RawFd, to: RawFd) -> Result<(), Errno> {
    if from == to {
        syscalls::fcntl(borrow(from), F_SETFD, 0).map(drop)
    } else {
        syscalls::dup3(borrow(from), to, 0)
    }
}

/// Borrows a file descriptor of the child.
fn borrow<'fd>(fd: RawFd) -> BorrowedFd<'fd> {
    // SAFETY: nothing else runs in the child, and closes it.
    unsafe { BorrowedFd::borrow_raw(fd) }
}

/// In the child: reports to a parent that has other memory.
fn send(report: BorrowedFd<'_>, error: SpawnError) {
    let [a, b, c, d] = (error.errno.raw_os_error() as u32).to_ne_bytes();
    let message = [error.step as u8, a, b, c, d];
    // The parent may be gone.
    let _ = syscalls::sendto(report, &message, MSG_NOSIGNAL);
}

/// Receives what the child sends; nothing if it executes the program, or is killed.
fn receive(report: &UnixSeqpacket, child: &Child) -> Option<SpawnError> {
    let mut message = [0; 5];
    let errno = loop {
        match report.recv(&mut message) {
            Ok(0) => return None,
            Ok(_) => break None,
            Err(Errno::EINTR) => {}
            Err(errno) => break Some(errno),
        }
    };
    let [at, a, b, c, d] = message;
    let received = || {
        let step = STEPS.iter().find(|(step, _)| *step as u8 == at)?.0;
        let errno = Errno::from_raw_os_error(i32::from_ne_bytes([a, b, c, d]))?;
        Some(SpawnError { step, errno })
    };
    match errno {
        None => received(),
        // Whether the program is executed remains unknown, so it must not be.
        Some(errno) => {
            let _ = child.signal(Signal::KILL);
            Some(SpawnError {
                step: Step::Report,
                errno,
            })
        }
    }
}

#[inline]
fn step<T>(step: Step, result: Result<T, Errno>) -> Result<T, SpawnError> {
    result.map_err(|errno| SpawnError { step, errno })
}

/// A program was not started: the step that failed, and why. No child remains.
///
/// As an [`Errno`] it is [`errno`](Self::errno).
///
/// ```
/// use linux_socketpair::Errno;
/// use linux_socketpair::process::{Args, Command, Step};
///
/// let error = Command::new(c"/no/such/program", Args::EMPTY).spawn().unwrap_err();
/// assert_eq!((error.step(), error.errno()), (Step::Exec, Errno::ENOENT));
/// assert_eq!(error.to_string(), "exec: ENOENT: no such file or directory");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpawnError {
    step: Step,
    errno: Errno,
}

impl SpawnError {
    /// What failed.
    #[inline]
    #[must_use]
    pub const fn step(&self) -> Step {
        self.step
    }

    /// Why it failed.
    #[inline]
    #[must_use]
    pub const fn errno(&self) -> Errno {
        self.errno
    }
}

impl From<SpawnError> for Errno {
    #[inline]
    fn from(error: SpawnError) -> Self {
        error.errno
    }
}

impl fmt::Display for SpawnError {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.step, self.errno)
    }
}

impl error::Error for SpawnError {}

macro_rules! steps {
    ($($(#[$doc:meta])* $Name:ident $name:literal,)+) => {
        /// A step of starting a program, in order. Up to [`Clone`](Self::Clone) the parent takes them, then the child.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        #[repr(u8)]
        pub enum Step {
            $($(#[$doc])* $Name,)+
        }

        const STEPS: &[(Step, &str)] = &[$((Step::$Name, $name),)+];
    };
}

steps! {
    /// The pair of [`Command::spawn_with_socket`]: the errors of [`Socket::pair`].
    Socket "socket",
    /// The pair through which the child would report an error: the errors of [`Socket::pair`].
    Report "report",
    /// clone(2). `EAGAIN`: `RLIMIT_NPROC`, `kernel.pid_max` or the limit of the cgroup; `EMFILE`, `ENFILE`: no file descriptor is
    /// free for the pidfd; `ENOMEM`: out of memory, or the PID namespace has ended.
    Clone "clone",
    /// The dispositions of signals, and the mask. No errors.
    Signals "signals",
    /// [`Command::new_session`]. No errors.
    Session "session",
    /// [`Command::fds`] and the numbers of the socket. `EINVAL`: a number is negative, two are equal, or the
    /// socket has none; `EBADF`: a number is not below `RLIMIT_NOFILE`; `EMFILE`: overlapping numbers need a temporary one, and
    /// none is free.
    Descriptors "descriptors",
    /// [`Command::current_dir`]. `ENOENT`, `ENOTDIR`, `EACCES`, `ELOOP`, `ENAMETOOLONG`: as for chdir(2).
    Directory "directory",
    /// [`Command::groups`]. `EPERM`: this process lacks CAP_SETGID, or its user namespace denies setgroups(2); `EINVAL`: there
    /// are more than 65536.
    Groups "groups",
    /// [`Command::group`]. `EPERM`: this process lacks CAP_SETGID; `EINVAL`: the group is not mapped in this user namespace, or
    /// is `u32::MAX`, which to the kernel means no change.
    Group "group",
    /// [`Command::user`]. `EPERM`: this process lacks CAP_SETUID; `EINVAL`: as for the group; `EAGAIN`: out of memory.
    User "user",
    /// [`Command::parent_death_signal`]. `ESRCH`: the parent has ended.
    ParentDeath "parent death signal",
    /// [`Command::pre_exec`]: what the hook returned.
    Hook "hook",
    /// execve(2). `ENOENT`: no such program, or no such interpreter or dynamic loader for it; `EACCES`: it is not executable,
    /// or a directory, or the file system is mounted `noexec`; `ENOEXEC`: not a format that the kernel executes, such as a
    /// script without `#!` or a program for another architecture; `E2BIG`: arguments and environment are too long; `ETXTBSY`:
    /// it is open for writing; `EAGAIN`: the user has changed and is over `RLIMIT_NPROC`; `ELOOP`, `ENOTDIR`, `ENAMETOOLONG`,
    /// `ENOMEM`, `EPERM`, `EIO`, `ENFILE`, `EMFILE`: as for execve(2).
    Exec "exec",
}

impl fmt::Display for Step {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(STEPS.iter().find(|(step, _)| step == self).map_or("", |(_, name)| name))
    }
}
